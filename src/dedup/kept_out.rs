//! Texts that an admin took down: what is as good as one of them stays out, whenever and wherever it turns up.
//! It keeps fingerprints and never a text.

use std::collections::HashMap;

use super::{Known, Verdict, alike};
use crate::article::ArticleId;

/// The texts that are kept out.
#[derive(Debug, Default)]
pub(super) struct KeptOut(HashMap<ArticleId, Known>);

impl KeptOut {
    pub(super) fn insert(&mut self, known: Known) {
        self.0.insert(known.id, known);
    }

    pub(super) fn remove(&mut self, id: ArticleId) {
        self.0.remove(&id);
    }

    /// True when the text is one that is kept out, or nearly. When it was published plays no part: a copy may come late.
    pub(super) fn holds(&self, candidate: &Known) -> bool {
        self.0.values().filter(|known| known.language == candidate.language).any(|known| {
            known.fingerprint.exact == candidate.fingerprint.exact
                || alike::compare(known, candidate)
                    .is_some_and(|alike| matches!(alike.verdict, Verdict::Duplicate { .. }))
        })
    }
}
