//! Where estimates of what is not billed yet are found.

use billing::money::Currency;
use serde::Serialize;

use super::envelope::{Collection, Link};
use super::words::QueryPeriod;

/// A link to unbilled line items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EstimateLink {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    description: &'static str,
    /// In capitals here, in lower case in the link.
    period: &'static str,
    link: Link,
}

/// Kind, title and description, provider and type of the line items.
type Estimate = ([&'static str; 3], [&'static str; 2]);

const ESTIMATES: [Estimate; 2] = [
    (
        ["daily_rated_usage", "Daily rated usage, unbilled", "Usage that is rated and not on an invoice yet."],
        ["Marketplace", "UsageLineItems"],
    ),
    (
        ["non_consumption", "Reconciliation lines, unbilled", "Charges that are not on an invoice yet."],
        ["all", "billinglineitems"],
    ),
];

/// All estimates in a currency.
#[must_use]
pub fn estimate_links(currency: Currency) -> Collection<EstimateLink> {
    let link = |(texts, items): Estimate, period: QueryPeriod| {
        let ([kind, title, description], [provider, item_type]) = (texts, items);
        let uri = format!(
            "/invoices/unbilled/lineitems?provider={provider}&invoicelineitemtype={item_type}&currencycode={}\
             &period={}&size=2000",
            currency.code(),
            period.wire(),
        );
        EstimateLink { kind, title, description, period: period.path_name(), link: Link::get(uri) }
    };
    let periods = [QueryPeriod::Current, QueryPeriod::Previous];
    let items = ESTIMATES.into_iter().flat_map(|estimate| periods.map(|period| link(estimate, period)));
    Collection { items: items.collect(), links: None }
}
