//! An article's heading: what feeds choose it by and what tells when it changed, small enough to be kept for each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Article, ArticleId, Country, ExtractedBy, Language, SourceId, StoryId, ThemeSlug};

/// What filters ask of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Its language.
    pub language: Language,
    /// Its source.
    pub source: SourceId,
    /// Its countries.
    pub countries: Vec<Country>,
    /// Its themes.
    pub themes: Vec<ThemeSlug>,
}

/// What an article bore once and bears no more: feeds that it left have changed by that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Languages.
    pub languages: Vec<Language>,
    /// Sources.
    pub sources: Vec<SourceId>,
    /// Countries.
    pub countries: Vec<Country>,
    /// Themes.
    pub themes: Vec<ThemeSlug>,
}

/// A place in the change log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The change's number.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
}

/// What is indexed of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// Which.
    pub id: ArticleId,
    /// Its story.
    pub story: StoryId,
    /// What filters ask for.
    pub tags: Tags,
    /// What it bore before.
    pub former: Former,
    /// False for tenders and vacancies.
    pub news: bool,
    /// True once it is taken back.
    pub withdrawn: bool,
    /// It was read from a page of its own: a document, or a feed's entry, is not asked for again.
    pub has_page: bool,
    /// It is all that its story has, under its own entry.
    pub alone: bool,
    /// When it was published.
    pub published: Timestamp,
    /// When it was stored first.
    pub first_seen: Timestamp,
    /// Where the log last spoke of what an entry with it shows.
    pub changed: Mark,
}

impl Tags {
    /// The tags of an article.
    pub fn of(article: &Article) -> Tags {
        Tags {
            language: article.language.language,
            source: article.source.clone(),
            countries: article.countries.iter().map(|tag| tag.country).collect(),
            themes: article.themes.iter().map(|tag| tag.theme.clone()).collect(),
        }
    }
}

impl Former {
    /// What a heading with other tags has borne, by now.
    fn after(before: &Heading, now: &Tags) -> Former {
        let (old, tags) = (&before.former, &before.tags);
        Former {
            languages: left(&old.languages, &[tags.language], &[now.language]),
            sources: left(&old.sources, std::slice::from_ref(&tags.source), std::slice::from_ref(&now.source)),
            countries: left(&old.countries, &tags.countries, &now.countries),
            themes: left(&old.themes, &tags.themes, &now.themes),
        }
    }
}

/// What was borne at either time and is not now, in one order.
fn left<T: Clone + Ord>(former: &[T], then: &[T], now: &[T]) -> Vec<T> {
    let mut left: Vec<T> = former.iter().chain(then).filter(|one| !now.contains(one)).cloned().collect();
    left.sort();
    left.dedup();
    left
}

impl Heading {
    /// The heading of an article that is live and not known to share its story; `before` is the one that it had.
    pub fn of(article: &Article, changed: Mark, before: Option<&Heading>) -> Heading {
        let tags = Tags::of(article);
        Heading {
            id: article.id,
            story: article.story,
            former: before.map(|before| Former::after(before, &tags)).unwrap_or_default(),
            tags,
            news: article.news,
            withdrawn: false,
            has_page: !matches!(article.by, ExtractedBy::Feed | ExtractedBy::Link),
            alone: true,
            published: article.published.at,
            first_seen: article.first_seen,
            changed,
        }
    }
}
