//! Usage on a recurring invoice.

use super::*;
use crate::vendor::request::{PageLimits, Request};

fn usage() -> ClassicUsage {
    ClassicUsage {
        partner_id: "4c1f7a52-9b3e-4d08-8e6a-2f5d90c7b311".into(),
        partner_name: "Harrow Lane Cloud".into(),
        partner_billable_account_id: "1012207734".into(),
        customer_id: "81be3d07-6a45-4f92-b0c8-e17d52a96f34".into(),
        customer_company_name: "Conservas Oliveira".into(),
        customer_name: "Conservas Oliveira".into(),
        domain_name: "conservasoliveira.onmicrosoft.com".into(),
        mpn_id: 4_471_902,
        tier2_mpn_id: -1,
        invoice_number: "D005510327".into(),
        subscription_id: "d41a6f08-2b7c-4e93-b85f-06c9e3a7d512".into(),
        subscription_name: "Microsoft Azure".into(),
        subscription_description: "Microsoft Azure".into(),
        billing_cycle_type: "MONTHLY".into(),
        order_id: "571204488193650377".into(),
        service_name: "Virtual Machines".into(),
        service_type: "BS Series".into(),
        resource_guid: "505db374-df8a-44df-9d8c-13c14b61dee1".into(),
        resource_name: "B4ms".into(),
        region: "EU West".into(),
        consumed_quantity: number("1049"),
        charge_start_date: day(2, 1),
        charge_end_date: day(2, 29),
        unit: "1 Hour".into(),
    }
}

/// 25 hours are included, 1024 cost 0.05.
fn first_rate() -> UsageBasedLineItem {
    UsageBasedLineItem {
        detail_line_item_id: 1,
        sku: "7UD-00001".into(),
        included_quantity: number("25"),
        overage_quantity: number("1024"),
        list_price: number("0.05"),
        consumption_price: money("51.20"),
        consumption_discount: money("5.12"),
        currency: Currency::EUR,
        pretax_charges: money("46.08"),
        tax_amount: money("9.22"),
        post_tax_total: money("55.30"),
        pretax_effective_rate: number("0.045"),
        post_tax_effective_rate: number("0.05400390"),
        charge_type: "Assess usage fee for current cycle".into(),
        usage: usage(),
        kind: UsageBasedKind,
    }
}

/// With nothing that can be missing.
fn second_rate() -> UsageBasedLineItem {
    let bare = ClassicUsage {
        partner_billable_account_id: Text::default(),
        domain_name: Text::default(),
        mpn_id: 0,
        order_id: Text::default(),
        service_name: Text::default(),
        service_type: Text::default(),
        resource_name: Text::default(),
        region: Text::default(),
        consumed_quantity: number("314"),
        ..usage()
    };
    UsageBasedLineItem {
        detail_line_item_id: 2,
        sku: Text::default(),
        included_quantity: JsonNumber::ZERO,
        overage_quantity: number("314"),
        list_price: number("0.03"),
        consumption_price: money("9.42"),
        consumption_discount: JsonNumber::ZERO,
        pretax_charges: money("9.42"),
        tax_amount: JsonNumber::ZERO,
        post_tax_total: money("9.42"),
        pretax_effective_rate: number("0.03"),
        post_tax_effective_rate: number("0.03"),
        usage: bare,
        ..first_rate()
    }
}

fn used_day() -> DailyUsageLineItem {
    DailyUsageLineItem {
        customer_billable_account: "1448830291".into(),
        usage_date: day(2, 5),
        metered_service: "Microsoft.Compute".into(),
        metered_service_type: "BS Series".into(),
        metered_region: "westeurope".into(),
        project: "front-1".into(),
        service_info: Text::default(),
        usage: ClassicUsage { consumed_quantity: number("24"), ..usage() },
        kind: DailyUsageKind,
    }
}

#[track_caller]
fn check_page<T: Serialize>(line_item_type: &str, items: Vec<T>, has_more: bool, expected: &str) {
    let query = format!("provider=azure&invoicelineitemtype={line_item_type}&size=2&offset=0");
    let request = Request::parse(&format!("/v1/invoices/D005510327/lineitems?{query}")).unwrap();
    let page = request.query.offset_page(PageLimits::LINE_ITEMS).unwrap();
    check(&Collection::new(items, offset_page_links(&request, page, has_more)), expected);
}

#[test]
fn a_page_of_rates() {
    let expected = include_str!("../golden/classic_usage.json");
    check_page("billinglineitems", vec![first_rate(), second_rate()], true, expected);
}

#[test]
fn a_page_of_classic_days() {
    let bare = DailyUsageLineItem { customer_billable_account: Text::default(), ..used_day() };
    let expected = include_str!("../golden/classic_days.json");
    check_page("usagelineitems", vec![used_day(), bare], false, expected);
}
