//! What is remembered of a host's pages: which blocks stand on several of them, so that what the whole site says is told
//! from what an article says. It is handed to the extractor, which works without it. It holds no text, but hashes, and is
//! bounded: what is not met again is forgotten.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::pieces::{Piece, Pieces};

/// A block on so many pages of one host is the site's, not an article's.
const PAGES: usize = 3;
/// Blocks that are remembered of a host.
const MOST: usize = 2_000;
/// Days after which a block that was not met again is forgotten.
const DAYS: i32 = 180;
/// Shorter ones stand in many articles by chance.
const LEAST_WORDS: u32 = 6;
/// Blocks of one page.
const MOST_OF_PAGE: usize = 400;
/// How far up the path of a block is looked at.
const PATH: usize = 3;

/// A block: its text, and the path to it. A sentence that teases an article elsewhere has another path than in the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockKey(u64);

/// Where a block was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Met {
    /// Hashes of the first pages.
    pages: Vec<u32>,
    /// The last day, since 1970.
    day: i32,
}

/// The memory of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(BlockKey, Met)>", into = "Vec<(BlockKey, Met)>")]
pub struct HostMemory {
    met: HashMap<BlockKey, Met>,
}

impl From<Vec<(BlockKey, Met)>> for HostMemory {
    fn from(rows: Vec<(BlockKey, Met)>) -> HostMemory {
        HostMemory { met: rows.into_iter().collect() }
    }
}

impl From<HostMemory> for Vec<(BlockKey, Met)> {
    fn from(memory: HostMemory) -> Vec<(BlockKey, Met)> {
        let mut rows: Vec<_> = memory.met.into_iter().collect();
        rows.sort_by_key(|(key, _)| *key);
        rows
    }
}

impl HostMemory {
    /// Remembers the blocks of a page, by its canonical address, on a day since 1970. Gives whether that taught anything.
    pub fn note(&mut self, page: &str, blocks: &[BlockKey], day: i32) -> bool {
        let page = xxh3_64(page.as_bytes()) as u32;
        let mut learnt = false;
        for key in blocks {
            let met = self.met.entry(*key).or_insert_with(|| Met { pages: Vec::new(), day });
            if met.pages.len() < PAGES && !met.pages.contains(&page) {
                met.pages.push(page);
                learnt = true;
            }
            learnt |= met.day < day;
            met.day = met.day.max(day);
        }
        self.forget(day);
        learnt
    }

    /// Old blocks go, and what is too many: first what was met on the fewest pages, the longest ago.
    fn forget(&mut self, today: i32) {
        self.met.retain(|_, met| met.day > today - DAYS);
        if self.met.len() <= MOST {
            return;
        }
        let mut order: Vec<(usize, i32, BlockKey)> =
            self.met.iter().map(|(key, met)| (met.pages.len(), met.day, *key)).collect();
        order.sort_unstable();
        // More than needed, so that not every page sorts anew.
        let excess = self.met.len() - MOST * 9 / 10;
        for (_, _, key) in order.into_iter().take(excess) {
            self.met.remove(&key);
        }
    }

    /// True for a block that several pages of the host have.
    pub fn is_the_sites(&self, block: BlockKey) -> bool {
        self.met.get(&block).is_some_and(|met| met.pages.len() >= PAGES)
    }

    /// How many blocks several pages have, and how many are remembered.
    pub fn size(&self) -> (usize, usize) {
        (self.met.values().filter(|met| met.pages.len() >= PAGES).count(), self.met.len())
    }
}

/// The blocks of a page that are worth remembering.
pub(super) fn keys(pieces: &Pieces<'_>) -> Vec<BlockKey> {
    let mut keys: Vec<BlockKey> = pieces.list.iter().filter_map(|piece| key(pieces, piece)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(MOST_OF_PAGE);
    keys
}

/// A block's key; none for headings and short ones, which many articles share.
pub(super) fn key(pieces: &Pieces<'_>, piece: &Piece) -> Option<BlockKey> {
    let elem = pieces.elems.get(piece.elem)?;
    if piece.words < LEAST_WORDS || matches!(elem.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6") {
        return None;
    }
    let mut path = u64::from(piece.linked * 2 > piece.words);
    let mut at = piece.elem;
    for _ in 0..PATH {
        let Some(elem) = pieces.elems.get(at) else { break };
        path = xxh3_64_with_seed(elem.name.as_bytes(), path ^ u64::from(elem.marks));
        if elem.parent == at {
            break;
        }
        at = elem.parent;
    }
    Some(BlockKey(xxh3_64_with_seed(piece.text.as_bytes(), path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> BlockKey {
        BlockKey(n)
    }

    #[test]
    fn what_three_pages_have_is_the_sites() {
        let mut memory = HostMemory::default();
        for (page, learns) in [("a", true), ("a", false), ("b", true), ("b", false)] {
            assert_eq!(memory.note(page, &[key(1)], 100), learns, "{page}");
            assert!(!memory.is_the_sites(key(1)), "however often one page is read");
        }
        assert!(memory.note("c", &[key(1), key(2)], 100));
        assert!(memory.is_the_sites(key(1)) && !memory.is_the_sites(key(2)));
        assert_eq!(memory.size(), (1, 2));
    }

    #[test]
    fn it_forgets_the_old_and_the_many_and_keeps_what_the_site_says() {
        let mut memory = HostMemory::default();
        for page in ["a", "b", "c"] {
            memory.note(page, &[key(0)], 100);
        }
        for page in 0..1_000_u64 {
            let blocks: Vec<BlockKey> = (0..20).map(|n| key(1 + page * 20 + n)).collect();
            memory.note(&page.to_string(), &blocks, 101 + page as i32 / 100);
            assert!(memory.size().1 <= MOST);
        }
        assert!(memory.is_the_sites(key(0)));
        memory.note("z", &[key(9)], 100 + DAYS);
        assert!(!memory.is_the_sites(key(0)), "it was not met for half a year");
    }

    #[test]
    fn it_is_read_back_as_it_was() {
        let mut memory = HostMemory::default();
        (0..50).for_each(|n| {
            memory.note(&(n % 7).to_string(), &[key(n * n % 13), key(n)], 20_000);
        });
        let text = serde_json::to_string(&memory).unwrap_or_default();
        assert_eq!(serde_json::from_str::<HostMemory>(&text).ok(), Some(memory));
    }
}
