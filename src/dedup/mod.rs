//! Is it the same story? Canonical addresses, fingerprints and the verdict, all pure.
//! It never touches a store, and no verdict rests on words alone where figures disagree.

mod canonical;
mod fingerprint;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::article::{ArticleId, Country, Fingerprint, Language, StoryId, fold};

pub use canonical::{canonical, readable};
pub use fingerprint::fingerprint;

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
    /// Its title.
    pub title: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
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
    /// The same story retold: both are kept.
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

/// Articles that a new one is held against.
#[derive(Debug, Default)]
pub struct Memory {
    known: HashMap<ArticleId, Known>,
}

/// As alike as this, with numbers that agree: a duplicate.
const DUPLICATE: f32 = 0.60;
/// As alike as this, with numbers that agree and half the title's words: the story retold.
const VERSION: f32 = 0.40;
/// Copies of one release are published within this of each other.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 60);

impl Memory {
    /// Knows nothing yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Remembers an article, in place of what was known of it.
    pub fn insert(&mut self, known: Known) {
        self.known.insert(known.id, known);
    }

    /// Forgets an article.
    pub fn remove(&mut self, id: ArticleId) {
        self.known.remove(&id);
    }

    /// The verdict on a candidate; `exact` is the stored article with the same exact hash, if there is one.
    pub fn judge(&self, candidate: &Known, exact: Option<ArticleId>) -> Verdict {
        if let Some(of) = exact.filter(|of| *of != candidate.id) {
            return Verdict::Duplicate { of };
        }
        let mut best: Option<(f32, Verdict, ArticleId)> = None;
        for known in
            self.known.values().filter(|known| known.id != candidate.id && known.language == candidate.language)
        {
            let Some((likeness, verdict)) = compare(known, candidate) else { continue };
            // Ties go to the smaller id, so that the verdict does not hang on the order of a map.
            if best.as_ref().is_none_or(|(score, _, id)| likeness > *score || (likeness == *score && known.id < *id)) {
                best = Some((likeness, verdict, known.id));
            }
        }
        best.map_or(Verdict::New, |(_, verdict, _)| verdict)
    }
}

fn compare(known: &Known, candidate: &Known) -> Option<(f32, Verdict)> {
    let apart = known.published.duration_since(candidate.published).abs();
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    if apart > WINDOW
        || a.signature.is_empty()
        || b.signature.is_empty()
        || !fingerprint::numbers_agree(&a.numbers, &b.numbers)
    {
        return None;
    }
    if known.primary.is_some() && candidate.primary.is_some() && known.primary != candidate.primary {
        return None;
    }
    let likeness = fingerprint::likeness(&a.signature, &b.signature);
    if likeness >= DUPLICATE {
        return Some((likeness, Verdict::Duplicate { of: known.id }));
    }
    (likeness >= VERSION && titles_alike(&known.title, &candidate.title))
        .then_some((likeness, Verdict::Version { of: known.id }))
}

/// Half of the words of the shorter title stand in the other.
fn titles_alike(a: &str, b: &str) -> bool {
    let words = |text: &str| {
        fold(text)
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| w.chars().count() > 2)
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let (a, b) = (words(a), words(b));
    let least = a.len().min(b.len());
    least > 0 && 2 * a.intersection(&b).count() >= least
}
