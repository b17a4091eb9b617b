//! Lines of a recurring invoice.

use super::*;
use crate::vendor::request::{PageLimits, Request};

fn cycle() -> LicenseBasedLineItem {
    LicenseBasedLineItem {
        partner_id: "4c1f7a52-9b3e-4d08-8e6a-2f5d90c7b311".into(),
        customer_id: "81be3d07-6a45-4f92-b0c8-e17d52a96f34".into(),
        customer_name: "Conservas Oliveira".into(),
        mpn_id: 4_471_902,
        tier2_mpn_id: -1,
        order_id: "571204488193650021".into(),
        subscription_id: "q7RZbQEAAAAAAAEA".into(),
        syndication_partner_subscription_number: "0b62d1a4-7c3e-4f59-8a10-e6d29f4b8c35".into(),
        offer_id: "91FD106F-4B2C-4938-95AC-F54F74E9A239".into(),
        durable_offer_id: "2F707C7C-2433-49A5-A437-9CA7CF40D3EB".into(),
        offer_name: "Mailbox (Plan 2)".into(),
        domain_name: "conservasoliveira.onmicrosoft.com".into(),
        billing_cycle_type: "MONTHLY".into(),
        subscription_name: "Mailbox (Plan 2)".into(),
        subscription_description: "Mailbox (Plan 2)".into(),
        subscription_start_date: day(2, 1),
        subscription_end_date: date(2025, 1, 31).into(),
        charge_start_date: day(2, 1),
        charge_end_date: day(2, 29),
        charge_type: "Cycle fee".into(),
        unit_price: money("10.50"),
        quantity: 12,
        amount: money("126"),
        total_other_discount: money("12.60"),
        subtotal: money("113.40"),
        tax: money("22.68"),
        total_for_customer: money("136.08"),
        currency: Currency::EUR,
        kind: LicenseBasedKind,
    }
}

/// With nothing that can be missing.
fn cancellation() -> LicenseBasedLineItem {
    LicenseBasedLineItem {
        mpn_id: 0,
        order_id: Text::default(),
        syndication_partner_subscription_number: Guid::default(),
        offer_id: Text::default(),
        durable_offer_id: Text::default(),
        offer_name: Text::default(),
        domain_name: Text::default(),
        billing_cycle_type: "ANNUAL".into(),
        subscription_name: Text::default(),
        subscription_description: Text::default(),
        charge_start_date: day(2, 14),
        charge_end_date: date(2025, 1, 31).into(),
        charge_type: "Cancel fee".into(),
        unit_price: money("-4.31"),
        amount: money("-51.72"),
        total_other_discount: JsonNumber::ZERO,
        subtotal: money("-51.72"),
        tax: money("-10.34"),
        total_for_customer: money("-62.06"),
        ..cycle()
    }
}

#[test]
fn a_page_of_licences() {
    let query = "provider=office&invoicelineitemtype=billinglineitems&size=2&offset=0";
    let request = Request::parse(&format!("/v1/invoices/D005510327/lineitems?{query}")).unwrap();
    let page = request.query.offset_page(PageLimits::LINE_ITEMS).unwrap();
    let body = Collection::new(vec![cycle(), cancellation()], offset_page_links(&request, page, true));
    check(&body, include_str!("../golden/licences.json"));
}
