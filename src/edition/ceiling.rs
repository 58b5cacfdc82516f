//! What may be shown of an article. A source's own `body` is a ceiling on every public exit, so an edition hands out no
//! article that was not cut to it: an exit that forgets to ask cannot show too much.

use std::sync::PoisonError;

use super::Edition;
use crate::article::{Article, Evidence, SafeHtml, SourceId};
use crate::query::Body;
use crate::store::{Revision, StoreError};

/// The smaller of what is asked for and what is allowed.
pub(crate) fn ceiling(asked: Body, allowed: Body) -> Body {
    match (asked, allowed) {
        (Body::None, _) | (_, Body::None) => Body::None,
        (Body::Full, Body::Full) => Body::Full,
        _ => Body::Summary,
    }
}

impl Edition {
    /// An article with nothing in it that its source does not allow to be shown.
    pub(crate) fn shown(&self, article: Article) -> Article {
        let allowed = self.allowed(&article.source);
        cut(article, allowed)
    }

    /// The most that may be shown of a source's texts.
    pub(super) fn allowed(&self, source: &SourceId) -> Body {
        match self.sources.get(source) {
            Some(card) => card.body,
            None => {
                let ceilings = self.ceilings.read().unwrap_or_else(PoisonError::into_inner);
                ceilings.get(source).copied().unwrap_or(Body::Summary)
            }
        }
    }

    /// The former texts of an article, under the same ceiling: their titles, and their texts where those may be shown.
    pub(crate) async fn former(&self, article: &Article) -> Result<Vec<Revision>, StoreError> {
        let full = self.source(&article.source).body == Body::Full;
        let mut former = self.store.revisions(article.id).await?;
        if !full {
            former.iter_mut().for_each(|revision| revision.text.clear());
        }
        Ok(former)
    }
}

/// Titles, dates, authors, addresses and tags are always shown; every other word only where it stands in what is shown.
pub(super) fn cut(mut article: Article, allowed: Body) -> Article {
    if allowed == Body::Full {
        return article;
    }
    article.html = SafeHtml::default();
    article.text.clear();
    if allowed == Body::None {
        article.summary.clear();
    }
    (article.contact, article.credit) = (None, None);
    let shown = format!("{}\n{}", article.title, article.summary);
    let may = |evidence: &Evidence| shown.contains(&evidence.words);
    article.countries.iter_mut().for_each(|tag| tag.evidence.retain(may));
    article.themes.iter_mut().for_each(|tag| tag.evidence.retain(may));
    // The text of a link and of a picture stand in the body: the file's own name takes their place.
    for file in article.attachments.iter_mut().filter(|file| !shown.contains(&file.name)) {
        let name = file.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        file.name = name.to_owned();
    }
    for image in article.image.iter_mut().filter(|image| !shown.contains(&image.alt)) {
        image.alt.clear();
    }
    article
}
