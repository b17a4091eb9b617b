//! Chains of corrections under random mistakes.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::decimal::Decimal;
use crate::fx::FxTable;
use crate::invoice::{DraftInputs, InvoiceNumber, ListDigests, credit_note, draft_invoices, partial_credit};
use crate::licence::{
    BillingPlan, ChargeType, Cycle, Generation, LicenceCharges, LicenceLine, LicenceOffer, ProductCategory, Term,
    charge_cycle,
};
use crate::money::{Amount, Currency};
use crate::party::{Customer, Organisation, PartyDirectory, Subscription, TaxProfile};
use crate::period::DayRange;
use crate::price::Product;
use crate::tax::{TaxRate, TaxRule, TaxTable, TaxTreatment};

fn organisation(id: &str, billed_by: Option<&str>) -> Organisation {
    Organisation {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        tenant_id: String::new(),
        partner_number: String::new(),
        address_lines: vec![],
        country: "FR".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: Currency::EUR,
        payment_terms_days: 30,
        language: "en".to_owned(),
        billed_by: billed_by.map(|id| id.parse().unwrap()),
        tax: TaxProfile::default(),
    }
}

fn directory() -> PartyDirectory {
    let customer = Customer {
        id: "c".parse().unwrap(),
        billed_party: "party".parse().unwrap(),
        name: "Customer".to_owned(),
        domain: String::new(),
        country: "FR".to_owned(),
    };
    let subscription = |place: usize| Subscription {
        id: format!("s-{place}").parse().unwrap(),
        customer: customer.id.clone(),
        name: String::new(),
        earned_credit: vec![],
        generation: crate::licence::Generation::default(),
    };
    PartyDirectory {
        issuer: organisation("issuer", None),
        party: organisation("party", Some("issuer")),
        subscriptions: (0..SUBSCRIPTIONS).map(|place| (subscription(place).id, subscription(place))).collect(),
        customers: BTreeMap::from([(customer.id.clone(), customer)]),
    }
}

const SUBSCRIPTIONS: usize = 6;

/// What a month charges: cents a seat and seats of each subscription, 0 for none; per mille of tax of even and
/// of odd subscriptions.
#[derive(Debug, Clone)]
struct Month {
    charges: Vec<(i64, u8)>,
    tax_per_mille: (u16, u16),
}

fn licence(place: usize, (cents, seats): (i64, u8)) -> LicenceLine {
    let price = Decimal::new(i128::from(cents), 2).unwrap();
    let offer = LicenceOffer {
        product: Product { product_id: format!("P{}", place % 2), ..Product::default() },
        category: ProductCategory::Licence,
        term: Some(Term::Month),
        plan: BillingPlan::Monthly,
        unit_price: price,
        currency: Currency::EUR,
        effective: DayRange { from: date(2026, 1, 1), until: None },
        qualifiers: vec![],
        refund_hours: None,
        generation: Generation::NewCommerce,
        hourly_commitment: None,
    };
    let cycle = Cycle::new(date(2026, 9, 5), date(2026, 10, 5)).unwrap();
    let seats = Decimal::from_integer(i64::from(seats));
    LicenceLine {
        subscription: format!("s-{place}").parse().unwrap(),
        order_id: format!("o-{place}"),
        ordered_on: cycle.from,
        offer,
        discounts: vec![],
        term: (cycle.from, Some(cycle.until)),
        rated_on: cycle.from,
        charge: charge_cycle(ChargeType::New, cycle, price, seats).unwrap(),
    }
}

fn taxes((even, odd): (u16, u16)) -> TaxTable {
    let rule = |product: &str, per_mille: u16| TaxRule {
        country: None,
        treatment: TaxTreatment::Standard,
        product: Some(product.to_owned()),
        rate: TaxRate {
            code: format!("{product}-{}", per_mille % 3),
            rate: Decimal::new(i128::from(per_mille), 3).unwrap(),
            days: DayRange { from: date(2020, 1, 1), until: None },
            legal_note: String::new(),
        },
    };
    TaxTable::new(vec![rule("P0", even), rule("P1", odd)])
}

fn draft(month: &Month) -> Draft {
    let charged = month.charges.iter().enumerate().filter(|(_, (_, seats))| *seats > 0);
    drafted(charged.map(|(place, charge)| licence(place, *charge)).collect(), month.tax_per_mille)
}

fn drafted(new_commerce: Vec<LicenceLine>, tax_per_mille: (u16, u16)) -> Draft {
    draft_invoices(DraftInputs {
        directory: &directory(),
        period: "2026-09".parse().unwrap(),
        scopes: &BTreeMap::new(),
        unpriced: vec![],
        licences: LicenceCharges { new_commerce, classic: vec![] },
        fx: &FxTable::default(),
        taxes: &taxes(tax_per_mille),
        earlier: &BTreeMap::new(),
        adjustments: vec![],
        adjusted: None,
    })
    .unwrap()
    .one_time
}

fn snapshot() -> Snapshot {
    Snapshot {
        rules_version: 1,
        usage_through: 0,
        orders_through: 0,
        prior_closure: None,
        carried_in: vec![],
        directory: crate::invoice::BlobDigest(String::new()),
        lists: ListDigests::default(),
        allow_unpriced: false,
        restated: vec![],
    }
}

fn months() -> impl Strategy<Value = Month> {
    // Few prices and rates, so that a part of the lines stays what it was.
    let charges =
        prop::collection::vec((prop::sample::select(vec![1_i64, 333, 1_005, 99_999]), 0..4_u8), SUBSCRIPTIONS);
    let rates = prop::sample::select(vec![0_u16, 55, 200]);
    (charges, (rates.clone(), rates)).prop_map(|(charges, tax_per_mille)| Month { charges, tax_per_mille })
}

#[derive(Debug, Clone)]
enum Step {
    Note(Month),
    /// A note that the next document asks for.
    Deferred(Month),
    Rebill(Month),
    /// So many per mille of what stands.
    GiveBack(i64),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => months().prop_map(Step::Note),
        2 => months().prop_map(Step::Deferred),
        1 => months().prop_map(Step::Rebill),
        1 => (1..=1_000_i64).prop_map(Step::GiveBack),
    ]
}

/// A chain with its documents.
struct Books {
    original: Invoice,
    standing: Standing,
    issued: Vec<DraftedNote>,
}

impl Books {
    fn issue(&mut self, (note, lines): DraftedNote) {
        let counter = u64::try_from(self.issued.len()).unwrap() + 2;
        let number = InvoiceNumber::in_series(crate::invoice::Series::ONE_TIME, counter).unwrap();
        let note = Invoice { number, ..note };
        self.standing = self.standing.clone().amended(&note, lines.clone()).unwrap();
        self.issued.push((note, lines));
    }
}

fn at() -> Timestamp {
    "2026-10-05T00:00:00Z".parse().unwrap()
}

/// A subject may have several lines: those that are the same are paired with each other, wherever they stand.
#[test]
fn only_the_lines_that_differ_are_taken_back() {
    let lines = |cents: &[i64]| drafted(cents.iter().map(|cents| licence(0, (*cents, 1))).collect(), (0, 0));
    for (stands, right, expected) in [
        (&[100, 200][..], &[200][..], vec![(Some(100), None)]),
        (&[100, 200], &[100], vec![(Some(200), None)]),
        (&[100, 200], &[200, 100], vec![]),
        (&[200], &[100, 200], vec![(None, Some(100))]),
        (&[100, 200, 300], &[300, 400, 100], vec![(Some(200), Some(400))]),
        (&[100, 100], &[100], vec![(Some(100), None)]),
    ] {
        let issued = lines(stands);
        let number = InvoiceNumber::in_series(crate::invoice::Series::ONE_TIME, 1).unwrap();
        let original = Invoice::issue(&issued, number, at(), snapshot());
        let standing = Standing::of(&original, issued.lines.iter().map(|drafted| drafted.line.clone()).collect());
        let changes = changed_lines(&standing, &lines(right)).into_iter();
        let found: Vec<_> = changes
            .map(|change| {
                let before = change.before.map(|(_, line)| line.subtotal.minor);
                (before, change.after.map(|line| line.subtotal.minor))
            })
            .collect();
        assert_eq!(found, expected, "{stands:?} {right:?}");
    }
}

fn amounts(lines: impl IntoIterator<Item = InvoiceLine>) -> Vec<(SubscriptionId, i64, i64, String)> {
    let mut amounts: Vec<_> = lines
        .into_iter()
        .map(|line| (line.subscription.clone(), line.subtotal.minor, line.tax.minor, line.tax_code))
        .collect();
    amounts.sort();
    amounts
}

/// Sums by code and rate over all documents, none that are zero; and what they ask for, with what others ask for
/// because of them.
fn sums(books: &Books) -> (Vec<TaxSubtotal>, i64) {
    let first = std::iter::once(&books.original);
    let documents: Vec<&Invoice> = first.chain(books.issued.iter().map(|(note, _)| note)).collect();
    let taxes = tax_sums(documents.iter().flat_map(|document| &document.taxes)).unwrap();
    let asked_elsewhere = documents.iter().filter_map(|document| asked_for_next(document).unwrap());
    let own: i64 = documents.iter().map(|document| document.totals.total.minor).sum();
    (taxes, own + asked_elsewhere.map(|asked| asked.amount.minor).sum::<i64>())
}

proptest! {
    #![proptest_config(crate::properties::cases(20_000))]

    /// After a correction exactly that is billed which is right; correcting it again changes nothing; a credit
    /// of all leaves nothing in any line, tax code or total.
    #[test]
    fn corrections_leave_what_is_right(first in months(), steps in prop::collection::vec(steps(), 0..5)) {
        let issued = draft(&first);
        let number = InvoiceNumber::in_series(crate::invoice::Series::ONE_TIME, 1).unwrap();
        let original = Invoice::issue(&issued, number, at(), snapshot());
        let lines = issued.lines.iter().map(|drafted| drafted.line.clone()).collect();
        let standing = Standing::of(&original, lines);
        let mut books = Books { original: original.clone(), standing, issued: vec![] };
        for step in &steps {
            match step {
                Step::Note(month) | Step::Deferred(month) => {
                    let right = draft(month);
                    let note = difference_note(&original, &books.standing, &right, snapshot(), "why", at()).unwrap();
                    match note {
                        Some(note) if matches!(step, Step::Deferred(_)) => {
                            let note = deferred(note).unwrap();
                            prop_assert_eq!(note.0.totals.total.minor, 0);
                            books.issue(note);
                        }
                        Some(note) => books.issue(note),
                        None => {}
                    }
                    let stands = amounts(books.standing.lines.iter().map(|(_, line)| line.clone()));
                    prop_assert_eq!(stands, amounts(right.lines.iter().map(|drafted| drafted.line.clone())));
                    prop_assert_eq!(&books.standing.taxes, &tax_sums(&right.taxes).unwrap());
                    let given: i64 = books.standing.adjustments.iter().map(|one| one.amount.minor).sum();
                    prop_assert_eq!(books.standing.total.minor, right.totals.total.minor + given);
                    let again = difference_note(&original, &books.standing, &right, snapshot(), "why", at()).unwrap();
                    prop_assert_eq!(again, None);
                }
                Step::Rebill(month) => {
                    if !books.standing.is_nothing() {
                        books.issue(credit_note(&original, &books.standing, "why", at()).unwrap());
                    }
                    let right = draft(month);
                    books.issue(rebilled(&original, &books.standing, &right, snapshot(), "why", at()).unwrap());
                    prop_assert_eq!(books.standing.total, right.totals.total);
                }
                Step::GiveBack(per_mille) => {
                    let minor = books.standing.total.minor * per_mille / 1_000;
                    let given = partial_credit(&original, &books.standing, Amount { minor, ..books.standing.total }, "why", at());
                    match given {
                        Ok(note) => books.issue(note),
                        Err(error) => prop_assert!(minor <= 0, "{}", error),
                    }
                }
            }
            let (taxes, total) = sums(&books);
            prop_assert_eq!((&taxes, total), (&tax_sums(&books.standing.taxes).unwrap(), books.standing.total.minor));
        }
        let before = books.standing.clone();
        if !before.is_nothing() {
            let (note, lines) = credit_note(&original, &before, "why", at()).unwrap();
            for ((_, line), back) in before.lines.iter().zip(&lines) {
                prop_assert_eq!((line.subtotal.minor, line.tax.minor), (-back.subtotal.minor, -back.tax.minor));
            }
            books.issue((note, lines));
        }
        prop_assert!(books.standing.is_nothing());
        prop_assert_eq!(sums(&books), (vec![], 0));
    }
}
