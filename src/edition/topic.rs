//! The addresses that may be subscribed to: the canonical address of every feed of ours, and of no archive. Where the hub
//! is, and which changes of the log are news to subscribers. It never pushes anything.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use url::Url;

use super::{Asked, Edition};
use crate::article::Article;
use crate::publish::Format;
use crate::query::{Query, QueryError};
use crate::store::{Change, ChangeKind};

/// Every format is a topic of its own.
const FORMATS: [Format; 3] = [Format::Rss, Format::Atom, Format::Json];

/// A feed that can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// What it holds.
    pub asked: Asked,
    /// How it is written.
    pub format: Format,
}

/// Why an address is no topic.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// Not a feed of ours.
    #[error("unable to subscribe to this topic: it is no feed of this server; topics begin with {0}feed.")]
    Foreign(String),
    /// Its filters.
    #[error("unable to subscribe to this topic: {0}")]
    Query(#[from] QueryError),
    /// An archive.
    #[error("unable to subscribe to an archive, which never changes; subscribe to the feed itself, {0}")]
    Archive(String),
    /// Another spelling of a feed.
    #[error("unable to subscribe to this spelling of the topic: its one address is {0}")]
    Spelling(String),
}

impl Edition {
    /// The address of the hub.
    pub fn hub_url(&self) -> String {
        format!("{}hub", self.public_url)
    }

    /// The address of a topic.
    pub fn topic_url(&self, topic: &Topic) -> String {
        self.address(&format!("feed.{}", topic.format.extension()), &topic.asked)
    }

    /// The hubs that push a topic: our own, and those of others where they are told of its changes.
    pub fn hubs(&self, asked: &Asked) -> Vec<String> {
        let mut hubs = vec![self.hub_url()];
        if is_told(asked) {
            hubs.extend(self.feed.hubs.iter().map(Url::to_string));
        }
        hubs
    }

    /// The addresses of the feeds that hubs of others are to be told of after these changes, each a sequence number.
    pub fn told_of(&self, seqs: &[u64]) -> BTreeSet<String> {
        // Those that are there, where a change is no longer remembered, and those that something left.
        let counts = self.counts();
        let mut countries: BTreeSet<_> = counts.countries.into_keys().collect();
        let mut languages: BTreeSet<_> = counts.languages.into_keys().collect();
        let mut themes: BTreeSet<_> = counts.themes.into_keys().collect();
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        for tags in recent.tags(seqs) {
            countries.extend(&tags.countries);
            languages.insert(tags.language);
            themes.extend(tags.themes.iter().cloned());
        }
        let all = std::iter::once(Query::default());
        let of_country = |country| Query { countries: [country].into(), ..Query::default() };
        let of_language = |language| Query { languages: [language].into(), ..Query::default() };
        let of_theme = |theme| Query { themes: [theme].into(), ..Query::default() };
        let queries = all.chain(countries.into_iter().map(of_country));
        let queries = queries.chain(languages.into_iter().map(of_language)).chain(themes.into_iter().map(of_theme));
        let concerned = queries.filter(|query| recent.concerns(query, seqs)).map(Asked::from);
        let topics = concerned.flat_map(|asked| FORMATS.map(|format| Topic { asked: asked.clone(), format }));
        topics.map(|topic| self.topic_url(&topic)).collect()
    }

    /// The topic of an address.
    pub fn topic(&self, url: &str) -> Result<Topic, TopicError> {
        let foreign = || TopicError::Foreign(self.public_url.to_string());
        let rest = url.strip_prefix(self.public_url.as_str()).ok_or_else(foreign)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let format = FORMATS
            .into_iter()
            .find(|format| path.strip_prefix("feed.") == Some(format.extension()))
            .ok_or_else(foreign)?;
        let topic = Topic { asked: Asked::parse(query, &self.vocabulary())?, format };
        let current = Topic { asked: topic.asked.current(), format };
        let canonical = self.topic_url(&current);
        if current != topic {
            return Err(TopicError::Archive(canonical));
        }
        if canonical != url {
            return Err(TopicError::Spelling(canonical));
        }
        Ok(topic)
    }

    /// True where one of these changes, each a sequence number, may have touched the query's feed.
    pub fn concerns(&self, query: &Query, seqs: &[u64]) -> bool {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).concerns(query, seqs)
    }
}

/// True for a feed whose changes hubs of others are told of: that of everything, of one country, one theme or one language.
/// There are too many others, and nobody tells us which of them somebody subscribed to there.
fn is_told(asked: &Asked) -> bool {
    let Query { countries, themes, languages, .. } = &asked.query;
    let plain = Query {
        countries: countries.clone(),
        themes: themes.clone(),
        languages: languages.clone(),
        ..Query::default()
    };
    countries.len() + themes.len() + languages.len() <= 1 && *asked == Asked::from(plain)
}

/// True for a change that is pushed: an article that is news, a revision that readers should be told of, and every
/// withdrawal. What was there before we looked, what is found long after its publication, and what changed by rules or
/// links alone is in feeds, and pushed to nobody.
pub fn is_news(change: &Change, article: &Article) -> bool {
    match &change.kind {
        ChangeKind::Created => article.is_news_at(change.at),
        ChangeKind::Revised { material, .. } => *material,
        ChangeKind::Merged => false,
        ChangeKind::Withdrawn => true,
    }
}
