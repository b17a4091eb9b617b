//! Checks between draft and issue: a draft that fails one parks its party, the others go on.

use crate::decimal::{DecimalError, Rounding};
use crate::invoice::draft::Draft;
use crate::invoice::line::{ClassicUsageCharge, InvoiceLine, UsageCharge};
use crate::invoice::totals::document_totals;
use crate::money::Amount;
use crate::rate::MonthAmounts;

/// No document of a run is meant to be larger: a total beyond this is a mistake in the data.
pub const TOTAL_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Why a draft may not be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckFailure {
    #[error("usage without a price in force: {meters}", meters = .meters.join(", "))]
    Unpriced { meters: Vec<String> },
    #[error("line {line_number} lost more than its roundings explain")]
    Drift { line_number: u32 },
    #[error("the lines do not add up to the total")]
    Totals,
    #[error("the total {0} is beyond what an invoice may hold")]
    Absurd(Amount),
    #[error("line {line_number} is in another currency than the document")]
    Currency { line_number: u32 },
}

impl CheckFailure {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unpriced { .. } => "close.unpriced",
            Self::Drift { .. } => "close.drift",
            Self::Totals => "close.totals",
            Self::Absurd(_) => "close.total_absurd",
            Self::Currency { .. } => "currency.mixed",
        }
    }
}

/// All failures of a draft; empty when it may be issued.
#[must_use]
pub fn check_draft(draft: &Draft, allow_unpriced: bool) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
    if !allow_unpriced && !draft.unpriced.is_empty() {
        let mut meters: Vec<String> = draft.unpriced.iter().map(|unpriced| unpriced.scope.meter.to_string()).collect();
        meters.sort_unstable();
        meters.dedup();
        failures.push(CheckFailure::Unpriced { meters });
    }
    for drafted in &draft.lines {
        let line = &drafted.line;
        let drifts =
            |(usage, amounts): (&UsageCharge, &MonthAmounts)| amounts.drift_is_bounded(usage.pricing_exact) != Ok(true);
        let is_off = |usage: &ClassicUsageCharge| is_rounded(line, usage) != Ok(true);
        if line.usage().zip(drafted.amounts.as_ref()).is_some_and(drifts) || line.classic_usage().is_some_and(is_off) {
            failures.push(CheckFailure::Drift { line_number: line.line_number });
        }
        if line.subtotal.currency != draft.currency || line.exchange_rate.to != draft.currency {
            failures.push(CheckFailure::Currency { line_number: line.line_number });
        }
    }
    let adjustments = draft.adjustments.iter().map(|adjustment| adjustment.amount);
    let sums = document_totals(draft.currency, draft.lines.iter().map(|d| (d.line.subtotal, d.line.tax)), adjustments);
    let taxes = Amount::sum(draft.currency, draft.taxes.iter().map(|subtotal| subtotal.tax));
    if sums.as_ref() != Ok(&draft.totals) || taxes != Ok(draft.totals.tax) {
        failures.push(CheckFailure::Totals);
    }
    if draft.totals.total.minor.unsigned_abs() > TOTAL_MINOR_MAX.unsigned_abs() {
        failures.push(CheckFailure::Absurd(draft.totals.total));
    }
    failures
}

/// Whether a classic charge is its exact amount, rounded once, and what the discount left (CU-1, CU-3).
fn is_rounded(line: &InvoiceLine, usage: &ClassicUsageCharge) -> Result<bool, DecimalError> {
    let subtotal = line.subtotal.to_decimal();
    let rounded = usage.pricing_exact.rounded(line.subtotal.currency.minor_digits(), Rounding::HalfUp)?;
    let left = usage.amount.to_decimal().checked_sub(usage.discount.to_decimal())?;
    let exact = usage.overage(line.quantity)?.checked_mul(line.unit_price)?.checked_mul(usage.discount_factor)?;
    Ok(rounded == subtotal && left == subtotal && exact == usage.pricing_exact)
}
