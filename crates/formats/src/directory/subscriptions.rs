//! The list of subscriptions and plans.

use billing::ids::{CustomerId, SubscriptionId};
use billing::licence::Generation;
use billing::period::DayRange;

use super::earned_credit::earned_credit;
use super::kind::{csv_reader, is_subscriptions, unknown_header};
use super::repeated::{Repeated, read_list};
use super::{LIST, id, text};
use crate::csv::{Column, Header, Record};
use crate::error::{FileError, Parsed, RejectedLine};
use crate::number;
use crate::source::Input;

/// One subscription or plan as the file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The physical line that the row starts on, from 1.
    pub line: u64,
    pub subscription_id: SubscriptionId,
    pub customer_id: CustomerId,
    /// Where it stands, for those who refuse the row.
    pub customer_id_column: u64,
    /// May be empty.
    pub name: String,
    /// The days on which the partner earned the credit, in rising order (RT-20).
    pub earned_credit: Vec<DayRange>,
    /// Where they stand; as `customer_id_column` where the file has no such column. Likewise the next one.
    pub earned_credit_column: u64,
    /// Whose rules its usage is billed by; `None` where the file does not say.
    pub generation: Option<Generation>,
    pub generation_column: u64,
}

struct Columns {
    subscription_id: Column,
    customer_id: Column,
    name: Option<Column>,
    earned_credit: Option<Column>,
    generation: Option<Column>,
}

/// Reads a list of subscriptions.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `directory.file.no_rows`. Rows are set aside with
/// `id.*`, `subscription.earned_credit_malformed`, `subscription.generation_unknown`, and `directory.line.contradiction` for all rows
/// of a subscription that is described in two ways.
pub fn read_subscriptions(input: Input) -> Result<Parsed<Vec<SubscriptionRow>>, FileError> {
    let reader = csv_reader(input, "subscriptions")?;
    if !is_subscriptions(reader.header()) {
        return Err(unknown_header(reader.header(), "subscriptions"));
    }
    let columns = Columns::find(reader.header())?;
    let rows = Repeated::new(|a: &SubscriptionRow, b| SubscriptionRow { line: b.line, ..a.clone() } == *b);
    read_list(reader, LIST, columns.subscription_id, rows, |record| {
        let row = subscription(record, &columns)?;
        Ok((row.subscription_id.clone(), row))
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, FileError> {
        Ok(Self {
            subscription_id: header.require(&["subscription_id"])?,
            customer_id: header.require(&["customer_id"])?,
            name: header.find(&["name"])?,
            earned_credit: header.find(&["earned_credit"])?,
            generation: header.find(&["generation"])?,
        })
    }
}

fn subscription(record: &Record<'_>, columns: &Columns) -> Result<SubscriptionRow, RejectedLine> {
    let earned_credit = columns.earned_credit.map_or(Ok(Vec::new()), |column| {
        earned_credit(record.field(column)).map_err(|error| record.reject_fault(column, error.into()))
    })?;
    let generation = generation(record, columns)?;
    Ok(SubscriptionRow {
        line: record.line(),
        subscription_id: id(record, columns.subscription_id)?,
        customer_id: id(record, columns.customer_id)?,
        customer_id_column: columns.customer_id.number(),
        name: text(record, columns.name).to_owned(),
        earned_credit,
        generation,
        generation_column: columns.generation.unwrap_or(columns.customer_id).number(),
        earned_credit_column: columns.earned_credit.unwrap_or(columns.customer_id).number(),
    })
}

/// Nothing says nothing: a known subscription stays what it is.
fn generation(record: &Record<'_>, columns: &Columns) -> Result<Option<Generation>, RejectedLine> {
    let Some(column) = columns.generation else { return Ok(None) };
    let text = text(record, columns.generation);
    if text.is_empty() {
        return Ok(None);
    }
    let unknown = || {
        let message = format!("{:?} is no generation; known are new_commerce, classic", number::excerpt(text));
        record.reject(column, "subscription.generation_unknown", message)
    };
    Generation::named(text).map(Some).ok_or_else(unknown)
}
