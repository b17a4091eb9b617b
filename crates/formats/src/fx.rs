//! Exchange rates: the monthly list in dollars per unit, and the European Central Bank's history.
//!
//! Rules RT-18 and FX-1 (docs/rules/exchange-rate.md). Rates are kept with all their digits.

mod ecb;
mod monthly;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use billing::decimal::Decimal;
use billing::fx::{FxError, FxQuote};
use billing::money::{Currency, MoneyError};
use jiff::civil::Date;

use crate::csv::Header;
use crate::directory::kind;
use crate::directory::repeated::List;
use crate::error::{Fault, FileError, Parsed};
use crate::number;
use crate::source::Input;

/// What this module raises beside the codes of `csv`, `source` and `number`.
pub const CODES: &[&str] = &[
    "currency.unknown",
    "file.format_unknown",
    "file.wrong_kind",
    "fx.file.no_rates",
    "fx.line.contradiction",
    "fx.rate_not_positive",
    "period.malformed",
];

/// What this module reads, for messages.
const WANTED: &str = "exchange rates";
const LIST: List =
    List { empty: ("fx.file.no_rates", "the file has a header and no rates"), contradiction: "fx.line.contradiction" };

/// How a list of rates is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxFormat {
    /// `CurrencyCode, USDPerUnit, Month`.
    UsdPerUnitCsv,
    /// `eurofxref-hist.csv`.
    EcbHistoryCsv,
}

impl FxFormat {
    pub const ALL: [Self; 2] = [Self::UsdPerUnitCsv, Self::EcbHistoryCsv];

    /// The word for `--format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UsdPerUnitCsv => "usd-per-unit-csv",
            Self::EcbHistoryCsv => "ecb-history-csv",
        }
    }

    /// The format that a header is written in.
    pub(crate) fn of_header(header: &Header) -> Option<Self> {
        if monthly::recognises(header) {
            Some(Self::UsdPerUnitCsv)
        } else if ecb::recognises(header) {
            Some(Self::EcbHistoryCsv)
        } else {
            None
        }
    }
}

impl fmt::Display for FxFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FxFormat {
    type Err = FileError;

    /// # Errors
    /// `file.format_unknown`; the message lists the names.
    fn from_str(name: &str) -> Result<Self, FileError> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            let message = format!("{:?} is no format of {WANTED}; known are {known}", crate::number::excerpt(name));
            FileError::new("file.format_unknown", message)
        })
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct FxOptions {
    /// Found by content where `None`.
    pub format: Option<FxFormat>,
    /// Leaves out the fixings of days before it; monthly rates are all kept.
    pub since: Option<Date>,
}

/// A list of rates, and what was not taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FxList {
    pub quotes: Vec<FxQuote>,
    /// Currencies that ISO 4217 no longer lists, and how many of their quotes were left out.
    pub retired_currencies: BTreeMap<String, u64>,
}

/// Reads a list of exchange rates.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `fx.file.no_rates`. Lines with a wrong rate are set
/// aside: `number.*`, `date.*`, `period.malformed`, `currency.unknown`, `fx.rate_not_positive`, and
/// `fx.line.contradiction` for all lines that state two rates of one currency and time.
pub fn read_fx(input: Input, options: &FxOptions) -> Result<Parsed<Vec<FxQuote>>, FileError> {
    let Parsed { value, rejected, record_count } = read_fx_list(input, options)?;
    Ok(Parsed { value: value.quotes, rejected, record_count })
}

/// As [`read_fx`], with what was left out.
///
/// # Errors
/// As [`read_fx`].
pub fn read_fx_list(input: Input, options: &FxOptions) -> Result<Parsed<FxList>, FileError> {
    let reader = kind::csv_reader(input, WANTED)?;
    let Some(format) = options.format.or_else(|| FxFormat::of_header(reader.header())) else {
        return Err(kind::unknown_header(reader.header(), WANTED));
    };
    let parsed = match format {
        FxFormat::UsdPerUnitCsv => {
            let Parsed { value: quotes, rejected, record_count } = monthly::read(reader)?;
            Parsed { value: FxList { quotes, ..FxList::default() }, rejected, record_count }
        }
        FxFormat::EcbHistoryCsv => ecb::read(reader, options.since)?,
    };
    if parsed.record_count == 0 {
        return Err(FileError::new(LIST.empty.0, LIST.empty.1));
    }
    Ok(parsed)
}

fn positive_rate(text: &str) -> Result<Decimal, Fault> {
    let rate = number::decimal(text)?;
    if rate <= Decimal::ZERO {
        return Err(Fault::new(FxError::NotPositive.code(), format!("the rate {rate} is not above zero")));
    }
    Ok(rate)
}

fn currency(text: &str) -> Result<Currency, Fault> {
    text.parse().map_err(|error: MoneyError| Fault::new(error.code(), error.to_string()))
}
