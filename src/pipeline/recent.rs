//! The latest articles of each source: how often it publishes, and which of them are due to be asked for again though the
//! listing shows them no more. Built from the store at start, bounded, and never written: the store is the truth.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;

use super::entry::{self, EntryError, Outcome};
use super::refusals::Refusals;
use super::{Line, Recheck, Round};
use crate::article::{Article, ArticleId, Heading, SourceId};
use crate::config::{Crawl, Source};
use crate::dedup;
use crate::health;
use crate::schedule;
use crate::store::{SourceState, StoreError, StoredCandidate};

/// Articles of a source that are kept, the newest first seen.
const KEPT: usize = 300;
/// Articles off the listing that one round asks for at most: at a round each half hour that is each of 300 in under a day.
const MOST: usize = 10;
/// Gaps that tell how often a source publishes.
const GAPS: usize = 20;

/// What is remembered of the articles of every source.
#[derive(Debug, Default)]
pub struct Recent(HashMap<SourceId, Vec<Seen>>);

#[derive(Debug, Clone)]
struct Seen {
    id: ArticleId,
    first_seen: Timestamp,
    published: Timestamp,
    /// When it was asked for last, as far as is known here; the store's memory of its page may say later.
    asked: Timestamp,
    /// Its page answered 404 the last time.
    gone: bool,
    /// It was read from a page of its own: a document, or a feed's entry, is not asked for again.
    has_page: bool,
}

impl Recent {
    /// Remembers an article; one that is remembered stays as it is.
    pub fn insert(&mut self, heading: &Heading) {
        let list = self.0.entry(heading.tags.source.clone()).or_default();
        if list.iter().any(|seen| seen.id == heading.id) {
            return;
        }
        let at = list.partition_point(|seen| seen.first_seen > heading.first_seen);
        if at == KEPT {
            return;
        }
        let seen = Seen {
            id: heading.id,
            first_seen: heading.first_seen,
            published: heading.published,
            asked: heading.first_seen,
            gone: false,
            has_page: heading.has_page,
        };
        list.insert(at, seen);
        list.truncate(KEPT);
    }

    /// Forgets an article that was withdrawn.
    pub fn remove(&mut self, article: &Article) {
        if let Some(list) = self.0.get_mut(&article.source) {
            list.retain(|seen| seen.id != article.id);
        }
    }

    /// The gaps between what a source published last.
    fn gaps(&self, source: &SourceId) -> Vec<Duration> {
        let mut published: Vec<Timestamp> = self.0.get(source).into_iter().flatten().map(|s| s.published).collect();
        published.sort_unstable_by(|a, b| b.cmp(a));
        let pairs = published.windows(2).take(GAPS);
        pairs.filter_map(|pair| Duration::try_from(pair[0].duration_since(pair[1])).ok()).collect()
    }

    /// Articles that are due as far as is known here, the longest overdue first.
    fn due(&self, source: &SourceId, now: Timestamp) -> Vec<ArticleId> {
        let list = self.0.get(source).into_iter().flatten();
        let mut due: Vec<&Seen> = list.filter(|seen| seen.has_page && seen.is_due(now)).collect();
        due.sort_by_key(|seen| (seen.asked, seen.id));
        due.iter().map(|seen| seen.id).collect()
    }

    fn note(&mut self, source: &SourceId, id: ArticleId, asked: Timestamp, gone: bool) {
        let mut list = self.0.get_mut(source).into_iter().flatten();
        if let Some(seen) = list.find(|seen| seen.id == id) {
            (seen.asked, seen.gone) = (seen.asked.max(asked), gone);
        }
    }
}

impl Seen {
    fn is_due(&self, now: Timestamp) -> bool {
        if self.gone {
            return schedule::gone_due(self.asked, self.asked, now);
        }
        schedule::recheck_due(self.first_seen, self.asked, now)
    }
}

/// How long after a round the next one is due, if all goes well: `every`, or longer for a source that is silent.
pub(super) fn pace(line: &Line, source: &Source, state: &SourceState, crawl: &Crawl, now: Timestamp) -> Duration {
    let gaps = line.recent.lock().unwrap_or_else(PoisonError::into_inner).gaps(&source.id);
    let silence = state.last_new.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
    schedule::adaptive(source.every, crawl.max_every, &gaps, silence.unwrap_or_default())
}

/// Asks again for stored articles that are due and that the listing shows no more, at most ten a round. A host that
/// wants none of it ends that for this round; it says nothing against the source, whose listing answered.
pub(super) async fn recheck(
    line: &Line,
    source: &Source,
    round: &mut Round,
    state: &SourceState,
    health: &mut health::Seen,
    taken: &mut Timestamp,
) -> Result<(), StoreError> {
    let now = line.clock.now();
    let due = line.recent.lock().unwrap_or_else(PoisonError::into_inner).due(&source.id, now);
    if due.is_empty() {
        return Ok(());
    }
    let canonical = |url: &str| url::Url::parse(url).ok().map(|url| dedup::canonical(&url, source.drop_query()));
    let listed = entry::addresses(source, &state.candidates);
    let note = |id, asked, gone| {
        line.recent.lock().unwrap_or_else(PoisonError::into_inner).note(&source.id, id, asked, gone);
    };
    let (mut asked, mut refusals) = (0, Refusals::default());
    for id in due {
        if asked == MOST || line.stop.is_cancelled() {
            break;
        }
        let Some(article) = line.store.article(id).await? else { continue };
        if line.store.withdrawn(id).await?.is_some() {
            line.recent.lock().unwrap_or_else(PoisonError::into_inner).remove(&article);
            continue;
        }
        // What is on the listing was dealt with already, and what was asked for since this list was made is noted.
        let on_listing = listed.contains(&article.canonical) || article.aliases.iter().any(|a| listed.contains(a));
        let Some(key) = canonical(&article.url) else { continue };
        let memory = line.store.page(&key).await?.unwrap_or_default();
        note(id, memory.fetched, memory.gone_since.is_some());
        let due = match memory.gone_since {
            Some(since) => schedule::gone_due(since, memory.fetched, now),
            None => schedule::recheck_due(article.first_seen, memory.fetched, now),
        };
        if on_listing || !due {
            continue;
        }
        // What could not be stored is not asked for.
        line.store.room()?;
        line.keep(source, taken).await?;
        asked += 1;
        let of_round = entry::Round { recheck: Recheck::Due, first_round: false, listed: &listed };
        let outcome = entry::bring(line, source, &off_listing(&article), of_round, health).await;
        // Whatever came of it, it waits for its next turn, so that one that fails does not keep the others waiting.
        let gone = line.store.page(&key).await?.is_some_and(|page| page.gone_since.is_some());
        note(id, now, gone);
        let refusing = refusals.note(&super::host_of(&article.url), &outcome);
        match outcome {
            Ok(Outcome::Revised) => round.revised += 1,
            Ok(Outcome::Withdrawn) => round.withdrawn += 1,
            Ok(_) => {}
            Err(EntryError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::info!(source = %source.id, url = %article.url, %error, "article off the listing not read");
                if refusing.is_some() {
                    break;
                }
            }
        }
    }
    Ok(())
}

fn off_listing(article: &Article) -> StoredCandidate {
    StoredCandidate {
        url: article.url.clone(),
        title: String::new(),
        date: None,
        // What a feed said of its language once, it would say again.
        language: article.declared.and_then(|declared| declared.item),
        modified: None,
        part: None,
        no_page: false,
        entry: None,
    }
}
