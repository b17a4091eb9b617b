//! Units of measure: block size and distinct unit of a price's unit text.
//!
//! Rule RT-11 (docs/rules/units-of-measure.md): an unknown text has block size 1 and is its own
//! unit. Two conventions of quantity exist and every source is tagged with one: `blocks` is
//! multiplied with the price as it is, `units` is divided by the block size first.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};

/// What a usage quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityBasis {
    /// Blocks of the price: quantity x price is the amount.
    Blocks,
    /// Distinct units: quantity / block size x price is the amount.
    Units,
}

/// A unit of measure as a price states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitOfMeasure {
    /// How many distinct units one price pays for.
    pub block_size: Decimal,
    pub distinct_unit: String,
    /// False when the text did not name a known unit (warning `uom_unknown`).
    pub known: bool,
}

/// Spellings after the block size is taken off, in lower case and without blanks beside a slash,
/// and the distinct unit that each of them names.
const SPELLINGS: &str = include_str!("../data/units.csv");

static DISTINCT_UNITS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let rows = SPELLINGS.lines().skip(1).filter_map(|line| line.rsplit_once(','));
    rows.map(|(spelling, unit)| (spelling.trim_matches('"'), unit)).collect()
});

impl UnitOfMeasure {
    /// Reads `100 Hours`, `10 GB/Month`, `10K`, `1/Month`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = text.split_at(digits);
        let (factor, rest) = match rest.as_bytes().first() {
            Some(b'K' | b'k') if ends_word(rest) => (1_000, rest.get(1..).unwrap_or("")),
            Some(b'M') if ends_word(rest) => (1_000_000, rest.get(1..).unwrap_or("")),
            Some(b'B') if ends_word(rest) => (1_000_000_000, rest.get(1..).unwrap_or("")),
            _ => (1, rest),
        };
        let spelling = rest.trim().replace(" /", "/").replace("/ ", "/").to_ascii_lowercase();
        let named = DISTINCT_UNITS.get(spelling.as_str());
        let size = if number.is_empty() { Some(1) } else { number.parse::<i64>().ok().filter(|n| *n > 0) };
        match (size.and_then(|size| size.checked_mul(factor)), named) {
            (Some(size), Some(name)) => {
                Self { block_size: Decimal::from_integer(size), distinct_unit: (*name).to_owned(), known: true }
            }
            _ => Self { block_size: Decimal::ONE, distinct_unit: text.to_owned(), known: false },
        }
    }

    /// The quantity that is multiplied with the price.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when units do not divide into blocks without a rest (a block of
    /// 744 hours, say): rounding a quantity has no rule, so it is refused.
    pub fn pricing_quantity(&self, quantity: Decimal, basis: QuantityBasis) -> Result<Decimal, DecimalError> {
        match basis {
            QuantityBasis::Blocks => Ok(quantity),
            QuantityBasis::Units => quantity.div_exact(self.block_size),
        }
    }

    /// The quantity in distinct units.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when it does not fit.
    pub fn consumed_quantity(&self, quantity: Decimal, basis: QuantityBasis) -> Result<Decimal, DecimalError> {
        match basis {
            QuantityBasis::Blocks => quantity.checked_mul(self.block_size),
            QuantityBasis::Units => Ok(quantity),
        }
    }

    /// The price of one distinct unit.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when the price of a block does not divide without a rest.
    pub fn price_per_distinct_unit(&self, price_per_block: Decimal) -> Result<Decimal, DecimalError> {
        price_per_block.div_exact(self.block_size)
    }
}

/// Whether the first letter stands alone, so that `10K` is a factor and `10 KB` is not.
fn ends_word(rest: &str) -> bool {
    rest.as_bytes().get(1).is_none_or(|b| !b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, block_size: i64, distinct_unit: &str, known: bool) {
        let expected = UnitOfMeasure {
            block_size: Decimal::from_integer(block_size),
            distinct_unit: distinct_unit.to_owned(),
            known,
        };
        assert_eq!(UnitOfMeasure::parse(text), expected, "{text:?}");
    }

    #[test]
    fn block_sizes_and_units() {
        check("1 Hour", 1, "Hours", true);
        check("100 Hours", 100, "Hours", true);
        check("10 GB/Month", 10, "GB/Month", true);
        check("1 GiB/Month", 1, "GiB/Month", true);
        check("1/Month", 1, "Units/Month", true);
        check("1 /Hour ", 1, "Units/Hour", true);
        check("10K", 10_000, "Units", true);
        check("10k", 10_000, "Units", true);
        check("1 GB / Month", 1, "GB/Month", true);
        check("1M", 1_000_000, "Units", true);
        check("1 ", 1, "Units", true);
        check("Hours", 1, "Hours", true);
        check("100 /Minute", 100, "Units/Minute", true);
        check("10K Transactions", 10_000, "Transactions", true);
        check("1000 MAUs", 1_000, "Users/Month", true);
        check("744 Connections", 744, "Connections", true);
        check("10000 1,000s", 10_000, "Transactions in Thousands", true);
        check("1\u{a0} GB/mes", 1, "GB/Month", true);
        check("128 MB", 128, "MB", true);
        check("5 Gibbons", 1, "5 Gibbons", false);
        check("per moon", 1, "per moon", false);
        check("0 Hours", 1, "0 Hours", false);
    }

    #[test]
    fn spellings_stand_in_the_table_as_they_are_looked_up() {
        assert_eq!(DISTINCT_UNITS.len(), SPELLINGS.lines().skip(1).count());
        for (spelling, unit) in DISTINCT_UNITS.iter() {
            let normal = spelling.trim() == *spelling && spelling.to_ascii_lowercase() == *spelling;
            assert!(normal && !unit.is_empty(), "{spelling}");
        }
    }

    #[test]
    fn a_distinct_unit_costs_its_part_of_the_block() {
        let price =
            |unit: &str, block: &str| UnitOfMeasure::parse(unit).price_per_distinct_unit(block.parse().unwrap());
        assert_eq!(price("10K", "0.0005"), Ok("0.00000005".parse().unwrap()));
        assert_eq!(price("744 Connections", "1"), Err(DecimalError::Inexact));
    }
}
