//! Accounts by example, and their laws under random use.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::journal::Account;

fn eur(minor: i64) -> Amount {
    Amount { minor, currency: Currency::EUR }
}

fn number(counter: u64) -> InvoiceNumber {
    InvoiceNumber::in_series(crate::invoice::Series::ONE_TIME, counter).unwrap()
}

/// Documents 1, 2, … of these totals in cents, due a day after one another, the first on 2 December.
fn account(totals: &[i64]) -> PartyAccount {
    let documents = (1..).zip(totals).map(|(counter, total)| {
        let due_on = date(2026, 12, 1).saturating_add(i64::try_from(counter).unwrap().days());
        (number(counter), DocumentState::issued(eur(*total), "2026-11-03T00:00:00Z".parse().unwrap(), due_on))
    });
    PartyAccount::after(documents.collect(), &[]).unwrap()
}

fn payment(reference: &str, minor: i64) -> NewPayment {
    NewPayment { reference: reference.to_owned(), amount: eur(minor), received_on: day(1) }
}

fn day(day: i8) -> Date {
    date(2026, 12, day)
}

fn booked(account: &mut PartyAccount, events: Result<Vec<AccountEvent>, SettlementError>) {
    events.unwrap().iter().for_each(|event| account.apply(event).unwrap());
}

/// What is open on each document, then what is left of each source.
#[track_caller]
fn check(account: &PartyAccount, open: &[i64], rests: &[i64]) {
    let found: Vec<i64> = account.documents.values().map(|state| state.open().unwrap().minor).collect();
    let left: Vec<i64> = account.sources.values().map(|state| state.rest.minor).collect();
    assert_eq!((found.as_slice(), left.as_slice()), (open, rests));
}

fn code<T: std::fmt::Debug>(result: Result<T, SettlementError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn money_goes_to_the_oldest_documents_and_the_rest_stays() {
    let mut account = account(&[500, -300, 200, 400]);
    let events = account.receive(&payment("p", 650), &Allocate::OldestFirst);
    booked(&mut account, events);
    check(&account, &[0, -300, 50, 400], &[0]);
    let events = account.receive(&payment("q", 1_000), &Allocate::Documents(vec![number(4), number(3)]));
    booked(&mut account, events);
    check(&account, &[0, -300, 0, 0], &[0, 550]);
    let events = account.receive(&payment("r", 5), &Allocate::Later);
    booked(&mut account, events);
    check(&account, &[0, -300, 0, 0], &[0, 550, 5]);
    assert_eq!(account.last_payment(&number(4)), Some((day(1), eur(1_000))));
    let events = account.take_back(&Source::Payment("q".to_owned()), &number(4));
    booked(&mut account, events);
    assert_eq!(account.last_payment(&number(4)), None);
}

#[test]
fn a_payment_is_booked_once() {
    let mut account = account(&[500]);
    let first = account.receive(&payment("p", 500), &Allocate::OldestFirst);
    booked(&mut account, first);
    assert_eq!(account.receive(&payment("p", 500), &Allocate::OldestFirst), Ok(vec![]));
    assert_eq!(code(account.receive(&payment("p", 501), &Allocate::OldestFirst)), "payment.reference_used");
    let later = NewPayment { received_on: day(2), ..payment("p", 500) };
    assert_eq!(code(account.receive(&later, &Allocate::OldestFirst)), "payment.reference_used");
}

#[test]
fn money_that_does_not_fit_is_refused() {
    let mut account = account(&[500, 0]);
    let named = |counter| Allocate::Documents(vec![number(counter)]);
    assert_eq!(code(account.receive(&payment("p", 0), &Allocate::Later)), "payment.not_positive");
    assert_eq!(code(account.receive(&payment("p", -5), &Allocate::Later)), "payment.not_positive");
    assert_eq!(code(account.receive(&payment(" ", 5), &Allocate::Later)), "payment.reference_malformed");
    assert_eq!(code(account.receive(&payment("a\nb", 5), &Allocate::Later)), "payment.reference_malformed");
    assert_eq!(code(account.receive(&payment(&"x".repeat(141), 5), &Allocate::Later)), "payment.reference_malformed");
    assert_eq!(code(account.receive(&payment("p", 5), &named(9))), "invoice.unknown");
    assert_eq!(code(account.receive(&payment("p", 5), &named(2))), "invoice.nothing_open");
    let dollars = NewPayment { amount: Amount { minor: 5, currency: Currency::USD }, ..payment("p", 5) };
    assert_eq!(code(account.receive(&dollars, &named(1))), "payment.currency");
    // Money in a currency that nothing is owed in waits.
    let events = account.receive(&dollars, &Allocate::OldestFirst);
    assert_eq!(events.as_ref().map(Vec::len), Ok(1));
    booked(&mut account, events);
    check(&account, &[500, 0], &[5]);
}

#[test]
fn what_is_not_allocated_can_be_refunded() {
    let mut account = account(&[500]);
    let source = Source::Payment("p".to_owned());
    let events = account.receive(&payment("p", 700), &Allocate::OldestFirst);
    booked(&mut account, events);
    assert_eq!(code(account.refund(&source, eur(201), "back", Some(day(3)), day(1))), "refund.too_large");
    assert_eq!(code(account.refund(&source, eur(0), "back", Some(day(3)), day(1))), "payment.not_positive");
    let other = Source::Payment("q".to_owned());
    assert_eq!(code(account.refund(&other, eur(1), "back", Some(day(3)), day(1))), "payment.unknown");
    let events = account.refund(&source, eur(150), "back", Some(day(3)), day(1));
    booked(&mut account, events);
    check(&account, &[0], &[50]);
    assert_eq!(account.refund(&source, eur(150), "back", Some(day(3)), day(1)), Ok(vec![]));
    assert_eq!(code(account.refund(&source, eur(50), "back", Some(day(3)), day(1))), "payment.reference_used");
    let events = account.take_back(&source, &number(1));
    booked(&mut account, events);
    check(&account, &[500], &[550]);
    assert_eq!(code(account.take_back(&source, &number(1))), "payment.not_allocated");
    assert_eq!(code(account.allocate(&source, Some(eur(551)), &Allocate::OldestFirst)), "payment.nothing_left");
    let events = account.allocate(&source, Some(eur(40)), &Allocate::OldestFirst);
    booked(&mut account, events);
    check(&account, &[460], &[510]);
}

#[test]
fn a_rest_can_be_written_off_and_no_more() {
    let mut account = account(&[500, -10]);
    assert_eq!(code(account.write_off(&number(1), Some(eur(501)), "w")), "write_off.too_large");
    assert_eq!(code(account.write_off(&number(2), Some(eur(1)), "w")), "invoice.nothing_open");
    let events = account.write_off(&number(1), Some(eur(500)), "w");
    booked(&mut account, events);
    check(&account, &[0, -10], &[]);
    assert_eq!(account.write_off(&number(1), Some(eur(500)), "w"), Ok(vec![]));
    assert_eq!(code(account.take_back_write_off(&number(2), "w")), "write_off.unknown");
    assert_eq!(code(account.take_back_write_off(&number(1), "v")), "write_off.unknown");
    let mut again = account.clone();
    booked(&mut again, account.take_back_write_off(&number(1), "w"));
    check(&again, &[500, -10], &[]);
    assert_eq!(again.take_back_write_off(&number(1), "w"), Ok(vec![]));
    assert_eq!(code(again.write_off(&number(1), Some(eur(500)), "w")), "payment.reference_used");
    assert!(!account.documents[&number(1)].is_overdue(day(31)).unwrap());
}

#[test]
fn a_credit_note_settles_its_invoice_first() {
    let mut account = account(&[500, -500, 80]);
    let events = account.receive(&payment("p", 200), &Allocate::Documents(vec![number(1)]));
    booked(&mut account, events);
    let events = account.settle_note(&number(2), &[number(1)]);
    booked(&mut account, events);
    check(&account, &[0, 0, 80], &[0, 200]);
    let events = account.allocate(&Source::CreditNote(number(2)), None, &Allocate::OldestFirst);
    booked(&mut account, events);
    check(&account, &[0, 0, 0], &[0, 120]);
    assert_eq!(account.settle_note(&number(2), &[number(1)]), Ok(vec![]));
}

#[test]
fn a_note_that_asks_for_money_is_paid_with_the_credit_that_it_takes_back() {
    // Document 1 gave 500, of which 120 went to document 3; document 2 takes document 1 back.
    let mut account = account(&[-500, 500, 120]);
    let released = AccountEvent::CreditReleased { credit_note: number(1), amount: eur(500) };
    booked(&mut account, Ok(vec![released]));
    let events = account.allocate(&Source::CreditNote(number(1)), None, &Allocate::Documents(vec![number(3)]));
    booked(&mut account, events);
    let events = account.settle_note(&number(2), &[number(1)]);
    booked(&mut account, events);
    check(&account, &[0, 120, 0], &[0]);
    assert_eq!(account.settle_note(&number(2), &[number(1)]), Ok(vec![]));
}

#[test]
fn a_document_is_overdue_from_the_day_after_it_was_due() {
    let account = account(&[500, -10]);
    let overdue = |counter, today| account.documents[&number(counter)].is_overdue(day(today)).unwrap();
    assert_eq!([overdue(1, 2), overdue(1, 3), overdue(2, 31)], [false, true, false]);
}

/// One thing that somebody may try; most of it is refused.
#[derive(Debug, Clone)]
enum Try {
    Receive(u8, i64, Option<Vec<u64>>),
    Allocate(u8, Option<i64>),
    TakeBack(u8, u64),
    Refund(u8, i64, u8),
    WriteOff(u64, i64, u8),
    TakeBackWriteOff(u64, u8),
    Settle(u64, u64),
}

fn tries() -> impl Strategy<Value = Try> {
    prop_oneof![
        4 => (0..6_u8, 0..700_i64, prop::option::of(prop::collection::vec(1..6_u64, 0..3)))
            .prop_map(|(p, minor, named)| Try::Receive(p, minor, named)),
        2 => (0..6_u8, prop::option::of(0..400_i64)).prop_map(|(p, minor)| Try::Allocate(p, minor)),
        2 => (0..6_u8, 1..6_u64).prop_map(|(p, n)| Try::TakeBack(p, n)),
        2 => (0..6_u8, 0..300_i64, 0..3_u8).prop_map(|(p, minor, r)| Try::Refund(p, minor, r)),
        1 => (1..6_u64, 0..300_i64, 0..3_u8).prop_map(|(n, minor, r)| Try::WriteOff(n, minor, r)),
        1 => (1..6_u64, 0..3_u8).prop_map(|(n, r)| Try::TakeBackWriteOff(n, r)),
        1 => (1..6_u64, 1..6_u64).prop_map(|(c, n)| Try::Settle(c, n)),
    ]
}

fn decide(account: &PartyAccount, attempt: &Try) -> Result<Vec<AccountEvent>, SettlementError> {
    let source = |p: &u8| Source::Payment(format!("p{p}"));
    match attempt {
        Try::Receive(p, minor, named) => {
            let allocate = named.as_ref().map_or(Allocate::OldestFirst, |named| {
                Allocate::Documents(named.iter().map(|counter| number(*counter)).collect())
            });
            account.receive(&payment(&format!("p{p}"), *minor), &allocate)
        }
        Try::Allocate(p, minor) => account.allocate(&source(p), minor.map(eur), &Allocate::OldestFirst),
        Try::TakeBack(p, counter) => account.take_back(&source(p), &number(*counter)),
        Try::Refund(p, minor, r) => account.refund(&source(p), eur(*minor), &format!("r{r}"), Some(day(9)), day(1)),
        Try::WriteOff(counter, minor, r) => account.write_off(&number(*counter), Some(eur(*minor)), &format!("w{r}")),
        Try::TakeBackWriteOff(counter, r) => account.take_back_write_off(&number(*counter), &format!("w{r}")),
        Try::Settle(credit, original) => account.settle_note(&number(*credit), &[number(*original)]),
    }
}

proptest! {
    #![proptest_config(crate::properties::cases(20_000))]

    /// Balances are the sums of the postings, whatever is tried, and events tell the whole account.
    #[test]
    fn balances_are_sums_of_postings(
        totals in prop::collection::vec(-400_i64..600, 5),
        attempts in prop::collection::vec(tries(), 0..40),
    ) {
        let mut account = account(&totals);
        let (issued, mut events) = (account.documents.clone(), Vec::new());
        let mut sums: BTreeMap<Account, i64> = BTreeMap::new();
        sums.insert(Account::Receivable, totals.iter().sum());
        for attempt in &attempts {
            for event in decide(&account, attempt).unwrap_or_default() {
                account.apply(&event).unwrap();
                for posting in event.postings().unwrap() {
                    *sums.entry(posting.account).or_default() += posting.amount.minor;
                }
                events.push(event);
            }
        }
        let sum = |account: Account| sums.get(&account).copied().unwrap_or_default();
        let open: i64 = account.documents.values().map(|state| state.open().unwrap().minor).sum();
        let rests: i64 = account.sources.values().map(|state| state.rest.minor).sum();
        prop_assert_eq!((open, -rests), (sum(Account::Receivable), sum(Account::Unallocated)));
        let written_off: i64 = account.documents.values().map(|state| state.written_off.minor).sum();
        prop_assert_eq!(written_off, sum(Account::WriteOffs));
        prop_assert_eq!(sums.values().sum::<i64>(), totals.iter().sum::<i64>());
        for (number, state) in &account.documents {
            let open = state.open().unwrap().minor;
            prop_assert!(open.signum() * state.total.minor.signum() >= 0, "{} {}", number, open);
            let of_it = |(key, amount): (&(Source, InvoiceNumber), &Amount)| (key.1 == *number).then_some(amount.minor);
            let allocated: i64 = account.allocations.iter().filter_map(of_it).sum();
            prop_assert!(state.total.minor < 0 || state.received.minor == allocated);
        }
        prop_assert!(account.sources.values().all(|state| state.rest.minor >= 0));
        let again = PartyAccount::after(issued, &events).unwrap();
        prop_assert_eq!((again.documents, again.sources), (account.documents, account.sources));
    }
}
