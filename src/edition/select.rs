//! Which articles a query selects: facets by the index, words by reading what the facets leave.
//! It never reads more texts than it needs to fill what was asked for.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};

use super::Edition;
use crate::article::ArticleId;
use crate::index::{Filter, Selection};
use crate::query::{Dedupe, Query, TextFilter};
use crate::store::StoreError;

/// Texts read at once.
pub(super) const CHUNK: usize = 64;
/// A feed's window: all published within this before its newest entry,
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// at most this many more than asked for.
const MORE: usize = 200;

/// A part of a long selection, for the API.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The newest first.
    pub ids: Vec<ArticleId>,
    /// How many match in all.
    pub total: u64,
    /// Where the next part begins; none at the end.
    pub next: Option<(Timestamp, ArticleId)>,
}

impl Edition {
    /// The articles that a query's feed holds, newest first.
    pub async fn select(&self, query: &Query) -> Result<Selection, StoreError> {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        let filter = Filter { limit, extend_day: true, ..self.filter(query) };
        let Some(text) = TextFilter::of(query) else {
            return Ok(self.index.read().unwrap_or_else(PoisonError::into_inner).select(&filter));
        };
        let all = self.index_select(&Filter { limit: usize::MAX, extend_day: false, ..filter });
        let (mut ids, mut floor) = (Vec::new(), None);
        'all: for chunk in all.ids.chunks(CHUNK) {
            for article in self.store.articles(chunk.to_vec()).await? {
                if !self.holds(&article, &text) {
                    continue;
                }
                let at = article.published.at;
                let floor = *floor.get_or_insert_with(|| at.saturating_sub(DAY).unwrap_or(Timestamp::MIN));
                if ids.len() >= limit + MORE || (ids.len() >= limit && at < floor) {
                    break 'all;
                }
                ids.push(article.id);
            }
        }
        Ok(Selection { total: ids.len() as u64, ids, last_change: all.last_change })
    }

    /// A part of everything that a query matches, behind a place in it.
    pub async fn part(&self, query: &Query, after: Option<(Timestamp, ArticleId)>) -> Result<Part, StoreError> {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        let filter = Filter { limit: usize::MAX, extend_day: false, ..self.filter(query) };
        let mut all = self.index_select(&filter).ids;
        if let Some(text) = TextFilter::of(query) {
            let mut kept = Vec::new();
            for chunk in all.chunks(CHUNK) {
                let articles = self.store.articles(chunk.to_vec()).await?;
                kept.extend(articles.iter().filter(|a| self.holds(a, &text)).map(|a| a.id));
            }
            all = kept;
        }
        let total = all.len() as u64;
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let place = |id: ArticleId| index.get(id).map(|facts| (facts.published, id));
        let begin = match after {
            Some(after) => all.iter().position(|id| place(*id).is_some_and(|at| at < after)).unwrap_or(all.len()),
            None => 0,
        };
        let ids: Vec<ArticleId> = all[begin..].iter().copied().take(limit).collect();
        let next = if begin + ids.len() < all.len() { ids.last().and_then(|id| place(*id)) } else { None };
        Ok(Part { ids, total, next })
    }

    fn index_select(&self, filter: &Filter) -> Selection {
        self.index.read().unwrap_or_else(PoisonError::into_inner).select(filter)
    }

    pub(super) fn filter(&self, query: &Query) -> Filter {
        Filter {
            countries: query.countries.clone(),
            regions: query.regions.clone(),
            themes: query.themes.clone(),
            languages: query.languages.clone(),
            sources: query.sources.clone(),
            since: query.since.as_ref().map(|b| b.start()),
            until: query.until.as_ref().map(|b| b.end()),
            dedupe: query.effective_dedupe() == Dedupe::Story,
            prefer: query.prefer,
            limit: 0,
            extend_day: false,
            include_no_news: false,
        }
    }
}
