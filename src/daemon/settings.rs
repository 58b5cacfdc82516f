//! From a configuration to the settings of the stages: each gets values of its own. It decides nothing at run time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::config::Config;
use crate::fetch::FetchSettings;
use crate::net::{NetSettings, Resolver};
use crate::web::Bot;

/// How a configuration lets the client ask: what it calls itself, and within what limits.
pub fn net_settings(config: &Config, hosts: HashMap<String, SocketAddr>) -> NetSettings {
    let crawl = &config.crawl;
    NetSettings {
        user_agent: user_agent(config),
        allow_private: crawl.allow_private_networks,
        connect_timeout: Duration::from_secs(5).min(crawl.timeout),
        read_timeout: Duration::from_secs(15).min(crawl.timeout),
        total_timeout: crawl.timeout,
        max_body: crawl.max_body,
        max_ratio: 100,
        hosts,
        resolver: Resolver::System,
    }
}

/// How politely a configuration lets it ask.
pub fn fetch_settings(config: &Config) -> FetchSettings {
    FetchSettings {
        per_host_delay: config.crawl.per_host_delay,
        max_crawl_delay: Duration::from_secs(60),
        max_retry_after: Duration::from_secs(86_400),
        max_redirects: 5,
        robots_agent: ROBOTS_AGENT.to_owned(),
    }
}

/// The name that robots.txt is read for.
const ROBOTS_AGENT: &str = "depeche";

/// Says who asks, where that is explained, and whom to write to.
fn user_agent(config: &Config) -> String {
    let about = config.server.public_url.join("about/bot").map_or_else(|_| String::new(), String::from);
    let contact = config.crawl.contact.as_ref().map(|c| format!("; {c}")).unwrap_or_default();
    format!("{ROBOTS_AGENT}/{} (+{about}{contact})", env!("CARGO_PKG_VERSION"))
}

/// How the crawler behaves under a configuration, for `/about/bot`.
pub(super) fn bot(config: &Config) -> Bot {
    let (crawl, polite) = (&config.crawl, fetch_settings(config));
    Bot {
        user_agent: user_agent(config),
        robots_agent: polite.robots_agent,
        contact: crawl.contact.clone(),
        per_host_delay: polite.per_host_delay,
        max_crawl_delay: polite.max_crawl_delay,
        every: config.sources.iter().map(|s| s.every).min().unwrap_or(crawl.every),
        max_every: crawl.max_every,
        hosts: crawl.concurrency,
    }
}
