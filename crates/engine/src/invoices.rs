//! Reads issued invoices, their lines and daily lines, and what is not billed yet.

use std::collections::BTreeMap;

use billing::balance::{CurrencyBalance, balances};
use billing::decimal::Decimal;
use billing::ids::OrganisationId;
use billing::invoice::{Invoice, InvoiceLine, InvoiceNumber};
use billing::money::Currency;
use billing::party::{Customer, PartyDirectory};
use billing::period::BillingPeriod;
use billing::ports::{StoredDocument, StoredInvoice, hex};
use billing::rate::{RatedLine, ScopeKey, billing_total};
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::inputs::load_directory;

/// The one document that an invoice has today.
const STATEMENT: &str = "statement";

/// An issued invoice, read back.
#[derive(Debug, Clone)]
pub struct IssuedInvoice {
    pub stored: StoredInvoice,
    pub invoice: Invoice,
}

/// A daily rated line as it is shown: billed days carry the month's blended price (RT-6).
#[derive(Debug, Clone)]
pub struct ShownDay {
    pub line: RatedLine,
    pub customer: Customer,
    pub subscription_name: String,
    pub invoice: Option<InvoiceNumber>,
    pub effective_unit_price: Decimal,
    pub pricing_total: Decimal,
    /// Half-even at 10 decimals.
    pub billing_total: Decimal,
}

/// A page of daily lines: each with its place, by which the next page starts.
pub type DayPage = Vec<(u64, ShownDay)>;

fn read_header(stored: StoredInvoice) -> EngineResult<IssuedInvoice> {
    let invoice = serde_json::from_slice(&stored.header)
        .map_err(|error| EngineError::damaged(&format!("invoice {}", stored.number), error))?;
    Ok(IssuedInvoice { stored, invoice })
}

/// A party's invoices, or all, by issue time and number.
///
/// # Errors
/// Storage failures.
pub async fn list(books: &Books, party: Option<&OrganisationId>) -> EngineResult<Vec<IssuedInvoice>> {
    books.ledger.invoices(party).await?.into_iter().map(read_header).collect()
}

/// One invoice. With a party, another party's invoice is as unknown as one that does not exist (ORG-1).
///
/// # Errors
/// `invoice.unknown`, or storage failures.
pub async fn find(
    books: &Books,
    party: Option<&OrganisationId>,
    number: &InvoiceNumber,
) -> EngineResult<IssuedInvoice> {
    let stored = books.ledger.invoice(number).await?;
    let visible = stored.filter(|stored| party.is_none_or(|party| *party == stored.party));
    let unknown = || EngineError::new("invoice.unknown", format!("there is no invoice {number}"));
    read_header(visible.ok_or_else(unknown)?)
}

/// Lines after `after` (0 for the first page), at most `limit`.
///
/// # Errors
/// Storage failures.
pub async fn lines(books: &Books, number: &InvoiceNumber, after: u32, limit: u32) -> EngineResult<Vec<InvoiceLine>> {
    let stored = books.ledger.invoice_lines(number, after, limit).await?;
    let damaged = |error| EngineError::damaged(&format!("a line of invoice {number}"), error);
    stored.iter().map(|bytes| serde_json::from_slice(bytes).map_err(damaged)).collect()
}

/// The balances of a party by currency (IN-8).
///
/// # Errors
/// Storage failures.
pub async fn party_balances(
    books: &Books,
    party: &OrganisationId,
) -> EngineResult<BTreeMap<Currency, CurrencyBalance>> {
    let documents = books.ledger.document_balances(party).await?;
    balances(documents).map_err(|error| EngineError::new(error.code(), error.to_string()))
}

/// What a page of daily lines is read from. Made once, read without waiting for the ledger.
#[derive(Debug)]
pub struct DaySource {
    files: Vec<billing::ports::StoredFile>,
    directory: PartyDirectory,
    invoice: Option<InvoiceNumber>,
    blended: BTreeMap<ScopeKey, Decimal>,
}

/// The daily lines that an invoice was billed from.
///
/// # Errors
/// Storage failures.
pub async fn billed_days(books: &Books, issued: &IssuedInvoice) -> EngineResult<DaySource> {
    let directory = load_directory(books.ledger.as_ref(), &issued.invoice.snapshot.directory).await?;
    let number = issued.invoice.number.clone();
    let mut blended = BTreeMap::new();
    for line in lines(books, &number, 0, u32::MAX).await? {
        // Without a quantity there is no price to blend: such days keep their marginal amounts.
        if !line.quantity.is_zero() {
            blended.insert(line.scope, line.effective_unit_price);
        }
    }
    Ok(DaySource { files: issued.stored.rated_files.clone(), directory, invoice: Some(number), blended })
}

/// The daily lines of a period that is not billed yet; empty when it is, or was never rated.
///
/// # Errors
/// Storage failures, or an unknown party.
pub async fn unbilled_days(books: &Books, party: &OrganisationId, period: BillingPeriod) -> EngineResult<DaySource> {
    let directory = books.ledger.party_directory(party).await?.ok_or_else(|| {
        EngineError::new("organisation.unknown", format!("no billed organisation is called {:?}", party.as_str()))
    })?;
    let run = books.ledger.rated_run(party, period).await?;
    let files = run.map(|run| run.files).unwrap_or_default();
    Ok(DaySource { files, directory, invoice: None, blended: BTreeMap::new() })
}

impl DaySource {
    /// Lines after place `after` (0 for the first page), at most `limit` that `keep` accepts.
    ///
    /// # Errors
    /// Storage failures.
    pub fn page(
        &self,
        books: &Books,
        after: u64,
        limit: usize,
        keep: &dyn Fn(&RatedLine) -> bool,
    ) -> EngineResult<DayPage> {
        let rated = books.usage.read_rated(&self.files, after, limit, keep)?;
        rated.into_iter().map(|(place, line)| Ok((place, self.show(line)?))).collect()
    }

    fn show(&self, line: RatedLine) -> EngineResult<ShownDay> {
        let (subscription, customer) = self
            .directory
            .subscription(&line.scope.subscription)
            .ok_or_else(|| EngineError::damaged("a daily line", format!("subscription {}", line.scope.subscription)))?;
        let (effective_unit_price, pricing_total) = match self.blended.get(&line.scope) {
            Some(price) => {
                let shown = price.mul_rounded(line.rating.quantity, 20, billing::decimal::Rounding::HalfEven);
                (*price, shown.map_err(|error| EngineError::new(error.code(), error.to_string()))?)
            }
            None => (line.rating.effective_unit_price, line.rating.pricing_total),
        };
        let billing_total = billing_total(pricing_total, line.exchange_rate)
            .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        Ok(ShownDay {
            customer: customer.clone(),
            subscription_name: subscription.name.clone(),
            invoice: self.invoice.clone(),
            effective_unit_price,
            pricing_total,
            billing_total,
            line,
        })
    }
}

/// The printed invoice: rendered once, stored by digest, never rendered again.
///
/// # Errors
/// `document.*` when it cannot be rendered, or storage failures.
pub async fn statement_pdf(books: &Books, issued: &IssuedInvoice) -> EngineResult<Vec<u8>> {
    let number = &issued.invoice.number;
    if let Some(document) = books.ledger.document(number, STATEMENT).await? {
        let bytes = books.documents.load(&document.path)?;
        if hex(&Sha256::digest(&bytes)) != document.sha256 {
            return Err(EngineError::damaged(&format!("the document of invoice {number}"), &document.path));
        }
        return Ok(bytes);
    }
    let lines = lines(books, number, 0, u32::MAX).await?;
    let bytes = books.documents.render_invoice(&issued.invoice, &lines)?;
    let sha256 = hex(&Sha256::digest(&bytes));
    let path = books.documents.store(&sha256, &bytes)?;
    let document = StoredDocument { number: number.clone(), kind: STATEMENT.to_owned(), sha256, path };
    books.ledger.add_document(&document).await?;
    Ok(bytes)
}
