//! The chance that a piece belongs to the article, by the trees of `weights.rs`. Numbers in, a number out.

use super::weights::{FEATURES, HOPELESS, NODES, ROOTS};

/// A node of a tree, in eight bytes: all of them together should stay near the processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// The cut of a split; what a leaf adds.
    value: f32,
    /// Where what is up to the cut goes on; what is beyond it goes one further.
    left: u16,
    /// Which number is looked at.
    feature: u8,
}

/// No feature: a leaf.
const LEAF: u8 = u8::MAX;

pub(super) const fn split(feature: u8, cut: f32, left: u16) -> Node {
    Node { value: cut, left, feature }
}

pub(super) const fn leaf(adds: f32) -> Node {
    Node { value: adds, left: 0, feature: LEAF }
}

/// How far a row is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until no more is to be expected of it: what is given up has no chance. Most of a page is furniture.
    Short,
    /// To the end.
    Long,
}

/// Between 0 and 1. A row of the wrong length has none. The row is filled up, so that no look at it can go astray.
pub(super) fn chance(row: &mut Vec<f32>, patience: Patience) -> f32 {
    if row.len() != FEATURES {
        return 0.0;
    }
    row.resize(1 << u8::BITS, 0.0);
    let Some(row) = row.first_chunk::<{ 1 << u8::BITS }>() else { return 0.0 };
    let (mut sum, mut asked) = (0.0, 0);
    for (after, least) in HOPELESS.iter().filter(|_| patience == Patience::Short) {
        sum += ask(row, ROOTS.get(asked..*after).unwrap_or_default());
        if sum < *least {
            return 0.0;
        }
        asked = *after;
    }
    sum += ask(row, ROOTS.get(asked..).unwrap_or_default());
    1.0 / (1.0 + (-sum).exp())
}

/// What some trees add up to.
fn ask(row: &[f32; 1 << u8::BITS], roots: &[u16]) -> f32 {
    let mut sum = 0.0;
    for root in roots {
        let mut at = usize::from(*root);
        // Children always stand behind their parent, so this ends.
        while let Some(node) = NODES.get(at) {
            if node.feature == LEAF {
                sum += node.value;
                break;
            }
            at = usize::from(node.left) + usize::from(row[usize::from(node.feature)] > node.value);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_sound() {
        assert!(ROOTS.iter().all(|root| usize::from(*root) < NODES.len()));
        for (at, node) in NODES.iter().enumerate() {
            if node.feature != LEAF {
                let left = usize::from(node.left);
                assert!(usize::from(node.feature) < FEATURES && left > at && left + 1 < NODES.len());
            }
        }
        assert!((0.0..=1.0).contains(&chance(&mut vec![0.0; FEATURES], Patience::Long)));
        assert_eq!(chance(&mut Vec::new(), Patience::Long), 0.0);
    }
}
