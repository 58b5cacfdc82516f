//! How far a webhook was told of the log, and the post in hand: what is posted is not kept, but put together at each try, so
//! that nothing that was taken down waits in it. Arithmetic: it posts nothing and never reads the clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Hook;
use crate::schedule;
use crate::store::{LedgerRow, StoreError, row};

/// A hook that took nothing for so long is not told of what waits.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// A hook's place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// It was told of every change up to this one.
    pub place: u64,
    /// What it is being told.
    #[serde(default)]
    pub post: Option<InHand>,
}

/// A post that is being tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InHand {
    /// The receiver's means against repeats: the same at every try.
    pub id: Uuid,
    /// The last change that it tells of.
    pub until: u64,
    /// When it is to be tried.
    pub due: Timestamp,
    /// Since when tries fail; none: none failed yet.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Tries that failed.
    #[serde(default)]
    pub failures: u32,
}

impl Lane {
    /// Keys of the ledger begin so; a hook's name follows.
    pub const PREFIX: &'static str = "webhook/";

    /// Of a hook that is told of what comes behind this place.
    pub fn from(place: u64) -> Lane {
        Lane { place, post: None }
    }

    /// As it was noted.
    pub fn read(key: &str, value: serde_json::Value) -> Result<Lane, StoreError> {
        serde_json::from_value(value).map_err(|why| StoreError::Record { key: key.to_owned(), why: why.to_string() })
    }

    /// Its row in the ledger.
    pub fn row(&self, hook: &Hook) -> Result<LedgerRow, StoreError> {
        row(format!("{}{}", Lane::PREFIX, hook.name), self)
    }

    /// True where a try may be made now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.post.as_ref().is_none_or(|post| post.due <= now)
    }

    /// Begins to tell of the changes up to one, or goes on with what is in hand. Gives the post's id.
    pub fn begin(&mut self, until: u64, now: Timestamp) -> Uuid {
        let new = || InHand { id: Uuid::new_v4(), until, due: now, since: None, failures: 0 };
        self.post.get_or_insert_with(new).id
    }

    /// The hook knows everything up to a change.
    pub fn told(&mut self, until: u64) {
        *self = Lane::from(until);
    }

    /// A try failed; the hook may have asked to be left alone. Gives the next try, none where it is given up.
    pub fn failed(&mut self, hook: &Hook, asked: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
        let post = self.post.as_mut()?;
        let since = *post.since.get_or_insert(now);
        if now.duration_since(since) >= PATIENCE {
            return None;
        }
        post.failures = post.failures.saturating_add(1);
        post.due = schedule::next_try(&hook.name, post.failures, asked, now);
        Some(post.due)
    }
}
