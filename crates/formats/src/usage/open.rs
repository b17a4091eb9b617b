//! Opens a file in the format that it has, or that it is said to have.

use billing::uom::QuantityBasis;

use super::azure::azure_record;
use super::detect::{self, Csv, Json, Kind};
use super::field::{AZURE_CSV, CONSUMED_QUANTITY, Field, OWN};
use super::json_row::{azure_element, azure_place, own_element, own_place};
use super::own::own_record;
use super::parquet::ParquetRows;
use super::replay::Replay;
use super::row::{Columns, CsvRow};
use super::{FieldPlace, UsageFormat, UsageItem};
use crate::csv::{CsvReader, Row};
use crate::error::FileError;
use crate::json::{ArrayReader, Item, LineReader};
use crate::source::Input;

/// Where the records come from.
#[derive(Debug)]
pub(super) enum Source {
    OwnCsv(CsvReader, Columns),
    AzureCsv(CsvReader, Columns, QuantityBasis),
    AzureDetails(ArrayReader),
    OwnLines(LineReader),
    Parquet(Box<ParquetRows>),
    Replay(Replay),
}

pub(super) fn open(mut input: Input, forced: Option<UsageFormat>) -> Result<(UsageFormat, Source), FileError> {
    let kind = detect::kind(input.peek()?);
    if let Some(forced) = forced {
        check_kind(forced, kind)?;
    }
    match kind {
        Kind::Parquet => Ok((UsageFormat::QuittanceParquet, Source::Parquet(Box::new(ParquetRows::open(input)?)))),
        Kind::Json => open_json(input, forced),
        Kind::Text => open_csv(input, forced),
        Kind::Other(what) => Err(detect::unknown(what)),
    }
}

/// A forced format has to be of the kind that the first bytes show.
fn check_kind(forced: UsageFormat, kind: Kind) -> Result<(), FileError> {
    let fits = match forced {
        UsageFormat::AzureUsageDetails | UsageFormat::QuittanceJsonl => kind == Kind::Json,
        UsageFormat::AzureEaCsv | UsageFormat::AzurePaygCsv | UsageFormat::QuittanceCsv => kind == Kind::Text,
        UsageFormat::QuittanceParquet => kind == Kind::Parquet,
    };
    let seen = match kind {
        _ if fits => return Ok(()),
        Kind::Parquet => "a Parquet file",
        Kind::Json => "JSON",
        Kind::Text => "plain text",
        Kind::Other(what) => what,
    };
    Err(detect::mismatch(forced, seen))
}

fn open_json(mut input: Input, forced: Option<UsageFormat>) -> Result<(UsageFormat, Source), FileError> {
    let beginning = input.peek()?;
    let found = detect::json(beginning);
    let seen = detect::json_seen(beginning);
    let format = match (forced, found) {
        (Some(UsageFormat::AzureUsageDetails), Json::Own) | (Some(UsageFormat::QuittanceJsonl), Json::AzureDetails) => {
            return Err(detect::mismatch(forced.unwrap_or(UsageFormat::QuittanceJsonl), &seen));
        }
        (_, Json::AzureWithout(code)) => return Err(detect::azure_without(code)),
        (Some(forced), _) => forced,
        (None, Json::Own) => UsageFormat::QuittanceJsonl,
        (None, Json::AzureDetails) => UsageFormat::AzureUsageDetails,
        (None, Json::Unknown) => return Err(detect::unknown(&seen)),
    };
    let source = if format == UsageFormat::QuittanceJsonl {
        Source::OwnLines(LineReader::new(input))
    } else {
        Source::AzureDetails(ArrayReader::open(input, &["value"])?)
    };
    Ok((format, source))
}

fn open_csv(input: Input, forced: Option<UsageFormat>) -> Result<(UsageFormat, Source), FileError> {
    let reader = CsvReader::open(input)?;
    let header = reader.header();
    let format = match (forced, detect::csv(header)) {
        (None, Csv::Foreign(provider)) => return Err(detect::foreign(provider)),
        (Some(forced), Csv::Foreign(provider)) => return Err(detect::mismatch(forced, provider)),
        (Some(forced), Csv::Known(found)) if forced != found => return Err(detect::mismatch(forced, found.name())),
        (_, Csv::Known(found)) => found,
        (Some(forced), Csv::Unknown) => forced,
        (None, Csv::Unknown) => return Err(detect::unknown(&detect::header_seen(header)).at_line(header.line())),
    };
    let source = if format == UsageFormat::QuittanceCsv {
        let columns = Columns::of(header, OWN)?;
        Source::OwnCsv(reader, columns)
    } else {
        detect::check_azure(header)?;
        let columns = Columns::of(header, AZURE_CSV)?;
        let quantity = columns.get(Field::Quantity);
        let in_blocks = quantity.is_some() && quantity == header.find(&[CONSUMED_QUANTITY])?;
        let basis = if in_blocks { QuantityBasis::Blocks } else { QuantityBasis::Units };
        Source::AzureCsv(reader, columns, basis)
    };
    Ok((format, source))
}

impl Source {
    pub(super) fn header_text(&self) -> &[u8] {
        match self {
            Self::OwnCsv(reader, _) | Self::AzureCsv(reader, ..) => reader.header_text(),
            _ => &[],
        }
    }

    pub(super) fn column_of(&self, field: Field) -> Option<(u64, &str)> {
        match self {
            Self::OwnCsv(reader, columns) | Self::AzureCsv(reader, columns, _) => {
                columns.get(field).map(|column| (column.number(), reader.header().name(column)))
            }
            Self::Parquet(rows) => rows.column_of(field),
            Self::AzureDetails(_) | Self::OwnLines(_) | Self::Replay(_) => None,
        }
    }

    pub(super) fn place_of(&self, line: u64, field: Field) -> Option<FieldPlace> {
        match self {
            Self::AzureDetails(reader) => azure_place(reader.last_element(), field),
            Self::OwnLines(reader) => own_place(reader.last_element(), field),
            _ => self.column_of(field).map(|(column, name)| FieldPlace { line, column, name: name.to_owned() }),
        }
    }

    pub(super) fn next_item(&mut self) -> Result<Option<UsageItem>, FileError> {
        match self {
            Self::OwnCsv(reader, columns) => {
                let item = |record| UsageItem::of(record_line(&record), own_record(&CsvRow { record, columns }));
                Ok(reader.next_row()?.map(|row| csv_item(row, item)))
            }
            Self::AzureCsv(reader, columns, basis) => {
                let item =
                    |record| UsageItem::of(record_line(&record), azure_record(&CsvRow { record, columns }, *basis));
                Ok(reader.next_row()?.map(|row| csv_item(row, item)))
            }
            Self::AzureDetails(reader) => Ok(reader.next_element()?.map(|item| json_item(item, azure_element))),
            Self::OwnLines(reader) => Ok(reader.next_element()?.map(|item| json_item(item, own_element))),
            Self::Parquet(rows) => rows.next_item(),
            Self::Replay(replay) => replay.next_item(),
        }
    }
}

fn record_line(record: &crate::csv::Record<'_>) -> u64 {
    record.line()
}

fn csv_item<'r>(row: Row<'r>, read: impl FnOnce(crate::csv::Record<'r>) -> UsageItem) -> UsageItem {
    match row {
        Row::Record(record) => read(record),
        Row::Rejected(rejected) => UsageItem::Rejected(rejected),
    }
}

type ReadElement = fn(crate::json::Element<'_>) -> Result<billing::usage::UsageRecord, crate::error::RejectedLine>;

pub(super) fn json_item(item: Item<'_>, read: ReadElement) -> UsageItem {
    match item {
        Item::Element(element) => UsageItem::of(element.line, read(element)),
        Item::Rejected(rejected) => UsageItem::Rejected(rejected),
    }
}
