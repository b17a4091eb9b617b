//! Computes a closed month again with what is known today, and corrects what was billed by the difference.
//!
//! Rules IN-12, IN-13 (docs/rules/corrections.md). The records are those of the invoice; prices, rates, taxes and
//! offers are those of today, and so are issuer, party and the orders that no document has charged yet. Restating twice
//! is restating once: the second time nothing differs.

use std::sync::Arc;

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::{
    Adjustment, Amendment, BlobDigest, CarriedDay, Draft, Invoice, InvoiceNumber, InvoiceType, KnownLists, LineChange,
    Snapshot, changed_lines, check_draft, credit_note, difference_note, rebilled,
};
use billing::money::{Amount, MoneyError};
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::hex;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::amending::{ATTEMPTS, NewDocument, busy, write};
use crate::books::Books;
use crate::chain::Chain;
use crate::error::{EngineError, EngineResult};
use crate::inputs::Lists;
use crate::invoices::{IssuedInvoice, find};
use crate::licences::ChargedOrders;
use crate::rating::canonical;
use crate::verifying::Recomputation;
use crate::writing::Attempt;

/// How a difference is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// A note with the lines that differ.
    Note,
    /// The same note, for which the party's next document asks.
    NextDocument,
    /// A credit note for all, and a document that charges all anew.
    Rebill,
}

impl Correction {
    /// What its documents do to those before them.
    fn makes(self) -> &'static [Amendment] {
        match self {
            Self::Note => &[Amendment::Difference],
            Self::NextDocument => &[Amendment::DeferredDifference],
            Self::Rebill => &[Amendment::Credit, Amendment::Rebill],
        }
    }
}

/// What a billed month would be today.
#[derive(Debug, Clone)]
pub struct Restatement {
    pub number: InvoiceNumber,
    pub changes: Vec<LineChange>,
    /// Issuer or billed party are not what they were.
    pub has_other_parties: bool,
    /// All of it was taken back on purpose: it is billed anew only when it is meant.
    pub is_taken_back: bool,
    pub stands: Amount,
    pub would_be: Amount,
}

impl Restatement {
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn difference(&self) -> EngineResult<Amount> {
        let difference = self.would_be.checked_sub(self.stands);
        difference.map_err(|error| EngineError::new(error.code(), error.to_string()))
    }

    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && !self.has_other_parties
    }
}

/// What restating a party's month came to.
#[derive(Debug, Clone)]
pub struct PartyRestatement {
    pub party: OrganisationId,
    pub outcome: RestatementOutcome,
}

#[derive(Debug, Clone)]
pub enum RestatementOutcome {
    /// The month has no document of this party.
    NotBilled,
    Restated(Box<Restatement>),
    /// (code, sentence)
    Failed(String, String),
}

/// What is needed to issue a correction.
struct Restated {
    chain: Chain,
    draft: Draft,
    snapshot: Snapshot,
    directory: Vec<u8>,
}

/// Computes the period of every billed party, or of one, again; nothing is written.
///
/// # Errors
/// Storage failures; a party whose month cannot be computed is reported, and the others go on.
pub async fn propose(
    books: &Books,
    period: BillingPeriod,
    party: Option<&OrganisationId>,
) -> EngineResult<Vec<PartyRestatement>> {
    let mut restatements = Vec::new();
    let parties = books.billed_parties().await?.into_iter().map(|known| known.id);
    for party in parties.filter(|known| party.is_none_or(|wanted| wanted == known)) {
        let closures = books.ledger.closures(&party).await?;
        let billed = closures.into_iter().filter(|closure| closure.period == period);
        let numbers: Vec<InvoiceNumber> = billed.filter_map(|closure| closure.invoice).collect();
        if numbers.is_empty() {
            restatements.push(PartyRestatement { party, outcome: RestatementOutcome::NotBilled });
            continue;
        }
        for number in numbers {
            let outcome = match restated(books, &number).await.and_then(|restated| restated.compared()) {
                Ok(restatement) => RestatementOutcome::Restated(Box::new(restatement)),
                Err(error) if error.is_of_storage() => return Err(error),
                Err(error) => RestatementOutcome::Failed(error.code, error.message),
            };
            restatements.push(PartyRestatement { party: party.clone(), outcome });
        }
    }
    Ok(restatements)
}

/// What an invoice would be today; nothing is written.
///
/// # Errors
/// `invoice.unknown`, `credit.of_amendment`; as [`correct`], of what cannot be computed; storage failures.
pub async fn restatement(books: &Books, number: &InvoiceNumber) -> EngineResult<Restatement> {
    restated(books, number).await?.compared()
}

/// As [`correct`]; a repeated attempt answers the documents that an earlier one issued.
///
/// # Errors
/// As [`correct`].
pub async fn correct_attempt(
    books: &Books,
    number: &InvoiceNumber,
    how: Correction,
    reason: &str,
    attempt: Attempt,
) -> EngineResult<Vec<IssuedInvoice>> {
    if attempt.is_repeated() {
        let of_attempt = |note: &&IssuedInvoice| {
            let done = note.invoice.amends.as_ref().is_some_and(|amends| how.makes().contains(&amends.how));
            done && note.stored.issued_at == attempt.at && note.invoice.reason == reason
        };
        let mut issued = Vec::new();
        for note in find(books, None, number).await?.amendments.iter().filter(of_attempt) {
            issued.push(find(books, None, &note.stored.number).await?);
        }
        if !issued.is_empty() {
            return Ok(issued);
        }
    }
    correct(books, number, how, reason, attempt.at).await
}

/// Bills what differs of an invoice. The documents that were issued, in their order.
///
/// # Errors
/// `restate.same` where nothing differs; `restate.taken_back`; `restate.carried`, `restate.currency`, `restate.nothing_left`; what is wrong
/// with the draft, as when a month is closed; as [`crate::crediting::credit`]; storage failures.
pub async fn correct(
    books: &Books,
    number: &InvoiceNumber,
    how: Correction,
    reason: &str,
    now: Timestamp,
) -> EngineResult<Vec<IssuedInvoice>> {
    for _ in 0..ATTEMPTS {
        let restated = restated(books, number).await?;
        restated.chain.check_write_offs()?;
        let documents = match how {
            Correction::Note => vec![restated.note(reason, now)?],
            Correction::NextDocument => vec![restated.note(reason, now)?.deferred()?],
            Correction::Rebill => restated.rebill(reason, now)?,
        };
        let lists = KnownLists::of(&restated.snapshot);
        let Some(numbers) = write(books, &restated.chain, documents, Some(lists), now).await? else { continue };
        let mut issued = Vec::new();
        for number in numbers {
            issued.push(find(books, None, &number).await?);
        }
        return Ok(issued);
    }
    Err(busy())
}

/// Drafts the month of an invoice again.
async fn restated(books: &Books, number: &InvoiceNumber) -> EngineResult<Restated> {
    let chain = Chain::load(books, number).await?;
    let base = &chain.base().invoice;
    let party = &chain.original.stored.party;
    let orders_through = orders_through(books, &chain).await?;
    let directory = directory_today(books, &chain, orders_through).await?;
    if has_moved_usage(books, party, &directory, base).await? {
        let message = format!(
            "{number} moved usage without a price to the next month, where it is billed; computing it again would bill \
             that twice: correct it with `quittance invoices credit`"
        );
        return Err(EngineError::new("restate.carried", message));
    }
    if directory.party.currency != base.currency {
        let today = directory.party.currency;
        let message = format!("{number} is in {}, and its party is billed in {today} now", base.currency);
        return Err(EngineError::new("restate.currency", message));
    }
    let bytes = canonical(&directory)?;
    let mut earlier = books.ledger.restated_months(party).await?;
    earlier.retain(|month| month.period < base.period);
    let snapshot = Snapshot {
        rules_version: billing::invoice::RULES_VERSION,
        orders_through,
        directory: BlobDigest(hex(&Sha256::digest(&bytes))),
        lists: Lists::current(books.ledger.as_ref()).await?.digests,
        restated: earlier,
        ..base.snapshot.clone()
    };
    let adjustments = chain.kept_adjustments()?;
    let from = Recomputation::of(books, (party, base.period), &snapshot, Arc::new(directory), adjustments).await?;
    let known = (chain.last_computed().orders_through(), base.invoice_type);
    if let Some((code, message)) = from.credited_month(books, known).await? {
        return Err(EngineError::new(&code, message));
    }
    let survey = books.usage.survey(&from.files)?;
    let draft = from.draft(books, survey.as_ref(), party, base.invoice_type).await?;
    // What has no price today would be neither billed nor moved on.
    if let Some(failure) = check_draft(&draft, false).first() {
        return Err(EngineError::new(failure.code(), failure.to_string()));
    }
    Ok(Restated { chain, draft, snapshot, directory: bytes })
}

/// Whether usage that belongs on such an invoice went on to the next month. All that went on stands with the first
/// document of its month, whatever its generation.
async fn has_moved_usage(
    books: &Books,
    party: &OrganisationId,
    directory: &PartyDirectory,
    invoice: &Invoice,
) -> EngineResult<bool> {
    let closures = books.ledger.closures(party).await?;
    let of_month = closures.iter().filter(|closure| closure.period == invoice.period);
    let belongs = |day: &CarriedDay| {
        let subscription = directory.subscriptions.get(&day.subscription);
        subscription.is_none_or(|known| known.is_classic() == (invoice.invoice_type == InvoiceType::Recurring))
    };
    Ok(of_month.flat_map(|closure| &closure.carried).any(belongs))
}

/// Up to which order the month is charged: the last one that came late. Where a later document has charged some of those
/// they stay there, and with them what came after them: then those that the month was computed with.
async fn orders_through(books: &Books, chain: &Chain) -> EngineResult<u64> {
    let (stored, period) = (&chain.original.stored, chain.original.invoice.period);
    let own = chain.last_computed().orders_through();
    let mut late = books.ledger.orders(&stored.party, u64::MAX).await?;
    late.retain(|placed| placed.place > own && placed.order.ordered_on() < period.end());
    let (Some(first), Some(last)) = (late.first(), late.last()) else { return Ok(own) };
    let closures = books.ledger.closures(&stored.party).await?;
    let restated = books.ledger.restated_months(&stored.party).await?;
    let charged = ChargedOrders::of(&closures, &restated).through(period, stored.invoice_type);
    Ok(if first.place <= charged { own } else { last.place })
}

/// The customers and subscriptions of the invoice, and the subscriptions that orders began since then; with issuer and
/// party as they are today.
async fn directory_today(books: &Books, chain: &Chain, orders_through: u64) -> EngineResult<PartyDirectory> {
    let base = &chain.base().invoice;
    let mut directory = books.directory(&base.snapshot.directory).await?.as_ref().clone();
    let party = &chain.original.stored.party;
    let late = books.ledger.orders(party, orders_through).await?;
    let mut late = late.iter().filter(|placed| placed.place > base.snapshot.orders_through).peekable();
    if late.peek().is_some() {
        let begun: Vec<SubscriptionId> = late.filter_map(|placed| placed.order.begins()).cloned().collect();
        for (subscription, customer) in books.ledger.named_subscriptions(&begun).await? {
            directory.customers.entry(customer.id.clone()).or_insert(customer);
            directory.subscriptions.entry(subscription.id.clone()).or_insert(subscription);
        }
    }
    for organisation in [&mut directory.issuer, &mut directory.party] {
        if let Some(today) = books.ledger.organisation(&organisation.id).await? {
            *organisation = today;
        }
    }
    Ok(directory)
}

impl Chain {
    /// What a document that charges all anew takes over: what stands, or what the last credit took back.
    fn kept_adjustments(&self) -> EngineResult<Vec<Adjustment>> {
        let credit = self.original.amendments.last().filter(|_| self.original.stands_at_nothing());
        let Some(credit) = credit else { return Ok(self.standing.adjustments.clone()) };
        let given = |one: &Adjustment| Ok(Adjustment { amount: one.amount.negated()?, ..one.clone() });
        let kept: Result<_, MoneyError> = credit.invoice.adjustments.iter().map(given).collect();
        kept.map_err(|error| EngineError::new(error.code(), error.to_string()))
    }
}

impl Restated {
    fn compared(&self) -> EngineResult<Restatement> {
        let base = &self.chain.base().invoice;
        Ok(Restatement {
            number: self.chain.original.stored.number.clone(),
            changes: changed_lines(&self.chain.standing, &self.draft),
            has_other_parties: base.issuer != self.draft.issuer || base.billed_party != self.draft.billed_party,
            is_taken_back: self.chain.original.stands_at_nothing(),
            stands: self.chain.standing.total,
            would_be: self.draft.totals.total,
        })
    }

    fn same(&self) -> EngineError {
        let number = &self.chain.original.stored.number;
        EngineError::new("restate.same", format!("{number} would be billed today as it stands: nothing to correct"))
    }

    fn note(&self, reason: &str, now: Timestamp) -> EngineResult<NewDocument> {
        let (original, standing) = (&self.chain.original.invoice, &self.chain.standing);
        if self.chain.original.stands_at_nothing() {
            let message = format!(
                "all of {} was taken back; to charge it again, bill it anew: `quittance restate --as rebill --org {}`",
                original.number, original.billed_party.id
            );
            return Err(EngineError::new("restate.taken_back", message));
        }
        let note = difference_note(original, standing, &self.draft, self.snapshot.clone(), reason, now)?;
        let (note, lines) = note.ok_or_else(|| self.same())?;
        Ok(NewDocument { note, lines, directory: Some(self.directory.clone()) })
    }

    fn rebill(&self, reason: &str, now: Timestamp) -> EngineResult<Vec<NewDocument>> {
        let original = &self.chain.original.invoice;
        if !self.chain.original.stands_at_nothing() && self.compared()?.is_same() {
            return Err(self.same());
        }
        if self.draft.lines.is_empty() {
            let message = format!(
                "nothing would be charged on {} today; bill the difference instead: `quittance restate --as note`",
                original.number
            );
            return Err(EngineError::new("restate.nothing_left", message));
        }
        let (mut standing, mut documents) = (self.chain.standing.clone(), Vec::new());
        if !standing.is_nothing() {
            let (credit, lines) = credit_note(original, &standing, reason, now)?;
            standing = standing
                .amended(&credit, lines.clone())
                .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            documents.push(NewDocument::of((credit, lines)));
        }
        let (note, lines) = rebilled(original, &standing, &self.draft, self.snapshot.clone(), reason, now)?;
        documents.push(NewDocument { note, lines, directory: Some(self.directory.clone()) });
        Ok(documents)
    }
}
