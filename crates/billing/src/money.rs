//! Currencies and amounts of money.
//!
//! An amount is an integer of minor units and never travels without its currency (JPY has no
//! minor digits, KWD has three: docs/rules/minor-units.md).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::{Decimal, DecimalError, Rounding};

/// ISO 4217: code, digits after the point, symbol (the code where there is none).
const CURRENCIES: &str = include_str!("../data/currencies.csv");

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{0:?} is not a currency code of ISO 4217")]
    UnknownCurrency(String),
    #[error("amounts in {0} and {1} cannot be added")]
    MixedCurrencies(Currency, Currency),
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl MoneyError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownCurrency(_) => "currency.unknown",
            Self::MixedCurrencies(..) => "currency.mixed",
            Self::Number(error) => error.code(),
        }
    }
}

impl Currency {
    pub const USD: Self = Self(*b"USD");
    pub const EUR: Self = Self(*b"EUR");

    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Asked for with every line of a month, so the table is read once.
    fn row(self) -> Option<(u8, &'static str)> {
        static ROWS: LazyLock<BTreeMap<[u8; 3], (u8, &'static str)>> = LazyLock::new(|| {
            let row = |line: &'static str| {
                let (code, rest) = line.split_once(',')?;
                let (digits, symbol) = rest.split_once(',')?;
                Some((code.as_bytes().try_into().ok()?, (digits.parse().ok()?, symbol)))
            };
            CURRENCIES.lines().skip(1).filter_map(row).collect()
        });
        ROWS.get(&self.0).copied()
    }

    /// How many digits follow the point in an amount of this currency.
    #[must_use]
    pub fn minor_digits(self) -> u8 {
        // `from_str` lets only codes of the table in.
        self.row().map_or(2, |(digits, _)| digits)
    }

    /// `€`, `$`, or the code where the currency has no symbol of its own.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.row().map_or("", |(_, symbol)| symbol)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    /// Any case.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(text.chars().take(20).collect());
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        let currency = Self(bytes.map(|b| b.to_ascii_uppercase()));
        if !bytes.is_ascii() || currency.row().is_none() {
            return Err(unknown());
        }
        Ok(currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money in minor units (cents of USD, yen of JPY, fils of KWD).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub minor: i64,
    pub currency: Currency,
}

impl Amount {
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Cuts `exact` to the minor unit, toward zero (RT-14, RT-15).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] beyond 64 bits of minor units.
    pub fn truncated(exact: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        Self::exact(exact.rounded(currency.minor_digits(), Rounding::TowardZero)?, currency)
    }

    /// # Errors
    /// [`DecimalError::Inexact`] when `value` has a digit below the minor unit,
    /// [`DecimalError::Overflow`] beyond 64 bits of minor units.
    pub fn exact(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let minor = value.mantissa_at(currency.minor_digits())?;
        Ok(Self { minor: i64::try_from(minor).map_err(|_| DecimalError::Overflow)?, currency })
    }

    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        // A scale of at most 4 is always accepted.
        Decimal::new(i128::from(self.minor), self.currency.minor_digits()).unwrap_or_default()
    }

    /// # Errors
    /// Mixed currencies, or an overflow of 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(DecimalError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// # Errors
    /// Mixed currencies, or a difference beyond 64 bits of minor units.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated()?)
    }

    /// # Errors
    /// An overflow of 64 bits.
    pub fn negated(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(DecimalError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// # Errors
    /// As [`Amount::checked_add`].
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// The number with all digits of the currency: `"112.80"`.
    #[must_use]
    pub fn to_plain(self) -> String {
        self.to_decimal().to_fixed(self.currency.minor_digits()).unwrap_or_default()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_plain(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exact: &str, currency: &str, truncated: &str) {
        let currency: Currency = currency.parse().unwrap();
        let amount = Amount::truncated(exact.parse().unwrap(), currency).unwrap();
        assert_eq!(amount.to_string(), truncated);
    }

    #[test]
    fn amounts_are_cut_to_the_minor_unit_of_their_currency() {
        check("136.4496", "USD", "136.44 USD");
        check("-112.258", "usd", "-112.25 USD");
        check("136.4496", "JPY", "136 JPY");
        check("136.4496", "KWD", "136.449 KWD");
        check("0.009", "EUR", "0.00 EUR");
    }

    #[test]
    fn unknown_currencies_and_mixed_sums_are_refused() {
        for code in ["XXQ", "EURO", "", "€", "E R"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
        let (eur, usd) = (Amount::zero(Currency::EUR), Amount::zero(Currency::USD));
        assert_eq!(eur.checked_add(usd).unwrap_err().code(), "currency.mixed");
    }

    #[test]
    fn every_row_of_the_table_is_a_currency() {
        for line in CURRENCIES.lines().skip(1) {
            let currency: Currency = line[..3].parse().unwrap();
            assert!(currency.minor_digits() <= 4 && !currency.symbol().is_empty(), "{line}");
        }
    }
}
