//! Two texts of one language held against each other. It never merges what differs in its figures or in its names.

use super::fingerprint::{Overlap, comparable, overlap, shared};
use super::{Known, Verdict};
use crate::article::fold;

/// As alike as this, with numbers and names that agree: a duplicate.
const DUPLICATE: f32 = 0.68;
/// As alike as this, and half the title's words: the story retold. Other stories in one frame are as alike as this.
const VERSION: f32 = 0.40;
/// As alike as this without titles to ask: retold. A copy that stands whole among a site's own words: a duplicate.
const ENOUGH: f32 = 0.60;
/// This share of the shorter text stands in the longer one: all of it, but for a corrected word.
const CONTAINED: f32 = 0.96;
/// Below this likeness, or on fewer equal bins, what is contained is not known well enough.
const LEAST_FOR_CONTAINED: (f32, u32) = (0.10, 12);

/// What two texts of one story are to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alike {
    /// Among rivals: likeness and figures together.
    pub(super) rank: f32,
    pub(super) verdict: Verdict,
    /// The texts as a whole, or title and text, say so, and not alone that one stands in the other.
    pub(super) is_sure: bool,
}

/// What a candidate is to a known article of its language; `None`: two stories.
pub(super) fn compare(known: &Known, candidate: &Known) -> Option<Alike> {
    if known.primary.is_some() && candidate.primary.is_some() && known.primary != candidate.primary {
        return None;
    }
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    let overlap = overlap(&a.signature, &b.signature)?;
    let likeness = overlap.likeness;
    if likeness < LEAST_FOR_CONTAINED.0 {
        return None;
    }
    let agreement = agreement(&a.numbers, &b.numbers)?;
    if !names_agree(&a.names, &b.names) {
        return None;
    }
    let contained = is_contained(&overlap, known, candidate);
    if !contained && likeness < VERSION {
        return None;
    }
    let is_copy = likeness >= DUPLICATE || contained && likeness >= ENOUGH;
    let untitled = known.title.is_empty() && candidate.title.is_empty();
    let is_sure = is_copy || untitled && likeness >= ENOUGH || titles_alike(&known.title, &candidate.title);
    let verdict = if is_copy { Verdict::Duplicate { of: known.id } } else { Verdict::Version { of: known.id } };
    // Among rivals the figures decide: boilerplate makes other stories look alike.
    (is_sure || contained).then_some(Alike { rank: likeness + agreement, verdict, is_sure })
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

/// The guard of names: false where both texts name four or more, and share less than two in three of the smaller set.
fn names_agree(a: &[u32], b: &[u32]) -> bool {
    let (a, b) = comparable(a, b);
    let least = a.len().min(b.len());
    least < 4 || 3 * shared(a, b) >= 2 * least
}

/// Abridged, or framed by a site's own words: the shorter text, and nearly all of its numbers, stand in the longer one.
fn is_contained(overlap: &Overlap, known: &Known, candidate: &Known) -> bool {
    let (a, b) = (&known.fingerprint, &candidate.fingerprint);
    let (contained, short, long) =
        if a.words <= b.words { (overlap.contained.0, a, b) } else { (overlap.contained.1, b, a) };
    let numbers = 10 * shared(&short.numbers, &long.numbers) >= 8 * short.numbers.len();
    contained >= CONTAINED && overlap.equal >= LEAST_FOR_CONTAINED.1 && numbers
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
