//! Usage of classic subscriptions: a line for each rate, and the days without prices.

use billing::decimal::Decimal;
use billing::ids::SubscriptionId;
use billing::invoice::{ClassicUsageCharge, InvoiceLine};
use billing::legacy_usage::effective_rate;
use billing::licence::LicenceFee;
use billing::party::{Customer, Organisation};
use billing::rate::ScopeKey;
use billing::usage::MeterDescription;
use formats::vendor::{ClassicUsage, DailyUsageKind, DailyUsageLineItem, Text, UsageBasedKind, UsageBasedLineItem};

use crate::error::{EngineError, EngineResult};
use crate::invoices::ShownDay;

use super::line_item::Document;
use super::words;

/// All classic usage is billed once a month.
const BILLING_CYCLE: &str = "MONTHLY";

/// One rate of a month's use of a meter.
pub(super) fn usage_based_line(
    document: Document<'_>,
    line: &InvoiceLine,
    (fee, usage): (LicenceFee, &ClassicUsageCharge),
) -> EngineResult<UsageBasedLineItem> {
    let total = line.total().map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let inexact = |error: billing::decimal::DecimalError| EngineError::new(error.code(), error.to_string());
    let overage = usage.overage(line.quantity).map_err(inexact)?;
    let with_tax = effective_rate(total.to_decimal(), line.subtotal.to_decimal(), overage).map_err(inexact)?;
    let whose = Whose {
        party: document.party,
        customer: &line.customer,
        subscription: &line.subscription,
        subscription_name: &line.subscription_name,
        invoice_number: document.number_text(),
    };
    Ok(UsageBasedLineItem {
        detail_line_item_id: i32::try_from(usage.rate_number).unwrap_or(i32::MAX),
        sku: line.product.sku_id.as_str().into(),
        included_quantity: usage.included.into(),
        overage_quantity: overage.into(),
        list_price: line.unit_price.into(),
        consumption_price: usage.amount.into(),
        consumption_discount: usage.discount.into(),
        currency: line.subtotal.currency,
        pretax_charges: line.subtotal.into(),
        tax_amount: line.tax.into(),
        post_tax_total: total.into(),
        pretax_effective_rate: line.effective_unit_price.into(),
        post_tax_effective_rate: with_tax.into(),
        charge_type: fee.as_str().into(),
        usage: whose.used(&usage.scope, &usage.meter, line.quantity, &line.unit_of_measure),
        kind: UsageBasedKind,
    })
}

/// One day of a classic subscription, billed or not. `party` is whom it is billed to.
#[must_use]
pub fn daily_usage(day: &ShownDay, party: &Organisation) -> DailyUsageLineItem {
    let (line, record) = (&day.line, &day.line.record);
    let resource = &record.resource;
    let meter = MeterDescription {
        category: first(&[&line.price_meter.category, &record.meter.category]),
        subcategory: first(&[&line.price_meter.subcategory, &record.meter.subcategory]),
        name: first(&[&line.price_meter.name, &record.meter.name]),
        region: first(&[&line.price_meter.region, &record.meter.region]),
    };
    let whose = Whose {
        party,
        customer: &day.customer,
        subscription: &line.scope.subscription,
        subscription_name: &day.subscription_name,
        invoice_number: day.invoice.as_ref().map_or("", |number| number.as_str()),
    };
    let unit = first(&[&line.price_unit, &record.unit_of_measure]);
    DailyUsageLineItem {
        customer_billable_account: Text::default(),
        usage_date: record.usage_date.into(),
        metered_service: first(&[&resource.consumed_service, &meter.category]).into(),
        metered_service_type: meter.subcategory.as_str().into(),
        metered_region: first(&[&resource.location, &meter.region]).into(),
        project: first(&[words::last_segment(&resource.uri), &resource.group]).into(),
        service_info: first(&[&resource.service_info1, &resource.service_info2]).into(),
        usage: whose.used(&line.scope, &meter, line.figures.quantity, &unit),
        kind: DailyUsageKind,
    }
}

/// The first text that says something.
fn first(texts: &[&str]) -> String {
    texts.iter().find(|text| !text.is_empty()).map_or_else(String::new, |text| (*text).to_owned())
}

/// Who used something, and who is billed for it.
struct Whose<'a> {
    party: &'a Organisation,
    customer: &'a Customer,
    subscription: &'a SubscriptionId,
    subscription_name: &'a str,
    invoice_number: &'a str,
}

impl Whose<'_> {
    fn used(&self, scope: &ScopeKey, meter: &MeterDescription, quantity: Decimal, unit: &str) -> ClassicUsage {
        let Self { party, customer, .. } = *self;
        let (first_day, last_day) = words::inclusive_days(scope.usage_month);
        ClassicUsage {
            partner_id: party.tenant_id.as_str().into(),
            partner_name: party.name.as_str().into(),
            partner_billable_account_id: Text::default(),
            customer_id: customer.id.as_str().into(),
            customer_company_name: customer.name.as_str().into(),
            customer_name: customer.name.as_str().into(),
            domain_name: customer.domain.as_str().into(),
            mpn_id: words::partner_number(party),
            tier2_mpn_id: words::NO_TIER_2_PARTNER,
            invoice_number: self.invoice_number.into(),
            subscription_id: self.subscription.as_str().into(),
            subscription_name: self.subscription_name.into(),
            subscription_description: self.subscription_name.into(),
            billing_cycle_type: BILLING_CYCLE.into(),
            order_id: Text::default(),
            service_name: meter.category.as_str().into(),
            service_type: meter.subcategory.as_str().into(),
            resource_guid: scope.meter.as_str().into(),
            resource_name: meter.name.as_str().into(),
            region: meter.region.as_str().into(),
            consumed_quantity: quantity.into(),
            charge_start_date: first_day,
            charge_end_date: last_day,
            unit: unit.into(),
        }
    }
}
