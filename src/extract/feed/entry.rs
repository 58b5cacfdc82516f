//! A feed's entry as an article of its own: used where the page cannot be had, and says so.
//! It never passes off a teaser as the page: `by` is `feed`.

use scraper::{ElementRef, Html, Node};
use url::Url;

use super::super::article::summary;
use super::super::{Candidate, ExtractError, FeedEntry};
use crate::article::{
    DeclaredLanguages, ExtractedBy, Language, PageKind, RawArticle, SafeHtml, clean_text, is_too_wild,
};

/// The article that a feed's entry makes by itself. `url` is where a reader is sent.
pub fn entry(
    candidate: &Candidate,
    entry: &FeedEntry,
    source_language: Option<Language>,
) -> Result<RawArticle, ExtractError> {
    let url: &Url = &candidate.url;
    if is_too_wild(&entry.html) {
        return Err(ExtractError::TooDeep);
    }
    let html = SafeHtml::sanitise(&entry.html, url);
    let text = text_of(&Html::parse_fragment(html.as_str()).root_element());
    let text = if text.is_empty() { candidate.title.clone() } else { text };
    if text.is_empty() {
        return Err(ExtractError::Empty);
    }
    let title = if candidate.title.is_empty() { summary(&text) } else { candidate.title.clone() };
    Ok(RawArticle {
        url: url.clone(),
        canonical: None,
        title,
        html,
        summary: summary(&text),
        text,
        authors: entry.authors.clone(),
        published: candidate.date.clone(),
        modified: None,
        image: entry.image.clone(),
        attachments: Vec::new(),
        contact: None,
        credit: None,
        declared: DeclaredLanguages { item: candidate.language, page: None, source: source_language },
        alternates: Vec::new(),
        node_id: None,
        by: ExtractedBy::Feed,
        kind: PageKind::Article,
    })
}

/// Paragraphs on lines of their own.
fn text_of(root: &ElementRef<'_>) -> String {
    let mut out = String::new();
    for edge in root.traverse() {
        let (node, opening) = match edge {
            ego_tree::iter::Edge::Open(node) => (node, true),
            ego_tree::iter::Edge::Close(node) => (node, false),
        };
        match node.value() {
            Node::Text(text) if opening => out.push_str(&clean_line_breaks(text)),
            Node::Element(e) if breaks(e.name()) => out.push('\n'),
            _ => {}
        }
    }
    clean_text(&out)
}

/// Line breaks of the markup are spaces; only elements make lines. Spaces at the ends stay: words must not run together.
fn clean_line_breaks(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn breaks(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "br"
            | "li"
            | "ul"
            | "ol"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "tr"
            | "table"
            | "blockquote"
            | "figure"
            | "figcaption"
            | "dt"
            | "dd"
            | "hr"
    )
}
