//! Prepared feeds by their address, bounded by bytes. A change drops only those that it concerns.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::prepared::Prepared;
use crate::edition::Edition;

/// Bytes of prepared feeds that are kept.
const KEPT_BYTES: usize = 32 << 20;

/// Prepared feeds, bounded by bytes, the least used dropped first.
pub struct Bodies {
    kept: Mutex<Kept>,
    most: usize,
}

struct Kept {
    bodies: LruCache<String, Arc<Prepared>>,
    bytes: usize,
}

impl Default for Bodies {
    fn default() -> Bodies {
        Bodies::of(KEPT_BYTES)
    }
}

impl Bodies {
    /// At most so many bytes.
    fn of(most: usize) -> Bodies {
        Bodies { kept: Mutex::new(Kept { bodies: LruCache::unbounded(), bytes: 0 }), most }
    }

    /// What was prepared for this path and query, if no change since concerns it.
    pub(super) fn get(&self, address: &str, edition: &Edition) -> Option<Arc<Prepared>> {
        let found = self.kept.lock().unwrap_or_else(PoisonError::into_inner).bodies.get(address).cloned();
        found.filter(|body| body.holds(edition))
    }

    /// Keeps what was prepared for a path and query.
    pub(super) fn put(&self, address: String, body: Arc<Prepared>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += size(&address, &body);
        if let Some((address, old)) = kept.bodies.push(address, body) {
            kept.bytes -= size(&address, &old);
        }
        while kept.bytes > self.most {
            let Some((address, old)) = kept.bodies.pop_lru() else { break };
            kept.bytes -= size(&address, &old);
        }
    }
}

/// With its address, which the filters repeat in about as many bytes.
fn size(address: &str, body: &Prepared) -> usize {
    2 * address.len() + body.size()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::prepared::{Freshness, Rendered};
    use super::*;
    use crate::publish::Format;
    use crate::query::Query;

    fn body(bytes: usize) -> Arc<Prepared> {
        let rendered = Rendered {
            format: Format::Atom,
            query: Query::default(),
            version: 0,
            freshness: Freshness::Minutes,
            last_modified: None,
            // What no coding makes smaller.
            bytes: (0..bytes as u64).map(|n| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes()) as u8).collect(),
            own: Vec::new(),
        };
        Arc::new(Prepared::new(rendered).unwrap())
    }

    fn kept(bodies: &Bodies) -> (Vec<String>, usize) {
        let kept = bodies.kept.lock().unwrap();
        let true_sum: usize = kept.bodies.iter().map(|(address, body)| size(address, body)).sum();
        assert_eq!(kept.bytes, true_sum);
        (kept.bodies.iter().map(|(address, _)| address.clone()).collect(), kept.bytes)
    }

    #[test]
    fn the_least_used_goes_where_bytes_run_out() {
        let bodies = Bodies::of(3 * size("/a", &body(1_000)));
        for address in ["/a", "/b", "/c"] {
            bodies.put(address.to_owned(), body(1_000));
        }
        assert_eq!(kept(&bodies).0, ["/c", "/b", "/a"]);
        // Used, and put again: counted once.
        bodies.kept.lock().unwrap().bodies.get("/a");
        bodies.put("/c".to_owned(), body(1_000));
        bodies.put("/d".to_owned(), body(1_000));
        assert_eq!(kept(&bodies).0, ["/d", "/c", "/a"]);
        // One that has no room alone is not kept.
        bodies.put("/e".to_owned(), body(20_000));
        assert_eq!(kept(&bodies), (Vec::new(), 0));
    }

    #[test]
    fn headers_and_addresses_count() {
        let (small, long) = (body(0), "x".repeat(5_000));
        // Eight sets of headers, of which none is below a kilobyte.
        assert!(small.size() > 8 * 1_024, "{}", small.size());
        assert_eq!(size(&long, &small) - size("", &small), 10_000);
    }
}
