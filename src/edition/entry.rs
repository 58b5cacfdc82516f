//! One entry of a feed: an article, its story's other members, and no more of its text than its source allows.
//! It never shows a withdrawn copy.

use std::collections::BTreeSet;

use url::Url;

use super::{Asked, Edition, ceiling};
use crate::article::{Alternate, Article, ArticleId, Language, Story};
use crate::publish::{Category, CategoryKind, Entry, Origin};
use crate::query::{Body, Dedupe};
use crate::store::StoreError;

/// Other members of a story, with the article behind each.
type Translations = Vec<(ArticleId, Alternate)>;

impl Edition {
    /// The live members of a story besides this one: those of its language, and its translations.
    pub(crate) async fn relatives(
        &self,
        article: &Article,
        story: &Story,
    ) -> Result<(Vec<Origin>, Translations), StoreError> {
        let (mut also, mut translations) = (Vec::new(), Vec::new());
        let others = story.members.iter().copied().filter(|m| *m != article.id).collect();
        for other in self.store.articles(others).await? {
            if self.store.withdrawn(other.id).await?.is_some() {
                continue;
            }
            if other.language.language == article.language.language {
                let card = self.source(&other.source);
                also.push(Origin { id: other.source.to_string(), name: card.name, url: other.url });
            } else if let Ok(url) = Url::parse(&other.url) {
                translations.push((other.id, Alternate { language: other.language.language, url }));
            }
        }
        Ok((also, translations))
    }

    pub(super) async fn entry(&self, article: &Article, asked: &Asked) -> Result<Entry, StoreError> {
        let query = &asked.query;
        let language = article.language.language;
        let mut id = article.id;
        let (mut also, mut translations) = (Vec::new(), Vec::new());
        if query.effective_dedupe() == Dedupe::Story
            && let Some(story) = self.store.story(article.story).await?
        {
            id = story.entries.iter().find(|e| e.lead == article.id).map_or(article.id, |e| e.entry);
            (also, translations) = self.relatives(article, &story).await?;
        }
        let id = if query.prefer.is_some() { article.story.urn() } else { id.urn() };
        let card = self.source(&article.source);
        let body = ceiling(query.body.unwrap_or(self.feed.body), card.body);
        Ok(Entry {
            id,
            url: article.url.clone(),
            title: article.title.clone(),
            language,
            published: article.published.at,
            updated: article.updated,
            authors: article.authors.clone(),
            summary: (body != Body::None).then(|| article.summary.clone()),
            content: (body == Body::Full).then(|| article.html.clone()),
            categories: self.categories(article, asked.ui.unwrap_or(language)),
            image: article.image.clone(),
            attachments: article.attachments.clone(),
            source: Origin { id: article.source.to_string(), name: card.name, url: card.url },
            also,
            translations: translations.into_iter().map(|(_, alternate)| alternate).collect(),
            rights: self.feed.rights.clone(),
            extension: self.extension(article, query.explain),
        })
    }

    /// Countries, then themes, with labels in this language.
    fn categories(&self, article: &Article, ui: Language) -> Vec<Category> {
        let country = |tag: &crate::article::CountryTag| Category {
            kind: CategoryKind::Country,
            term: tag.country.iso3().to_owned(),
            scheme: "urn:iso:std:iso:3166".to_owned(),
            label: tag.country.name(ui).to_owned(),
        };
        let theme = |tag: &crate::article::ThemeTag| Category {
            kind: CategoryKind::Theme,
            term: tag.theme.to_string(),
            scheme: format!("{}api/v1/themes", self.public_url),
            label: self.themes.get(tag.theme.as_str()).map_or_else(|| tag.theme.to_string(), |t| t.name(ui).to_owned()),
        };
        article.countries.iter().map(country).chain(article.themes.iter().map(theme)).collect()
    }

    fn extension(&self, article: &Article, explain: bool) -> serde_json::Value {
        let reliefweb: BTreeSet<u32> = article
            .themes
            .iter()
            .filter_map(|t| Some(self.themes.get(t.theme.as_str())?.reliefweb.as_ref()?.0))
            .collect();
        let mut extension = serde_json::json!({
            "article_id": article.id,
            "story_id": article.story,
            "source": article.source,
            "countries": article.countries.iter().map(|t| t.country.iso3()).collect::<Vec<_>>(),
            "themes": article.themes.iter().map(|t| t.theme.as_str()).collect::<Vec<_>>(),
            "reliefweb_theme_ids": reliefweb,
            "date": {"day": article.published.day.to_string(), "precision": article.published.precision, "from": article.published.from},
            "first_seen": article.first_seen,
        });
        if explain {
            extension["evidence"] = serde_json::json!({"language": article.language, "countries": article.countries, "themes": article.themes, "by": article.by});
        }
        extension
    }
}
