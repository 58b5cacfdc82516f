//! What differs between two configurations: what of the new one can be put into force now, and what waits for a restart.
//! It puts nothing into force.

use std::sync::Arc;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{Config, Server, Source};
use crate::article::SourceId;

/// The new configuration as far as it can be in force without a restart, and how it differs.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new one, with what needs a restart left as it was.
    pub config: Config,
    /// Keys whose new values wait for a restart.
    pub needs_restart: Vec<String>,
    /// What is different now, in words for the log.
    pub changed: Vec<String>,
}

impl Config {
    /// From this configuration to `next`.
    pub fn change(&self, next: Config) -> Change {
        let (mut needs_restart, mut changed) = (Vec::new(), Vec::new());
        let mut keep = |key: &str, differs: bool| {
            if differs {
                needs_restart.push(key.to_owned());
            }
        };
        keep("server.listen", self.server.listen != next.server.listen);
        keep("server.admin_listen", self.server.admin_listen != next.server.admin_listen);
        keep("store.url", self.store != next.store);
        keep("store.floor", self.upkeep.floor != next.upkeep.floor);
        keep("archive.dir", self.archive.dir != next.archive.dir);
        // Whether there is an archive at all is settled at start; how much it keeps is not.
        let (was, is) = (self.archive.max_size == 0, next.archive.max_size == 0);
        keep("archive.max_size", was != is);
        // Where none is written, the public address is the one listened on, and that stays.
        let own = Url::parse(&format!("http://{}/", next.server.listen)).ok();
        let public_url = match self.server.listen != next.server.listen && own.as_ref() == Some(&next.server.public_url)
        {
            true => self.server.public_url.clone(),
            false => next.server.public_url.clone(),
        };
        let (listen, admin_listen) = (self.server.listen, self.server.admin_listen);
        let server = Server { public_url, listen, admin_listen, ..next.server.clone() };
        let archive = match was == is && self.archive.dir == next.archive.dir {
            true => next.archive.clone(),
            false => self.archive.clone(),
        };
        let config = Config { server, store: self.store.clone(), archive, ..next };
        let mut say = |what: &str, differs: bool| {
            if differs {
                changed.push(what.to_owned());
            }
        };
        say("server", self.server != config.server);
        say("archive", self.archive != config.archive);
        say("webhooks", self.webhooks != config.webhooks);
        say("crawl", self.crawl != config.crawl);
        say("feed", self.feed != config.feed);
        say("themes", self.theme_words != config.theme_words || self.themes != config.themes);
        for source in &config.sources {
            match self.source(source.id.as_str()) {
                None => changed.push(format!("source {} added", source.id)),
                Some(before) if before.differs(source) => changed.push(format!("source {} changed", source.id)),
                Some(_) => {}
            }
        }
        let gone = self.sources.iter().filter(|s| config.source(s.id.as_str()).is_none());
        changed.extend(gone.map(|s| format!("source {} removed", s.id)));
        Change { config, needs_restart, changed }
    }

    /// The sources of this configuration that `before` had not, or read otherwise.
    pub fn fresh<'a>(&'a self, before: &'a Config) -> impl Iterator<Item = &'a SourceId> {
        let other = |s: &&Arc<Source>| before.source(s.id.as_str()).is_none_or(|old| old.reads_otherwise(s));
        self.sources.iter().filter(other).map(|s| &s.id)
    }
}

impl Source {
    fn differs(&self, other: &Source) -> bool {
        self.reads_otherwise(other)
            || self.name != other.name
            || self.country != other.country
            || self.language != other.language
            || self.every != other.every
            || self.body != other.body
    }

    fn reads_otherwise(&self, other: &Source) -> bool {
        self.how_read() != other.how_read()
    }

    /// A hash of what decides which candidates and articles a site gives.
    pub fn how_read(&self) -> u64 {
        let rules = self.profile.as_ref().map(|profile| profile.rules());
        xxh3_64(format!("{} {} {} {rules:?}", self.kind.name(), self.url, self.pages).as_bytes())
    }
}
