//! What a profile's selectors match on a page, and which lines of the body were left out, for `depeche preview`.
//! It decides nothing: the extractor does, and this shows what it saw.

use std::collections::HashSet;

use scraper::ElementRef;
use serde::Serialize;

use super::page::{Page, text_of};
use super::profile::{Alternatives, Profile};
use super::{ExtractError, PageInput};
use crate::article::RawArticle;

/// One alternative of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The configuration key.
    pub key: &'static str,
    /// The alternative, as written.
    pub selector: String,
    /// Elements that it matches.
    pub matches: usize,
    /// The beginning of the first one's text.
    pub sample: String,
}

/// A line of the body's container that is not in the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The line.
    pub line: String,
    /// Why, as far as it can be told from outside.
    pub why: String,
}

/// The listing's selectors on a page.
pub fn probe_listing(input: &PageInput<'_>, profile: &Profile) -> Result<Vec<Probe>, ExtractError> {
    let page = Page::parse(input)?;
    let keys: [(&'static str, &Option<String>, &Alternatives); 6] = [
        ("listing.container", &profile.rules().container, &profile.container),
        ("listing.item", &profile.rules().item, &profile.item),
        ("listing.link", &profile.rules().link, &profile.link),
        ("listing.title", &profile.rules().title, &profile.title),
        ("listing.date", &profile.rules().date, &profile.date),
        ("listing.next", &profile.rules().next, &profile.next),
    ];
    Ok(probes(&page, &keys))
}

/// The article's selectors on a page.
pub fn probe_article(input: &PageInput<'_>, profile: &Profile) -> Result<Vec<Probe>, ExtractError> {
    let page = Page::parse(input)?;
    let remove = Some(profile.rules().remove.join(", "));
    let keys: [(&'static str, &Option<String>, &Alternatives); 5] = [
        ("article.title", &profile.rules().article_title, &profile.article_title),
        ("article.body", &profile.rules().article_body, &profile.article_body),
        ("article.date", &profile.rules().article_date, &profile.article_date),
        ("article.image", &profile.rules().article_image, &profile.article_image),
        ("article.remove", &remove, &profile.remove),
    ];
    Ok(probes(&page, &keys))
}

fn probes(page: &Page<'_>, keys: &[(&'static str, &Option<String>, &Alternatives)]) -> Vec<Probe> {
    let mut found = Vec::new();
    for (key, written, alternatives) in keys {
        let names = super::profile::split(written.as_deref().unwrap_or_default());
        for (selector, name) in alternatives.iter().zip(names) {
            let elements: Vec<ElementRef<'_>> = page.html.select(selector).collect();
            let sample = elements.first().map(|e| text_of(*e).chars().take(80).collect()).unwrap_or_default();
            found.push(Probe { key, selector: name.trim().to_owned(), matches: elements.len(), sample });
        }
    }
    found
}

/// Lines that are shown at most, of ten times as many that are looked at.
const MOST_DROPPED: usize = 200;

/// Lines of the profile's body that the article does not have, the first ones.
pub fn dropped(input: &PageInput<'_>, profile: &Profile, article: &RawArticle) -> Result<Vec<Dropped>, ExtractError> {
    let page = Page::parse(input)?;
    let (mut found, mut known): (Vec<Dropped>, HashSet<String>) = Default::default();
    let Some(body) = profile.article_body.iter().find_map(|s| page.html.select(s).next()) else { return Ok(found) };
    let removed: Vec<ElementRef<'_>> = profile.remove.iter().flat_map(|s| body.select(s)).collect();
    for element in body.descendants().filter_map(ElementRef::wrap) {
        if !matches!(element.value().name(), "p" | "li" | "h2" | "h3" | "h4" | "figcaption" | "td" | "blockquote") {
            continue;
        }
        let line = text_of(element);
        if line.is_empty() || !known.insert(line.clone()) || article.text.contains(&line) {
            continue;
        }
        if found.len() == MOST_DROPPED || known.len() > MOST_DROPPED * 10 {
            break;
        }
        let why = if removed.iter().any(|r| r.id() == element.id() || element.ancestors().any(|a| a.id() == r.id())) {
            "article.remove"
        } else if article.contact.as_deref().is_some_and(|contact| contact.contains(&line)) {
            "kept apart as contact"
        } else if article.credit.as_deref().is_some_and(|credit| credit.contains(&line)) {
            "kept apart as credit"
        } else if element.value().name() == "figcaption" {
            "caption"
        } else {
            "a repeat, chrome, or behind the end of the body"
        };
        found.push(Dropped { line, why: why.to_owned() });
    }
    Ok(found)
}
