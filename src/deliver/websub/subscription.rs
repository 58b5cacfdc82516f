//! A subscription, and its row in the store's ledger. One with a secret has its row where exports do not look.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use crate::deliver::Secret;
use crate::store::{LedgerRow, PRIVATE, StoreError, row};

/// Rows of the ledger begin so.
const PREFIX: &str = "hub/subscription/";

/// Which subscription: a topic and a callback, neither of which can be told from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Of a callback and a topic.
    pub fn of(callback: &Url, topic: &str) -> Key {
        let mut hash = Sha256::new();
        hash.update(callback.as_str());
        // No address holds a line end.
        hash.update("\n");
        hash.update(topic);
        Key(data_encoding::HEXLOWER.encode(&hash.finalize()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// What a subscriber has not got yet. One at most: what is newer takes the place of what is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Since when.
    pub since: Timestamp,
    /// When it is to be tried.
    pub due: Timestamp,
    /// Tries that failed.
    #[serde(default)]
    pub failures: u32,
}

impl Owed {
    /// Due at once.
    pub fn from(now: Timestamp) -> Owed {
        Owed { since: now, due: now, failures: 0 }
    }
}

/// Who gets what until when.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where to push.
    pub callback: Url,
    /// The feed's address.
    pub topic: String,
    /// Signs what is pushed.
    pub secret: Option<Secret>,
    /// It ends then.
    pub until: Timestamp,
    /// A hash of the feed as the subscriber has it.
    pub has: String,
    /// What it does not have yet.
    pub owed: Option<Owed>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subscription { callback: _, topic, secret, until, has, owed } = self;
        write!(f, "Subscription({}, {topic}, {secret:?}, {until}, has {has}, {owed:?})", self.key())
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    callback: Url,
    topic: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    until: Timestamp,
    #[serde(default)]
    has: String,
    #[serde(default)]
    owed: Option<Owed>,
}

impl Subscription {
    /// What tells it from others.
    pub fn key(&self) -> Key {
        Key::of(&self.callback, &self.topic)
    }

    /// The callback's host.
    pub fn host(&self) -> String {
        self.callback.host_str().unwrap_or_default().to_owned()
    }

    /// Its rows: the one that it has, and the one that it must not have.
    pub fn rows(&self) -> Result<[LedgerRow; 2], StoreError> {
        let [open, secret] = places(&self.key());
        let record = Record {
            callback: self.callback.clone(),
            topic: self.topic.clone(),
            secret: self.secret.as_ref().map(|secret| secret.0.clone()),
            until: self.until,
            has: self.has.clone(),
            owed: self.owed,
        };
        Ok(match &self.secret {
            Some(_) => [(open, None), row(secret, &record)?],
            None => [row(open, &record)?, (secret, None)],
        })
    }

    /// Its rows struck out.
    pub fn ended(key: &Key) -> [LedgerRow; 2] {
        places(key).map(|place| (place, None))
    }

    /// Where rows are.
    pub fn prefixes() -> [String; 2] {
        [PREFIX.to_owned(), format!("{PRIVATE}{PREFIX}")]
    }

    /// From its row.
    pub fn read(key: &str, value: serde_json::Value) -> Result<Subscription, StoreError> {
        let record: Record = serde_json::from_value(value).map_err(|_| StoreError::Record {
            // What is wrong with it could repeat a callback.
            key: key.to_owned(),
            why: "it is no subscription".to_owned(),
        })?;
        let Record { callback, topic, secret, until, has, owed } = record;
        Ok(Subscription { callback, topic, secret: secret.map(Secret::new), until, has, owed })
    }
}

fn places(key: &Key) -> [String; 2] {
    Subscription::prefixes().map(|prefix| format!("{prefix}{}", key.0))
}
