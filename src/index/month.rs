//! A month of UTC, and which documents fall into which. No document ever leaves the month in which it was stored.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use super::Filter;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    pub(super) fn of(own: Month) -> Months {
        Months { own, entry: own, story: own }
    }

    fn each(self) -> [Month; 3] {
        [self.own, self.entry, self.story]
    }
}

/// The documents of each month, and when anything in a month last moved.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// By the three things that a document may stand for.
    docs: [BTreeMap<Month, RoaringBitmap>; 3],
    /// A count of moves, at each month's last one.
    moved: BTreeMap<Month, u64>,
    moves: u64,
}

impl Calendar {
    /// The calendar of documents that are alone in their stories.
    pub(super) fn of(months: &[Month]) -> Calendar {
        let mut docs: BTreeMap<Month, RoaringBitmap> = BTreeMap::new();
        for (month, doc) in months.iter().zip(0..) {
            docs.entry(*month).or_default().insert(doc);
        }
        docs.values_mut().for_each(|bits| {
            bits.optimize();
        });
        Calendar { docs: [docs.clone(), docs.clone(), docs], ..Calendar::default() }
    }

    /// Moves a document from its months, where it had any, to others.
    pub(super) fn set(&mut self, doc: u32, from: Option<Months>, to: Months) {
        for (kind, to) in to.each().into_iter().enumerate() {
            let from = from.map(|from| from.each()[kind]);
            if from == Some(to) {
                continue;
            }
            if let Some(bits) = from.and_then(|from| self.docs[kind].get_mut(&from)) {
                bits.remove(doc);
            }
            self.docs[kind].entry(to).or_default().insert(doc);
        }
    }

    /// Notes that something of a document moved which stands in these months.
    pub(super) fn touch(&mut self, months: Months) {
        self.moves += 1;
        for month in months.each() {
            self.moved.insert(month, self.moves);
        }
    }

    /// How much has moved so far.
    pub(super) fn moves(&self) -> u64 {
        self.moves
    }

    /// True where nothing in a month moved since then.
    pub(super) fn is_still(&self, month: Month, since: u64) -> bool {
        self.moved.get(&month).is_none_or(|moved| *moved <= since)
    }

    /// The documents of each month under a filter, the oldest month first.
    pub(super) fn under(&self, filter: &Filter) -> impl Iterator<Item = (Month, &RoaringBitmap)> {
        let kind = if filter.prefer.is_some() { 2 } else { usize::from(filter.dedupe) };
        self.docs[kind].iter().map(|(month, bits)| (*month, bits))
    }

    /// Those of one month.
    pub(super) fn month(&self, month: Month, filter: &Filter) -> Option<&RoaringBitmap> {
        self.under(filter).find(|(other, _)| *other == month).map(|(_, bits)| bits)
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
