//! What to book: each decision answers the events, checked against the account.

use jiff::civil::Date;

use crate::invoice::InvoiceNumber;
use crate::money::Amount;
use crate::settlement::account::positive;
use crate::settlement::{AccountEvent, PartyAccount, SettlementError, Source};

/// Which documents money is put to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocate {
    /// By due date, day of issue and number, as far as it reaches (PA-2).
    OldestFirst,
    /// In this order, each as far as it is open.
    Documents(Vec<InvoiceNumber>),
    /// To none yet.
    Later,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// The payer's or the bank's; booked once.
    pub reference: String,
    pub amount: Amount,
    /// The value date.
    pub received_on: Date,
}

impl PartyAccount {
    /// Books a payment and puts it to documents; what is left stays unallocated. No events when the
    /// same payment was booked before (PA-1).
    ///
    /// # Errors
    /// The same reference with other figures, a document that is unknown, settled or in another
    /// currency, or an amount that is not above zero.
    pub fn receive(&self, payment: &NewPayment, allocate: &Allocate) -> Result<Vec<AccountEvent>, SettlementError> {
        let NewPayment { reference, amount, received_on } = payment.clone();
        positive("a payment", amount)?;
        let source = Source::Payment(reference.clone());
        if let Some(known) = self.sources.get(&source) {
            return match known.amount == amount && known.received_on == Some(received_on) {
                true => Ok(Vec::new()),
                false => Err(SettlementError::ReferenceUsed { reference }),
            };
        }
        let received = AccountEvent::Payment { reference, amount, received_on };
        let mut after = self.clone();
        after.apply(&received)?;
        let mut events = vec![received];
        events.extend(after.spread(&source, amount, allocate)?);
        Ok(events)
    }

    /// Puts what is left of `source`, at most `amount` where one is given, to documents.
    ///
    /// # Errors
    /// As [`PartyAccount::receive`], or when nothing is left.
    pub fn allocate(
        &self,
        source: &Source,
        amount: Option<Amount>,
        allocate: &Allocate,
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        let rest = self.source(source)?.rest;
        let amount = amount.unwrap_or(rest);
        if rest.minor == 0 || rest.checked_sub(amount)?.minor < 0 {
            return Err(SettlementError::NothingLeft { source_name: source.clone(), rest, amount });
        }
        positive("an allocation", amount)?;
        self.clone().spread(source, amount, allocate)
    }

    fn spread(
        mut self,
        source: &Source,
        amount: Amount,
        allocate: &Allocate,
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        let numbers = match allocate {
            Allocate::OldestFirst => self.oldest_first(amount)?,
            Allocate::Documents(numbers) => numbers.clone(),
            Allocate::Later => Vec::new(),
        };
        let (mut events, mut left) = (Vec::new(), amount);
        for document in numbers {
            let state = self.document(&document)?;
            let open = state.open()?;
            if open.currency != left.currency {
                let (document_currency, money) = (open.currency, left.currency);
                return Err(SettlementError::Currency { number: document, document: document_currency, money });
            }
            if open.minor <= 0 {
                return Err(SettlementError::NothingOpen(document));
            }
            if left.minor == 0 {
                break;
            }
            let amount = if open.minor < left.minor { open } else { left };
            left = left.checked_sub(amount)?;
            let event = AccountEvent::Allocation { source: source.clone(), document, amount };
            self.apply(&event)?;
            events.push(event);
        }
        Ok(events)
    }

    fn oldest_first(&self, money: Amount) -> Result<Vec<InvoiceNumber>, SettlementError> {
        let mut open = Vec::new();
        for (number, state) in &self.documents {
            if state.total.currency == money.currency && state.open()?.minor > 0 {
                open.push((state.due_on, state.issued_at, number));
            }
        }
        open.sort_unstable();
        Ok(open.into_iter().map(|(.., number)| number.clone()).collect())
    }

    /// Takes back what `document` got of `source`; it may be allocated anew or refunded then.
    ///
    /// # Errors
    /// [`SettlementError::NotAllocated`]
    pub fn take_back(&self, source: &Source, document: &InvoiceNumber) -> Result<Vec<AccountEvent>, SettlementError> {
        self.source(source)?;
        self.document(document)?;
        let Some(allocated) = self.allocations.get(&(source.clone(), document.clone())) else {
            return Err(SettlementError::NotAllocated { source_name: source.clone(), document: document.clone() });
        };
        let amount = allocated.negated()?;
        Ok(vec![AccountEvent::Allocation { source: source.clone(), document: document.clone(), amount }])
    }

    /// Pays back what is not allocated of `source` (PA-3), today where no day is given. No events when it
    /// was booked before.
    ///
    /// # Errors
    /// More than is left, or a reference that was used otherwise.
    pub fn refund(
        &self,
        source: &Source,
        amount: Amount,
        reference: &str,
        paid_on: Option<Date>,
        today: Date,
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        if let Some(AccountEvent::Refund { source: known, amount: booked, paid_on: day, .. }) =
            self.references.get(reference)
            && known == source
            && *booked == amount
            && paid_on.is_none_or(|paid_on| paid_on == *day)
        {
            return Ok(Vec::new());
        }
        let (reference, source) = (reference.to_owned(), source.clone());
        self.checked(AccountEvent::Refund { reference, source, amount, paid_on: paid_on.unwrap_or(today) })
    }

    /// Gives up what is open on `document` (PA-4), all of it where no amount is given. No events when it
    /// was booked before.
    ///
    /// # Errors
    /// More than is open, or a reference that was used otherwise.
    pub fn write_off(
        &self,
        document: &InvoiceNumber,
        amount: Option<Amount>,
        reference: &str,
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        if let Some(AccountEvent::WriteOff { document: known, amount: booked, .. }) = self.references.get(reference)
            && known == document
            && amount.is_none_or(|amount| amount == *booked)
            && !self.taken_back.contains(reference)
        {
            return Ok(Vec::new());
        }
        let open = self.document(document)?.open()?;
        if open.minor <= 0 {
            return Err(SettlementError::NothingOpen(document.clone()));
        }
        let amount = amount.unwrap_or(open);
        self.checked(AccountEvent::WriteOff { reference: reference.to_owned(), document: document.clone(), amount })
    }

    /// What was given up on `document` under this reference is expected again, all of it. No events when
    /// it was taken back before.
    ///
    /// # Errors
    /// [`SettlementError::UnknownWriteOff`]
    pub fn take_back_write_off(
        &self,
        document: &InvoiceNumber,
        reference: &str,
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        let (reference, document) = (reference.to_owned(), document.clone());
        match self.references.get(&reference) {
            Some(AccountEvent::WriteOff { document: known, amount, .. }) if *known == document => {
                if self.taken_back.contains(&reference) {
                    return Ok(Vec::new());
                }
                self.checked(AccountEvent::WriteOffTakenBack { reference, document, amount: *amount })
            }
            _ => Err(SettlementError::UnknownWriteOff { reference, document }),
        }
    }

    fn checked(&self, event: AccountEvent) -> Result<Vec<AccountEvent>, SettlementError> {
        self.clone().apply(&event)?;
        Ok(vec![event])
    }

    /// Settles a note with the documents of its chain, the first of which it amends. A credit is put to what
    /// is open on them, in their order; the rest stays unallocated. A note above zero is paid with what is
    /// left of their own credits.
    ///
    /// # Errors
    /// A document that is unknown, or in another currency.
    pub fn settle_note(
        &self,
        note: &InvoiceNumber,
        chain: &[InvoiceNumber],
    ) -> Result<Vec<AccountEvent>, SettlementError> {
        let (mut after, mut events) = (self.clone(), Vec::new());
        let open = self.document(note)?.open()?;
        if open.minor < 0 {
            let amount = open.negated()?;
            let released = AccountEvent::CreditReleased { credit_note: note.clone(), amount };
            after.apply(&released)?;
            events.push(released);
        }
        // Who gives, and who takes.
        let pairs = chain.iter().map(|other| if open.minor < 0 { (note, other) } else { (other, note) });
        for (giver, taker) in pairs {
            let source = Source::CreditNote(giver.clone());
            let rest = after.sources.get(&source).map_or(Amount::zero(open.currency), |state| state.rest);
            if rest.minor > 0 && after.document(taker)?.open()?.minor > 0 {
                let spread = after.clone().spread(&source, rest, &Allocate::Documents(vec![taker.clone()]))?;
                spread.iter().try_for_each(|event| after.apply(event))?;
                events.extend(spread);
            }
        }
        Ok(events)
    }
}
