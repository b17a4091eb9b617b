//! What an issued invoice says on paper.

use std::collections::{BTreeMap, BTreeSet};

use billing::decimal::Decimal;
use billing::fx::{ExchangeRate, RateSource};
use billing::ids::CustomerId;
use billing::invoice::{Amendment, Charge, ClassicUsageCharge, Invoice, InvoiceLine, UsageCharge, asked_for_next};
use billing::money::Amount;
use billing::party::Organisation;
use billing::ports::{PortError, PortResult};
use billing::rate::ScopeKey;
use billing::tax::TaxSubtotal;
use billing::usage::MeterDescription;
use documents::paper::{
    self, ChargeLine, CustomerCharges, DocumentKind, ExchangeRateNote, InvoicePaper, Party, Remark, TaxLine, Totals,
};
use jiff::civil::Date;

/// The paper of an issued invoice. Nothing is computed here but sums of the lines per customer.
pub(crate) fn invoice_paper(invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<InvoicePaper> {
    let zero = Amount::zero(invoice.currency);
    let totals = invoice.totals;
    Ok(InvoicePaper {
        kind: match how(invoice) {
            None | Some(Amendment::Rebill) => DocumentKind::Invoice,
            Some(Amendment::Credit | Amendment::PartialCredit) => DocumentKind::CreditNote,
            Some(Amendment::Difference | Amendment::DeferredDifference) => DocumentKind::AdjustmentNote,
        },
        number: invoice.number.to_string(),
        amends_number: invoice.amends.as_ref().map(|amends| amends.number.to_string()),
        issuer: party(&invoice.issuer),
        billed_to: party(&invoice.billed_party),
        issued_on: invoice.issued_on(),
        due_on: invoice.due_on,
        payment_terms_days: payment_terms_days(invoice),
        period_from: invoice.period.first_day(),
        period_to_inclusive: invoice.period.last_day(),
        currency: invoice.currency.to_string(),
        minor_digits: invoice.currency.minor_digits(),
        agreement: None,
        purchase_order: None,
        customers: customers(invoice, lines)?,
        totals: Totals {
            charges: totals.charges.to_plain(),
            credits: totals.credits.to_plain(),
            subtotal: totals.subtotal.to_plain(),
            tax: totals.tax.to_plain(),
            adjustments: totals.adjustments.to_plain(),
            total: totals.total.to_plain(),
            // The document is printed as it was issued: before any payment.
            paid: zero.to_plain(),
            due: totals.total.to_plain(),
        },
        tax_lines: invoice.taxes.iter().map(tax_line).collect::<PortResult<_>>()?,
        // An amount that is given back was not converted.
        exchange_rates: match how(invoice) {
            Some(Amendment::PartialCredit) => vec![],
            _ => invoice.exchange_rates.iter().filter_map(exchange_rate_note).collect(),
        },
        notes: notes(invoice),
        remarks: carried_remark(invoice).into_iter().chain(deferred_remark(invoice)?).collect(),
        payment_instructions: vec![],
        locale: invoice.billed_party.language.clone(),
    })
}

/// What an amendment does.
fn how(invoice: &Invoice) -> Option<Amendment> {
    invoice.amends.as_ref().map(|amends| amends.how)
}

/// A note is due on the day that it is issued; a document that charges all anew is due like an invoice.
fn payment_terms_days(invoice: &Invoice) -> u32 {
    match how(invoice) {
        None | Some(Amendment::Rebill) => u32::from(invoice.billed_party.payment_terms_days),
        Some(_) => 0,
    }
}

fn party(organisation: &Organisation) -> Party {
    let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut address_lines = organisation.address_lines.clone();
    address_lines.push(organisation.country.clone());
    Party {
        name: organisation.name.clone(),
        address_lines,
        tax_id: stated(&organisation.tax_id),
        email: stated(&organisation.email),
    }
}

fn customers(invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<Vec<CustomerCharges>> {
    let mut customers: Vec<CustomerCharges> = Vec::new();
    for group in by_customer(lines) {
        let Some(first) = group.first() else { continue };
        let subtotal = Amount::sum(invoice.currency, group.iter().map(|line| line.subtotal))
            .map_err(|error| PortError::new(error.code(), "a customer's lines do not add up", error))?;
        customers.push(CustomerCharges {
            name: first.customer.name.clone(),
            id: first.customer.id.to_string(),
            lines: group.into_iter().map(|line| charge_line(invoice, line)).collect::<PortResult<_>>()?,
            subtotal: subtotal.to_plain(),
        });
    }
    Ok(customers)
}

/// Each customer once: in a note, lines that are new stand behind those of others that were wrong.
fn by_customer(lines: &[InvoiceLine]) -> Vec<Vec<&InvoiceLine>> {
    let mut places: BTreeMap<&CustomerId, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&InvoiceLine>> = Vec::new();
    for line in lines {
        let place = *places.entry(&line.customer.id).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

fn charge_line(invoice: &Invoice, line: &InvoiceLine) -> PortResult<ChargeLine> {
    let plan = if line.subscription_name.is_empty() { line.subscription.as_str() } else { &line.subscription_name };
    let (detail, remarks) = match &line.charge {
        Charge::Usage(usage) => usage_detail(invoice, plan, usage),
        Charge::ClassicUsage(usage) => classic_usage_detail(invoice, plan, line, usage),
        Charge::Licence(licence) => {
            let for_good = licence.term.is_none().then_some(licence.ordered_on);
            (licence_detail(plan, line, for_good), Vec::new())
        }
        Charge::Classic(classic) => {
            (licence_detail(plan, line, None), discount_remark(classic.discount).into_iter().collect())
        }
    };
    let remarks = takes_back_remark(invoice, line).into_iter().chain(remarks).collect();
    let (quantity, unit_price) = charged(line)?;
    Ok(ChargeLine {
        description: description(line).to_owned(),
        detail,
        quantity: quantity.to_string(),
        unit: line.unit_of_measure.clone(),
        unit_price: unit_price.to_string(),
        pricing_currency: line.pricing_currency.to_string(),
        amount: line.subtotal.to_plain(),
        note: None,
        remarks,
    })
}

/// The SKU, else the product, else the meter.
pub(crate) fn description(line: &InvoiceLine) -> &str {
    let metered = line.metered();
    let meter = metered.map_or("", |(_, meter, _)| meter.name.as_str());
    let known = [line.product.sku_name.as_str(), line.product.product_name.as_str(), meter];
    let fallback = metered.map_or(line.product.sku_id.as_str(), |(scope, ..)| scope.meter.as_str());
    known.into_iter().find(|text| !text.is_empty()).unwrap_or(fallback)
}

fn usage_detail(invoice: &Invoice, plan: &str, usage: &UsageCharge) -> (String, Vec<Remark>) {
    let late = late_remark(invoice, &usage.scope);
    let covered = usage.scope.covered_by.clone().map(|order| Remark::CoveredBy { order });
    let remarks = late.into_iter().chain(covered).chain(credit_remark(usage.earned_credit_rates.1)).collect();
    (meter_detail(plan, &usage.meter), remarks)
}

/// What is included stands beside the quantity that is charged, and a discount beside its price.
fn classic_usage_detail(
    invoice: &Invoice,
    plan: &str,
    line: &InvoiceLine,
    usage: &ClassicUsageCharge,
) -> (String, Vec<Remark>) {
    let late = late_remark(invoice, &usage.scope);
    let included = (!usage.included.is_zero())
        .then(|| Remark::Included { included: usage.included.to_string(), consumed: line.quantity.to_string() });
    let remarks = late.into_iter().chain(included).chain(discount_remark(usage.discount)).collect();
    (meter_detail(plan, &usage.meter), remarks)
}

/// The quantity that is charged, with its price: of classic usage what is above the included quantity, at its list price.
fn charged(line: &InvoiceLine) -> PortResult<(Decimal, Decimal)> {
    let Some(usage) = line.classic_usage() else { return Ok((line.quantity, line.effective_unit_price)) };
    let overage = usage.overage(line.quantity);
    let overage = overage.map_err(|error| PortError::new(error.code(), "a quantity has too many digits", error))?;
    Ok((overage, line.unit_price))
}

/// Usage of an earlier month than that of the document.
fn late_remark(invoice: &Invoice, scope: &ScopeKey) -> Option<Remark> {
    let month = scope.usage_month;
    (month != invoice.period).then(|| Remark::LateUsage { month: month.first_day() })
}

fn meter_detail(plan: &str, meter: &MeterDescription) -> String {
    let meter = [&meter.category, &meter.subcategory, &meter.region].map(String::as_str);
    let meter = meter.into_iter().filter(|text| !text.is_empty());
    [plan].into_iter().chain(meter).collect::<Vec<_>>().join(" · ")
}

/// Where some lines take back and others charge anew, which one a line takes back.
fn takes_back_remark(invoice: &Invoice, line: &InvoiceLine) -> Option<Remark> {
    let is_difference = matches!(how(invoice), Some(Amendment::Difference | Amendment::DeferredDifference));
    let name = line.takes_back.as_ref().filter(|_| is_difference)?;
    Some(Remark::TakesBack { line: format!("{}-{}", name.number, name.line_number) })
}

/// The subscription, what happened, and the days that are charged; of what is bought for good the day of the order.
fn licence_detail(plan: &str, line: &InvoiceLine, for_good: Option<Date>) -> String {
    let (from, to) = line.days;
    let days = for_good.map_or_else(|| format!("{from} – {to}"), |day| day.to_string());
    [plan, line.charge_type.as_str(), days.as_str()].join(" · ")
}

/// A discount stands beside the price, not inside it.
fn discount_remark(discount: Amount) -> Option<Remark> {
    (discount.minor != 0).then(|| Remark::Discount { amount: discount.to_plain() })
}

fn tax_line(tax: &TaxSubtotal) -> PortResult<TaxLine> {
    let percent = tax.rate.checked_mul(Decimal::from_integer(100));
    let percent = percent.map_err(|error| PortError::new(error.code(), "a tax rate has too many digits", error))?;
    Ok(TaxLine {
        description: format!("{} · {percent} %", tax.code),
        base: tax.taxable.to_plain(),
        amount: tax.tax.to_plain(),
    })
}

/// What the law asks for, once each, and what the adjustments are for.
fn notes(invoice: &Invoice) -> Vec<String> {
    let legal: BTreeSet<&str> = invoice.taxes.iter().map(|tax| tax.legal_note.as_str()).collect();
    // An amount that is given back has the reason of its note, and one that is moved a remark.
    let is_told = matches!(how(invoice), Some(Amendment::PartialCredit | Amendment::DeferredDifference));
    let adjustments = invoice.adjustments.iter().filter(|_| !is_told);
    let adjustments = adjustments.map(|one| format!("{}: {}", one.reason, one.amount));
    let reason = Some(invoice.reason.clone()).filter(|reason| !reason.is_empty());
    let legal = legal.into_iter().filter(|note| !note.is_empty()).map(str::to_owned);
    reason.into_iter().chain(legal).chain(adjustments).collect()
}

/// The earned credit is inside the price and is never a line of its own.
fn credit_remark(rate: Decimal) -> Option<Remark> {
    let percent = rate.checked_mul(Decimal::from_integer(100)).ok()?;
    (!rate.is_zero()).then(|| Remark::EarnedCredit { percent: percent.to_string() })
}

fn exchange_rate_note(rate: &ExchangeRate) -> Option<ExchangeRateNote> {
    let source = match rate.source {
        RateSource::Identity => return None,
        RateSource::MonthlyUsdPerUnit => paper::RateSource::MonthlyList,
        RateSource::EuropeanCentralBank => paper::RateSource::EuropeanCentralBank,
    };
    Some(ExchangeRateNote {
        from: rate.from.to_string(),
        to: rate.to.to_string(),
        rate: rate.rate.to_string(),
        date: rate.dated,
        source,
    })
}

/// A note that asks for nothing says where its amount is.
fn deferred_remark(invoice: &Invoice) -> PortResult<Option<Remark>> {
    let asked = asked_for_next(invoice)
        .map_err(|error| PortError::new(error.code(), "an adjustment is out of range", error))?;
    Ok(asked.map(|asked| Remark::OnNextInvoice { amount: asked.amount.to_string() }))
}

fn carried_remark(invoice: &Invoice) -> Option<Remark> {
    let meters: BTreeSet<String> = invoice.carried.iter().map(|unpriced| unpriced.scope.meter.to_string()).collect();
    (!meters.is_empty()).then(|| Remark::NotPricedYet { meters: meters.into_iter().collect() })
}
