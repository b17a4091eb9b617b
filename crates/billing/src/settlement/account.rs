//! How a party's account stands after its events.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::invoice::InvoiceNumber;
use crate::money::Amount;
use crate::settlement::{AccountEvent, SettlementError, Source};

/// A document and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentState {
    /// Below zero for a credit note.
    pub total: Amount,
    /// Allocated to it; below zero what a credit note released.
    pub received: Amount,
    pub written_off: Amount,
    pub issued_at: Timestamp,
    pub due_on: Date,
}

impl DocumentState {
    #[must_use]
    pub fn issued(total: Amount, issued_at: Timestamp, due_on: Date) -> Self {
        let none = Amount::zero(total.currency);
        Self { total, received: none, written_off: none, issued_at, due_on }
    }

    /// What is still expected; below zero what a credit note still gives.
    ///
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn open(&self) -> Result<Amount, SettlementError> {
        Ok(self.total.checked_sub(self.received)?.checked_sub(self.written_off)?)
    }

    /// Whether something is expected that was due before `today` (PA-5).
    ///
    /// # Errors
    /// As [`DocumentState::open`].
    pub fn is_overdue(&self, today: Date) -> Result<bool, SettlementError> {
        Ok(self.due_on < today && self.open()?.minor > 0)
    }
}

/// Money that came in, and what of it is not allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceState {
    pub amount: Amount,
    pub rest: Amount,
    /// `None` for a credit note.
    pub received_on: Option<Date>,
}

/// A party's account with its issuer.
#[derive(Debug, Clone, Default)]
pub struct PartyAccount {
    pub documents: BTreeMap<InvoiceNumber, DocumentState>,
    pub sources: BTreeMap<Source, SourceState>,
    /// What each document got of each source; no zeros.
    pub allocations: BTreeMap<(Source, InvoiceNumber), Amount>,
    /// Refunds and write-offs by their references, which are used once.
    pub(super) references: BTreeMap<String, AccountEvent>,
    /// References of write-offs that were taken back.
    pub(super) taken_back: BTreeSet<String>,
}

impl PartyAccount {
    /// The account of issued documents after `events`.
    ///
    /// # Errors
    /// An event that could not have been booked: the events are not whole.
    pub fn after<'e>(
        documents: BTreeMap<InvoiceNumber, DocumentState>,
        events: impl IntoIterator<Item = &'e AccountEvent>,
    ) -> Result<Self, SettlementError> {
        let mut account = Self { documents, ..Self::default() };
        events.into_iter().try_for_each(|event| account.apply(event))?;
        Ok(account)
    }

    /// # Errors
    /// [`SettlementError::UnknownDocument`]
    pub fn document(&self, number: &InvoiceNumber) -> Result<&DocumentState, SettlementError> {
        self.documents.get(number).ok_or_else(|| SettlementError::UnknownDocument(number.clone()))
    }

    /// The latest payment by its value date that a document got something of, whole.
    #[must_use]
    pub fn last_payment(&self, number: &InvoiceNumber) -> Option<(Date, Amount)> {
        let of_it = self.allocations.keys().filter(|(_, document)| document == number);
        let payments = of_it.filter_map(|(source, _)| {
            let state = self.sources.get(source)?;
            Some((state.received_on?, state.amount))
        });
        payments.max_by_key(|(day, _)| *day)
    }

    /// # Errors
    /// [`SettlementError::UnknownSource`]
    pub fn source(&self, source: &Source) -> Result<&SourceState, SettlementError> {
        self.sources.get(source).ok_or_else(|| SettlementError::UnknownSource(source.clone()))
    }

    /// What this event leaves. Every law of the account is checked here: money is allocated once, no
    /// document receives more than it asks for, and no reference is used twice.
    pub(super) fn apply(&mut self, event: &AccountEvent) -> Result<(), SettlementError> {
        match event {
            AccountEvent::Payment { reference, amount, received_on } => {
                positive("a payment", *amount)?;
                check_reference(reference)?;
                self.add_source(Source::Payment(reference.clone()), *amount, Some(*received_on))
            }
            AccountEvent::CreditReleased { credit_note, amount } => {
                positive("a credit", *amount)?;
                let document = self.change(credit_note, *amount)?;
                if document.open()?.checked_add(*amount)?.minor > 0 {
                    return Err(SettlementError::NoCredit(credit_note.clone()));
                }
                document.received = document.received.checked_sub(*amount)?;
                self.add_source(Source::CreditNote(credit_note.clone()), *amount, None)
            }
            AccountEvent::Allocation { source, document, amount } => self.apply_allocation(source, document, *amount),
            AccountEvent::Refund { reference, source, amount, .. } => {
                positive("a refund", *amount)?;
                self.use_reference(reference, event)?;
                let rest = self.source(source)?.rest;
                let left = rest.checked_sub(*amount)?;
                if left.minor < 0 {
                    let source_name = source.clone();
                    return Err(SettlementError::RefundTooLarge { source_name, rest, amount: *amount });
                }
                self.sources.entry(source.clone()).and_modify(|state| state.rest = left);
                Ok(())
            }
            AccountEvent::WriteOff { reference, document, amount } => {
                positive("a write-off", *amount)?;
                self.use_reference(reference, event)?;
                let state = self.change(document, *amount)?;
                let open = state.open()?;
                if open.checked_sub(*amount)?.minor < 0 {
                    return Err(SettlementError::MoreThanOpen { document: document.clone(), open, amount: *amount });
                }
                state.written_off = state.written_off.checked_add(*amount)?;
                Ok(())
            }
            AccountEvent::WriteOffTakenBack { reference, document, amount } => {
                let write_off = self.references.get(reference);
                let same = AccountEvent::WriteOff {
                    reference: reference.clone(),
                    document: document.clone(),
                    amount: *amount,
                };
                if write_off != Some(&same) || !self.taken_back.insert(reference.clone()) {
                    return Err(SettlementError::UnknownWriteOff {
                        reference: reference.clone(),
                        document: document.clone(),
                    });
                }
                let state = self.change(document, *amount)?;
                state.written_off = state.written_off.checked_sub(*amount)?;
                Ok(())
            }
        }
    }

    fn apply_allocation(
        &mut self,
        source: &Source,
        number: &InvoiceNumber,
        amount: Amount,
    ) -> Result<(), SettlementError> {
        let rest = self.source(source)?.rest;
        let left = rest.checked_sub(amount)?;
        let key = (source.clone(), number.clone());
        let zero = Amount::zero(amount.currency);
        let allocated = self.allocations.get(&key).copied().unwrap_or(zero).checked_add(amount)?;
        if allocated.minor < 0 {
            return Err(SettlementError::NotAllocated { source_name: source.clone(), document: number.clone() });
        }
        if left.minor < 0 || amount.minor == 0 {
            return Err(SettlementError::NothingLeft { source_name: source.clone(), rest, amount });
        }
        let document = self.change(number, amount)?;
        let open = document.open()?;
        if amount.minor > 0 && open.checked_sub(amount)?.minor < 0 {
            return Err(SettlementError::MoreThanOpen { document: number.clone(), open, amount });
        }
        document.received = document.received.checked_add(amount)?;
        self.sources.entry(source.clone()).and_modify(|state| state.rest = left);
        if allocated == zero {
            self.allocations.remove(&key);
        } else {
            self.allocations.insert(key, allocated);
        }
        Ok(())
    }

    fn add_source(&mut self, source: Source, amount: Amount, received_on: Option<Date>) -> Result<(), SettlementError> {
        if self.sources.contains_key(&source) {
            let reference = source.to_string();
            return Err(SettlementError::ReferenceUsed { reference });
        }
        self.sources.insert(source, SourceState { amount, rest: amount, received_on });
        Ok(())
    }

    fn use_reference(&mut self, reference: &str, event: &AccountEvent) -> Result<(), SettlementError> {
        check_reference(reference)?;
        match self.references.insert(reference.to_owned(), event.clone()) {
            Some(_) => Err(SettlementError::ReferenceUsed { reference: reference.to_owned() }),
            None => Ok(()),
        }
    }

    /// The document, when `money` is in its currency.
    fn change(&mut self, number: &InvoiceNumber, money: Amount) -> Result<&mut DocumentState, SettlementError> {
        let unknown = || SettlementError::UnknownDocument(number.clone());
        let state = self.documents.get_mut(number).ok_or_else(unknown)?;
        let (document, money) = (state.total.currency, money.currency);
        if document != money {
            return Err(SettlementError::Currency { number: number.clone(), document, money });
        }
        Ok(state)
    }
}

pub(super) fn positive(what: &'static str, amount: Amount) -> Result<(), SettlementError> {
    if amount.minor > 0 { Ok(()) } else { Err(SettlementError::NotPositive { what, amount }) }
}

const REFERENCE_MAX: usize = 140;

/// A reference: 1 to 140 characters, none of them a control character (PA-1).
///
/// # Errors
/// [`SettlementError::Reference`]
pub fn check_reference(reference: &str) -> Result<(), SettlementError> {
    let sound = !reference.trim().is_empty()
        && reference.chars().count() <= REFERENCE_MAX
        && !reference.chars().any(char::is_control);
    if sound { Ok(()) } else { Err(SettlementError::Reference) }
}
