//! One small month: two parties below one provider, October billed, November rated.

use std::any::Any;
use std::fmt::Write as _;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use billing::invoice::{Invoice, InvoiceLine};
use billing::money::{Amount, Currency};
use billing::party::Organisation;
use billing::ports::PortResult;
use billing::settlement::{Allocate, NewPayment};
use engine::closing::{CloseOptions, close};
use engine::import::{
    ImportFile, ImportReport, OrderOptions, UsageImportOptions, import_customers, import_fx, import_offers,
    import_orders, import_prices, import_subscriptions, import_usage,
};
use engine::paying::{Request, account_name, book};
use engine::tokens::{self, Role};
use engine::writing::WriteGate;
use engine::{Books, DocumentShelf, EngineError, EngineResult, rating};
use formats::fx::FxOptions;
use formats::price::PriceOptions;
use formats::source::Input;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use web::{AppState, Exports, Limits, Writing};

use crate::client::Client;
use crate::export_shelf::MemoryShelf;

/// Of the party `harrow`: days of October and of November, and how many lines October came to.
pub(crate) const OCTOBER_DAY_COUNT: usize = 31 * 5 + 1;
pub(crate) const NOVEMBER_DAY_COUNT: usize = 9 * 5;
pub(crate) const LINE_COUNT: usize = 6;
/// The daily lines that earned the credit: one meter on the first ten days of October.
pub(crate) const CREDITED_DAY_COUNT: usize = 10;

pub(crate) const CUSTOMER: &str = "81be3d07-6a45-4f92-b0c8-e17d52a96f34";
pub(crate) const OTHER_CUSTOMER: &str = "e2c5a6b0-4b1d-4e7f-9d23-5a0f3b8c7d61";
/// A customer and a subscription that nobody has.
pub(crate) const UNKNOWN: &str = "00000000-0000-4000-8000-000000000001";
pub(crate) const PLAN: &str = "c0a42f7e-9d18-4e53-8b6f-71d3e5a90b84";
pub(crate) const CREDITED_PLAN: &str = "5fd7c2e9-083a-4b61-97d4-c3a80e6b1f25";
pub(crate) const CLASSIC: &str = "d41a6f08-2b7c-4e93-b85f-06c9e3a7d512";
pub(crate) const OTHER_PLAN: &str = "9d18c0a4-2f7e-4e53-8b6f-71d3e5a90b84";
const ENTITLEMENT: &str = "0f62b9d4-a371-4c8e-95d0-b84e7c13f6a5";

pub(crate) fn meter(index: u32) -> String {
    format!("6f4c3a8d-1e27-45b0-9c68-{index:012}")
}

/// Every bearer that a test may need.
pub(crate) struct Tokens {
    pub(crate) harrow: String,
    /// Of the same party, and writes.
    pub(crate) harrow_admin: String,
    pub(crate) other: String,
    pub(crate) provider: String,
    /// Of the provider, and writes.
    pub(crate) issuer: String,
    pub(crate) wrong_role: String,
    pub(crate) expired: String,
}

pub(crate) struct World {
    pub(crate) tokens: Tokens,
    pub(crate) books: Books,
    pub(crate) exports: Arc<MemoryShelf>,
    now: Arc<Mutex<Timestamp>>,
    address: SocketAddr,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    directory: tempfile::TempDir,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (books, tokens) = runtime.block_on(async {
            let books = open(directory.path()).await;
            fill(&books).await;
            let tokens = issue_tokens(&books).await;
            (books, tokens)
        });
        let exports = Arc::new(MemoryShelf::default());
        let now = Arc::new(Mutex::new(at("2026-11-10T12:00:00Z")));
        let clock = now.clone();
        let clock = Arc::new(move || *clock.lock().unwrap());
        let gate = Arc::new(Gate { lock: directory.path().join("write.lock") });
        let writing = Writing::through(gate);
        let state = AppState {
            books: books.clone(),
            clock,
            writing,
            exports: Exports::on(exports.clone()),
            link_key: [7; 32],
            limits,
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = runtime.spawn(web::serve(listener, state, async { drop(stopped.await) }));
        Self { tokens, books, exports, now, address, runtime, stop: Some(stop), served: Some(served), directory }
    }

    pub(crate) fn set_clock(&self, now: &str) {
        *self.now.lock().unwrap() = at(now);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Without a token.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn as_harrow(&self) -> Client {
        self.anonymous().with_token(&self.tokens.harrow)
    }

    pub(crate) fn as_issuer(&self) -> Client {
        self.anonymous().with_token(&self.tokens.issuer)
    }

    /// Where the lock of writers lies.
    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.path().join("write.lock")
    }

    /// What a test asks of the stores themselves.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Closes November with two classic licences of the party `harrow`: a recurring invoice of two lines beside the
    /// one-time one.
    pub(crate) fn bill_licences(&self) {
        let offers = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,product_name,generation\n\
                      91FD106F,2F707C7C,P1Y,monthly,10.50,EUR,2026-01-01,Mailbox,classic\n\
                      91FD106F,2F707C7C,P1Y,annual,126,EUR,2026-01-01,Mailbox,classic\n";
        let header = "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats,\
                      auto_renew,discount";
        let order = |id: &str, plan: &str, rest: &str| {
            format!("{id},2026-11-05T10:00:00Z,purchase,{CUSTOMER},{id},91FD106F,2F707C7C,P1Y,{plan},{rest}\n")
        };
        let orders = [order("q7RZbQEA", "monthly", "12,,0.1"), order("q8RZbQEA", "annual", "1,,")].concat();
        let now = at("2026-12-04T09:30:00Z");
        self.runtime.block_on(async {
            accepted(&import_offers(&self.books, file("offers.csv", offers.to_owned()), now).await.unwrap());
            let orders = file("orders.csv", format!("{header}\n{orders}"));
            accepted(&import_orders(&self.books, orders, OrderOptions::default(), now).await.unwrap());
            close(&self.books, "2026-11".parse().unwrap(), CloseOptions::default(), now, &|_| {}).await.unwrap();
        });
    }

    /// A classic subscription of the party `harrow` with three days of use in November: 25 hours are included, the
    /// first 40 above cost 0.125, the 7 behind them 0.1. The open month is rated.
    pub(crate) fn use_classic(&self) {
        let subscription = format!("subscription_id,customer_id,name,generation\n{CLASSIC},{CUSTOMER},Old,classic\n");
        let meter = meter(9);
        let card = format!(
            r#"{{"Currency":"EUR","Meters":[{{"MeterId":"{meter}","MeterName":"S1","MeterCategory":"Azure App Service",
            "MeterSubCategory":"Standard Plan","MeterRegion":"EU West","Unit":"1 Hour","IncludedQuantity":25,
            "MeterRates":{{"0":0.125,"40":0.1}},"EffectiveDate":"2026-01-01T00:00:00Z"}}]}}"#
        );
        let mut days = days("2026-11", 3);
        days.push(CLASSIC, 9, "24");
        let now = at("2026-11-10T12:00:00Z");
        self.runtime.block_on(async {
            let books = &self.books;
            let subscriptions = file("classic.csv", subscription);
            accepted(&import_subscriptions(books, subscriptions, now).await.unwrap());
            let card = file("card.json", card);
            accepted(&import_prices(books, card, &PriceOptions::default(), now).await.unwrap());
            let options = UsageImportOptions::default();
            accepted(&import_usage(books, file("classic", days.text), &options, now, &|_| {}).await.unwrap());
            rating::rate(books, "2026-11".parse().unwrap(), &|_| {}).await.unwrap();
        });
    }

    /// Closes November as it stands.
    pub(crate) fn close_november(&self) {
        let now = at("2026-12-04T09:30:00Z");
        let closing = close(&self.books, "2026-11".parse().unwrap(), CloseOptions::default(), now, &|_| {});
        self.runtime.block_on(closing).unwrap();
    }

    /// One more day of use in November, which changes what the month would be billed as.
    pub(crate) fn use_more(&self) {
        let mut days = days("2026-11", 1);
        days.push(PLAN, 5, "11");
        let now = at("2026-11-10T12:00:00Z");
        let options = UsageImportOptions::default();
        let more = file("more.csv", days.text);
        accepted(&self.runtime.block_on(import_usage(&self.books, more, &options, now, &|_| {})).unwrap());
    }

    /// Stops the server and waits for it.
    pub(crate) fn shut_down(&mut self) {
        let stop = self.stop.take().unwrap();
        stop.send(()).unwrap();
        self.runtime.block_on(self.served.take().unwrap()).unwrap().unwrap();
    }
}

async fn open(directory: &Path) -> Books {
    Books::new(
        Arc::new(ledger::SqliteLedger::open(&directory.join("ledger.db")).await.unwrap()),
        Arc::new(usage::DirectoryStore::open(directory).unwrap()),
        Arc::new(PlainShelf { directory: directory.join("documents") }),
    )
}

async fn fill(books: &Books) {
    let provider = organisation("provider", "Provider", None);
    let harrow = organisation("harrow", "Harrow Lane Cloud", Some("provider"));
    let other = organisation("other", "Other Reseller", Some("provider"));
    books.ledger.save_organisations(&[provider, harrow, other]).await.unwrap();
    let now = at("2026-11-04T09:30:00Z");
    let customers = format!(
        "customer_id,name,billed_party,domain,country\n\
         {CUSTOMER},Conservas Oliveira,harrow,conservasoliveira.onmicrosoft.com,PT\n\
         {OTHER_CUSTOMER},Somebody Else,other,,\n"
    );
    accepted(&import_customers(books, file("customers.csv", customers), None, now).await.unwrap());
    let subscriptions = format!(
        "subscription_id,customer_id,name,earned_credit\n\
         {PLAN},{CUSTOMER},Azure plan,\n\
         {CREDITED_PLAN},{CUSTOMER},Managed plan,2026-10-01/2026-10-11\n\
         {OTHER_PLAN},{OTHER_CUSTOMER},Azure plan,\n"
    );
    accepted(&import_subscriptions(books, file("subscriptions.csv", subscriptions), now).await.unwrap());
    let prices = file("prices.csv", prices());
    accepted(&import_prices(books, prices, &PriceOptions::default(), now).await.unwrap());
    let rates = "CurrencyCode,USDPerUnit,Month\nEUR,1.18175,202610\nEUR,1.2,202611\n".to_owned();
    accepted(&import_fx(books, file("rates.csv", rates), &FxOptions::default(), now).await.unwrap());
    let options = UsageImportOptions::default();
    let october = import_usage(books, file("october.csv", october()), &options, now, &|_| {}).await.unwrap();
    accepted(&october);
    let closed = close(books, "2026-10".parse().unwrap(), CloseOptions::default(), now, &|_| {}).await.unwrap();
    assert_eq!(closed.len(), 2, "{closed:?}");
    let number = billing::invoice::InvoiceNumber::in_series(billing::invoice::Series::ONE_TIME, 1).unwrap();
    let received = Amount { minor: 10_000, currency: Currency::EUR };
    let payment = NewPayment {
        reference: "transfer 1".to_owned(),
        amount: received,
        received_on: jiff::civil::date(2026, 11, 9),
    };
    let (name, allocate) = (account_name(books, &number).await.unwrap(), Allocate::Documents(vec![number]));
    book(books, &name, &Request::Receive { payment, allocate }, at("2026-11-09T10:00:00Z")).await.unwrap();
    let now = at("2026-11-10T12:00:00Z");
    accepted(&import_usage(books, file("november.csv", november()), &options, now, &|_| {}).await.unwrap());
    rating::rate(books, "2026-11".parse().unwrap(), &|_| {}).await.unwrap();
}

#[track_caller]
fn accepted(report: &ImportReport) {
    assert!(report.quarantined.is_empty(), "{report:?}");
    assert!(report.accepted > 0, "{report:?}");
}

fn file(name: &str, text: String) -> ImportFile {
    ImportFile {
        input: Input::new(name, Cursor::new(text.into_bytes())),
        name: name.to_owned(),
        sha256: name.to_owned(),
    }
}

fn organisation(id: &str, name: &str, billed_by: Option<&str>) -> Organisation {
    let digit = id.len();
    Organisation {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        tenant_id: format!("4c1f7a52-9b3e-4d08-8e6a-{digit:012}"),
        partner_number: format!("447190{digit}"),
        address_lines: vec!["1 Harrow Lane".to_owned()],
        country: "PT".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: Currency::EUR,
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: billed_by.map(|id| id.parse().unwrap()),
        tax: billing::party::TaxProfile::default(),
    }
}

/// Prices in dollars, one of them in tiers.
fn prices() -> String {
    let mut text = "meter_id,currency,unit_price,tier_from,unit_of_measure,effective_from,earned_credit_rate,\
                    product_id,sku_id,availability_id,product_name,sku_name,publisher_name,meter_category,\
                    meter_subcategory,meter_name,meter_region\n"
        .to_owned();
    for index in 1..=5 {
        let product = "DZH318Z0BPS6,00B2,DZH318Z0CX4R,Virtual Machines Dv5 Series,D2 v5,Microsoft Corporation,\
                       Virtual Machines,Dv5 Series,D2 v5,EU North";
        let meter = meter(index);
        let _ = writeln!(text, "{meter},USD,0.{index}68,0,1 Hour,2026-01-01,0.15,{product}");
        let _ = writeln!(text, "{meter},USD,0.{index}1,100,1 Hour,2026-01-01,0.15,{product}");
    }
    text
}

struct Days<'a> {
    month: &'a str,
    day_count: u32,
    text: String,
}

impl Days<'_> {
    fn push(&mut self, plan: &str, meter_index: u32, quantity: &str) {
        for day in 1..=self.day_count {
            let (month, meter) = (self.month, meter(meter_index));
            let id = format!("{plan}-{meter_index}-{month}-{day}");
            let line = format!(
                "{id},{month}-{day:02},{plan},{meter},{quantity},blocks,usage,1 Hour,{ENTITLEMENT},Production,\
                 /subscriptions/x/vm-{meter_index},rg-atum,WESTEUROPE,Microsoft.Compute,\"{{\"\"env\"\":\"\"prod\"\"}}\""
            );
            self.text += &line;
            self.text.push('\n');
        }
    }
}

fn days(month: &str, day_count: u32) -> Days<'_> {
    let header = "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,kind,unit_of_measure,\
                  entitlement_id,entitlement_name,resource_uri,resource_group,resource_location,consumed_service,tags\n";
    Days { month, day_count, text: header.to_owned() }
}

fn october() -> String {
    let mut days = days("2026-10", 31);
    for index in 1..=4 {
        days.push(PLAN, index, "7.3");
    }
    days.push(CREDITED_PLAN, 1, "24");
    days.push(OTHER_PLAN, 1, "3");
    // A month in which more was taken back than was used.
    let meter = meter(5);
    let _ = writeln!(days.text, "back,2026-10-12,{PLAN},{meter},-3.3,blocks,correction,1 Hour,,,,,,,");
    days.text
}

fn november() -> String {
    let mut days = days("2026-11", 9);
    for index in 1..=4 {
        days.push(PLAN, index, "7.3");
    }
    days.push(CREDITED_PLAN, 1, "24");
    days.push(OTHER_PLAN, 1, "3");
    days.text
}

async fn issue_tokens(books: &Books) -> Tokens {
    let mut seed = 0;
    let mut token = async |organisation: &str, role, expires_at: Option<&str>| {
        seed += 1;
        let organisation = organisation.parse().unwrap();
        let expires_at = expires_at.map(at);
        tokens::create(books, &organisation, role, &[seed; 32], at("2026-11-01T00:00:00Z"), expires_at).await.unwrap()
    };
    Tokens {
        harrow: token("harrow", Role::Billing, None).await,
        harrow_admin: token("harrow", Role::Admin, None).await,
        other: token("other", Role::Admin, None).await,
        provider: token("provider", Role::Billing, None).await,
        issuer: token("provider", Role::Admin, None).await,
        wrong_role: token("harrow", Role::Other, None).await,
        expired: token("harrow", Role::Billing, Some("2026-11-10T12:00:00Z")).await,
    }
}

/// The lock that another process would take.
#[derive(Debug)]
struct Gate {
    lock: PathBuf,
}

impl WriteGate for Gate {
    fn enter(&self) -> EngineResult<Box<dyn Any + Send>> {
        let file = std::fs::File::create(&self.lock).unwrap();
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(_) => Err(EngineError::new("data_dir.locked", "locked")),
        }
    }
}

/// Stands for the renderer; what it writes only looks like a PDF from the outside.
#[derive(Debug)]
struct PlainShelf {
    directory: PathBuf,
}

impl DocumentShelf for PlainShelf {
    fn render_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        Ok(format!("%PDF-1.7 {} with {} lines", invoice.number, lines.len()).into_bytes())
    }

    fn store(&self, sha256: &str, bytes: &[u8]) -> PortResult<String> {
        std::fs::create_dir_all(&self.directory).unwrap();
        std::fs::write(self.directory.join(sha256), bytes).unwrap();
        Ok(sha256.to_owned())
    }

    fn load(&self, path: &str) -> PortResult<Vec<u8>> {
        Ok(std::fs::read(self.directory.join(path)).unwrap())
    }
}
