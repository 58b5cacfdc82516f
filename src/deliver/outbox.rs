//! What is still to be posted, kept in the store's ledger until it arrived: tried again with growing pauses, in order a
//! hook, for three days. At least once: a crash between an answer and its note posts again, under the same id.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Hook;
use super::post::{Outcome, count, post};
use crate::net::Client;
use crate::schedule;
use crate::store::{LedgerRow, Store, StoreError, row};

/// Keys of the ledger begin so.
const PREFIX: &str = "delivery/";
/// What did not arrive within this time is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// A post that is still to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The receiver's means against repeats.
    pub id: Uuid,
    /// The hook's name.
    pub hook: String,
    /// The bytes, the same at every try.
    pub body: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it is to be tried.
    pub due: Timestamp,
    /// Tries that failed.
    #[serde(default)]
    pub failures: u32,
}

impl Delivery {
    /// A new one, due at once.
    pub fn new(id: Uuid, hook: &Hook, body: String, now: Timestamp) -> Delivery {
        Delivery { id, hook: hook.name.clone(), body, made: now, due: now, failures: 0 }
    }

    /// Its row of the ledger: in the order of a hook's deliveries. `order` parts those of one second.
    pub fn row(&self, order: usize) -> Result<LedgerRow, StoreError> {
        row(format!("{PREFIX}{}/{:012}/{order:04}/{}", self.hook, self.made.as_second(), self.id), self)
    }
}

/// Posts what is due.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
}

impl Outbox {
    /// Of this store.
    pub fn of(store: Store) -> Outbox {
        Outbox { store }
    }

    /// Tries what is due, every hook by itself so that a slow one holds up no other. What belongs to no hook any more
    /// is dropped. Returns what is still waiting.
    pub async fn post_due(&self, client: &Client, hooks: &[Hook], now: Timestamp) -> Result<usize, StoreError> {
        let mut waiting: Vec<(String, Delivery)> = Vec::new();
        for (key, value) in self.store.ledger(PREFIX).await? {
            let delivery: Delivery = serde_json::from_value(value)
                .map_err(|error| StoreError::Record { key: key.clone(), why: error.to_string() })?;
            if hooks.iter().any(|hook| hook.name == delivery.hook) {
                waiting.push((key, delivery));
            } else {
                tracing::info!(hook = delivery.hook, delivery = %delivery.id, "dropped: this webhook is no longer configured");
                self.store.note(vec![(key, None)]).await?;
            }
        }
        let of_hook = |hook: &Hook| waiting.iter().filter(|(_, d)| d.hook == hook.name).cloned().collect::<Vec<_>>();
        let work = hooks.iter().map(|hook| self.post_all(client, hook, of_hook(hook), now));
        join_all(work).await.into_iter().sum()
    }

    /// In order: a recovery never arrives before the alarm that it ends.
    async fn post_all(
        &self,
        client: &Client,
        hook: &Hook,
        waiting: Vec<(String, Delivery)>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        for (done, (key, delivery)) in waiting.iter().enumerate() {
            if delivery.due > now {
                return Ok(waiting.len() - done);
            }
            match post(client, hook, delivery.id, delivery.body.clone(), now).await {
                Outcome::Arrived => {
                    count(hook, "delivered", 1);
                    self.store.note(vec![(key.clone(), None)]).await?;
                }
                Outcome::Gone => {
                    let rest = &waiting[done..];
                    count(hook, "dropped", rest.len());
                    tracing::warn!(
                        hook = hook.name,
                        dropped = rest.len(),
                        "the webhook answers 410: what waits for it is dropped; remove it from the configuration"
                    );
                    self.store.note(rest.iter().map(|(key, _)| (key.clone(), None)).collect()).await?;
                    return Ok(0);
                }
                Outcome::Failed(why, _) if now.duration_since(delivery.made) >= PATIENCE => {
                    count(hook, "dropped", 1);
                    tracing::error!(hook = hook.name, delivery = %delivery.id, why, "given up: not delivered for three days");
                    self.store.note(vec![(key.clone(), None)]).await?;
                }
                Outcome::Failed(why, asked) => {
                    count(hook, "failed", 1);
                    let mut next = delivery.clone();
                    next.failures = next.failures.saturating_add(1);
                    next.due = schedule::next_try(&hook.name, next.failures, asked, now);
                    tracing::warn!(hook = hook.name, delivery = %delivery.id, failures = next.failures, next = %next.due, why, "not delivered, and tried again later");
                    self.store.note(vec![row(key.clone(), &next)?]).await?;
                    return Ok(waiting.len() - done);
                }
            }
        }
        Ok(0)
    }
}
