//! A feed of others to candidates: RSS, RDF, Atom, JSON Feed, repaired first.
//!
//! An item's link is its page; an item without one is told by its guid, else by its title and text, so that the same
//! item is the same article on every reading. It never lets a parser's panic through, and fetches nothing.

mod entry;
mod repair;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model::Entry;
use url::Url;
use uuid::Uuid;

use super::date::Reader;
use super::page::is_web;
use super::{Candidate, DateOrder, ExtractError, FeedEntry, Listing, MOST_CANDIDATES, PageInput};
use crate::article::{Image, Language, clean_line, is_too_wild};
use repair::{Extra, Repaired};

pub use entry::entry;

/// Reads a feed as a listing: its items are the candidates, the newest first as the feed has them.
pub fn feed(input: &PageInput<'_>, order: DateOrder) -> Result<Listing, ExtractError> {
    let text = input.html.trim_start_matches('\u{FEFF}');
    let json = text.trim_start().starts_with('{');
    let repaired = if json {
        Repaired { text: text.to_owned(), extras: repair::json(text), cut: false }
    } else {
        repair::xml(text)
    };
    let Repaired { text, extras, cut } = repaired;
    let parse = || {
        let parser = feed_rs::parser::Builder::new().base_uri(Some(input.url.as_str())).sanitize_content(false).build();
        parser.parse(text.as_bytes())
    };
    // The parser is known to panic on some input: that is a feed that cannot be read, no end of the process.
    let feed = match catch_unwind(AssertUnwindSafe(parse)) {
        Ok(Ok(feed)) => feed,
        Ok(Err(error)) => return Err(ExtractError::Feed { why: error.to_string() }),
        Err(_) => return Err(ExtractError::Feed { why: "the feed parser failed on it".to_owned() }),
    };
    let next = feed.links.iter().find(|l| l.rel.as_deref() == Some("next")).and_then(|l| web(input.url, &l.href));
    let home = feed
        .links
        .iter()
        .find(|l| matches!(l.rel.as_deref(), None | Some("alternate")))
        .and_then(|l| web(input.url, &l.href));
    let reader = Reader { order, latest: input.latest };
    // Items that the parser left out would shift every extra behind them.
    let aligned = extras.len() == feed.entries.len();
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut known = HashSet::new();
    for (i, entry) in feed.entries.iter().take(MOST_CANDIDATES).enumerate() {
        let extra = extras.get(i).filter(|_| aligned).cloned().unwrap_or_default();
        let candidate = candidate(input, entry, &extra, home.as_ref(), &reader);
        if known.insert(candidate.url.clone()) {
            candidates.push(candidate);
        }
    }
    Ok(Listing { items_matched: feed.entries.len(), next, cut, ..Listing::of(candidates) })
}

/// True when a text begins as RSS, RDF or Atom does: by the name of its first element.
pub fn is_feed(text: &str) -> bool {
    let first = text.match_indices('<').take(20).map(|(at, _)| &text[at + 1..]);
    let name = first.into_iter().find(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let name = name.and_then(|rest| rest.split(|c: char| c.is_ascii_whitespace() || c == '>').next());
    name.is_some_and(|name| ["rss", "feed", "rdf:RDF", "atom:feed"].contains(&name))
}

fn candidate(input: &PageInput<'_>, entry: &Entry, extra: &Extra, home: Option<&Url>, reader: &Reader) -> Candidate {
    let title = clean_line(&plain(&entry.title.as_ref().map(|t| t.content.clone()).unwrap_or_default()));
    let content = entry.content.as_ref().and_then(|c| c.body.clone()).filter(|body| !body.trim().is_empty());
    let summary = entry.summary.as_ref().map(|t| t.content.clone()).filter(|body| !body.trim().is_empty());
    let html = content.or(summary).unwrap_or_default();
    let link = entry
        .links
        .iter()
        .find(|l| matches!(l.rel.as_deref(), None | Some("alternate")))
        .or_else(|| entry.links.iter().find(|l| !matches!(l.rel.as_deref(), Some("self" | "enclosure" | "edit"))))
        .and_then(|l| web(input.url, &l.href))
        .or_else(|| Url::parse(entry.id.trim()).ok().and_then(bare));
    let has_page = link.is_some();
    let url = link.unwrap_or_else(|| {
        // Neither link nor guid: the item's own words tell it, so that it is the same article next time.
        let name =
            if entry.id.trim().is_empty() || is_made_up(entry) { format!("{title}\n{html}") } else { entry.id.clone() };
        let mut url = home.unwrap_or(input.url).clone();
        let own = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}\n{name}", input.url).as_bytes());
        url.query_pairs_mut().append_pair("entry", &own.to_string());
        url
    });
    let written =
        extra.published.as_deref().or(extra.updated.as_deref()).and_then(|text| reader.read(text, "feed item"));
    let parsed = || entry.published.or(entry.updated).and_then(|at| reader.read(&at.to_rfc3339(), "feed item"));
    Candidate {
        url,
        title,
        date: written.or_else(parsed),
        language: extra.language.as_deref().or(entry.language.as_deref()).and_then(|tag| Language::parse(tag).ok()),
        modified: None,
        has_page,
        entry: Some(Box::new(FeedEntry {
            html,
            authors: entry
                .authors
                .iter()
                .filter_map(|p| Some(clean_line(p.name.as_deref()?)))
                .filter(|n| !n.is_empty())
                .take(5)
                .collect(),
            image: image(entry),
        })),
    }
}

/// True when the parser made the id from a title, because the item had none of its own.
fn is_made_up(entry: &Entry) -> bool {
    entry.id.len() <= 36 && entry.id.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn image(entry: &Entry) -> Option<Image> {
    let contents = entry.media.iter().flat_map(|media| &media.content);
    let url = contents
        .filter(|c| c.content_type.as_ref().is_some_and(|t| t.ty().as_str() == "image"))
        .find_map(|c| c.url.clone())
        .or_else(|| entry.media.iter().flat_map(|m| &m.thumbnails).find_map(|t| Url::parse(&t.image.uri).ok()))?;
    Some(Image { url, alt: String::new() }).filter(|image| is_web(&image.url))
}

/// Titles may carry markup or references of their own.
fn plain(text: &str) -> String {
    if text.contains(['<', '&']) && !is_too_wild(text) {
        scraper::Html::parse_fragment(text).root_element().text().collect()
    } else {
        text.to_owned()
    }
}

fn web(base: &Url, href: &str) -> Option<Url> {
    bare(base.join(href.trim()).ok()?)
}

/// A web address without fragment and userinfo.
fn bare(mut url: Url) -> Option<Url> {
    if !is_web(&url) {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}
