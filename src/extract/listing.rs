//! The candidates of a listing page: by the profile's selectors, else by structure.

use std::collections::HashSet;

use scraper::{ElementRef, Selector};
use url::Url;

use super::page::{Page, same_host, text_of};
use super::profile::{Alternatives, Profile};
use super::published::reader;
use super::{Candidate, Container, ExtractError, Listing, MOST_CANDIDATES, PageInput};

/// Reads a listing page.
pub fn listing(input: &PageInput<'_>, profile: Option<&Profile>) -> Result<Listing, ExtractError> {
    let page = Page::parse(input)?;
    let mut listing =
        Listing { container: Container::NotAsked, items_matched: 0, candidates: Vec::new(), next: None, cut: false };
    if let Some(profile) = profile.filter(|p| !p.item.is_empty()) {
        let mut areas: Vec<ElementRef<'_>> = Vec::new();
        if !profile.container.is_empty() {
            areas = alternatives(page.html.root_element(), &profile.container);
            if areas.is_empty() {
                listing.container = Container::Missing;
                return Ok(listing);
            }
            listing.container = Container::Found;
        }
        if areas.is_empty() {
            areas.push(page.html.root_element());
        }
        // Every alternative counts here: cards of two kinds stand on one page.
        let (mut items, mut known): (Vec<ElementRef<'_>>, HashSet<_>) = Default::default();
        for area in &areas {
            for item in profile.item.iter().flat_map(|selector| area.select(selector)) {
                if known.insert(item.id()) {
                    items.push(item);
                }
            }
        }
        listing.items_matched = items.len();
        let reader = reader(input, Some(profile));
        let mut seen = HashSet::new();
        for item in items {
            if listing.candidates.len() == MOST_CANDIDATES {
                break;
            }
            let Some((url, shown)) = link(&page, item, profile) else { continue };
            if !seen.insert(url.clone()) {
                continue;
            }
            let title =
                alternatives(item, &profile.title).into_iter().map(text_of).find(|t| !t.is_empty()).unwrap_or(shown);
            let date =
                alternatives(item, &profile.date).into_iter().find_map(|e| reader.read(&text_of(e), "listing.date"));
            listing.candidates.push(Candidate::of_page(url, title, date));
        }
        listing.next = alternatives(page.html.root_element(), &profile.next)
            .into_iter()
            .find_map(|e| page.link(e.value().attr("href")?));
        if !listing.candidates.is_empty() || listing.container == Container::Found {
            return Ok(listing);
        }
    }
    listing.candidates = by_structure(&page);
    Ok(listing)
}

/// The elements that the first matching alternative gives.
fn alternatives<'a>(within: ElementRef<'a>, selectors: &Alternatives) -> Vec<ElementRef<'a>> {
    selectors
        .iter()
        .map(|selector| within.select(selector).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The card's link: nested anchors leave an empty one before the real one, and cards may stand inside theirs.
fn link(page: &Page<'_>, item: ElementRef<'_>, profile: &Profile) -> Option<(Url, String)> {
    let any = Selector::parse("a[href]").ok()?;
    let selectors = profile.link.iter().chain(std::iter::once(&any));
    let mut found = selectors.flat_map(|selector| item.select(selector));
    found.find_map(|a| Some((page.link(a.value().attr("href")?)?, text_of(a))))
}

/// Links on this host, deeper than the listing's own path, that carry a title's worth of text outside of chrome.
fn by_structure(page: &Page<'_>) -> Vec<Candidate> {
    let own = page.input.url.path().trim_end_matches('/');
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for a in page.all("a[href]") {
        let chrome = a
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|e| matches!(e.value().name(), "nav" | "header" | "footer" | "aside"));
        let title = text_of(a);
        let Some(url) = a.value().attr("href").and_then(|href| page.link(href)) else { continue };
        let deeper = url.path().starts_with(own) && url.path().trim_end_matches('/').len() > own.len() + 8;
        if !chrome
            && deeper
            && same_host(&url, page.input.url)
            && title.chars().count() >= 20
            && seen.insert(url.clone())
        {
            found.push(Candidate::of_page(url, title, None));
            if found.len() == MOST_CANDIDATES {
                break;
            }
        }
    }
    if found.len() < 2 { Vec::new() } else { found }
}
