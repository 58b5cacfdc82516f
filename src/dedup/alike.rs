//! Two texts of one language held against each other. It never merges what differs in its figures.

use super::fingerprint::{likeness, shared};
use super::{Known, Verdict};
use crate::article::fold;

/// As alike as this, with numbers that agree: a duplicate.
const DUPLICATE: f32 = 0.60;
/// As alike as this, with numbers that agree and half the title's words: the story retold.
const VERSION: f32 = 0.40;
/// Without titles to ask: as alike as a text of which less than a third was rewritten.
const UNTITLED: f32 = 0.55;
/// This share of the shorter text stands in the longer one: an abridged copy.
const CONTAINED: f32 = 0.87;
/// Below this likeness the estimate of what is contained is mostly noise.
const LEAST_FOR_CONTAINED: f32 = 0.15;

/// A rank among candidates, likeness and figures together, and what that makes of the candidate; `None`: two stories.
pub(super) fn compare(known: &Known, candidate: &Known) -> Option<(f32, Verdict)> {
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    if a.signature.is_empty() || b.signature.is_empty() {
        return None;
    }
    if known.primary.is_some() && candidate.primary.is_some() && known.primary != candidate.primary {
        return None;
    }
    let likeness = likeness(&a.signature, &b.signature);
    if likeness < LEAST_FOR_CONTAINED {
        return None;
    }
    let agreement = agreement(&a.numbers, &b.numbers)?;
    // Among rivals the figures decide: boilerplate makes other stories look alike.
    let rank = likeness + agreement / 2.0;
    if likeness >= DUPLICATE {
        return Some((rank, Verdict::Duplicate { of: known.id }));
    }
    let untitled = known.title.is_empty() && candidate.title.is_empty();
    if likeness >= VERSION && titles_alike(&known.title, &candidate.title) || untitled && likeness >= UNTITLED {
        return Some((rank, Verdict::Version { of: known.id }));
    }
    is_contained(likeness, known, candidate).then_some((rank, Verdict::Version { of: known.id }))
}

/// The number guard: `None` where both texts hold two or more numbers and share less than half of the smaller set;
/// else the share of the smaller set that both hold.
fn agreement(a: &[u64], b: &[u64]) -> Option<f32> {
    let least = a.len().min(b.len());
    let shared = shared(a, b);
    if least >= 2 && 2 * shared < least {
        return None;
    }
    Some(if least == 0 { 0.0 } else { shared as f32 / least as f32 })
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
