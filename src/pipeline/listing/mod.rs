//! The listing: fetched conditionally, its pager followed, its candidates kept for the rounds where it answers 304.
//! It never fetches an article and never forgets the last list because a later one failed.

mod judge;
mod sitemap;

use std::collections::HashSet;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::Line;
use crate::config::{Kind, Source};
use crate::dedup;
use crate::extract::{self, Candidate, ExtractError, LeftOut, Listing, PageInput};
use crate::fetch::{FetchError, Fetched, Page, Validators};
use crate::health::ListingSeen;
use crate::store::{PageMemory, SourceState, StoreError, StoredCandidate};
use judge::Moved;

/// Why a listing brought no candidates.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It could not be read.
    #[error("unable to read the listing {url}: {why}")]
    Extract {
        /// The listing.
        url: Url,
        /// Why.
        why: ExtractError,
    },
    /// It is gone.
    #[error(
        "unable to find the listing {url}: the site answers {status}; look up its new address and change the source's url"
    )]
    Gone {
        /// The listing.
        url: Url,
        /// 404 or 410.
        status: u16,
    },
    /// The profile does not fit any more.
    #[error("unable to find {selector:?} (listing.container) on {url}: the site's markup changed; adapt the profile")]
    NoContainer {
        /// The listing.
        url: Url,
        /// As configured.
        selector: String,
    },
    /// The profile finds nothing, and nothing on the page looks like a list of articles.
    #[error(
        "unable to find an article link on {url}: listing.item {selector:?} gave none, and nothing looks like a list of articles ({left_out}); adapt the profile"
    )]
    NoItems {
        /// The listing.
        url: Url,
        /// As configured.
        selector: String,
        /// What was there.
        left_out: LeftOut,
    },
    /// There is no profile, and nothing on the page looks like a list of articles.
    #[error(
        "unable to find a list of articles on {url} by its structure: {left_out}; check the address, describe the list in a profile, or use a feed or a sitemap"
    )]
    NoList {
        /// The listing.
        url: Url,
        /// What was there.
        left_out: LeftOut,
    },
    /// A feed where a page was configured.
    #[error("unable to find an article link on {url}: this is a feed; write kind = \"feed\" in the source")]
    IsFeed {
        /// The listing.
        url: Url,
    },
    /// Scripts would put the list there.
    #[error(
        "unable to find an article link on {url}: the page needs JavaScript, which is not run; look for a feed or a sitemap"
    )]
    NeedsJavascript {
        /// The listing.
        url: Url,
    },
    /// It stands somewhere else now, and looks different there.
    #[error(
        "unable to find an article link on {url}: the listing moved to {host}; look at it and change the source's url"
    )]
    Moved {
        /// Where it ended.
        url: Url,
        /// The other host.
        host: String,
    },
    /// An index of sitemaps inside an index.
    #[error("unable to read the sitemap {url}: it is an index inside an index, which the protocol does not allow")]
    NestedIndex {
        /// The inner one.
        url: Url,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A parser died.
    #[error("unable to read the listing {url}: the parser failed on it; this is a defect, please report the page")]
    Panicked {
        /// The listing.
        url: Url,
    },
}

/// Brings `state.candidates` up to date, and tells what the listing showed; a 304 leaves them as they are and tells nothing.
pub(super) async fn refresh(
    line: &Line,
    source: &Source,
    state: &mut SourceState,
) -> Result<Option<ListingSeen>, ListingError> {
    let how = source.how_read();
    // A list made by other rules is no list of these: a 304 must not keep it.
    if state.read_by.replace(how).is_some_and(|before| before != how) {
        state.candidates.clear();
    }
    if source.kind == Kind::Sitemap {
        return sitemap::refresh(line, source, state).await;
    }
    let memory = line.store.page(source.url.as_str()).await?;
    // Validators without the list they stand for would make a 304 lose every candidate.
    let validators = match &memory {
        // What was read with trouble is read again: the profile may be another by now.
        Some(page) if !state.candidates.is_empty() && !has_trouble(state) => {
            Validators { etag: page.etag.clone(), last_modified: page.last_modified.clone() }
        }
        _ => Validators::default(),
    };
    let first = match line.fetcher.fetch(&source.url, &validators).await? {
        Fetched::NotModified => return Ok(None),
        Fetched::Gone { status } => return Err(ListingError::Gone { url: source.url.clone(), status }),
        Fetched::Page(page) => page,
    };
    let memory = memory_of(line, &first);
    let moved = moved(source, &first);
    let mut seen = ListingSeen::default();
    let (mut candidates, mut cut) = (Vec::new(), false);
    let mut visited = HashSet::from([source.url.clone()]);
    let mut page = first;
    for number in 1..=source.pages {
        let (url, mut read) = read(line, source, page).await?;
        if number == 1 {
            seen = judge::judge(source, &url, &read, moved.as_ref())?;
            if read.fallback {
                judge::keep_alike(&mut read.candidates, &state.candidates);
            }
        }
        cut |= read.cut;
        candidates.extend(read.candidates.into_iter().map(|c| stored(c, None)));
        let Some(next) = read.next.filter(|next| number < source.pages && visited.insert(next.clone())) else { break };
        // A later page that fails costs its own candidates, not those of the pages before it.
        match line.fetcher.fetch(&next, &Validators::default()).await {
            Ok(Fetched::Page(next)) => page = next,
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(source = %source.id, url = %next, %error, "pager stopped");
                break;
            }
        }
    }
    (state.candidates, state.cut) = (candidates, cut);
    // The list first, its validators second: a crash between them costs one fetch, never a candidate.
    line.store.save_source(&source.id, state.clone()).await?;
    line.store.save_page(source.url.as_str(), memory).await?;
    Ok(Some(seen))
}

/// The host that a listing stands on now, and whether it moved there for good; none while it is where it was.
fn moved(source: &Source, page: &Page) -> Option<Moved> {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let host = bare(&page.url);
    (host != bare(&source.url)).then_some(Moved { host, for_good: page.moved })
}

fn has_trouble(state: &SourceState) -> bool {
    state.health.listing.as_ref().is_some_and(|finding| finding.state.needs_a_look())
}

/// A candidate as it is kept until the next round.
fn stored(candidate: Candidate, part: Option<&Url>) -> StoredCandidate {
    let url = if candidate.has_page { dedup::readable(&candidate.url) } else { candidate.url };
    StoredCandidate {
        url: url.into(),
        title: candidate.title,
        date: candidate.date,
        language: candidate.language,
        modified: candidate.modified,
        part: part.map(Url::to_string),
        no_page: !candidate.has_page,
        entry: candidate.entry,
    }
}

fn memory_of(line: &Line, page: &Page) -> PageMemory {
    PageMemory {
        etag: page.validators.etag.clone(),
        last_modified: page.validators.last_modified.clone(),
        hash: xxh3_64(&page.bytes),
        fetched: line.clock.now(),
        gone_since: None,
    }
}

/// Parses off the async threads.
async fn read(line: &Line, source: &Source, page: Box<Page>) -> Result<(Url, Listing), ListingError> {
    let (profile, language, kind) = (source.profile.clone(), source.language, source.kind);
    let latest = jiff::tz::TimeZone::UTC.to_datetime(line.clock.now()).date();
    let url = page.url.clone();
    if kind == Kind::Html && extract::is_feed(&page.text) {
        return Err(ListingError::IsFeed { url });
    }
    let work = tokio::task::spawn_blocking(move || {
        let input = PageInput {
            url: &page.url,
            html: &page.text,
            content_language: page.content_language.as_deref(),
            source_language: language,
            latest: Some(latest),
            memory: None,
        };
        match kind {
            Kind::Feed => extract::feed(&input, profile.map(|p| p.rules().date_order).unwrap_or_default()),
            Kind::Html | Kind::Sitemap => extract::listing(&input, profile.as_deref()),
        }
    });
    match work.await {
        Ok(Ok(listing)) => Ok((url, listing)),
        Ok(Err(why)) => Err(ListingError::Extract { url, why }),
        Err(_) => Err(ListingError::Panicked { url }),
    }
}
