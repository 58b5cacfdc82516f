//! What was found lately in the parts of the index, so that a word that half of all articles hold, or a phrase, is looked
//! up once and not at each query. Parts never change: what was found in one stays true until it is gone. It is bounded by
//! bytes, and keeps nothing that is cheap to find again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tantivy::index::SegmentId;

use super::bits::Bits;
use super::search::{Reading, Scope};

/// Bytes of all that is kept: some 250 sets of a million articles.
const MOST: usize = 32 << 20;

/// A word or a phrase, looked for in a part.
type Key = (SegmentId, Scope, Vec<Reading>);

/// What is kept, the latest used last to go.
pub(super) struct Hits(Mutex<Kept>);

struct Kept {
    sets: LruCache<Key, Arc<Bits>>,
    bytes: usize,
}

impl Hits {
    pub(super) fn none() -> Hits {
        Hits(Mutex::new(Kept { sets: LruCache::unbounded(), bytes: 0 }))
    }

    /// What was found, or is found now.
    pub(super) fn get<E>(
        &self,
        part: SegmentId,
        scope: Scope,
        readings: &[Reading],
        find: impl FnOnce() -> Result<Bits, E>,
    ) -> Result<Arc<Bits>, E> {
        let key = (part, scope, readings.to_vec());
        if let Some(known) = self.lock().sets.get(&key) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(find()?);
        // One word that few hold is as quickly found as kept.
        if readings.iter().any(|reading| reading.len() > 1) || found.is_dense() {
            self.lock().put(key, Arc::clone(&found));
        }
        Ok(found)
    }

    /// Forgets what was found in parts that are gone.
    pub(super) fn keep(&self, living: &HashSet<SegmentId>) {
        let mut kept = self.lock();
        let gone: Vec<Key> =
            kept.sets.iter().map(|(key, _)| key).filter(|key| !living.contains(&key.0)).cloned().collect();
        for key in gone {
            let bytes = kept.sets.pop(&key).map_or(0, |set| set.bytes());
            kept.bytes -= bytes;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, key: Key, set: Arc<Bits>) {
        self.bytes += set.bytes();
        if let Some(before) = self.sets.put(key, set) {
            self.bytes -= before.bytes();
        }
        while self.bytes > MOST {
            let Some((_, oldest)) = self.sets.pop_lru() else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dear_is_found_once_and_what_is_kept_is_bounded() {
        let hits = Hits::none();
        let (part, other) = (SegmentId::generate_random(), SegmentId::generate_random());
        let mut looked = 0;
        let mut get = |part, word: &str, set: Bits| {
            let reading = vec![vec![word.to_owned()]];
            let found = hits.get(part, Scope::Text, &reading, || {
                looked += 1;
                Ok::<_, ()>(set)
            });
            found.unwrap();
            looked
        };
        assert_eq!(get(part, "common", Bits::all(6_400)), 1);
        assert_eq!(get(part, "common", Bits::none(6_400)), 1, "it is remembered");
        assert_eq!(get(part, "rare", Bits::none(6_400)), 2);
        assert_eq!(get(part, "rare", Bits::none(6_400)), 3, "it is not");
        assert_eq!(get(other, "common", Bits::all(6_400)), 4, "each part is another matter");
        hits.keep(&[other].into());
        assert_eq!(get(other, "common", Bits::none(6_400)), 4);
        assert_eq!(get(part, "common", Bits::all(6_400)), 5);
        for n in 0..400 {
            get(part, &n.to_string(), Bits::all(1_000_000));
        }
        let kept = hits.lock();
        assert!(kept.bytes <= MOST && kept.sets.len() > 200);
        assert_eq!(kept.bytes, kept.sets.iter().map(|(_, set)| set.bytes()).sum::<usize>());
    }
}
