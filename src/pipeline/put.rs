//! A raw article into the store: enriched, judged, placed in a story, written. If the log moved between the verdict and
//! the write, it is judged again.

use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;
use url::Url;

use super::entry::{EntryError, Outcome};
use super::place::{Moves, Place, join, link_old, take_in, touched};
use super::{Line, is_backfill, known, reading, settle};
use crate::archive::Capture;
use crate::article::{Article, ArticleId, Heading, Mark, Published, RawArticle, Story};
use crate::config::Source;
use crate::store::{ChangeKind, Head, PageMemory, Put, PutOutcome, StoreError};

/// What is known of a page besides its text.
pub(super) struct Found<'a> {
    pub(super) source: &'a Source,
    pub(super) canonical: &'a str,
    pub(super) aliases: Vec<String>,
    /// Saved with the article.
    pub(super) page: (String, PageMemory),
    pub(super) first_round: bool,
    /// Kept in the archive, where it was what the article was made of.
    pub(super) capture: Option<Capture>,
}

/// Enriches, judges and stores.
pub(super) async fn article(line: &Line, raw: RawArticle, found: Found<'_>) -> Result<Outcome, EntryError> {
    let Found { source, canonical, aliases, page, first_round, capture } = found;
    let now = page.1.fetched;
    let id = match line.store.by_url(canonical).await? {
        Some(id) => id,
        None => ArticleId::of_canonical(canonical),
    };
    let published = Published::settle(raw.published.as_ref(), now);
    let backfill = is_backfill(first_round, published.at, now);
    // Whoever brings an article again, it stays its first source's: the page alone decides what it says.
    let office = match line.store.article(id).await? {
        Some(before) if before.source != source.id => before.office,
        _ => source.country,
    };
    let given = settle::Given {
        id,
        source: source.id.clone(),
        office,
        canonical: canonical.to_owned(),
        aliases,
        published,
        first_seen: now,
        backfill,
    };
    let (enricher, url) = (Arc::clone(&line.enricher), raw.url.clone());
    // Off the async threads: it reads the text some dozens of times.
    let work = tokio::task::spawn_blocking(move || reading::make(&enricher, raw, given));
    let mut article = work.await.map_err(|_| EntryError::Panicked { url })?;
    let mut by_rules = None;
    loop {
        let head = line.store.head().await?;
        let before = line.store.article(id).await?;
        // Behind the head: what is taken down from here on moves it, and the put is judged again.
        let known_as = before.as_ref().map_or(canonical, |before| before.canonical.as_str());
        if line.store.is_blocked(known_as).await? || line.is_kept_out(&article).await? {
            // Its page is remembered, so that it is not fetched whole in every round; nothing of it is kept.
            line.store.save_page(&page.0, page.1).await?;
            return Ok(Outcome::Blocked);
        }
        let withdrawn = line.store.withdrawn(id).await?.is_some();
        let (place, kind, outcome) = match before {
            Some(before) => {
                settle::keep_identity(&mut article, &before);
                let story = line.store.story(before.story).await?.unwrap_or_else(|| Story::founded_by(&before));
                if withdrawn {
                    (take_in(line, story, &article, Moves::default()).await?, ChangeKind::Created, Outcome::New)
                } else {
                    let Some(mut kind) = settle::compare(&before, &article) else {
                        keep(line, capture.as_ref(), &article).await?;
                        line.store.save_page(&page.0, page.1).await?;
                        remember_aliases(line, &article, &before).await?;
                        return Ok(Outcome::Unchanged);
                    };
                    if let ChangeKind::Revised { material, .. } = &mut kind
                        && *material
                    {
                        // Asked once: the page that it was made of is the archive's latest only until this one is kept.
                        let alone = match by_rules {
                            Some(known) => known,
                            None => line.differs_by_rules_alone(&before, &article, source).await?,
                        };
                        by_rules = Some(alone);
                        *material = !alone;
                    }
                    article.updated =
                        if matches!(kind, ChangeKind::Revised { material: true, .. }) { now } else { before.updated };
                    // A revision touches nobody else, unless it changes who leads.
                    (take_in(line, story, &article, Moves::default()).await?, kind, Outcome::Revised)
                }
            }
            None => {
                let exact = line.store.by_exact(article.fingerprint.exact).await?;
                let mut judgement =
                    line.memory.lock().unwrap_or_else(PoisonError::into_inner).judge(&known(&article), exact);
                link_old(line, &article, &mut judgement).await?;
                let (place, outcome) = join(line, &mut article, &judgement).await?;
                (place, ChangeKind::Created, outcome)
            }
        };
        let Place { story, moves: Moves { others, left, dissolved } } = place;
        // First the page, then the article: what is cut off in between is fetched and kept again.
        keep(line, capture.as_ref(), &article).await?;
        let put = Put {
            head,
            article: article.clone(),
            story,
            kind,
            at: now,
            page: Some(page.clone()),
            others,
            left,
            dissolved,
            erase: false,
        };
        let moved = put.others.clone();
        if let PutOutcome::Stored(_) = line.store.put(put).await? {
            let mut memory = line.memory.lock().unwrap_or_else(PoisonError::into_inner);
            moved.iter().for_each(|other| memory.insert(known(other)));
            memory.insert(known(&article));
            let heading = Heading::of(&article, Mark::default(), None);
            line.recent.lock().unwrap_or_else(PoisonError::into_inner).insert(&heading);
            return Ok(outcome);
        }
    }
}

/// Stores a record of a stored article that differs, in the story that it is in. A conflict is the caller's to judge anew.
pub(super) async fn revise(
    line: &Line,
    head: Head,
    article: &Article,
    kind: ChangeKind,
) -> Result<PutOutcome, StoreError> {
    let story = line.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(article));
    let Place { story, moves: Moves { others, left, dissolved } } =
        take_in(line, story, article, Moves::default()).await?;
    let at = line.clock.now();
    let article = article.clone();
    line.store.put(Put { head, article, story, kind, at, page: None, others, left, dissolved, erase: false }).await
}

/// Keeps what an article was made of, under the address that the article has.
pub(super) async fn keep(line: &Line, capture: Option<&Capture>, article: &Article) -> Result<(), StoreError> {
    let Some(mut capture) = capture.cloned() else { return Ok(()) };
    capture.notes.article.clone_from(&article.canonical);
    line.archive.keep(capture).await;
    // Taken down meanwhile: the block comes before the archive is cleaned, so that one of the two meets the page.
    if line.store.is_blocked(&article.canonical).await? || line.is_kept_out(article).await? {
        let mut addresses = article.aliases.clone();
        addresses.extend([article.canonical.clone(), article.url.clone()]);
        if let Err(error) = line.archive.erase(&addresses, line.clock.now()).await {
            tracing::error!(%error, url = %article.url, "a page that was taken down may still be in the archive");
        }
    }
    Ok(())
}

async fn remember_aliases(line: &Line, article: &Article, before: &Article) -> Result<(), EntryError> {
    for alias in article.aliases.iter().filter(|alias| !before.aliases.contains(alias) && **alias != before.canonical) {
        line.store.alias(alias, article.id).await?;
    }
    Ok(())
}

/// A 410 withdraws at once, a 404 when seen twice, a day apart; what was never stored is a failure.
pub(super) async fn gone(
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
    withdraw(line, &article, Some((asked.to_owned(), page)), false).await?;
    Ok(Outcome::Withdrawn)
}

/// Takes an article out of its story and out of everything served; with `erase` its text goes too.
pub(super) async fn withdraw(
    line: &Line,
    article: &Article,
    page: Option<(String, PageMemory)>,
    erase: bool,
) -> Result<(), StoreError> {
    let now = line.clock.now();
    loop {
        let head = line.store.head().await?;
        // It may have been revised, or have moved to another story, since the caller read it.
        let current = line.store.article(article.id).await?;
        let article = current.as_ref().unwrap_or(article);
        let before = line.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(article));
        let story = settle::dismiss(line, before.clone(), article).await?;
        let others = line.store.articles(touched(&before, &story, article.id).into_iter().collect()).await?;
        let record = if erase { article.erased() } else { article.clone() };
        let put = Put {
            head,
            article: record,
            story,
            kind: ChangeKind::Withdrawn,
            at: now,
            page: page.clone(),
            others,
            left: None,
            dissolved: Vec::new(),
            erase,
        };
        if let PutOutcome::Stored(_) = line.store.put(put).await? {
            line.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(article.id);
            line.recent.lock().unwrap_or_else(PoisonError::into_inner).remove(article);
            return Ok(());
        }
    }
}
