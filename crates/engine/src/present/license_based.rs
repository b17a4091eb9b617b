//! A line of a recurring invoice as a line of the licence file.

use billing::invoice::{ClassicDetails, InvoiceLine};
use billing::licence::{BillingPlan, LicenceFee};
use formats::vendor::{Guid, LicenseBasedKind, LicenseBasedLineItem};

use crate::error::{EngineError, EngineResult};

use super::line_item::{Document, seats};
use super::words::{NO_TIER_2_PARTNER, partner_number};

/// One charge of a classic licence. The offer is its product, the durable offer its SKU.
pub(super) fn license_based_line(
    document: Document<'_>,
    line: &InvoiceLine,
    (fee, classic): (LicenceFee, &ClassicDetails),
) -> EngineResult<LicenseBasedLineItem> {
    let party = document.party;
    let (customer, product) = (&line.customer, &line.product);
    let total = line.total().map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let name = if product.sku_name.is_empty() { &product.product_name } else { &product.sku_name };
    Ok(LicenseBasedLineItem {
        partner_id: party.tenant_id.as_str().into(),
        customer_id: customer.id.as_str().into(),
        customer_name: customer.name.as_str().into(),
        mpn_id: partner_number(party),
        tier2_mpn_id: NO_TIER_2_PARTNER,
        order_id: classic.order_id.as_str().into(),
        subscription_id: line.subscription.as_str().into(),
        syndication_partner_subscription_number: Guid::default(),
        offer_id: product.product_id.as_str().into(),
        durable_offer_id: product.sku_id.as_str().into(),
        offer_name: name.as_str().into(),
        domain_name: customer.domain.as_str().into(),
        billing_cycle_type: cycle_type(classic.plan).into(),
        subscription_name: line.subscription_name.as_str().into(),
        subscription_description: line.subscription_name.as_str().into(),
        subscription_start_date: classic.term_days.0.into(),
        subscription_end_date: classic.term_days.1.into(),
        charge_start_date: line.days.0.into(),
        charge_end_date: line.days.1.into(),
        charge_type: fee.as_str().into(),
        unit_price: line.effective_unit_price.into(),
        quantity: seats(line)?,
        amount: classic.amount.into(),
        total_other_discount: classic.discount.into(),
        subtotal: line.subtotal.into(),
        tax: line.tax.into(),
        total_for_customer: total.into(),
        currency: line.subtotal.currency,
        kind: LicenseBasedKind,
    })
}

fn cycle_type(plan: BillingPlan) -> &'static str {
    if plan == BillingPlan::Monthly { "MONTHLY" } else { "ANNUAL" }
}
