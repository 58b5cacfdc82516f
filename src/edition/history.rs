//! The archives of a feed (RFC 5005): one document a month of first storage, each named by a hash of what it holds and of
//! the archives before it. So a document never changes, and a client that meets an address it knows may stop walking.
//! It never reads the clock, and renders nothing to name a document.

use std::sync::PoisonError;

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{Asked, Edition};
use crate::article::ArticleId;
use crate::index::{Archive, Archives, Filter, Gone, Month, Selection};

/// Tombstones in one document.
const MOST_GONE: usize = 200;

/// Queries whose archives are remembered.
pub(super) const REMEMBERED: usize = 512;

/// Everything that a query gives and gave, by month.
pub(super) struct History {
    filter: Filter,
    archives: Archives,
    /// The months with entries, the oldest first, each with its document's version.
    chain: Vec<(Month, String)>,
    /// What every version begins with.
    seed: Xxh3,
}

/// One month.
pub(super) struct Volume {
    pub(super) ids: Vec<ArticleId>,
    pub(super) gone: Vec<Gone>,
    pub(super) changed: Option<Timestamp>,
}

impl History {
    /// The newest month with entries.
    pub(super) fn newest(&self) -> Option<(Month, String)> {
        self.chain.last().cloned()
    }

    /// The month with entries before this one.
    pub(super) fn before(&self, month: Month) -> Option<(Month, String)> {
        self.chain.iter().rev().find(|(other, _)| *other < month).cloned()
    }

    /// The version of a month's document as it is now, whether it holds anything or not.
    pub(super) fn version(&self, month: Month) -> String {
        let before = self.before(month).map(|(_, version)| version).unwrap_or_default();
        let archive = self.archives.months().get(&month).copied().unwrap_or_default();
        version(&self.seed, month, archive, &before)
    }
}

fn version(seed: &Xxh3, month: Month, archive: Archive, before: &str) -> String {
    let mut hash = seed.clone();
    hash.update(month.to_string().as_bytes());
    hash.update(&archive.stamp.to_le_bytes());
    hash.update(before.as_bytes());
    format!("{:032x}", hash.digest128())
}

impl Edition {
    /// The history of what is asked, by the filter that it makes.
    pub(super) fn history(&self, asked: &Asked, filter: Filter) -> History {
        let archives = self.archives(asked, &filter);
        let seed = self.seed(asked);
        let mut chain: Vec<(Month, String)> = Vec::new();
        for (month, archive) in archives.months().iter().filter(|(_, archive)| archive.entries > 0) {
            let before = chain.last().map(|(_, version)| version.as_str()).unwrap_or_default();
            let version = version(&seed, *month, *archive, before);
            chain.push((*month, version));
        }
        History { filter, archives, chain, seed }
    }

    /// The months of what is asked, as of now. Every feed names the last of them, and most changes concern one.
    fn archives(&self, asked: &Asked, filter: &Filter) -> Archives {
        let index = || self.index.read().unwrap_or_else(PoisonError::into_inner);
        // What holds a word is told anew each time.
        if filter.holding.is_some() {
            return index().archives(filter, None);
        }
        let query = asked.query.canonical();
        let known = self.archives.lock().unwrap_or_else(PoisonError::into_inner).get(&query).cloned();
        let archives = index().archives(filter, known.as_ref());
        self.archives.lock().unwrap_or_else(PoisonError::into_inner).put(query, archives.clone());
        archives
    }

    /// What one month holds.
    pub(super) fn volume(&self, history: &History, month: Month) -> Volume {
        let (index, filter) = (self.index.read().unwrap_or_else(PoisonError::into_inner), &history.filter);
        Volume {
            ids: index.ids(&index.in_month(month, filter)),
            gone: index.tell_gone(&index.gone_in_month(month, filter)),
            changed: history.archives.months().get(&month).and_then(|archive| archive.changed),
        }
    }

    /// What was withdrawn from the window of a feed that shows this: from what is at least as new as the last article, or
    /// from everything where the feed shows everything there is.
    pub(super) fn gone(&self, history: &History, shown: &Selection) -> Vec<Gone> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut gone = index.tell_gone(&match shown.ids.last().filter(|_| !shown.complete) {
            Some(last) => index.gone_since(&history.filter, *last),
            None => index.gone(&history.filter),
        });
        gone.truncate(MOST_GONE);
        gone
    }

    /// All that a document shows besides its articles: the program, the feed's address, and the settings. Where one of
    /// them changes, so do the addresses of all archives.
    fn seed(&self, asked: &Asked) -> Xxh3 {
        let mut seed = self.settings();
        seed.update(self.address("", &asked.current()).as_bytes());
        seed.update(&[0]);
        seed
    }
}
