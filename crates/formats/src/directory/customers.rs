//! The list of customers.

use billing::ids::{CustomerId, OrganisationId};

use super::kind::{csv_reader, is_customers, unknown_header};
use super::repeated::{Repeated, read_list};
use super::{LIST, countries, id, text};
use crate::csv::{Column, Header, Record};
use crate::error::{FileError, Parsed, RejectedLine};
use crate::source::Input;

/// One customer as the file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// The physical line that the row starts on, from 1.
    pub line: u64,
    pub customer_id: CustomerId,
    pub name: String,
    /// Whom the customer's usage is billed to; `None` where the import decides.
    pub billed_party: Option<OrganisationId>,
    /// Where it stands, for those who refuse the row; 0 where the file has no such column.
    pub billed_party_column: u64,
    /// May be empty.
    pub domain: String,
    /// ISO 3166-1 alpha-2 in upper case, or empty.
    pub country: String,
}

struct Columns {
    customer_id: Column,
    name: Column,
    billed_party: Option<Column>,
    domain: Option<Column>,
    country: Option<Column>,
}

/// Reads a list of customers.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `directory.file.no_rows`. Rows are set aside with
/// `id.*`, `customer.*`, and `directory.line.contradiction` for all rows of a customer that is
/// described in two ways.
pub fn read_customers(input: Input) -> Result<Parsed<Vec<CustomerRow>>, FileError> {
    let reader = csv_reader(input, "customers")?;
    if !is_customers(reader.header()) {
        return Err(unknown_header(reader.header(), "customers"));
    }
    let columns = Columns::find(reader.header())?;
    let rows = Repeated::new(|a: &CustomerRow, b| CustomerRow { line: b.line, ..a.clone() } == *b);
    read_list(reader, LIST, columns.customer_id, rows, |record| {
        let row = customer(record, &columns)?;
        Ok((row.customer_id.clone(), row))
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, FileError> {
        Ok(Self {
            customer_id: header.require(&["customer_id"])?,
            name: header.require(&["name"])?,
            billed_party: header.find(&["billed_party"])?,
            domain: header.find(&["domain"])?,
            country: header.find(&["country"])?,
        })
    }
}

fn customer(record: &Record<'_>, columns: &Columns) -> Result<CustomerRow, RejectedLine> {
    let customer_id = id(record, columns.customer_id)?;
    let name = record.field(columns.name).trim();
    if name.is_empty() {
        return Err(record.reject(columns.name, "customer.name_missing", "the customer has no name"));
    }
    let billed_party = match columns.billed_party.filter(|column| !record.field(*column).trim().is_empty()) {
        Some(column) => Some(id(record, column)?),
        None => None,
    };
    let billed_party_column = columns.billed_party.map_or(0, Column::number);
    let country = text(record, columns.country).to_ascii_uppercase();
    if let Some(column) = columns.country.filter(|_| !country.is_empty() && !countries::is_country(&country)) {
        let message = format!("{:?} is not a country code of ISO 3166 such as DE", crate::number::excerpt(&country));
        return Err(record.reject(column, "customer.country_unknown", message));
    }
    let domain = text(record, columns.domain).to_owned();
    Ok(CustomerRow {
        line: record.line(),
        customer_id,
        name: name.to_owned(),
        billed_party,
        billed_party_column,
        domain,
        country,
    })
}
