//! Which format a file has, found by its content.

use super::UsageFormat;
use super::field::CONSUMED_QUANTITY;
use crate::csv::Header;
use crate::error::FileError;
use crate::number::excerpt;

/// What the first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Parquet,
    /// A document, or JSON Lines.
    Json,
    Text,
    /// A well-known kind of file that never holds usage.
    Other(&'static str),
}

/// First bytes of files that are sent by mistake.
const OTHERS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"<", "an XML or HTML document"),
];

pub(super) fn kind(beginning: &[u8]) -> Kind {
    let text = beginning.trim_ascii_start();
    if beginning.starts_with(b"PAR1") {
        return Kind::Parquet;
    }
    if let Some((_, what)) = OTHERS.iter().find(|(mark, _)| beginning.starts_with(mark) || text.starts_with(mark)) {
        return Kind::Other(what);
    }
    if text.starts_with(b"{") || text.starts_with(b"[") { Kind::Json } else { Kind::Text }
}

/// What a JSON file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Json {
    Own,
    AzureDetails,
    /// Azure's, but it cannot be rated.
    AzureWithout(&'static str),
    Unknown,
}

pub(super) fn json(beginning: &[u8]) -> Json {
    let has = |text: &str| beginning.windows(text.len()).any(|window| window == text.as_bytes());
    if has("\"properties\"") && has("\"meterId\"") && (has("\"usageQuantity\"") || has("\"quantity\"")) {
        return Json::AzureDetails;
    }
    if has("\"record_id\"") {
        return Json::Own;
    }
    if !has("Microsoft.Consumption/usageDetails") {
        return if is_empty_page(beginning) { Json::AzureDetails } else { Json::Unknown };
    }
    Json::AzureWithout(if has("\"meterId\"") { "usage.file.no_quantity" } else { "usage.file.no_meter" })
}

/// `{"value":[]}`: the answer for a period without usage.
fn is_empty_page(beginning: &[u8]) -> bool {
    let mut text: Vec<u8> = beginning.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(20).collect();
    text.truncate(b"{\"value\":[]".len());
    text == b"{\"value\":[]"
}

/// What a header turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Csv {
    Known(UsageFormat),
    /// A cost file of a provider that is not read as usage.
    Foreign(&'static str),
    Unknown,
}

/// A column that only this provider's cost files have.
const FOREIGN: &[(&str, &str)] = &[
    ("lineItem/intervalUsageStart", "Oracle Cloud (OCI cost report)"),
    ("lineItem/UsageStartDate", "Amazon Web Services (Cost and Usage Report)"),
    ("line_item_usage_start_date", "Amazon Web Services (Cost and Usage Report)"),
    ("usage.amount_in_pricing_units", "Google Cloud (billing export)"),
    ("ChargePeriodStart", "a FOCUS cost file"),
];

pub(super) fn csv(header: &Header) -> Csv {
    let all = |names: &[&str]| names.iter().all(|name| header.has(name));
    let any = |names: &[&str]| names.iter().any(|name| header.has(name));
    if let Some((_, provider)) = FOREIGN.iter().find(|(column, _)| header.has(column)) {
        return Csv::Foreign(provider);
    }
    if any(&["record_id", "quantity_basis"]) {
        return Csv::Known(UsageFormat::QuittanceCsv);
    }
    let azure = any(&["MeterCategory", "ConsumedService"]) || all(&["MeterId", "EffectivePrice"]);
    if azure && header.has("UsageDateTime") {
        return Csv::Known(UsageFormat::AzurePaygCsv);
    }
    if azure && any(&["Date", "UsageDate"]) {
        return Csv::Known(UsageFormat::AzureEaCsv);
    }
    Csv::Unknown
}

/// A recognised Azure export has to say which meter ran and how much.
pub(super) fn check_azure(header: &Header) -> Result<(), FileError> {
    if !header.has("MeterId") {
        return Err(azure_without("usage.file.no_meter").at_line(header.line()));
    }
    if !["Quantity", "UsageQuantity", CONSUMED_QUANTITY].iter().any(|name| header.has(name)) {
        return Err(azure_without("usage.file.no_quantity").at_line(header.line()));
    }
    Ok(())
}

pub(super) fn azure_without(code: &'static str) -> FileError {
    let what = if code == "usage.file.no_meter" { "meters" } else { "quantities" };
    FileError::new(code, format!("this Azure export states costs without {what}, so it cannot be rated"))
}

/// Says what was seen and what is known.
pub(super) fn unknown(seen: &str) -> FileError {
    let known: Vec<&str> = UsageFormat::ALL.iter().map(|format| format.name()).collect();
    let message = format!("the file is in no known usage format: it is {seen}; known are {}", known.join(", "));
    FileError::new("file.format_unknown", message)
}

/// A header for [`unknown`].
pub(super) fn header_seen(header: &Header) -> String {
    format!("text whose first line reads {}", header.summary())
}

/// A JSON document for [`unknown`].
pub(super) fn json_seen(beginning: &[u8]) -> String {
    let text = String::from_utf8_lossy(beginning.get(..80).unwrap_or(beginning)).into_owned();
    format!("JSON that begins with {}", excerpt(text.split_whitespace().collect::<Vec<_>>().join(" ").as_str()))
}

pub(super) fn mismatch(forced: UsageFormat, seen: &str) -> FileError {
    FileError::new("file.format_mismatch", format!("the file is not {}: it is {seen}", forced.name()))
}

pub(super) fn foreign(provider: &str) -> FileError {
    let message = format!("this is a cost file of {provider}, which is not read as usage");
    FileError::new("usage.file.provider_unsupported", message)
}
