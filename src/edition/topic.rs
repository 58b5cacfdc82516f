//! The addresses that may be subscribed to: the canonical address of every feed of ours, and of no archive. Where the hub
//! is, and which changes of the log are news to subscribers. It never pushes anything.

use std::sync::PoisonError;

use super::{Asked, Edition};
use crate::article::Article;
use crate::publish::Format;
use crate::query::{Query, QueryError};
use crate::store::{Change, ChangeKind};

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

    /// The topic of an address.
    pub fn topic(&self, url: &str) -> Result<Topic, TopicError> {
        let foreign = || TopicError::Foreign(self.public_url.to_string());
        let rest = url.strip_prefix(self.public_url.as_str()).ok_or_else(foreign)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let format = [Format::Rss, Format::Atom, Format::Json]
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
