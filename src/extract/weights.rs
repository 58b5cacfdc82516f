//! The model's trees, written by `tests/train/train.py`.

use super::judge::Node;

/// How many numbers a piece has.
pub(super) const FEATURES: usize = 1;
/// From this chance on a piece is kept.
pub(super) const THRESHOLD: f32 = 0.42;
/// Where each tree begins.
pub(super) const ROOTS: &[u16] = &[0];
/// Every node of every tree.
pub(super) const NODES: &[Node] = &[Node::Leaf(0.0)];
