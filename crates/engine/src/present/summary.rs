//! What an account owes.

use std::collections::BTreeMap;

use billing::balance::{Balance, CurrencyBalance};
use billing::money::Currency;
use formats::vendor::{InvoiceSummary, InvoiceSummaryDetail, JsonNumber, Links, ResourceAttributes, SummaryDate};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words;

/// Every summary links to this one, as the published bodies do.
const SUMMARY_URI: &str = "/invoices/summary";

/// One summary for each currency: the account's own first, the others by their codes.
#[must_use]
pub fn summaries(balances: &BTreeMap<Currency, CurrencyBalance>, own: Currency) -> Vec<InvoiceSummary> {
    let mut currencies: Vec<_> = balances.iter().collect();
    currencies.sort_by_key(|(currency, _)| **currency != own);
    currencies.into_iter().map(|(currency, balance)| summary(*currency, balance)).collect()
}

/// The balance of one currency with its parts by invoice type, which add up to it (IN-8).
#[must_use]
pub fn summary(currency: Currency, balance: &CurrencyBalance) -> InvoiceSummary {
    let details = balance.by_type.iter().map(|(kind, part)| InvoiceSummaryDetail {
        invoice_type: words::invoice_type(*kind),
        summary: bare(currency, part),
    });
    InvoiceSummary {
        details: details.collect(),
        links: Some(Links::own(SUMMARY_URI)),
        ..bare(currency, &balance.whole)
    }
}

/// The summary of an account that was never billed: zeros and no dates (IN-3).
#[must_use]
pub fn empty_summary(currency: Currency) -> InvoiceSummary {
    summary(currency, &CurrencyBalance { whole: Balance::empty(currency), by_type: BTreeMap::new() })
}

/// As it stands inside another summary.
fn bare(currency: Currency, balance: &Balance) -> InvoiceSummary {
    InvoiceSummary {
        balance_amount: balance.amount.into(),
        currency_code: currency,
        currency_symbol: currency.symbol(),
        accounting_date: day(balance.changed_at),
        first_invoice_creation_date: day(balance.first_issued_at),
        last_payment_date: day(balance.last_payment.map(|(paid_at, _)| paid_at)),
        last_payment_amount: balance.last_payment.map_or(JsonNumber::ZERO, |(_, amount)| amount.into()),
        latest_invoice_date: day(balance.latest_issued_at),
        details: Vec::new(),
        links: None,
        attributes: ResourceAttributes::INVOICE_SUMMARY,
    }
}

/// Days, so that the date of the latest invoice is the one that the invoice itself shows.
fn day(instant: Option<Timestamp>) -> SummaryDate {
    let day: Option<Date> = instant.map(|instant| TimeZone::UTC.to_datetime(instant).date());
    day.into()
}
