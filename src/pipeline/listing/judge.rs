//! What a listing that was read says of its source: empty, moved, or no longer what the profile describes. Where the
//! generic rules stand in, the round goes on. It never fetches.

use std::collections::HashSet;

use url::Url;

use super::ListingError;
use crate::config::Source;
use crate::extract::{Candidate, Container, Listing};
use crate::health::{Cause, Finding, ListingSeen, State, Step, Tally, Trouble};
use crate::store::StoredCandidate;

/// Where a listing stands now.
pub(super) struct Moved {
    pub(super) host: String,
    /// True when every redirect said so.
    pub(super) for_good: bool,
}

/// So many links with a title are no empty list.
const LEAST_LINKS: usize = 3;

/// What the first page of a listing showed. An empty list in its container is a quiet office; a missing container, or one
/// full of links of which none is an item, is a changed site, and an error only where nothing stands in for it.
pub(super) fn judge(
    source: &Source,
    url: &Url,
    listing: &Listing,
    moved: Option<&Moved>,
) -> Result<ListingSeen, ListingError> {
    let rules = source.profile.as_ref().map(|profile| profile.rules());
    let container = rules.and_then(|r| r.container.clone()).unwrap_or_default();
    let item = rules.and_then(|r| r.item.clone());
    let items = listing.candidates.len() as u32;
    let of = |hits: Option<usize>| hits.map_or_else(Tally::default, |hits| Tally { hits: hits as u32, of: items });
    let mut seen = ListingSeen {
        items,
        container: match listing.container {
            Container::NotAsked => Tally::default(),
            found => Tally { hits: u32::from(found == Container::Found), of: 1 },
        },
        titled: of(listing.titled),
        dated: of(listing.dated),
        fallback: listing.fallback,
        finding: None,
    };
    let broken = |step, selector: Option<String>, cause, why: String| {
        Some(Finding { state: State::Broken, trouble: Trouble { step, selector, cause, why } })
    };
    let is_empty = listing.candidates.is_empty();
    // The markup did not change by itself where the whole page is another one.
    let cause = || moved.map_or(Cause::MarkupChanged, |moved| Cause::Moved { host: moved.host.clone() });
    match listing.container {
        Container::Found if is_empty && !listing.needs_javascript && listing.missed < LEAST_LINKS => {
            seen.finding = empty(source, 0);
        }
        _ if is_empty && listing.needs_javascript => return Err(ListingError::NeedsJavascript { url: url.clone() }),
        _ if is_empty && moved.is_some() => {
            let host = moved.map(|moved| moved.host.clone()).unwrap_or_default();
            return Err(ListingError::Moved { url: url.clone(), host });
        }
        Container::Missing if is_empty => {
            return Err(ListingError::NoContainer { url: url.clone(), selector: container });
        }
        _ if is_empty => {
            let (url, left_out) = (url.clone(), listing.left_out);
            return Err(match item {
                Some(selector) => ListingError::NoItems { url, selector, left_out },
                None => ListingError::NoList { url, left_out },
            });
        }
        Container::Missing => {
            let why = format!(
                "unable to find {container:?} (listing.container) on {url}: {}; the generic rules find {items} articles",
                cause().name().en
            );
            seen.finding = broken(Step::Container, Some(container), cause(), why);
        }
        _ if listing.fallback => {
            let selector = item.unwrap_or_default();
            let why = format!(
                "unable to find {selector:?} (listing.item) on {url}: {}; the generic rules find {items} articles",
                cause().name().en
            );
            seen.finding = broken(Step::Items, Some(selector), cause(), why);
        }
        _ => {}
    }
    if let Some(Moved { host, for_good: true }) = moved
        && seen.finding.is_none()
    {
        let cause = Cause::Moved { host: host.clone() };
        let why = format!("the listing {} redirects to {url} for good: it moved to {host}", source.url);
        let trouble = Trouble { step: Step::Fetch, selector: None, cause, why };
        seen.finding = Some(Finding { state: State::Degraded, trouble });
    }
    Ok(seen)
}

/// A list that is there, and empty.
pub(super) fn empty(source: &Source, items: u32) -> Option<Finding> {
    (items == 0).then(|| {
        let why = format!("the list on {} is there, and empty", source.url);
        Finding {
            state: State::Quiet,
            trouble: Trouble { step: Step::Items, selector: None, cause: Cause::EmptyList, why },
        }
    })
}

/// Of what the generic rules find, only what stands where this source's articles stand, if there is any: menus of a page
/// that changed are no news.
pub(super) fn keep_alike(found: &mut Vec<Candidate>, known: &[StoredCandidate]) {
    let folder = |url: &Url| {
        let folder = url.path().trim_end_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        (url.host_str().unwrap_or_default().to_owned(), folder)
    };
    let known: HashSet<_> = known.iter().filter_map(|c| Url::parse(&c.url).ok()).map(|url| folder(&url)).collect();
    if found.iter().any(|candidate| known.contains(&folder(&candidate.url))) {
        found.retain(|candidate| known.contains(&folder(&candidate.url)));
    }
}
