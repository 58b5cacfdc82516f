//! THE STORY: one source checked, from its listing to stored articles.
//!
//! ```text
//! listing page -> candidates -> article page -> raw article -> enriched -> judged -> stored
//! ```
//!
//! A round never crawls for a reader, never stores what it could not flush, and never lets one bad page stop the
//! others. It knows no web, no feed format and no particular store.

mod difference;
mod entry;
mod listing;
mod place;
mod put;
mod reading;
mod recent;
mod refusals;
mod regroup;
mod reprocess;
mod rounds;
mod settle;
mod sites;
mod trouble;
mod withdraw;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::archive::Archive;
use crate::article::{Article, Heading, NEWS_FOR, SourceId};
use crate::clock::Clock;
use crate::config::{Crawl, Kind, Source};
use crate::dedup::{self, Known, Marks};
use crate::enrich::Enricher;
use crate::fetch::{self, FetchError, Fetcher};
use crate::health::{Finding, Seen, State, Trust};
use crate::schedule;
use crate::store::{SourceState, Store, StoreError};

pub use difference::FieldChange;
pub use entry::{EntryError, Outcome};
pub use listing::ListingError;
pub use recent::Recent;
pub use reprocess::{Difference, Reprocessed, Wanted};
pub use rounds::record;
pub use sites::{Sites, remembered};
pub use withdraw::Withdrawal;

/// What a round needs, handed in once.
#[derive(Clone)]
pub struct Line {
    /// The only truth.
    pub store: Store,
    /// Keeps the pages that articles were made of.
    pub archive: Archive,
    /// Fetches politely.
    pub fetcher: Arc<Fetcher>,
    /// Judges language, country, theme.
    pub enricher: Arc<Enricher>,
    /// What near-duplicates are sought in.
    pub memory: Arc<Mutex<dedup::Memory>>,
    /// The latest articles of each source.
    pub recent: Arc<Mutex<Recent>>,
    /// What the pages of each site have in common.
    pub sites: Arc<Sites>,
    /// Tells the time.
    pub clock: Clock,
    /// Who holds the leases that this process takes.
    pub holder: Uuid,
    /// Cancelled when the process is asked to end: the article in hand is finished, no further one begun.
    pub stop: CancellationToken,
    /// Told of each step, for progress; a listener that is gone is no error.
    pub progress: Option<tokio::sync::mpsc::UnboundedSender<Step>>,
}

/// How long a source is taken for at once.
const LEASE: SignedDuration = SignedDuration::from_hours(1);

/// A step of a round, for progress bars and logs.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum Step {
    /// The listing was read.
    Listed(SourceId, usize),
    /// One candidate was dealt with.
    Done(SourceId),
    /// So many stored articles were looked at again.
    Looked(usize),
    /// An article comes out differently now; what is not a dry run changes it next.
    Differs(Box<Difference>),
}

/// What is due in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recheck {
    /// Stored articles on the falling schedule (`depeche run`).
    Due,
    /// Every stored article that is still on the listing (`depeche crawl`).
    All,
}

/// How a round went.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Round {
    /// Candidates on the listing.
    pub found: usize,
    /// New articles stored, duplicates among them not counted.
    pub stored: usize,
    /// Stored articles whose text changed.
    pub revised: usize,
    /// New articles that tell a story already stored.
    pub duplicate: usize,
    /// Stored before and unchanged, or not due.
    pub unchanged: usize,
    /// Articles withdrawn because their page is gone.
    pub withdrawn: usize,
    /// Candidates that brought nothing, with the reason.
    pub failed: Vec<Failure>,
    /// Why the round as a whole failed, or was refused.
    pub error: Option<String>,
    /// What is wrong with the source, as this round alone saw it.
    #[serde(default)]
    pub finding: Option<Finding>,
    /// The source's state after it.
    #[serde(default)]
    pub state: State,
}

impl Round {
    /// True when the source failed or was refused, though the generic rules may have stood in.
    pub fn has_failed(&self) -> bool {
        let is_bad = |finding: &Finding| matches!(finding.state, State::Broken | State::Blocked);
        self.error.is_some() || self.finding.as_ref().is_some_and(is_bad)
    }
}

/// A candidate that brought nothing.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// Its address.
    pub url: String,
    /// Why.
    pub why: String,
}

/// Why a round stopped.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Listing(#[from] ListingError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Host(FetchError),
}

impl Line {
    /// Loads what dedup remembers from the store, what it keeps out, and the hosts that asked for patience.
    pub async fn remember(&self) -> Result<(), StoreError> {
        let since = self.clock.now().saturating_sub(dedup::KEPT).unwrap_or(Timestamp::MIN);
        let mut after = None;
        loop {
            let headings = self.store.headings(after, 4_096).await?;
            let Some(last) = headings.last() else { break };
            after = Some(last.id);
            let (withdrawn, live): (Vec<Heading>, Vec<Heading>) = headings.into_iter().partition(|h| h.withdrawn);
            for article in self.store.articles(withdrawn.iter().map(|heading| heading.id).collect()).await? {
                if self.store.is_blocked(&withdraw::text_key(&article)).await? {
                    self.memory.lock().unwrap_or_else(PoisonError::into_inner).keep_out(known(&article));
                }
            }
            let mut young = Vec::new();
            for heading in live {
                self.recent.lock().unwrap_or_else(PoisonError::into_inner).insert(&heading);
                young.extend((heading.first_seen >= since).then_some(heading.id));
            }
            for some in young.chunks(200) {
                let articles = self.store.articles(some.to_vec()).await?;
                let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
                articles.iter().for_each(|article| memory.insert(known(article)));
            }
        }
        for (host, until) in self.store.hosts().await? {
            self.fetcher.restore(&host, until);
        }
        Ok(())
    }

    /// Checks one source, if nobody else is at it. `None`: another process holds its lease.
    pub async fn check(&self, source: &Source, recheck: Recheck, crawl: &Crawl) -> Result<Option<Round>, StoreError> {
        if !self.take(source, self.clock.now()).await? {
            return Ok(None);
        }
        let round = self.round(source, recheck, crawl).await;
        // The lease goes whatever happened: a source must not stay locked because its store write failed once.
        self.store.release(&source.id, self.holder).await?;
        round.map(Some)
    }

    async fn take(&self, source: &Source, now: Timestamp) -> Result<bool, StoreError> {
        let until = now.saturating_add(LEASE).unwrap_or(now);
        self.store.lease(&source.id, self.holder, now, until).await
    }

    /// Takes the source again once half of the lease is over: a thousand pages of a slow host take longer than one.
    async fn keep(&self, source: &Source, taken: &mut Timestamp) -> Result<(), StoreError> {
        let now = self.clock.now();
        if now.duration_since(*taken) > LEASE / 2 {
            if !self.take(source, now).await? {
                tracing::warn!(source = %source.id, "another round of this source began before this one ended");
            }
            *taken = now;
        }
        Ok(())
    }

    async fn round(&self, source: &Source, recheck: Recheck, crawl: &Crawl) -> Result<Round, StoreError> {
        let mut state = self.store.source(&source.id).await?.unwrap_or_default();
        let mut round = Round::default();
        let mut seen = Seen {
            selectors: trouble::selectors(source),
            has_profile: source.profile.is_some(),
            is_mixed: source.kind == Kind::Sitemap,
            rules: trouble::rules_of(source),
            ..Seen::default()
        };
        let result = self.walk(source, recheck, &mut state, &mut round, &mut seen).await;
        let ended = self.clock.now();
        match result {
            Ok(()) => {
                state.failures = 0;
                state.first_round_done |= !self.stop.is_cancelled();
            }
            Err(RoundError::Store(error)) => return Err(error),
            Err(error) => {
                let mut fault = trouble::fault(self, source, &error);
                if fault.finding.trouble.cause.may_be_ours() {
                    fault.trust = trouble::trust_in_network(self, source, &state.health).await?;
                }
                // What may be our own fault is not counted as the source's.
                if matches!(fault.trust, Trust::AtOnce | Trust::Twice) {
                    state.failures = state.failures.saturating_add(1);
                }
                seen.fault = Some(fault);
                round.error = Some(error.to_string());
            }
        }
        if round.stored + round.duplicate > 0 {
            state.last_new = Some(ended);
        }
        state.stored += (round.stored + round.duplicate) as u64;
        state.last_round = Some(ended);
        state.body = Some(source.body);
        seen.at = ended;
        seen.last_new = state.last_new;
        seen.found = round.found as u32;
        state.health = state.health.after(&seen);
        round.finding = state.health.finding_of(&seen);
        round.state = state.health.state;
        let not_before = source.url.host_str().and_then(|host| self.fetcher.not_before(host));
        state.next_due = Some(schedule::next_due(
            source.id.as_str(),
            ended,
            recent::pace(self, source, &state, crawl, ended),
            // What is not counted is tried again soon all the same.
            if round.error.is_some() { state.failures.max(1) } else { 0 },
            crawl.max_every,
            not_before,
        ));
        self.store.save_hosts(self.fetcher.all_not_before(), ended).await?;
        self.note_site(source).await?;
        self.save_state(source, state).await?;
        Ok(round)
    }

    /// The round proper: list, then bring every candidate, the oldest first so that the log reads in order.
    async fn walk(
        &self,
        source: &Source,
        recheck: Recheck,
        state: &mut SourceState,
        round: &mut Round,
        seen: &mut Seen,
    ) -> Result<(), RoundError> {
        let mut taken = self.clock.now();
        seen.listing = listing::refresh(self, source, state).await?;
        let fallback = seen.listing.as_ref().map_or(state.health.fallback, |listing| listing.fallback);
        if state.cut {
            let why = "the feed ends before its end: what came whole is taken".to_owned();
            tracing::warn!(source = %source.id, url = %source.url, why);
            round.failed.push(Failure { url: source.url.to_string(), why });
        }
        let mut known = HashSet::new();
        let candidates: Vec<_> = state.candidates.iter().filter(|c| known.insert(c.url.clone())).cloned().collect();
        round.found = candidates.len();
        state.found = candidates.len() as u32;
        self.tell(Step::Listed(source.id.clone(), candidates.len()));
        let listed = entry::addresses(source, &candidates);
        let (mut elsewhere, mut refusals) = (HashSet::new(), refusals::Refusals::default());
        for candidate in candidates.iter().rev() {
            if self.stop.is_cancelled() {
                break;
            }
            // What could not be stored is not asked for.
            self.store.room()?;
            self.keep(source, &mut taken).await?;
            let host = host_of(&candidate.url);
            if elsewhere.contains(&host) {
                let why = "its host wants no further request for now".to_owned();
                round.failed.push(Failure { url: candidate.url.clone(), why });
                continue;
            }
            let of_round = entry::Round { recheck, first_round: !state.first_round_done, listed: &listed };
            let outcome = entry::bring(self, source, candidate, of_round, seen).await;
            let refusing = refusals.note(&host, &outcome);
            seen.answered += u32::from(outcome.as_ref().is_ok_and(|outcome| outcome.is_answer()));
            match outcome {
                Ok(Outcome::New) => round.stored += 1,
                Ok(Outcome::SameStory) => round.duplicate += 1,
                Ok(Outcome::Revised) => round.revised += 1,
                Ok(Outcome::Withdrawn) => round.withdrawn += 1,
                Ok(Outcome::Unchanged | Outcome::NotDue | Outcome::NoArticle) => round.unchanged += 1,
                Ok(Outcome::Blocked) => {
                    round.unchanged += 1;
                    // A candidate holds a title, and what a feed said: neither is kept of what was taken down.
                    state.candidates.retain(|kept| kept.url != candidate.url);
                }
                Err(EntryError::Store(error)) => return Err(error.into()),
                // The source's host said no: asking it for the next candidate would be rude, and answer the same.
                Err(EntryError::Fetch(error))
                    if refusing.as_ref().is_some_and(|host| *host == host_of(source.url.as_str())) =>
                {
                    return Err(RoundError::Host(error));
                }
                Err(error) => {
                    seen.fail(trouble::of_candidate(&self.fetcher, &error));
                    // Another host that says no is left alone for this round; that says nothing against the source.
                    elsewhere.extend(refusing);
                    tracing::warn!(source = %source.id, url = %candidate.url, %error, "candidate failed");
                    round.failed.push(Failure { url: candidate.url.clone(), why: error.to_string() });
                }
            }
            self.tell(Step::Done(source.id.clone()));
        }
        if recheck == Recheck::Due && state.first_round_done {
            recent::recheck(self, source, round, state, seen, &mut taken).await?;
        }
        // A list that the generic rules read is not as configured, however whole its articles are.
        seen.last_good = seen.last_good.take().filter(|_| !fallback);
        // What may be our own fault is not counted as the articles'.
        if self.fetcher.network().outage().is_some() {
            seen.first_failure = seen.first_failure.take().filter(|trouble| !trouble.cause.may_be_ours());
        }
        Ok(())
    }

    fn tell(&self, step: Step) {
        if let Some(progress) = &self.progress {
            progress.send(step).ok();
        }
    }
}

/// An address's host, `www.` ignored.
fn host_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| String::new(), |url| fetch::host_key(&url))
}

/// What dedup remembers of a stored article.
fn known(article: &Article) -> Known {
    Known {
        id: article.id,
        story: article.story,
        language: article.language.language,
        primary: article.primary_country(),
        published: article.published.at,
        stored: article.first_seen,
        title: article.title.clone(),
        marks: Marks::of(article),
        // A record of an earlier version is remembered as if it were of this one; `reprocess` writes it so.
        fingerprint: if dedup::is_outdated(&article.fingerprint) && !article.is_erased() {
            dedup::fingerprint(&article.title, &article.text)
        } else {
            article.fingerprint.clone()
        },
    }
}

/// True for what was there before we looked: a source's first round, and what was published long before it was seen.
fn is_backfill(first_round: bool, published: Timestamp, first_seen: Timestamp) -> bool {
    first_round || first_seen.duration_since(published) > NEWS_FOR
}
