//! One issuer, one billed organisation, one customer, and files given as text.

use std::io::Cursor;
use std::sync::Arc;

use billing::invoice::{Charge, Invoice, InvoiceLine, InvoiceNumber};
use billing::party::Organisation;
use billing::period::BillingPeriod;
use billing::ports::{PortError, PortResult};
use engine::closing::{CloseOptions, ClosingOutcome, close};
use engine::import::{
    ImportFile, ImportReport, OrderOptions, UsageImportOptions, import_customers, import_fx, import_offers,
    import_orders, import_prices, import_savings_plans, import_subscriptions, import_tax_rates, import_usage,
};
use engine::{Books, DocumentShelf};
use formats::source::Input;
use jiff::Timestamp;

/// No test here prints.
#[derive(Debug)]
struct NoDocuments;

impl DocumentShelf for NoDocuments {
    fn render_invoice(&self, _: &Invoice, _: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        Err(PortError::new("document.render.failed", "nothing is printed here", ""))
    }

    fn store(&self, _: &str, _: &[u8]) -> PortResult<String> {
        Err(PortError::new("storage.failed", "nothing is stored here", ""))
    }

    fn load(&self, _: &str) -> PortResult<Vec<u8>> {
        Err(PortError::new("storage.file_missing", "nothing is stored here", ""))
    }
}

fn outcome(outcome: &ClosingOutcome) -> String {
    match outcome {
        ClosingOutcome::Issued { total, .. } => format!("issued {}", total.to_plain()),
        ClosingOutcome::AlreadyClosed(_) => "closed".to_owned(),
        ClosingOutcome::Nothing => "nothing".to_owned(),
        ClosingOutcome::Parked(reasons) => reasons[0].0.clone(),
    }
}

const OFFERS_HEADER: &str = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,product_name";
const ORDERS_HEADER: &str = "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats,auto_renew,target_subscription_id";

pub(crate) struct World {
    pub(crate) books: Books,
    root: tempfile::TempDir,
}

pub(crate) const USAGE_HEADER: &str =
    "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis";
const PRICES_HEADER: &str = "meter_id,currency,unit_price,unit_of_measure,tier_from,effective_from";

pub(crate) fn now() -> Timestamp {
    "2027-01-15T00:00:00Z".parse().unwrap()
}

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
        currency: "EUR".parse().unwrap(),
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: billed_by.map(|id| id.parse().unwrap()),
        tax: billing::party::TaxProfile::default(),
    }
}

fn file(name: &str, text: String) -> ImportFile {
    ImportFile { input: Input::new(name, Cursor::new(text.into_bytes())), name: name.to_owned(), sha256: String::new() }
}

impl World {
    /// Books with a price list and the customer `c` with the plan `p`.
    pub(crate) async fn new(prices: &[&str]) -> Self {
        let world = Self::empty().await;
        world.customers("c").await;
        let subscriptions = file("subscriptions.csv", "subscription_id,customer_id\np,c\n".to_owned());
        assert_eq!(import_subscriptions(&world.books, subscriptions, now()).await.unwrap().accepted, 1);
        world.prices(prices).await;
        world
    }

    pub(crate) async fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        let books = Books::new(
            Arc::new(ledger::SqliteLedger::open(&root.path().join("ledger.db")).await.unwrap()),
            Arc::new(usage::DirectoryStore::open(root.path()).unwrap()),
            Arc::new(NoDocuments),
        );
        let organisations = [organisation("issuer", None), organisation("partner", Some("issuer"))];
        books.ledger.save_organisations(&organisations).await.unwrap();
        Self { books, root }
    }

    pub(crate) fn root(&self) -> &std::path::Path {
        self.root.path()
    }

    pub(crate) async fn customers(&self, id: &str) {
        let csv = file("customers.csv", format!("customer_id,name\n{id},Customer\n"));
        assert_eq!(import_customers(&self.books, csv, None, now()).await.unwrap().accepted, 1);
    }

    pub(crate) async fn prices(&self, rows: &[&str]) {
        let csv = file("prices.csv", format!("{PRICES_HEADER}\n{}\n", rows.join("\n")));
        let report = import_prices(&self.books, csv, &formats::price::PriceOptions::default(), now()).await.unwrap();
        assert!(report.quarantined.is_empty(), "{report:?}");
    }

    /// Imports subscriptions of the customer `c`; the codes of those that were refused.
    pub(crate) async fn subscriptions(&self, header: &str, rows: &[&str]) -> Vec<String> {
        let text = format!("subscription_id,customer_id,{header}\n{}\n", rows.join("\n"));
        let report = import_subscriptions(&self.books, file("subscriptions.csv", text), now()).await.unwrap();
        report.quarantined.iter().map(|line| line.code.clone()).collect()
    }

    /// Imports price lists with these columns.
    pub(crate) async fn price_list(&self, text: &str) {
        let csv = file("prices.csv", text.to_owned());
        let report = import_prices(&self.books, csv, &formats::price::PriceOptions::default(), now()).await.unwrap();
        assert!(report.quarantined.is_empty(), "{report:?}");
    }

    pub(crate) async fn taxes(&self, text: &str) {
        let report = import_tax_rates(&self.books, file("taxes.csv", text.to_owned()), now()).await.unwrap();
        assert!(report.quarantined.is_empty() && report.accepted > 0, "{report:?}");
    }

    pub(crate) async fn fx(&self, text: &str) {
        let report = import_fx(&self.books, file("fx.csv", text.to_owned()), &formats::fx::FxOptions::default(), now())
            .await
            .unwrap();
        assert!(report.quarantined.is_empty() && report.accepted > 0, "{report:?}");
    }

    pub(crate) async fn offers(&self, rows: &[&str]) {
        self.offers_text(&format!("{OFFERS_HEADER}\n{}\n", rows.join("\n"))).await;
    }

    pub(crate) async fn offers_text(&self, text: &str) {
        let report = import_offers(&self.books, file("offers.csv", text.to_owned()), now()).await.unwrap();
        assert!(report.quarantined.is_empty() && report.accepted > 0, "{report:?}");
    }

    /// What savings plans pay for.
    pub(crate) async fn savings_plans(&self, rows: &[&str]) {
        let text = format!("product_id,sku_id,meter_id,discount,effective_from\n{}\n", rows.join("\n"));
        let report = import_savings_plans(&self.books, file("plans.csv", text), now()).await.unwrap();
        assert!(report.quarantined.is_empty() && report.accepted > 0, "{report:?}");
    }

    /// Imports orders of the customer `c`; the codes of those that were refused.
    pub(crate) async fn orders(&self, rows: &[&str]) -> (u64, u64, Vec<String>) {
        self.import_orders(rows, OrderOptions { late: false }).await
    }

    /// As [`Self::orders`], of closed months too.
    pub(crate) async fn late_orders(&self, rows: &[&str]) -> (u64, u64, Vec<String>) {
        self.import_orders(rows, OrderOptions { late: true }).await
    }

    async fn import_orders(&self, rows: &[&str], options: OrderOptions) -> (u64, u64, Vec<String>) {
        let text = format!("{ORDERS_HEADER}\n{}\n", rows.join("\n"));
        let report = import_orders(&self.books, file("orders.csv", text), options, now()).await.unwrap();
        let codes = report.quarantined.iter().map(|line| line.code.clone()).collect();
        (report.accepted, report.duplicate, codes)
    }

    pub(crate) async fn import(&self, text: String) -> ImportReport {
        import_usage(&self.books, file("usage", text), &UsageImportOptions::default(), now(), &|_| {}).await.unwrap()
    }

    /// Imports records of the plan `p`: (id, day, meter, quantity). What is below zero is a correction.
    pub(crate) async fn usage(&self, records: &[(&str, &str, &str, &str)]) -> ImportReport {
        let rows = records.iter().map(|(id, day, meter, quantity)| (*id, *day, "p", *meter, *quantity));
        self.usage_of(&rows.collect::<Vec<_>>()).await
    }

    /// Imports records of any subscription of the customer `c`: (id, day, subscription, meter, quantity).
    pub(crate) async fn usage_of(&self, records: &[(&str, &str, &str, &str, &str)]) -> ImportReport {
        let rows = records.iter().map(|(id, day, subscription, meter, quantity)| {
            let kind = if quantity.starts_with('-') { "correction" } else { "usage" };
            format!("{id},{day},c,{subscription},{meter},{quantity},blocks,{kind}\n")
        });
        self.import(format!("{USAGE_HEADER},kind\n{}", rows.collect::<String>())).await
    }

    /// Closes a month for the one party: `issued TOTAL`, `nothing`, `closed` or the code that parked it.
    pub(crate) async fn close(&self, period: &str, allow_unpriced: bool) -> String {
        let period: BillingPeriod = period.parse().unwrap();
        let options = CloseOptions { early: false, allow_unpriced };
        let closings = close(&self.books, period, options, now(), &|_| {}).await.unwrap();
        outcome(&closings[0].outcome)
    }

    /// Closes a month for all parties: `PARTY OUTCOME` as [`Self::close`] has it.
    pub(crate) async fn close_all(&self, period: &str) -> Vec<String> {
        let options = CloseOptions { early: false, allow_unpriced: false };
        let closings = close(&self.books, period.parse().unwrap(), options, now(), &|_| {}).await.unwrap();
        closings.iter().map(|closing| format!("{} {}", closing.party, outcome(&closing.outcome))).collect()
    }

    /// A further billed organisation with one customer and one plan.
    pub(crate) async fn other_party(&self, id: &str, customer: &str, plan: &str) {
        let party = organisation(id, Some("issuer"));
        self.books.ledger.save_organisations(std::slice::from_ref(&party)).await.unwrap();
        let csv = file("customers.csv", format!("customer_id,name\n{customer},Customer\n"));
        assert_eq!(import_customers(&self.books, csv, Some(&party.id), now()).await.unwrap().accepted, 1);
        let csv = file("subscriptions.csv", format!("subscription_id,customer_id\n{plan},{customer}\n"));
        assert_eq!(import_subscriptions(&self.books, csv, now()).await.unwrap().accepted, 1);
    }

    /// The lines of an invoice: `meter month quantity subtotal`, of classic usage `meter month #rate consumed (included)
    /// price subtotal`, or `subscription type days seats subtotal`.
    pub(crate) async fn lines(&self, number: &str) -> Vec<String> {
        let number: InvoiceNumber = number.parse().unwrap();
        let lines = engine::invoices::lines(&self.books, &number, 0, u32::MAX).await.unwrap();
        let text = |line: &InvoiceLine| match &line.charge {
            Charge::Usage(usage) => {
                let (meter, month) = (&usage.scope.meter, usage.scope.usage_month);
                format!("{meter} {month} {} {}", line.quantity, line.subtotal.to_plain())
            }
            Charge::ClassicUsage(usage) => {
                let (meter, month, rate) = (&usage.scope.meter, usage.scope.usage_month, usage.rate_number);
                let (quantity, included, price) = (line.quantity, usage.included, line.unit_price);
                format!("{meter} {month} #{rate} {quantity} ({included}) {price} {}", line.subtotal.to_plain())
            }
            Charge::Licence(_) | Charge::Classic(_) => {
                let (id, what, (from, to)) = (line.subscription.as_str(), line.charge_type.as_str(), line.days);
                format!("{id} {what} {from}..{to} {} {}", line.quantity, line.subtotal.to_plain())
            }
        };
        lines.iter().map(text).collect()
    }

    /// Recomputes everything.
    pub(crate) async fn assert_sound(&self) {
        let verification = engine::verifying::verify(&self.books, &|_| {}).await.unwrap();
        assert_eq!(verification.findings, []);
    }
}
