//! What a filter ever gave, by month: the archives of a feed, and what was withdrawn from it. A month is the one in which
//! an entry's first article was stored, so no entry ever moves to another. It never reads the clock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roaring::RoaringBitmap;
use xxhash_rust::xxh3::xxh3_64;

use super::facet::When;
use super::month::Month;
use super::order::Place;
use super::{Filter, Index};
use crate::article::{ArticleId, Language, StoryId};

/// Documents that a filter matches, or a part of them.
#[derive(Debug, Clone, Default)]
pub struct Matching(pub(super) RoaringBitmap);

impl Matching {
    /// How many.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A month of what a filter matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Archive {
    /// Entries in it.
    pub entries: u32,
    /// Another one whenever what the month shows has changed, whatever the order in which it came about.
    pub stamp: u64,
    /// Its latest change.
    pub changed: Option<Timestamp>,
}

/// Every month of what a filter matches and matched, as it stood at one moment.
#[derive(Debug, Clone, Default)]
pub struct Archives {
    months: BTreeMap<Month, Archive>,
    /// What had moved by then.
    moves: u64,
}

impl Archives {
    /// The months, the oldest first.
    pub fn months(&self) -> &BTreeMap<Month, Archive> {
        &self.months
    }
}

/// What a feed held once and holds no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The withdrawn article.
    pub article: ArticleId,
    /// Its story.
    pub story: StoryId,
    /// When it was published.
    pub published: Timestamp,
    /// When it was withdrawn.
    pub at: Timestamp,
}

impl Index {
    /// The articles of these documents, the newest first.
    pub fn ids(&self, docs: &Matching) -> Vec<ArticleId> {
        self.newest(&docs.0, None).map(|((_, id), _)| id).collect()
    }

    /// The months that a filter gives and gave. What was told before is used on for every month in which nothing moved.
    pub fn archives(&self, filter: &Filter, before: Option<&Archives>) -> Archives {
        let candidates = self.candidates(filter);
        let live = self.within(candidates.clone(), filter);
        let gone = self.withdrawn_under(filter);
        let (mut months, moves) = (BTreeMap::new(), self.calendar.moves());
        for (month, docs) in self.calendar.under(filter) {
            let archive = match before {
                Some(before) if self.calendar.is_still(month, before.moves) => before.months.get(&month).copied(),
                _ => {
                    let (live, gone) = (&live & docs, &gone & docs);
                    let live = live.iter().filter(|doc| self.is_shown(*doc, &candidates, filter));
                    self.archive(live, gone.iter().filter(|doc| self.took_its_entry(*doc, filter)))
                }
            };
            archive.into_iter().for_each(|archive| {
                months.insert(month, archive);
            });
        }
        Archives { months, moves }
    }

    /// What one month shows; none where it shows nothing.
    fn archive(&self, live: impl Iterator<Item = u32>, gone: impl Iterator<Item = u32>) -> Option<Archive> {
        let mut archive = Archive::default();
        for (doc, entry) in live.map(|doc| (doc, true)).chain(gone.map(|doc| (doc, false))) {
            let changed = self.changed.of(doc);
            let mut key = [u8::from(entry); 25];
            key[..16].copy_from_slice(self.ids[doc as usize].0.as_bytes());
            key[16..24].copy_from_slice(&changed.seq.to_le_bytes());
            // A sum: the same whichever comes first.
            archive.stamp = archive.stamp.wrapping_add(xxh3_64(&key));
            archive.entries += u32::from(entry);
            archive.changed = archive.changed.max(Some(changed.at));
        }
        archive.changed.map(|_| archive)
    }

    /// What a filter gives in one month.
    pub fn in_month(&self, month: Month, filter: &Filter) -> Matching {
        let Some(docs) = self.calendar.month(month, filter) else { return Matching::default() };
        let candidates = self.candidates(filter);
        let live = self.within(&candidates & docs, filter);
        Matching(live.iter().filter(|doc| self.is_shown(*doc, &candidates, filter)).collect())
    }

    /// What a filter gave in one month and gives no more.
    pub fn gone_in_month(&self, month: Month, filter: &Filter) -> Matching {
        let Some(docs) = self.calendar.month(month, filter) else { return Matching::default() };
        let gone = self.withdrawn_under(filter) & docs;
        Matching(gone.iter().filter(|doc| self.took_its_entry(*doc, filter)).collect())
    }

    /// The withdrawn documents whose entry went with them, under a filter. An entry that a copy took over is not gone.
    pub fn gone(&self, filter: &Filter) -> Matching {
        Matching(self.withdrawn_under(filter).iter().filter(|doc| self.took_its_entry(*doc, filter)).collect())
    }

    /// The same, as far back as an article, which is among them where it is withdrawn.
    pub fn gone_since(&self, filter: &Filter, last: ArticleId) -> Matching {
        let Some(doc) = self.numbers.get(&last) else { return self.gone(filter) };
        let (gone, end): (RoaringBitmap, Place) = (self.withdrawn_under(filter), self.place_of(*doc));
        let window = self.newest(&gone, None).take_while(|(place, _)| *place >= end);
        Matching(window.map(|(_, doc)| doc).filter(|doc| self.took_its_entry(*doc, filter)).collect())
    }

    /// Withdrawn documents that a filter would match, whatever became of their entries.
    fn withdrawn_under(&self, filter: &Filter) -> RoaringBitmap {
        if self.dead.is_empty() {
            return RoaringBitmap::new();
        }
        let mut gone = self.dead.clone();
        if !filter.include_no_news {
            gone &= &self.news;
        }
        self.narrow(&mut gone, filter, When::Now);
        self.within(gone, filter)
    }

    /// What withdrawn documents were, the one that was withdrawn last first.
    pub fn tell_gone(&self, docs: &Matching) -> Vec<Gone> {
        let tell = |doc: u32| Gone {
            article: self.ids[doc as usize],
            story: self.stories_of[doc as usize],
            published: self.published(doc),
            at: self.changed.of(doc).at,
        };
        let mut gone: Vec<Gone> = docs.0.iter().map(tell).collect();
        gone.sort_by_key(|one| std::cmp::Reverse((one.at, one.article)));
        gone
    }

    /// True when no entry of its language (or, under `prefer`, of its story) is left, and it was the first of them: the one
    /// that the entry was called by. Where each article is an entry of its own, each takes its own.
    fn took_its_entry(&self, doc: u32, filter: &Filter) -> bool {
        let whole = filter.prefer.is_some();
        if !filter.dedupe && !whole {
            return true;
        }
        let (story, own) = (&self.stories_of[doc as usize], self.languages_of[doc as usize]);
        let same = |language: Language| whole || language == own;
        let live = |id: &ArticleId| self.numbers.get(id).is_some_and(|doc| self.live.contains(*doc));
        let lives_on = self
            .stories
            .get(story)
            .is_some_and(|entries| entries.iter().any(|entry| same(entry.language) && live(&entry.lead)));
        let first = self
            .withdrawn
            .get(story)
            .and_then(|docs| docs.iter().find(|other| same(self.languages_of[**other as usize])));
        !lives_on && first == Some(&doc)
    }
}
