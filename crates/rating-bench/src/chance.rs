//! Chance from a seed, in whole numbers only: the same draws on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// What draws are for. Each purpose has a stream of its own, so one draw more changes no other part.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Ids,
    Directory,
    Prices,
    Resources,
    /// Which page or line is asked for.
    Questions,
    /// A day of the month, from 0.
    Usage(u8),
}

impl Purpose {
    fn stream(self) -> u64 {
        match self {
            Self::Ids => 0,
            Self::Directory => 1,
            Self::Prices => 2,
            Self::Resources => 3,
            Self::Questions => 4,
            Self::Usage(day) => 100 + u64::from(day),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

/// One, as [`Chance::bell`] counts.
pub(crate) const BELL_ONE: i64 = 1 << 32;

impl Chance {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose.stream());
        Self(generator)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: below the bound, and no slow remainder for each row.
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A place in a list of `length`.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Close to the normal distribution with a standard deviation of [`BELL_ONE`]; never beyond six
    /// of them, so that amounts have a bound.
    pub(crate) fn bell(&mut self) -> i64 {
        let sum: i64 = (0..12).map(|_| i64::from(self.0.next_u32())).sum();
        sum - 6 * BELL_ONE
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.place(last + 1));
        }
    }

    pub(crate) fn guid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = billing::ports::hex(&bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
