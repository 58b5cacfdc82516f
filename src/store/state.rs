//! What a store remembers of pages and sources between rounds. Plain data: nothing here reads or writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::article::{FeedEntry, Language, PageDate};
use crate::health::Health;
use crate::query::Body;

/// What is remembered of a fetched page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageMemory {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its Last-Modified.
    pub last_modified: Option<String>,
    /// Hash of its bytes.
    pub hash: u64,
    /// When it was asked for last.
    pub fetched: Timestamp,
    /// Since when it answers 404 or 410.
    pub gone_since: Option<Timestamp>,
}

/// What is remembered of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// When its last round ended.
    pub last_round: Option<Timestamp>,
    /// When the next is due.
    pub next_due: Option<Timestamp>,
    /// Rounds that failed in a row.
    pub failures: u32,
    /// True once a whole round went through.
    pub first_round_done: bool,
    /// The last list of candidates.
    pub candidates: Vec<StoredCandidate>,
    /// What it was read by: a hash of the source's address, kind and rules. Stores of before have none.
    pub read_by: Option<u64>,
    /// True where the feed that gave it ended before its end.
    pub cut: bool,
    /// When it last brought something new.
    pub last_new: Option<Timestamp>,
    /// How it is, since when, and why.
    #[serde(flatten)]
    pub health: Health,
    /// Candidates in the last round.
    pub found: u32,
    /// Articles it ever brought.
    pub stored: u64,
    /// The most that was to be shown of its texts: it holds when the source leaves the configuration, too.
    pub body: Option<Body>,
}

/// A candidate as it is kept between rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCandidate {
    /// Its address.
    pub url: String,
    /// The listing's title for it.
    pub title: String,
    /// The listing's date for it.
    pub date: Option<PageDate>,
    /// The language that a feed or sitemap gives it.
    #[serde(default)]
    pub language: Option<Language>,
    /// When a sitemap says that it changed last.
    #[serde(default)]
    pub modified: Option<Timestamp>,
    /// The part of a sitemap that names it.
    #[serde(default)]
    pub part: Option<String>,
    /// True for a feed's item without a link.
    #[serde(default)]
    pub no_page: bool,
    /// What a feed carries of it.
    #[serde(default)]
    pub entry: Option<Box<FeedEntry>>,
}
