//! All that a store holds, row by row, into another one; and the notes about such copies. It looks into no value.

use std::sync::Arc;

use super::{Answer, Sled, number};

/// Stands while somebody wants the store copied to fresh files at its next opening.
const ASKED: &[u8] = b"compact";
/// Bytes of the files after the last copy.
const COMPACTED: &[u8] = b"compacted";
/// Rows that are written at once.
const AT_ONCE: usize = 500;

/// How much a store holds, its own notes and leases left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Content {
    rows: u64,
    bytes: u64,
}

impl Content {
    fn add(&mut self, tree: &[u8], key: &[u8], value: &[u8]) {
        if tree != b"meta" && tree != b"leases" {
            self.rows += 1;
            self.bytes += (key.len() + value.len()) as u64;
        }
    }
}

impl Sled {
    /// Copies everything, and says how much that was. It is on disk when this answers.
    pub(in crate::store) fn copy_into(&self, target: &sled::Db) -> Answer<Content> {
        let mut content = Content::default();
        for name in self.db.tree_names() {
            let (from, to) = (self.db.open_tree(&name)?, target.open_tree(&name)?);
            let (mut batch, mut waiting) = (sled::Batch::default(), 0);
            for row in from.iter() {
                let (key, value) = row?;
                if key == ASKED && name == b"meta" {
                    continue;
                }
                content.add(&name, &key, &value);
                batch.insert(key, value);
                waiting += 1;
                if waiting == AT_ONCE {
                    to.apply_batch(std::mem::take(&mut batch))?;
                    waiting = 0;
                }
            }
            to.apply_batch(batch)?;
        }
        target.flush()?;
        Ok(content)
    }

    /// How much it holds.
    pub(in crate::store) fn content(&self) -> Answer<Content> {
        let mut content = Content::default();
        for name in self.db.tree_names() {
            for row in self.db.open_tree(&name)?.iter() {
                let (key, value) = row?;
                content.add(&name, &key, &value);
            }
        }
        Ok(content)
    }

    /// Wants the store copied to fresh files at its next opening.
    pub(in crate::store) fn ask_compaction(&self) -> Answer<()> {
        self.meta.insert(ASKED, b"")?;
        self.flush()
    }

    pub(in crate::store) fn is_compaction_asked(&self) -> Answer<bool> {
        Ok(self.meta.contains_key(ASKED)?)
    }

    pub(in crate::store) fn compacted_to(&self) -> Answer<u64> {
        Ok(self.meta.get(COMPACTED)?.map_or(0, |bytes| number(&bytes)))
    }

    pub(in crate::store) fn note_compacted(&self, bytes: u64) -> Answer<()> {
        self.meta.insert(COMPACTED, &bytes.to_be_bytes())?;
        self.flush()
    }

    /// The folder's lock.
    pub(in crate::store) fn lock(&self) -> Arc<std::fs::File> {
        Arc::clone(&self._lock)
    }
}
