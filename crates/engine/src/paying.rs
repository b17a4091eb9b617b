//! Books a payment on one document. The same reference is booked once.

use billing::invoice::InvoiceNumber;
use billing::journal::payment_postings;
use billing::money::Amount;
use billing::ports::Payment;
use jiff::Timestamp;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::find;

/// Books `received` on an invoice. False when a payment with this reference was booked before.
///
/// # Errors
/// `invoice.unknown`, `payment.currency`, `payment.not_positive`, or storage failures.
pub async fn pay(
    books: &Books,
    number: &InvoiceNumber,
    received: Amount,
    reference: &str,
    received_at: Timestamp,
) -> EngineResult<bool> {
    let issued = find(books, None, number).await?;
    let currency = issued.invoice.currency;
    if received.currency != currency {
        let message = format!("invoice {number} is in {currency}, the payment in {}", received.currency);
        return Err(EngineError::new("payment.currency", message));
    }
    if received.minor <= 0 {
        return Err(EngineError::new("payment.not_positive", "a payment is an amount above zero"));
    }
    let postings = payment_postings(received).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let payment = Payment {
        issuer: issued.stored.issuer,
        number: number.clone(),
        received,
        received_at,
        reference: reference.to_owned(),
        postings,
    };
    Ok(books.ledger.book_payment(&payment).await?)
}
