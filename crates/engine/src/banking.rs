//! Bank statements: which invoices an incoming amount is for, by the numbers it names or by the amount.
//!
//! Rule PA-7 (docs/rules/payments.md).

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::money::{Amount, Currency};
use billing::settlement::{Allocate, NewPayment, PartyAccount, SettlementError, Source};
use formats::bank::{BankEntry, BankStatement};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::EngineResult;
use crate::paying::{AccountName, Booked, Request, account_of, book};

/// What an entry of a statement seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It names invoices of one party; those that are open, in the order of their numbers.
    Named(Vec<InvoiceNumber>),
    /// It names no invoice, and one invoice of all has this open.
    SameAmount(InvoiceNumber),
    /// Several could be meant.
    Several(Vec<InvoiceNumber>),
    /// It names invoices in another currency.
    OtherCurrency(Vec<InvoiceNumber>),
    Nothing,
    /// The same entry was booked from an earlier statement.
    BookedBefore,
    /// Money that went out, or came back.
    Outgoing,
}

/// An entry with what is proposed for it.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub entry: BankEntry,
    /// The reference that its payment has.
    pub reference: String,
    /// Whose money it seems to be.
    pub account: Option<AccountName>,
    pub finding: Finding,
}

impl Proposal {
    /// Whether it says by itself what it is for; the rest is for a person to confirm.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self.finding, Finding::Named(_))
    }

    /// The payment that is proposed, `None` where somebody has to decide whose it is.
    #[must_use]
    pub fn payment(&self) -> Option<(AccountName, Request)> {
        let allocate = match &self.finding {
            Finding::Named(numbers) if numbers.is_empty() => Allocate::Later,
            Finding::Named(numbers) => Allocate::Documents(numbers.clone()),
            Finding::SameAmount(number) => Allocate::Documents(vec![number.clone()]),
            _ => return None,
        };
        let BankEntry { amount, booked_on, .. } = self.entry;
        let payment = NewPayment { reference: self.reference.clone(), amount, received_on: booked_on };
        Some((self.account.clone()?, Request::Receive { payment, allocate }))
    }
}

/// All accounts, and what is looked for in them.
struct Accounts {
    accounts: Vec<(AccountName, PartyAccount)>,
    /// Whose each number is, by the place of the account.
    owners: BTreeMap<InvoiceNumber, usize>,
    /// Payments that were booked, by their references.
    booked: BTreeMap<String, usize>,
    /// Documents by what is open on them: currency and minor units.
    open: BTreeMap<(Currency, i64), Vec<(usize, InvoiceNumber)>>,
}

/// Looks for the invoices that the entries are for. Nothing is booked.
///
/// # Errors
/// Storage failures.
pub async fn propose(books: &Books, statements: Vec<BankStatement>) -> EngineResult<Vec<Proposal>> {
    let accounts = Accounts::load(books).await?;
    let mut proposals = Vec::new();
    for BankStatement { account, entries, .. } in statements {
        for entry in entries {
            let reference = match account.as_str() {
                "" => entry.reference.clone(),
                account => format!("{account}/{}", entry.reference),
            };
            let (place, finding) = accounts.find(&entry, &reference)?;
            let account = place.and_then(|place| accounts.accounts.get(place)).map(|(name, _)| name.clone());
            proposals.push(Proposal { entry, reference, account, finding });
        }
    }
    Ok(proposals)
}

/// Books what is proposed; nothing where somebody has to decide.
///
/// # Errors
/// As [`book`].
pub async fn accept(books: &Books, proposal: &Proposal, now: Timestamp) -> EngineResult<Option<Booked>> {
    match proposal.payment() {
        Some((name, request)) => book(books, &name, &request, now).await.map(Some),
        None => Ok(None),
    }
}

impl Accounts {
    async fn load(books: &Books) -> EngineResult<Self> {
        let (accounts, owners, booked, open) = (Vec::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut all = Self { accounts, owners, booked, open };
        for party in books.billed_parties().await? {
            let (name, history) = account_of(books, &party.id).await?;
            all.add(name, history.account()?)?;
        }
        Ok(all)
    }

    fn add(&mut self, name: AccountName, account: PartyAccount) -> Result<(), SettlementError> {
        let place = self.accounts.len();
        for (number, state) in &account.documents {
            let open = state.open()?;
            self.owners.insert(number.clone(), place);
            self.open.entry((open.currency, open.minor)).or_default().push((place, number.clone()));
        }
        for source in account.sources.keys() {
            if let Source::Payment(reference) = source {
                self.booked.entry(reference.clone()).or_insert(place);
            }
        }
        self.accounts.push((name, account));
        Ok(())
    }

    fn find(&self, entry: &BankEntry, reference: &str) -> Result<(Option<usize>, Finding), SettlementError> {
        if entry.amount.minor <= 0 || entry.reversal {
            return Ok((None, Finding::Outgoing));
        }
        if let Some(place) = self.booked.get(reference) {
            return Ok((Some(*place), Finding::BookedBefore));
        }
        let text = format!("{} {}", entry.remittance, entry.end_to_end_id.as_deref().unwrap_or_default());
        let named: Vec<InvoiceNumber> =
            numbers_in(&text).into_iter().filter(|number| self.owners.contains_key(number)).collect();
        let owners: BTreeSet<usize> = named.iter().filter_map(|number| self.owners.get(number).copied()).collect();
        match owners.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => Ok(self.find_by_amount(entry.amount)),
            [owner] => Ok((Some(*owner), self.open_among(*owner, named, entry.amount)?)),
            _ => Ok((None, Finding::Several(named))),
        }
    }

    fn open_among(&self, owner: usize, named: Vec<InvoiceNumber>, amount: Amount) -> Result<Finding, SettlementError> {
        let Some((_, account)) = self.accounts.get(owner) else { return Ok(Finding::Nothing) };
        let mut open = Vec::new();
        for number in &named {
            let state = account.document(number)?;
            if state.total.currency != amount.currency {
                return Ok(Finding::OtherCurrency(named));
            }
            if state.open()?.minor > 0 {
                open.push(number.clone());
            }
        }
        Ok(Finding::Named(open))
    }

    fn find_by_amount(&self, amount: Amount) -> (Option<usize>, Finding) {
        match self.open.get(&(amount.currency, amount.minor)).map(Vec::as_slice).unwrap_or_default() {
            [] => (None, Finding::Nothing),
            [(place, number)] => (Some(*place), Finding::SameAmount(number.clone())),
            several => (None, Finding::Several(several.iter().map(|(_, number)| number.clone()).collect())),
        }
    }
}

/// Letters and digits of an invoice number.
const NUMBER_LENGTH: usize = 10;

/// All that could be an invoice number, also with other letters before it (`RG000000012`) or cut up by
/// blanks and hyphens (`G-000 000 012`).
fn numbers_in(text: &str) -> BTreeSet<InvoiceNumber> {
    let mut runs: Vec<String> = vec![String::new()];
    for c in text.chars() {
        match runs.last_mut() {
            Some(run) if c.is_ascii_alphanumeric() => run.push(c.to_ascii_uppercase()),
            Some(run) if run.is_empty() => {}
            _ => runs.push(String::new()),
        }
    }
    let mut numbers = BTreeSet::new();
    let mut add = |run: &str| {
        for start in 0..=run.len().saturating_sub(NUMBER_LENGTH) {
            let end = start.saturating_add(NUMBER_LENGTH);
            // A longer number is another number.
            let goes_on = run.as_bytes().get(end).is_some_and(u8::is_ascii_digit);
            let window = run.get(start..end).filter(|_| !goes_on);
            numbers.extend(window.and_then(|window| window.parse::<InvoiceNumber>().ok()));
        }
    };
    for start in 0..runs.len() {
        let mut joined = String::new();
        for run in runs.iter().skip(start) {
            joined.push_str(run);
            // One run more than is needed, to see where the number ends; of letters it begins another word.
            if joined.len() > NUMBER_LENGTH {
                break;
            }
        }
        add(&joined);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str, found: bool) {
        let wanted: InvoiceNumber = wanted.parse().unwrap();
        assert_eq!(numbers_in(text).contains(&wanted), found, "{text:?}");
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for text in [
            "G000000012",
            "Invoice g000000012, thanks",
            "RG000000012",
            "G-000 000 012",
            "no. G 000000012.",
            "G000000011/G000000012",
            "äöü G000000012 äöü",
        ] {
            check(text, "G000000012", true);
        }
        for text in ["", "G00000001", "G000000013", "G0000-0001-3", "Ü000000012", "REG0000000123", "G 000 000 0123"] {
            check(text, "G000000012", false);
        }
    }
}
