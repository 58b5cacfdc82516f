//! The candidates of a listing page: by the profile's selectors, else by structure.

use std::collections::HashSet;

use scraper::{ElementRef, Selector};
use url::Url;

use super::page::{Page, outermost, text_of};
use super::profile::{Alternatives, Profile};
use super::published::reader;
use super::{Candidate, Container, ExtractError, Listing, MOST_CANDIDATES, PageInput, scripts, structure};

/// Items that an item may stand in: a card in a card, not each element in each.
const MOST_AROUND: usize = 8;

/// Reads a listing page. Where the profile's container or items are gone, the generic rules stand in, and it says so.
pub fn listing(input: &PageInput<'_>, profile: Option<&Profile>) -> Result<Listing, ExtractError> {
    let page = Page::parse(input)?;
    let mut listing = Listing { container: Container::NotAsked, items_matched: 0, ..Listing::of(Vec::new()) };
    let whole = page.html.root_element();
    let mut areas = vec![whole];
    let profile = profile.filter(|p| !p.item.is_empty());
    if let Some(profile) = profile {
        if !profile.container.is_empty() {
            let found = alternatives(whole, &profile.container);
            listing.container = if found.is_empty() { Container::Missing } else { Container::Found };
            areas = if found.is_empty() { areas } else { outermost(found) };
        }
        if listing.container != Container::Missing {
            by_profile(&page, profile, &areas, &mut listing);
        }
    }
    if listing.candidates.is_empty() {
        // An empty list stays empty: what stands around it is no news.
        (listing.candidates, listing.left_out) = structure::read(&page, &areas);
        listing.fallback = profile.is_some() && !listing.candidates.is_empty();
        let waits = listing.container == Container::Found && areas.iter().any(|area| scripts::waits(*area));
        listing.needs_javascript = listing.candidates.is_empty() && (waits || scripts::makes(&page));
        if listing.candidates.is_empty() && listing.container == Container::Found {
            listing.missed = profile.map_or(0, |profile| missed(&page, profile, &areas));
        }
    }
    Ok(listing)
}

fn by_profile(page: &Page<'_>, profile: &Profile, areas: &[ElementRef<'_>], listing: &mut Listing) {
    // Every alternative counts here: cards of two kinds stand on one page.
    let (mut items, mut known): (Vec<ElementRef<'_>>, HashSet<_>) = Default::default();
    for area in areas {
        for item in profile.item.iter().flat_map(|selector| area.select(selector)) {
            if known.insert(item.id()) {
                items.push(item);
            }
        }
    }
    listing.items_matched = items.len();
    let reader = reader(&page.input, Some(profile));
    let mut seen = HashSet::new();
    let (mut titled, mut dated) = (0, 0);
    for item in items {
        if listing.candidates.len() == MOST_CANDIDATES {
            break;
        }
        if item.ancestors().filter(|above| known.contains(&above.id())).nth(MOST_AROUND).is_some() {
            continue;
        }
        let Some((url, shown)) = link(page, item, profile) else { continue };
        if !seen.insert(url.clone()) {
            continue;
        }
        let title = alternatives(item, &profile.title).into_iter().map(text_of).find(|t| !t.is_empty());
        let date = alternatives(item, &profile.date).into_iter().find_map(|e| reader.read(&text_of(e), "listing.date"));
        titled += usize::from(title.is_some());
        dated += usize::from(date.is_some());
        listing.candidates.push(Candidate::of_page(url, title.unwrap_or(shown), date));
    }
    listing.titled = (!profile.title.is_empty()).then_some(titled);
    listing.dated = (!profile.date.is_empty()).then_some(dated);
    listing.next = alternatives(page.html.root_element(), &profile.next)
        .into_iter()
        .find_map(|e| page.link(e.value().attr("href")?));
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

/// Links that carry a title, or that stand beside one where the profile says: what is full of them is no empty list.
fn missed(page: &Page<'_>, profile: &Profile, areas: &[ElementRef<'_>]) -> usize {
    let (mut linked, mut titles) = (HashSet::new(), HashSet::new());
    let url = |a: ElementRef<'_>| page.link(a.value().attr("href")?).filter(|url| url != page.input.url);
    for area in areas {
        linked.extend(alternatives(*area, &profile.link).into_iter().filter_map(url));
        titles.extend(alternatives(*area, &profile.title).into_iter().map(text_of).filter(|text| is_title(text)));
    }
    structure::titled(page, areas).len().max(linked.len().min(titles.len()))
}

fn is_title(text: &str) -> bool {
    text.chars().count() >= 20
}
