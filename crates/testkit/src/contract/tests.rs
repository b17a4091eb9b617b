//! One row per kind of violation, and the golden bodies, which have none.

use super::*;

/// A whole body for each resource that a row changes.
const INVOICE: &str = include_str!("../../../formats/src/vendor/golden/invoice.json");
const SUMMARIES: &str = include_str!("../../../formats/src/vendor/golden/summaries.json");
const LINES: &str = include_str!("../../../formats/src/vendor/golden/reconciliation_first_page.json");
const DAILY: &str = include_str!("../../../formats/src/vendor/golden/daily_billed.json");
const ERROR: &str = r#"{"code":1000,"description":"no such invoice","data":[],"source":"Quittance"}"#;

const UTILIZATION: &str = r#"{"usageStartTime":"2023-09-05T00:00:00Z","usageEndTime":"2023-09-06T00:00:00Z",
    "resource":{"id":"m-1"},"quantity":24,"infoFields":{},"instanceData":{"resourceUri":"/a%20b","location":"euwest",
    "partNumber":"","orderNumber":"","tags":{"env":"prod"}},"attributes":{"objectType":"AzureUtilizationRecord"}}"#;
const DAY_OF_USE: &str = r#"{"dateUsed":"2023-10-19T00:00:00Z","resourceId":"m-1","id":"m-1","resourceName":"S1","name":"S1",
    "totalCost":3.00,"currencyLocale":"fr-FR","lastModifiedDate":"2023-10-20T06:04:41.193Z",
    "attributes":{"objectType":"SubscriptionDailyUsageRecord"}}"#;

/// Replaces `old` by `new` in a body and expects exactly this one violation.
#[track_caller]
fn check_change(resource: &str, body: &str, old: &str, new: &str, expected: Option<(&str, ViolationKind)>) {
    assert!(body.contains(old), "{old} is not in the body");
    let violations = check_text(resource, &body.replacen(old, new, 1));
    let found: Vec<(&str, ViolationKind)> = violations.iter().map(|v| (v.path.as_str(), v.kind)).collect();
    assert_eq!(found, Vec::from_iter(expected), "{new}");
}

#[test]
fn the_golden_bodies_have_no_violation() {
    let pages = [
        ("Invoice", include_str!("../../../formats/src/vendor/golden/invoices.json")),
        ("InvoiceSummary", SUMMARIES),
        ("LicenseBasedLineItem", include_str!("../../../formats/src/vendor/golden/licences.json")),
        ("UsageBasedLineItem", include_str!("../../../formats/src/vendor/golden/classic_usage.json")),
        ("DailyUsageLineItem", include_str!("../../../formats/src/vendor/golden/classic_days.json")),
        ("OneTimeInvoiceLineItem", LINES),
        ("OneTimeInvoiceLineItem", include_str!("../../../formats/src/vendor/golden/reconciliation_last_page.json")),
        ("DailyRatedUsageLineItem", DAILY),
        ("DailyRatedUsageLineItem", include_str!("../../../formats/src/vendor/golden/daily_unbilled.json")),
    ];
    for (item, body) in pages {
        assert_eq!(check_text(&format!("Collection<{item}>"), body), [], "{item}");
        assert_eq!(check_text("Collection", body), [], "{item}");
        let value: Value = serde_json::from_str(body).unwrap();
        assert_eq!(check("Collection", &value), [], "{item}");
    }
    assert_eq!(check_text("Invoice", INVOICE), []);
    assert_eq!(check_text("Error", ERROR), []);
    assert_eq!(check_text("AzureUtilizationRecord", UTILIZATION), []);
    assert_eq!(check_text("SubscriptionDailyUsageRecord", DAY_OF_USE), []);
    assert_eq!(check_text("Throttled", r#"{"statusCode":429,"message":"Try again in 5 seconds."}"#), []);
}

#[test]
fn every_kind_of_violation_is_told() {
    use ViolationKind as K;
    let rows = [
        ("Invoice", INVOICE, "}\n", "", ("", K::NotJson)),
        ("Receipt", INVOICE, "{", "{", ("", K::UnknownResource)),
        ("Invoice", INVOICE, "{", "{\"state\":\"due\",", ("/state", K::UnknownName)),
        ("Invoice", INVOICE, "\"pdfDownloadLink\"", "\"PdfDownloadLink\"", ("/PdfDownloadLink", K::NameCase)),
        ("Invoice", INVOICE, "{", "{\"id\":\"G1\",", ("/id", K::RepeatedName)),
        ("Invoice", INVOICE, "\"id\": \"G005510327\",", "", ("/id", K::MissingRequired)),
        ("Invoice", INVOICE, "321.26", "\"321.26\"", ("/totalCharges", K::WrongType)),
        ("Invoice", INVOICE, "2024-03-06T00:00:00Z", "2024-03-06T00:00:00", ("/invoiceDate", K::WrongFormat)),
        ("Invoice", INVOICE, "\"EUR\"", "null", ("/currencyCode", K::Null)),
        ("Invoice", INVOICE, "321.26", "3.2126e2", ("/totalCharges", K::Exponent)),
        ("Collection", LINES, "\"totalCount\": 1", "\"totalCount\": 7", ("/totalCount", K::Contradiction)),
    ];
    for (resource, body, old, new, expected) in rows {
        check_change(resource, body, old, new, Some(expected));
    }
}

#[test]
fn names_of_several_spellings_count_once_each() {
    let violations = check_text("Invoice", &INVOICE.replacen('{', "{\"ID\":\"G1\",", 1));
    let kinds: Vec<ViolationKind> = violations.iter().map(|violation| violation.kind).collect();
    assert_eq!(kinds, [ViolationKind::NameCase, ViolationKind::RepeatedName]);
}

/// `old` becomes `new`, which is of the right type and in the wrong format.
#[test]
fn every_format_is_checked() {
    let in_lines = |member: &str| format!("/items/0/{member}");
    let own = "/invoices/OneTime-G005510327\"";
    let rows = [
        ("Invoice", INVOICE, "2024-03-06T", "2024-02-30T", "/invoiceDate".to_owned()),
        ("Invoice", INVOICE, "06T00:00:00Z", "06T00:00:00.50Z", "/invoiceDate".to_owned()),
        ("Invoice", INVOICE, "321.26", "321.265", "/totalCharges".to_owned()),
        ("Invoice", INVOICE, "\"paidAmount\": 0", "\"paidAmount\": 1", "/paidAmount".to_owned()),
        ("Invoice", INVOICE, "\"EUR\"", "\"eur\"", "/currencyCode".to_owned()),
        (
            "Invoice",
            INVOICE,
            "\"documentType\": \"invoice\"",
            "\"documentType\": \"Invoice\"",
            "/documentType".to_owned(),
        ),
        ("Invoice", INVOICE, own, "/v1/invoices/G1\"", "/links/self/uri".to_owned()),
        ("Invoice", INVOICE, own, "invoices/G1\"", "/links/self/uri".to_owned()),
        ("Invoice", INVOICE, own, "/invoices?a=1?b=2\"", "/links/self/uri".to_owned()),
        ("Invoice", INVOICE, own, "/invoices?a={}\"", "/links/self/uri".to_owned()),
        ("Invoice", INVOICE, own, "/invoices?a=%2\"", "/links/self/uri".to_owned()),
        (
            "Invoice",
            INVOICE,
            "\"objectType\": \"Invoice\"",
            "\"objectType\": \"Bill\"",
            "/attributes/objectType".to_owned(),
        ),
        ("Collection<InvoiceSummary>", SUMMARIES, "18400", "18400.5", "/items/1/balanceAmount".to_owned()),
        ("Collection<InvoiceSummary>", SUMMARIES, "148.25", "-148.25", in_lines("lastPaymentAmount")),
        ("Collection", LINES, "4c1f7a52", "4C1F7A52", in_lines("partnerId")),
        ("Collection", LINES, "\"PT\"", "\"\"", in_lines("customerCountry")),
        ("Collection", LINES, "\"4471902\"", "\"4 471 902\"", in_lines("mpnId")),
        ("Collection", LINES, "\"resellerMpnId\": 0", "\"resellerMpnId\": 4294967296", in_lines("resellerMpnId")),
        ("Collection", LINES, "Conservas Oliveira", "2024-01-01T00:00:00Z", in_lines("customerName")),
        ("Collection", LINES, "[\\\"5.0% Tier 1 Discount\\\"]", "discount", in_lines("priceAdjustmentDescription")),
        ("Collection", LINES, "\"one_time\"", "\"all\"", in_lines("billingProvider")),
        ("Collection", DAILY, "{\\\"env\\\":\\\"prod\\\",\\\"costcenter\\\":\\\"77\\\"}", "env=prod", in_lines("tags")),
        ("Collection", DAILY, "\"resellerMpnId\": \"\"", "\"resellerMpnId\": \"none\"", in_lines("resellerMpnId")),
        ("Error", ERROR, "no such invoice", " ", "/description".to_owned()),
        ("AzureUtilizationRecord", UTILIZATION, "/a%20b", "/a b", "/instanceData/resourceUri".to_owned()),
        ("SubscriptionDailyUsageRecord", DAY_OF_USE, "fr-FR", "fr", "/currencyLocale".to_owned()),
        ("SubscriptionDailyUsageRecord", DAY_OF_USE, "fr-FR", "FR-fr", "/currencyLocale".to_owned()),
        ("Error", ERROR, "no such invoice", &"x".repeat(1025), "/description".to_owned()),
    ];
    for (resource, body, old, new, path) in rows {
        check_change(resource, body, old, new, Some((&path, ViolationKind::WrongFormat)));
    }
}

#[test]
fn types_nulls_and_pages_are_checked_at_every_depth() {
    use ViolationKind as K;
    check_change(
        "Collection",
        LINES,
        "\"quantity\": 12",
        "\"quantity\": 12.0",
        Some(("/items/0/quantity", K::WrongType)),
    );
    check_change("Collection", DAILY, "true", "\"true\"", Some(("/items/0/hasPartnerEarnedCredit", K::WrongType)));
    check_change("Collection", DAILY, "\"rateOfCredit\": 0.15", "\"rateOfCredit\": null", None);
    check_change(
        "Collection",
        LINES,
        "\"productQualifiers\": []",
        "\"productQualifiers\": [1]",
        Some(("/items/0/productQualifiers/0", K::WrongType)),
    );
    check_change(
        "AzureUtilizationRecord",
        UTILIZATION,
        "\"prod\"",
        "1",
        Some(("/instanceData/tags/env", K::WrongType)),
    );
    check_change("Error", ERROR, "\"data\":[]", "\"data\":\"\"", Some(("/data", K::WrongType)));
    check_change("Error", ERROR, "\"data\":[]", "\"data\":[1]", Some(("/data/0", K::WrongType)));
    check_change(
        "Collection",
        LINES,
        "\"key\": \"MS-ContinuationToken\"",
        "\"key\": \"X\"",
        Some(("/continuationToken", K::Contradiction)),
    );
    check_change(
        "Collection",
        SUMMARIES,
        "\"objectType\": \"InvoiceSummary\" }\n          }",
        "\"objectType\": \"Bill\" }\n          }",
        Some(("/items/0/details/0/summary/attributes/objectType", K::WrongFormat)),
    );
    assert_eq!(check_text("Error", "[]").first().map(|v| v.kind), Some(K::WrongType));
    assert_eq!(check_text("Error", &"[".repeat(100_000)).first().map(|v| v.kind), Some(K::NotJson));
    assert_eq!(check_text("Error", &format!("\u{feff}{ERROR}")).first().map(|v| v.kind), Some(K::NotJson));
}

#[test]
fn every_table_uses_known_words_and_tables_only() {
    let sibling = [("currency".to_owned(), Json::Text("EUR".to_owned()))];
    for table in table::all().unwrap() {
        for property in &table.properties {
            let here = format!("{}.{}", table.resource, property.name);
            match property.json_type {
                JsonType::Number | JsonType::Integer => {
                    let zero = Json::Number("0".to_owned());
                    assert_eq!(format::check(property, &zero, &sibling), Ok(()), "{here}");
                }
                JsonType::String => {
                    let word = property.format.as_deref().unwrap();
                    assert!(format::STRING_FORMATS.contains(&word), "{here}");
                }
                JsonType::Boolean => assert_eq!(property.format, None, "{here}"),
                JsonType::Object | JsonType::Array => {
                    let of = property.of.as_deref().unwrap();
                    let built_in = ["string", "string-or-object", "string-map", "item"].contains(&of);
                    assert!(built_in || table::named(of).is_ok(), "{here}");
                }
            }
        }
        assert!(table.object_type.as_ref().is_none_or(|name| *name == table.resource), "{}", table.resource);
    }
}
