//! The chance that a piece belongs to the article, by the trees of `weights.rs`. Numbers in, a number out.

use super::weights::{FEATURES, NODES, ROOTS};

/// A node of a tree.
pub(super) enum Node {
    /// Feature, cut, and where to go: up to the cut, and beyond it.
    Split(u8, f32, u16, u16),
    /// What the tree adds.
    Leaf(f32),
}

/// Below this, after the first trees, nothing turns a piece any more.
const HOPELESS: f32 = -4.0;
/// How many trees are asked before giving up.
const FIRST: usize = 24;

/// Between 0 and 1. A row of the wrong length has none.
pub(super) fn chance(row: &[f32]) -> f32 {
    if row.len() != FEATURES {
        return 0.0;
    }
    let mut sum = 0.0;
    for (number, root) in ROOTS.iter().enumerate() {
        let mut at = usize::from(*root);
        // Children always stand behind their parent, so this ends.
        while let Some(Node::Split(feature, cut, left, right)) = NODES.get(at) {
            let value = row.get(usize::from(*feature)).copied().unwrap_or_default();
            at = usize::from(if value <= *cut { *left } else { *right });
        }
        if let Some(Node::Leaf(value)) = NODES.get(at) {
            sum += value;
        }
        if number == FIRST && sum < HOPELESS {
            return 0.0;
        }
    }
    1.0 / (1.0 + (-sum).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_sound() {
        assert!(ROOTS.iter().all(|root| usize::from(*root) < NODES.len()));
        for (at, node) in NODES.iter().enumerate() {
            if let Node::Split(feature, _, left, right) = node {
                assert!(usize::from(*feature) < FEATURES);
                for child in [left, right] {
                    assert!(usize::from(*child) > at && usize::from(*child) < NODES.len());
                }
            }
        }
        assert!((0.0..=1.0).contains(&chance(&vec![0.0; FEATURES])));
        assert_eq!(chance(&[]), 0.0);
    }
}
