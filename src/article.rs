//! The nouns of depeche: what a page becomes on its way to a feed.
//!
//! This module holds types and their invariants. It never does I/O, never reads the clock and imports
//! nothing else of ours.

mod country;
mod date;
mod heading;
mod html;
mod ids;
mod language;
mod markup;
mod public;
mod tag;
mod text;
mod theme;
mod words;

pub use country::{Country, Region, UnknownCountry, UnknownRegion};
pub use date::{PageDate, Precision, Published};
pub use heading::{Former, Heading, Mark, Tags};
pub use html::SafeHtml;
pub use ids::{ArticleId, InvalidSourceId, SourceId, StoryId};
pub use language::{Language, UnknownLanguage};
pub(crate) use markup::{Lean, is_too_wild, lean};
pub use public::{leads_inside, not_public};
pub use tag::{CountryTag, Evidence, How, LanguageTag, ThemeTag};
pub(crate) use text::SOFT_HYPHEN;
pub use text::{clean_line, clean_text, fold, is_xml_char};
pub use theme::{Theme, ThemeSlug, Themes};
pub use words::{Word, words};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

/// What extraction makes of one article page: facts of the page, nothing judged yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawArticle {
    /// The address the page came from, after redirects.
    pub url: Url,
    /// The page's own `rel=canonical`, where it names the same host.
    pub canonical: Option<Url>,
    /// Plain text, one line, never empty.
    pub title: String,
    /// The body, sanitised, links absolute.
    pub html: SafeHtml,
    /// The body as plain text: paragraphs on lines of their own.
    pub text: String,
    /// The first paragraph or a clean cut at a sentence, plain text.
    pub summary: String,
    /// Names as the page gives them.
    pub authors: Vec<String>,
    /// The publication date, where the page has a credible one.
    pub published: Option<PageDate>,
    /// The date of the last change that the page claims.
    pub modified: Option<PageDate>,
    /// The lead image.
    pub image: Option<Image>,
    /// Documents that the body links to.
    pub attachments: Vec<Attachment>,
    /// The contact paragraph, kept apart from the body.
    pub contact: Option<String>,
    /// The photo credit, kept apart from the body.
    pub credit: Option<String>,
    /// What the page says of its language; never trusted alone.
    pub declared: DeclaredLanguages,
    /// Versions of this page in other languages, as the page links them.
    pub alternates: Vec<Alternate>,
    /// The content system's own number of the page (Drupal: `data-history-node-id`).
    pub node_id: Option<String>,
    /// Which rules found the body.
    pub by: ExtractedBy,
    /// What kind of page this is.
    pub kind: PageKind,
}

/// What kind of page the extractor holds it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum PageKind {
    /// One story with a body.
    #[default]
    Article,
    /// A list of links to stories.
    Listing,
    /// Neither: a form, a home page, a page of nothing but boilerplate.
    Other,
}

/// Which rules found an article's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtractedBy {
    /// The named profile of the configuration.
    Profile(String),
    /// The generic extractor, because no profile was given or the named one matched nothing.
    Generic,
    /// A feed's own entry: its page could not be had.
    Feed,
    /// A link to a document: title and date come from the listing.
    Link,
}

/// A picture with its alternative text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Absolute address.
    pub url: Url,
    /// Alternative text; may be empty.
    #[serde(default)]
    pub alt: String,
}

/// A document that an article links to. It is never downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Absolute address.
    pub url: Url,
    /// The link's text, or the file's name.
    pub name: String,
    /// Media type told by the file's ending, such as `application/pdf`.
    pub media_type: String,
}

/// A version of a page in another language, as the page itself links it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternate {
    /// The language that the link claims.
    pub language: Language,
    /// Absolute address.
    pub url: Url,
}

/// What a page says of its own language. Each of these is known to be wrong on real pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredLanguages {
    /// From the item: hreflang of the page itself, `/fr/` in the path, `xml:lang` of a feed's entry.
    pub item: Option<Language>,
    /// From the page: `<html lang>`, `og:locale`.
    pub page: Option<Language>,
    /// From the source's configuration.
    pub source: Option<Language>,
}

/// What a feed carries of an article: untrusted, and used where the page cannot be had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Markup or text as the feed has it.
    pub html: String,
    /// Names.
    pub authors: Vec<String>,
    /// A picture.
    pub image: Option<Image>,
}

/// An article as it is stored and served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Given at creation, for ever.
    pub id: ArticleId,
    /// The story it belongs to.
    pub story: StoryId,
    /// The source that brought it.
    pub source: SourceId,
    /// The country of the office that published it; none for regional and headquarters sources.
    #[serde(default)]
    pub office: Option<Country>,
    /// The address a reader opens: as the source gave it, less userinfo, fragment and tracking parameters.
    pub url: String,
    /// The canonical form of that address: the identity of the article.
    pub canonical: String,
    /// Other canonical addresses that led here (redirects, spellings).
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Plain text, one line.
    pub title: String,
    /// The body, sanitised.
    pub html: SafeHtml,
    /// The body as plain text.
    pub text: String,
    /// Plain text.
    pub summary: String,
    /// Names as the page gives them.
    #[serde(default)]
    pub authors: Vec<String>,
    /// The lead image.
    #[serde(default)]
    pub image: Option<Image>,
    /// Documents that the body links to.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The contact paragraph.
    #[serde(default)]
    pub contact: Option<String>,
    /// The photo credit.
    #[serde(default)]
    pub credit: Option<String>,
    /// The language, and how it was decided.
    pub language: LanguageTag,
    /// Most relevant first; the first is the primary country.
    pub countries: Vec<CountryTag>,
    /// Most relevant first.
    pub themes: Vec<ThemeTag>,
    /// False for tenders and vacancies: kept out of feeds by default.
    pub news: bool,
    /// When it was published.
    pub published: Published,
    /// When depeche first saw it, in UTC.
    pub first_seen: Timestamp,
    /// The last material change, in UTC; at first the moment of publication or first sighting.
    pub updated: Timestamp,
    /// Which rules found the body.
    pub by: ExtractedBy,
    /// Versions in other languages, as the page links them.
    #[serde(default)]
    pub alternates: Vec<Alternate>,
    /// The content system's own number of the page.
    #[serde(default)]
    pub node_id: Option<String>,
    /// What dedup compares: the exact hash and the signature of the normalised body.
    pub fingerprint: Fingerprint,
    /// True when the article was found by a source's first round, or long after its publication.
    #[serde(default)]
    pub backfill: bool,
    /// What was declared of its language, so that it can be judged again without its page.
    #[serde(default)]
    pub declared: Option<DeclaredLanguages>,
}

/// How long past its publication an article may be found and still count as news.
pub const NEWS_FOR: SignedDuration = SignedDuration::from_hours(48);

impl Article {
    /// True where an article that turns up at this moment is news: no source's first round brought it, and it is not old.
    pub fn is_news_at(&self, at: Timestamp) -> bool {
        !self.backfill && at.duration_since(self.published.at) <= NEWS_FOR
    }

    /// What is left of an article that was erased: who it was and what it was told by, and nothing of what it said.
    pub fn erased(&self) -> Article {
        let mut left = Article {
            title: "withdrawn".to_owned(),
            html: SafeHtml::default(),
            text: String::new(),
            summary: String::new(),
            authors: Vec::new(),
            image: None,
            attachments: Vec::new(),
            contact: None,
            credit: None,
            alternates: Vec::new(),
            ..self.clone()
        };
        left.countries.iter_mut().for_each(|tag| tag.evidence.clear());
        left.themes.iter_mut().for_each(|tag| tag.evidence.clear());
        left
    }

    /// True when nothing is left of what it said.
    pub fn is_erased(&self) -> bool {
        self.title == "withdrawn" && self.text.is_empty() && self.summary.is_empty() && self.html.as_str().is_empty()
    }

    /// The primary country, if any.
    pub fn primary_country(&self) -> Option<Country> {
        self.countries.first().map(|tag| tag.country)
    }
}

/// One story: an article, its copies on other hosts, its retold versions and its translations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Fixed when it was founded.
    pub id: StoryId,
    /// Every article of the story, in the order they were stored.
    pub members: Vec<ArticleId>,
    /// One entry a language, in the order they were stored.
    pub entries: Vec<StoryEntry>,
}

/// What feeds show of a story in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryEntry {
    /// The language.
    pub language: Language,
    /// The first stored article of this language: its id is the entry's id, for ever.
    pub entry: ArticleId,
    /// The article whose link and text the entry shows: the country office's, else the earliest.
    pub lead: ArticleId,
}

impl Story {
    /// The story that an article founds.
    pub fn founded_by(article: &Article) -> Story {
        let entry = StoryEntry { language: article.language.language, entry: article.id, lead: article.id };
        Story { id: article.story, members: vec![article.id], entries: vec![entry] }
    }
}

/// What dedup compares of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Hash of the normalised body; digits are kept, case, accents and punctuation are not.
    pub exact: u64,
    /// Words of the normalised body.
    pub words: u32,
    /// One-permutation MinHash of word 3-grams, 256 bins; empty under 40 words. Called otherwise in records since it was
    /// made in another way before: of those it is not read.
    #[serde(rename = "sketch", default)]
    pub signature: Vec<u16>,
    /// The distinct numbers of two or more digits, sorted, years dropped.
    pub numbers: Vec<u64>,
    /// Hashes of the distinct names in the text, sorted.
    #[serde(default)]
    pub names: Vec<u32>,
}
