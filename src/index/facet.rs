//! A facet: which documents bear a value now, and which bore it once. It keeps no list for a document: what one bears is
//! asked of the values.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use roaring::{MultiOps, RoaringBitmap};

/// A facet's values.
#[derive(Debug)]
pub(super) struct Facet<K> {
    now: BTreeMap<K, RoaringBitmap>,
    /// Those that bore it and do no more.
    former: BTreeMap<K, RoaringBitmap>,
}

/// Which documents are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Those that bear a value.
    Now,
    /// Those that bear it or bore it.
    Ever,
}

impl<K: Ord> Default for Facet<K> {
    fn default() -> Facet<K> {
        Facet { now: BTreeMap::new(), former: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Facet<K> {
    /// Sets what a document bears, and bore.
    pub(super) fn set(&mut self, doc: u32, now: &[K], former: &[K]) {
        for (bits, values) in [(&mut self.now, now), (&mut self.former, former)] {
            for (value, bits) in bits.iter_mut() {
                if !values.contains(value) {
                    bits.remove(doc);
                }
            }
            for value in values {
                bits.entry(value.clone()).or_default().insert(doc);
            }
        }
    }

    /// What a document bears.
    pub(super) fn of(&self, doc: u32) -> Vec<K> {
        self.now.iter().filter(|(_, bits)| bits.contains(doc)).map(|(value, _)| value.clone()).collect()
    }

    /// Every value that is borne, or was.
    pub(super) fn values(&self) -> impl Iterator<Item = &K> {
        self.now.keys()
    }

    /// The documents with any of these values.
    pub(super) fn any(&self, wanted: &BTreeSet<K>, when: When) -> RoaringBitmap {
        let former = if when == When::Ever { Some(&self.former) } else { None };
        wanted.iter().flat_map(|value| self.now.get(value).into_iter().chain(former.and_then(|f| f.get(value)))).union()
    }

    /// How many of these documents bear each value.
    pub(super) fn count(&self, among: &RoaringBitmap) -> impl Iterator<Item = (K, u64)> {
        self.now.iter().map(|(value, bits)| (value.clone(), bits.intersection_len(among)))
    }
}

/// A facet that is gathered before the documents have their numbers.
#[derive(Debug)]
pub(super) struct Gathered<K> {
    now: HashMap<K, Vec<u32>>,
    former: HashMap<K, Vec<u32>>,
}

impl<K> Default for Gathered<K> {
    fn default() -> Gathered<K> {
        Gathered { now: HashMap::new(), former: HashMap::new() }
    }
}

impl<K: Ord + Hash + Clone> Gathered<K> {
    pub(super) fn add(&mut self, place: u32, now: &[K], former: &[K]) {
        for (lists, values) in [(&mut self.now, now), (&mut self.former, former)] {
            for value in values {
                match lists.get_mut(value) {
                    Some(list) => list.push(place),
                    None => {
                        lists.insert(value.clone(), vec![place]);
                    }
                }
            }
        }
    }

    /// The facet, once it is known which number each place has.
    pub(super) fn facet(self, numbers: &[u32]) -> Facet<K> {
        let bitmaps = |lists: HashMap<K, Vec<u32>>| {
            lists.into_iter().map(|(value, list)| (value, bitmap(list.into_iter(), numbers))).collect()
        };
        Facet { now: bitmaps(self.now), former: bitmaps(self.former) }
    }
}

/// The documents at these places.
pub(super) fn bitmap(places: impl Iterator<Item = u32>, numbers: &[u32]) -> RoaringBitmap {
    let mut docs: Vec<u32> = places.map(|place| numbers[place as usize]).collect();
    docs.sort_unstable();
    docs.into_iter().collect()
}
