//! Identities: an article's, a story's, a source's.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An article's identity: UUIDv5 (RFC 9562 section 5.5) of the canonical form of its final URL, in the URL namespace.
/// It is computed once, at creation, and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(pub Uuid);

impl ArticleId {
    /// The identity of an article that is created under this canonical URL.
    pub fn of_canonical(url: &str) -> ArticleId {
        ArticleId(Uuid::new_v5(&Uuid::NAMESPACE_URL, url.as_bytes()))
    }

    /// As feeds carry it: `urn:uuid:…`.
    pub fn urn(&self) -> String {
        self.0.urn().to_string()
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A story's identity, fixed when its first article founds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoryId(pub Uuid);

impl StoryId {
    /// The identity of the story that this article founds. It differs from the article's own, so that
    /// an entry of a story is never mistaken for the entry of one of its articles.
    pub fn founded_by(article: ArticleId) -> StoryId {
        StoryId(Uuid::new_v5(&article.0, b"story"))
    }

    /// As feeds carry it: `urn:uuid:…`.
    pub fn urn(&self) -> String {
        self.0.urn().to_string()
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A source's name in configuration, filters and metrics: a slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(Arc<str>);

/// A source id that is no slug.
#[derive(Debug, thiserror::Error)]
#[error(
    "unable to use {0:?} as a source id: allowed are 1 to 64 lower-case letters, digits and dashes, beginning with a letter or digit"
)]
pub struct InvalidSourceId(String);

impl SourceId {
    /// Checks and takes a source id.
    pub fn new(id: &str) -> Result<SourceId, InvalidSourceId> {
        let slug = (1..=64).contains(&id.len())
            && !id.starts_with('-')
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if slug { Ok(SourceId(id.into())) } else { Err(InvalidSourceId(id.to_owned())) }
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for SourceId {
    type Error = InvalidSourceId;
    fn try_from(id: String) -> Result<SourceId, InvalidSourceId> {
        SourceId::new(&id)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> String {
        id.0.as_ref().to_owned()
    }
}
