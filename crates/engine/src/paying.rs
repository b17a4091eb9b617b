//! Books what billed parties paid: payments, allocations, refunds, write-offs.

use std::collections::{BTreeMap, BTreeSet};

use billing::balance::{Balance, CurrencyBalance};
use billing::decimal::Decimal;
use billing::ids::OrganisationId;
use billing::invoice::{Adjustment, Amendment, InvoiceNumber, TOTAL_MINOR_MAX};
use billing::money::{Amount, Currency};
use billing::party::Organisation;
use billing::ports::{AccountBooking, AccountHistory, StoredAccountEvent};
use billing::settlement::{AccountEvent, Allocate, NewPayment, PartyAccount, SettlementError, Source, check_reference};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{IssuedInvoice, find, party_balances};
use crate::writing::Attempt;

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName {
    pub issuer: OrganisationId,
    pub party: OrganisationId,
}

/// What somebody wants to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Receive {
        payment: NewPayment,
        allocate: Allocate,
    },
    Allocate {
        source: Source,
        amount: Option<Amount>,
        allocate: Allocate,
    },
    TakeBack {
        source: Source,
        document: InvoiceNumber,
    },
    /// Today where no day is given.
    Refund {
        source: Source,
        amount: Amount,
        reference: String,
        paid_on: Option<Date>,
    },
    /// All that is open where no amount is given.
    WriteOff {
        document: InvoiceNumber,
        amount: Option<Amount>,
        reference: String,
    },
    /// By the reference of the write-off.
    TakeBackWriteOff {
        document: InvoiceNumber,
        reference: String,
    },
}

impl Request {
    fn decide(&self, account: &PartyAccount, today: Date) -> Result<Vec<AccountEvent>, SettlementError> {
        match self {
            Self::Receive { payment, allocate } => account.receive(payment, allocate),
            Self::Allocate { source, amount, allocate } => account.allocate(source, *amount, allocate),
            Self::TakeBack { source, document } => account.take_back(source, document),
            Self::Refund { source, amount, reference, paid_on } => {
                account.refund(source, *amount, reference, *paid_on, today)
            }
            Self::WriteOff { document, amount, reference } => account.write_off(document, *amount, reference),
            Self::TakeBackWriteOff { document, reference } => account.take_back_write_off(document, reference),
        }
    }
}

/// What was booked, and how the account stands then.
#[derive(Debug, Clone)]
pub struct Booked {
    /// Empty when the same was booked before.
    pub events: Vec<AccountEvent>,
    pub account: PartyAccount,
}

/// Decisions that are made again because somebody booked meanwhile.
const ATTEMPTS: usize = 10;

/// The account of a billed party with its issuer.
///
/// # Errors
/// `organisation.unknown` for one that nobody bills, or storage failures.
pub async fn account_of(books: &Books, party: &OrganisationId) -> EngineResult<(AccountName, AccountHistory)> {
    let unknown = || EngineError::new("organisation.unknown", format!("no billed organisation is called {party:?}"));
    let name = billed_account(books, party).await?.ok_or_else(unknown)?;
    let history = books.ledger.account(&name.issuer, &name.party).await?;
    Ok((name, history))
}

/// The account of an organisation; `None` for one that nobody bills.
///
/// # Errors
/// Storage failures.
pub(crate) async fn billed_account(books: &Books, party: &OrganisationId) -> EngineResult<Option<AccountName>> {
    let issuer = books.ledger.organisation(party).await?.and_then(|known| known.billed_by);
    Ok(issuer.map(|issuer| AccountName { issuer, party: party.clone() }))
}

/// The account that an invoice belongs to.
///
/// # Errors
/// `invoice.unknown`, or storage failures.
pub async fn account_name(books: &Books, number: &InvoiceNumber) -> EngineResult<AccountName> {
    let stored = find(books, None, number).await?.stored;
    Ok(AccountName { issuer: stored.issuer, party: stored.party })
}

/// Decides `request` on the account as it stands and books what follows.
///
/// # Errors
/// `payment.*`, `refund.*`, `write_off.*`, `invoice.*` as the request deserves; nothing is booked then.
/// Storage failures.
pub async fn book(books: &Books, name: &AccountName, request: &Request, now: Timestamp) -> EngineResult<Booked> {
    let today = TimeZone::UTC.to_datetime(now).date();
    for _ in 0..ATTEMPTS {
        let history = books.ledger.account(&name.issuer, &name.party).await?;
        let account = history.account()?;
        let events = request.decide(&account, today)?;
        if events.is_empty() {
            return Ok(Booked { events, account });
        }
        if let Request::WriteOff { document, .. } = request
            && let Err(credited) = check_not_credited(books, document).await
        {
            // Taken back since the account was read: the account has the better answer.
            let is_current =
                books.ledger.account(&name.issuer, &name.party).await?.last_position() == history.last_position();
            if is_current {
                return Err(credited);
            }
            continue;
        }
        let after = PartyAccount::after(
            history.documents.clone(),
            history.events.iter().map(|stored| &stored.event).chain(&events),
        )?;
        let touched: BTreeSet<&InvoiceNumber> = events.iter().filter_map(AccountEvent::document).collect();
        let documents = touched.into_iter().filter_map(|number| Some((number.clone(), *after.documents.get(number)?)));
        let booking = AccountBooking {
            issuer: name.issuer.clone(),
            party: name.party.clone(),
            after: history.last_position(),
            booked_at: now,
            documents: documents.collect(),
            events,
        };
        if books.ledger.book_account_events(&booking).await? {
            return Ok(Booked { events: booking.events, account: after });
        }
    }
    Err(EngineError::new("ledger.busy", "others book on the same account all the time; try again"))
}

/// What was taken back is not lost: the credit that came of it waits on the account, and would be paid out on top.
///
/// A credit note that is issued meanwhile settles the document and so has the booking refused.
async fn check_not_credited(books: &Books, document: &InvoiceNumber) -> EngineResult<()> {
    let issued = find(books, None, document).await?;
    let (first, place) = match &issued.invoice.amends {
        Some(amends) => (find(books, None, &amends.number).await?, amends.position),
        None => (issued, 0),
    };
    let takes_it_back = |note: &&IssuedInvoice| {
        note.invoice.amends.as_ref().is_some_and(|amends| amends.how == Amendment::Credit && amends.position > place)
    };
    let Some(credit) = first.amendments.iter().find(takes_it_back) else { return Ok(()) };
    let credit = &credit.stored.number;
    let message = format!(
        "{document} was taken back by {credit}, so nothing of it is lost; put what waits on the account to it: \
         `quittance payments allocate {credit} {document}`"
    );
    Err(EngineError::new("write_off.credited", message))
}

/// As [`book`]; a repeated attempt books nothing where an earlier one did, and answers the same.
///
/// # Errors
/// As [`book`].
pub async fn book_attempt(
    books: &Books,
    name: &AccountName,
    request: &Request,
    attempt: Attempt,
) -> EngineResult<Booked> {
    let Some(after) = attempt.repeats_after else { return book(books, name, request, attempt.at).await };
    let history = books.ledger.account(&name.issuer, &name.party).await?;
    let of_attempt = |stored: &&StoredAccountEvent| stored.journal_position > after && stored.booked_at == attempt.at;
    let events: Vec<AccountEvent> =
        history.events.iter().filter(of_attempt).map(|stored| stored.event.clone()).collect();
    match events.is_empty() {
        true => book(books, name, request, attempt.at).await,
        false => Ok(Booked { events, account: history.account()? }),
    }
}

/// A payment of this reference, else the document of this number, which gives credit if it is below zero.
#[must_use]
pub fn named_source(account: &PartyAccount, text: &str) -> Source {
    let payment = Source::Payment(text.to_owned());
    match text.parse().map(Source::CreditNote) {
        Ok(document) if !account.sources.contains_key(&payment) => document,
        _ => payment,
    }
}

/// # Errors
/// `payment.amount` for more decimals than the currency has.
pub fn amount_in(amount: Decimal, currency: Currency) -> EngineResult<Amount> {
    Amount::exact(amount, currency)
        .map_err(|error| EngineError::new("payment.amount", format!("{amount} is no amount in {currency}: {error}")))
}

/// What a party owes in one currency, and what of its money waits.
#[derive(Debug, Clone)]
pub struct AccountBalance {
    pub currency: Currency,
    pub balance: CurrencyBalance,
    /// Open on documents that were due before the day (PA-5).
    pub overdue: Amount,
    pub unallocated: Amount,
}

/// The balances of a party by currency, also of money in a currency that nothing was billed in.
///
/// # Errors
/// As [`account_of`].
pub async fn account_balances(books: &Books, party: &OrganisationId, today: Date) -> EngineResult<Vec<AccountBalance>> {
    let account = account_of(books, party).await?.1.account()?;
    let mut balances: BTreeMap<Currency, CurrencyBalance> = party_balances(books, party).await?;
    for currency in account.sources.values().map(|state| state.amount.currency) {
        let nothing = || CurrencyBalance { whole: Balance::empty(currency), by_type: BTreeMap::new() };
        balances.entry(currency).or_insert_with(nothing);
    }
    let mut found = Vec::new();
    for (currency, balance) in balances {
        let overdue = overdue(&account, currency, today)?;
        let rests = account.sources.values().map(|state| state.rest).filter(|rest| rest.currency == currency);
        let unallocated = Amount::sum(currency, rests).map_err(SettlementError::from)?;
        found.push(AccountBalance { currency, balance, overdue, unallocated });
    }
    Ok(found)
}

fn overdue(account: &PartyAccount, currency: Currency, today: Date) -> Result<Amount, SettlementError> {
    let mut sum = Amount::zero(currency);
    for state in account.documents.values().filter(|state| state.total.currency == currency) {
        if state.is_overdue(today)? {
            sum = sum.checked_add(state.open()?)?;
        }
    }
    Ok(sum)
}

/// Keeps a one-off amount for the party's next invoice. False when the same is kept already.
///
/// # Errors
/// `adjustment.zero`, `adjustment.too_large`, `adjustment.reference_used`, `payment.currency` for another currency
/// than the party is billed in, `payment.reference_malformed`; storage failures.
pub async fn adjust(books: &Books, party: &Organisation, new: &Adjustment, now: Timestamp) -> EngineResult<bool> {
    if new.amount.minor == 0 {
        return Err(EngineError::new("adjustment.zero", "an adjustment is an amount above or below zero"));
    }
    if new.amount.minor.unsigned_abs() > TOTAL_MINOR_MAX.unsigned_abs() {
        let message = format!("{} is beyond what an invoice may hold", new.amount);
        return Err(EngineError::new("adjustment.too_large", message));
    }
    if new.amount.currency != party.currency {
        let message = format!("{} is billed in {}, not in {}", party.id, party.currency, new.amount.currency);
        return Err(EngineError::new("payment.currency", message));
    }
    check_reference(&new.reference)?;
    Ok(books.ledger.add_adjustment(&party.id, new, now).await?)
}
