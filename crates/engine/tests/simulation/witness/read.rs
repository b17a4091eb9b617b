//! Issued documents in the words of the model.

use billing::decimal::Decimal;
use billing::invoice::{Charge, Invoice, InvoiceLine, LicenceDetails, LineName, UsageCharge};

use crate::model::billing::Line;
use crate::model::chain::{Billed, Charged};
use crate::model::licences::Licence;
use crate::scene::{METERS, PLANS};

/// A document with its lines.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) invoice: Invoice,
    pub(super) lines: Vec<InvoiceLine>,
}

impl Document {
    pub(super) fn name(&self, line: &InvoiceLine) -> LineName {
        LineName { number: self.invoice.number.clone(), line_number: line.line_number }
    }

    /// Lines that charge something, under their names.
    pub(super) fn charged(&self) -> impl Iterator<Item = (LineName, Billed)> {
        self.lines.iter().filter(|line| line.takes_back.is_none()).map(|line| (self.name(line), billed(line)))
    }
}

pub(super) fn lines_of(stored: &[Vec<u8>]) -> Vec<InvoiceLine> {
    stored.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect()
}

fn at(value: Decimal, scale: u8) -> i128 {
    value.mantissa_at(scale).unwrap()
}

pub(super) fn billed(line: &InvoiceLine) -> Billed {
    let charge = match &line.charge {
        Charge::Usage(usage) => of_usage(line, usage),
        Charge::Licence(licence) => Charged::Licence(of_licence(line, licence)),
        other => panic!("nobody has anything classic: {other:?}"),
    };
    Billed {
        charge,
        last_day: line.days.1,
        subtotal: line.subtotal.minor,
        tax: line.tax.minor,
        tax_code: line.tax_code.to_string(),
    }
}

fn of_usage(line: &InvoiceLine, usage: &UsageCharge) -> Charged {
    let plan = PLANS.iter().position(|(plan, ..)| *plan == line.subscription.as_str()).unwrap();
    let meter = METERS.iter().position(|meter| meter.id == usage.scope.meter.as_str()).unwrap();
    assert_eq!((line.customer.id.as_str(), &usage.scope.customer), (PLANS[plan].1, &line.customer.id));
    let figures = Line {
        thousandths: at(line.quantity, 3),
        pricing_minor: at(usage.pricing_total, line.pricing_currency.minor_digits()),
        subtotal_minor: line.subtotal.minor.into(),
        days: line.days,
        counter: at(usage.consumed_after, 3),
        exact: at(usage.pricing_exact, 7),
        rate: at(line.exchange_rate.rate, 9),
        tax_code: line.tax_code.to_string(),
    };
    let scope = (plan, meter, usage.scope.usage_month);
    Charged::Usage { scope, line: figures, record_count: usage.daily_line_count }
}

fn of_licence(line: &InvoiceLine, licence: &LicenceDetails) -> Licence {
    let cents = i64::try_from(at(line.unit_price, 2)).unwrap();
    let (part, of) = licence.price_fraction;
    let subscription = line.subscription.to_string();
    Licence {
        subject: (subscription, licence.order_id.clone(), licence.ordered_on, line.charge_type.as_str(), line.days),
        sku: line.product.sku_id.clone(),
        term: licence.term.unwrap().as_str(),
        term_from: licence.term_days.0,
        seats: i64::try_from(at(line.quantity, 0)).unwrap(),
        share: in_lowest_terms(at(part, 6) * 100, at(of, 6) * i128::from(cents)),
        cents,
    }
}

fn in_lowest_terms(part: i128, of: i128) -> (i128, i128) {
    let (mut divisor, mut rest) = (of, part.abs());
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (part / divisor, of / divisor)
}
