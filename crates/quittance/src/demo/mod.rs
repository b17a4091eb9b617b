//! `quittance demo`: a believable month from a seed, closed, issued, printed and served.
//!
//! September 2026 is closed first, so that October has late usage and a refund of an issued month;
//! November is open, so that there is something unbilled. One customer has a classic subscription too, which is billed on a
//! recurring invoice from October on. The clock is pinned to 10 November.

mod cast;
mod chance;
mod classic;
mod world;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use billing::invoice::InvoiceType;
use billing::money::Amount;
use billing::period::BillingPeriod;
use billing::ports::hex;
use billing::settlement::{Allocate, NewPayment};
use engine::closing::{CloseOptions, close};
use engine::import::{
    ImportFile, OrderOptions, UsageImportOptions, import_customers, import_fx, import_offers, import_orders,
    import_prices, import_savings_plans, import_subscriptions, import_usage,
};
use engine::invoices::{list, statement_pdf};
use engine::paying::{Request, account_name, book};
use engine::rating::rate;
use engine::tokens::Role;
use formats::source::Input;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use sha2::{Digest, Sha256};

use self::cast::{DEFAULT_PARTY, organisations};
use self::chance::Chance;
use self::classic::Classic;
use self::world::World;
use crate::certificate;
use crate::cli::{DemoArgs, Output};
use crate::commands::invoices::print_list;
use crate::commands::{serve, token};
use crate::data_dir::DataDir;
use crate::output::{Failure, print_json, say};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

/// The instant at which the demonstration's clock stands.
const NOW: &str = "2026-11-10T09:00:00Z";
/// Whose usage is classic, by place: of the party that commands mean when none is named.
const CLASSIC_CUSTOMER: usize = 1;
const SEPTEMBER_CLOSED_AT: &str = "2026-10-06T09:00:00Z";

fn instant(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|error| Failure::new("clock.malformed", format!("{text}: {error}")))
}

fn month(text: &str) -> Result<BillingPeriod, Failure> {
    text.parse().map_err(|error| Failure::new("period.malformed", format!("{text}: {error}")))
}

pub(crate) async fn run(dir: &Path, output: Output, args: &DemoArgs) -> CommandResult {
    // Every step can be repeated, so a demonstration that was interrupted is simply run again.
    let data = DataDir::open_or_create(dir).await?;
    let seed = args.seed.to_string();
    {
        let _lock = data.lock().await?;
        claim(&data, &seed).await?;
        build(&data, args.seed).await?;
    }
    let folder = write_pdfs(&data).await?;
    if output == Output::Json {
        print_json(&json!({ "data_dir": dir, "documents": folder, "seed": args.seed }))?;
    } else {
        print_list(&data, output, None, None).await?;
        say(format!("\nThe invoices as PDF are in {}", folder.display()));
    }
    if args.no_serve {
        return Ok(Exit::Done);
    }
    let tls = certificate::chosen(&data, &args.tls)?;
    let listener = serve::listen(args.listen).await?;
    let (organisation, token) = token::make(&data, None, Role::Billing, None).await?;
    let address = serve::address(&listener, tls.as_ref())?;
    print_lines_to_try(&data, &address, organisation.as_str(), &token).await?;
    serve::serve_at(&data, listener, tls, instant(NOW)?).await?;
    Ok(Exit::Done)
}

/// Refuses a directory that holds other books.
async fn claim(data: &DataDir, seed: &str) -> Result<(), Failure> {
    let ledger = &data.books.ledger;
    match ledger.setting("demo_seed").await? {
        Some(known) if known == seed => Ok(()),
        Some(known) => {
            Err(Failure::new("demo.other_seed", format!("this directory holds the demonstration of seed {known}")))
        }
        None if !ledger.organisations().await?.is_empty() => {
            let message = "this directory holds books already; choose another one with --data-dir";
            Err(Failure::new("demo.books_present", message))
        }
        None => Ok(ledger.set_setting("demo_seed", seed).await?),
    }
}

async fn build(data: &DataDir, seed: u64) -> Result<(), Failure> {
    let mut chance = Chance::new(seed);
    let world = World::new(&mut chance);
    let classic = Classic::new(seed, world.customer_id(CLASSIC_CUSTOMER));
    import_lists(data, &world, &classic).await?;
    let (september, september_late) = world.usage_csv(&mut chance, date(2026, 9, 27), date(2026, 10, 1), 20);
    let (october, october_late) = world.usage_csv(&mut chance, date(2026, 10, 1), date(2026, 11, 1), 5);
    let (november, _) = world.usage_csv(&mut chance, date(2026, 11, 1), date(2026, 11, 10), 0);
    let corrections = world.corrections_csv(date(2026, 9, 29));

    let closed_at = instant(SEPTEMBER_CLOSED_AT)?;
    let now = instant(NOW)?;
    usage(data, "september.csv", september, closed_at).await?;
    close_month(data, "2026-09", closed_at).await?;
    buy_savings_plan(data, &world, now).await?;
    for (name, csv) in [
        ("september-late.csv", september_late),
        ("october.csv", october),
        ("corrections.csv", corrections),
        ("october-late.csv", october_late),
        ("classic.csv", classic.usage_csv(date(2026, 10, 1), date(2026, 11, 10))),
        ("november.csv", november),
    ] {
        usage(data, name, csv, now).await?;
    }
    close_month(data, "2026-10", now).await?;
    {
        let progress = Progress::counting("rating November");
        rate(&data.books, month("2026-11")?, &|n| progress.tick(n)).await?;
    }
    pay_one(data, now).await
}

async fn import_lists(data: &DataDir, world: &World, classic: &Classic) -> Result<(), Failure> {
    let (books, at) = (&data.books, instant(SEPTEMBER_CLOSED_AT)?);
    let mut tenant_ids = world.tenant_ids.iter().cloned();
    let organisations = organisations(|| tenant_ids.next().unwrap_or_default())?;
    books.ledger.save_organisations(&organisations).await?;
    books.ledger.set_setting("default_party", DEFAULT_PARTY).await?;
    let parties: Vec<&str> = organisations.iter().skip(1).map(|organisation| organisation.id.as_str()).collect();
    let price_options = formats::price::PriceOptions { format: None, effective_from: None, earned_credit_rate: None };
    let reports = [
        import_customers(books, file("customers.csv", world.customers_csv(&parties)), None, at).await?,
        import_subscriptions(books, file("subscriptions.csv", world.subscriptions_csv()), at).await?,
        import_subscriptions(books, file("classic-subscriptions.csv", classic.subscriptions_csv()), at).await?,
        import_prices(books, file("prices.csv", world.prices_csv()), &price_options, at).await?,
        import_prices(books, file("rate-card.json", classic.rate_card()), &price_options, at).await?,
        import_fx(books, file("fx.csv", World::fx_csv().to_owned()), &formats::fx::FxOptions::default(), at).await?,
    ];
    for report in reports {
        refuse_quarantine(&report)?;
    }
    Ok(())
}

async fn buy_savings_plan(data: &DataDir, world: &World, at: Timestamp) -> Result<(), Failure> {
    let books = &data.books;
    let reports = [
        import_offers(books, file("offers.csv", World::offers_csv().to_owned()), at).await?,
        import_savings_plans(books, file("savings-plans.csv", world.savings_plans_csv()), at).await?,
        import_orders(books, file("orders.csv", world.orders_csv()), OrderOptions::default(), at).await?,
    ];
    reports.iter().try_for_each(refuse_quarantine)
}

/// The demonstration's own files are good: a line that is set aside is a defect.
fn refuse_quarantine(report: &engine::import::ImportReport) -> Result<(), Failure> {
    match report.quarantined.first() {
        None => Ok(()),
        Some(line) => {
            let message = format!("{} line {}: {} ({})", report.source, line.line, line.message, line.code);
            Err(Failure::new("demo.line_refused", message))
        }
    }
}

fn file(name: &str, text: String) -> ImportFile {
    let sha256 = hex(&Sha256::digest(text.as_bytes()));
    ImportFile { input: Input::new(name, Cursor::new(text.into_bytes())), name: name.to_owned(), sha256 }
}

async fn usage(data: &DataDir, name: &str, text: String, at: Timestamp) -> Result<(), Failure> {
    let size = text.len() as u64;
    let file = file(name, text);
    let progress = Progress::over_bytes(name, size, file.input.bytes_consumed());
    let options = UsageImportOptions::default();
    let report = import_usage(&data.books, file, &options, at, &|n| progress.tick(n)).await?;
    refuse_quarantine(&report)
}

async fn close_month(data: &DataDir, period: &str, at: Timestamp) -> Result<(), Failure> {
    let progress = Progress::counting(&format!("closing {period}"));
    let closings = close(&data.books, month(period)?, CloseOptions::default(), at, &|n| progress.tick(n)).await?;
    for closing in closings {
        if let engine::closing::ClosingOutcome::Parked(reasons) = closing.outcome {
            let message = format!("{} was parked: {reasons:?}", closing.party);
            return Err(Failure::new("demo.parked", message));
        }
    }
    Ok(())
}

/// A part of the first invoice is paid, so that a balance and a payment can be seen.
async fn pay_one(data: &DataDir, at: Timestamp) -> Result<(), Failure> {
    let invoices = list(&data.books, None).await?;
    let Some(first) = invoices.first() else { return Ok(()) };
    let total = first.invoice.totals.total;
    let received = Amount { minor: (total.minor / 2).max(1), currency: total.currency };
    let payment = NewPayment {
        reference: "bank transfer 2026-11-04".to_owned(),
        amount: received,
        received_on: crate::clock::day(at),
    };
    let name = account_name(&data.books, &first.invoice.number).await?;
    let allocate = Allocate::Documents(vec![first.invoice.number.clone()]);
    book(&data.books, &name, &Request::Receive { payment, allocate }, at).await?;
    Ok(())
}

async fn write_pdfs(data: &DataDir) -> Result<PathBuf, Failure> {
    let folder = data.root().join("invoices");
    std::fs::create_dir_all(&folder)?;
    let progress = Progress::counting("printing");
    for issued in list(&data.books, None).await? {
        let bytes = statement_pdf(&data.books, &issued).await?;
        std::fs::write(folder.join(format!("{}.pdf", issued.invoice.number)), bytes)?;
        progress.tick(1);
    }
    Ok(folder)
}

async fn print_lines_to_try(data: &DataDir, address: &str, organisation: &str, token: &str) -> Result<(), Failure> {
    let invoices = list(&data.books, None).await?;
    let mine = invoices.iter().rev().filter(|issued| issued.stored.party.as_str() == organisation);
    let number = mine.clone().next().map(|issued| issued.invoice.number.to_string()).unwrap_or_default();
    say(format!("\nServing the billing API of {organisation} on {address} (stop with Ctrl-C). Try:\n"));
    say(format!("  TOKEN={token}"));
    say(format!("  curl -s -H \"Authorization: Bearer $TOKEN\" {address}/v1/invoices"));
    say(format!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" \"{address}/v1/invoices/{number}/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&size=2\""
    ));
    if let Some(recurring) = mine.clone().find(|issued| issued.invoice.invoice_type == InvoiceType::Recurring) {
        let number = &recurring.invoice.number;
        say(format!(
            "  curl -s -H \"Authorization: Bearer $TOKEN\" \"{address}/v1/invoices/{number}/lineitems?provider=azure&invoicelineitemtype=billinglineitems\""
        ));
    }
    say(format!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" -o {number}.pdf {address}/v1/invoices/{number}/documents/statement"
    ));
    Ok(())
}
