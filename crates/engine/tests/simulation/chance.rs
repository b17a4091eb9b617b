//! Choices from a seed: the same seed makes the same run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.0.next_u64() % bound).unwrap()
    }

    /// A number of a closed range.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.0.next_u64() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn of<'t, T>(&mut self, several: &'t [T]) -> &'t T {
        &several[self.below(several.len())]
    }

    pub(crate) fn maybe_of<'t, T>(&mut self, several: &'t [T]) -> Option<&'t T> {
        if several.is_empty() { None } else { Some(self.of(several)) }
    }

    /// One of several with weights.
    pub(crate) fn weighted<T: Copy>(&mut self, several: &[(usize, T)]) -> T {
        let mut place = self.below(several.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in several {
            match place.checked_sub(*weight) {
                Some(rest) => place = rest,
                None => return *one,
            }
        }
        unreachable!("a place below the sum of the weights")
    }
}
