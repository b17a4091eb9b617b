//! The served demonstration: answers keep the published contract, sums agree, nobody sees another's.

use billing::decimal::{Decimal, sum};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use testkit::contract::check_text;

use crate::books::Books;
use crate::demo_books::demo_dir;
use crate::http::{Answer, Server, token};

const OWN: &str = "quillon";
const OTHER: &str = "prairie";
const LINES: &str = "provider=onetime&invoicelineitemtype=billinglineitems";
const CLASSIC_LINES: &str = "provider=azure&invoicelineitemtype=billinglineitems";

/// The numbers of an organisation's invoices, September first.
pub(crate) fn invoices_of(books: &Books, organisation: &str) -> Vec<String> {
    crate::books::numbers(&books.json(&format!("invoices list --org {organisation}")))
}

#[track_caller]
pub(crate) fn check_contract(resource: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.content_type.starts_with("application/json"), "{}", answer.content_type);
    let violations = check_text(resource, answer.text());
    let shown: Vec<String> = violations.iter().take(10).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{} violations: {shown:#?}", violations.len());
}

#[test]
fn the_lines_that_the_demonstration_prints_work() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let health = server.get("/healthz", &[]).ok();
    assert_eq!(health.status, 200);

    let token = token(&books, "");
    let number = invoices_of(&books, OWN).pop().unwrap();
    check_contract("Collection<Invoice>", &server.read("/v1/invoices", &token));
    let page = server.read(&format!("/v1/invoices/{number}/lineitems?{LINES}&size=2"), &token);
    check_contract("Collection", &page);
    assert_eq!(page.json()["items"].as_array().unwrap().len(), 2);
    let pdf = server.read(&format!("/v1/invoices/{number}/documents/statement"), &token).ok();
    assert!(pdf.content_type.starts_with("application/pdf"), "{}", pdf.content_type);
    assert!(pdf.body.starts_with(b"%PDF"));
    let printed = std::fs::read(demo_dir().join(format!("invoices/{number}.pdf"))).unwrap();
    assert!(pdf.body == printed, "the served statement is not the printed one");
}

/// The demonstration serves its books itself, with the lines to try.
#[test]
fn the_demonstration_serves_what_it_made() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start_with(&books, "demo --listen 127.0.0.1:0");
    server.get("/healthz", &[]).ok();
    let (code, printed) = server.stop("-INT");
    assert_eq!(code, Some(0));
    assert_eq!(printed.matches("curl ").count(), 4, "{printed}");
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShownInvoice {
    id: String,
    total_charges: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShownLine {
    /// Lines of classic usage have a name of their own for it.
    #[serde(alias = "postTaxTotal")]
    total_for_customer: Box<RawValue>,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

/// The exact number of a JSON token.
fn exact(token: &RawValue) -> Decimal {
    token.get().parse().unwrap()
}

#[test]
fn the_lines_of_each_invoice_add_up_to_its_total() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let mut seen = 0;
    for organisation in ["quillon", "harbourline", "sakuraba", "prairie"] {
        let token = token(&books, &format!("--org {organisation}"));
        let list = server.read("/v1/invoices", &token).ok();
        let list: Page<ShownInvoice> = serde_json::from_slice(&list.body).unwrap();
        for invoice in list.items {
            let lines = if invoice.id.starts_with('D') { CLASSIC_LINES } else { LINES };
            let answer = server.read(&format!("/v1/invoices/{}/lineitems?{lines}&size=2000", invoice.id), &token);
            check_contract("Collection", &answer);
            let lines: Page<ShownLine> = serde_json::from_slice(&answer.body).unwrap();
            let total = sum(lines.items.iter().map(|line| exact(&line.total_for_customer))).unwrap();
            assert_eq!(total, exact(&invoice.total_charges), "{}", invoice.id);
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

#[test]
fn every_other_answer_keeps_the_contract() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let token = token(&books, &format!("--org {OWN}"));
    let number = invoices_of(&books, OWN).pop().unwrap();
    let invoice = server.read(&format!("/v1/invoices/{number}"), &token);
    check_contract("Invoice", &invoice);
    check_contract("InvoiceSummary", &server.read("/v1/invoices/summary", &token));
    check_contract("Collection<InvoiceSummary>", &server.read("/v1/invoices/summaries", &token));
    let unbilled = "provider=onetime&invoicelineitemtype=usagelineitems&period=current&size=500";
    let unbilled = server.read(&format!("/v1/invoices/unbilled/lineitems?{unbilled}"), &token);
    check_contract("Collection<DailyRatedUsageLineItem>", &unbilled);
    let unbilled = unbilled.json();
    let items = unbilled["items"].as_array().unwrap();
    assert_eq!(items.len(), 500);
    let is_november = |item: &Value| item["usageDate"].as_str().unwrap().starts_with("2026-11-");
    assert!(items.iter().all(is_november));
    check_link(&server, &invoice.json());
}

/// The link of an invoice that was read opens the statement without a token.
fn check_link(server: &Server, invoice: &Value) {
    let link = invoice["pdfDownloadLink"].as_str().unwrap();
    let path = if link.starts_with("/v1/") { link.to_owned() } else { format!("/v1{link}") };
    let pdf = server.get(&path, &[]).ok();
    assert!(pdf.body.starts_with(b"%PDF"));
    let forged = path.replace("signature=", "signature=0");
    assert_eq!(server.get(&forged, &[]).status, 401);
}

/// ORG-1, and tokens that open nothing.
#[test]
fn another_organisation_sees_what_nobody_sees() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let (own, other) = (token(&books, &format!("--org {OWN}")), token(&books, &format!("--org {OTHER}")));
    let number = invoices_of(&books, OWN).pop().unwrap();
    for rest in ["", "/documents/statement", &format!("/lineitems?{LINES}"), "/lineitems/OneTime/BillingLineItems"] {
        let path = |number: &str| format!("/v1/invoices/{number}{rest}");
        server.read(&path(&number), &own).ok();
        let (hidden, unknown) = (server.read(&path(&number), &other), server.read(&path("G999999999"), &other));
        assert_eq!((hidden.status, unknown.status), (404, 404), "{rest}");
        assert_eq!(hidden.text(), unknown.text(), "{rest}");
        assert!(check_text("Error", hidden.text()).is_empty(), "{}", hidden.text());
        assert_eq!(server.get(&path(&number), &[]).status, 401, "{rest}");
        assert_eq!(server.read(&path(&number), "qtc_nonsense").status, 401, "{rest}");
    }
    let nothing = token(&books, &format!("--org {OWN} --role other"));
    assert_eq!(server.read("/v1/invoices", &nothing).status, 403);
}

#[test]
fn a_signal_ends_the_server_in_order() {
    let books = Books::copy_of(demo_dir());
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(&books);
        server.get("/healthz", &[]).ok();
        let (code, _) = server.stop(signal);
        assert_eq!(code, Some(0), "{signal}");
    }
    books.run("invoices list").exits(0);
}

/// A token is good until it expires by the clock of the server.
#[test]
fn a_token_expires() {
    let books = Books::copy_of(demo_dir());
    let token = token(&books, "--expires-in-days 1");
    Server::start(&books).read("/v1/invoices", &token).ok();
    let later = books.at("2026-11-11T09:00:00Z");
    assert_eq!(Server::start(&later).read("/v1/invoices", &token).status, 401);
}
