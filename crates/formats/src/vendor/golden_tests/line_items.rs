//! Line items, billed and not.

use super::*;
use crate::vendor::request::Request;

const PARTNER: &str = "4c1f7a52-9b3e-4d08-8e6a-2f5d90c7b311";
const CUSTOMER: &str = "81be3d07-6a45-4f92-b0c8-e17d52a96f34";
const INVOICE: &str = "G005510327";

/// What both lines of the invoice have in common, and what most lines leave empty.
fn line(order_id: &str, ordered: &str) -> OneTimeInvoiceLineItem {
    OneTimeInvoiceLineItem {
        partner_id: PARTNER.to_uppercase().as_str().into(),
        customer_id: CUSTOMER.into(),
        customer_name: "Conservas Oliveira".into(),
        customer_domain_name: "conservasoliveira.onmicrosoft.com".into(),
        customer_country: "PT".into(),
        invoice_number: INVOICE.into(),
        mpn_id: "4471902".into(),
        reseller_mpn_id: 0,
        order_id: order_id.into(),
        order_date: ordered.parse::<jiff::Timestamp>().unwrap().into(),
        product_id: Text::default(),
        sku_id: Text::default(),
        availability_id: Text::default(),
        product_name: Text::default(),
        sku_name: Text::default(),
        product_qualifiers: Vec::new(),
        charge_type: ChargeType::New,
        unit_price: JsonNumber::ZERO,
        effective_unit_price: JsonNumber::ZERO,
        unit_type: Text::default(),
        quantity: 1,
        subtotal: JsonNumber::ZERO,
        tax_total: JsonNumber::ZERO,
        total_for_customer: JsonNumber::ZERO,
        currency: Currency::EUR,
        publisher_name: "Microsoft Corporation".into(),
        publisher_id: Text::default(),
        subscription_description: Text::default(),
        subscription_id: Guid::default(),
        subscription_start_date: None,
        subscription_end_date: None,
        charge_start_date: day(2, 1),
        charge_end_date: day(2, 29),
        term_and_billing_cycle: Text::default(),
        alternate_id: Text::default(),
        reference_id: Guid::default(),
        price_adjustment_description: PriceAdjustments::default(),
        discount_details: Text::default(),
        pricing_currency: Currency::EUR,
        pc_to_bc_exchange_rate: JsonNumber::plain(Decimal::ONE),
        pc_to_bc_exchange_rate_date: Some(day(2, 29)),
        billable_quantity: JsonNumber::ZERO,
        meter_description: Text::default(),
        billing_frequency: Text::default(),
        reservation_order_id: Text::default(),
        credit_reason_code: Text::default(),
        promotion_id: Text::default(),
        kind: OneTimeKind,
    }
}

fn licence() -> OneTimeInvoiceLineItem {
    OneTimeInvoiceLineItem {
        product_id: "CFQ7TTC0LH18".into(),
        sku_id: "0001".into(),
        availability_id: "CFQ7TTC0K7Q8".into(),
        product_name: "Business Basic".into(),
        sku_name: "Business Basic".into(),
        unit_price: number("18.6"),
        effective_unit_price: number("17.67"),
        unit_type: "Licenses".into(),
        quantity: 12,
        subtotal: money("212.04"),
        tax_total: money("42.4"),
        total_for_customer: money("254.44"),
        subscription_description: "Business Basic".into(),
        subscription_id: "5fd7c2e9-083a-4b61-97d4-c3a80e6b1f25".into(),
        subscription_start_date: Some(day(2, 1)),
        subscription_end_date: Some(date(2025, 1, 31).into()),
        term_and_billing_cycle: "One-Year commitment for monthly/yearly billing".into(),
        alternate_id: "e80c53f1a927".into(),
        reference_id: "2b9e61d4-f57c-4830-a1e9-064d8b73c5fa".into(),
        price_adjustment_description: PriceAdjustments(vec!["5.0% Tier 1 Discount".to_owned()]),
        billable_quantity: number("12"),
        billing_frequency: "Monthly".into(),
        ..line("w7Hq2LpZt9RxVb4NcK", "2024-02-01T10:41:07Z")
    }
}

fn consumption() -> OneTimeInvoiceLineItem {
    let adjustment = "15.0% Partner earned credit for services managed".to_owned();
    OneTimeInvoiceLineItem {
        product_id: "DZH318Z0BPS6".into(),
        sku_id: "00B2".into(),
        availability_id: "DZH318Z0CX4R".into(),
        product_name: "Virtual Machines Dv5 Series".into(),
        sku_name: "D2 v5 - EU North".into(),
        unit_price: number("0.12"),
        effective_unit_price: number("0.102"),
        unit_type: "1 Hour".into(),
        subtotal: money("55.69"),
        tax_total: money("11.13"),
        total_for_customer: money("66.82"),
        subscription_description: "Azure plan".into(),
        subscription_id: "c0a42f7e-9d18-4e53-8b6f-71d3e5a90b84".into(),
        alternate_id: "48d1b7f6c03e".into(),
        reference_id: "97f3a05c-e2b4-4d71-86c9-3a5e1f08d26b".into(),
        price_adjustment_description: PriceAdjustments(vec![adjustment]),
        pricing_currency: Currency::USD,
        pc_to_bc_exchange_rate: number("0.91"),
        billable_quantity: number("600"),
        meter_description: "Virtual Machines Dv5 Series - D2 v5 - EU North".into(),
        ..line("m3KdY8sUe6GfJa1WoX", "2024-02-29T23:59:59Z")
    }
}

#[test]
fn two_pages_of_reconciliation_lines() {
    let target = "/v1/invoices/G005510327/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&currencycode=EUR&size=1";
    let request = Request::parse(target).unwrap();
    let token = ContinuationToken::new(&request, "1");
    let first = Collection::new(vec![licence()], seek_page_links(&request, Some(&token)));
    check(&first, include_str!("../golden/reconciliation_first_page.json"));

    let request = Request::parse(&format!("{target}&seekOperation=Next")).unwrap();
    let last = Collection::new(vec![consumption()], seek_page_links(&request, None));
    check(&last, include_str!("../golden/reconciliation_last_page.json"));
}

fn billed_day() -> DailyRatedUsageLineItem {
    let entitlement = "0f62b9d4-a371-4c8e-95d0-b84e7c13f6a5";
    let resource = "resourceGroups/rg-atum/providers/Microsoft.Compute/virtualMachines/vm-lota-1";
    DailyRatedUsageLineItem {
        partner_id: PARTNER.into(),
        partner_name: "Harrow Lane Cloud".into(),
        customer_id: CUSTOMER.into(),
        customer_name: "Conservas Oliveira".into(),
        customer_domain_name: "conservasoliveira.onmicrosoft.com".into(),
        customer_country: "PT".into(),
        invoice_number: INVOICE.into(),
        product_id: "DZH318Z0BPS6".into(),
        sku_id: "00B2".into(),
        availability_id: "DZH318Z0CX4R".into(),
        sku_name: "D2 v5 - EU North".into(),
        product_name: "Virtual Machines Dv5 Series".into(),
        publisher_name: "Microsoft".into(),
        publisher_id: Text::default(),
        subscription_id: "c0a42f7e-9d18-4e53-8b6f-71d3e5a90b84".into(),
        subscription_description: "Azure plan".into(),
        charge_start_date: day(2, 1),
        charge_end_date: day(2, 29),
        usage_date: day(2, 14),
        meter_type: "1 Hour".into(),
        meter_category: "Virtual Machines".into(),
        meter_id: "d3e80b5f-7264-4c19-a8f0-95b1c6e42d7a".into(),
        meter_sub_category: "Dv5 Series".into(),
        meter_name: "D2 v5".into(),
        meter_region: "EU North".into(),
        unit_of_measure: "1 Hour".into(),
        resource_location: "NORTHEUROPE".into(),
        consumed_service: "Microsoft.Compute".into(),
        resource_group: "rg-atum".into(),
        resource_uri: format!("/subscriptions/{entitlement}/{resource}").into(),
        tags: Tags::from_text(r#"{"env":"prod","costcenter":"77"}"#).unwrap(),
        additional_info: r#"{"ServiceType":"Standard_D2_v5","VMName":null}"#.into(),
        service_info1: Text::default(),
        service_info2: Text::default(),
        mpn_id: "4471902".into(),
        reseller_mpn_id: Text::default(),
        charge_type: ChargeType::New,
        unit_price: number("0.12"),
        quantity: number("20"),
        unit_type: "1 Hour".into(),
        billing_pre_tax_total: number("1.8564"),
        billing_currency: Currency::EUR,
        pricing_pre_tax_total: number("2.04"),
        pricing_currency: Currency::USD,
        entitlement_id: entitlement.into(),
        entitlement_description: "Lota production".into(),
        pc_to_bc_exchange_rate: number("0.91"),
        pc_to_bc_exchange_rate_date: Some(day(2, 29)),
        effective_unit_price: number("0.102"),
        rate_of_partner_earned_credit: number("0.15"),
        has_partner_earned_credit: true,
        rate_of_credit: Some(number("0.15")),
        credit_type: CreditType::PartnerEarnedCredit,
        benefit: None,
        kind: DailyRatedKind,
    }
}

fn unbilled_day() -> DailyRatedUsageLineItem {
    DailyRatedUsageLineItem {
        invoice_number: Text::default(),
        charge_start_date: day(3, 1),
        charge_end_date: day(3, 31),
        usage_date: day(3, 17),
        tags: Tags::default(),
        additional_info: r#"{"ServiceType":"Standard_D2_v5"}"#.into(),
        billing_pre_tax_total: number("2.184"),
        pricing_pre_tax_total: number("2.4"),
        pc_to_bc_exchange_rate_date: Some(day(3, 1)),
        effective_unit_price: number("0.12"),
        rate_of_partner_earned_credit: JsonNumber::ZERO,
        has_partner_earned_credit: false,
        rate_of_credit: None,
        credit_type: CreditType::NotApplied,
        ..billed_day()
    }
}

#[test]
fn daily_rated_usage_billed_and_unbilled() {
    let query = "provider=onetime&invoicelineitemtype=usagelineitems&currencycode=EUR";
    let request =
        Request::parse(&format!("/v1/invoices/G005510327/lineitems?{query}&period=previous&size=2000")).unwrap();
    let body = Collection::new(vec![billed_day()], seek_page_links(&request, None));
    check(&body, include_str!("../golden/daily_billed.json"));

    let request = Request::parse(&format!("/v1/invoices/unbilled/lineitems?{query}&period=current&size=2000")).unwrap();
    let body = Collection::new(vec![unbilled_day()], seek_page_links(&request, None));
    check(&body, include_str!("../golden/daily_unbilled.json"));
}
