//! Balances of a billed party by currency and invoice type.
//!
//! Rule IN-8 (docs/rules/balances.md): balance = total charges - received - written off, over issued
//! documents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::invoice::InvoiceType;
use crate::money::{Amount, Currency, MoneyError};
use crate::settlement::DocumentState;

/// One issued document with what was paid on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentBalance {
    pub invoice_type: InvoiceType,
    pub issued_at: Timestamp,
    pub total: Amount,
    /// At least 0 for an invoice.
    pub received: Amount,
    pub written_off: Amount,
    pub last_payment: Option<(Timestamp, Amount)>,
}

impl DocumentBalance {
    #[must_use]
    pub fn of(invoice_type: InvoiceType, state: &DocumentState, last_payment: Option<(Date, Amount)>) -> Self {
        let midnight = |day: Date| TimeZone::UTC.to_zoned(day.into()).map(|zoned| zoned.timestamp()).ok();
        Self {
            invoice_type,
            issued_at: state.issued_at,
            total: state.total,
            received: state.received,
            written_off: state.written_off,
            last_payment: last_payment.and_then(|(day, amount)| Some((midnight(day)?, amount))),
        }
    }
}

/// The balance of one currency, or of one invoice type in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub amount: Amount,
    /// When the balance last changed; `None` without documents.
    pub changed_at: Option<Timestamp>,
    pub first_issued_at: Option<Timestamp>,
    pub latest_issued_at: Option<Timestamp>,
    pub last_payment: Option<(Timestamp, Amount)>,
}

/// A currency's balance and its parts, which add up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyBalance {
    pub whole: Balance,
    pub by_type: BTreeMap<InvoiceType, Balance>,
}

impl Balance {
    /// Nothing issued, nothing owed.
    #[must_use]
    pub fn empty(currency: Currency) -> Self {
        Self {
            amount: Amount::zero(currency),
            changed_at: None,
            first_issued_at: None,
            latest_issued_at: None,
            last_payment: None,
        }
    }

    fn add(&mut self, document: &DocumentBalance) -> Result<(), MoneyError> {
        self.amount = self
            .amount
            .checked_add(document.total)?
            .checked_sub(document.received)?
            .checked_sub(document.written_off)?;
        let paid_at = document.last_payment.map(|(at, _)| at);
        self.changed_at = self.changed_at.max(Some(document.issued_at)).max(paid_at);
        self.first_issued_at =
            Some(self.first_issued_at.map_or(document.issued_at, |first| first.min(document.issued_at)));
        self.latest_issued_at = self.latest_issued_at.max(Some(document.issued_at));
        if paid_at > self.last_payment.map(|(at, _)| at) {
            self.last_payment = document.last_payment;
        }
        Ok(())
    }
}

/// Balances per currency, in the order of their codes.
///
/// # Errors
/// A sum beyond 64 bits of minor units.
pub fn balances(
    documents: impl IntoIterator<Item = DocumentBalance>,
) -> Result<BTreeMap<Currency, CurrencyBalance>, MoneyError> {
    let mut balances: BTreeMap<Currency, CurrencyBalance> = BTreeMap::new();
    for document in documents {
        let currency = document.total.currency;
        let balance = balances
            .entry(currency)
            .or_insert_with(|| CurrencyBalance { whole: Balance::empty(currency), by_type: BTreeMap::new() });
        balance.whole.add(&document)?;
        balance.by_type.entry(document.invoice_type).or_insert_with(|| Balance::empty(currency)).add(&document)?;
    }
    Ok(balances)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(invoice_type: InvoiceType, day: i8, total: i64, paid: Option<(i8, i64)>) -> DocumentBalance {
        let at = |day: i8| format!("2026-10-{day:02}T00:00:00Z").parse().unwrap();
        let eur = |minor| Amount { minor, currency: Currency::EUR };
        DocumentBalance {
            invoice_type,
            issued_at: at(day),
            total: eur(total),
            received: eur(paid.map_or(0, |p| p.1)),
            written_off: eur(0),
            last_payment: paid.map(|(day, minor)| (at(day), eur(minor))),
        }
    }

    #[test]
    fn parts_add_up_to_the_balance_and_the_latest_payment_is_named() {
        let all = balances([
            document(InvoiceType::OneTime, 6, 14_203, Some((20, 10_000))),
            document(InvoiceType::Recurring, 2, 26_280, Some((25, 26_280))),
            document(InvoiceType::OneTime, 7, -100, None),
        ])
        .unwrap();
        let eur = &all[&Currency::EUR];
        assert_eq!(eur.whole.amount.minor, 4_103);
        assert_eq!(eur.by_type[&InvoiceType::OneTime].amount.minor, 4_103);
        assert_eq!(eur.by_type[&InvoiceType::Recurring].amount.minor, 0);
        assert_eq!(eur.whole.last_payment.unwrap().1.minor, 26_280);
        let day = |t: Option<Timestamp>| t.unwrap().to_string()[8..10].to_owned();
        assert_eq!(day(eur.whole.changed_at), "25");
        assert_eq!((day(eur.whole.first_issued_at), day(eur.whole.latest_issued_at)), ("02".into(), "07".into()));
    }
}
