//! Invoices: drafted, checked, numbered, issued; after that they never change (INV-2).

mod adjustment;
mod amendment;
mod checks;
mod credit;
mod draft;
mod draft_classic;
mod draft_classic_usage;
mod line;
mod number;
mod restatement;
mod snapshot;
mod standing;
mod totals;

pub use adjustment::Adjustment;
pub use amendment::{Amendment, Amends, LineName};
pub use checks::{CheckFailure, TOTAL_MINOR_MAX, check_draft};
pub use credit::{CreditError, DraftedNote, cancels, credit_note, credited_line, partial_credit};
pub use draft::{
    Draft, DraftError, DraftInputs, DraftedLine, EarlierMonths, EarlierTerms, PartyDrafts, draft_invoices,
};
pub use line::{Charge, ClassicDetails, ClassicUsageCharge, InvoiceLine, LicenceDetails, LineChargeType, UsageCharge};
pub use number::{InvoiceNumber, NumberError, Series};
pub use restatement::{LineChange, asked_for_next, changed_lines, deferred, difference_note, rebilled};
pub use snapshot::{
    BlobDigest, CarriedDay, KnownLists, ListDigests, PriorClosure, RULES_VERSION, RestatedMonth, Snapshot,
};
pub use standing::Standing;
pub use totals::{DocumentTotals, document_totals};

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::fx::ExchangeRate;
use crate::licence::Generation;
use crate::money::Currency;
use crate::party::Organisation;
use crate::period::BillingPeriod;
use crate::rate::UnpricedUsage;
use crate::tax::TaxSubtotal;

/// The two families of invoices; each has its own series of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InvoiceType {
    /// Azure plan usage, one-time and licence purchases of the new commerce.
    OneTime,
    /// Legacy licences and usage.
    Recurring,
}

impl InvoiceType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneTime => "OneTime",
            Self::Recurring => "Recurring",
        }
    }

    /// The type whose series a number is of.
    #[must_use]
    pub fn of(number: &InvoiceNumber) -> Option<Self> {
        [Self::OneTime, Self::Recurring].into_iter().find(|one| number.letter() == Some(one.series().letter()))
    }

    /// Whose charges stand on it.
    #[must_use]
    pub fn generation(self) -> Generation {
        match self {
            Self::OneTime => Generation::NewCommerce,
            Self::Recurring => Generation::Classic,
        }
    }

    #[must_use]
    pub fn series(self) -> Series {
        match self {
            Self::OneTime => Series::ONE_TIME,
            Self::Recurring => Series::RECURRING,
        }
    }
}

/// What kind of document an invoice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    Invoice,
    VoidNote,
    AdjustmentNote,
}

/// An issued invoice without its lines. Its serialised bytes are what is stored and digested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Version of this shape; stored shapes stay readable for ever.
    pub shape: u32,
    pub number: InvoiceNumber,
    pub invoice_type: InvoiceType,
    pub document_type: DocumentType,
    /// Its place behind the document that it amends.
    pub amends: Option<Amends>,
    /// Why it amends that one; empty where it does not.
    pub reason: String,
    pub issuer: Organisation,
    pub billed_party: Organisation,
    pub period: BillingPeriod,
    pub currency: Currency,
    pub issued_at: Timestamp,
    pub due_on: Date,
    pub totals: DocumentTotals,
    /// By code; empty where nothing is taxed.
    pub taxes: Vec<TaxSubtotal>,
    /// Outside the lines, after tax.
    pub adjustments: Vec<Adjustment>,
    pub exchange_rates: Vec<ExchangeRate>,
    /// Usage without a price that was moved to the next period.
    pub carried: Vec<UnpricedUsage>,
    pub line_count: u32,
    pub snapshot: Snapshot,
}

/// The present version of [`Invoice`]'s shape.
pub const INVOICE_SHAPE: u32 = 1;

impl Invoice {
    /// Turns a checked draft into the issued document.
    #[must_use]
    pub fn issue(draft: &Draft, number: InvoiceNumber, issued_at: Timestamp, snapshot: Snapshot) -> Self {
        let issued_on = issued_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self {
            shape: INVOICE_SHAPE,
            number,
            invoice_type: draft.invoice_type,
            document_type: DocumentType::Invoice,
            amends: None,
            reason: String::new(),
            issuer: draft.issuer.clone(),
            billed_party: draft.billed_party.clone(),
            period: draft.period,
            currency: draft.currency,
            issued_at,
            due_on: issued_on.saturating_add(i32::from(draft.billed_party.payment_terms_days).days()),
            totals: draft.totals,
            taxes: draft.taxes.clone(),
            adjustments: draft.adjustments.clone(),
            exchange_rates: draft.exchange_rates.clone(),
            carried: draft.unpriced.clone(),
            line_count: u32::try_from(draft.lines.len()).unwrap_or(u32::MAX),
            snapshot,
        }
    }

    /// The UTC day of issue.
    #[must_use]
    pub fn issued_on(&self) -> Date {
        self.issued_at.to_zoned(jiff::tz::TimeZone::UTC).date()
    }
}
