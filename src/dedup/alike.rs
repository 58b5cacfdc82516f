//! Two texts of one language held against each other. It never merges what differs in its figures.

use super::fingerprint::{likeness, numbers_agree, shared};
use super::{Known, Verdict};
use crate::article::fold;

/// As alike as this, with numbers that agree: a duplicate.
const DUPLICATE: f32 = 0.60;
/// As alike as this, with numbers that agree and half the title's words: the story retold.
const VERSION: f32 = 0.40;
/// This share of the shorter text stands in the longer one: an abridged copy.
const CONTAINED: f32 = 0.85;
/// Below this likeness the estimate of what is contained is mostly noise.
const LEAST_FOR_CONTAINED: f32 = 0.12;

/// How alike, and what that makes of the candidate; `None`: two stories.
pub(super) fn compare(known: &Known, candidate: &Known) -> Option<(f32, Verdict)> {
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    if a.signature.is_empty() || b.signature.is_empty() || !numbers_agree(&a.numbers, &b.numbers) {
        return None;
    }
    if known.primary.is_some() && candidate.primary.is_some() && known.primary != candidate.primary {
        return None;
    }
    let likeness = likeness(&a.signature, &b.signature);
    if likeness >= DUPLICATE {
        return Some((likeness, Verdict::Duplicate { of: known.id }));
    }
    if likeness >= VERSION && titles_alike(&known.title, &candidate.title) {
        return Some((likeness, Verdict::Version { of: known.id }));
    }
    (likeness >= LEAST_FOR_CONTAINED && is_contained(likeness, known, candidate))
        .then_some((likeness, Verdict::Version { of: known.id }))
}

/// Abridged: nearly all of the shorter text, and of its numbers, stands in the longer one.
fn is_contained(likeness: f32, known: &Known, candidate: &Known) -> bool {
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    let (short, long) = if a.words <= b.words { (a, b) } else { (b, a) };
    let contained = likeness * (short.words + long.words) as f32 / ((1.0 + likeness) * short.words as f32);
    let numbers = short.numbers.is_empty() || 10 * shared(&short.numbers, &long.numbers) >= 8 * short.numbers.len();
    contained >= CONTAINED && numbers
}

/// Half of the words of the shorter title stand in the other. Texts without titles say nothing against it.
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
