//! Classic licences: their fees by name, and the four ways in which their files prorate.
//!
//! Rules LC-3, LC-11, LC-14 (docs/rules/classic-licences.md, charge-types.md). One currency throughout; all rounding is half-up,
//! away from zero, but where a rule says that it cuts.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::licence::cycle::days_between;
use crate::licence::{Cycle, LicenceError, Refund};

/// A licence given back before this many days have passed since its purchase is refunded whole.
pub const FULL_REFUND_DAYS: i64 = 30;

/// Days that are charged, of the days that the price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProratedSpan {
    pub days: Decimal,
    pub of_days: Decimal,
}

/// The published ways to prorate a classic licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClassicProration {
    /// Daily rate of all seats, then the seat, then all seats again: rounded each time.
    NestedRound,
    /// The seat is rounded, then multiplied. Quittance writes its own lines so, since then amount =
    /// unit price x quantity holds in the file.
    UnitThenQuantity,
    /// Rounded once, at the end.
    LineTotal,
    /// The price of a day is rounded first.
    RoundedDailyRate,
}

impl ClassicProration {
    pub const ALL: [Self; 4] = [Self::NestedRound, Self::UnitThenQuantity, Self::LineTotal, Self::RoundedDailyRate];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NestedRound => "nested_round",
            Self::UnitThenQuantity => "unit_then_quantity",
            Self::LineTotal => "line_total",
            Self::RoundedDailyRate => "rounded_daily_rate",
        }
    }

    /// The price of one seat, where this way has one, and the amount of all seats; at `decimals`.
    ///
    /// # Errors
    /// A span of no days, no seats where they are divided by, or a number that does not fit.
    pub fn amount(
        self,
        unit_price: Decimal,
        seats: Decimal,
        span: ProratedSpan,
        decimals: u8,
    ) -> Result<(Option<Decimal>, Decimal), DecimalError> {
        let half_up = |dividend: Decimal, divisor: Decimal| dividend.div_rounded(divisor, decimals, Rounding::HalfUp);
        match self {
            Self::NestedRound => {
                let daily = half_up(unit_price.checked_mul(seats)?, span.of_days)?;
                let seat = half_up(daily.checked_mul(span.days)?, seats)?;
                Ok((None, seat.mul_rounded(seats, decimals, Rounding::HalfUp)?))
            }
            Self::UnitThenQuantity => {
                let seat = half_up(unit_price.checked_mul(span.days)?, span.of_days)?;
                Ok((Some(seat), seat.mul_rounded(seats, decimals, Rounding::HalfUp)?))
            }
            Self::LineTotal => {
                let total = unit_price.checked_mul(span.days)?.checked_mul(seats)?;
                Ok((None, half_up(total, span.of_days)?))
            }
            Self::RoundedDailyRate => {
                let seat = half_up(unit_price, span.of_days)?.mul_rounded(span.days, decimals, Rounding::HalfUp)?;
                Ok((Some(seat), seat.mul_rounded(seats, decimals, Rounding::HalfUp)?))
            }
        }
    }
}

/// How the unused days of a classic licence were rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClassicRefundRounding {
    #[default]
    HalfUp,
    /// Of a licence that was moved to the new commerce.
    TowardZero,
    RoundedDailyRate,
}

/// What comes back when a classic licence is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassicRefund {
    pub refund: Refund,
    pub span: Cycle,
    /// Below zero.
    pub unit_price: Decimal,
    /// Below zero.
    pub amount: Decimal,
}

/// The credit for a licence that is suspended on `day`, which is credited too.
///
/// # Errors
/// A day outside of the paid span or before the purchase, no seats, or a number that does not fit.
pub fn refund_classic(
    purchased_on: Date,
    day: Date,
    paid: Cycle,
    (unit_price, seats): (Decimal, Decimal),
    decimals: u8,
    rounding: ClassicRefundRounding,
) -> Result<ClassicRefund, LicenceError> {
    let age_days = days_between(purchased_on, day);
    let unused = paid.rest_from(day)?;
    if age_days < 0 {
        return Err(LicenceError::OutsideCycle);
    }
    if seats <= Decimal::ZERO {
        return Err(LicenceError::SeatsNotPositive);
    }
    let (refund, span, credit) = if age_days < FULL_REFUND_DAYS {
        (Refund::Full, paid, unit_price)
    } else {
        let (days, of_days) = (unused.days(), paid.days());
        let credit = match rounding {
            ClassicRefundRounding::HalfUp => {
                unit_price.checked_mul(days)?.div_rounded(of_days, decimals, Rounding::HalfUp)?
            }
            ClassicRefundRounding::TowardZero => {
                unit_price.checked_mul(days)?.div_rounded(of_days, decimals, Rounding::TowardZero)?
            }
            ClassicRefundRounding::RoundedDailyRate => unit_price
                .div_rounded(of_days, decimals, Rounding::HalfUp)?
                .mul_rounded(days, decimals, Rounding::HalfUp)?,
        };
        (Refund::Prorated, unused, credit)
    };
    let unit_price = credit.negated()?;
    Ok(ClassicRefund { refund, span, unit_price, amount: unit_price.mul_rounded(seats, decimals, Rounding::HalfUp)? })
}

/// What a line of a classic licence file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fee {
    Purchase,
    Cycle,
    Renew,
    Activation,
    Cancel,
    ConvertFrom,
    ConvertTo,
    CycleUsage,
    CancelUsage,
}

/// How a fee is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeTreatment {
    Full,
    Prorated,
    InstanceProrated,
    Discount,
    Credit,
    Offset,
    OneTimeRefund,
    TaxRefund,
}

/// A charge type of classic licence files; some have no fee of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LicenceFee {
    pub fee: Option<Fee>,
    pub treatment: FeeTreatment,
}

/// Fees with the words of today's files and the code of those of 2016; empty where there is none.
const FEES: [(Option<Fee>, FeeTreatment, &str, &str); 23] = {
    use Fee::{Activation, Cancel, CancelUsage, ConvertFrom, ConvertTo, Cycle, CycleUsage, Purchase, Renew};
    use FeeTreatment::{Credit, Discount, Full, InstanceProrated, Offset, OneTimeRefund, Prorated, TaxRefund};
    [
        (Some(Purchase), Full, "Purchase fee", "PURCHASE_FEE"),
        (Some(Cycle), Full, "Cycle fee", "CYCLE_FEE"),
        (Some(Renew), Full, "Renew fee", ""),
        (Some(Activation), Full, "Activation fee", ""),
        (Some(Cancel), Full, "Cancel fee", ""),
        (Some(Purchase), Prorated, "Prorate fees when purchase", "PURCHASE_PRORATE"),
        (Some(Renew), Prorated, "Prorate fee when renew", "RENEW_PRORATE"),
        (Some(Activation), Prorated, "Prorate fees when activate", "ACTIVATION_PRORATE"),
        (Some(Cancel), Prorated, "Prorate fees when cancel", "CANCEL_PRORATE"),
        (Some(ConvertFrom), Prorated, "Prorate fees when convert away from current offering", ""),
        (Some(ConvertTo), Prorated, "Prorate fees when convert to a new offering", ""),
        (Some(Cycle), InstanceProrated, "Cycle instance prorate", "CYCLE_INSTANCEPRORATE"),
        (Some(Cancel), InstanceProrated, "Cancel instance prorate", "CANCEL_INSTANCEPRORATE"),
        (Some(CycleUsage), Full, "Assess usage fee for current cycle", "CYCLE_USAGEFEE"),
        (Some(CancelUsage), Full, "Assess usage fee when cancel", "CANCEL_USAGEFEE"),
        (Some(Cycle), Discount, "Cycle discount", "CYCLE_DISCOUNT"),
        (Some(Renew), Discount, "Renew discount", "RENEW_DISCOUNT"),
        (Some(Activation), Discount, "Activation discount", "ACTIVATION_DISCOUNT"),
        (Some(Cancel), Discount, "Cancel discount", "CANCEL_DISCOUNT"),
        (None, Offset, "Offset a line item", "OFFSET_LINEITEM"),
        (None, Credit, "", "CREDIT"),
        (None, OneTimeRefund, "", "ONE_TIME_REFUND"),
        (None, TaxRefund, "", "TAX_REFUND"),
    ]
};

/// Older words for the same fees.
const ALIASES: [(&str, &str); 3] = [
    ("Prorate fees when purchased", "Prorate fees when purchase"),
    ("Prorate fees when buy", "Prorate fees when purchase"),
    ("Convert from instance prorate", "Prorate fees when convert away from current offering"),
];

impl LicenceFee {
    pub const PURCHASE: Self = Self { fee: Some(Fee::Purchase), treatment: FeeTreatment::Full };
    pub const CYCLE: Self = Self { fee: Some(Fee::Cycle), treatment: FeeTreatment::Full };
    /// Of a charge that is settled anew for other seats, and of the cycle behind it.
    pub const CYCLE_PRORATED: Self = Self { fee: Some(Fee::Cycle), treatment: FeeTreatment::InstanceProrated };
    pub const RENEWAL: Self = Self { fee: Some(Fee::Renew), treatment: FeeTreatment::Full };
    /// Of a month's use of a meter at one rate.
    pub const USAGE: Self = Self { fee: Some(Fee::CycleUsage), treatment: FeeTreatment::Full };
    pub const CANCELLATION: Self = Self { fee: Some(Fee::Cancel), treatment: FeeTreatment::Full };

    /// Reads the words of a file or the codes of 2016, whatever their case. "Prorate fee" and "Prorate
    /// fees" both occur.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let stem = |text: &str| text.trim().to_lowercase().replacen("prorate fees ", "prorate fee ", 1);
        let alias = ALIASES.iter().find(|(older, _)| stem(older) == stem(text));
        let wanted = stem(alias.map_or(text, |(_, words)| words));
        let known = FEES
            .iter()
            .find(|(_, _, words, code)| !wanted.is_empty() && (stem(words) == wanted || code.to_lowercase() == wanted));
        known.map(|(fee, treatment, ..)| Self { fee: *fee, treatment: *treatment })
    }

    /// The words of today's files; the code where they have none.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let known = FEES.iter().find(|(fee, treatment, ..)| *fee == self.fee && *treatment == self.treatment);
        known.map_or("", |(_, _, words, code)| if words.is_empty() { code } else { words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn every_fee_is_read_in_each_of_its_spellings() {
        for (fee, treatment, words, code) in FEES {
            let expected = LicenceFee { fee, treatment };
            for text in [words, code].into_iter().filter(|text| !text.is_empty()) {
                assert_eq!(LicenceFee::read(text), Some(expected), "{text}");
                assert_eq!(LicenceFee::read(&text.to_uppercase()), Some(expected), "{text}");
            }
            assert!([words, code].contains(&expected.as_str()), "{words}{code}");
        }
        assert_eq!(LicenceFee::read("Prorate fee when cancel"), LicenceFee::read("Prorate fees when cancel"));
        for (older, words) in ALIASES {
            assert!(LicenceFee::read(older).is_some_and(|fee| fee.as_str() == words), "{older}");
        }
        assert_eq!(LicenceFee::read("Prorate fees when renew").unwrap().as_str(), "Prorate fee when renew");
        assert_eq!([LicenceFee::read(""), LicenceFee::read("Some fee")], [None, None]);
    }

    #[test]
    fn the_thirtieth_day_is_refunded_by_days() {
        let paid = Cycle::inclusive(date(2018, 1, 13), date(2019, 1, 12)).unwrap();
        let refund = |day| {
            let prices = (d("48"), d("2"));
            refund_classic(date(2018, 1, 13), day, paid, prices, 2, ClassicRefundRounding::HalfUp)
                .map(|found| (found.refund, found.span.from, found.amount.to_fixed(2).unwrap()))
        };
        assert_eq!(refund(date(2018, 2, 11)), Ok((Refund::Full, date(2018, 1, 13), "-96.00".to_owned())));
        assert_eq!(refund(date(2018, 2, 12)), Ok((Refund::Prorated, date(2018, 2, 12), "-88.10".to_owned())));
        assert_eq!(refund(date(2018, 1, 12)), Err(LicenceError::OutsideCycle));
        let of = |purchased_on, seats| {
            let rounding = ClassicRefundRounding::HalfUp;
            refund_classic(purchased_on, date(2018, 2, 1), paid, (d("48"), d(seats)), 2, rounding).unwrap_err()
        };
        assert_eq!(of(date(2018, 2, 2), "1"), LicenceError::OutsideCycle);
        assert_eq!(of(date(2018, 1, 13), "0"), LicenceError::SeatsNotPositive);
        assert_eq!(refund(date(2019, 1, 13)), Err(LicenceError::OutsideCycle));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        for way in ClassicProration::ALL {
            let none = ProratedSpan { days: d("0"), of_days: d("0") };
            assert_eq!(way.amount(d("4"), d("1"), none, 2), Err(DecimalError::DivisionByZero), "{way:?}");
        }
    }
}
