//! The chance that a piece belongs to the article, by the trees of `weights.rs`. Numbers in, a number out.

use super::weights::{DEPTH, FEATURES, HOPELESS, NODES, ROOTS};

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

/// The numbers of a piece, and behind them the one of `LEAF`.
pub(super) type Row = [f32; WIDTH];
const WIDTH: usize = 128;
/// The number that is beyond no cut, so that who is at a leaf stays there.
const LEAF: u8 = 127;
const _: () = assert!(FEATURES < LEAF as usize, "a row has no place for so many numbers");

/// So many pieces go down a tree side by side: a processor waits for each step of one, not for those of eight.
pub(super) const SIDE_BY_SIDE: usize = 8;

pub(super) const fn split(feature: u8, cut: f32, left: u16) -> Node {
    Node { value: cut, left, feature }
}

pub(super) const fn leaf(adds: f32) -> Node {
    Node { value: adds, left: 0, feature: LEAF }
}

/// A power of two, so that no look at it can go astray.
const COUNT: usize = NODES.len().next_power_of_two();

/// The nodes; a leaf leads to itself.
static TREES: [Node; COUNT] = {
    let mut trees = [leaf(0.0); COUNT];
    let mut at = 0;
    while at < NODES.len() {
        trees[at] = NODES[at];
        if trees[at].feature == LEAF {
            trees[at].left = at as u16;
        }
        at += 1;
    }
    trees
};

/// How far a row is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until no more is to be expected of it: what is given up has no chance. Most of a page is furniture.
    Short,
    /// To the end.
    Long,
}

/// A row without any numbers yet.
pub(super) const fn empty() -> Row {
    let mut row = [0.0; WIDTH];
    row[LEAF as usize] = f32::NEG_INFINITY;
    row
}

/// Between 0 and 1, one for each row.
pub(super) fn chances(rows: &[Row; SIDE_BY_SIDE], patience: Patience) -> [f32; SIDE_BY_SIDE] {
    let (mut sums, mut asked) = ([0.0; SIDE_BY_SIDE], 0);
    let mut is_given_up = [false; SIDE_BY_SIDE];
    for (after, least) in HOPELESS.iter().filter(|_| patience == Patience::Short) {
        ask(rows, ROOTS.get(asked..*after).unwrap_or_default(), &mut sums);
        asked = *after;
        for (given_up, sum) in is_given_up.iter_mut().zip(sums) {
            *given_up |= sum < *least;
        }
        if is_given_up.iter().all(|given_up| *given_up) {
            return [0.0; SIDE_BY_SIDE];
        }
    }
    ask(rows, ROOTS.get(asked..).unwrap_or_default(), &mut sums);
    let mut chances = sums.map(|sum: f32| 1.0 / (1.0 + (-sum).exp()));
    for (chance, _) in chances.iter_mut().zip(is_given_up).filter(|(_, given_up)| *given_up) {
        *chance = 0.0;
    }
    chances
}

/// Adds what some trees say.
fn ask(rows: &[Row; SIDE_BY_SIDE], roots: &[u16], sums: &mut [f32; SIDE_BY_SIDE]) {
    for root in roots {
        let mut at = [*root; SIDE_BY_SIDE];
        for _ in 0..DEPTH {
            for (at, row) in at.iter_mut().zip(rows) {
                let node = TREES[usize::from(*at) % COUNT];
                *at = node.left + u16::from(row[usize::from(node.feature) % WIDTH] > node.value);
            }
        }
        for (sum, at) in sums.iter_mut().zip(at) {
            *sum += TREES[usize::from(at) % COUNT].value;
        }
    }
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
        // Nothing is deeper than it is followed.
        let mut level: Vec<u16> = ROOTS.to_vec();
        for _ in 0..DEPTH {
            let splits = level.iter().map(|at| NODES[usize::from(*at)]).filter(|node| node.feature != LEAF);
            level = splits.flat_map(|node| [node.left, node.left + 1]).collect();
        }
        assert!(level.iter().all(|at| NODES[usize::from(*at)].feature == LEAF));
        let chances = chances(&[empty(); SIDE_BY_SIDE], Patience::Long);
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance) && *chance == chances[0]));
    }
}
