//! Price lists: rate cards, price sheets and Quittance's own CSV.
//!
//! Rules RT-1, RT-2, RT-3, RT-9 (docs/rules/offer-terms.md, tiers.md, effective-dates.md). Prices
//! are units of the price's currency for one block of the unit of measure, with all their digits.

mod assembly;
mod fields;
mod offer_terms;
mod own;
mod part;
mod plan;
mod problem;
mod quarantine;
mod rate_card;
mod write;

use std::fmt;
use std::str::FromStr;

use billing::decimal::Decimal;
use billing::price::PriceSheet;
use jiff::civil::{Date, date};

use crate::csv::Header;
use crate::directory::kind;
use crate::error::{Fault, FileError, Parsed};
use crate::source::Input;
use assembly::Assembly;
pub use problem::PriceLineError;
pub use write::write_prices_csv;

/// What this module raises beside the codes of `csv`, `json`, `source` and `number`.
pub const CODES: &[&str] = &[
    "currency.unknown",
    "file.format_unknown",
    "file.wrong_kind",
    "id.control_character",
    "id.empty",
    "id.too_long",
    "price.file.currency_missing",
    "price.file.no_prices",
    "price.file.tax_included",
    "price.line.contradiction",
    "price.line.earned_credit_out_of_range",
    "price.line.ends_before_start",
    "price.line.included_quantity_negative",
    "price.line.meter_missing",
    "price.line.meter_rejected",
    "price.line.reservation",
    "price.line.tier_basis_unknown",
    "price.meter.duplicate",
    "price.offer_term.discount_out_of_range",
    "price.offer_term.malformed",
    "price.tier.missing",
    "price.tier.overlap",
    "price.tier.price_negative",
    "price.tier.start_negative",
];

/// What this module reads, for messages.
const WANTED: &str = "prices";

/// A price without a start is in force from here on. Rate cards write the year 1 for it.
pub const EFFECTIVE_FROM_DEFAULT: Date = date(1990, 1, 1);

/// How a price list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceFormat {
    /// The classic rate card, JSON: as recorded (`Meters`) or as the partner API answers (`meters`).
    AzureRatecard,
    /// The price sheet of the Azure plan, 18 columns.
    AzurePlanCsv,
    /// Quittance's own.
    QuittanceCsv,
}

impl PriceFormat {
    pub const ALL: [Self; 3] = [Self::AzureRatecard, Self::AzurePlanCsv, Self::QuittanceCsv];

    /// The word for `--format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AzureRatecard => "azure-ratecard",
            Self::AzurePlanCsv => "azure-plan-csv",
            Self::QuittanceCsv => "quittance-csv",
        }
    }

    /// The format that a header is written in.
    pub(crate) fn of_header(header: &Header) -> Option<Self> {
        if plan::recognises(header) {
            Some(Self::AzurePlanCsv)
        } else if own::recognises(header) {
            Some(Self::QuittanceCsv)
        } else {
            None
        }
    }
}

impl fmt::Display for PriceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PriceFormat {
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
pub struct PriceOptions {
    /// Found by content where `None`.
    pub format: Option<PriceFormat>,
    /// Puts all prices into force from this day on, whatever dates the list has (OT-2).
    pub effective_from: Option<Date>,
    /// The partner earned credit of prices that may earn it and do not state it, as a fraction;
    /// 0 where `None`. Third-party prices never earn it (docs/rules/earned-credit.md).
    pub earned_credit_rate: Option<Decimal>,
}

/// Reads a price list. Prices come sorted by meter, currency and start.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`, `json.*`), `price.file.*`, `price.offer_term.*`. Lines are
/// set aside with the other codes of [`CODES`] and those of `number`; a meter with such a line is
/// left out as a whole and its other lines are set aside as `price.line.meter_rejected`.
pub fn read_prices(mut input: Input, options: &PriceOptions) -> Result<Parsed<PriceSheet>, FileError> {
    if let Some(rate) = options.earned_credit_rate {
        let fault = |fault: Fault| FileError::new(fault.code, fault.message);
        fields::checked_earned_credit(rate).map_err(fault)?;
    }
    let title = input.name().to_owned();
    let is_json = kind::is_json(input.peek()?);
    let (offer_terms, assembly, record_count) = match options.format {
        Some(PriceFormat::AzureRatecard) => rate_card::read(input, options)?,
        None if is_json => rate_card::read(input, options)?,
        format => {
            let (assembly, record_count) = read_csv(input, format, options)?;
            (Vec::new(), assembly, record_count)
        }
    };
    if record_count == 0 {
        return Err(FileError::new("price.file.no_prices", "the file holds no price"));
    }
    let (prices, rejected) = assembly.finish();
    Ok(Parsed { value: PriceSheet { title, offer_terms, prices }, rejected, record_count })
}

fn read_csv(input: Input, format: Option<PriceFormat>, options: &PriceOptions) -> Result<(Assembly, u64), FileError> {
    let reader = kind::csv_reader(input, WANTED)?;
    match format.or_else(|| PriceFormat::of_header(reader.header())) {
        Some(PriceFormat::AzurePlanCsv) => plan::read(reader, options),
        Some(PriceFormat::QuittanceCsv) => own::read(reader, options),
        Some(PriceFormat::AzureRatecard) | None => Err(kind::unknown_header(reader.header(), WANTED)),
    }
}
