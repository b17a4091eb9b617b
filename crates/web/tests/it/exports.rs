//! Exports of both generations, from the request to the lines of the file.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use testkit::contract::check_text;

use crate::client::{Answer, Client};
use crate::world::{NOVEMBER_DAY_COUNT, OCTOBER_DAY_COUNT, World};

pub(crate) const BASE: &str = "/v1.0/reports/partners/billing";
pub(crate) const BILLED: &str = r#"{"invoiceId":"G000000001"}"#;
pub(crate) const UNBILLED: &str = r#"{"currencyCode":"EUR","billingPeriod":"current"}"#;

/// What stands behind the root of the server in a header that names an absolute address.
#[track_caller]
pub(crate) fn behind_root(client: &Client, address: &str) -> String {
    let path = address.strip_prefix(client.root());
    path.unwrap_or_else(|| panic!("{address:?} is not below {}", client.root())).to_owned()
}

#[track_caller]
pub(crate) fn post(client: &Client, path: &str, body: &str) -> Answer {
    client.clone().with("Content-Type", "application/json; charset=utf-8").call("POST", path, body)
}

/// Asks for an export and waits for it; answers the operation.
#[track_caller]
pub(crate) fn export(client: &Client, path: &str, body: &str) -> Value {
    let accepted = post(client, path, body);
    assert_eq!((accepted.status, accepted.text(), accepted.header("content-length")), (202, "", "0"), "{path}");
    done(client, &behind_root(client, accepted.header("location")))
}

#[track_caller]
pub(crate) fn done(client: &Client, path: &str) -> Value {
    for _ in 0..600 {
        let answer = client.get(path);
        let operation = answer.json(200);
        if operation["status"] != "running" {
            return operation;
        }
        assert!((1..=10).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{path} is running still");
}

/// The addresses of the files of a manifest, without the root.
#[track_caller]
pub(crate) fn files(client: &Client, manifest: &Value) -> Vec<String> {
    let directory = behind_root(client, manifest["rootDirectory"].as_str().unwrap());
    let blobs = manifest["blobs"].as_array().unwrap();
    assert_eq!(manifest["blobCount"], blobs.len());
    let address = |blob: &Value| {
        let name = blob["name"].as_str().unwrap();
        assert!(name.ends_with(".json.gz"), "{name}");
        format!("{directory}/{name}?{}", manifest["sasToken"].as_str().unwrap())
    };
    blobs.iter().map(address).collect()
}

#[track_caller]
pub(crate) fn lines(bytes: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n') && !text.contains('\r') && !text.starts_with('\u{feff}'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of a finished export, each checked against its table.
#[track_caller]
fn rows(client: &Client, operation: &Value, table: &str) -> Vec<Value> {
    assert_eq!(check_text("GraphExportOperation", &operation.to_string()), []);
    assert_eq!(operation["status"], "succeeded", "{operation}");
    let manifest = &operation["resourceLocation"];
    let [file] = files(client, manifest).try_into().unwrap();
    let anonymous = client.clone().without_token();
    let rows = lines(&anonymous.get(&file).bytes);
    assert_eq!(manifest["blobs"][0]["itemCount"], rows.len());
    for row in &rows {
        assert_eq!(check_text(table, &row.to_string()), [], "{row}");
    }
    rows
}

/// Compares rows with items of a page. Members are called as in the page but for the case, or as `renamed` says.
#[track_caller]
fn compare(rows: &[Value], items: &[Value], renamed: &[(&str, &str)], own: &[&str]) {
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(items) {
        for (name, value) in row.as_object().unwrap() {
            if own.contains(&name.as_str()) {
                continue;
            }
            let renamed = renamed.iter().find(|(known, _)| known == name).map_or(name.as_str(), |(_, other)| *other);
            let members = item.as_object().unwrap();
            let found = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(renamed)).map(|(_, value)| value);
            // Identifiers that are not known are left out there, and empty here.
            let expected = found.cloned().unwrap_or(json!(""));
            assert_eq!(*value, expected, "{name}");
        }
    }
}

const USAGE_NAMES: [(&str, &str); 3] =
    [("Tier2MpnId", "resellerMpnId"), ("Unit", "unitOfMeasure"), ("BenefitOrderID", "benefitOrderId")];
const USAGE_OWN: [&str; 4] = ["PartnerEarnedCreditPercentage", "CreditPercentage", "BenefitID", "BenefitType"];
const LINE_NAMES: [(&str, &str); 1] = [("Total", "totalForCustomer")];
const LINE_OWN: [&str; 3] = ["Tier2MpnId", "ProductQualifiers", "ProductCategory"];

#[track_caller]
fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).json(200)["items"].as_array().unwrap().clone()
}

#[test]
fn billed_rows_are_the_line_items_of_the_invoice() {
    let world = World::new();
    let client = world.as_harrow();
    let usage = export(&client, &format!("{BASE}/usage/billed/export"), BILLED);
    let rows_of_usage = rows(&client, &usage, "UsageExportRow");
    assert_eq!(rows_of_usage.len(), OCTOBER_DAY_COUNT);
    let days = items(&client, "/v1/invoices/G000000001/lineitems/OneTime/UsageLineItems");
    compare(&rows_of_usage, &days, &USAGE_NAMES, &USAGE_OWN);
    for (row, day) in rows_of_usage.iter().zip(&days) {
        let percentage = if day["hasPartnerEarnedCredit"] == true { 15 } else { 0 };
        assert_eq!(row["PartnerEarnedCreditPercentage"], percentage);
        assert_eq!(row["CreditPercentage"], percentage);
    }
    let reconciliation = export(&client, &format!("{BASE}/reconciliation/billed/export"), BILLED);
    let rows_of_lines = rows(&client, &reconciliation, "ReconciliationExportRow");
    let lines = items(&client, "/v1/invoices/G000000001/lineitems/OneTime/BillingLineItems");
    compare(&rows_of_lines, &lines, &LINE_NAMES, &LINE_OWN);
    // They sum to the invoice, to the cent.
    let cents = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    let total: i64 = rows_of_lines.iter().map(|row| cents(&row["Total"])).sum();
    let invoice = client.get_as("Invoice", "/v1/invoices/G000000001");
    assert_eq!(total, cents(&invoice["totalCharges"]));
}

#[test]
fn unbilled_rows_are_the_unbilled_line_items() {
    let world = World::new();
    let client = world.as_harrow();
    let page = |kind: &str| {
        items(
            &client,
            &format!("/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype={kind}&period=current"),
        )
    };
    let usage = export(&client, &format!("{BASE}/usage/unbilled/export"), UNBILLED);
    let rows_of_usage = rows(&client, &usage, "UsageExportRow");
    assert_eq!(rows_of_usage.len(), NOVEMBER_DAY_COUNT);
    compare(&rows_of_usage, &page("usagelineitems"), &USAGE_NAMES, &USAGE_OWN);
    let lines = export(&client, &format!("{BASE}/reconciliation/unbilled/export"), UNBILLED);
    let rows_of_lines = rows(&client, &lines, "ReconciliationExportRow");
    compare(&rows_of_lines, &page("billinglineitems"), &LINE_NAMES, &LINE_OWN);
}

#[test]
fn attribute_sets_have_the_members_of_their_tables() {
    let world = World::new();
    let client = world.as_harrow();
    let body = r#"{"InvoiceId":"G000000001","AttributeSet":"Basic"}"#;
    let operation = export(&client, &format!("{BASE}/usage/billed/export"), body);
    let basic = rows(&client, &operation, "UsageExportRowBasic");
    let operation = export(&client, "/beta/reports/partners/billing/reconciliation/billed/export", body);
    let lines = rows(&client, &operation, "ReconciliationExportRowBasic");
    assert_eq!((basic.len(), lines.is_empty()), (OCTOBER_DAY_COUNT, false));
    let has = |row: &Value| ["Unit", "UnitType", "AdditionalInfo"].map(|name| row.get(name).is_some());
    assert_eq!(has(&basic[0]), [false, true, true]);
    let early = early_rows(&client, "/v1/billedusage/invoices/G000000001?Fragment%20=Basic");
    assert_eq!(early.iter().flat_map(|row| check_text("UsageExportRowEarlyBasic", &row.to_string())).next(), None);
    assert_eq!(has(&early[0]), [true, false, false]);
    let full = early_rows(&client, "/v1/billedusage/invoices/G000000001");
    assert_eq!(has(&full[0]), [true, true, true]);
}

#[track_caller]
fn early_rows(client: &Client, path: &str) -> Vec<Value> {
    let accepted = client.call("POST", path, "");
    assert_eq!((accepted.status, accepted.text()), (202, ""));
    assert_eq!(accepted.header("operation-location"), accepted.header("location"));
    let operation = done(client, &behind_root(client, accepted.header("operation-location")));
    assert_eq!(check_text("EarlyExportOperation", &operation.to_string()), []);
    let manifest = client.get(&behind_root(client, operation["resourceLocation"].as_str().unwrap()));
    let manifest = manifest.ok("EarlyExportManifest");
    let (folder, signature) = manifest["rootFolderSAS"].as_str().unwrap().split_once('?').unwrap();
    assert_eq!(folder, manifest["rootFolder"]);
    let name = manifest["blobs"][0]["name"].as_str().unwrap();
    let file = behind_root(client, &format!("{folder}/{name}?{signature}"));
    let answer = client.clone().without_token().get(&file);
    assert_eq!(manifest["sizeInBytes"], answer.bytes.len());
    let rows = lines(&answer.bytes);
    assert_eq!(manifest["itemCount"], rows.len());
    rows
}

#[test]
fn early_exports_of_an_open_month() {
    let world = World::new();
    let rows = early_rows(&world.as_harrow(), "/v1/unbilledusage?period=current&currencyCode=eur&fragment=full");
    assert_eq!(rows.len(), NOVEMBER_DAY_COUNT);
    assert_eq!((&rows[0]["InvoiceNumber"], &rows[0]["Tier2MpnId"]), (&json!(""), &json!("")));
}

#[test]
fn a_repeated_request_finds_the_export_and_changed_data_make_another() {
    let world = World::new();
    let client = world.as_harrow();
    let long = format!("{BASE}/reconciliation/unbilled/microsoft.graph.partners.billing.export");
    let short = "/beta/reports/partners/billing/Reconciliation/Unbilled/Export";
    let first = export(&client, &long, UNBILLED);
    let again = export(&client, short, r#"{"CURRENCYCODE":"eur","BillingPeriod":"Current","attributeSet":null}"#);
    assert_eq!(again["id"], first["id"]);
    assert_eq!(again["resourceLocation"]["eTag"], first["resourceLocation"]["eTag"]);
    assert_eq!(world.exports.count(), 1);
    world.use_more();
    let changed = export(&client, &long, UNBILLED);
    assert_ne!(changed["id"], first["id"]);
    assert_ne!(changed["resourceLocation"]["eTag"], first["resourceLocation"]["eTag"]);
}

#[test]
fn what_has_no_data_is_an_operation_that_failed() {
    let world = World::new();
    world.bill_licences();
    let client = world.as_harrow();
    for (path, body) in [
        ("usage/billed/export", r#"{"invoiceId":"D000000001"}"#),
        ("usage/unbilled/export", r#"{"currencyCode":"USD","billingPeriod":"current"}"#),
        ("reconciliation/unbilled/export", r#"{"currencyCode":"EUR","billingPeriod":"last"}"#),
    ] {
        let operation = export(&client, &format!("{BASE}/{path}"), body);
        assert_eq!(check_text("GraphExportOperation", &operation.to_string()), []);
        assert_eq!(operation["status"], "failed", "{path}");
        assert_eq!(operation["error"], json!({"message": "No data available", "code": "5000"}));
        let manifest = client.get(&format!("{BASE}/manifests/{}", operation["id"].as_str().unwrap()));
        assert_eq!(manifest.graph_error(404), "itemNotFound");
    }
    let accepted = client.call("POST", "/v1/unbilledusage?period=current&currencyCode=USD", "");
    let path = behind_root(&client, accepted.header("location"));
    let operation = done(&client, &path);
    assert_eq!(operation["error"]["code"], "5000");
    assert_eq!(client.get(&path).header("retry-after"), "1");
}

#[test]
fn an_export_that_was_cut_off_is_gone_on_with() {
    let world = World::new();
    let client = world.as_harrow();
    let first = export(&client, &format!("{BASE}/usage/billed/export"), BILLED);
    world.exports.change(|saved| {
        let mut export: Value = serde_json::from_str(&saved).unwrap();
        export["state"] = json!("running");
        export.to_string()
    });
    let again = done(&client, &format!("{BASE}/operations/{}", first["id"].as_str().unwrap()));
    assert_eq!(again["resourceLocation"]["blobs"], first["resourceLocation"]["blobs"]);
}
