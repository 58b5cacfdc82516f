//! A sitemap as a listing: the index and each of its parts asked for conditionally, a part's candidates kept while it
//! answers 304. It never drops what an earlier round knew because one part failed.

use url::Url;

use super::{ListingError, judge, memory_of, stored};
use crate::config::Source;
use crate::extract::{self, Candidate, PageInput, Sitemap};
use crate::fetch::{Fetched, Page, Validators};
use crate::health::ListingSeen;
use crate::pipeline::Line;
use crate::store::{PageMemory, SourceState, StoredCandidate};

/// Parts of an index that are read, the latest changed first.
const MOST_PARTS: usize = 50;
/// Pages that are candidates, the latest changed first: a sitemap names a site's whole past.
const MOST_PAGES: usize = 1_000;
/// Files that are no pages.
const FILES: &[&str] = &[
    ".pdf", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".mp4", ".mp3", ".zip", ".xlsx", ".docx", ".xml", ".css",
    ".js",
];

type Found = Vec<(PageMemory, Url)>;

pub(super) async fn refresh(
    line: &Line,
    source: &Source,
    state: &mut SourceState,
) -> Result<Option<ListingSeen>, ListingError> {
    let mut memories: Found = Vec::new();
    let mut parts: Vec<(Url, Option<jiff::Timestamp>)> = Vec::new();
    let mut pages: Vec<StoredCandidate> = Vec::new();
    let known = !state.candidates.is_empty();
    match ask(line, &source.url, known).await? {
        Fetched::NotModified => {
            pages.extend(state.candidates.iter().filter(|c| c.part.is_none()).cloned());
            let names = state.candidates.iter().filter_map(|c| c.part.as_deref()?.parse::<Url>().ok());
            names.for_each(|url| {
                if parts.iter().all(|(known, _)| *known != url) {
                    parts.push((url, None));
                }
            });
        }
        Fetched::Gone { status } => return Err(ListingError::Gone { url: source.url.clone(), status }),
        Fetched::Page(page) => {
            memories.push((memory_of(line, &page), source.url.clone()));
            match read(line, source, page).await? {
                Sitemap::Pages(found) => pages.extend(found.into_iter().map(|c| stored(c, None))),
                Sitemap::Index(found) => {
                    parts = found.into_iter().map(|(url, date)| (url, date.and_then(|d| d.instant()))).collect();
                    parts.sort_by_key(|(_, changed)| std::cmp::Reverse(*changed));
                    parts.truncate(MOST_PARTS);
                }
            }
        }
    }
    let host = source.url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let mut long = keep_latest(&mut pages, &host);
    for (part, changed) in parts {
        let before: Vec<StoredCandidate> =
            state.candidates.iter().filter(|c| c.part.as_deref() == Some(part.as_str())).cloned().collect();
        match read_part(line, source, &part, changed, !before.is_empty()).await {
            Ok(Some((memory, found))) => {
                memories.push((memory, part.clone()));
                pages.extend(found.into_iter().map(|c| stored(c, Some(&part))));
            }
            Ok(None) => pages.extend(before),
            Err(error) => {
                tracing::warn!(source = %source.id, %part, %error, "part of the sitemap not read; its last list is kept");
                pages.extend(before);
            }
        }
        // After each part, so that fifty long ones are never held at once.
        long |= keep_latest(&mut pages, &host);
    }
    if long {
        tracing::info!(source = %source.id, "the sitemap is long: its {MOST_PAGES} latest pages are taken");
    }
    let read = !memories.is_empty();
    state.candidates = pages;
    // The list first, its validators second: a crash between them costs one fetch, never a candidate.
    line.store.save_source(&source.id, state.clone()).await?;
    for (memory, url) in memories {
        line.store.save_page(url.as_str(), memory).await?;
    }
    let items = state.candidates.len() as u32;
    Ok(read.then(|| ListingSeen { items, finding: judge::empty(source, items), ..ListingSeen::default() }))
}

/// Leaves the pages of this site that changed last; true when there were too many.
fn keep_latest(pages: &mut Vec<StoredCandidate>, host: &str) -> bool {
    pages.retain(|page| is_candidate(&page.url, host));
    pages.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.url.cmp(&b.url)));
    // Several parts may name one page; it must not crowd out the others.
    let mut known = std::collections::HashSet::new();
    pages.retain(|page| known.insert(page.url.clone()));
    let long = pages.len() > MOST_PAGES;
    pages.truncate(MOST_PAGES);
    long
}

/// A part, unless it is as it was.
async fn read_part(
    line: &Line,
    source: &Source,
    part: &Url,
    changed: Option<jiff::Timestamp>,
    known: bool,
) -> Result<Option<(PageMemory, Vec<Candidate>)>, ListingError> {
    let memory = line.store.page(part.as_str()).await?;
    if known && memory.is_some_and(|memory| changed.is_some_and(|changed| changed < memory.fetched)) {
        return Ok(None);
    }
    match ask(line, part, known).await? {
        Fetched::NotModified => Ok(None),
        Fetched::Gone { status } => Err(ListingError::Gone { url: part.clone(), status }),
        Fetched::Page(page) => {
            let memory = memory_of(line, &page);
            match read(line, source, page).await? {
                Sitemap::Pages(found) => Ok(Some((memory, found))),
                Sitemap::Index(_) => Err(ListingError::NestedIndex { url: part.clone() }),
            }
        }
    }
}

/// Validators are sent only where the list they stand for is kept.
async fn ask(line: &Line, url: &Url, known: bool) -> Result<Fetched, ListingError> {
    let memory = line.store.page(url.as_str()).await?;
    let validators = memory
        .filter(|_| known)
        .map(|page| Validators { etag: page.etag, last_modified: page.last_modified })
        .unwrap_or_default();
    Ok(line.fetcher.fetch(url, &validators).await?)
}

/// Parses off the async threads.
async fn read(line: &Line, source: &Source, page: Box<Page>) -> Result<Sitemap, ListingError> {
    let (url, language) = (page.url.clone(), source.language);
    let latest = jiff::tz::TimeZone::UTC.to_datetime(line.clock.now()).date();
    let work = tokio::task::spawn_blocking(move || {
        let input = PageInput {
            url: &page.url,
            html: &page.text,
            content_language: None,
            source_language: language,
            latest: Some(latest),
            memory: None,
        };
        extract::sitemap(&input, &page.bytes)
    });
    match work.await {
        Ok(Ok(sitemap)) => Ok(sitemap),
        Ok(Err(why)) => Err(ListingError::Extract { url, why }),
        Err(_) => Err(ListingError::Panicked { url }),
    }
}

/// A page of this site other than its home pages, `/` and `/fr`.
fn is_candidate(url: &str, host: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let own = url.host_str().unwrap_or_default().trim_start_matches("www.") == host;
    let path = url.path().trim_end_matches('/').to_ascii_lowercase();
    own && path.len() > 4 && !FILES.iter().any(|ending| path.ends_with(ending))
}
