//! What is remembered of the sites that are read: which blocks stand on several of their pages. It is read from the ledger
//! when a site is first met, learnt page by page, and noted at the end of a round. A crash costs what the round learnt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use url::Url;

use super::Line;
use crate::config::Source;
use crate::extract::{BlockKey, HostMemory};
use crate::fetch;
use crate::store::{Store, StoreError, row};

/// Keys of the ledger begin so; the host follows.
const PREFIX: &str = "blocks/";

/// The sites that were met since the start.
#[derive(Debug, Default)]
pub struct Sites(Mutex<HashMap<String, Site>>);

#[derive(Debug, Default)]
struct Site {
    memory: Arc<HostMemory>,
    /// True where it knows more than the ledger.
    learnt: bool,
}

impl Sites {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Site>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the ledger says of a host's blocks.
pub async fn remembered(store: &Store, host: &str) -> Result<HostMemory, StoreError> {
    let key = format!("{PREFIX}{host}");
    // Another host's name may begin with this one.
    let row = store.ledger(&key).await?.into_iter().find(|(found, _)| *found == key);
    let memory = row.map(|(_, value)| serde_json::from_value(value)).transpose();
    Ok(memory.map_err(|why| StoreError::Record { key, why: why.to_string() })?.unwrap_or_default())
}

impl Line {
    /// What is remembered of the site of a page; none where the page is not of the source's own site.
    pub(super) async fn memory_of(&self, source: &Source, page: &Url) -> Result<Option<Arc<HostMemory>>, StoreError> {
        let host = fetch::host_key(page);
        // Pages of others are no more than a source's links lead to: anything may be among them.
        if host != fetch::host_key(&source.url) {
            return Ok(None);
        }
        if let Some(site) = self.sites.lock().get(&host) {
            return Ok(Some(Arc::clone(&site.memory)));
        }
        let memory = Arc::new(remembered(&self.store, &host).await?);
        let mut sites = self.sites.lock();
        let site = sites.entry(host).or_insert(Site { memory, learnt: false });
        Ok(Some(Arc::clone(&site.memory)))
    }

    /// Remembers the blocks of a page that was read with the memory of its site.
    pub(super) fn learn(&self, page: &Url, canonical: &str, blocks: &[BlockKey], now: Timestamp) {
        let day = i32::try_from(now.as_second().div_euclid(86_400)).unwrap_or_default();
        if let Some(site) = self.sites.lock().get_mut(&fetch::host_key(page)) {
            site.learnt |= Arc::make_mut(&mut site.memory).note(canonical, blocks, day);
        }
    }

    /// Notes what was learnt of a source's site.
    pub(super) async fn note_site(&self, source: &Source) -> Result<(), StoreError> {
        let host = fetch::host_key(&source.url);
        let learnt = {
            let mut sites = self.sites.lock();
            let site = sites.get_mut(&host).filter(|site| site.learnt);
            site.map(|site| {
                site.learnt = false;
                Arc::clone(&site.memory)
            })
        };
        let Some(memory) = learnt else { return Ok(()) };
        self.store.note(vec![row(format!("{PREFIX}{host}"), &*memory)?]).await
    }
}
