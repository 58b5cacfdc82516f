//! What is put into a store, and what its log says of it. Plain data: nothing here reads or writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PageMemory;
use crate::article::{Article, ArticleId, Story, StoryId};

/// Where the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Changes when a store is restored.
    pub epoch: Uuid,
    /// The last change's number; zero before the first.
    pub seq: u64,
}

/// What is to be stored, and the log head that its verdict saw.
#[derive(Debug, Clone)]
pub struct Put {
    /// The head that the verdict saw.
    pub head: Head,
    /// The record.
    pub article: Article,
    /// Its story, with the article in it.
    pub story: Story,
    /// What the log says of it.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// What is remembered of the page, saved in the same transaction.
    pub page: Option<(String, PageMemory)>,
    /// Other members whose story or links changed with it: each is written, and logged as merged.
    pub others: Vec<Article>,
    /// Another story that lost members by this, or that is what they left for.
    pub left: Option<Story>,
    /// Stories that this one absorbed.
    pub dissolved: Vec<StoryId>,
    /// Also removes every former text of the article.
    pub erase: bool,
}

/// What became of a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is on disk.
    Stored(Vec<Change>),
    /// The log moved since the verdict: judge again.
    Conflict(Head),
}

/// What happened to an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new, or back.
    Created,
    /// It was edited.
    Revised {
        /// Which fields.
        fields: Vec<String>,
        /// True when a reader should be told.
        material: bool,
    },
    /// Its story's members or links changed.
    Merged,
    /// It is gone.
    Withdrawn,
}

/// An entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number: one more than the one before.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// To which article.
    pub article_id: ArticleId,
    /// In which story.
    pub story_id: StoryId,
    /// The article's address.
    pub url: String,
    /// When.
    pub at: Timestamp,
}

/// A text that an article had before it was revised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The change that put an end to it.
    pub seq: u64,
    /// When.
    pub until: Timestamp,
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
}

impl Put {
    /// What the log gets: the change itself, then one for every other member that it touches.
    pub(super) fn changes(&self) -> Vec<Change> {
        let entry = |seq, kind, article: &Article| Change {
            seq,
            kind,
            article_id: article.id,
            story_id: article.story,
            url: article.url.clone(),
            at: self.at,
        };
        let mut changes = vec![entry(self.head.seq + 1, self.kind.clone(), &self.article)];
        for (other, seq) in self.others.iter().zip(self.head.seq + 2..) {
            changes.push(entry(seq, ChangeKind::Merged, other));
        }
        changes
    }

    /// The text that this puts an end to, if it is another one.
    pub(super) fn revision(&self, before: Option<&Article>) -> Option<Revision> {
        if self.erase {
            return None;
        }
        let before = before.filter(|b| b.title != self.article.title || b.text != self.article.text)?;
        Some(Revision {
            seq: self.head.seq + 1,
            until: self.at,
            title: before.title.clone(),
            text: before.text.clone(),
        })
    }
}
