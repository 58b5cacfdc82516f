//! Is it the same story? Canonical addresses, fingerprints and the verdict, all pure.
//! It never touches a store, and no verdict rests on words alone where figures disagree.

mod alike;
mod canonical;
mod fingerprint;
mod kept_out;
mod translation;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::article::{ArticleId, Country, Fingerprint, Language, StoryId};

pub use canonical::{canonical, readable};
pub use fingerprint::fingerprint;
pub use translation::{Marks, image_key};

/// What is remembered of a stored article.
#[derive(Debug, Clone)]
pub struct Known {
    /// Which.
    pub id: ArticleId,
    /// Its story.
    pub story: StoryId,
    /// Its language.
    pub language: Language,
    /// Its primary country.
    pub primary: Option<Country>,
    /// When it was published.
    pub published: Timestamp,
    /// When it was stored.
    pub stored: Timestamp,
    /// Its title.
    pub title: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// What links it to its translations.
    pub marks: Marks,
}

/// What an article is to those known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A story not seen before.
    New,
    /// The same text, or nearly.
    Duplicate {
        /// Of which.
        of: ArticleId,
    },
    /// The same story retold or abridged: both are kept.
    Version {
        /// Of which.
        of: ArticleId,
    },
    /// The same story in another language.
    Translation {
        /// Of which.
        of: ArticleId,
    },
}

/// Both halves of a judgement: the same story in this language, and in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judgement {
    /// A duplicate or a version.
    pub same: Option<Verdict>,
    /// The article that this one translates.
    pub translation: Option<ArticleId>,
}

impl Judgement {
    /// The one word for it: a copy before a translation before something new.
    pub fn verdict(self) -> Verdict {
        self.same.or(self.translation.map(|of| Verdict::Translation { of })).unwrap_or(Verdict::New)
    }
}

/// Articles that a new one is held against, found by their day and by how rare their marks are. It holds those that were
/// stored within [`KEPT`] of the newest: exact copies of older ones are found by their hash, which the store keeps.
#[derive(Debug, Default)]
pub struct Memory {
    known: HashMap<ArticleId, Known>,
    /// By the day on which they were stored; some may be gone.
    stored: BTreeMap<i64, Vec<ArticleId>>,
    days: BTreeMap<i64, Vec<ArticleId>>,
    counts: translation::Counts,
    holders: translation::Holders,
    /// Languages of each story: a translation is one to one.
    stories: HashMap<StoryId, BTreeMap<Language, u32>>,
    kept_out: kept_out::KeptOut,
}

/// Copies of one release are published within this many days of each other.
const WINDOW: i64 = 60;
/// What was stored within this is remembered.
pub const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

impl Memory {
    /// Knows nothing yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Remembers an article, in place of what was known of it, unless it was stored too long before the newest.
    pub fn insert(&mut self, known: Known) {
        self.remove(known.id);
        let newest = self.stored.last_key_value().map_or(i64::MIN, |(day, _)| *day).max(day(known.stored));
        if day(known.stored) < oldest(newest) {
            return;
        }
        self.stored.entry(day(known.stored)).or_default().push(known.id);
        while let Some(old) = self.stored.first_entry().filter(|entry| *entry.key() < oldest(newest)) {
            for id in old.remove() {
                if self.known.get(&id).is_some_and(|known| day(known.stored) < oldest(newest)) {
                    self.remove(id);
                }
            }
        }
        self.days.entry(day(known.published)).or_default().push(known.id);
        self.counts.add(&known, 1);
        self.holders.add(&known);
        *self.stories.entry(known.story).or_default().entry(known.language).or_default() += 1;
        self.known.insert(known.id, known);
    }

    /// Forgets an article.
    pub fn remove(&mut self, id: ArticleId) {
        let Some(old) = self.known.remove(&id) else { return };
        if let Some(ids) = self.days.get_mut(&day(old.published)) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.days.remove(&day(old.published));
            }
        }
        self.counts.add(&old, -1);
        self.holders.remove(&old);
        if let Some(languages) = self.stories.get_mut(&old.story)
            && let Some(count) = languages.get_mut(&old.language)
        {
            *count -= 1;
            if *count == 0 {
                languages.remove(&old.language);
            }
            if languages.is_empty() {
                self.stories.remove(&old.story);
            }
        }
    }

    /// Keeps an article's text out from now on; the article itself is forgotten.
    pub fn keep_out(&mut self, known: Known) {
        self.remove(known.id);
        self.kept_out.insert(known);
    }

    /// Lets an article's text in again.
    pub fn let_in(&mut self, id: ArticleId) {
        self.kept_out.remove(id);
    }

    /// True when a candidate's text is kept out, or nearly the same as one that is.
    pub fn is_kept_out(&self, candidate: &Known) -> bool {
        self.kept_out.holds(candidate)
    }

    /// The judgement on a candidate; `exact` is the stored article with the same exact hash, if there is one.
    pub fn judge(&self, candidate: &Known, exact: Option<ArticleId>) -> Judgement {
        Judgement { same: self.same(candidate, exact), translation: self.translation(candidate) }
    }

    fn same(&self, candidate: &Known, exact: Option<ArticleId>) -> Option<Verdict> {
        if let Some(of) = exact.filter(|of| *of != candidate.id) {
            return Some(Verdict::Duplicate { of });
        }
        let mut best: Option<(f32, Verdict, ArticleId)> = None;
        for known in self.near(candidate, WINDOW).filter(|known| known.language == candidate.language) {
            let Some((likeness, verdict)) = alike::compare(known, candidate) else { continue };
            // Ties go to the smaller id, so that the verdict does not hang on the order of arrival.
            if best.as_ref().is_none_or(|(score, _, id)| likeness > *score || (likeness == *score && known.id < *id)) {
                best = Some((likeness, verdict, known.id));
            }
        }
        best.map(|(_, verdict, _)| verdict)
    }

    fn translation(&self, candidate: &Known) -> Option<ArticleId> {
        let free = |known: &&Known| {
            known.language != candidate.language
                && self.stories.get(&known.story).is_none_or(|languages| !languages.contains_key(&candidate.language))
        };
        let holders = self.holders.of(candidate).filter_map(|id| self.known.get(&id));
        let holders = holders.filter(|known| is_kept(known, candidate));
        if let Some(certain) = holders.filter(free).filter(|k| translation::certain(k, candidate)).map(|k| k.id).min() {
            return Some(certain);
        }
        let mut scores: Vec<(f32, StoryId, ArticleId)> = self
            .near(candidate, translation::MOST_DAYS)
            .filter(free)
            .map(|known| (self.counts.score(known, candidate), known.story, known.id))
            .filter(|(score, ..)| *score >= translation::LEAST - translation::MARGIN)
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let (best, story, id) = *scores.first()?;
        // Copies of one story are no rivals of each other.
        let runner_up = scores.iter().find(|(_, other, _)| *other != story).map_or(0.0, |(score, ..)| *score);
        (best >= translation::LEAST && best - runner_up >= translation::MARGIN).then_some(id)
    }

    /// Articles published within some days of the candidate, itself left out.
    fn near<'a>(&'a self, candidate: &'a Known, days: i64) -> impl Iterator<Item = &'a Known> {
        let at = day(candidate.published);
        let ids = self.days.range(at.saturating_sub(days)..=at.saturating_add(days)).flat_map(|(_, ids)| ids);
        let others = ids.filter(|id| **id != candidate.id).filter_map(|id| self.known.get(id));
        others.filter(|known| is_kept(known, candidate))
    }
}

/// False for what was stored too long before: it may be here still, or not.
fn is_kept(known: &Known, candidate: &Known) -> bool {
    day(known.stored) >= oldest(day(candidate.stored))
}

/// The first day of what is kept on another one.
fn oldest(day: i64) -> i64 {
    day.saturating_sub(KEPT.as_hours() / 24)
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}
