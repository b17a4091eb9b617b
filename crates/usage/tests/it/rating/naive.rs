//! The rating to compare with: one record after the other.

use std::collections::BTreeMap;

use billing::decimal::{Decimal, DecimalError};
use billing::fx::ExchangeRate;
use billing::ports::{RatingFailure, StoredUsage};
use billing::price::{MeterPrice, PriceBook};
use billing::rate::{
    BILLING_TOTAL_DECIMALS, LineFigures, MonthTotals, PartyRater, RateError, RatedDay, RatedLine, RatedTotals,
    ScopeKey, ScopeMonth,
};
use billing::usage::UsageRecord;
use jiff::civil::Date;

use super::party::{Party, september};
use super::world::Run;

/// Code and sentence of what parks a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure(pub(super) &'static str, pub(super) String);

impl From<RateError> for Failure {
    fn from(error: RateError) -> Self {
        Self(error.code(), error.to_string())
    }
}

impl Failure {
    #[track_caller]
    pub(super) fn check(&self, found: Result<Run, RatingFailure>) {
        let Self(code, message) = self.clone();
        assert_eq!(found.map(|run| run.said.totals), Err(RatingFailure::Party { code, message }));
    }

    fn amount(line: &RatedLine, cause: DecimalError) -> Self {
        RateError::Amount { meter: line.scope.meter.clone(), cause }.into()
    }

    fn unfit(line: &RatedLine) -> Self {
        let meter = &line.scope.meter;
        Self("number.out_of_range", format!("a figure of meter {meter} has more than 38 digits and cannot be stored"))
    }
}

/// Whether columns can hold the figures: 38 digits, and billing totals have ten decimals.
fn fits(figures: &LineFigures) -> bool {
    let LineFigures { quantity, unit_price, effective_unit_price, pricing_total, billing_total, .. } = figures;
    let short = |mantissa: i128| mantissa.unsigned_abs() < 10_u128.pow(38);
    let billing = billing_total.mantissa_at(BILLING_TOTAL_DECIMALS);
    billing.is_ok_and(short)
        && [quantity, unit_price, effective_unit_price, pricing_total].iter().all(|figure| short(figure.mantissa()))
}

/// With what has no price in the order of scopes and days.
pub(super) fn in_order(totals: &RatedTotals) -> RatedTotals {
    let mut totals = totals.clone();
    totals.unpriced.sort_by_key(|usage| (usage.scope.clone(), usage.usage_date));
    totals
}

/// What the naive rating comes to.
pub(super) struct Naive {
    pub(super) said: Result<Said, Failure>,
    /// The first line, if any, that is exact and yet too long for a file.
    unfit: Option<Failure>,
}

impl Naive {
    pub(super) fn in_files(self) -> Result<Said, Failure> {
        self.unfit.map_or(self.said, Err)
    }
}

/// What a scope came to, without the lifetime of its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    totals: MonthTotals,
    price: MeterPrice,
    exchange_rate: ExchangeRate,
    earned_credit_rates: (Decimal, Decimal),
    pub(super) single_unit_price: Option<Decimal>,
    days: (Date, Date),
    consumed_after: Decimal,
}

impl From<ScopeMonth<'_>> for Scope {
    fn from(month: ScopeMonth<'_>) -> Self {
        let ScopeMonth { totals, price, exchange_rate, earned_credit_rates, .. } = month;
        let ScopeMonth { single_unit_price, days, consumed_after, .. } = month;
        let price = price.clone();
        Self { totals, price, exchange_rate, earned_credit_rates, single_unit_price, days, consumed_after }
    }
}

/// All that rating a month says of amounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    pub(super) lines: Vec<RatedLine>,
    pub(super) scopes: BTreeMap<ScopeKey, Scope>,
    pub(super) totals: RatedTotals,
}

impl Said {
    /// As `assert_eq`, but a month of thousands of lines is told by the first that differs.
    #[track_caller]
    pub(super) fn check(&self, expected: &Self) {
        for (place, (found, expected)) in self.lines.iter().zip(&expected.lines).enumerate() {
            assert_eq!(found, expected, "line {place}");
        }
        assert_eq!(self.lines.len(), expected.lines.len(), "number of lines");
        self.check_totals(expected);
    }

    #[track_caller]
    pub(super) fn check_totals(&self, expected: &Self) {
        for (found, expected) in self.scopes.iter().zip(&expected.scopes) {
            assert_eq!(found, expected);
        }
        assert_eq!(self.scopes.len(), expected.scopes.len(), "number of scopes");
        assert_eq!(in_order(&self.totals), in_order(&expected.totals));
    }
}

impl Party {
    /// Rates one record after the other, in the order of RI-4.
    pub(super) fn rate_naively(&self, mut records: Vec<StoredUsage>) -> Naive {
        let order = |a: &StoredUsage, b: &StoredUsage| {
            let place = |u: &StoredUsage| (u.record.usage_date, u.key);
            let scope =
                (&a.record.subscription_id, &a.record.meter_id).cmp(&(&b.record.subscription_id, &b.record.meter_id));
            scope.then_with(|| place(a).cmp(&place(b)))
        };
        records.sort_by(order);
        let mut unfit = None;
        let said = self.rate_in_order(records, &mut unfit);
        Naive { said, unfit }
    }

    fn rate_in_order(&self, records: Vec<StoredUsage>, unfit: &mut Option<Failure>) -> Result<Said, Failure> {
        let book = PriceBook::new(&self.sheets);
        let mut rater = PartyRater::new(self.inputs(&book));
        let mut said = Said::default();
        for stored in records {
            said.totals.late_count += u64::from(stored.record.usage_date < september().first_day());
            for day in rater.rate((stored.key, stored.record.clone()))? {
                let line = self.line(day, stored.record.clone());
                // Ten decimals that do not fit 128 bits are refused before anything is written.
                line.figures
                    .billing_total
                    .mantissa_at(BILLING_TOTAL_DECIMALS)
                    .map_err(|cause| Failure::amount(&line, cause))?;
                if unfit.is_none() && !fits(&line.figures) {
                    *unfit = Some(Failure::unfit(&line));
                }
                said.lines.push(line);
            }
        }
        let (scopes, unpriced) = rater.finish();
        said.totals.daily_line_count = u64::try_from(said.lines.len()).unwrap();
        said.totals.unpriced = unpriced;
        for (key, month) in scopes {
            let customer = said.totals.customers.entry(key.customer.clone()).or_default();
            customer.add_scope(&month, self.directory.party.currency).map_err(|e| Failure(e.code(), e.to_string()))?;
            said.scopes.insert(key, month.into());
        }
        Ok(said)
    }

    fn line(&self, day: RatedDay<'_>, record: UsageRecord) -> RatedLine {
        let RatedDay { key, scope, rating, price, exchange_rate, billing_total, .. } = day;
        RatedLine {
            key,
            record,
            scope,
            figures: LineFigures {
                quantity: rating.quantity,
                factors: rating.factors,
                unit_price: rating.unit_price,
                effective_unit_price: rating.effective_unit_price,
                pricing_total: rating.pricing_total,
                exchange_rate: exchange_rate.rate,
                billing_total,
            },
            product: price.product.clone(),
            price_meter: price.meter.clone(),
            price_unit: price.unit_of_measure.clone(),
            pricing_currency: price.currency,
            billing_currency: self.directory.party.currency,
            exchange_rate_dated: exchange_rate.dated,
        }
    }
}
