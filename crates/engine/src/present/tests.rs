//! Each shape is checked against the published contract, and the figures that are ours to get right.

use std::collections::BTreeMap;

use billing::balance::{DocumentBalance, balances};
use billing::decimal::Decimal;
use billing::fx::{ExchangeRate, RateSource};
use billing::invoice::{
    BlobDigest, Charge, DocumentTotals, DocumentType, INVOICE_SHAPE, Invoice, InvoiceLine, InvoiceType, ListDigests,
    Snapshot, UsageCharge,
};
use billing::licence::ChargeType;
use billing::money::{Amount, Currency};
use billing::party::{Customer, Organisation};
use billing::ports::StoredInvoice;
use billing::price::Product;
use billing::rate::{DayFactors, LineFigures, RatedLine, ScopeKey};
use billing::uom::QuantityBasis;
use billing::usage::{MeterDescription, RecordKey, RecordOrigin, ResourceDescription, UsageKind, UsageRecord};
use formats::vendor::Collection;
use jiff::civil::date;
use serde::Serialize;
use serde_json::Value;
use testkit::contract::check_text;

use super::*;
use crate::invoices::{IssuedInvoice, ShownDay};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn eur(minor: i64) -> Amount {
    Amount { minor, currency: Currency::EUR }
}

fn party() -> Organisation {
    Organisation {
        id: "harrow".parse().unwrap(),
        name: "Harrow Lane Cloud".to_owned(),
        tenant_id: "4C1F7A52-9B3E-4D08-8E6A-2F5D90C7B311".to_owned(),
        partner_number: "4471902".to_owned(),
        address_lines: vec![],
        country: "PT".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: Currency::EUR,
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: Some("provider".parse().unwrap()),
        tax: billing::party::TaxProfile::default(),
    }
}

fn customer() -> Customer {
    Customer {
        id: "81be3d07-6a45-4f92-b0c8-e17d52a96f34".parse().unwrap(),
        billed_party: "harrow".parse().unwrap(),
        name: "Conservas Oliveira".to_owned(),
        domain: "conservasoliveira.onmicrosoft.com".to_owned(),
        country: "PT".to_owned(),
    }
}

fn scope() -> ScopeKey {
    ScopeKey {
        customer: customer().id,
        subscription: "c0a42f7e-9d18-4e53-8b6f-71d3e5a90b84".parse().unwrap(),
        meter: "6f4c3a8d-1e27-45b0-9c68-d2a7f0b3e519".parse().unwrap(),
        usage_month: "2026-10".parse().unwrap(),
        covered_by: None,
    }
}

fn meter() -> MeterDescription {
    MeterDescription {
        category: "Virtual Machines".to_owned(),
        subcategory: "Dv5 Series".to_owned(),
        name: "D2 v5".to_owned(),
        region: "EU North".to_owned(),
    }
}

fn product() -> Product {
    Product { product_id: "DZH318Z0BPS6".to_owned(), sku_name: "D2 v5".to_owned(), ..Product::default() }
}

fn rate() -> ExchangeRate {
    ExchangeRate {
        from: Currency::USD,
        to: Currency::EUR,
        rate: d("0.846202666"),
        dated: date(2026, 10, 31),
        source: RateSource::MonthlyUsdPerUnit,
    }
}

fn line(subtotal: i64, earned_credit_rate: &str) -> InvoiceLine {
    InvoiceLine {
        line_number: 1,
        customer: customer(),
        subscription: scope().subscription,
        subscription_name: "Azure plan".to_owned(),
        charge_type: if subtotal < 0 { ChargeType::Cancel } else { ChargeType::New }.into(),
        product: product(),
        unit_of_measure: "1 Hour".to_owned(),
        days: (date(2026, 10, 3), date(2026, 10, 9)),
        quantity: d("168"),
        unit_price: d("0.868"),
        effective_unit_price: d("0.812142857142857"),
        pricing_currency: Currency::USD,
        exchange_rate: rate(),
        subtotal: eur(subtotal),
        tax: eur(0),
        tax_code: String::new(),
        charge: Charge::Usage(UsageCharge {
            scope: scope(),
            meter: meter(),
            pricing_exact: d("136.4496"),
            pricing_total: d("136.44"),
            earned_credit_rates: (Decimal::ZERO, d(earned_credit_rate)),
            daily_line_count: 7,
            consumed_after: Decimal::ZERO,
        }),
        takes_back: None,
    }
}

fn issued(invoice_type: InvoiceType, received: i64) -> IssuedInvoice {
    let issuer = Organisation { id: "provider".parse().unwrap(), billed_by: None, ..party() };
    let totals = DocumentTotals {
        charges: eur(11_545),
        credits: eur(0),
        subtotal: eur(11_545),
        tax: eur(0),
        adjustments: eur(0),
        total: eur(11_545),
    };
    let issued_at = "2026-11-04T09:30:00Z".parse().unwrap();
    let snapshot = Snapshot {
        rules_version: 1,
        usage_through: 1,
        orders_through: 0,
        prior_closure: None,
        carried_in: vec![],
        directory: BlobDigest(String::new()),
        lists: ListDigests::default(),
        allow_unpriced: false,
        restated: vec![],
    };
    let invoice = Invoice {
        shape: INVOICE_SHAPE,
        number: "G000000007".parse().unwrap(),
        invoice_type,
        document_type: DocumentType::Invoice,
        amends: None,
        reason: String::new(),
        issuer: issuer.clone(),
        billed_party: party(),
        period: "2026-10".parse().unwrap(),
        currency: Currency::EUR,
        issued_at,
        due_on: date(2027, 1, 3),
        totals,
        taxes: vec![],
        adjustments: vec![],
        exchange_rates: vec![rate()],
        carried: vec![],
        line_count: 1,
        snapshot,
    };
    let stored = StoredInvoice {
        number: invoice.number.clone(),
        issuer: issuer.id,
        party: party().id,
        period: invoice.period,
        invoice_type,
        issued_at,
        amends: None,
        header: vec![],
        digest: String::new(),
        line_count: 1,
        received: eur(received),
        written_off: eur(0),
        rated_files: vec![],
    };
    IssuedInvoice { stored, invoice, amendments: vec![] }
}

fn day(quantity: &str, factors: DayFactors, tags: &str) -> ShownDay {
    let scope = scope();
    let record = UsageRecord {
        origin: RecordOrigin::ProviderRow,
        kind: UsageKind::Usage,
        usage_date: date(2026, 10, 3),
        customer_id: None,
        subscription_id: scope.subscription.clone(),
        subscription_name: String::new(),
        entitlement_id: Some("0f62b9d4-a371-4c8e-95d0-b84e7c13f6a5".parse().unwrap()),
        entitlement_name: "Production".to_owned(),
        meter_id: scope.meter.clone(),
        meter: meter(),
        product_name: "Virtual Machines Dv5 Series".to_owned(),
        publisher_name: "Microsoft".to_owned(),
        quantity: d(quantity),
        quantity_basis: QuantityBasis::Blocks,
        unit_of_measure: "1 Hour".to_owned(),
        resource: ResourceDescription { tags: tags.to_owned(), ..ResourceDescription::default() },
        provider_cost: None,
    };
    let (price, effective) = (d("0.868"), d("0.868").checked_mul(factors.product().unwrap()).unwrap());
    let pricing_total = effective.checked_mul(d(quantity)).unwrap();
    let billing_total = billing::rate::billing_total(pricing_total, rate().rate).unwrap();
    let figures = LineFigures {
        quantity: d(quantity),
        factors,
        unit_price: price,
        effective_unit_price: effective,
        pricing_total,
        exchange_rate: rate().rate,
        billing_total,
    };
    ShownDay {
        line: RatedLine {
            key: RecordKey([0; 16]),
            record,
            scope,
            figures,
            price_meter: billing::usage::MeterDescription::default(),
            price_unit: "1 Hour".to_owned(),
            product: product(),
            pricing_currency: Currency::USD,
            billing_currency: Currency::EUR,
            exchange_rate_dated: rate().dated,
        },
        customer: customer(),
        subscription_name: "Azure plan".to_owned(),
        invoice: None,
        effective_unit_price: effective,
        pricing_total,
        billing_total,
    }
}

/// Checks the text against the contract and then a few members of it.
#[track_caller]
fn check(resource: &str, body: &impl Serialize, expected: &[(&str, &str)]) {
    let text = serde_json::to_string(body).unwrap();
    assert_eq!(check_text(resource, &text), [], "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    for (member, expected) in expected {
        let found = value.pointer(member).map_or("absent".to_owned(), Value::to_string);
        assert_eq!(found, *expected, "{member} of {text}");
    }
}

#[test]
fn an_invoice_shows_what_was_received_as_negative_and_its_last_day() {
    let unpaid = invoice(&issued(InvoiceType::OneTime, 0), PdfLink::Omitted).unwrap();
    let expected = [
        ("/id", "\"G000000007\""),
        ("/invoiceDate", "\"2026-11-04T00:00:00Z\""),
        ("/billingPeriodEndDate", "\"2026-10-31T00:00:00Z\""),
        ("/totalCharges", "115.45"),
        ("/paidAmount", "0"),
        ("/pdfDownloadLink", "absent"),
        ("/invoiceDetails/0/links/self/uri", "\"/invoices/OneTime-G000000007/lineitems/OneTime/BillingLineItems\""),
        ("/invoiceDetails/1", "absent"),
    ];
    check("Invoice", &unpaid, &expected);

    let expires_at = "2026-11-10T12:30:00Z".parse().unwrap();
    let link = PdfLink::Signed { expires_at, signature: "c2lnbmVk-_".to_owned() };
    let paid = invoice(&issued(InvoiceType::OneTime, 10_000), link).unwrap();
    let uri = "\"/invoices/G000000007/documents/statement?expires=1794313800&signature=c2lnbmVk-_\"";
    // 100.00 on the wire; the reader of this test has binary floats.
    check("Invoice", &paid, &[("/paidAmount", "-100.0"), ("/pdfDownloadLink", uri)]);

    let recurring = invoice(&issued(InvoiceType::Recurring, 0), PdfLink::Omitted).unwrap();
    let uri = "\"/invoices/Recurring-G000000007/lineitems/Office/BillingLineItems\"";
    let expected =
        [("/invoiceDetails/0/links/self/uri", uri), ("/invoiceDetails/1", "absent"), ("/invoiceType", "\"Recurring\"")];
    check("Invoice", &recurring, &expected);
}

#[test]
fn lines_name_their_credit_and_their_month() {
    let issued = issued(InvoiceType::OneTime, 0);
    let credited = line_item(&issued, &line(11_545, "0.15")).unwrap();
    let expected = [
        ("/partnerId", "\"4c1f7a52-9b3e-4d08-8e6a-2f5d90c7b311\""),
        ("/chargeStartDate", "\"2026-10-01T00:00:00Z\""),
        ("/chargeEndDate", "\"2026-10-31T00:00:00Z\""),
        ("/quantity", "1"),
        ("/billableQuantity", "168"),
        ("/effectiveUnitPrice", "0.812142857142857"),
        ("/pcToBCExchangeRate", "0.846202666"),
        ("/priceAdjustmentDescription", r#""[\"15.0% Partner earned credit for services managed\"]""#),
        ("/meterDescription", "\"Virtual Machines Dv5 Series - D2 v5 - EU North\""),
        ("/chargeType", "\"New\""),
        ("/referenceId", "absent"),
    ];
    check("OneTimeInvoiceLineItem", &credited, &expected);
    let refund = line_item(&issued, &line(-1_740, "0")).unwrap();
    let expected = [("/chargeType", "\"Cancel\""), ("/subtotal", "-17.4"), ("/priceAdjustmentDescription", "\"\"")];
    check("OneTimeInvoiceLineItem", &refund, &expected);
    let odd = line_item(&issued, &line(1, "0.125")).unwrap();
    let expected = [("/priceAdjustmentDescription", r#""[\"12.5% Partner earned credit for services managed\"]""#)];
    check("OneTimeInvoiceLineItem", &odd, &expected);
}

#[test]
fn days_show_the_credit_that_lowered_them() {
    let earned = DayFactors { earned_credit_rate: d("0.15"), ..DayFactors::NONE };
    let free = DayFactors { credit_rate: Decimal::ONE, ..DayFactors::NONE };
    let rows = [
        (day("24", earned, r#"{"env":"prod"}"#), "\"Partner Earned Credit Applied\"", "0.15", "true", "17.7072"),
        (day("24", free, ""), "\"Azure Credit Applied\"", "1", "false", "0"),
        (day("-3.3", DayFactors::NONE, ""), "\"Credit Not Applied\"", "absent", "false", "-2.8644"),
    ];
    for (day, credit_type, rate_of_credit, has_credit, total) in rows {
        let expected = [
            ("/creditType", credit_type),
            ("/rateOfCredit", rate_of_credit),
            ("/hasPartnerEarnedCredit", has_credit),
            ("/pricingPreTaxTotal", total),
            ("/billingProvider", "\"marketplace\""),
            ("/invoiceNumber", "\"\""),
            ("/productName", "\"Virtual Machines Dv5 Series\""),
        ];
        check("DailyRatedUsageLineItem", &daily_rated(&day, &party()).unwrap(), &expected);
    }
    let damaged = daily_rated(&day("1", DayFactors::NONE, "env=prod"), &party()).unwrap_err();
    assert_eq!(damaged.code, "storage.damaged");
}

#[test]
fn what_a_savings_plan_has_paid_for_names_its_order() {
    let mut covered = day("24", DayFactors::COVERED, "");
    covered.line.scope.covered_by = Some("o-1".to_owned());
    let names =
        [("/benefitOrderId", "\"o-1\""), ("/benefitType", "\"SavingsPlan\""), ("/hasPartnerEarnedCredit", "false")];
    check("DailyRatedUsageLineItem", &daily_rated(&covered, &party()).unwrap(), &names);
    let without = [("/benefitOrderId", "absent"), ("/benefitType", "absent")];
    check("DailyRatedUsageLineItem", &daily_rated(&day("24", DayFactors::NONE, ""), &party()).unwrap(), &without);
}

#[test]
fn summaries_begin_with_the_own_currency_and_know_never() {
    let usd = |minor| Amount { minor, currency: Currency::USD };
    let document = |invoice_type, total: Amount, paid: Option<Amount>| DocumentBalance {
        invoice_type,
        issued_at: "2026-11-04T09:30:00Z".parse().unwrap(),
        total,
        received: paid.unwrap_or(Amount::zero(total.currency)),
        written_off: Amount::zero(total.currency),
        last_payment: paid.map(|amount| ("2026-11-20T10:00:00Z".parse().unwrap(), amount)),
    };
    let documents = [
        document(InvoiceType::OneTime, eur(14_203), None),
        document(InvoiceType::Recurring, usd(26_280), Some(usd(26_280))),
        document(InvoiceType::OneTime, usd(500), None),
    ];
    let found = summaries(&balances(documents).unwrap(), Currency::USD);
    let page = Collection { items: found, links: None };
    let expected = [
        ("/items/0/currencyCode", "\"USD\""),
        ("/items/0/balanceAmount", "5.0"),
        ("/items/0/lastPaymentAmount", "262.8"),
        ("/items/0/lastPaymentDate", "\"2026-11-20T00:00:00Z\""),
        ("/items/0/details/1/summary/balanceAmount", "0"),
        ("/items/1/currencyCode", "\"EUR\""),
        ("/items/1/lastPaymentDate", "\"0001-01-01T00:00:00\""),
        ("/items/1/latestInvoiceDate", "\"2026-11-04T00:00:00Z\""),
    ];
    check("Collection<InvoiceSummary>", &page, &expected);
    assert!(summaries(&BTreeMap::new(), Currency::EUR).is_empty());
    let expected = [("/balanceAmount", "0"), ("/accountingDate", "\"0001-01-01T00:00:00\""), ("/details", "absent")];
    check("InvoiceSummary", &empty_summary(Currency::EUR), &expected);
}
