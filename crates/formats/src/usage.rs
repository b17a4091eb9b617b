//! Usage files: what was consumed, record by record.
//!
//! A format is found by content. A record that cannot be billed is handed out as a
//! [`RejectedLine`] in its place, so that it can be mended and replayed ([`replay`]); only what
//! makes the whole file unusable is a [`FileError`].

mod azure;
mod detect;
mod field;
mod json_row;
mod open;
mod own;
mod parquet;
mod replay;
mod row;
mod tags;

use std::fmt;
use std::str::FromStr;

use billing::usage::UsageRecord;

use crate::error::{FileError, RejectedLine};
use crate::source::Input;
use open::Source;

pub use field::Field;
pub use replay::replay;

pub const CODES: &[&str] = &[
    "currency.unknown",
    "file.format_mismatch",
    "file.format_unknown",
    "id.control_character",
    "id.too_long",
    "usage.file.column_missing",
    "usage.file.column_type",
    "usage.file.float_column",
    "usage.file.no_meter",
    "usage.file.no_quantity",
    "usage.file.parquet_stream",
    "usage.file.provider_unsupported",
    "usage.line.charge_type_unsupported",
    "usage.line.cost_out_of_range",
    "usage.line.currency_missing",
    "usage.line.date_missing",
    "usage.line.kind_unknown",
    "usage.line.member_duplicate",
    "usage.line.member_type",
    "usage.line.meter_missing",
    "usage.line.properties_missing",
    "usage.line.quantity_basis_unknown",
    "usage.line.quantity_missing",
    "usage.line.quantity_negative",
    "usage.line.quantity_out_of_range",
    "usage.line.quantity_zero",
    "usage.line.record_id_missing",
    "usage.line.revision_malformed",
    "usage.line.subscription_missing",
    "usage.line.tags_malformed",
];

/// The formats that usage comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageFormat {
    /// Responses of Azure's usage details API.
    AzureUsageDetails,
    /// Enterprise and partner cost exports.
    AzureEaCsv,
    /// Pay-as-you-go cost exports.
    AzurePaygCsv,
    QuittanceCsv,
    QuittanceJsonl,
    QuittanceParquet,
}

impl UsageFormat {
    pub const ALL: [Self; 6] = [
        Self::AzureUsageDetails,
        Self::AzureEaCsv,
        Self::AzurePaygCsv,
        Self::QuittanceCsv,
        Self::QuittanceJsonl,
        Self::QuittanceParquet,
    ];

    /// As people type it after `--format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AzureUsageDetails => "azure-usage-details",
            Self::AzureEaCsv => "azure-ea-csv",
            Self::AzurePaygCsv => "azure-payg-csv",
            Self::QuittanceCsv => "quittance-csv",
            Self::QuittanceJsonl => "quittance-jsonl",
            Self::QuittanceParquet => "quittance-parquet",
        }
    }
}

impl fmt::Display for UsageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for UsageFormat {
    type Err = FileError;

    fn from_str(name: &str) -> Result<Self, FileError> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let seen = format!("asked for as {:?}", crate::number::excerpt(name));
            detect::unknown(&seen)
        })
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct UsageOptions {
    /// Refuses a file in any other format; without it the content decides.
    pub format: Option<UsageFormat>,
}

/// What stands where a record is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly every item is a record; a box for each would cost more")]
pub enum UsageItem {
    /// `line` is the physical line of text, or the row number of a Parquet file, from 1.
    Record {
        line: u64,
        record: UsageRecord,
    },
    Rejected(RejectedLine),
}

/// Where one field of a record stands; lines and columns are those of a [`RejectedLine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPlace {
    pub line: u64,
    pub column: u64,
    /// What the file calls the field.
    pub name: String,
}

/// The records of one file. After an `Err` there are no more items.
#[derive(Debug)]
pub struct UsageReader {
    format: UsageFormat,
    header_text: Vec<u8>,
    source: Option<Source>,
}

/// Opens a usage file; a file with a header only has no records.
///
/// # Errors
/// `file.*`, `csv.*` and `json.*` for what is wrong with the file as such, `usage.file.*` for a
/// file that is understood and cannot be rated.
pub fn usage_reader(input: Input, options: &UsageOptions) -> Result<UsageReader, FileError> {
    let (format, source) = open::open(input, options.format)?;
    Ok(UsageReader { format, header_text: source.header_text().to_vec(), source: Some(source) })
}

impl UsageReader {
    #[must_use]
    pub fn format(&self) -> UsageFormat {
        self.format
    }

    /// The header line of a CSV file, for [`replay`]; empty for other formats.
    #[must_use]
    pub fn header_text(&self) -> &[u8] {
        &self.header_text
    }

    /// The column of a field and what it is called there, which all records of a CSV or Parquet file
    /// share; `None` where each record has its own places.
    #[must_use]
    pub fn column_of(&self, field: Field) -> Option<(u64, &str)> {
        self.source.as_ref()?.column_of(field)
    }

    /// Where `field` stands in the record of `line`, which is the item that was handed out last: for
    /// those who refuse a record that could be read. It is looked for when it is asked for, so that
    /// records that are taken do not pay for it. Of a field that is not there, the record as a whole.
    #[must_use]
    pub fn place_of(&self, line: u64, field: Field) -> FieldPlace {
        let found = self.source.as_ref().and_then(|source| source.place_of(line, field));
        found.unwrap_or_else(|| FieldPlace { line, column: 0, name: String::new() })
    }
}

impl Iterator for UsageReader {
    type Item = Result<UsageItem, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.source.as_mut()?.next_item().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.source = None;
        }
        item
    }
}

impl UsageItem {
    fn of(line: u64, result: Result<UsageRecord, RejectedLine>) -> Self {
        match result {
            Ok(record) => Self::Record { line, record },
            Err(rejected) => Self::Rejected(rejected),
        }
    }
}
