//! What the routes answer, field by field and figure by figure.

use serde_json::Value;

use crate::world::World;

#[test]
fn the_list_has_the_own_invoices_and_no_links_to_documents() {
    let world = World::new();
    let page = world.as_harrow().get_as("Collection<Invoice>", "/v1/invoices");
    assert_eq!(page["totalCount"], 1);
    let invoice = &page["items"][0];
    assert_eq!(invoice["id"], "G000000001");
    assert_eq!(invoice["invoiceDate"], "2026-11-04T00:00:00Z");
    assert_eq!(invoice["billingPeriodStartDate"], "2026-10-01T00:00:00Z");
    assert_eq!(invoice["billingPeriodEndDate"], "2026-10-31T00:00:00Z");
    assert_eq!(invoice["currencySymbol"], "€");
    assert_eq!(invoice["documentType"], "invoice");
    assert_eq!(invoice.get("pdfDownloadLink"), None);
    let text = world.as_harrow().get("/v1/invoices").text().to_owned();
    assert!(text.contains("\"paidAmount\":-100.00,"), "{text}");
}

#[test]
fn an_invoice_adds_up_to_its_lines_and_to_the_balance() {
    let world = World::new();
    let client = world.as_harrow();
    let invoice = client.get_as("Invoice", "/v1/invoices/OneTime-g000000001");
    let details = invoice["invoiceDetails"].as_array().unwrap();
    let lines: Vec<Value> = details
        .iter()
        .flat_map(|detail| {
            let uri = detail["links"]["self"]["uri"].as_str().unwrap();
            let page = client.get_as("Collection<OneTimeInvoiceLineItem>", &format!("/v1{uri}"));
            page["items"].as_array().unwrap().clone()
        })
        .collect();
    let minor = |number: &Value| -> i64 {
        let (whole, cents) = number
            .to_string()
            .split_once('.')
            .map_or((number.to_string(), "0".to_owned()), |(w, c)| (w.to_owned(), format!("{c:0<2}")));
        let cents: i64 = cents.parse().unwrap();
        whole.parse::<i64>().unwrap() * 100 + if whole.starts_with('-') { -cents } else { cents }
    };
    let sum: i64 = lines.iter().map(|line| minor(&line["totalForCustomer"])).sum();
    assert_eq!(sum, minor(&invoice["totalCharges"]));
    assert!(lines.iter().any(|line| line["chargeType"] == "Cancel"));

    let summary = client.get_as("InvoiceSummary", "/v1/invoices/summary");
    assert_eq!(minor(&summary["balanceAmount"]), sum - 10_000);
    assert_eq!(summary["accountingDate"], "2026-11-09T00:00:00Z");
    assert_eq!(summary["lastPaymentAmount"].to_string(), "100.0");
    assert_eq!(summary["details"][0]["invoiceType"], "OneTime");
    let summaries = client.get_as("Collection<InvoiceSummary>", "/v1/invoices/summaries");
    assert_eq!(summaries["items"][0], summary);
    assert_eq!(summaries["links"]["self"]["uri"], "/invoices/summaries");
}

#[test]
fn an_account_that_was_never_billed_has_a_summary_of_zeros() {
    let world = World::new();
    let client = world.anonymous().with_token(&world.tokens.provider);
    let summary = client.get_as("InvoiceSummary", "/v1/invoices/summary");
    assert_eq!(summary["balanceAmount"], 0);
    assert_eq!(summary["firstInvoiceCreationDate"], "0001-01-01T00:00:00");
    assert_eq!(client.get_as("Collection<InvoiceSummary>", "/v1/invoices/summaries")["totalCount"], 0);
    assert_eq!(client.get_as("Collection<Invoice>", "/v1/invoices")["totalCount"], 0);
}

#[test]
fn the_list_is_filtered_and_paged() {
    let world = World::new();
    let client = world.as_harrow();
    let count =
        |query: &str| client.get_as("Collection<Invoice>", &format!("/v1/invoices?{query}"))["totalCount"].clone();
    let filter = |operator: &str, value: &str| {
        format!("filter=%7B%22Field%22:%22InvoiceDate%22,%22Value%22:%22{value}%22,%22Operator%22:%22{operator}%22%7D")
    };
    assert_eq!(count(&filter("greater_than", "2026-11-03")), 1);
    assert_eq!(count(&filter("GreaterThan", "2026-11-04")), 0);
    assert_eq!(count("size=1&offset=0"), 1);
    assert_eq!(count("offset=1"), 0);
    assert_eq!(count("size=100000&offset=99999999999999999999999999"), 0);
    for (query, code) in [
        ("size=0", 800_002),
        ("size=-1", 800_002),
        ("offset=x", 800_002),
        ("filter=x", 3000),
        ("filter=%7B%7D", 3000),
        ("size=%ff", 800_002),
    ] {
        assert_eq!(client.get(&format!("/v1/invoices?{query}")).error(400), code, "{query}");
    }
}

#[test]
fn anybody_may_ask_whether_the_server_is_there() {
    let world = World::new();
    let answer = world.anonymous().get("/healthz");
    assert_eq!((answer.status, answer.text()), (200, r#"{"status":"ok"}"#));
}
