//! Skewed draws without a float: a power law over places, and numbers whose logarithm is bell-shaped.

use crate::chance::{BELL_ONE, Chance};

/// Draws places 0, 1, 2 …, each less often than the one before.
#[derive(Debug)]
pub(crate) struct PowerLaw {
    /// The weights of all places up to each one.
    cumulated: Vec<u64>,
}

impl PowerLaw {
    /// The i-th of `length` places, from 1, has the weight `1 / i^(fifths / 5)`.
    pub(crate) fn new(length: u32, fifths: u32) -> Self {
        let mut sum = 0;
        let weights = (1..=u128::from(length)).map(|i| fifth_root(ROOT_MAX.pow(5) / i.pow(fifths)));
        let cumulated = weights.map(|weight| {
            sum += weight;
            sum
        });
        Self { cumulated: cumulated.collect() }
    }

    pub(crate) fn draw(&self, chance: &mut Chance) -> usize {
        let drawn = chance.below(self.cumulated.last().copied().unwrap_or(0));
        self.cumulated.partition_point(|until| *until <= drawn)
    }
}

/// The weight of the first place; its fifth power fits 128 bits.
const ROOT_MAX: u128 = 1 << 25;

fn fifth_root(number: u128) -> u64 {
    let (mut low, mut high) = (0, ROOT_MAX);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if middle.pow(5) <= number { low = middle } else { high = middle - 1 }
    }
    low as u64
}

/// A skewed number, as its logarithm to base 2 in thousandths: where the middle is, and how far one
/// [`BELL_ONE`] leads away from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Skewed {
    pub(crate) middle: i64,
    pub(crate) spread: i64,
}

impl Skewed {
    /// The logarithm of one draw, in 2^-32.
    pub(crate) fn logarithm(self, chance: &mut Chance) -> i64 {
        (self.middle * BELL_ONE + self.spread * chance.bell()) / 1000
    }
}

/// Powers of two with fractions in the exponent.
#[derive(Debug)]
pub(crate) struct PowersOfTwo {
    /// 2^(i / [`STEPS`]), in 2^-32.
    steps: Vec<u64>,
}

const STEP_BITS: u32 = 12;
const STEPS: u64 = 1 << STEP_BITS;
/// Bits of a logarithm below a step.
const REST_BITS: u32 = 32 - STEP_BITS;

impl PowersOfTwo {
    pub(crate) fn new() -> Self {
        // 2^(1/2), 2^(1/4) …, in 2^-62: their products make all steps.
        let mut roots = Vec::new();
        let mut root: u128 = 2 << 62;
        for _ in 0..STEP_BITS {
            root = (root << 62).isqrt();
            roots.push(root);
        }
        let power = |step: u64| {
            let bit_is_set = |bit: u32| step >> bit & 1 == 1;
            let factors = (0..STEP_BITS).rev().zip(&roots).filter(|(bit, _)| bit_is_set(*bit)).map(|(_, root)| root);
            (factors.fold(1_u128 << 62, |power, root| (power * root) >> 62) >> 30) as u64
        };
        Self { steps: (0..STEPS).map(power).chain([2 << 32]).collect() }
    }

    /// `unit x 2^logarithm`, rounded down; the logarithm in 2^-32 and below 60.
    pub(crate) fn times(&self, unit: u64, logarithm: i64) -> u64 {
        let (octave, fraction) = (logarithm >> 32, logarithm as u64 & 0xffff_ffff);
        let (step, rest) = ((fraction >> REST_BITS) as usize, fraction & ((1 << REST_BITS) - 1));
        // Between two steps a straight line is right to eight digits.
        let (below, above) = (self.steps[step], self.steps[step + 1]);
        let power = below + (((above - below) * rest) >> REST_BITS);
        let product = u128::from(unit) * u128::from(power);
        let shift = 32 - octave;
        if shift >= 0 { (product >> shift.min(127)) as u64 } else { (product << -shift) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_right_to_eight_digits() {
        let powers = PowersOfTwo::new();
        let half = 1 << 31;
        for (logarithm, expected) in [
            (0, 10_000_000_000),
            (BELL_ONE, 20_000_000_000),
            (-3 * BELL_ONE, 1_250_000_000),
            (half, 14_142_135_623),
            (BELL_ONE + half / 2, 23_784_142_300),
            (-BELL_ONE + half / 1024, 5_001_692_540),
        ] {
            let power: u64 = powers.times(10_000_000_000, logarithm);
            assert!(power.abs_diff(expected) <= expected / 100_000_000, "2^{logarithm}: {power}, not {expected}");
        }
    }

    #[test]
    fn weights_fall_as_the_power_says() {
        let weights = |law: PowerLaw| -> Vec<u64> {
            let before = [0].into_iter().chain(law.cumulated.clone());
            law.cumulated.iter().zip(before).map(|(until, from)| until - from).collect()
        };
        let whole = weights(PowerLaw::new(8_000, 5));
        assert_eq!((whole[0], whole[1], whole[1023]), (1 << 25, 1 << 24, 1 << 15));
        // 32^(4/5) is 16.
        let four_fifths = weights(PowerLaw::new(20_000, 4));
        assert_eq!((four_fifths[0], four_fifths[31]), (1 << 25, 1 << 21));
    }
}
