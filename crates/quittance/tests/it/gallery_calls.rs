//! Examples of the error gallery that no command line can raise: codes by which the program guards
//! against itself, and refusals to callers of a library. Each is a call, written down as data.

use std::collections::BTreeMap;
use std::fs;

use billing::decimal::{Decimal, DecimalError};
use billing::invoice::{
    Charge, Draft, DraftedLine, Invoice, InvoiceLine, InvoiceNumber, KnownLists, Standing, UsageCharge, check_draft,
    document_totals, partial_credit,
};
use billing::journal::{Entry, EntryKind};
use billing::licence::{
    BillingPlan, ChargedCycle, Cycle, Generation, LicenceError, LicenceOffer, LicenceOrder, OfferBook, ProductCategory,
    Term, change_plan, change_quantity, cycle_starting_at, licence_charges,
};
use billing::markup::Markup;
use billing::money::{Amount, Currency};
use billing::period::DayRange;
use billing::ports::{ClosingStep, Closure, Ledger, PortError, UsageImport};
use billing::price::Product;
use billing::rate::{MonthAmounts, month_amounts};
use billing::savings_plan::SavingsPlan;
use billing::settlement::{AccountEvent, DocumentState, PartyAccount};
use billing::split::{SplitMethod, split};
use jiff::civil::date;
use ledger::SqliteLedger;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::books::{Books, NOW};
use crate::gallery::{folders, gallery};
use crate::sample;

/// Code and sentence.
type Refusal = (&'static str, String);
type Call = fn(&Value) -> Refusal;

/// What a `call.json` may name, and how it is called with its `arguments`.
const CALLS: [(&str, Call); 17] = [
    ("billing::decimal::Decimal::div_exact", divide),
    ("billing::invoice::check_draft", check),
    ("billing::invoice::partial_credit", give_back),
    ("billing::journal::Entry::check_balance", check_balance),
    ("billing::journal::EntryKind::from_str", kind_of_entry),
    ("billing::licence::change_plan", plan_of_licence),
    ("billing::licence::change_quantity", seats_of_licence),
    ("billing::licence::cycle_starting_at", cycle_of_licence),
    ("billing::licence::licence_charges", charges_of_orders),
    ("billing::markup::Markup::price", price_with_margin),
    ("billing::savings_plan::SavingsPlan::new", savings_plan),
    ("billing::settlement::PartyAccount::after", account_after),
    ("billing::split::split", split_amount),
    ("documents::render", print),
    ("ledger::SqliteLedger::close_parties", close_empty),
    ("ledger::SqliteLedger::commit_usage_import", import),
    ("ledger::SqliteLedger::open_existing", open_existing),
];

fn read<T: DeserializeOwned>(arguments: &Value, name: &str) -> T {
    serde_json::from_value(arguments[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn divide(arguments: &Value) -> Refusal {
    let [dividend, divisor] = ["dividend", "divisor"].map(|name| read::<Decimal>(arguments, name));
    let error: DecimalError = dividend.div_exact(divisor).unwrap_err();
    (error.code(), error.to_string())
}

fn savings_plan(arguments: &Value) -> Refusal {
    let [commitment, rate, discount] =
        ["commitment_per_hour", "pay_as_you_go_rate", "discount"].map(|name| read(arguments, name));
    let error = SavingsPlan::new(commitment, rate, discount).unwrap_err();
    (error.code(), error.to_string())
}

fn licence_refusal<T: std::fmt::Debug>(result: Result<T, LicenceError>) -> Refusal {
    let error = result.unwrap_err();
    (error.code(), error.to_string())
}

fn plan_of_licence(arguments: &Value) -> Refusal {
    let months = (read(arguments, "months_remaining"), read(arguments, "months_in_plan"));
    let [unit_price, seats] = ["unit_price", "seats"].map(|name| read(arguments, name));
    licence_refusal(change_plan(read(arguments, "span"), unit_price, months, seats))
}

fn seats_of_licence(arguments: &Value) -> Refusal {
    let [unit_price, old, new] = ["unit_price", "old_seats", "new_seats"].map(|name| read(arguments, name));
    let (cycle, day) = (read(arguments, "cycle"), read(arguments, "day"));
    licence_refusal(change_quantity(ChargedCycle::whole(cycle, unit_price), day, (old, new)))
}

fn cycle_of_licence(arguments: &Value) -> Refusal {
    let (anchor, step_months) = (read(arguments, "anchor"), read(arguments, "step_months"));
    licence_refusal(cycle_starting_at(anchor, step_months, read(arguments, "rule"), read(arguments, "number")))
}

/// Of a list with seats by the month, of the new commerce and classic ones, and with one thing that is bought once for
/// good.
fn charges_of_orders(arguments: &Value) -> Refusal {
    let offer = |sku: &str, term, plan| LicenceOffer {
        product: Product { product_id: "suite".to_owned(), sku_id: sku.to_owned(), ..Product::default() },
        category: ProductCategory::Licence,
        term,
        plan,
        unit_price: Decimal::ONE,
        currency: Currency::USD,
        effective: DayRange { from: date(2026, 1, 1), until: None },
        qualifiers: vec![],
        refund_hours: None,
        generation: Generation::NewCommerce,
        hourly_commitment: None,
    };
    let seats = offer("seats", Some(Term::Month), BillingPlan::Monthly);
    let classic = offer("classic", Some(Term::Year), BillingPlan::Monthly);
    let classic = LicenceOffer { generation: Generation::Classic, ..classic };
    let book = OfferBook::new([vec![seats, classic, offer("for-good", None, BillingPlan::OneTime)]]);
    let orders: Vec<LicenceOrder> = read(arguments, "orders");
    let days = Cycle { from: date(2026, 1, 1), until: read(arguments, "until") };
    let error = licence_charges(Currency::USD, &|_, _| book.all(), &orders, days).unwrap_err().error;
    (error.code(), error.to_string())
}

fn price_with_margin(arguments: &Value) -> Refusal {
    let markup = Markup::MarginOnPrice { rate: read(arguments, "margin_on_price") };
    let error = markup.price(read(arguments, "cost"), read(arguments, "decimals")).unwrap_err();
    (error.code(), error.to_string())
}

fn split_amount(arguments: &Value) -> Refusal {
    let method = match read::<String>(arguments, "method").as_str() {
        "even" => SplitMethod::Even,
        "proportional" => SplitMethod::Proportional,
        "fixed" => SplitMethod::Fixed,
        other => panic!("method: {other}"),
    };
    let targets: Vec<(String, Decimal)> = read(arguments, "targets");
    let targets: Vec<(&str, Decimal)> = targets.iter().map(|(id, weight)| (id.as_str(), *weight)).collect();
    let error = split(read(arguments, "amount"), read(arguments, "decimals"), method, &targets).unwrap_err();
    (error.code(), error.to_string())
}

/// The account of documents that have these totals.
fn account_after(arguments: &Value) -> Refusal {
    let totals: BTreeMap<InvoiceNumber, Amount> = read(arguments, "totals");
    let issued = |total| DocumentState::issued(total, NOW.parse().unwrap(), date(2026, 12, 10));
    let documents = totals.into_iter().map(|(number, total)| (number, issued(total))).collect();
    let events: Vec<AccountEvent> = read(arguments, "events");
    let error = PartyAccount::after(documents, &events).unwrap_err();
    (error.code(), error.to_string())
}

/// An entry like that of a payment, with other postings.
fn check_balance(arguments: &Value) -> Refusal {
    let entry = Entry {
        organisation: "partner".parse().unwrap(),
        position: 1,
        kind: EntryKind::PaymentReceived,
        reference: "transfer-12".to_owned(),
        booked_at: NOW.parse().unwrap(),
        postings: read(arguments, "postings"),
    };
    let error = entry.check_balance().unwrap_err();
    (error.code(), error.to_string())
}

fn kind_of_entry(arguments: &Value) -> Refusal {
    let error = read::<String>(arguments, "name").parse::<EntryKind>().unwrap_err();
    (error.code(), error.to_string())
}

fn print(arguments: &Value) -> Refusal {
    let error = documents::render(&read(arguments, "paper")).unwrap_err();
    (error.code(), error.to_string())
}

/// A draft like the invoice that the sample books have in dollars, with other figures.
fn check(arguments: &Value) -> Refusal {
    let failures = check_draft(&draft(arguments), false);
    assert_eq!(failures.len(), 1, "{failures:?}");
    (failures[0].code(), failures[0].to_string())
}

/// An amount of the invoice that the sample books have in dollars.
fn give_back(arguments: &Value) -> Refusal {
    let (invoice, line) = sample_invoice();
    let standing = Standing::of(&invoice, vec![line]);
    let reason: String = read(arguments, "reason");
    let error = partial_credit(&invoice, &standing, read(arguments, "amount"), &reason, NOW.parse().unwrap());
    let error = error.unwrap_err();
    (error.code(), error.to_string())
}

/// With its first line.
fn sample_invoice() -> (Invoice, InvoiceLine) {
    with_sample(async |ledger| {
        let stored = ledger.invoices(Some(&"partner".parse().unwrap())).await.unwrap().remove(0);
        let line = ledger.invoice_lines(&stored.number, 0, 1).await.unwrap().remove(0);
        (serde_json::from_slice(&stored.header).unwrap(), serde_json::from_slice(&line).unwrap())
    })
}

fn draft(arguments: &Value) -> Draft {
    let (invoice, line) = sample_invoice();
    let amount = |name| Amount { minor: read(arguments, name), currency: invoice.currency };
    let line = drafted(line, read(arguments, "exact"), amount("billed"));
    let totals = document_totals(invoice.currency, [(amount("billed"), line.line.tax)], []).unwrap();
    Draft {
        invoice_type: invoice.invoice_type,
        period: invoice.period,
        currency: invoice.currency,
        lines: vec![line],
        totals: billing::invoice::DocumentTotals { total: amount("total"), ..totals },
        taxes: vec![],
        adjustments: vec![],
        exchange_rates: invoice.exchange_rates,
        unpriced: vec![],
        issuer: invoice.issuer,
        billed_party: invoice.billed_party,
    }
}

/// `line` as if `exact` had been cut to `billed`.
fn drafted(line: InvoiceLine, exact: Decimal, billed: Amount) -> DraftedLine {
    let digits = billed.currency.minor_digits();
    let cut = month_amounts(exact, line.quantity, line.exchange_rate.rate, digits, digits).unwrap();
    let subtotal = billed.to_decimal();
    let drift = cut.subtotal.checked_add(cut.drift).unwrap().checked_sub(subtotal).unwrap();
    let Charge::Usage(usage) = line.charge else { panic!("{line:?}") };
    let charge = Charge::Usage(UsageCharge { pricing_exact: exact, ..usage });
    let line = InvoiceLine { charge, subtotal: billed, ..line };
    DraftedLine { line, amounts: Some(MonthAmounts { subtotal, drift, ..cut }), of_month: None }
}

fn close_empty(arguments: &Value) -> Refusal {
    let closure = Closure {
        party: read(arguments, "party"),
        period: read(arguments, "period"),
        usage_through: 0,
        invoice: Some(read::<InvoiceNumber>(arguments, "invoice")),
        carried: vec![],
        lists: KnownLists::default(),
    };
    refusal(with_sample(async |ledger| ledger.close_parties(&[ClosingStep::Empty(closure.clone())]).await))
}

fn import(arguments: &Value) -> Refusal {
    let import = UsageImport { accepted: read(arguments, "accepted"), ..UsageImport::default() };
    refusal(with_sample(async |ledger| ledger.commit_usage_import(&import).await))
}

fn open_existing(arguments: &Value) -> Refusal {
    let path = Books::none().path(&read::<String>(arguments, "path"));
    refusal(run(SqliteLedger::open_existing(&path)))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, PortError>) -> Refusal {
    let error = result.unwrap_err();
    (error.code, error.message)
}

fn run<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Calls the ledger of the sample books.
fn with_sample<T>(call: impl AsyncFnOnce(&SqliteLedger) -> T) -> T {
    let books = sample::full();
    run(async {
        let ledger = SqliteLedger::open(&books.dir().join("ledger.db")).await.unwrap();
        let answer = call(&ledger).await;
        ledger.close().await;
        answer
    })
}

#[track_caller]
fn check_call(code: &str, file: &[u8]) {
    let example: Value = serde_json::from_slice(file).unwrap_or_else(|error| panic!("{code}: {error}"));
    let (_, call) = CALLS.iter().find(|(name, _)| example["call"] == *name).unwrap_or_else(|| panic!("{example:#}"));
    let refusal: String = read(&example, "refusal");
    assert_eq!(call(&example["arguments"]), (code, refusal));
}

#[test]
fn every_call_raises_its_code() {
    let mut count = 0;
    for code in folders() {
        if let Ok(file) = fs::read(gallery().join(&code).join("call.json")) {
            check_call(&code, &file);
            count += 1;
        }
    }
    assert!(count >= CALLS.len(), "only {count} calls were found");
}
