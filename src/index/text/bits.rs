//! A set of numbers below a bound, as plain bits: what a part of the index is searched with.

use roaring::RoaringBitmap;

/// The set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of the numbers below a bound.
    pub(super) fn none(bound: u32) -> Bits {
        Bits(vec![0; bound.div_ceil(64) as usize])
    }

    /// All of them.
    pub(super) fn all(bound: u32) -> Bits {
        let mut bits = Bits(vec![u64::MAX; bound.div_ceil(64) as usize]);
        if let (Some(last), 1..) = (bits.0.last_mut(), bound % 64) {
            *last = (1 << (bound % 64)) - 1;
        }
        bits
    }

    /// A number beyond the bound is left out.
    pub(super) fn insert(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }

    /// True where it has more than one in sixty-four of all numbers, so that as bits it is no larger than as a list.
    pub(super) fn is_dense(&self) -> bool {
        self.0.iter().map(|word| word.count_ones() as usize).sum::<usize>() > self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Keeps what the other has, too.
    pub(super) fn keep(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// Drops what the other has.
    pub(super) fn drop(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| rest &= rest - 1)?;
                Some(at as u32 * 64 + bit)
            })
        })
    }

    pub(super) fn into_bitmap(self) -> RoaringBitmap {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        RoaringBitmap::from_lsb0_bytes(0, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_bits_is_a_set() {
        for bound in [0, 1, 63, 64, 65, 200] {
            let mut bits = Bits::all(bound);
            assert_eq!(bits.iter().collect::<Vec<_>>(), (0..bound).collect::<Vec<_>>());
            assert_eq!(bits.clone().into_bitmap().len(), u64::from(bound));
            let mut even = Bits::none(bound);
            (0..bound).step_by(2).for_each(|number| even.insert(number));
            even.insert(bound + 64);
            bits.drop(&even);
            assert_eq!(bits.iter().collect::<Vec<_>>(), (0..bound).skip(1).step_by(2).collect::<Vec<_>>());
            bits.keep(&even);
            assert!(bits.is_empty());
        }
    }
}
