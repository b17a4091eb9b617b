//! Bank statements: what was paid in and paid out of an account, as the bank booked it.
//!
//! CAMT.053 (ISO 20022, `camt.053.001.02` and later) and Quittance's own CSV. An amount is what the
//! bank states, in whole minor units, or its entry is refused. A reference names one movement for
//! ever, because a payment with a known reference is not booked again: what has no reference of its
//! own, or shares one with another movement, is refused.

mod camt;
mod collected;
mod detail;
mod draft;
mod field;
mod own;
mod transactions;

use billing::money::Amount;
use jiff::civil::Date;

use crate::csv::Header;
use crate::directory::kind;
use crate::error::{FileError, Parsed};
use crate::source::Input;

/// What this module raises beside the codes of `csv`, `number`, `source` and `xml`.
pub const CODES: &[&str] = &[
    "bank.entry.amount_decimals",
    "bank.entry.amount_negative",
    "bank.entry.currency_differs",
    "bank.entry.field_missing",
    "bank.entry.field_repeated",
    "bank.entry.reference_missing",
    "bank.entry.reference_repeated",
    "bank.entry.sums_differ",
    "bank.entry.word_unknown",
    "bank.file.no_statements",
    "bank.statement.unidentified",
    "currency.unknown",
    "file.format_unknown",
    "file.too_large",
    "file.wrong_kind",
    "id.too_long",
];

/// What this module reads, for messages.
const WANTED: &str = "bank statements";

/// The account of one statement and what was booked on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankStatement {
    /// Its IBAN, or the number that the bank gave it. Empty in a CSV, which names no account.
    pub account: String,
    /// The bank's id of the statement. Empty in a CSV.
    pub statement_id: String,
    /// In the order of the file.
    pub entries: Vec<BankEntry>,
    /// Entries that are not booked: `PDNG`, `INFO`, `FUTR`.
    pub skipped_count: u64,
    /// Entries that are left out because an earlier statement of the file holds the same ones.
    pub repeated_count: u64,
}

/// One movement on an account: an entry, or one transaction of an entry that books several at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankEntry {
    /// The value date, or the booking date where none is given; the bank's own day.
    pub booked_on: Date,
    /// Above zero is money received by the holder of the account, below zero is paid out.
    pub amount: Amount,
    /// It takes an earlier movement back. The sign of `amount` has taken that into account.
    pub reversal: bool,
    /// Who owed the money that was received; in a CSV whatever its column says. Of a reversal that is
    /// the debtor of the movement that is taken back.
    pub payer: Option<String>,
    /// The bank's name for this movement, the same whenever the statement is read. Among the received
    /// amounts of an account it stands for one, and so it does among those paid out.
    pub reference: String,
    /// What the payer wrote, and the structured creditor references; one line, may be empty.
    pub remittance: String,
    /// The payer's own reference, unless the payer gave none.
    pub end_to_end_id: Option<String>,
    /// The physical line that the movement starts on, from 1.
    pub line: u64,
}

/// How much of a file is read. Its entries are held in memory.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A transaction takes some 500 bytes, so that both limits are met at about the same size.
    bytes: u64,
    /// Entries that are taken and those that are refused.
    entries: usize,
}

const LIMITS: Limits = Limits { bytes: 512 << 20, entries: 1_000_000 };

/// Reads a file of bank statements: XML if it begins with `<`, else CSV.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`, `xml.*`), `bank.file.*`, `bank.statement.*`; then nothing is
/// read. Entries are set aside with `bank.entry.*`, `currency.unknown`, `id.too_long`, `number.*`,
/// `date.*`, and `xml.too_long` for a remittance without end.
pub fn read_bank(input: Input) -> Result<Parsed<Vec<BankStatement>>, FileError> {
    read_within(input, &LIMITS)
}

fn read_within(mut input: Input, limits: &Limits) -> Result<Parsed<Vec<BankStatement>>, FileError> {
    let is_xml = input.peek()?.trim_ascii_start().starts_with(b"<");
    let collected = if is_xml { camt::read(input, limits)? } else { own::read(input, limits)? };
    Ok(collected.finish())
}

/// Whether a header looks like a statement in the own CSV. Usage has days and amounts as well.
pub(crate) fn recognises(header: &Header) -> bool {
    ["date", "amount"].iter().all(|name| header.has(name)) && !kind::is_usage(header)
}

#[cfg(test)]
mod tests;
