//! When documents changed last, and the latest change of any set of them without looking at each.

use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::article::Mark;

/// Documents of one block.
const BLOCK: u32 = if cfg!(test) { 4 } else { 1_024 };

#[derive(Debug, Default)]
pub(super) struct Changed {
    seqs: Vec<u64>,
    ats: Vec<Timestamp>,
    /// Of each block, an instant that none of its documents changed after.
    blocks: Vec<Timestamp>,
}

impl Changed {
    /// Notes a document's last change; the next new document has the next number.
    pub(super) fn set(&mut self, doc: u32, mark: Mark) {
        let n = doc as usize;
        if n < self.seqs.len() {
            (self.seqs[n], self.ats[n]) = (mark.seq, mark.at);
        } else {
            self.seqs.push(mark.seq);
            self.ats.push(mark.at);
        }
        let block = (doc / BLOCK) as usize;
        match self.blocks.get_mut(block) {
            Some(latest) => *latest = mark.at.max(*latest),
            None => self.blocks.push(mark.at),
        }
    }

    pub(super) fn of(&self, doc: u32) -> Mark {
        Mark { seq: self.seqs[doc as usize], at: self.ats[doc as usize] }
    }

    /// The latest change of these documents. Blocks are asked in the order of what they may hold, until none can hold more.
    pub(super) fn latest(&self, docs: &RoaringBitmap) -> Option<Timestamp> {
        let mut blocks: Vec<(Timestamp, u32)> = self.blocks.iter().copied().zip(0..).collect();
        blocks.sort_unstable_by(|a, b| b.cmp(a));
        let mut latest = None;
        for (most, block) in blocks {
            if latest.is_some_and(|latest| latest >= most) {
                break;
            }
            let found = docs.range(block * BLOCK..(block + 1) * BLOCK).map(|doc| self.ats[doc as usize]).max();
            latest = latest.max(found);
        }
        latest
    }
}
