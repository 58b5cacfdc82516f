//! Which articles a query selects, the newest first: facets by their index, words by theirs. It reads no text.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::{Edition, EditionError};
use crate::article::ArticleId;
use crate::index::{Filter, Selection};
use crate::query::{Dedupe, Query};

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
    pub async fn select(&self, query: &Query) -> Result<Selection, EditionError> {
        Ok(self.window(query, self.filter(query).await?))
    }

    /// The same, by the filter that the query makes.
    pub(super) fn window(&self, query: &Query, filter: Filter) -> Selection {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        self.index_select(&Filter { limit, extend_day: true, ..filter })
    }

    /// A part of everything that a query matches, behind a place in it.
    pub async fn part(&self, query: &Query, after: Option<(Timestamp, ArticleId)>) -> Result<Part, EditionError> {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        let filter = Filter { limit: usize::MAX, extend_day: false, ..self.filter(query).await? };
        let all = self.index_select(&filter).ids;
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

    /// What a query asks of the index; its words are looked up on the way.
    pub(super) async fn filter(&self, query: &Query) -> Result<Filter, EditionError> {
        Ok(Filter {
            holding: self.holding(query).await?,
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
        })
    }
}
