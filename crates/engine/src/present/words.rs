//! The words that our types and the wire spell differently.

use billing::decimal::Decimal;
use billing::invoice;
use billing::period::BillingPeriod;
use formats::vendor::{ChargeType, DocumentType, InvoiceType, WireDateTime};

pub(super) fn invoice_type(kind: invoice::InvoiceType) -> InvoiceType {
    match kind {
        invoice::InvoiceType::OneTime => InvoiceType::OneTime,
        invoice::InvoiceType::Recurring => InvoiceType::Recurring,
    }
}

pub(super) fn document_type(kind: invoice::DocumentType) -> DocumentType {
    match kind {
        invoice::DocumentType::Invoice => DocumentType::Invoice,
        invoice::DocumentType::VoidNote => DocumentType::VoidNote,
        invoice::DocumentType::AdjustmentNote => DocumentType::AdjustmentNote,
    }
}

pub(super) fn charge_type(kind: invoice::ChargeType) -> ChargeType {
    match kind {
        invoice::ChargeType::New => ChargeType::New,
        invoice::ChargeType::Cancel => ChargeType::Cancel,
    }
}

/// As lines of an invoice have it: what is taken back is a cancellation.
pub(super) fn charge_type_of(pricing_total: Decimal) -> ChargeType {
    if pricing_total.is_negative() { ChargeType::Cancel } else { ChargeType::New }
}

/// The first and the last day, as the wire writes periods.
pub(super) fn inclusive_days(period: BillingPeriod) -> (WireDateTime, WireDateTime) {
    (period.first_day().into(), period.last_day().into())
}
