//! Which articles a query selects, the newest first: facets by their index, words by theirs. It reads no text.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::{Edition, EditionError};
use crate::article::ArticleId;
use crate::index::{Filter, Part, Selection};
use crate::query::{Dedupe, Query};

impl Edition {
    /// The articles that a query's feed holds, newest first.
    pub async fn select(&self, query: &Query) -> Result<Selection, EditionError> {
        Ok(self.window(query, self.filter(query).await?))
    }

    /// The same, by the filter that the query makes.
    pub(super) fn window(&self, query: &Query, filter: Filter) -> Selection {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        let filter = Filter { limit, extend_day: true, ..filter };
        self.index.read().unwrap_or_else(PoisonError::into_inner).select(&filter)
    }

    /// A part of everything that a query matches, behind a place in it.
    pub async fn part(&self, query: &Query, after: Option<(Timestamp, ArticleId)>) -> Result<Part, EditionError> {
        let limit = query.limit.map_or(usize::from(self.feed.limit), usize::from);
        let filter = Filter { limit, ..self.filter(query).await? };
        Ok(self.index.read().unwrap_or_else(PoisonError::into_inner).part(&filter, after))
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
