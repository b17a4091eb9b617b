//! A line of an invoice as a reconciliation line of its family.

use billing::decimal::DecimalError;
use billing::invoice::{Charge, InvoiceLine, InvoiceNumber, LineChargeType};
use billing::party::Organisation;
use formats::vendor::{LicenseBasedLineItem, OneTimeInvoiceLineItem, UsageBasedLineItem};
use serde::Serialize;

use crate::error::{EngineError, EngineResult};
use crate::invoices::IssuedInvoice;

use super::classic_usage::usage_based_line;
use super::license_based::license_based_line;
use super::one_time::one_time_line;

/// A reconciliation line of a one-time or of a recurring invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LineItem {
    OneTime(Box<OneTimeInvoiceLineItem>),
    Licence(Box<LicenseBasedLineItem>),
    Usage(Box<UsageBasedLineItem>),
}

/// What a line stands on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) party: &'a Organisation,
    /// `None` of a month that is not billed yet.
    pub(super) number: Option<&'a InvoiceNumber>,
}

impl<'a> Document<'a> {
    pub(super) fn number_text(self) -> &'a str {
        self.number.map_or("", InvoiceNumber::as_str)
    }
}

/// One line of an issued invoice.
///
/// # Errors
/// A total or a rate that does not fit its number, or a line that mixes the words of two generations.
pub fn line_item(issued: &IssuedInvoice, line: &InvoiceLine) -> EngineResult<LineItem> {
    let invoice = &issued.invoice;
    item(Document { party: &invoice.billed_party, number: Some(&invoice.number) }, line)
}

/// One line of a month that is not billed yet, of the party that it would be billed to.
///
/// # Errors
/// As [`line_item`].
pub fn unbilled_line_item(party: &Organisation, line: &InvoiceLine) -> EngineResult<LineItem> {
    item(Document { party, number: None }, line)
}

fn item(document: Document<'_>, line: &InvoiceLine) -> EngineResult<LineItem> {
    match (line.charge_type, &line.charge) {
        (LineChargeType::Classic(fee), Charge::Classic(classic)) => {
            Ok(LineItem::Licence(Box::new(license_based_line(document, line, (fee, classic))?)))
        }
        (LineChargeType::Classic(fee), Charge::ClassicUsage(usage)) => {
            Ok(LineItem::Usage(Box::new(usage_based_line(document, line, (fee, usage))?)))
        }
        (LineChargeType::NewCommerce(charge_type), _) => {
            Ok(LineItem::OneTime(Box::new(one_time_line(document, line, charge_type)?)))
        }
        (LineChargeType::Classic(fee), _) => {
            let name = format!("a line of invoice {}", document.number_text());
            Err(EngineError::damaged(&name, format!("a charge of the new commerce is called {}", fee.as_str())))
        }
    }
}

/// The seats of a licence's line.
pub(super) fn seats(line: &InvoiceLine) -> EngineResult<i32> {
    let inexact = |error: DecimalError| EngineError::new(error.code(), error.to_string());
    let seats = line.quantity.mantissa_at(0).map_err(inexact)?;
    i32::try_from(seats).map_err(|_| inexact(DecimalError::Overflow))
}
