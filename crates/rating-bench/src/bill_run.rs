//! The books of a bill run: many billed parties, each with licences that were bought in one month.
//!
//! They go in by the imports that an issuer has, so the orders are accepted as orders are. The run itself
//! is `quittance close`.

use std::path::PathBuf;
use std::time::Instant;

use billing::ids::IdError;
use billing::party::{Customer, Organisation};
use clap::Args;
use engine::import::{OrderOptions, import_offers, import_orders, import_tax_rates};

use crate::books::{OpenBooks, check_complete, file, keep_ledger, now};
use crate::chance::{Chance, Purpose};
use crate::world::{ISSUER, PARTY, organisations};
use crate::{Outcome, PERIOD};

#[derive(Debug, Args)]
pub(crate) struct BillRunArgs {
    /// Billed organisations, each with one customer
    #[arg(long, default_value_t = 100_000)]
    pub(crate) parties: u32,
    /// Licence subscriptions of each
    #[arg(long, default_value_t = 40)]
    pub(crate) licences: u32,
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// A new data directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

const SKUS: u64 = 500;
/// Parties whose orders are one file.
const PARTIES_PER_FILE: u32 = 2_500;

pub(crate) async fn generate(args: &BillRunArgs) -> Outcome<()> {
    let started = Instant::now();
    let books = OpenBooks::create(&args.dir).await?;
    add_directory(&books, args.parties).await?;
    let (at, books_) = (now()?, &books.books);
    check_complete(&import_offers(books_, file("offers.csv", offers().into_bytes()), at).await?)?;
    let rates = "code,rate,effective_from\nFR-20,0.2,2020-01-01\n".to_owned().into_bytes();
    check_complete(&import_tax_rates(books_, file("taxes.csv", rates), at).await?)?;
    let mut chance = Chance::new(args.seed, Purpose::Directory);
    let mut first = 0;
    while first < args.parties {
        let parties = first..args.parties.min(first.saturating_add(PARTIES_PER_FILE));
        first = parties.end;
        let orders = orders(&mut chance, parties, args.licences);
        check_complete(
            &import_orders(books_, file("orders.csv", orders.into_bytes()), OrderOptions::default(), at).await?,
        )?;
        eprintln!("{first} parties, {:.0} s", started.elapsed().as_secs_f64());
    }
    books.close().await;
    keep_ledger(&args.dir)
}

async fn add_directory(books: &OpenBooks, parties: u32) -> Outcome<()> {
    let [issuer, pattern] = organisations()?;
    books.books.ledger.save_organisations(&[issuer]).await?;
    let organisation = |number: u32| -> Result<Organisation, IdError> {
        Ok(Organisation {
            id: format!("{PARTY}-{number}").parse()?,
            billed_by: Some(ISSUER.parse()?),
            ..pattern.clone()
        })
    };
    let customer = |number: u32| -> Result<Customer, IdError> {
        let name = format!("Customer {number}");
        let id = format!("customer-{number}").parse()?;
        let billed_party = format!("{PARTY}-{number}").parse()?;
        Ok(Customer { id, billed_party, name, domain: String::new(), country: "FR".to_owned() })
    };
    let organisations: Vec<Organisation> = (0..parties).map(organisation).collect::<Result<_, _>>()?;
    books.books.ledger.save_organisations(&organisations).await?;
    let customers: Vec<Customer> = (0..parties).map(customer).collect::<Result<_, _>>()?;
    Ok(books.books.ledger.save_customers(&customers).await?)
}

fn offers() -> String {
    let mut text =
        "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,product_name,sku_name\n".to_owned();
    for sku in 0..SKUS {
        let cents = 200 + sku * 37;
        let price = format!("{}.{:02}", cents / 100, cents % 100);
        text.push_str(&format!("CFQ7TTC0{sku:04},0001,P1Y,monthly,{price},EUR,2026-01-01,Product {sku},Plan {sku}\n"));
    }
    text
}

/// Purchases on the days of the month.
fn orders(chance: &mut Chance, parties: std::ops::Range<u32>, licences: u32) -> String {
    let mut text =
        "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats\n".to_owned();
    for party in parties {
        for licence in 0..licences {
            let (day, sku, seats) = (1 + chance.below(30), chance.below(SKUS), 1 + chance.below(200));
            text.push_str(&format!(
                "o-{party}-{licence},{PERIOD}-{day:02}T09:00:00Z,purchase,customer-{party},s-{party}-{licence},\
                 CFQ7TTC0{sku:04},0001,P1Y,monthly,{seats}\n"
            ));
        }
    }
    text
}
