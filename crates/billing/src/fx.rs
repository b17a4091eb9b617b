//! Exchange rates: which rate turns the pricing currency of a month into the billing currency.
//!
//! Rules RT-18, RT-19 (docs/rules/exchange-rate.md). A rate is units of the billing currency for
//! one unit of the pricing currency, half-even at 9 decimals.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::money::Currency;
use crate::period::BillingPeriod;

/// Decimals of a rate (RT-18).
pub const RATE_DECIMALS: u8 = 9;

/// One line of an imported list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FxQuote {
    /// USD for one unit of `currency`, for a whole month.
    UsdPerUnit { currency: Currency, month: BillingPeriod, usd: Decimal },
    /// Units of `currency` for one euro, fixed on a day (European Central Bank).
    PerEuro { currency: Currency, fixed_on: Date, units: Decimal },
}

/// Where a rate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// Both currencies are the same.
    Identity,
    MonthlyUsdPerUnit,
    EuropeanCentralBank,
}

/// A rate with its origin: the number never travels without its date and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRate {
    pub from: Currency,
    pub to: Currency,
    pub rate: Decimal,
    /// The last day of the service month (RT-19); the fixing day of a central-bank rate.
    pub dated: Date,
    pub source: RateSource,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FxError {
    #[error("no exchange rate from {from} to {to} for {period}")]
    Missing { from: Currency, to: Currency, period: BillingPeriod },
    #[error("a rate of the list is zero or negative")]
    NotPositive,
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl FxError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "fx.rate_missing",
            Self::NotPositive => "fx.rate_not_positive",
            Self::Number(error) => error.code(),
        }
    }
}

/// All imported quotes. A later import of the same quote replaces the earlier one.
#[derive(Debug, Clone, Default)]
pub struct FxTable {
    monthly: BTreeMap<(BillingPeriod, Currency), Decimal>,
    per_euro: BTreeMap<(Currency, Date), Decimal>,
}

impl FxTable {
    /// Quotes in the order of their import.
    ///
    /// # Errors
    /// [`FxError::NotPositive`] for a rate that is not above zero.
    pub fn new(quotes: impl IntoIterator<Item = FxQuote>) -> Result<Self, FxError> {
        let mut table = Self::default();
        for quote in quotes {
            let value = match quote {
                FxQuote::UsdPerUnit { currency, month, usd } => {
                    table.monthly.insert((month, currency), usd);
                    usd
                }
                FxQuote::PerEuro { currency, fixed_on, units } => {
                    table.per_euro.insert((currency, fixed_on), units);
                    units
                }
            };
            if value <= Decimal::ZERO {
                return Err(FxError::NotPositive);
            }
        }
        Ok(table)
    }

    /// The rate for everything used in `period`. The monthly list wins; without it the last
    /// central-bank fixing before the month counts.
    ///
    /// # Errors
    /// [`FxError::Missing`] when neither list has both currencies.
    pub fn rate(&self, from: Currency, to: Currency, period: BillingPeriod) -> Result<ExchangeRate, FxError> {
        if from == to {
            let dated = period.last_day();
            return Ok(ExchangeRate { from, to, rate: Decimal::ONE, dated, source: RateSource::Identity });
        }
        if let (Some(a), Some(b)) = (self.usd_per_unit(from, period), self.usd_per_unit(to, period)) {
            let rate = a.div_rounded(b, RATE_DECIMALS, Rounding::HalfEven)?;
            let dated = period.last_day();
            return positive(ExchangeRate { from, to, rate, dated, source: RateSource::MonthlyUsdPerUnit });
        }
        if let (Some(a), Some(b)) = (self.last_per_euro(from, period), self.last_per_euro(to, period)) {
            let rate = b.1.div_rounded(a.1, RATE_DECIMALS, Rounding::HalfEven)?;
            let dated = a.0.max(b.0);
            return positive(ExchangeRate { from, to, rate, dated, source: RateSource::EuropeanCentralBank });
        }
        Err(FxError::Missing { from, to, period })
    }

    fn usd_per_unit(&self, currency: Currency, period: BillingPeriod) -> Option<Decimal> {
        if currency == Currency::USD {
            return Some(Decimal::ONE);
        }
        self.monthly.get(&(period, currency)).copied()
    }

    /// The last fixing before the month; one for the euro is the first of the month's eve.
    fn last_per_euro(&self, currency: Currency, period: BillingPeriod) -> Option<(Date, Decimal)> {
        if currency == Currency::EUR {
            return Some((Date::MIN, Decimal::ONE));
        }
        let earliest = period.previous().first_day();
        let fixings = self.per_euro.range((currency, earliest)..(currency, period.first_day()));
        fixings.last().map(|((_, day), units)| (*day, *units))
    }
}

/// A rate that rounds to zero would make an invoice of nothing.
fn positive(rate: ExchangeRate) -> Result<ExchangeRate, FxError> {
    if rate.rate > Decimal::ZERO { Ok(rate) } else { Err(FxError::NotPositive) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn table() -> FxTable {
        let september: BillingPeriod = "2026-09".parse().unwrap();
        let monthly = |currency: &str, usd| FxQuote::UsdPerUnit {
            currency: currency.parse().unwrap(),
            month: september,
            usd: d(usd),
        };
        let euro = |currency: &str, day, units| FxQuote::PerEuro {
            currency: currency.parse().unwrap(),
            fixed_on: day,
            units: d(units),
        };
        FxTable::new([
            monthly("EUR", "1.1817500000"),
            monthly("CHF", "1.25"),
            euro("USD", date(2026, 9, 29), "1.16"),
            euro("USD", date(2026, 9, 30), "1.20"),
            euro("USD", date(2026, 10, 1), "9"),
            euro("JPY", date(2026, 9, 30), "180"),
        ])
        .unwrap()
    }

    #[track_caller]
    fn check(from: &str, to: &str, period: &str, expected: Result<(&str, Date), &str>) {
        let rate = table().rate(from.parse().unwrap(), to.parse().unwrap(), period.parse().unwrap());
        let found = rate.as_ref().map(|r| (r.rate, r.dated)).map_err(FxError::code);
        assert_eq!(found, expected.map(|(rate, dated)| (d(rate), dated)), "{from} to {to}");
    }

    #[test]
    fn monthly_rates_win_and_cross_over_the_dollar() {
        check("USD", "EUR", "2026-09", Ok(("0.846202666", date(2026, 9, 30))));
        check("CHF", "EUR", "2026-09", Ok(("1.057753332", date(2026, 9, 30))));
        check("EUR", "EUR", "2026-09", Ok(("1", date(2026, 9, 30))));
    }

    #[test]
    fn central_bank_rates_are_the_last_before_the_month() {
        check("USD", "JPY", "2026-10", Ok(("150", date(2026, 9, 30))));
        check("USD", "EUR", "2026-10", Ok(("0.833333333", date(2026, 9, 30))));
    }

    #[test]
    fn a_missing_rate_is_refused() {
        check("USD", "GBP", "2026-09", Err("fx.rate_missing"));
        check("USD", "JPY", "2026-12", Err("fx.rate_missing"));
        let zero = FxQuote::PerEuro { currency: Currency::USD, fixed_on: date(2026, 1, 1), units: Decimal::ZERO };
        assert_eq!(FxTable::new([zero]).unwrap_err().code(), "fx.rate_not_positive");
        let month: BillingPeriod = "2026-09".parse().unwrap();
        let huge = FxQuote::UsdPerUnit { currency: Currency::EUR, month, usd: d("1e12") };
        let rate = FxTable::new([huge]).unwrap().rate(Currency::USD, Currency::EUR, month);
        assert_eq!(rate.unwrap_err().code(), "fx.rate_not_positive");
    }
}
