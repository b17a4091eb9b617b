//! Issued documents and their lines.

use billing::invoice::{Amendment, Charge, InvoiceLine};
use billing::money::MoneyError;
use engine::invoices::IssuedInvoice;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, NewMoney, page};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DocumentKind {
    Invoice,
    CreditNote,
    /// Takes back the lines that were wrong and charges them anew.
    AdjustmentNote,
}

impl std::str::FromStr for DocumentKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "invoice" => Ok(Self::Invoice),
            "credit_note" => Ok(Self::CreditNote),
            "adjustment_note" => Ok(Self::AdjustmentNote),
            _ => Err(()),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentSummary {
    pub(crate) number: String,
    #[serde(rename = "type")]
    pub(crate) kind: DocumentKind,
    pub(crate) issuer: String,
    /// The billed party.
    pub(crate) organisation: String,
    /// A month.
    pub(crate) period: String,
    #[schema(format = "date-time")]
    pub(crate) issued_at: String,
    #[schema(format = "date")]
    pub(crate) due_on: String,
    /// Below zero for a credit note.
    pub(crate) total: Money,
    /// What was put to it.
    pub(crate) received: Money,
    pub(crate) written_off: Money,
    /// What is still expected.
    pub(crate) open: Money,
    pub(crate) is_overdue: bool,
    pub(crate) line_count: u32,
    /// The first document of the chain that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amends: Option<String>,
    /// What it does to those before it: `credit`, `partial_credit`, `difference` or `rebill`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amendment: Option<String>,
    /// The documents behind it in its chain.
    pub(crate) amended_by: Vec<String>,
}
page!(DocumentPage, DocumentSummary);

impl DocumentSummary {
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub(crate) fn of(issued: &IssuedInvoice, today: Date) -> Result<Self, MoneyError> {
        let invoice = &issued.invoice;
        let open = issued.open()?;
        Ok(Self {
            number: invoice.number.to_string(),
            kind: kind_of(issued),
            issuer: issued.stored.issuer.to_string(),
            organisation: issued.stored.party.to_string(),
            period: invoice.period.to_string(),
            issued_at: invoice.issued_at.to_string(),
            due_on: invoice.due_on.to_string(),
            total: invoice.totals.total.into(),
            received: issued.stored.received.into(),
            written_off: issued.stored.written_off.into(),
            is_overdue: issued.is_overdue(today)?,
            open: open.into(),
            line_count: invoice.line_count,
            amends: invoice.amends.as_ref().map(|amends| amends.number.to_string()),
            amendment: invoice.amends.as_ref().map(|amends| amends.how.as_str().to_owned()),
            amended_by: issued.amendments.iter().map(|note| note.stored.number.to_string()).collect(),
        })
    }
}

pub(crate) fn kind_of(issued: &IssuedInvoice) -> DocumentKind {
    match issued.invoice.amends.as_ref().map(|amends| amends.how) {
        None | Some(Amendment::Rebill) => DocumentKind::Invoice,
        Some(Amendment::Credit | Amendment::PartialCredit) => DocumentKind::CreditNote,
        Some(Amendment::Difference | Amendment::DeferredDifference) => DocumentKind::AdjustmentNote,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tax {
    code: String,
    #[schema(format = "decimal")]
    rate: String,
    taxable: Money,
    tax: Money,
    legal_note: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedAdjustment {
    reference: String,
    amount: Money,
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rate {
    from: String,
    to: String,
    #[schema(format = "decimal")]
    rate: String,
    #[schema(format = "date")]
    dated: String,
}

/// One document with its totals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Document {
    pub(crate) summary: DocumentSummary,
    /// Before tax.
    subtotal: Money,
    tax: Money,
    /// The sum of `adjusted`, which is not taxed.
    adjustments: Money,
    taxes: Vec<Tax>,
    adjusted: Vec<IssuedAdjustment>,
    exchange_rates: Vec<Rate>,
    /// Why it takes another document back; empty where it does not.
    reason: String,
    /// SHA-256 of all that was stored of it.
    digest: String,
}

impl Document {
    /// # Errors
    /// As [`DocumentSummary::of`].
    pub(crate) fn of(issued: &IssuedInvoice, today: Date) -> Result<Self, MoneyError> {
        let invoice = &issued.invoice;
        let tax = |tax: &billing::tax::TaxSubtotal| Tax {
            code: tax.code.to_string(),
            rate: tax.rate.to_string(),
            taxable: tax.taxable.into(),
            tax: tax.tax.into(),
            legal_note: tax.legal_note.clone(),
        };
        let adjusted = |adjustment: &billing::invoice::Adjustment| IssuedAdjustment {
            reference: adjustment.reference.clone(),
            amount: adjustment.amount.into(),
            reason: adjustment.reason.clone(),
        };
        let rate = |rate: &billing::fx::ExchangeRate| Rate {
            from: rate.from.to_string(),
            to: rate.to.to_string(),
            rate: rate.rate.to_string(),
            dated: rate.dated.to_string(),
        };
        Ok(Self {
            summary: DocumentSummary::of(issued, today)?,
            subtotal: invoice.totals.subtotal.into(),
            tax: invoice.totals.tax.into(),
            adjustments: invoice.totals.adjustments.into(),
            taxes: invoice.taxes.iter().map(tax).collect(),
            adjusted: invoice.adjustments.iter().map(adjusted).collect(),
            exchange_rates: invoice.exchange_rates.iter().map(rate).collect(),
            reason: invoice.reason.clone(),
            digest: issued.stored.digest.clone(),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    line_number: u32,
    customer: String,
    subscription: String,
    subscription_name: String,
    charge_type: String,
    product_id: String,
    sku_id: String,
    product_name: String,
    sku_name: String,
    /// Of usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    meter: Option<String>,
    /// Of classic usage: which of the rates of its consumption it is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_number: Option<u32>,
    /// Of classic usage: what of the quantity costs nothing.
    #[schema(format = "decimal")]
    #[serde(skip_serializing_if = "Option::is_none")]
    included_quantity: Option<String>,
    /// Of licences.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// The first and the last day that are charged.
    #[schema(format = "date")]
    from: String,
    #[schema(format = "date")]
    to: String,
    unit_of_measure: String,
    #[schema(format = "decimal")]
    quantity: String,
    #[schema(format = "decimal")]
    unit_price: String,
    #[schema(format = "decimal")]
    effective_unit_price: String,
    /// Of both prices.
    pricing_currency: String,
    #[schema(format = "decimal")]
    exchange_rate: String,
    subtotal: Money,
    tax: Money,
    tax_code: String,
}
page!(LinePage, Line);

impl From<&InvoiceLine> for Line {
    fn from(line: &InvoiceLine) -> Self {
        let (meter, order_id) = match &line.charge {
            Charge::Usage(usage) => (Some(usage.scope.meter.to_string()), None),
            Charge::ClassicUsage(usage) => (Some(usage.scope.meter.to_string()), None),
            Charge::Licence(licence) => (None, Some(licence.order_id.clone())),
            Charge::Classic(classic) => (None, Some(classic.order_id.clone())),
        };
        Self {
            line_number: line.line_number,
            customer: line.customer.id.to_string(),
            subscription: line.subscription.to_string(),
            subscription_name: line.subscription_name.clone(),
            charge_type: line.charge_type.as_str().to_owned(),
            product_id: line.product.product_id.clone(),
            sku_id: line.product.sku_id.clone(),
            product_name: line.product.product_name.clone(),
            sku_name: line.product.sku_name.clone(),
            meter,
            rate_number: line.classic_usage().map(|usage| usage.rate_number),
            included_quantity: line.classic_usage().map(|usage| usage.included.to_string()),
            order_id,
            from: line.days.0.to_string(),
            to: line.days.1.to_string(),
            unit_of_measure: line.unit_of_measure.clone(),
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            effective_unit_price: line.effective_unit_price.to_string(),
            pricing_currency: line.pricing_currency.to_string(),
            exchange_rate: line.exchange_rate.rate.to_string(),
            subtotal: line.subtotal.into(),
            tax: line.tax.into(),
            tax_code: line.tax_code.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredit {
    /// Without it, all that stands.
    pub(crate) amount: Option<NewMoney>,
    /// Printed on the credit note.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}
