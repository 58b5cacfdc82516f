//! What the latest changes of the log touched, so that a body prepared before them is used on where none of them concerns
//! its query. It is bounded, and answers "touched" where it does not reach back far enough.

use std::collections::VecDeque;

use crate::article::{Country, Language, SourceId, ThemeSlug};
use crate::index::Facts;
use crate::query::Query;

/// So many changes are remembered.
const KEPT: usize = 4_096;

/// Facets that a change took from an article or gave it.
#[derive(Debug)]
struct Touch {
    seq: u64,
    countries: Vec<Country>,
    themes: Vec<ThemeSlug>,
    language: Language,
    source: SourceId,
}

/// The latest changes.
#[derive(Debug, Default)]
pub(super) struct Recent {
    touches: VecDeque<Touch>,
    /// Everything after this change is remembered.
    from: u64,
}

impl Recent {
    /// Remembers that a change touched an article with these facts.
    pub(super) fn note(&mut self, seq: u64, facts: &Facts) {
        self.touches.push_back(Touch {
            seq,
            countries: facts.countries.clone(),
            themes: facts.themes.clone(),
            language: facts.language,
            source: facts.source.clone(),
        });
        while self.touches.len() > KEPT {
            self.from = self.touches.pop_front().map_or(self.from, |touch| touch.seq.max(self.from));
        }
    }

    /// True where one of these changes, in ascending order, may have touched the query's feed: those that are no longer
    /// remembered may.
    pub(super) fn concerns(&self, query: &Query, seqs: &[u64]) -> bool {
        let forgotten = seqs.first().is_some_and(|first| *first <= self.from);
        let named = |touch: &&Touch| seqs.binary_search(&touch.seq).is_ok();
        forgotten || self.touches.iter().filter(named).any(|touch| concerns(touch, query))
    }

    /// True unless every change after this one is known to leave the query's feed alone.
    pub(super) fn touched(&self, query: &Query, after: u64) -> bool {
        after < self.from || self.touches.iter().rev().take_while(|t| t.seq > after).any(|touch| concerns(touch, query))
    }
}

/// Dates, words and limits only narrow what these filters let through.
fn concerns(touch: &Touch, query: &Query) -> bool {
    (query.countries.is_empty() || touch.countries.iter().any(|c| query.countries.contains(c)))
        && (query.regions.is_empty() || touch.countries.iter().any(|c| query.regions.contains(&c.region())))
        && (query.themes.is_empty() || touch.themes.iter().any(|t| query.themes.contains(t)))
        && (query.languages.is_empty() || query.languages.contains(&touch.language))
        && (query.sources.is_empty() || query.sources.contains(&touch.source))
}
