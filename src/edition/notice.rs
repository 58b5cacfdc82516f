//! What whoever asked for the articles of a query is told of a change: that an entry is new, was rewritten, or is gone. It
//! follows the rules of feeds and of pushes, remembers nobody, and shows no more of a text than its source allows.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::{Asked, Edition, EditionError, is_news};
use crate::article::{Article, ArticleId};
use crate::index::Filter;
use crate::publish::Entry;
use crate::store::{Change, ChangeKind, StoreError};

/// What one is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The entry was not there before.
    Created,
    /// Its title, its figures or more than a few of its words are others now.
    Revised,
    /// It is there no more.
    Withdrawn,
}

/// A change of an entry.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// The entry's id, as in the query's feed.
    pub id: String,
    /// The original.
    pub url: String,
    /// The entry as it is now; none of one that is gone.
    pub entry: Option<Entry>,
}

impl Edition {
    /// What a change means to whoever asked for this; none where it is no news, or none to them. The edition must have
    /// followed the log as far as the change.
    pub async fn notice(&self, change: &Change, asked: &Asked) -> Result<Option<Notice>, EditionError> {
        let Some(article) = self.store.article(change.article_id).await? else { return Ok(None) };
        if !is_news(change, &article) {
            return Ok(None);
        }
        let filter = self.filter(&asked.query).await?;
        let (event, lead) = match &change.kind {
            ChangeKind::Withdrawn => return Ok(self.gone_notice(change, &article, &filter)),
            ChangeKind::Created => {
                let (lead, before) = self.place_in_entry(&article, &filter).await?;
                // A copy that came before showed them the entry, whoever leads it now.
                let each = Filter { dedupe: false, ..filter.clone() };
                if self.any_matches(&before, &each) {
                    return Ok(None);
                }
                (Event::Created, lead)
            }
            ChangeKind::Revised { .. } => {
                let (lead, _) = self.place_in_entry(&article, &filter).await?;
                if lead != article.id {
                    return Ok(None);
                }
                (Event::Revised, lead)
            }
            ChangeKind::Merged => return Ok(None),
        };
        if !self.any_matches(&[lead], &filter) {
            return Ok(None);
        }
        let Some(shown) = self.articles(vec![lead]).await?.pop() else { return Ok(None) };
        let entry = self.entry(&shown, asked).await?;
        Ok(Some(Notice { event, at: change.at, id: entry.id.clone(), url: entry.url.clone(), entry: Some(entry) }))
    }

    /// The article that leads the entry of this one, and the articles of its language that the story had before it.
    async fn place_in_entry(
        &self,
        article: &Article,
        filter: &Filter,
    ) -> Result<(ArticleId, Vec<ArticleId>), StoreError> {
        let alone = (article.id, Vec::new());
        if !filter.dedupe {
            return Ok(alone);
        }
        let Some(story) = self.store.story(article.story).await? else { return Ok(alone) };
        let language = article.language.language;
        let lead = story.entries.iter().find(|entry| entry.language == language).map_or(article.id, |entry| entry.lead);
        let earlier = story.members.iter().take_while(|member| **member != article.id).copied();
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let of_language = |id: &ArticleId| index.tags(*id).is_some_and(|tags| tags.language == language);
        Ok((lead, earlier.filter(of_language).collect()))
    }

    fn any_matches(&self, ids: &[ArticleId], filter: &Filter) -> bool {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        !ids.is_empty() && index.matches_any(ids, filter)
    }

    /// An entry that a copy took over is not gone.
    fn gone_notice(&self, change: &Change, article: &Article, filter: &Filter) -> Option<Notice> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let language = article.language.language;
        let its = |id: ArticleId| match filter.dedupe {
            true => index.tags(id).is_some_and(|tags| tags.language == language),
            false => id == article.id,
        };
        // Words are not asked: those of what is gone are forgotten.
        let gone = index.tell_gone(&index.gone(&Filter { holding: None, ..filter.clone() }));
        let gone = gone.into_iter().find(|gone| gone.story == article.story && its(gone.article))?;
        let (id, url) = (gone.article.urn(), article.url.clone());
        Some(Notice { event: Event::Withdrawn, at: change.at, id, url, entry: None })
    }
}
