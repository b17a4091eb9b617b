//! Reads issued invoices, their lines and daily lines, and what is not billed yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::balance::{CurrencyBalance, DocumentBalance, balances};
use billing::decimal::{Decimal, DecimalError, Rounding};
use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::{Amendment, Invoice, InvoiceLine, InvoiceNumber};
use billing::licence::Generation;
use billing::money::{Amount, Currency, MoneyError};
use billing::party::{Customer, PartyDirectory, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{StoredDocument, StoredInvoice, hex};
use billing::rate::{LineFigures, RatedLine, ScopeKey, billing_total};
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::paying::billed_account;

/// The one document that an invoice has today.
const STATEMENT: &str = "statement";

/// Lines of all kinds that are in memory together while those of one are looked for.
const LINES_A_READ: u32 = 2_000;

/// An issued invoice, read back.
#[derive(Debug, Clone)]
pub struct IssuedInvoice {
    pub stored: StoredInvoice,
    pub invoice: Invoice,
    /// The documents that amend it, in the order of their chain.
    pub amendments: Vec<IssuedInvoice>,
}

impl IssuedInvoice {
    /// Whether nothing of it stands: a credit note of all was the last word.
    #[must_use]
    pub fn stands_at_nothing(&self) -> bool {
        let last = self.amendments.last().and_then(|one| one.invoice.amends.as_ref());
        last.is_some_and(|amends| amends.how == Amendment::Credit)
    }

    /// Up to which order it was computed.
    pub(crate) fn orders_through(&self) -> u64 {
        self.invoice.snapshot.orders_through
    }

    /// Whether a credit note took all of it back, whatever was charged anew then.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        let mut kinds = self.amendments.iter().filter_map(|one| one.invoice.amends.as_ref());
        kinds.any(|amends| amends.how == Amendment::Credit)
    }

    /// What is still expected; below zero what a credit note still gives.
    ///
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn open(&self) -> Result<Amount, MoneyError> {
        self.invoice.totals.total.checked_sub(self.stored.received)?.checked_sub(self.stored.written_off)
    }

    /// Whether something is expected that was due before `today` (PA-5).
    ///
    /// # Errors
    /// As [`IssuedInvoice::open`].
    pub fn is_overdue(&self, today: Date) -> Result<bool, MoneyError> {
        Ok(self.invoice.due_on < today && self.open()?.minor > 0)
    }
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
    Ok(IssuedInvoice { stored, invoice, amendments: Vec::new() })
}

/// A party's invoices, or all, by issue time and number.
///
/// # Errors
/// Storage failures.
pub async fn list(books: &Books, party: Option<&OrganisationId>) -> EngineResult<Vec<IssuedInvoice>> {
    let mut issued: Vec<IssuedInvoice> =
        books.ledger.invoices(party).await?.into_iter().map(read_header).collect::<EngineResult<_>>()?;
    let mut amendments: BTreeMap<(OrganisationId, InvoiceNumber), Vec<IssuedInvoice>> = BTreeMap::new();
    for one in &issued {
        if let Some(amends) = &one.stored.amends {
            amendments.entry((one.stored.issuer.clone(), amends.clone())).or_default().push(one.clone());
        }
    }
    for one in &mut issued {
        let name = (one.stored.issuer.clone(), one.stored.number.clone());
        one.amendments = amendments.remove(&name).unwrap_or_default();
    }
    Ok(issued)
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
    let issued = read_header(visible.ok_or_else(unknown)?)?;
    let amendments = books.ledger.amendments(&issued.stored.issuer, number).await?;
    let amendments = amendments.into_iter().map(read_header).collect::<EngineResult<_>>()?;
    Ok(IssuedInvoice { amendments, ..issued })
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

/// Lines of a kind after `after` of them (0 for the first page), at most `limit`.
///
/// # Errors
/// Storage failures.
pub async fn lines_of_kind(
    books: &Books,
    number: &InvoiceNumber,
    (after, limit): (usize, usize),
    is_of_kind: impl Fn(&InvoiceLine) -> bool,
) -> EngineResult<Vec<InvoiceLine>> {
    let (mut found, mut skipped, mut read) = (Vec::new(), 0, 0);
    while found.len() < limit {
        let page = lines(books, number, read, LINES_A_READ).await?;
        let Some(last) = page.last() else { break };
        read = last.line_number;
        for line in page.into_iter().filter(&is_of_kind) {
            match skipped < after {
                true => skipped += 1,
                false if found.len() < limit => found.push(line),
                false => break,
            }
        }
    }
    Ok(found)
}

/// The balances of a party by currency (IN-8).
///
/// # Errors
/// Storage failures.
pub async fn party_balances(
    books: &Books,
    party: &OrganisationId,
) -> EngineResult<BTreeMap<Currency, CurrencyBalance>> {
    let Some(name) = billed_account(books, party).await? else { return Ok(BTreeMap::new()) };
    let history = books.ledger.account(&name.issuer, &name.party).await?;
    let account = history.account()?;
    let documents = account.documents.iter().filter_map(|(number, state)| {
        let invoice_type = *history.types.get(number)?;
        Some(DocumentBalance::of(invoice_type, state, account.last_payment(number)))
    });
    balances(documents).map_err(|error| EngineError::new(error.code(), error.to_string()))
}

/// What pages of daily lines are read from.
#[derive(Debug, Clone)]
pub struct DaySource {
    files: Vec<billing::ports::StoredFile>,
    /// The invoice that they were billed by, with the directory of its snapshot.
    billed: Option<(InvoiceNumber, Arc<PartyDirectory>)>,
}

/// Rated lines with their places, as they are stored.
pub type RatedPage = Vec<(u64, RatedLine)>;

/// The daily lines that an invoice was billed from.
///
/// # Errors
/// Storage failures.
pub async fn billed_days(books: &Books, issued: &IssuedInvoice) -> EngineResult<DaySource> {
    let directory = books.directory(&issued.invoice.snapshot.directory).await?;
    let billed = Some((issued.invoice.number.clone(), directory));
    Ok(DaySource { files: issued.stored.rated_files.clone(), billed })
}

/// The daily lines of a period that is not billed yet, of subscriptions of one generation; empty when it is, or was
/// never rated.
///
/// # Errors
/// Storage failures.
pub async fn unbilled_days(
    books: &Books,
    party: &OrganisationId,
    period: BillingPeriod,
    generation: Generation,
) -> EngineResult<DaySource> {
    let parts = books.ledger.rated_parts(party, period).await?;
    let of_generation = parts.into_iter().filter(|(part, _)| part.generation == generation);
    Ok(DaySource { files: of_generation.flat_map(|(_, files)| files).collect(), billed: None })
}

impl DaySource {
    #[must_use]
    pub fn line_count(&self) -> u64 {
        self.files.iter().map(|file| file.row_count).fold(0, u64::saturating_add)
    }

    /// What names the lines.
    pub(crate) fn digests(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.sha256.as_str()).collect()
    }

    /// Lines after place `after` (0 for the first page), at most `limit` whose figures `keep` accepts.
    /// It blocks while it reads.
    ///
    /// # Errors
    /// Storage failures.
    pub fn read(
        &self,
        books: &Books,
        after: u64,
        limit: usize,
        keep: &dyn Fn(&LineFigures) -> bool,
    ) -> EngineResult<RatedPage> {
        Ok(books.usage.read_rated(&self.files, after, limit, keep)?)
    }

    /// The lines with what is known of their customers; billed ones with their month's price (RT-6).
    ///
    /// # Errors
    /// Storage failures, or a line of a subscription that nobody knows.
    pub async fn show(&self, books: &Books, page: RatedPage) -> EngineResult<DayPage> {
        let mut ids: Vec<SubscriptionId> = page.iter().map(|(_, line)| line.scope.subscription.clone()).collect();
        ids.dedup();
        let names = self.names(books, &ids).await?;
        let blended = self.blended(books, &ids).await?;
        let show = |(place, line): (u64, RatedLine)| {
            let (subscription, customer) = names.get(&line.scope.subscription).ok_or_else(|| {
                EngineError::damaged("a daily line", format!("subscription {}", line.scope.subscription))
            })?;
            let invoice = self.billed.as_ref().map(|(number, _)| number.clone());
            let price = blended.get(&line.scope).copied();
            Ok((place, ShownDay::new(line, customer.clone(), subscription.name.clone(), invoice, price)?))
        };
        page.into_iter().map(show).collect()
    }

    async fn names(
        &self,
        books: &Books,
        ids: &[SubscriptionId],
    ) -> EngineResult<BTreeMap<SubscriptionId, (Subscription, Customer)>> {
        let found: Vec<(Subscription, Customer)> = match &self.billed {
            Some((_, directory)) => ids
                .iter()
                .filter_map(|id| directory.subscription(id))
                .map(|(subscription, customer)| (subscription.clone(), customer.clone()))
                .collect(),
            None => books.ledger.named_subscriptions(ids).await?,
        };
        Ok(found.into_iter().map(|found| (found.0.id.clone(), found)).collect())
    }

    /// The prices of the billed lines of some subscriptions.
    async fn blended(&self, books: &Books, ids: &[SubscriptionId]) -> EngineResult<BTreeMap<ScopeKey, Decimal>> {
        let Some((number, _)) = &self.billed else { return Ok(BTreeMap::new()) };
        let mut prices = BTreeMap::new();
        for bytes in books.ledger.invoice_lines_of(number, ids).await? {
            let line: BlendedLine = serde_json::from_slice(&bytes)
                .map_err(|error| EngineError::damaged(&format!("a line of invoice {number}"), error))?;
            // Without a quantity there is no price to blend: such days keep their marginal amounts.
            if let BlendedCharge::Usage { scope } = line.charge
                && !line.quantity.is_zero()
            {
                prices.insert(scope, line.effective_unit_price);
            }
        }
        Ok(prices)
    }
}

/// What a daily line needs of the line that it was billed by.
#[derive(Deserialize)]
struct BlendedLine {
    charge: BlendedCharge,
    quantity: Decimal,
    effective_unit_price: Decimal,
}

impl ShownDay {
    fn new(
        line: RatedLine,
        customer: Customer,
        subscription_name: String,
        invoice: Option<InvoiceNumber>,
        blended: Option<Decimal>,
    ) -> EngineResult<Self> {
        let failed = |error: DecimalError| EngineError::new(error.code(), error.to_string());
        let (effective_unit_price, pricing_total) = match blended {
            Some(price) => (price, price.mul_rounded(line.figures.quantity, 20, Rounding::HalfEven).map_err(failed)?),
            None => (line.figures.effective_unit_price, line.figures.pricing_total),
        };
        let billing_total = billing_total(pricing_total, line.figures.exchange_rate).map_err(failed)?;
        Ok(Self { customer, subscription_name, invoice, effective_unit_price, pricing_total, billing_total, line })
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

/// What of a line's charge names the days that it was billed from.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BlendedCharge {
    Usage {
        scope: ScopeKey,
    },
    Licence {},
    Classic {},
    /// Its days are shown without prices.
    ClassicUsage {},
}
