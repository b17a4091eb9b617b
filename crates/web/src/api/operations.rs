//! Every operation, as data: the routes, the document of the API and the tests are made from it.

use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::call::{Call, Reading, WriteCall, Written};
use super::page::{AFTER, LIMIT};
use super::shapes::{Adjustment, Customer, Organisation};
use super::shapes::{
    AdjustmentPage, Balances, BankReport, Booking, Correction, CustomerPage, Document, DocumentPage, EventPage,
    ImportReport, LinePage, ListPage, NewAdjustment, NewAllocation, NewCorrection, NewCredit, NewCustomer, NewOrders,
    NewOrganisation, NewPayment, NewRefund, NewRun, NewTakeBack, NewWriteOff, OrderPage, OrdersReport,
    OrganisationPage, ParkedPage, PaymentPage, Restatement, Run, RunPage, SavingsPlans, Subscription, SubscriptionPage,
};
use super::{
    account, adjustments, bank, customers, documents, lists, orders, organisations, payments, runs, savings_plans,
};

/// What is done at a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
}

/// Who may do it. Whose books it is about is asked beside this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Any token that reads billing data, of what its organisation sees.
    Read,
    /// As `Read`, by the issuer only.
    Issuer,
    /// A role that writes, of an organisation that bills others.
    Write,
    /// As `Write`, by the issuer only.
    IssuerWrite,
}

pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A type of the wire.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: fn() -> std::borrow::Cow<'static, str>,
    pub(crate) collect: fn(&mut Schemas),
}

const fn shape<T: ToSchema>() -> Shape {
    fn collect<T: ToSchema>(schemas: &mut Schemas) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
    Shape { name: T::name, collect: collect::<T> }
}

/// A parameter of a query.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
}

pub(crate) const fn parameter(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, description }
}

/// What a body is.
#[derive(Clone, Copy)]
pub(crate) enum Intake {
    Json(Shape),
    /// With a word on its formats.
    File(&'static str),
}

/// What is answered.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Json(u16, Shape),
    Pdf,
    Document,
}

pub(crate) enum Work {
    /// The document of the API itself.
    Document,
    Read(fn(Call) -> Reading),
    Write(Intake, fn(WriteCall) -> Written),
}

pub(crate) struct Operation {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// `None` for anybody.
    pub(crate) access: Option<Access>,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) answer: Answer,
    pub(crate) work: Work,
}

/// One route, for those who count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiRoute {
    pub verb: Verb,
    pub path: &'static str,
    pub access: Option<Access>,
}

/// All routes of the API.
pub fn routes() -> impl Iterator<Item = ApiRoute> {
    OPERATIONS.iter().map(|operation| ApiRoute { verb: operation.verb, path: operation.path, access: operation.access })
}

macro_rules! read {
    ($access:ident $path:literal $id:literal $summary:literal [$($parameter:expr),*] $answer:expr, $handler:path) => {
        Operation {
            verb: Verb::Get,
            path: $path,
            id: $id,
            summary: $summary,
            access: Some(Access::$access),
            parameters: &[$($parameter),*],
            answer: $answer,
            work: Work::Read(|call| Box::pin($handler(call))),
        }
    };
}

macro_rules! write {
    ($access:ident $path:literal $id:literal $summary:literal [$($parameter:expr),*] $intake:expr, $answer:expr, $handler:path) => {
        Operation {
            verb: Verb::Post,
            path: $path,
            id: $id,
            summary: $summary,
            access: Some(Access::$access),
            parameters: &[$($parameter),*],
            answer: $answer,
            work: Work::Write($intake, |call| Box::pin($handler(call))),
        }
    };
}

const fn ok<T: ToSchema>() -> Answer {
    Answer::Json(200, shape::<T>())
}

const fn created<T: ToSchema>() -> Answer {
    Answer::Json(201, shape::<T>())
}

const fn json<T: ToSchema>() -> Intake {
    Intake::Json(shape::<T>())
}

const PARTY: Parameter = parameter("organisation", "Of this billed organisation only.");
const PERIOD: Parameter = parameter("period", "Of this month only, such as 2026-10.");
const FORMAT: Parameter = parameter("format", "Read the file as this format instead of finding out.");

/// The first one that fits counts, so fixed words stand above parameters.
pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        verb: Verb::Get,
        path: "/api/v1/openapi.json",
        id: "readDocument",
        summary: "This document.",
        access: None,
        parameters: &[],
        answer: Answer::Document,
        work: Work::Document,
    },
    read!(Read "/api/v1/organisations" "listOrganisations"
        "The organisations that the caller sees: its own and those that it bills."
        [AFTER, LIMIT] ok::<OrganisationPage>(), organisations::list),
    write!(IssuerWrite "/api/v1/organisations" "addOrganisation" "Adds a billed organisation."
        [] json::<NewOrganisation>(), created::<Organisation>(), organisations::add),
    read!(Read "/api/v1/organisations/{organisation}" "readOrganisation" "One organisation."
        [] ok::<Organisation>(), organisations::show),
    read!(Read "/api/v1/organisations/{organisation}/customers" "listCustomers"
        "The customers below a billed organisation."
        [AFTER, LIMIT] ok::<CustomerPage>(), customers::list),
    write!(Write "/api/v1/organisations/{organisation}/customers" "addCustomer"
        "Adds a customer, or replaces a known one's name, domain and country."
        [] json::<NewCustomer>(), created::<Customer>(), customers::add),
    read!(Read "/api/v1/organisations/{organisation}/customers/{customer}" "readCustomer" "One customer."
        [] ok::<Customer>(), customers::show),
    read!(Read "/api/v1/organisations/{organisation}/subscriptions" "listSubscriptions"
        "The subscriptions of all customers of a billed organisation."
        [AFTER, LIMIT] ok::<SubscriptionPage>(), customers::subscriptions),
    read!(Read "/api/v1/organisations/{organisation}/subscriptions/{subscription}" "readSubscription"
        "One subscription with its changes, which are orders."
        [] ok::<Subscription>(), customers::subscription),
    read!(Read "/api/v1/organisations/{organisation}/orders" "listOrders"
        "A billed organisation's orders of licences, in the order of their acceptance."
        [AFTER, LIMIT] ok::<OrderPage>(), orders::list),
    write!(Write "/api/v1/organisations/{organisation}/orders" "addOrders"
        "Accepts orders of licences. One that is refused keeps no other from being accepted; an order that is known is accepted once."
        [] json::<NewOrders>(), ok::<OrdersReport>(), orders::add),
    read!(Read "/api/v1/organisations/{organisation}/adjustments" "listAdjustments"
        "The one-off amounts that wait for a billed organisation's next document."
        [AFTER, LIMIT] ok::<AdjustmentPage>(), adjustments::list),
    write!(Write "/api/v1/organisations/{organisation}/adjustments" "addAdjustment"
        "Keeps a one-off amount for the next document."
        [] json::<NewAdjustment>(), created::<Adjustment>(), adjustments::add),
    read!(Read "/api/v1/organisations/{organisation}/balances" "readBalances"
        "What a billed organisation owes, by currency."
        [] ok::<Balances>(), account::balances),
    read!(Read "/api/v1/organisations/{organisation}/savings-plans" "readSavingsPlans"
        "What the savings plans of a billed organisation's customers committed, used and left unused in a month."
        [parameter("period", "A month such as 2026-10; without it the present one.")]
        ok::<SavingsPlans>(), savings_plans::read),
    read!(Read "/api/v1/organisations/{organisation}/events" "listEvents"
        "What happened on a billed organisation's account, in order."
        [AFTER, LIMIT] ok::<EventPage>(), account::events),
    read!(Read "/api/v1/organisations/{organisation}/payments" "listPayments"
        "Payments and credits, and where they went."
        [AFTER, LIMIT] ok::<PaymentPage>(), payments::list),
    write!(Write "/api/v1/organisations/{organisation}/payments" "receivePayment"
        "Books a payment and puts it to documents."
        [] json::<NewPayment>(), created::<Booking>(), payments::receive),
    write!(Write "/api/v1/organisations/{organisation}/payments/allocate" "allocatePayment"
        "Puts what is left of a payment or credit note to documents."
        [] json::<NewAllocation>(), ok::<Booking>(), payments::allocate),
    write!(Write "/api/v1/organisations/{organisation}/payments/take-back" "takeBackPayment"
        "Takes back what a document got of a payment."
        [] json::<NewTakeBack>(), ok::<Booking>(), payments::take_back),
    write!(Write "/api/v1/organisations/{organisation}/payments/refund" "refundPayment"
        "Books money that went back to the payer."
        [] json::<NewRefund>(), created::<Booking>(), payments::refund),
    read!(Read "/api/v1/documents" "listDocuments" "Issued documents, by number."
        [PARTY, PERIOD, parameter("type", "`invoice`, `credit_note` or `adjustment_note`."),
            parameter("overdue", "`true`: those that were due and are not paid."), AFTER, LIMIT]
        ok::<DocumentPage>(), documents::list),
    read!(Read "/api/v1/documents/{number}" "readDocumentByNumber" "One document with its totals and taxes."
        [] ok::<Document>(), documents::show),
    read!(Read "/api/v1/documents/{number}/lines" "listLines" "A document's lines."
        [AFTER, LIMIT] ok::<LinePage>(), documents::lines),
    read!(Read "/api/v1/documents/{number}/pdf" "readPdf" "A document as PDF, the same bytes for ever."
        [] Answer::Pdf, documents::pdf),
    write!(Write "/api/v1/documents/{number}/credit" "creditDocument"
        "Takes an invoice back, in full or an amount of it: issues a credit note, which settles it."
        [] json::<NewCredit>(), created::<Document>(), documents::credit),
    read!(Issuer "/api/v1/documents/{number}/restatement" "readRestatement"
        "What an invoice would be today, line by line; nothing is written."
        [] ok::<Restatement>(), documents::restatement),
    write!(Write "/api/v1/documents/{number}/restate" "restateDocument"
        "Corrects an invoice by what differs from what it would be today: with a note, on the next invoice, or anew."
        [] json::<NewCorrection>(), created::<Correction>(), documents::restate),
    write!(Write "/api/v1/documents/{number}/write-off" "writeOffDocument" "Gives up what is open on an invoice, or takes that back."
        [] json::<NewWriteOff>(), created::<Booking>(), payments::write_off),
    read!(Issuer "/api/v1/products" "listProducts" "The imported lists of offers of licences."
        [AFTER, LIMIT] ok::<ListPage>(), lists::offers),
    write!(IssuerWrite "/api/v1/products" "importProducts" "Imports a list of offers."
        [] Intake::File("CSV; docs/formats.md has the columns."), ok::<ImportReport>(), lists::import_offers),
    read!(Issuer "/api/v1/price-sheets" "listPriceSheets" "The imported price lists."
        [AFTER, LIMIT] ok::<ListPage>(), lists::price_sheets),
    write!(IssuerWrite "/api/v1/price-sheets" "importPriceSheet" "Imports a price list."
        [FORMAT, parameter("effective_from", "Put the list into force from this day, whatever its own dates say."),
            parameter("earned_credit_rate", "Earned credit of eligible meters, such as 0.15, where the list does not state it.")]
        Intake::File("A rate card (JSON), a plan price sheet (CSV) or own CSV, also compressed with gzip or zstd."),
        ok::<ImportReport>(), lists::import_price_sheet),
    read!(Issuer "/api/v1/exchange-rates" "listExchangeRates" "The imported lists of exchange rates."
        [AFTER, LIMIT] ok::<ListPage>(), lists::exchange_rates),
    write!(IssuerWrite "/api/v1/exchange-rates" "importExchangeRates" "Imports a list of exchange rates."
        [FORMAT] Intake::File("The monthly list of US dollars per unit, or the European Central Bank's history."),
        ok::<ImportReport>(), lists::import_exchange_rates),
    read!(Issuer "/api/v1/tax-rates" "listTaxRates" "The imported lists of tax rates."
        [AFTER, LIMIT] ok::<ListPage>(), lists::tax_rates),
    write!(IssuerWrite "/api/v1/tax-rates" "importTaxRates" "Imports a list of tax rates."
        [] Intake::File("CSV; docs/formats.md has the columns."), ok::<ImportReport>(), lists::import_tax_rates),
    read!(Issuer "/api/v1/savings-plans" "listSavingsPlanLists" "The imported lists of what savings plans pay for."
        [AFTER, LIMIT] ok::<ListPage>(), lists::savings_plans),
    write!(IssuerWrite "/api/v1/savings-plans" "importSavingsPlans" "Imports a list of what savings plans pay for."
        [] Intake::File("CSV; docs/formats.md has the columns."), ok::<ImportReport>(), lists::import_savings_plans),
    write!(IssuerWrite "/api/v1/subscriptions" "importSubscriptions"
        "Imports subscriptions: the days on which they earn the partner credit, and whose rules their usage is billed by."
        [] Intake::File("CSV; docs/formats.md has the columns."), ok::<ImportReport>(), lists::import_subscriptions),
    write!(IssuerWrite "/api/v1/usage" "importUsage" "Imports usage. Each record counts once, for ever."
        [FORMAT, parameter("assign_to", "The customer of subscriptions that no file has introduced."),
            parameter("organisation", "The billed organisation of a customer that assign_to introduces."),
            parameter("period", "Set lines of other months aside."),
            parameter("own_cost_as_price", "`true`: make a price list from the provider's cost in the file.")]
        Intake::File("Every format of `quittance import usage`, also compressed with gzip or zstd."),
        ok::<ImportReport>(), lists::import_usage),
    write!(IssuerWrite "/api/v1/bank-statements" "importBankStatement"
        "Proposes documents for the entries of a bank statement, and books those that name theirs where asked to."
        [parameter("book", "`true`: book the entries that name their documents.")]
        Intake::File("CAMT.053 or CSV."), ok::<BankReport>(), bank::import),
    read!(Issuer "/api/v1/runs" "listRuns" "The runs that were started here, the latest first."
        [LIMIT] ok::<RunPage>(), runs::list),
    write!(IssuerWrite "/api/v1/runs" "startRun"
        "Starts rating or closing a month. It goes on behind the answer: read the run until it is done."
        [] json::<NewRun>(), Answer::Json(202, shape::<Run>()), runs::start),
    read!(Issuer "/api/v1/runs/{run}" "readRun" "One run, with what it came to once it is done."
        [] ok::<Run>(), runs::show),
    read!(Issuer "/api/v1/parked" "listParked" "The organisations that a close set aside, with its reasons."
        [PERIOD] ok::<ParkedPage>(), runs::parked),
];
