//! `config.toml`: read into places and values, validated into settings, with every mistake named at once.
//! It never reads a page, opens a store or guesses: what is not allowed is an error that says what is.

mod change;
mod feed;
mod live;
mod measure;
mod mistake;
mod profile;
mod raw;
mod validate;
mod webhook;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::article::{Country, Language, SourceId, Themes};
use crate::deliver::Hook;
use crate::enrich::ThemeWords;
use crate::extract::Profile;
use crate::query::Body;

pub use change::Change;
pub use live::{Edit, EditReport, InForce, Live, hosts_only};
pub use mistake::Mistake;

/// A configuration without a mistake. The only way to one is [`Config::parse`].
#[derive(Debug, Clone)]
pub struct Config {
    /// How it serves.
    pub server: Server,
    /// Where it stores.
    pub store: StorePlace,
    /// How the store is looked after.
    pub upkeep: Upkeep,
    /// Where the pages themselves are kept.
    pub archive: Archive,
    /// How it crawls.
    pub crawl: Crawl,
    /// What feeds say of themselves.
    pub feed: FeedDefaults,
    /// Built-in themes, with those that the file adds or overrides.
    pub themes: Themes,
    /// The words of the themes that the file adds or overrides.
    pub theme_words: Vec<ThemeWords>,
    /// What it watches.
    pub sources: Vec<Arc<Source>>,
    /// Whom it tells.
    pub webhooks: Vec<Hook>,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address that readers use; it may carry a path. It ends with a slash.
    pub public_url: Url,
    /// Networks of proxies whose X-Forwarded-For counts.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Requests a minute and client; none: no limit.
    pub requests_per_minute: Option<std::num::NonZeroU32>,
    /// Where metrics, and the mistakes of a bad edit, are served apart from readers; none: with everything else.
    pub admin_listen: Option<SocketAddr>,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// An embedded sled store in this folder.
    Sled(PathBuf),
}

/// `[store]`, as far as it does not say where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upkeep {
    /// Bytes that must stay free on the store's disk; zero is no floor.
    pub floor: u64,
    /// Between two exports by the daemon; none: it makes none.
    pub export_every: Option<Duration>,
    /// How many of its exports are kept.
    pub keep_exports: usize,
}

/// `[archive]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its folder.
    pub dir: PathBuf,
    /// How long a page is kept.
    pub keep: Duration,
    /// Bytes of all of it; zero keeps nothing.
    pub max_size: u64,
}

/// `[crawl]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crawl {
    /// Who runs this, for the User-Agent: an address or a mailbox.
    pub contact: Option<String>,
    /// The base interval of a source.
    pub every: Duration,
    /// The longest interval that back-off may reach.
    pub max_every: Duration,
    /// Sources checked at once.
    pub concurrency: usize,
    /// Between two requests to one host.
    pub per_host_delay: Duration,
    /// For a whole request.
    pub timeout: Duration,
    /// Bytes of a body after decompression.
    pub max_body: u64,
    /// Lets sources stand on loopback and private addresses.
    pub allow_private_networks: bool,
}

/// `[feed]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedDefaults {
    /// The title of the feed of everything, and the beginning of the others'.
    pub title: String,
    /// What stands behind the title in a feed's description.
    pub description: Option<String>,
    /// Entries of a feed that does not ask.
    pub limit: u16,
    /// How much of a text feeds carry when they do not ask.
    pub body: Body,
    /// The rights line.
    pub rights: Option<String>,
    /// WebSub hubs of others, which are told when a feed that they may push has changed.
    pub hubs: Vec<Url>,
}

/// `[[source]]`
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in filters, records and metrics.
    pub id: SourceId,
    /// Its name for people.
    pub name: String,
    /// How its listing is read.
    pub kind: Kind,
    /// The listing.
    pub url: Url,
    /// The office's country; none for regional and headquarters pages.
    pub country: Option<Country>,
    /// What the source declares; never trusted alone.
    pub language: Option<Language>,
    /// How its pages are read; none for the generic extractor.
    pub profile: Option<Arc<Profile>>,
    /// Between two rounds.
    pub every: Duration,
    /// Pages of the listing to follow.
    pub pages: u32,
    /// The most that any public exit shows of a text.
    pub body: Body,
}

/// How a source's listing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page with links.
    Html,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// sitemaps.org XML.
    Sitemap,
}

impl Kind {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Html => "html",
            Kind::Feed => "feed",
            Kind::Sitemap => "sitemap",
        }
    }
}

impl Source {
    /// True when article addresses of this source lose their query.
    pub fn drop_query(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.rules().drop_query)
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "unable to read the configuration {path}: {why}; name another with --config, or write one with `depeche init`"
    )]
    Unreadable {
        /// As given.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The file has mistakes.
    #[error("{}", .mistakes.iter().map(|m| format!("{path}:{m}")).collect::<Vec<_>>().join("\n"))]
    Mistakes {
        /// As given.
        path: String,
        /// All of them, in the order of the file.
        mistakes: Vec<Mistake>,
    },
}

impl Config {
    /// Reads and validates a file, with overrides such as `DEPECHE_SERVER__LISTEN` from the environment.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::of(path, &Config::read(path)?)
    }

    /// The same for whoever posts to no webhook: the secrets that sign may be missing.
    pub fn load_unsigned(path: &Path) -> Result<Config, ConfigError> {
        Config::validated(path, &Config::read(path)?, false)
    }

    fn read(path: &Path) -> Result<String, ConfigError> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|why| ConfigError::Unreadable { path: shown.clone(), why })?;
        String::from_utf8(bytes).map_err(|error| {
            let whole = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let mut mistakes = mistake::Mistakes::new(&whole);
            let message = "unable to read on: what stands here is not UTF-8; save the file in that encoding";
            mistakes.add(&(whole.len()..whole.len()), message);
            ConfigError::Mistakes { path: shown, mistakes: mistakes.into_sorted() }
        })
    }

    /// Validates what a file says, with overrides from the environment.
    pub fn of(path: &Path, text: &str) -> Result<Config, ConfigError> {
        Config::validated(path, text, true)
    }

    fn validated(path: &Path, text: &str, signs: bool) -> Result<Config, ConfigError> {
        let shown = path.display().to_string();
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let environment: Vec<(String, String)> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        validate::validate(text, folder, &environment, signs)
            .map_err(|mistakes| ConfigError::Mistakes { path: shown, mistakes })
    }

    /// Validates a text. Relative folders are relative to `folder`.
    pub fn parse(text: &str, folder: &Path, environment: &[(String, String)]) -> Result<Config, Vec<Mistake>> {
        validate::validate(text, folder, environment, true)
    }

    /// The source with this id.
    pub fn source(&self, id: &str) -> Option<&Arc<Source>> {
        self.sources.iter().find(|source| source.id.as_str() == id)
    }
}

#[cfg(test)]
mod tests;
