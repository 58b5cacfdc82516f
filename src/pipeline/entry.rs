//! One candidate: fetched if need be, read, judged, stored. What is stored was flushed; what fails says why.
//! It never stores a page whose bytes are those it read before.

use std::sync::PoisonError;

use jiff::SignedDuration;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{Line, Recheck, is_backfill, known, settle};
use crate::article::{Article, ArticleId, Published, RawArticle, Story, StoryId};
use crate::config::Source;
use crate::dedup::{self, Verdict};
use crate::enrich::Input;
use crate::extract::{self, ExtractError, PageInput};
use crate::fetch::{FetchError, Fetched, Page, Validators};
use crate::schedule;
use crate::store::{Change, ChangeKind, PageMemory, Put, PutOutcome, StoreError, StoredCandidate};

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
    #[error("unable to find the article {url}: the site answers {status}; it is asked again in a day")]
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

/// Brings one candidate.
pub(super) async fn bring(
    line: &Line,
    source: &Source,
    candidate: &StoredCandidate,
    recheck: Recheck,
    first_round: bool,
) -> Result<Outcome, EntryError> {
    let url = Url::parse(&candidate.url).map_err(|why| EntryError::Address { url: candidate.url.clone(), why })?;
    let asked = dedup::canonical(&url, source.drop_query());
    if line.store.is_blocked(&asked).await? {
        return Ok(Outcome::Blocked);
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
    let key = dedup::canonical(&url, source.drop_query());
    let memory = line.store.page(&key).await?;
    if let Some(page) = &memory {
        let last = page.gone_since.map_or(page.fetched, |gone| gone.max(page.fetched));
        let gone_lately = page.gone_since.is_some() && now.duration_since(last) < SignedDuration::from_hours(24);
        let not_due = stored.as_ref().is_some_and(|article| {
            recheck == Recheck::Due && !schedule::recheck_due(article.first_seen, page.fetched, now)
        });
        if gone_lately || not_due {
            return Ok(Outcome::NotDue);
        }
    }
    let validators = match (&memory, &stored) {
        (Some(page), Some(_)) => Validators { etag: page.etag.clone(), last_modified: page.last_modified.clone() },
        _ => Validators::default(),
    };
    match line.fetcher.fetch(&url, &validators).await? {
        Fetched::NotModified => {
            if let Some(page) = memory {
                line.store.save_page(&key, PageMemory { fetched: now, gone_since: None, ..page }).await?;
            }
            Ok(Outcome::Unchanged)
        }
        Fetched::Gone { status } => gone(line, &key, url, status, memory, stored).await,
        Fetched::Page(page) => {
            let hash = xxh3_64(&page.bytes);
            let fresh = PageMemory {
                etag: page.validators.etag.clone(),
                last_modified: page.validators.last_modified.clone(),
                hash,
                fetched: now,
                gone_since: None,
            };
            if let (Some(before), Some(article)) = (&memory, &stored)
                && before.hash == hash
                && line.store.withdrawn(article.id).await?.is_none()
            {
                line.store.save_page(&key, fresh).await?;
                return Ok(Outcome::Unchanged);
            }
            if let Some(media_type) = not_a_page(&page) {
                return Err(EntryError::NotHtml { url: page.url, media_type });
            }
            let hops: Vec<Url> = page.hops.clone();
            let mut raw = read(line, source, page).await?;
            if raw.published.is_none() {
                raw.published.clone_from(&candidate.date);
            }
            let named = raw.canonical.clone().unwrap_or_else(|| raw.url.clone());
            let canonical = dedup::canonical(&named, source.drop_query());
            if line.store.is_blocked(&canonical).await? {
                return Ok(Outcome::Blocked);
            }
            let answered = dedup::canonical(&raw.url, source.drop_query());
            let mut aliases = vec![asked, answered.clone()];
            aliases.extend(hops.iter().map(|hop| dedup::canonical(hop, source.drop_query())));
            store(line, source, raw, &canonical, aliases, (answered, fresh), first_round).await
        }
    }
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

/// Parses off the async threads.
async fn read(line: &Line, source: &Source, page: Box<Page>) -> Result<RawArticle, EntryError> {
    let (profile, language) = (source.profile.clone(), source.language);
    let latest = jiff::tz::TimeZone::UTC.to_datetime(line.clock.now()).date();
    let url = page.url.clone();
    let work = tokio::task::spawn_blocking(move || {
        let input = PageInput {
            url: &page.url,
            html: &page.text,
            content_language: page.content_language.as_deref(),
            source_language: language,
            latest: Some(latest),
        };
        extract::article(&input, profile.as_deref())
    });
    match work.await {
        Ok(Ok(raw)) => Ok(raw),
        Ok(Err(why)) => Err(EntryError::Extract { url, why }),
        Err(_) => Err(EntryError::Panicked { url }),
    }
}

/// Enriches, judges and stores; judges again whenever the log moved between the verdict and the put.
async fn store(
    line: &Line,
    source: &Source,
    raw: RawArticle,
    canonical: &str,
    aliases: Vec<String>,
    page: (String, PageMemory),
    first_round: bool,
) -> Result<Outcome, EntryError> {
    let now = page.1.fetched;
    let enrichment = line.enricher.enrich(&Input {
        title: &raw.title,
        text: &raw.text,
        declared: raw.declared,
        source_country: source.country,
    });
    let known_id = match line.store.by_url(canonical).await? {
        Some(id) => id,
        None => ArticleId::of_canonical(canonical),
    };
    let published = Published::settle(raw.published.as_ref(), now);
    let backfill = is_backfill(first_round, published.at, now);
    let mut article = settle::article(
        raw,
        enrichment,
        settle::Given { id: known_id, source, canonical, aliases, published, first_seen: now, backfill },
    );
    loop {
        let head = line.store.head().await?;
        let before = line.store.article(known_id).await?;
        let withdrawn = line.store.withdrawn(known_id).await?.is_some();
        let (story, kind, outcome) = match before {
            Some(before) => {
                settle::keep_identity(&mut article, &before);
                let story = line.store.story(before.story).await?.unwrap_or_else(|| Story::founded_by(&before));
                if withdrawn {
                    (settle::admit(line, story, &article).await?, ChangeKind::Created, Outcome::New)
                } else {
                    let change = settle::compare(&before, &article);
                    let Some(kind) = change else {
                        line.store.save_page(&page.0, page.1).await?;
                        remember_aliases(line, &article, &before).await?;
                        return Ok(Outcome::Unchanged);
                    };
                    article.updated =
                        if matches!(kind, ChangeKind::Revised { material: true, .. }) { now } else { before.updated };
                    (settle::admit(line, story, &article).await?, kind, Outcome::Revised)
                }
            }
            None => {
                let exact = line.store.by_exact(article.fingerprint.exact).await?;
                let verdict = line.memory.lock().unwrap_or_else(PoisonError::into_inner).judge(&known(&article), exact);
                let (story, outcome) = join(line, &mut article, verdict).await?;
                (story, ChangeKind::Created, outcome)
            }
        };
        let put = Put { head, article: article.clone(), story, kind, at: now, page: Some(page.clone()) };
        match line.store.put(put).await? {
            PutOutcome::Conflict(_) => continue,
            PutOutcome::Stored(Change { .. }) => {
                line.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(known(&article));
                return Ok(outcome);
            }
        }
    }
}

/// Puts a new article into the story that its verdict names, or founds one.
async fn join(line: &Line, article: &mut Article, verdict: Verdict) -> Result<(Story, Outcome), EntryError> {
    let of = match verdict {
        Verdict::New => None,
        Verdict::Duplicate { of } | Verdict::Version { of } | Verdict::Translation { of } => {
            line.store.article(of).await?
        }
    };
    let story = match of {
        Some(of) => line.store.story(of.story).await?,
        None => None,
    };
    match story {
        Some(story) => {
            article.story = story.id;
            Ok((settle::admit(line, story, article).await?, Outcome::SameStory))
        }
        None => {
            article.story = StoryId::founded_by(article.id);
            Ok((Story::founded_by(article), Outcome::New))
        }
    }
}

async fn remember_aliases(line: &Line, article: &Article, before: &Article) -> Result<(), EntryError> {
    for alias in article.aliases.iter().filter(|alias| !before.aliases.contains(alias) && **alias != before.canonical) {
        line.store.alias(alias, article.id).await?;
    }
    Ok(())
}

/// A 410 withdraws at once, a 404 when seen twice, a day apart; what was never stored is a failure.
async fn gone(
    line: &Line,
    asked: &str,
    url: Url,
    status: u16,
    memory: Option<PageMemory>,
    stored: Option<Article>,
) -> Result<Outcome, EntryError> {
    let now = line.clock.now();
    let since = memory.as_ref().and_then(|page| page.gone_since);
    let page =
        PageMemory { etag: None, last_modified: None, hash: 0, fetched: now, gone_since: Some(since.unwrap_or(now)) };
    let Some(article) = stored else {
        line.store.save_page(asked, page).await?;
        return Err(EntryError::Gone { url, status });
    };
    let a_day = SignedDuration::from_hours(24);
    let for_good = status == 410 || since.is_some_and(|since| now.duration_since(since) >= a_day);
    if line.store.withdrawn(article.id).await?.is_some() || !for_good {
        line.store.save_page(asked, page).await?;
        return Ok(Outcome::NotDue);
    }
    loop {
        let head = line.store.head().await?;
        let story = line.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(&article));
        let story = settle::dismiss(line, story, &article).await?;
        let put = Put {
            head,
            article: article.clone(),
            story,
            kind: ChangeKind::Withdrawn,
            at: now,
            page: Some((asked.to_owned(), page.clone())),
        };
        if let PutOutcome::Stored(_) = line.store.put(put).await? {
            line.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(article.id);
            return Ok(Outcome::Withdrawn);
        }
    }
}
