//! One ledger in a temporary directory, with an issuer, parties and ready-made requests.

use std::path::PathBuf;

use billing::ids::OrganisationId;
use billing::invoice::{DocumentTotals, InvoiceNumber, InvoiceType, KnownLists};
use billing::journal::invoice_postings;
use billing::money::{Amount, Currency};
use billing::party::{Customer, Organisation, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{
    AccountBooking, ClosingStep, Closure, IssueRequest, Ledger, NewInvoiceLine, PortError, PortResult, RatedRun,
    StepOutcome, StoredAccountEvent, StoredFile,
};
use billing::settlement::{Allocate, NewPayment};
use jiff::Timestamp;
use ledger::SqliteLedger;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

pub(crate) const ISSUER: &str = "issuer";

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ledger: SqliteLedger,
    folder: TempDir,
}

impl World {
    /// The issuer, another issuer, and `party-1` to `party-9`.
    pub(crate) async fn new() -> Self {
        Self::with_parties(9).await
    }

    /// As [`World::new`], with so many parties.
    pub(crate) async fn with_parties(count: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        let mut organisations = vec![organisation(ISSUER, None), organisation("another-issuer", None)];
        for i in 1..=count {
            organisations.push(organisation(&format!("party-{i}"), Some(ISSUER)));
        }
        ledger.save_organisations(&organisations).await.unwrap();
        Self { ledger, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// A second ledger on the same file, as another process would have it.
    pub(crate) async fn second(&self) -> SqliteLedger {
        SqliteLedger::open_existing(&self.path()).await.unwrap()
    }

    /// A connection that knows nothing of the crate.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(false);
        options.connect().await.unwrap()
    }

    /// Runs `sql` on a raw connection.
    pub(crate) async fn run(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(&mut self.raw().await).await.map(|_| ())
    }

    /// What booking a payment on `document` of party-1 asks of the ledger.
    pub(crate) async fn payment(&self, document: &InvoiceNumber, minor: i64, reference: &str) -> AccountBooking {
        let (issuer, party) = (id(ISSUER), id("party-1"));
        let history = self.ledger.account(&issuer, &party).await.unwrap();
        let received_on = jiff::civil::date(2026, 11, 20);
        let payment = NewPayment { reference: reference.to_owned(), amount: eur(minor), received_on };
        let allocate = Allocate::Documents(vec![document.clone()]);
        let events = history.account().unwrap().receive(&payment, &allocate).unwrap();
        let mut after = history.clone();
        after.events.extend(events.iter().map(|event| StoredAccountEvent {
            position: 0,
            event: event.clone(),
            booked_at: Timestamp::UNIX_EPOCH,
            journal_position: 0,
        }));
        let state = after.account().unwrap().documents[document];
        AccountBooking {
            issuer,
            party,
            after: history.last_position(),
            booked_at: at("2026-11-20T00:00:00Z"),
            events,
            documents: vec![(document.clone(), state)],
        }
    }

    pub(crate) async fn pay(&self, document: &InvoiceNumber, minor: i64, reference: &str) {
        let booking = self.payment(document, minor, reference).await;
        assert!(self.ledger.book_account_events(&booking).await.unwrap());
    }

    pub(crate) async fn issue(&self, request: IssueRequest<'_>) -> InvoiceNumber {
        match try_issue(&self.ledger, request).await.unwrap() {
            StepOutcome::Issued(number) => number,
            outcome => panic!("{outcome:?}"),
        }
    }

    pub(crate) async fn close_empty(&self, closure: &Closure) -> PortResult<StepOutcome> {
        one_step(&self.ledger, ClosingStep::Empty(closure.clone())).await
    }

    pub(crate) async fn check_sound(&self) {
        assert_eq!(self.ledger.integrity().await.unwrap(), Vec::<String>::new());
    }
}

pub(crate) async fn try_issue(ledger: &SqliteLedger, request: IssueRequest<'_>) -> PortResult<StepOutcome> {
    one_step(ledger, ClosingStep::Issue(Box::new(request))).await
}

pub(crate) async fn one_step(ledger: &SqliteLedger, step: ClosingStep<'_>) -> PortResult<StepOutcome> {
    Ok(ledger.close_parties(&[step]).await?.remove(0))
}

pub(crate) fn id(text: &str) -> OrganisationId {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn period(text: &str) -> BillingPeriod {
    text.parse().unwrap()
}

pub(crate) fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

pub(crate) fn eur(minor: i64) -> Amount {
    Amount { minor, currency: Currency::EUR }
}

pub(crate) fn organisation(name: &str, billed_by: Option<&str>) -> Organisation {
    Organisation {
        id: id(name),
        name: format!("Name of {name}"),
        tenant_id: String::new(),
        partner_number: "123".to_owned(),
        address_lines: vec!["1 Main Street".to_owned()],
        country: "DE".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: Currency::EUR,
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: billed_by.map(id),
        tax: billing::party::TaxProfile::default(),
    }
}

pub(crate) fn customer(name: &str, party: &str) -> Customer {
    Customer {
        id: name.parse().unwrap(),
        billed_party: id(party),
        name: format!("Name of {name}"),
        domain: format!("{name}.example"),
        country: "DE".to_owned(),
    }
}

pub(crate) fn subscription(name: &str, customer: &str) -> Subscription {
    Subscription {
        id: name.parse().unwrap(),
        customer: customer.parse().unwrap(),
        name: format!("Name of {name}"),
        earned_credit: Vec::new(),
        generation: billing::licence::Generation::default(),
    }
}

pub(crate) fn file(path: &str) -> StoredFile {
    StoredFile {
        path: path.to_owned(),
        sha256: "00".repeat(32),
        byte_count: 10,
        row_count: 2,
        days: Some((jiff::civil::date(2026, 10, 1), jiff::civil::date(2026, 10, 31))),
    }
}

pub(crate) fn run(party: &str, month: &str, paths: &[&str]) -> RatedRun {
    let files = paths.iter().map(|path| file(path)).collect();
    RatedRun { party: id(party), period: period(month), usage_through: 7, files }
}

/// A document over 142.03 EUR with three lines.
pub(crate) fn request(party: &str, month: &str) -> IssueRequest<'static> {
    let totals = DocumentTotals {
        charges: eur(21_369),
        credits: eur(-9_408),
        subtotal: eur(11_961),
        tax: eur(2_392),
        adjustments: eur(-150),
        total: eur(14_203),
    };
    let party = party.to_owned();
    IssueRequest {
        issuer: id(ISSUER),
        invoice_type: InvoiceType::OneTime,
        issued_at: at("2026-11-03T00:00:00.25Z"),
        due_on: jiff::civil::date(2027, 1, 2),
        totals,
        postings: invoice_postings(&totals).unwrap(),
        rated: run(&party, month, &[&format!("rated/{party}/{month}.parquet")]),
        header: Box::new(move |number| format!("header of {number} for {party}").into_bytes()),
        lines: (1..=3).map(|line| new_line(format!("line {line}").into_bytes())).collect(),
        adjustments: Vec::new(),
        carried: Vec::new(),
        lists: KnownLists::default(),
        directory: b"a directory".to_vec(),
    }
}

pub(crate) fn new_line(body: Vec<u8>) -> NewInvoiceLine {
    NewInvoiceLine { subscription: "plan-1".parse().unwrap(), body }
}

#[track_caller]
pub(crate) fn check_refused<T: std::fmt::Debug>(result: Result<T, PortError>, code: &str) {
    assert_eq!(result.unwrap_err().code, code);
}
