//! What a filter ever gave, by month: the archives of a feed, and what was withdrawn from it. A month is the one in which
//! an entry's first article was stored, so no entry ever moves to another. It never reads the clock.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;
use xxhash_rust::xxh3::xxh3_64;

use super::{Filter, Index};
use crate::article::{ArticleId, Language, Story, StoryId};

/// A month of UTC: its number since January of the year 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u16);

impl Month {
    /// The month of an instant.
    pub fn of(at: Timestamp) -> Month {
        let day = TimeZone::UTC.to_datetime(at).date();
        Month(day.year().max(0) as u16 * 12 + day.month() as u16 - 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// Text that is no month, such as `2026-13`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMonth;

impl FromStr for Month {
    type Err = NotAMonth;
    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let (year, month) = text.split_once('-').filter(|(y, m)| y.len() == 4 && m.len() == 2).ok_or(NotAMonth)?;
        let number = |part: &str| {
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten().ok_or(NotAMonth)
        };
        match (number(year)?, number(month)?) {
            (year @ 1..=5000, month @ 1..=12) => Ok(Month(year * 12 + month - 1)),
            _ => Err(NotAMonth),
        }
    }
}

/// The months that a document falls into, by what it stands for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Months {
    /// As an article.
    pub(super) own: Month,
    /// As the lead of an entry: the month of the entry's first article.
    pub(super) entry: Month,
    /// As the one entry of its story: the month of the story's founder.
    pub(super) story: Month,
}

impl Months {
    /// Until its story is known.
    pub(super) fn of(first_seen: Timestamp) -> Months {
        let own = Month::of(first_seen);
        Months { own, entry: own, story: own }
    }
}

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

impl Archive {
    fn add(&mut self, facts: &super::Facts, entry: bool) {
        let mut key = [u8::from(entry); 25];
        key[..16].copy_from_slice(facts.id.0.as_bytes());
        key[16..24].copy_from_slice(&facts.changed.seq.to_le_bytes());
        // A sum: the same whichever comes first.
        self.stamp = self.stamp.wrapping_add(xxh3_64(&key));
        self.entries += u32::from(entry);
        self.changed = self.changed.max(Some(facts.changed.at));
    }
}

impl Index {
    /// The articles of these documents, the newest first.
    pub fn ids(&self, docs: &Matching) -> Vec<ArticleId> {
        self.newest(&docs.0).map(|(_, id)| id).collect()
    }

    /// The months that documents fall into, with what each shows; withdrawn ones count for the stamp alone.
    pub fn months(&self, live: &Matching, gone: &Matching, filter: &Filter) -> BTreeMap<Month, Archive> {
        let mut months: BTreeMap<Month, Archive> = BTreeMap::new();
        // Neighbours are mostly of one month: the map is asked only where it changes.
        let mut run: Option<(Month, Archive)> = None;
        let all = live.0.iter().map(|doc| (doc, true)).chain(gone.0.iter().map(|doc| (doc, false)));
        for (doc, entry) in all {
            let month = self.month(doc, filter);
            if run.as_ref().is_none_or(|(of, _)| *of != month)
                && let Some((of, archive)) = run.replace((month, months.get(&month).copied().unwrap_or_default()))
            {
                months.insert(of, archive);
            }
            if let Some((_, archive)) = &mut run {
                archive.add(&self.docs[doc as usize], entry);
            }
        }
        months.extend(run);
        months
    }

    /// Those of one month.
    pub fn of_month(&self, docs: &Matching, month: Month, filter: &Filter) -> Matching {
        Matching(docs.0.iter().filter(|doc| self.month(*doc, filter) == month).collect())
    }

    /// The withdrawn documents whose entry went with them, under a filter. An entry that a copy took over is not gone.
    pub fn gone(&self, filter: &Filter) -> Matching {
        if self.withdrawn.values().all(Vec::is_empty) {
            return Matching::default();
        }
        let withdrawn: RoaringBitmap = self.withdrawn.values().flatten().copied().collect();
        let mut gone = self.facets(filter, false) & withdrawn;
        if !filter.include_no_news {
            gone &= &self.news;
        }
        if filter.dedupe || filter.prefer.is_some() {
            gone = gone.iter().filter(|doc| self.took_its_entry(*doc, filter.prefer.is_some())).collect();
        }
        let gone = self.within(gone, filter);
        Matching(match &filter.holding {
            Some(holding) => gone & &**holding,
            None => gone,
        })
    }

    /// What withdrawn documents were.
    pub fn tell_gone(&self, docs: &Matching) -> Vec<Gone> {
        let tell = |facts: &super::Facts| Gone {
            article: facts.id,
            story: facts.story,
            published: facts.published,
            at: facts.changed.at,
        };
        let mut gone: Vec<Gone> = docs.0.iter().map(|doc| tell(&self.docs[doc as usize])).collect();
        gone.sort_by_key(|one| std::cmp::Reverse((one.at, one.article)));
        gone
    }

    /// True when no entry of its language (or, with `whole`, of its story) is left, and it was the first of them: the one
    /// that the entry was called by.
    fn took_its_entry(&self, doc: u32, whole: bool) -> bool {
        let facts = &self.docs[doc as usize];
        let same = |language: Language| whole || language == facts.language;
        let live = |id: &ArticleId| self.numbers.get(id).is_some_and(|doc| self.live.contains(*doc));
        let lives_on = self
            .stories
            .get(&facts.story)
            .is_some_and(|entries| entries.iter().any(|entry| same(entry.language) && live(&entry.lead)));
        let first = self
            .withdrawn
            .get(&facts.story)
            .and_then(|docs| docs.iter().find(|other| same(self.docs[**other as usize].language)));
        !lives_on && first == Some(&doc)
    }

    /// The month of what a document stands for under a filter.
    fn month(&self, doc: u32, filter: &Filter) -> Month {
        let months = self.months_of[doc as usize];
        if filter.prefer.is_some() {
            months.story
        } else if filter.dedupe {
            months.entry
        } else {
            months.own
        }
    }

    /// Places the members of a story in the months of their entries' and their story's first articles.
    pub(super) fn date(&mut self, story: &Story) {
        let own = |index: &Index, id: &ArticleId| index.numbers.get(id).map(|doc| index.months_of[*doc as usize].own);
        let founded = story.members.first().and_then(|id| own(self, id));
        for member in &story.members {
            let Some(doc) = self.numbers.get(member).copied() else { continue };
            let entry = story.entries.iter().find(|entry| entry.lead == *member).and_then(|e| own(self, &e.entry));
            let months = &mut self.months_of[doc as usize];
            months.entry = entry.unwrap_or(months.own);
            months.story = founded.unwrap_or(months.own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_back_and_nothing_else_is_one() {
        for text in ["2026-01", "2026-12", "0001-01"] {
            assert_eq!(text.parse::<Month>().map(|m| m.to_string()).as_deref(), Ok(text));
        }
        for text in ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "+026-01", "2026-+1", "", "2026"] {
            assert_eq!(text.parse::<Month>(), Err(NotAMonth), "{text}");
        }
        let last = "2026-10-31T23:59:59Z".parse().unwrap_or_default();
        assert_eq!(Month::of(last).to_string(), "2026-10");
    }
}
