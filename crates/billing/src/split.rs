//! Splits an amount so that the parts add up to it.
//!
//! Rules CO-6, CO-7 (docs/rules/splitting.md, invariant MON-2). Exact shares are cut toward zero at
//! the amount's decimals; what is left over goes, one smallest unit each, to the largest remainders,
//! and among equal ones to the target whose id comes first.

use ethnum::I256;

use crate::decimal::{Decimal, DecimalError, sum};

/// What a share is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitMethod {
    /// To each the same; weights are not looked at.
    Even,
    /// By weight. One below zero counts as zero.
    Proportional,
    /// Weights are percentages, which make 100.
    Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("there is nobody to share the amount among")]
    NoTarget,
    #[error("all weights are zero, so the amount stays where it is")]
    NoWeight,
    #[error("percentages make 100, none is below zero, and they have up to four decimals")]
    Percentages,
    #[error("a target is named twice")]
    TargetTwice,
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl SplitError {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoTarget => "split.no_target",
            Self::NoWeight => "split.no_weight",
            Self::Percentages => "split.percentages",
            Self::TargetTwice => "split.target_twice",
            Self::Number(error) => error.code(),
        }
    }
}

const HUNDRED: i64 = 100;
/// Of a percentage.
const PERCENT_DECIMALS: u8 = 4;

/// The share of each of `targets` (id and weight), in their order, at `decimals`.
///
/// # Errors
/// No target, a target twice, no weight, percentages that do not make 100, an amount with more
/// decimals, or a number that does not fit.
pub fn split(
    amount: Decimal,
    decimals: u8,
    method: SplitMethod,
    targets: &[(&str, Decimal)],
) -> Result<Vec<Decimal>, SplitError> {
    let units = amount.mantissa_at(decimals)?;
    let weights = weights(method, targets)?;
    let mut by_id: Vec<usize> = (0..targets.len()).collect();
    by_id.sort_by_key(|place| targets.get(*place).map(|(id, _)| *id));
    let id = |place: usize| targets.get(place).map(|(id, _)| *id);
    if by_id.windows(2).any(|pair| matches!(pair, [a, b] if id(*a) == id(*b))) {
        return Err(SplitError::TargetTwice);
    }
    let whole =
        weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight)).ok_or(DecimalError::Overflow)?;
    let (mut shares, mut remainders) = (Vec::with_capacity(targets.len()), Vec::with_capacity(targets.len()));
    for weight in weights {
        let part = I256::from(units).checked_mul(I256::from(weight)).ok_or(DecimalError::Overflow)?;
        let share = part.checked_div(I256::from(whole)).ok_or(SplitError::NoWeight)?;
        shares.push(i128::try_from(share).map_err(|_| DecimalError::Overflow)?);
        remainders.push(part.checked_rem(I256::from(whole)).unwrap_or_default().unsigned_abs());
    }
    // Stable, so that equal remainders stay in the order of the ids.
    by_id.sort_by(|a, b| remainders.get(*b).cmp(&remainders.get(*a)));
    let given = shares.iter().try_fold(0_i128, |sum, share| sum.checked_add(*share)).ok_or(DecimalError::Overflow)?;
    let left_over = units.checked_sub(given).ok_or(DecimalError::Overflow)?;
    let count = usize::try_from(left_over.unsigned_abs()).map_err(|_| DecimalError::Overflow)?;
    for place in by_id.into_iter().take(count) {
        if let Some(share) = shares.get_mut(place) {
            *share = share.checked_add(left_over.signum()).ok_or(DecimalError::Overflow)?;
        }
    }
    Ok(shares.into_iter().map(|share| Decimal::new(share, decimals)).collect::<Result<_, _>>()?)
}

/// Whole numbers in the proportion of the shares.
fn weights(method: SplitMethod, targets: &[(&str, Decimal)]) -> Result<Vec<i128>, SplitError> {
    if targets.is_empty() {
        return Err(SplitError::NoTarget);
    }
    let weight = |(_, weight): &(&str, Decimal)| match method {
        SplitMethod::Even => Decimal::ONE,
        SplitMethod::Proportional if weight.is_negative() => Decimal::ZERO,
        SplitMethod::Proportional | SplitMethod::Fixed => *weight,
    };
    let weights: Vec<Decimal> = targets.iter().map(weight).collect();
    let whole = sum(weights.iter().copied())?;
    if method == SplitMethod::Fixed
        && (whole != Decimal::from_integer(HUNDRED)
            || weights.iter().any(|weight| weight.is_negative() || weight.scale() > PERCENT_DECIMALS))
    {
        return Err(SplitError::Percentages);
    }
    if whole.is_zero() {
        return Err(SplitError::NoWeight);
    }
    let scale = weights.iter().map(|weight| weight.scale()).max().unwrap_or_default();
    Ok(weights.into_iter().map(|weight| weight.mantissa_at(scale)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(amount: &str, method: SplitMethod, targets: &[(&str, &str)], expected: Result<&[&str], &str>) {
        let targets: Vec<(&str, Decimal)> = targets.iter().map(|(id, weight)| (*id, d(weight))).collect();
        let found = split(d(amount), 2, method, &targets).map_err(SplitError::code);
        assert_eq!(found, expected.map(|shares| shares.iter().map(|share| d(share)).collect()), "{amount} {targets:?}");
    }

    #[test]
    fn left_over_cents_go_to_the_largest_remainders() {
        use SplitMethod::{Even, Fixed, Proportional};
        check("100.00", Even, &[("c", "0"), ("a", "0"), ("b", "0")], Ok(&["33.33", "33.34", "33.33"]));
        check("-0.05", Even, &[("a", "0"), ("b", "0")], Ok(&["-0.03", "-0.02"]));
        check("0.01", Proportional, &[("a", "1"), ("b", "1.5")], Ok(&["0", "0.01"]));
        check("10", Proportional, &[("a", "-4"), ("b", "0.001")], Ok(&["0", "10"]));
        check("10.01", Fixed, &[("x", "50"), ("y", "50")], Ok(&["5.01", "5"]));
        check("0", Fixed, &[("x", "12.5"), ("y", "87.5")], Ok(&["0", "0"]));
    }

    #[test]
    fn what_cannot_be_split_is_named() {
        use SplitMethod::{Even, Fixed, Proportional};
        check("1", Even, &[], Err("split.no_target"));
        check("1", Even, &[("a", "0"), ("a", "0")], Err("split.target_twice"));
        check("1", Proportional, &[("a", "0"), ("b", "-1")], Err("split.no_weight"));
        check("1", Fixed, &[("a", "50"), ("b", "49.99")], Err("split.percentages"));
        check("1", Fixed, &[("a", "150"), ("b", "-50")], Err("split.percentages"));
        check("1", Fixed, &[("a", "50.00001"), ("b", "49.99999")], Err("split.percentages"));
        check("1.001", Even, &[("a", "0")], Err("number.inexact"));
    }

    proptest! {
        #![proptest_config(crate::properties::cases(100_000))]

        /// MON-2, and each share is less than a unit away from the exact one.
        #[test]
        fn parts_add_up_to_the_whole(
            units in any::<i64>(),
            weights in prop::collection::vec((0_i64..1_000_000, 0_u8..4), 1..10),
        ) {
            let amount = Decimal::new(i128::from(units), 2).unwrap();
            let names: Vec<String> = (0..weights.len()).map(|n| format!("t{n}")).collect();
            let targets: Vec<(&str, Decimal)> = names
                .iter()
                .zip(&weights)
                .map(|(name, (weight, scale))| (name.as_str(), Decimal::new(i128::from(*weight), *scale).unwrap()))
                .collect();
            let whole = sum(targets.iter().map(|(_, weight)| *weight)).unwrap();
            prop_assume!(!whole.is_zero());
            let shares = split(amount, 2, SplitMethod::Proportional, &targets).unwrap();
            prop_assert_eq!(sum(shares.iter().copied()).unwrap(), amount);
            for ((_, weight), share) in targets.iter().zip(&shares) {
                let exact = amount.checked_mul(*weight).unwrap();
                let off = share.checked_mul(whole).unwrap().checked_sub(exact).unwrap().abs().unwrap();
                prop_assert!(off < whole.checked_mul(d("0.01")).unwrap(), "{share}");
            }
        }
    }
}
