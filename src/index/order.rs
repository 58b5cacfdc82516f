//! Which document is newer. Those that an index was filled with bear numbers in the order of publication, so that a walk
//! over numbers is a walk over time; the few that came, or moved, since then are kept apart in an order of their own.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::{Filter, Index};
use crate::article::ArticleId;

/// Where a document stands: by publication, then id.
pub(super) type Place = (Timestamp, ArticleId);

/// So many are sorted rather than met on a walk over all.
const FEW: u64 = if cfg!(test) { 4 } else { 4_096 };

#[derive(Debug, Default)]
pub(super) struct Order {
    /// Documents below this number are in the order of their numbers, but for those that moved.
    filled: u32,
    /// The others.
    strays: BTreeSet<(Timestamp, ArticleId, u32)>,
    /// When documents below were published by what is known now.
    moved: HashMap<u32, Timestamp>,
}

impl Order {
    /// The order of so many documents, whose numbers are given by it.
    pub(super) fn of(filled: u32) -> Order {
        Order { filled, ..Order::default() }
    }
}

impl Index {
    /// When a document was published.
    pub(super) fn published(&self, doc: u32) -> Timestamp {
        self.order.moved.get(&doc).copied().unwrap_or_else(|| self.published[doc as usize])
    }

    pub(super) fn place_of(&self, doc: u32) -> Place {
        (self.published(doc), self.ids[doc as usize])
    }

    /// Notes when a document was published; one that is new has been given that already.
    pub(super) fn redate(&mut self, doc: u32, published: Timestamp, is_new: bool) {
        let (before, id) = self.place_of(doc);
        if !is_new {
            if before == published {
                return;
            }
            self.order.strays.remove(&(before, id, doc));
            if doc < self.order.filled {
                self.order.moved.insert(doc, published);
            } else {
                self.published[doc as usize] = published;
            }
        }
        self.order.strays.insert((published, id, doc));
    }

    /// Documents, the newest first, each older than a place where one is given.
    pub(super) fn newest<'a>(
        &'a self,
        docs: &'a RoaringBitmap,
        before: Option<Place>,
    ) -> impl Iterator<Item = (Place, u32)> + 'a {
        let end = before.map_or(self.order.filled, |place| self.first_at(|at| at >= place));
        let in_order = docs.range(0..end).rev().filter(|doc| !self.order.moved.contains_key(doc));
        let mut in_order = in_order.map(|doc| (self.place_of(doc), doc)).peekable();
        let mut strays = self.strays(docs, before).peekable();
        std::iter::from_fn(move || match (in_order.peek(), strays.peek()) {
            (Some(one), Some(other)) if other > one => strays.next(),
            (Some(_), _) => in_order.next(),
            (None, _) => strays.next(),
        })
    }

    /// The first number at which the order has come so far.
    fn first_at(&self, reached: impl Fn(Place) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.order.filled);
        while low < high {
            let middle = low + (high - low) / 2;
            // By what it was when the numbers were given: that is the order that they are in.
            if reached((self.published[middle as usize], self.ids[middle as usize])) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn strays<'a>(
        &'a self,
        docs: &'a RoaringBitmap,
        before: Option<Place>,
    ) -> Box<dyn Iterator<Item = (Place, u32)> + 'a> {
        let is_before = move |place: Place| before.is_none_or(|before| place < before);
        if docs.range_cardinality(self.order.filled..) > FEW {
            let end = before.map_or((Timestamp::MAX, ArticleId(uuid::Uuid::max())), |before| before);
            let strays = self.order.strays.range(..=(end.0, end.1, u32::MAX)).rev();
            let strays = strays.filter(|(_, _, doc)| docs.contains(*doc)).map(|(at, id, doc)| ((*at, *id), *doc));
            return Box::new(strays.filter(move |(place, _)| is_before(*place)));
        }
        let moved = self.order.moved.keys().copied().filter(|doc| docs.contains(*doc));
        let mut few: Vec<(Place, u32)> =
            docs.range(self.order.filled..).chain(moved).map(|doc| (self.place_of(doc), doc)).collect();
        few.retain(|(place, _)| is_before(*place));
        few.sort_unstable_by(|a, b| b.cmp(a));
        Box::new(few.into_iter())
    }

    /// Those that were published when a filter says, and hold the words that it asks for.
    pub(super) fn within(&self, docs: RoaringBitmap, filter: &Filter) -> RoaringBitmap {
        let docs = match &filter.holding {
            Some(holding) => docs & &**holding,
            None => docs,
        };
        let (since, until) = (filter.since, filter.until);
        if since.is_none() && until.is_none() {
            return docs;
        }
        let is_within = |doc: &u32| {
            let at = self.published(*doc);
            since.is_none_or(|since| at >= since) && until.is_none_or(|until| at <= until)
        };
        let strays = docs.range(self.order.filled..);
        let moved = self.order.moved.keys().copied().filter(|doc| docs.contains(*doc));
        let others: RoaringBitmap = strays.chain(moved).filter(is_within).collect();
        let begin = since.map_or(0, |since| self.first_at(|(at, _)| at >= since));
        let end = until.map_or(self.order.filled, |until| self.first_at(|(at, _)| at > until));
        let mut kept = docs;
        kept.remove_range(end.max(begin)..);
        kept.remove_range(..begin);
        self.order.moved.keys().for_each(|doc| {
            kept.remove(*doc);
        });
        kept | others
    }
}
