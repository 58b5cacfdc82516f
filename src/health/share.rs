//! A share that is usual for a source, and whether the latest rounds fall clearly under it. It never forgets what is
//! usual because of a round that is not.

use serde::{Deserialize, Serialize};

/// Hits among so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many had it.
    pub hits: u32,
    /// Of how many.
    pub of: u32,
}

impl Tally {
    /// Both together.
    pub fn plus(self, other: Tally) -> Tally {
        Tally { hits: self.hits + other.hits, of: self.of + other.of }
    }
}

/// A share over many rounds, and the last two rounds that had anything to count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Share {
    /// What good rounds had.
    usual: Tally,
    /// The last two, the latest last.
    last: Vec<Tally>,
}

/// Fewer than this say nothing of what is usual.
const LEAST: u32 = 5;
/// So many are remembered; older ones weigh half as much each time.
const MOST: u32 = 80;
/// What happens by chance more rarely than this is no chance.
const IMPROBABLE: f64 = 0.01;

impl Share {
    /// A share that is expected to be high before anything is known.
    pub fn presumed_high() -> Share {
        Share { usual: Tally { hits: 9, of: 10 }, last: Vec::new() }
    }

    /// Takes in a round. Nothing counted is no round.
    pub fn note(&mut self, round: Tally) {
        if round.of == 0 {
            return;
        }
        if !self.is_low(round) {
            self.usual = self.usual.plus(round);
            while self.usual.of > MOST {
                self.usual = Tally { hits: self.usual.hits / 2, of: self.usual.of / 2 };
            }
        }
        self.last.push(round);
        if self.last.len() > 2 {
            self.last.remove(0);
        }
    }

    /// What is usual, from 0 to 1, once enough is known.
    pub fn usual(&self) -> Option<f64> {
        (self.usual.of >= LEAST).then(|| f64::from(self.usual.hits) / f64::from(self.usual.of))
    }

    /// The rounds that fall so far under what is usual that it is no chance; none once a round is as usual again.
    pub fn fallen(&self) -> Option<Tally> {
        let (latest, before) = match self.last.as_slice() {
            [] => return None,
            [latest] => (*latest, Tally::default()),
            [.., before, latest] => (*latest, *before),
        };
        if !self.is_low(latest) {
            return None;
        }
        let low = if before.of > 0 && self.is_low(before) { latest.plus(before) } else { latest };
        (chance(low, self.usual()?.min(0.95)) < IMPROBABLE).then_some(low)
    }

    /// Forgets the latest rounds: they were read by other rules.
    pub fn begin_anew(&mut self) {
        self.last.clear();
    }

    /// Less than half of what is usual.
    fn is_low(&self, round: Tally) -> bool {
        self.usual().is_some_and(|usual| f64::from(round.hits) < f64::from(round.of) * usual / 2.0)
    }
}

/// How probable it is to see so few hits or fewer, where each has that chance: the lower tail of the binomial.
fn chance(seen: Tally, each: f64) -> f64 {
    // More say no more, and keep the powers in range.
    let of = seen.of.min(40);
    let hits = (u64::from(seen.hits) * u64::from(of) / u64::from(seen.of.max(1))) as u32;
    let mut term = (1.0 - each).powi(of as i32);
    let mut sum = term;
    for k in 0..hits.min(of) {
        term *= f64::from(of - k) / f64::from(k + 1) * each / (1.0 - each);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rounds: &[(u32, u32)]) -> Share {
        let mut share = Share::default();
        rounds.iter().for_each(|&(hits, of)| share.note(Tally { hits, of }));
        share
    }

    #[test]
    fn a_fall_is_told_from_chance_and_ends_with_a_usual_round() {
        for (rounds, fallen) in [
            (&[][..], false),
            (&[(0, 10)], false),
            (&[(10, 10), (0, 1)], false),
            (&[(10, 10), (0, 1), (0, 1)], true),
            (&[(10, 10), (0, 3)], true),
            (&[(10, 10), (4, 10)], true),
            (&[(10, 10), (8, 10)], false),
            (&[(10, 10), (0, 3), (2, 2)], false),
            (&[(10, 10), (0, 3), (0, 0)], true),
            // Half of them never had it: three without are no news.
            (&[(10, 20), (0, 3)], false),
            (&[(10, 20), (0, 4), (0, 5)], true),
            (&[(0, 20), (0, 10)], false),
        ] {
            assert_eq!(share(rounds).fallen().is_some(), fallen, "{rounds:?}");
        }
    }

    #[test]
    fn what_is_usual_is_bounded_and_not_unlearnt_by_bad_rounds() {
        let mut share = share(&[(400, 400)]);
        (0..50).for_each(|_| share.note(Tally { hits: 0, of: 9 }));
        assert!(share.usual().is_some_and(|usual| usual > 0.99) && share.usual.of <= MOST);
        assert!(Share::presumed_high().usual().is_some_and(|usual| usual > 0.89));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(rounds in proptest::collection::vec((0u32..2_000, 0u32..2_000), 0..20)) {
            let rounds: Vec<_> = rounds.into_iter().map(|(hits, of)| (hits.min(of), of)).collect();
            let share = share(&rounds);
            share.fallen();
            proptest::prop_assert!(share.usual().is_none_or(|usual| (0.0..=1.0).contains(&usual)));
        }

        #[test]
        fn a_chance_is_a_probability(hits in 0u32..50, of in 1u32..50, each in 0.0f64..0.95) {
            let p = chance(Tally { hits: hits.min(of), of }, each);
            proptest::prop_assert!((0.0..=1.000_001).contains(&p), "{}", p);
        }
    }
}
