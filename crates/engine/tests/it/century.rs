//! A hundred years of invoices and payments, and the programs that check the exported books.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use billing::money::{Amount, Currency};
use billing::settlement::{Allocate, NewPayment, Source};
use engine::closing::{CloseOptions, ClosingOutcome, close};
use engine::paying::{Request, account_of, book};
use formats::journal::{JournalFormat, JournalWriter};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::world::World;

const YEARS: i16 = 100;

fn noon(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0)).unwrap()
}

/// Closes every month of a hundred years. Of what is billed, some months are paid in full, some in part,
/// some twice with the rest refunded, and some are written off.
async fn live(world: &World) {
    let party = world.books.chosen_party(None).await.unwrap().id;
    let name = account_of(&world.books, &party).await.unwrap().0;
    let mut month: billing::period::BillingPeriod = "1990-01".parse().unwrap();
    for number in 0..i64::from(YEARS) * 12 {
        let now = noon(month.end().saturating_add(5.days()));
        let closings = close(&world.books, month, CloseOptions::default(), now, &|_| {}).await.unwrap();
        let ClosingOutcome::Issued { number: invoice, total, .. } = &closings[0].outcome else {
            panic!("{month}: {closings:?}")
        };
        let reference = format!("transfer {number}");
        let pay = async |minor: i64| {
            let amount = Amount { minor, currency: total.currency };
            let payment = NewPayment { reference: reference.clone(), amount, received_on: month.end() };
            let request = Request::Receive { payment, allocate: Allocate::OldestFirst };
            book(&world.books, &name, &request, now).await.unwrap();
        };
        match number % 10 {
            0 => pay(total.minor).await,
            1 => pay(total.minor / 3).await,
            2 => {
                pay(total.minor * 40).await;
                let source = Source::Payment(reference.clone());
                let account = account_of(&world.books, &party).await.unwrap().1.account().unwrap();
                let rest = account.sources[&source].rest;
                let refund =
                    Request::Refund { source, amount: rest, reference: format!("back {number}"), paid_on: None };
                book(&world.books, &name, &refund, now).await.unwrap();
            }
            3 => {
                let reference = format!("lost {number}");
                let request = Request::WriteOff { document: invoice.clone(), amount: None, reference };
                book(&world.books, &name, &request, now).await.unwrap();
            }
            _ => {}
        }
        month = month.next();
    }
}

async fn exported(world: &World, format: JournalFormat) -> String {
    let issuer = "issuer".parse().unwrap();
    let entries = world.books.ledger.journal(&issuer, 0, u32::MAX).await.unwrap();
    let first_day = entries[0].entry.booked_at.to_zoned(TimeZone::UTC).date();
    let mut text = Vec::new();
    let mut writer = JournalWriter::begin(format, &mut text, first_day, &[Currency::EUR]).unwrap();
    for stored in &entries {
        writer.write(&stored.entry, stored.hash).unwrap();
    }
    String::from_utf8(text).unwrap()
}

/// `None` where the program is absent; in the checks it has to be there.
#[allow(clippy::print_stderr, reason = "says what was skipped")]
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("QUITTANCE_CI").is_none() => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// The program accepts the text, and refuses it with one figure changed.
fn check(path: &Path, text: &str, program: &str, arguments: &[&str]) {
    fs::write(path, text).unwrap();
    let Some(output) = run(program, arguments) else { return };
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&said));
    let line = text.lines().filter(|line| line.contains("Income:Revenue") && line.contains("EUR")).nth(700).unwrap();
    fs::write(path, text.replacen(line, &line.replace('-', "-1"), 1)).unwrap();
    assert!(!run(program, arguments).unwrap().status.success(), "{program} accepts a changed figure");
}

#[tokio::test]
async fn plain_text_accounting_accepts_the_books_of_a_hundred_years() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1M,monthly,12.34,EUR,1990-01-01,Mail"]).await;
    world.taxes("code,rate,effective_from\nT,0.19,1990-01-01\n").await;
    let orders = ["o-1,1990-01-05T09:00:00Z,purchase,c,s,P,A,P1M,monthly,7,,"];
    assert_eq!(world.orders(&orders).await, (1, 0, vec![]));
    live(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let (journal, ledger) = (folder.path().join("books.journal"), folder.path().join("books.beancount"));
    let text = exported(&world, JournalFormat::Hledger).await;
    assert!(text.matches("invoice issued").count() == 1_200, "{}", text.len());
    let file = journal.to_str().unwrap();
    check(&journal, &text, "hledger", &["-f", file, "check", "--strict", "ordereddates"]);
    let text = exported(&world, JournalFormat::Beancount).await;
    check(&ledger, &text, "bean-check", &["--no-cache", ledger.to_str().unwrap()]);
    // What hledger adds up is what the account says.
    fs::write(&journal, exported(&world, JournalFormat::Hledger).await).unwrap();
    let arguments = ["-f", file, "balance", "-N", "Assets:Receivable", "Liabilities:Unallocated", "-O", "csv"];
    let Some(output) = run("hledger", &arguments) else { return };
    let account = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().1.account().unwrap();
    let open: i64 = account.documents.values().map(|state| state.open().unwrap().minor).sum();
    let told = String::from_utf8(output.stdout).unwrap();
    let open = Amount { minor: open, currency: Currency::EUR };
    assert!(told.contains(&format!("\"Assets:Receivable\",\"{open}\"")), "{open}: {told}");
    world.assert_sound().await;
}
