//! When the settings came into force that an edition shows things by. An edited title or ceiling changes every feed without
//! a change of the log, so a client that asks by date alone must be told. It never reads the clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::Edition;
use crate::store::{Store, StoreError, row};

/// Its key in the ledger.
const KEY: &str = "edition";

/// What the ledger remembers.
#[derive(Serialize, Deserialize)]
struct Settled {
    /// A hash of the settings.
    settings: String,
    /// Since when; none: since the store began, as nothing was shown by others.
    since: Option<Timestamp>,
}

impl Edition {
    /// Takes note of the settings in force, over restarts: others than those noted last are in force from now on.
    pub async fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        self.recall().await?;
        let settings = format!("{:032x}", self.settings().digest128());
        let since = match noted(&self.store).await? {
            Some(noted) if noted.settings == settings => noted.since,
            noted => {
                let since = noted.map(|_| now);
                self.store.note(vec![row(KEY.to_owned(), &Settled { settings, since })?]).await?;
                since
            }
        };
        self.settled.store(since.map(std::sync::Arc::new));
        Ok(())
    }

    /// The later of a change and the settings that it is shown by.
    pub(super) fn changed(&self, last_change: Option<Timestamp>) -> Option<Timestamp> {
        last_change.max(self.settled.load().as_deref().copied().filter(|_| last_change.is_some()))
    }

    /// All that shows besides articles: the program, and the settings.
    pub(super) fn settings(&self) -> Xxh3 {
        let mut settings = Xxh3::new();
        let mut add = |text: &str| {
            settings.update(text.as_bytes());
            settings.update(&[0]);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(self.public_url.as_str());
        add(&format!("{:?}", self.feed));
        self.themes.iter().for_each(|theme| add(&format!("{theme:?}")));
        self.sources.iter().for_each(|(id, card)| add(&format!("{id} {card:?}")));
        // Ceilings are remembered for sources that left the configuration; of the others the configuration decides.
        let ceilings = self.ceilings.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let left = ceilings.iter().filter(|(id, _)| !self.sources.contains_key(*id));
        left.for_each(|(id, body)| add(&format!("{id} {body:?}")));
        settings
    }
}

async fn noted(store: &Store) -> Result<Option<Settled>, StoreError> {
    let row = store.ledger(KEY).await?.into_iter().find(|(key, _)| key == KEY);
    row.map(|(key, value)| {
        serde_json::from_value(value).map_err(|why| StoreError::Record { key, why: why.to_string() })
    })
    .transpose()
}
