//! Small books that a command goes through in a fraction of a second: three billed organisations
//! in three currencies, six customers, six meters with tiers, a few thousand records.

use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

use crate::books::Books;
use crate::chance::Chance;

pub(crate) const USAGE_HEADER: &str =
    "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure\n";
pub(crate) const RECORDS: u64 = 3_000;

const CUSTOMERS: &str = "customer_id,name,billed_party,country\n\
    alder,Alder Mills,partner,US\nbirch,Birch Dairy,partner,US\n\
    cedar,Cedar Clinic,north,FR\nelm,Elm Press,north,FR\n\
    fir,Fir Foods,island,JP\nhazel,Hazel Rail,island,JP\n";
const SUBSCRIPTIONS: &str = "subscription_id,customer_id,name,earned_credit\n\
    s-alder,alder,Alder plan,2026-01-01/\ns-birch,birch,Birch plan,\n\
    s-cedar,cedar,Cedar plan,2026-10-05/2026-10-20\ns-elm,elm,Elm plan,\n\
    s-fir,fir,Fir plan,2026-01-01/\ns-hazel,hazel,Hazel plan,\n";
const PRICES: &str = "meter_id,currency,unit_of_measure,tier_from,unit_price,included_quantity,effective_from,\
                      earned_credit_rate,product_name,meter_category,meter_name\n\
    m-1,USD,1 Hour,0,0.0832,0,2026-01-01,0.15,Virtual Machines,Compute,B2ms\n\
    m-2,USD,1 GB,0,0.087,5,2026-01-01,0,Bandwidth,Network,Transfer Out\n\
    m-2,USD,1 GB,100,0.083,5,2026-01-01,0,Bandwidth,Network,Transfer Out\n\
    m-2,USD,1 GB,500,0.07,5,2026-01-01,0,Bandwidth,Network,Transfer Out\n\
    m-3,USD,10K,0,0.05,0,2026-01-01,0.15,Storage,Storage,Write Operations\n\
    m-3,USD,10K,0,0.0512,0,2026-10-16,0.15,Storage,Storage,Write Operations\n\
    m-4,USD,1/Month,0,17.92,0,2026-01-01,0.15,Disks,Storage,P10\n\
    m-5,USD,1 GB Second,0,0.000016,400,2026-01-01,0,Functions,Compute,Execution Time\n\
    m-6,USD,1 Hour,0,0.2529,0,2026-01-01,0.15,SQL Database,Databases,vCore\n";
const RATES: &str = "\"CurrencyCode\",\"USDPerUnit\",\"Month\"\n\
    \"EUR\",\"1.1724500000\",\"202609\"\n\"JPY\",\"0.0067841250\",\"202609\"\n\
    \"EUR\",\"1.1817500000\",\"202610\"\n\"JPY\",\"0.0066912000\",\"202610\"\n\
    \"EUR\",\"1.1766000000\",\"202611\"\n\"JPY\",\"0.0067205500\",\"202611\"\n";
const OWNERS: [&str; 6] = ["alder", "birch", "cedar", "elm", "fir", "hazel"];

/// Customers, subscriptions, prices and rates; no usage yet.
pub(crate) fn lists() -> Books {
    static BASE: OnceLock<Books> = OnceLock::new();
    let base = BASE.get_or_init(|| {
        let books = Books::init();
        for (name, currency, country) in [("north", "EUR", "FR"), ("island", "JPY", "JP")] {
            books.run(&format!("org add {name} --name {name} --currency {currency} --country {country}")).exits(0);
        }
        books.write("customers.csv", CUSTOMERS);
        books.write("subscriptions.csv", SUBSCRIPTIONS);
        books.write("prices.csv", PRICES);
        books.write("fx.csv", RATES);
        for kind in ["customers", "subscriptions", "prices", "fx"] {
            books.run(&format!("import {kind} {kind}.csv")).exits(0);
        }
        books
    });
    Books::copy_of(&base.dir())
}

/// September and October closed, late usage and a refund in October, statements printed, a payment
/// booked, November rated: something in every corner.
pub(crate) fn full() -> Books {
    Books::copy_of(full_dir())
}

fn full_dir() -> &'static Path {
    static FULL: OnceLock<(Books, std::path::PathBuf)> = OnceLock::new();
    let (_, dir) = FULL.get_or_init(|| {
        let books = lists();
        books.write("september.csv", usage("2026-09", 1, 600));
        books.run("import usage september.csv").exits(0);
        books.run("close --period 2026-09").exits(0);
        books.write("october.csv", usage("2026-10", 2, 1_200));
        let late = usage("2026-09", 3, 40).replace("2026-09/", "late/");
        books.write("late.csv", late);
        let refund = format!(
            "{}refund-1,2026-09-29,birch,s-birch,m-4,-9000,blocks,1/Month,correction\n",
            USAGE_HEADER.replace('\n', ",kind\n")
        );
        books.write("refund.csv", refund);
        books.write("november.csv", usage("2026-11", 4, 300));
        books.run("import usage october.csv late.csv refund.csv november.csv").exits(0);
        books.run("close --period 2026-10").exits(0);
        books.run("rate --period 2026-11").exits(0);
        for number in ["G000000001", "G000000002", "G000000003", "G000000004", "G000000005", "G000000006"] {
            books.run(&format!("invoices pdf {number} --out {number}.pdf")).exits(0);
        }
        books.run("pay G000000001 --amount 1 --reference transfer-4711").exits(0);
        let dir = books.dir();
        (books, dir)
    });
    dir
}

/// `count` records of a month (its first nine days when it is November, which has begun only).
pub(crate) fn usage(month: &str, seed: u64, count: u64) -> String {
    let mut chance = Chance::new(seed);
    let mut csv = USAGE_HEADER.to_owned();
    let days = if month == "2026-11" { 9 } else { 30 };
    for record in 0..count {
        let owner = OWNERS[chance.below(OWNERS.len())];
        let (meter, day) = (1 + chance.below(6), 1 + chance.below(days));
        let (whole, fraction) = (chance.below(40), chance.below(1_000_000));
        let unit = ["1 Hour", "1 GB", "10K", "1/Month", "1 GB Second", "1 Hour"][meter - 1];
        let line = format!("{month}/{record},{month}-{day:02},{owner},s-{owner},m-{meter}");
        let _ = writeln!(csv, "{line},{whole}.{:06},blocks,{unit}", fraction.max(1));
    }
    csv
}
