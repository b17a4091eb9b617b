//! How far a forecast was off.
//!
//! Rules FA-1, FA-2 (docs/rules/forecast-accuracy.md). Percentages have 4 decimals, half-up, from quotients
//! at 20 decimals, half-even.

use crate::decimal::{Decimal, DecimalError, Rounding, sum};

/// Errors of a forecast in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastAccuracy {
    /// The mean error over the periods that are not zero; `None` when all are.
    pub mean_percent: Option<Decimal>,
    /// The sum of errors by the sum of what was; `None` when that is zero.
    pub weighted_percent: Option<Decimal>,
}

/// What FinOps teams call an error of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForecastGrade {
    /// Below 12 %.
    Run,
    /// Up to 15 %.
    Walk,
    /// Up to 20 %.
    Crawl,
    Beyond,
}

impl ForecastGrade {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Walk => "walk",
            Self::Crawl => "crawl",
            Self::Beyond => "beyond",
        }
    }

    #[must_use]
    pub fn of(percent: Decimal) -> Self {
        let at_most = |limit: i64| percent <= Decimal::from_integer(limit);
        if percent < Decimal::from_integer(12) {
            Self::Run
        } else if at_most(15) {
            Self::Walk
        } else if at_most(20) {
            Self::Crawl
        } else {
            Self::Beyond
        }
    }
}

const QUOTIENT_DECIMALS: u8 = 20;
const PERCENT_DECIMALS: u8 = 4;

/// Compares what was with what had been foreseen: pairs of (actual, forecast).
///
/// # Errors
/// A number that does not fit.
pub fn accuracy(periods: &[(Decimal, Decimal)]) -> Result<ForecastAccuracy, DecimalError> {
    let (mut errors, mut actuals, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (actual, forecast) in periods {
        let (error, actual) = (actual.checked_sub(*forecast)?.abs()?, actual.abs()?);
        if !actual.is_zero() {
            shares.push(error.div_rounded(actual, QUOTIENT_DECIMALS, Rounding::HalfEven)?);
        }
        errors.push(error);
        actuals.push(actual);
    }
    let count = i64::try_from(shares.len()).map_err(|_| DecimalError::Overflow)?;
    Ok(ForecastAccuracy {
        mean_percent: percent(sum(shares)?, Decimal::from_integer(count))?,
        weighted_percent: percent(sum(errors)?, sum(actuals)?)?,
    })
}

fn percent(part: Decimal, whole: Decimal) -> Result<Option<Decimal>, DecimalError> {
    if whole.is_zero() {
        return Ok(None);
    }
    let hundredfold = part.checked_mul(Decimal::from_integer(100))?;
    hundredfold.div_rounded(whole, PERCENT_DECIMALS, Rounding::HalfUp).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(periods: &[(&str, &str)], mean: Option<&str>, weighted: Option<&str>) {
        let periods: Vec<_> = periods.iter().map(|(actual, forecast)| (d(actual), d(forecast))).collect();
        let found = accuracy(&periods).unwrap();
        assert_eq!((found.mean_percent, found.weighted_percent), (mean.map(d), weighted.map(d)), "{periods:?}");
    }

    #[test]
    fn periods_of_nothing_count_by_their_error_only() {
        check(&[("100", "110"), ("120", "111"), ("90", "99")], Some("9.1667"), Some("9.0323"));
        check(&[("100", "90"), ("0", "10")], Some("10"), Some("20"));
        check(&[("-100", "-90")], Some("10"), Some("10"));
        check(&[("0", "10")], None, None);
        check(&[], None, None);
    }

    #[test]
    fn grades_have_their_bounds() {
        for (percent, grade) in [
            ("11.9999", "run"),
            ("12", "walk"),
            ("15", "walk"),
            ("15.0001", "crawl"),
            ("20", "crawl"),
            ("20.0001", "beyond"),
        ] {
            assert_eq!(ForecastGrade::of(d(percent)).as_str(), grade, "{percent}");
        }
    }
}
