//! The archives of a feed (RFC 5005): one document a month of first storage, each named by a hash of what it holds and of
//! the archives before it. So a document never changes, and a client that meets an address it knows may stop walking.
//! It never reads the clock, and renders nothing to name a document.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{Asked, Edition};
use crate::article::ArticleId;
use crate::index::{Archive, Filter, Gone, Matching, Month};

/// Tombstones in one document.
const MOST_GONE: usize = 200;

/// Everything that a query gives and gave, by month.
pub(super) struct History {
    filter: Filter,
    live: Matching,
    gone: Matching,
    months: BTreeMap<Month, Archive>,
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
        let archive = self.months.get(&month).copied().unwrap_or_default();
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
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let (live, gone) = (index.matching(&filter), index.gone(&filter));
        let months = index.months(&live, &gone, &filter);
        drop(index);
        let seed = self.seed(asked);
        let mut chain: Vec<(Month, String)> = Vec::new();
        for (month, archive) in months.iter().filter(|(_, archive)| archive.entries > 0) {
            let before = chain.last().map(|(_, version)| version.as_str()).unwrap_or_default();
            let version = version(&seed, *month, *archive, before);
            chain.push((*month, version));
        }
        History { filter, live, gone, months, chain, seed }
    }

    /// What one month holds.
    pub(super) fn volume(&self, history: &History, month: Month) -> Volume {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        Volume {
            ids: index.ids(&index.of_month(&history.live, month, &history.filter)),
            gone: index.tell_gone(&index.of_month(&history.gone, month, &history.filter)),
            changed: history.months.get(&month).and_then(|archive| archive.changed),
        }
    }

    /// What was withdrawn from the window of a feed that shows these articles: from what is at least as new as the last,
    /// or from everything where the feed shows everything there is.
    pub(super) fn gone(&self, history: &History, shown: &[ArticleId]) -> Vec<Gone> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut gone = index.tell_gone(&history.gone);
        if (shown.len() as u64) < history.live.len()
            && let Some(last) = shown.last().and_then(|id| index.get(*id))
        {
            gone.retain(|one| (one.published, one.article) >= (last.published, last.id));
        }
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
