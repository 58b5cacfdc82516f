//! Is it the same story? Canonical addresses, fingerprints and the verdict, all pure.
//! It never touches a store, and no verdict rests on words alone where figures disagree.

mod alike;
mod canonical;
mod fingerprint;
mod groups;
mod kept_out;
mod translation;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::article::{ArticleId, Country, Fingerprint, Language, StoryId};

pub use canonical::{canonical, readable};
pub use fingerprint::{figures, fingerprint, is_outdated};
pub use groups::Groups;
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

/// A judgement: the same story in this language, and in others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// A duplicate or a version.
    pub same: Option<Verdict>,
    /// Further articles that are surely the same story, each of another story so far: the stories are one.
    pub also: Vec<ArticleId>,
    /// Articles that this one translates: of each language one at most, the surest first.
    pub translations: Vec<ArticleId>,
    /// An article whose translation this one is, and not, as it seemed before, another of its story in this one's
    /// language.
    pub taken: Option<ArticleId>,
}

impl Judgement {
    /// The one word for it: a copy before a translation before something new.
    pub fn verdict(&self) -> Verdict {
        let translates = self.translations.first().copied().or(self.taken);
        self.same.or(translates.map(|of| Verdict::Translation { of })).unwrap_or(Verdict::New)
    }

    /// The stored articles whose stories it belongs to, the surest first.
    pub fn joins(&self) -> impl Iterator<Item = ArticleId> + '_ {
        let same = self.same.and_then(|verdict| match verdict {
            Verdict::Duplicate { of } | Verdict::Version { of } | Verdict::Translation { of } => Some(of),
            Verdict::New => None,
        });
        same.into_iter().chain(self.also.iter().copied()).chain(self.translations.iter().copied())
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
    /// Members of each story: a translation is one to one.
    stories: HashMap<StoryId, Vec<ArticleId>>,
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
        self.stories.entry(known.story).or_default().push(known.id);
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
        if let Some(members) = self.stories.get_mut(&old.story) {
            members.retain(|other| *other != id);
            if members.is_empty() {
                self.stories.remove(&old.story);
            }
        }
    }

    /// True for an article that a candidate is held against.
    pub fn judges(&self, id: ArticleId, candidate: &Known) -> bool {
        self.known.get(&id).is_some_and(|known| is_kept(known, candidate))
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
        let mut judgement = Judgement::default();
        self.same(candidate, exact, &mut judgement);
        self.translations(candidate, &mut judgement);
        judgement
    }

    fn same(&self, candidate: &Known, exact: Option<ArticleId>, judgement: &mut Judgement) {
        let same = self.near(candidate, WINDOW).filter(|known| known.language == candidate.language);
        let mut same: Vec<(alike::Alike, &Known)> =
            same.filter_map(|known| Some((alike::compare(known, candidate)?, known))).collect();
        // Ties go to the smaller id, so that the verdict does not hang on the order of arrival.
        same.sort_by(|(a, one), (b, other)| b.rank.total_cmp(&a.rank).then(one.id.cmp(&other.id)));
        let (verdict, is_sure, story) = match (exact.filter(|of| *of != candidate.id), same.first()) {
            (Some(of), _) => (Verdict::Duplicate { of }, true, self.known.get(&of).map(|known| known.story)),
            (None, Some((best, known))) => (best.verdict, best.is_sure, Some(known.story)),
            (None, None) => return,
        };
        judgement.same = Some(verdict);
        let mut stories = vec![story];
        // What is certain of both makes the two one; a short text that stands in two long ones proves nothing of them.
        for (_, known) in same.iter().filter(|(alike, _)| alike.is_sure && is_sure) {
            if !stories.contains(&Some(known.story)) {
                stories.push(Some(known.story));
                judgement.also.push(known.id);
            }
        }
    }

    fn translations(&self, candidate: &Known, judgement: &mut Judgement) {
        let home: Vec<StoryId> =
            judgement.joins().filter_map(|id| self.known.get(&id)).map(|known| known.story).collect();
        let mut spoken: Vec<Language> = home.iter().flat_map(|story| self.languages(*story)).collect();
        spoken.push(candidate.language);
        let mut found = self.likely_translations(candidate);
        found.retain(|(_, known)| !home.contains(&known.story));
        while let Some(language) = found.first().map(|(_, known)| known.language) {
            let (rivals, others): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|(_, known)| known.language == language);
            found = others;
            let Some((score, best)) = self.clear_best(&rivals, candidate) else { continue };
            let languages = self.languages(best.story);
            if score < translation::CERTAIN && spoken.contains(&language) {
                continue;
            }
            if !self.is_free(best, candidate) {
                // One at a time: what is taken out of its story moves in the same transaction.
                judgement.taken = judgement.taken.or(Some(best.id));
                spoken.push(language);
            } else if score == translation::CERTAIN || languages.iter().all(|l| !spoken.contains(l)) {
                judgement.translations.push(best.id);
                spoken.extend(languages);
            }
        }
    }

    /// Articles of other languages that a candidate may be a translation of, the surest first.
    fn likely_translations<'a>(&'a self, candidate: &'a Known) -> Vec<(f32, &'a Known)> {
        let holders = self.holders.of(candidate).filter_map(|id| self.known.get(&id));
        let marked = holders.filter(|known| is_kept(known, candidate) && translation::is_certain(known, candidate));
        let near = self.near(candidate, translation::MOST_DAYS).filter(|known| known.language != candidate.language);
        let scored = near.map(|known| (self.counts.score(known, candidate), known));
        let scored = scored.filter(|(score, _)| *score >= translation::LEAST - translation::MARGIN);
        let marked = marked.filter(|known| known.language != candidate.language && known.id != candidate.id);
        let mut found: Vec<_> = marked.map(|known| (translation::CERTAIN, known)).chain(scored).collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
        found
    }

    /// The best among rivals of one language, the surest first, if it is good enough and the next story is far behind.
    /// Who has a partner that is no worse is no rival.
    fn clear_best<'a>(&self, rivals: &[(f32, &'a Known)], candidate: &Known) -> Option<(f32, &'a Known)> {
        let has_worse = |score: f32, known: &Known| {
            let partners = self.members(known.story).filter(|other| other.language == candidate.language);
            let sure = partners.map(|partner| match translation::is_certain(known, partner) {
                true => translation::CERTAIN,
                false => self.counts.score(known, partner),
            });
            score > sure.fold(f32::NEG_INFINITY, f32::max) + translation::MARGIN
        };
        let mut free =
            rivals.iter().filter(|(score, known)| self.is_free(known, candidate) || has_worse(*score, known));
        let (score, best) = *free.next()?;
        // Copies of one story are no rivals of each other.
        let next = free.find(|(_, other)| other.story != best.story).map_or(0.0, |(score, _)| *score);
        let clear = score >= translation::LEAST && score - next >= translation::MARGIN;
        (clear || score == translation::CERTAIN).then_some((score, best))
    }

    /// True where no member of an article's story is in a candidate's language.
    fn is_free(&self, known: &Known, candidate: &Known) -> bool {
        !self.languages(known.story).contains(&candidate.language)
    }

    fn languages(&self, story: StoryId) -> Vec<Language> {
        self.members(story).map(|known| known.language).collect()
    }

    fn members(&self, story: StoryId) -> impl Iterator<Item = &Known> {
        self.stories.get(&story).into_iter().flatten().filter_map(|id| self.known.get(id))
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
