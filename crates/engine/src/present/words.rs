//! The words that our types and the wire spell differently.

use billing::decimal::Decimal;
use billing::invoice;
use billing::licence;
use billing::party::Organisation;
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

pub(super) fn charge_type(kind: licence::ChargeType) -> ChargeType {
    match kind {
        licence::ChargeType::New => ChargeType::New,
        licence::ChargeType::Renew => ChargeType::Renew,
        licence::ChargeType::CycleCharge => ChargeType::CycleCharge,
        licence::ChargeType::AddQuantity => ChargeType::AddQuantity,
        licence::ChargeType::RemoveQuantity => ChargeType::RemoveQuantity,
        licence::ChargeType::CancelImmediate => ChargeType::CancelImmediate,
        licence::ChargeType::Cancel => ChargeType::Cancel,
        licence::ChargeType::Convert => ChargeType::Convert,
        licence::ChargeType::MoveQuantity => ChargeType::MoveQuantity,
        licence::ChargeType::ChangeBillingPlan => ChargeType::ChangeBillingPlan,
        licence::ChargeType::CustomerCredit => ChargeType::CustomerCredit,
    }
}

/// What lines of the older commerce say where there is none.
pub(super) const NO_TIER_2_PARTNER: i32 = -1;

/// As lines of the older commerce have it; 0 stands for a number that is not known, or no number.
pub(super) fn partner_number(party: &Organisation) -> i32 {
    party.partner_number.parse().unwrap_or(0)
}

/// As lines of an invoice have it: what is taken back is a cancellation.
pub(super) fn charge_type_of(pricing_total: Decimal) -> ChargeType {
    if pricing_total.is_negative() { ChargeType::Cancel } else { ChargeType::New }
}

/// What a resource is called: the last part of its path.
pub(super) fn last_segment(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or_default()
}

/// The first and the last day, as the wire writes periods.
pub(super) fn inclusive_days(period: BillingPeriod) -> (WireDateTime, WireDateTime) {
    (period.first_day().into(), period.last_day().into())
}
