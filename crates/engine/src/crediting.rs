//! Takes an issued invoice back: in full, with every line negated, or an amount of it.
//!
//! Rules IN-12, IN-13 (docs/rules/corrections.md). The invoice itself stays as it was issued.

use billing::invoice::{InvoiceNumber, credit_note, partial_credit};
use billing::money::Amount;
use jiff::Timestamp;

use crate::amending::{ATTEMPTS, NewDocument, busy, write};
use crate::books::Books;
use crate::chain::Chain;
use crate::error::EngineResult;
use crate::invoices::{IssuedInvoice, find};
use crate::writing::Attempt;

/// Issues the credit note for all that stands of an invoice, or for an amount of it, and settles the invoice
/// with it. What was paid before waits on the party's account then.
///
/// # Errors
/// `invoice.unknown`, `credit.already`, `credit.of_amendment`, `credit.written_off`, `credit.too_large`,
/// `credit.not_positive`, `credit.currency`, `credit.reason_malformed`; storage failures.
pub async fn credit(
    books: &Books,
    number: &InvoiceNumber,
    amount: Option<Amount>,
    reason: &str,
    now: Timestamp,
) -> EngineResult<IssuedInvoice> {
    for _ in 0..ATTEMPTS {
        let chain = Chain::load(books, number).await?;
        let note = match amount {
            None => credit_note(&chain.original.invoice, &chain.standing, reason, now)?,
            Some(amount) => partial_credit(&chain.original.invoice, &chain.standing, amount, reason, now)?,
        };
        chain.check_write_offs()?;
        if let Some(numbers) = write(books, &chain, vec![NewDocument::of(note)], None, now).await? {
            return find(books, None, numbers.last().unwrap_or(number)).await;
        }
    }
    Err(busy())
}

/// As [`credit`]; a repeated attempt answers the credit note that an earlier one issued.
///
/// # Errors
/// As [`credit`].
pub async fn credit_attempt(
    books: &Books,
    number: &InvoiceNumber,
    amount: Option<Amount>,
    reason: &str,
    attempt: Attempt,
) -> EngineResult<IssuedInvoice> {
    if attempt.is_repeated() {
        let of_attempt = |note: &IssuedInvoice| {
            let total = amount.and_then(|amount| amount.negated().ok());
            let is_asked = total.is_none_or(|total| note.invoice.totals.total == total);
            note.stored.issued_at == attempt.at && note.invoice.reason == reason && is_asked
        };
        let original = find(books, None, number).await?;
        if let Some(note) = original.amendments.into_iter().find(of_attempt) {
            return find(books, None, &note.stored.number).await;
        }
    }
    credit(books, number, amount, reason, attempt.at).await
}
