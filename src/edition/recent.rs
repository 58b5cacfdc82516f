//! What the latest changes of the log touched, so that a body prepared before them is used on where none of them concerns
//! its query. It is bounded, and answers "touched" where it does not reach back far enough.

use std::collections::VecDeque;

use crate::article::Tags;
use crate::query::Query;

/// So many changes are remembered.
const KEPT: usize = 4_096;

/// Facets that a change took from an article or gave it.
#[derive(Debug)]
struct Touch {
    seq: u64,
    tags: Tags,
}

/// The latest changes.
#[derive(Debug, Default)]
pub(super) struct Recent {
    touches: VecDeque<Touch>,
    /// Everything after this change is remembered.
    from: u64,
}

impl Recent {
    /// Remembers that a change touched an article with these tags.
    pub(super) fn note(&mut self, seq: u64, tags: Option<Tags>) {
        let Some(tags) = tags else { return };
        // The members of a story are mostly told twice by one change.
        if self.touches.iter().rev().take_while(|touch| touch.seq == seq).any(|touch| touch.tags == tags) {
            return;
        }
        self.touches.push_back(Touch { seq, tags });
        while self.touches.len() > KEPT {
            self.from = self.touches.pop_front().map_or(self.from, |touch| touch.seq.max(self.from));
        }
    }

    /// True where one of these changes, in ascending order, may have touched the query's feed: those that are no longer
    /// remembered may.
    pub(super) fn concerns(&self, query: &Query, seqs: &[u64]) -> bool {
        let forgotten = seqs.first().is_some_and(|first| *first <= self.from);
        forgotten || self.tags(seqs).any(|tags| concerns(tags, query))
    }

    /// What these changes, in ascending order, took from articles or gave them, as far as it is remembered.
    pub(super) fn tags<'a>(&'a self, seqs: &'a [u64]) -> impl Iterator<Item = &'a Tags> {
        let named = |touch: &&Touch| seqs.binary_search(&touch.seq).is_ok();
        self.touches.iter().filter(named).map(|touch| &touch.tags)
    }

    /// Nothing up to this change is remembered.
    pub(super) fn begin(&mut self, from: u64) {
        self.from = self.from.max(from);
    }

    /// True unless every change after this one is known to leave the query's feed alone.
    pub(super) fn touched(&self, query: &Query, after: u64) -> bool {
        after < self.from
            || self.touches.iter().rev().take_while(|t| t.seq > after).any(|touch| concerns(&touch.tags, query))
    }
}

/// Dates, words and limits only narrow what these filters let through.
fn concerns(tags: &Tags, query: &Query) -> bool {
    (query.countries.is_empty() || tags.countries.iter().any(|c| query.countries.contains(c)))
        && (query.regions.is_empty() || tags.countries.iter().any(|c| query.regions.contains(&c.region())))
        && (query.themes.is_empty() || tags.themes.iter().any(|t| query.themes.contains(t)))
        && (query.languages.is_empty() || query.languages.contains(&tags.language))
        && (query.sources.is_empty() || query.sources.contains(&tags.source))
}
