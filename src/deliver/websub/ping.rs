//! What other hubs are told: which feeds have changed (`hub.mode=publish`, as PubSubHubbub 0.4 section 7 has it and hubs
//! of today take it; WebSub leaves it open). A hub then fetches the feed itself. It never tells a hub of a feed that does
//! not name it, and holds no more than one debt a hub.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::{Answer, Owed, callback};
use crate::net::Client;
use crate::schedule;
use crate::store::{LedgerRow, StoreError, row};

/// Rows of the ledger begin so.
const PREFIX: &str = "hub/ping/";
/// Feeds in one request.
const AT_ONCE: usize = 50;
/// What a hub was not told within this time is given up: it has polled by then.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// What a hub is still to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Debt {
    hub: Url,
    topics: BTreeSet<String>,
    owed: Owed,
}

/// Who is to be told what.
#[derive(Debug, Default)]
pub struct Pings {
    debts: BTreeMap<Url, Debt>,
    /// Hubs that are being told, and what they are to be told once more, as it changed meanwhile.
    busy: HashMap<Url, BTreeSet<String>>,
}

impl Pings {
    /// Where rows are.
    pub fn prefix() -> &'static str {
        PREFIX
    }

    /// Takes a debt in, as it was remembered.
    pub fn recall(&mut self, key: &str, value: serde_json::Value) -> Result<(), StoreError> {
        let debt: Debt = serde_json::from_value(value)
            .map_err(|why| StoreError::Record { key: key.to_owned(), why: why.to_string() })?;
        self.debts.insert(debt.hub.clone(), debt);
        Ok(())
    }

    /// Every one of these hubs is to be told of these feeds; what other hubs are owed is dropped.
    pub fn owe(
        &mut self,
        hubs: &[Url],
        topics: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let mut rows = Vec::new();
        self.debts.retain(|hub, _| {
            let kept = hubs.contains(hub);
            rows.extend((!kept).then(|| (place(hub), None)));
            kept
        });
        for hub in hubs.iter().filter(|_| !topics.is_empty()) {
            let new = || Debt { hub: hub.clone(), topics: BTreeSet::new(), owed: Owed::from(now) };
            let debt = self.debts.entry(hub.clone()).or_insert_with(new);
            if let Some(again) = self.busy.get_mut(hub) {
                again.extend(topics.iter().cloned());
            }
            let before = debt.topics.len();
            debt.topics.extend(topics.iter().cloned());
            if debt.topics.len() > before {
                rows.push(debt.row()?);
            }
        }
        Ok(rows)
    }

    /// What may be told now: one request at a time to a hub.
    pub fn next(&mut self, now: Timestamp) -> Vec<(Url, Vec<String>)> {
        let mut next = Vec::new();
        for (hub, debt) in self.debts.iter().filter(|(_, debt)| debt.owed.due <= now) {
            if !self.busy.contains_key(hub) {
                self.busy.insert(hub.clone(), BTreeSet::new());
                next.push((hub.clone(), debt.topics.iter().take(AT_ONCE).cloned().collect()));
            }
        }
        next
    }

    /// A hub was told, however that went. Gives the row that this changes.
    pub fn told(
        &mut self,
        hub: &Url,
        topics: &[String],
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Option<LedgerRow>, StoreError> {
        let again = self.busy.remove(hub).unwrap_or_default();
        let Some(debt) = self.debts.get_mut(hub) else { return Ok(None) };
        match answer {
            Answer::Arrived => {
                // It is not known which state the hub fetches.
                debt.topics.retain(|topic| again.contains(topic) || !topics.contains(topic));
                debt.owed = Owed::from(now);
            }
            Answer::Gone => debt.topics.clear(),
            Answer::Failed(..) if now.duration_since(debt.owed.since) >= PATIENCE => debt.topics.clear(),
            Answer::Failed(_, asked) => {
                debt.owed.failures = debt.owed.failures.saturating_add(1);
                debt.owed.due = schedule::next_try(hub.as_str(), debt.owed.failures, *asked, now);
            }
        }
        if debt.topics.is_empty() {
            self.debts.remove(hub);
            return Ok(Some((place(hub), None)));
        }
        debt.row().map(Some)
    }

    /// Feeds that hubs are still to be told of.
    pub fn count(&self) -> usize {
        self.debts.values().map(|debt| debt.topics.len()).sum()
    }
}

impl Debt {
    fn row(&self) -> Result<LedgerRow, StoreError> {
        row(place(&self.hub), self)
    }
}

fn place(hub: &Url) -> String {
    format!("{PREFIX}{}", data_encoding::HEXLOWER.encode(&Sha256::digest(hub.as_str())))
}

/// Tells a hub that these feeds have changed.
pub async fn ping(client: &Client, hub: &Url, topics: &[String], now: Timestamp) -> Answer {
    let urls = topics.iter().map(|topic| ("hub.url", topic.as_str()));
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(std::iter::once(("hub.mode", "publish")).chain(urls))
        .finish();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    callback::judged(client.post(hub, &headers, Bytes::from(form)), now).await
}
