//! One candidate: fetched if need be, read, judged, stored. What is stored was flushed; what fails says why.
//! It never stores a page whose bytes are those it read before.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::put::{self, Found};
use super::reading::{self, Read, Rules};
use super::{Line, Recheck};
use crate::archive::Capture;
use crate::article::{Article, ExtractedBy, RawArticle, fold};
use crate::config::{Kind, Source};
use crate::dedup;
use crate::extract::{self, ExtractError, HostMemory};
use crate::fetch::{FetchError, Fetched, Page, Validators};
use crate::health::{LastGood, Seen};
use crate::schedule;
use crate::store::{PageMemory, StoreError, StoredCandidate};

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A story not seen before.
    New,
    /// A copy, a version or a translation of a story already stored.
    SameStory,
    /// Stored before; its text changed.
    Revised,
    /// Stored before; nothing changed.
    Unchanged,
    /// Stored before, and not due for a recheck; or known to be gone.
    NotDue,
    /// Its page is gone for good.
    Withdrawn,
    /// An admin withdrew it for ever.
    Blocked,
    /// A page of a sitemap that is no article.
    NoArticle,
}

impl Outcome {
    /// True when its page, or whatever stands for it, answered.
    pub(super) fn is_answer(self) -> bool {
        !matches!(self, Outcome::NotDue | Outcome::Blocked)
    }
}

/// Why a candidate brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The listing gave no address.
    #[error("unable to use the address {url:?}: {why}")]
    Address {
        /// As the listing gave it.
        url: String,
        /// What the parser said.
        why: url::ParseError,
    },
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is not there.
    #[error(
        "unable to find the article {url}: the site answers {status}; it is asked again in a day, then ever more rarely"
    )]
    Gone {
        /// The article.
        url: Url,
        /// 404 or 410.
        status: u16,
    },
    /// It could not be read.
    #[error("unable to read the article {url}: {why}")]
    Extract {
        /// The article.
        url: Url,
        /// Why.
        why: ExtractError,
    },
    /// It is a document.
    #[error("unable to read {url} as an article: it is {media_type}, not a page")]
    NotHtml {
        /// The address.
        url: Url,
        /// As the site labels it.
        media_type: String,
    },
    /// A parser died.
    #[error("unable to read the article {url}: the parser failed on it; this is a defect, please report the page")]
    Panicked {
        /// The article.
        url: Url,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a candidate is brought in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round<'a> {
    pub(super) recheck: Recheck,
    pub(super) first_round: bool,
    /// The canonical addresses of all that the listing names.
    pub(super) listed: &'a HashSet<String>,
}

/// Brings one candidate.
pub(super) async fn bring(
    line: &Line,
    source: &Source,
    candidate: &StoredCandidate,
    round: Round<'_>,
    seen: &mut Seen,
) -> Result<Outcome, EntryError> {
    let Round { recheck, first_round, listed } = round;
    let url = Url::parse(&candidate.url).map_err(|why| EntryError::Address { url: candidate.url.clone(), why })?;
    // An item without a page is told by its query alone.
    let drop_query = source.drop_query() && !candidate.no_page;
    let asked = dedup::canonical(&url, drop_query);
    if line.store.is_blocked(&asked).await? {
        return Ok(Outcome::Blocked);
    }
    if candidate.no_page {
        return by_itself(line, source, candidate, &url, first_round, None).await;
    }
    // A document is linked to by the listing's own words; it is never downloaded.
    if !candidate.title.is_empty() && extract::attachment(&url, "").is_some() {
        return by_itself(line, source, candidate, &url, first_round, Some(Validators::default())).await;
    }
    let now = line.clock.now();
    let stored = match line.store.by_url(&asked).await? {
        Some(id) => line.store.article(id).await?,
        None => None,
    };
    // A stored article is asked for where it answered: validators belong to that address, not to one that redirects to it.
    let url = match &stored {
        Some(article) => {
            Url::parse(&article.url).map_err(|why| EntryError::Address { url: article.url.clone(), why })?
        }
        None => url,
    };
    let key = dedup::canonical(&url, drop_query);
    let memory = line.store.page(&key).await?;
    // What was withdrawn can only come back as a whole page.
    let live = match &stored {
        Some(article) => line.store.withdrawn(article.id).await?.is_none(),
        None => false,
    };
    let known = stored.as_ref().map(|article| (article, live));
    if memory.as_ref().is_some_and(|page| !is_due(source, candidate, recheck, page, known, now)) {
        return Ok(Outcome::NotDue);
    }
    let validators = match &memory {
        Some(page) if live => Validators { etag: page.etag.clone(), last_modified: page.last_modified.clone() },
        _ => Validators::default(),
    };
    let fetched = match line.fetcher.fetch(&url, &validators).await {
        // What a feed carries of an article stands in for a page that we may not or cannot read.
        Err(error @ (FetchError::Robots { .. } | FetchError::Status { .. })) if has_entry(candidate) => {
            tracing::info!(source = %source.id, %url, %error, "the feed's own entry is used");
            return by_itself(line, source, candidate, &url, first_round, None).await;
        }
        other => other?,
    };
    match fetched {
        Fetched::NotModified => {
            if let Some(page) = memory {
                line.store.save_page(&key, PageMemory { fetched: now, gone_since: None, ..page }).await?;
            }
            Ok(Outcome::Unchanged)
        }
        Fetched::Gone { status } => put::gone(line, &key, url, status, memory, stored).await,
        Fetched::Page(page) => {
            let hash = xxh3_64(&page.bytes);
            let fresh = PageMemory {
                etag: page.validators.etag.clone(),
                last_modified: page.validators.last_modified.clone(),
                hash,
                fetched: now,
                gone_since: None,
            };
            let capture = reading::page(&page, source, candidate, hash, now);
            if live && memory.as_ref().is_some_and(|before| before.hash == hash) {
                line.store.save_page(&key, fresh).await?;
                if let Some(article) = stored.filter(|a| !matches!(a.by, ExtractedBy::Feed | ExtractedBy::Link))
                    && !line.archive.holds(&article.canonical, now).await
                {
                    put::keep(line, Some(&capture), &article).await?;
                }
                return Ok(Outcome::Unchanged);
            }
            if let Some(media_type) = not_a_page(&page) {
                if has_entry(candidate) || is_document(&media_type) && !candidate.title.is_empty() {
                    let link = (!has_entry(candidate)).then(|| page.validators.clone());
                    return by_itself(line, source, candidate, &page.url, first_round, link).await;
                }
                // It is remembered, so that a document is not fetched whole again in every round.
                line.store.save_page(&key, fresh).await?;
                return Err(EntryError::NotHtml { url: page.url, media_type });
            }
            let (at, hops) = (page.url, page.hops);
            let of_site = line.memory_of(source, &at).await?;
            let Read { raw, shown, blocks } = match read(source, capture.clone(), of_site).await {
                Err(error @ EntryError::Extract { .. }) if has_entry(candidate) => {
                    tracing::info!(source = %source.id, %url, %error, "the feed's own entry is used");
                    return by_itself(line, source, candidate, &at, first_round, None).await;
                }
                other => other?,
            };
            seen.articles.add(shown);
            let Some(raw) = raw else {
                // It is remembered, so that it is asked for again only when the sitemap says that it changed.
                line.store.save_page(&key, fresh).await?;
                return Ok(Outcome::NoArticle);
            };
            // Its profile fits no more: what stands there may be anything, and what was read well stays as it was.
            let was_described = stored.as_ref().is_some_and(|known| matches!(known.by, ExtractedBy::Profile(_)));
            let describes_body = source.profile.as_ref().is_some_and(|profile| profile.describes_body());
            if live && was_described && describes_body && raw.by == ExtractedBy::Generic {
                let before = memory.unwrap_or_default();
                line.store.save_page(&key, PageMemory { fetched: now, ..before }).await?;
                return Ok(Outcome::Unchanged);
            }
            let canonical = named(line, source, &raw, listed).await?;
            if line.store.is_blocked(&canonical).await? {
                return Ok(Outcome::Blocked);
            }
            line.learn(&at, &canonical, &blocks, now);
            let answered = dedup::canonical(&raw.url, drop_query);
            let mut aliases = vec![asked, answered.clone()];
            aliases.extend(hops.iter().map(|hop| dedup::canonical(hop, drop_query)));
            let page = (answered, fresh);
            let found = Found { source, canonical: &canonical, aliases, page, first_round, capture: Some(capture) };
            let good = LastGood { title: raw.title.clone(), url: raw.url.to_string(), at: now };
            let published = raw.published.as_ref().and_then(|date| date.instant()).filter(|at| *at <= now);
            let outcome = put::article(line, raw, found).await?;
            if matches!(outcome, Outcome::New | Outcome::SameStory) {
                seen.published.extend(published);
                seen.last_good = shown.is_whole().then_some(good).or(seen.last_good.take());
            }
            Ok(outcome)
        }
    }
}

/// The address that an article goes by: the one that its page names as canonical, if that may be believed. A page that
/// names the listing, the site's front page, another item of the listing, or the address of another text does not mean
/// itself.
async fn named(line: &Line, source: &Source, raw: &RawArticle, listed: &HashSet<String>) -> Result<String, StoreError> {
    let of = |url: &Url| dedup::canonical(url, source.drop_query());
    let own = of(&raw.url);
    let Some(named) = &raw.canonical else { return Ok(own) };
    let canonical = of(named);
    let is_front = |url: &Url| url.path().len() <= 1 && url.query().is_none();
    if canonical == own
        || canonical == of(&source.url)
        || listed.contains(&canonical)
        || is_front(named) && !is_front(&raw.url)
    {
        return Ok(own);
    }
    let other = match line.store.by_url(&canonical).await? {
        Some(id) => line.store.article(id).await?,
        None => None,
    };
    let is_another = other.is_some_and(|other| {
        let is_own = Url::parse(&other.url).ok().is_some_and(|url| of(&url) == own);
        !is_own
            && fold(&other.title) != fold(&raw.title)
            && dedup::fingerprint(&raw.title, &raw.text).exact != other.fingerprint.exact
    });
    Ok(if is_another { own } else { canonical })
}

/// The canonical addresses of candidates.
pub(super) fn addresses(source: &Source, candidates: &[StoredCandidate]) -> HashSet<String> {
    let urls = candidates.iter().filter_map(|candidate| Url::parse(&candidate.url).ok());
    urls.map(|url| dedup::canonical(&url, source.drop_query())).collect()
}

/// True when a page that was asked for before may and should be asked for again. `stored` is its article, and whether
/// that is served.
fn is_due(
    source: &Source,
    candidate: &StoredCandidate,
    recheck: Recheck,
    page: &PageMemory,
    stored: Option<(&Article, bool)>,
    now: Timestamp,
) -> bool {
    let a_day = SignedDuration::from_hours(24);
    if let Some(since) = page.gone_since {
        let rested = now.duration_since(page.fetched) >= a_day;
        // A second look, a day later, decides about an article that is served.
        let decides = stored.is_some_and(|(_, live)| live);
        let asked_by_hand = recheck == Recheck::All;
        // What was an article is on the listing again.
        return asked_by_hand && stored.is_some()
            || rested && (decides || asked_by_hand || schedule::gone_due(since, page.fetched, now));
    }
    let changed = candidate.modified.is_some_and(|modified| modified > page.fetched);
    match stored {
        // Somebody let it in again.
        Some((_, false)) => true,
        Some((article, true)) => {
            changed || recheck == Recheck::All || schedule::recheck_due(article.first_seen, page.fetched, now)
        }
        // What was no article is one only after it changed: a sitemap says so, elsewhere a day later is soon enough.
        None if changed => true,
        None => source.kind != Kind::Sitemap && now.duration_since(page.fetched) >= a_day,
    }
}

fn has_entry(candidate: &StoredCandidate) -> bool {
    candidate.entry.as_ref().is_some_and(|entry| !entry.html.trim().is_empty())
}

/// An article made of what its listing or feed says: its page is a document (`link`, with its validators), or cannot be had.
async fn by_itself(
    line: &Line,
    source: &Source,
    candidate: &StoredCandidate,
    url: &Url,
    first_round: bool,
    link: Option<Validators>,
) -> Result<Outcome, EntryError> {
    let mut capture = reading::entry(source, candidate, url, line.clock.now());
    let Some(mut raw) = read(source, capture.clone(), None).await?.raw else { return Ok(Outcome::NoArticle) };
    if link.is_some() {
        raw.attachments = extract::attachment(url, &candidate.title).into_iter().collect();
        raw.by = ExtractedBy::Link;
    }
    let canonical = dedup::canonical(url, source.drop_query() && !candidate.no_page);
    if line.store.is_blocked(&canonical).await? {
        return Ok(Outcome::Blocked);
    }
    let hash = xxh3_64(format!("{}\n{}", raw.title, raw.html.as_str()).as_bytes());
    let known = line.store.by_url(&canonical).await?.is_some();
    let before = line.store.page(&canonical).await?;
    let Validators { etag, last_modified } = link.unwrap_or_default();
    let page = PageMemory { etag, last_modified, hash, fetched: line.clock.now(), gone_since: None };
    if known && before.is_some_and(|before| before.hash == hash) {
        line.store.save_page(&canonical, page).await?;
        return Ok(Outcome::Unchanged);
    }
    let asked = Url::parse(&candidate.url).map(|u| dedup::canonical(&u, source.drop_query() && !candidate.no_page));
    let aliases = asked.into_iter().collect();
    capture.notes.hash = hash;
    // Of a document only the link is known: there is nothing to read again.
    let capture = (raw.by == ExtractedBy::Feed).then_some(capture);
    let page = (canonical.clone(), page);
    let found = Found { source, canonical: &canonical, aliases, page, first_round, capture };
    put::article(line, raw, found).await
}

/// Types that are linked to, never downloaded for their text.
fn is_document(media_type: &str) -> bool {
    media_type.starts_with("application/pdf")
        || media_type.contains("officedocument")
        || media_type.contains("msword")
        || media_type.contains("ms-excel")
}

/// The media type of what is labelled as something other than a page. No label is no reason to refuse.
fn not_a_page(page: &Page) -> Option<String> {
    let media_type = page.content_type.as_deref()?.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let readable = media_type.is_empty()
        || media_type.contains("html")
        || media_type.contains("xml")
        || media_type == "text/plain";
    (!readable).then_some(media_type)
}

/// Parses off the async threads; tells, too, what was found of the article.
async fn read(source: &Source, capture: Capture, memory: Option<Arc<HostMemory>>) -> Result<Read, EntryError> {
    let (rules, url) = (Rules::of(source, memory), capture.url.clone());
    match tokio::task::spawn_blocking(move || reading::read_telling(&capture, &rules)).await {
        Ok(Ok(raw)) => Ok(raw),
        Ok(Err(why)) => Err(EntryError::Extract { url, why }),
        Err(_) => Err(EntryError::Panicked { url }),
    }
}
