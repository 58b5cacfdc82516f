//! One neutral [`Feed`] to RSS, Atom or JSON. Pure rendering: the same feed gives the same bytes.
//! It never reads the clock, never touches a store, and no character that XML 1.0 cannot carry leaves it.

mod atom;
mod json;
pub mod opml;
mod rss;

use jiff::Timestamp;

use crate::article::{Alternate, Attachment, Image, Language, SafeHtml};

/// Atom's namespace.
const ATOM: &str = "http://www.w3.org/2005/Atom";
/// RFC 5005's.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";
/// RFC 6721's.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";
/// Media RSS's.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// A feed, before it has a format.
#[derive(Debug, Clone)]
pub struct Feed {
    /// For ever.
    pub id: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// The page for people.
    pub home_url: String,
    /// The address that this feed is fetched from.
    pub self_url: String,
    /// The WebSub hubs that push it.
    pub hubs: Vec<String>,
    /// Only where all of it is in one.
    pub language: Option<Language>,
    /// The language of title and description.
    pub ui: Language,
    /// The newest entry's.
    pub updated: Timestamp,
    /// Plain text.
    pub rights: Option<String>,
    /// Who publishes the feed.
    pub author: String,
    /// Its archives, and what is gone from it.
    pub history: History,
    /// The newest first.
    pub entries: Vec<Entry>,
}

/// Where a document stands among a feed's archives (RFC 5005), and what is gone from it (RFC 6721).
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Of an archive: the feed itself.
    pub current: Option<String>,
    /// The archive before this document.
    pub previous: Option<String>,
    /// The last withdrawn first.
    pub gone: Vec<Tombstone>,
}

/// An entry that was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The id that it had.
    pub id: String,
    /// When.
    pub at: Timestamp,
}

/// An entry of a feed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `urn:uuid:…`, for ever.
    pub id: String,
    /// The original.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// Of title and text.
    pub language: Language,
    /// When it was published.
    pub published: Timestamp,
    /// The last material change.
    pub updated: Timestamp,
    /// Names.
    pub authors: Vec<String>,
    /// Plain text.
    pub summary: Option<String>,
    /// The whole text.
    pub content: Option<SafeHtml>,
    /// Countries, then themes.
    pub categories: Vec<Category>,
    /// The lead image.
    pub image: Option<Image>,
    /// Linked documents.
    pub attachments: Vec<Attachment>,
    /// Where it comes from.
    pub source: Origin,
    /// Others that carry the story.
    pub also: Vec<Origin>,
    /// The story in other languages.
    pub translations: Vec<Alternate>,
    /// Plain text.
    pub rights: Option<String>,
    /// Codes and evidence: `_depeche` of a JSON Feed item.
    pub extension: serde_json::Value,
}

/// A source or a copy of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its listing, or the copy's address.
    pub url: String,
}

/// What a category is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryKind {
    /// ISO 3166.
    Country,
    /// A theme.
    Theme,
}

/// A category of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// What it is of.
    pub kind: CategoryKind,
    /// The code or slug.
    pub term: String,
    /// The vocabulary.
    pub scheme: String,
    /// For people, in the entry's language.
    pub label: String,
}

/// A feed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Rss => "application/rss+xml; charset=utf-8",
            Format::Atom => "application/atom+xml; charset=utf-8",
            Format::Json => "application/feed+json; charset=utf-8",
        }
    }

    /// The ending of its address.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Rss => "rss",
            Format::Atom => "atom",
            Format::Json => "json",
        }
    }
}

/// A feed that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("unable to write the feed {url}: {why}")]
pub struct PublishError {
    url: String,
    why: String,
}

/// An entry as an item of a JSON Feed, for those who are told of it alone.
pub fn json_item(entry: &Entry) -> serde_json::Value {
    json::item(entry)
}

/// Renders a feed.
pub fn render(feed: &Feed, format: Format) -> Result<Vec<u8>, PublishError> {
    let wrong = |why: String| PublishError { url: feed.self_url.clone(), why };
    match format {
        Format::Rss => Ok(rss::render(feed)),
        Format::Atom => atom::render(feed).map_err(|e| wrong(e.to_string())),
        Format::Json => json::render(feed).map_err(|e| wrong(e.to_string())),
    }
}

/// The text less what XML 1.0 cannot carry, and with the line ends that its readers will see. Our types hold no such
/// character; this is the second lock on the door.
fn legal(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().all(|c| crate::article::is_xml_char(c) && c != '\r') {
        return text.into();
    }
    let legal: String = text.chars().filter(|c| crate::article::is_xml_char(*c)).collect();
    legal.replace("\r\n", "\n").replace('\r', "\n").into()
}

/// Markup in its own direction.
fn directed(html: &str, language: Language) -> String {
    let html = legal(html);
    if language.is_rtl() { format!("<div dir=\"rtl\" lang=\"{language}\">{html}</div>") } else { html.into_owned() }
}

/// Plain text as markup, in its own direction.
fn as_html(text: &str, language: Language) -> String {
    directed(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"), language)
}

#[cfg(test)]
mod tests;
