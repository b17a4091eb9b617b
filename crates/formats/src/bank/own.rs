//! Quittance's own CSV: `date, amount, currency, payer, reference, remittance`.

use super::collected::Collected;
use super::{BankEntry, Limits, WANTED, field, recognises};
use crate::csv::{Column, CsvReader, Header, Record, Row};
use crate::directory::kind;
use crate::error::{Fault, FileError, RejectedLine};
use crate::source::Input;

#[derive(Debug, Clone, Copy)]
struct Columns {
    date: Column,
    amount: Column,
    currency: Column,
    reference: Column,
    payer: Option<Column>,
    remittance: Option<Column>,
}

impl Columns {
    fn find(header: &Header) -> Result<Self, FileError> {
        Ok(Self {
            date: header.require(&["date"])?,
            amount: header.require(&["amount"])?,
            currency: header.require(&["currency"])?,
            reference: header.require(&["reference"])?,
            payer: header.find(&["payer"])?,
            remittance: header.find(&["remittance"])?,
        })
    }
}

pub(super) fn read(input: Input, limits: &Limits) -> Result<Collected, FileError> {
    let mut reader = kind::csv_reader(input, WANTED)?;
    if !recognises(reader.header()) {
        return Err(kind::unknown_header(reader.header(), WANTED));
    }
    let columns = Columns::find(reader.header())?;
    let mut collected = Collected::new(limits);
    collected.begin(String::new(), String::new());
    read_rows(&mut reader, columns, limits, &mut collected)?;
    Ok(collected)
}

fn read_rows(
    reader: &mut CsvReader,
    columns: Columns,
    limits: &Limits,
    collected: &mut Collected,
) -> Result<(), FileError> {
    let mut left = limits.bytes;
    while let Some(row) = reader.next_row()? {
        collected.count_record();
        let (line, length) = match &row {
            Row::Rejected(rejected) => (rejected.line, rejected.raw.len()),
            Row::Record(record) => (record.line(), record.raw().len().max(record.fields().map(str::len).sum())),
        };
        left = left.checked_sub(length as u64).ok_or_else(|| too_large(limits, line))?;
        let read = match row {
            Row::Rejected(rejected) => Err(rejected),
            Row::Record(record) => entry(&record, columns),
        };
        match read {
            Ok(entry) => collected.add(vec![(entry, columns.reference.number())])?,
            Err(rejected) => collected.refuse(rejected)?,
        }
    }
    Ok(())
}

fn too_large(limits: &Limits, line: u64) -> FileError {
    let message = format!("the file is longer than {} bytes; split it by day", limits.bytes);
    FileError::new("file.too_large", message).at_line(line)
}

fn entry(record: &Record<'_>, columns: Columns) -> Result<BankEntry, RejectedLine> {
    let reject = |column: Column| move |fault: Fault| record.reject_fault(column, fault);
    let text = |column: Option<Column>| column.map_or("", |column| record.field(column));
    let booked_on = field::day(record.field(columns.date)).map_err(reject(columns.date))?;
    let currency = field::currency(record.field(columns.currency)).map_err(reject(columns.currency))?;
    let amount = field::amount(record.field(columns.amount), currency).map_err(reject(columns.amount))?;
    let reference = field::identifier(record.field(columns.reference)).map_err(reject(columns.reference))?;
    let no_reference = || {
        let message = "without a reference the line could be booked twice; give it one of its own";
        record.reject(columns.reference, "bank.entry.reference_missing", message)
    };
    Ok(BankEntry {
        booked_on,
        amount,
        reversal: false,
        payer: field::optional_text(text(columns.payer)),
        reference: reference.ok_or_else(no_reference)?,
        remittance: field::text(text(columns.remittance)),
        end_to_end_id: None,
        line: record.line(),
    })
}
