//! An invoice with the documents that amend it, and what stands after them.

use billing::invoice::{Amendment, CreditError, InvoiceNumber, Standing};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{IssuedInvoice, find, lines};

/// A first document and what stands of it.
#[derive(Debug, Clone)]
pub struct Chain {
    pub original: IssuedInvoice,
    pub standing: Standing,
    /// Of all its documents, in their order.
    pub numbers: Vec<InvoiceNumber>,
}

impl Chain {
    /// # Errors
    /// `invoice.unknown`; `credit.of_amendment` for a document behind the first one; storage failures.
    pub async fn load(books: &Books, number: &InvoiceNumber) -> EngineResult<Self> {
        Self::before(books, number, u32::MAX).await
    }

    /// As it was before the document at `position`.
    pub(crate) async fn before(books: &Books, number: &InvoiceNumber, position: u32) -> EngineResult<Self> {
        let original = find(books, None, number).await?;
        if let Some(amends) = &original.invoice.amends {
            let (number, amends) = (number.clone(), amends.number.clone());
            return Err(CreditError::OfAmendment { number, amends }.into());
        }
        let mut standing = Standing::of(&original.invoice, lines(books, number, 0, u32::MAX).await?);
        let mut numbers = vec![number.clone()];
        for amendment in &original.amendments {
            let place = amendment.invoice.amends.as_ref().map_or(0, |amends| amends.position);
            if place >= position {
                break;
            }
            let lines = lines(books, &amendment.stored.number, 0, u32::MAX).await?;
            standing = standing
                .amended(&amendment.invoice, lines)
                .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            numbers.push(amendment.stored.number.clone());
        }
        Ok(Self { original, standing, numbers })
    }

    /// The document whose lines were computed last: the first one, or the last that charged all anew.
    pub(crate) fn base(&self) -> &IssuedInvoice {
        let rebilled =
            |one: &&IssuedInvoice| one.invoice.amends.as_ref().is_some_and(|amends| amends.how == Amendment::Rebill);
        self.original.amendments.iter().rev().find(rebilled).unwrap_or(&self.original)
    }

    /// The document that says what the month was computed with last, a note with differences included.
    pub(crate) fn last_computed(&self) -> &IssuedInvoice {
        let computed = |one: &&IssuedInvoice| {
            one.invoice.amends.as_ref().is_some_and(|amends| match amends.how {
                Amendment::Difference | Amendment::DeferredDifference | Amendment::Rebill => true,
                Amendment::Credit | Amendment::PartialCredit => false,
            })
        };
        self.original.amendments.iter().rev().find(computed).unwrap_or(&self.original)
    }

    /// Nothing is given back of what never came in.
    pub(crate) fn check_write_offs(&self) -> Result<(), CreditError> {
        let documents = std::iter::once(&self.original).chain(&self.original.amendments);
        for stored in documents.map(|document| &document.stored) {
            if stored.written_off.minor != 0 {
                return Err(CreditError::WrittenOff { number: stored.number.clone(), amount: stored.written_off });
            }
        }
        Ok(())
    }
}
