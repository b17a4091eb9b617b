//! What an invoice says, as plain data.
//!
//! Amounts are exact decimal text with a point and an optional leading `-`, no exponent, no
//! grouping (`"-1234.50"`, `"0.0817769814151179"`). Those in the invoice's own currency must
//! fit its minor digits. Days are days of the issuer's calendar.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What kind of document is printed; it decides the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Invoice,
    /// Takes a whole document back; its amounts are negative.
    CreditNote,
    /// Carries only the differences to the document it amends.
    AdjustmentNote,
}

/// One invoice, credit note or adjustment note, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoicePaper {
    pub kind: DocumentKind,
    pub number: String,
    /// Number of the document that this one amends.
    #[serde(default)]
    pub amends_number: Option<String>,
    pub issuer: Party,
    pub billed_to: Party,
    pub issued_on: Date,
    pub due_on: Date,
    /// Days between issue and due date; 0 means payable at once. Printed where something is to be paid, as the due
    /// date is.
    pub payment_terms_days: u32,
    pub period_from: Date,
    /// Last day of the period, itself billed.
    pub period_to_inclusive: Date,
    /// ISO 4217 code of every amount that does not name another currency.
    pub currency: String,
    /// Decimals of the currency: 2 for EUR, 0 for JPY.
    pub minor_digits: u8,
    #[serde(default)]
    pub agreement: Option<String>,
    #[serde(default)]
    pub purchase_order: Option<String>,
    pub customers: Vec<CustomerCharges>,
    pub totals: Totals,
    /// Tax by rate, printed under the tax total; may be empty.
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
    #[serde(default)]
    pub exchange_rates: Vec<ExchangeRateNote>,
    /// Paragraphs in the reader's language, for example a reverse-charge sentence.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is said about the document in its own language, before `notes`.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// Lines in the reader's language: bank, account, reference.
    #[serde(default)]
    pub payment_instructions: Vec<String>,
    /// One of [`crate::LOCALES`].
    pub locale: String,
}

/// Someone with a name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    pub name: String,
    #[serde(default)]
    pub address_lines: Vec<String>,
    #[serde(default)]
    pub tax_id: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

/// The summary of the first page, in the invoice's currency.
///
/// The column is printed from top to bottom and should add up as printed: subtotal, tax and
/// adjustments give the total; total and paid give what is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Sum of the positive subtotals (rule IN-14).
    pub charges: String,
    /// Sum of the negative subtotals, itself 0 or negative.
    pub credits: String,
    /// Charges and credits, before tax.
    pub subtotal: String,
    pub tax: String,
    /// What is settled outside the lines, after tax.
    pub adjustments: String,
    pub total: String,
    /// Negative when money was received.
    pub paid: String,
    /// Negative when the balance is in the receiver's favour.
    pub due: String,
}

/// Tax at one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxLine {
    /// Name and rate, for example `VAT 19 %`.
    pub description: String,
    /// What the tax is computed on.
    pub base: String,
    pub amount: String,
}

/// All charges of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerCharges {
    pub name: String,
    pub id: String,
    pub lines: Vec<ChargeLine>,
    pub subtotal: String,
}

/// One printed line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeLine {
    pub description: String,
    /// Second line in small print: meter, plan, region; may be empty.
    #[serde(default)]
    pub detail: String,
    pub quantity: String,
    /// What one of the quantity is, for example `1 Hour`.
    pub unit: String,
    /// Price of one unit in `pricing_currency`, all its digits.
    pub unit_price: String,
    pub pricing_currency: String,
    /// In the invoice's currency.
    pub amount: String,
    #[serde(default)]
    pub note: Option<String>,
    /// What is said about the line in the document's language, below it.
    #[serde(default)]
    pub remarks: Vec<Remark>,
}

/// A rate that was used, so that the reader can check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRateNote {
    pub from: String,
    pub to: String,
    /// How much of `to` one of `from` costs.
    pub rate: String,
    pub date: Date,
    pub source: RateSource,
}

/// A sentence that the translations hold; only its facts are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Remark {
    /// The usage is of an earlier month, named by its first day.
    LateUsage { month: Date },
    /// The line takes back one of an earlier document, such as `G000000001-12`.
    TakesBack { line: String },
    /// What a note comes to, which the next invoice asks for.
    OnNextInvoice { amount: String },
    /// The price is net of the partner earned credit; `percent` is plain decimal text.
    EarnedCredit { percent: String },
    /// A savings plan has paid for the usage; the order that began it.
    CoveredBy { order: String },
    /// The amount is net of a discount in the invoice's currency, as plain decimal text.
    Discount { amount: String },
    /// Of what was consumed, so much is included and costs nothing.
    Included { included: String, consumed: String },
    /// Usage of these meters is not in the document and will be billed later.
    NotPricedYet { meters: Vec<String> },
}

/// Where an exchange rate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// A list of rates that holds for a month.
    MonthlyList,
    EuropeanCentralBank,
    /// In the words of whoever states it.
    #[serde(untagged)]
    Stated(String),
}
