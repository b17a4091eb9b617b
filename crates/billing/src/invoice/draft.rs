//! The drafts of a party's invoices: all lines and totals, computed before anything is written (D4).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decimal::DecimalError;
use crate::fx::{ExchangeRate, FxTable};
use crate::ids::SubscriptionId;
use crate::invoice::draft_classic::draft_classic;
use crate::invoice::draft_classic_usage::draft_classic_usage;
use crate::invoice::line::{Charge, InvoiceLine, LicenceDetails, UsageCharge};
use crate::invoice::totals::{DocumentTotals, document_totals};
use crate::invoice::{Adjustment, InvoiceType};
use crate::licence::{ChargeType, LicenceCharges, LicenceError, LicenceLine, OrderError};
use crate::money::{Amount, Currency, MoneyError};
use crate::party::{Organisation, PartyDirectory};
use crate::period::BillingPeriod;
use crate::rate::{MonthAmounts, PRICE_DIGITS, ScopeKey, ScopeMonth, UnpricedUsage, month_amounts};
use crate::tax::{TaxCode, TaxError, TaxSubtotal, TaxTable, TaxedProduct, assess};

/// A line with the figures that its checks need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftedLine {
    pub line: InvoiceLine,
    /// Of usage.
    pub amounts: Option<MonthAmounts>,
    /// The earlier month whose rates it has: what was charged then is taken back whole.
    pub of_month: Option<BillingPeriod>,
}

/// What decided rates and taxes when an earlier month was billed. What is taken back of that month takes
/// back the same.
#[derive(Debug, Clone)]
pub struct EarlierTerms {
    pub fx: Arc<FxTable>,
    pub taxes: Arc<TaxTable>,
    /// As it was billed.
    pub party: Organisation,
}

/// One party's invoice before its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub invoice_type: InvoiceType,
    pub issuer: Organisation,
    pub billed_party: Organisation,
    pub period: BillingPeriod,
    pub currency: Currency,
    pub lines: Vec<DraftedLine>,
    pub totals: DocumentTotals,
    pub taxes: Vec<TaxSubtotal>,
    pub adjustments: Vec<Adjustment>,
    pub exchange_rates: Vec<ExchangeRate>,
    pub unpriced: Vec<UnpricedUsage>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("subscription {0:?} or its customer is missing in the directory")]
    Directory(SubscriptionId),
    #[error("an amount of meter {} has more digits than can be kept exactly", scope.meter)]
    Amount { scope: ScopeKey, cause: DecimalError },
    #[error("subscription {subscription:?}: {cause}")]
    Licence { subscription: SubscriptionId, cause: OrderError },
    #[error(transparent)]
    Tax(#[from] TaxError),
    #[error(transparent)]
    Total(#[from] MoneyError),
}

impl DraftError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Directory(_) => "rating.subscription_unknown",
            Self::Amount { cause, .. } => cause.code(),
            Self::Licence { cause, .. } => cause.code(),
            Self::Tax(error) => error.code(),
            Self::Total(error) => error.code(),
        }
    }
}

/// What decided rates and taxes of earlier documents, by their type and month.
pub type EarlierMonths = BTreeMap<(InvoiceType, BillingPeriod), EarlierTerms>;

/// A party's documents of one month. One without lines is not issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyDrafts {
    pub one_time: Draft,
    /// Licences and usage of the classic generation.
    pub recurring: Draft,
}

impl PartyDrafts {
    pub fn iter(&self) -> impl Iterator<Item = &Draft> {
        [&self.one_time, &self.recurring].into_iter()
    }

    /// Those that are issued, in their order.
    pub fn into_documents(self) -> impl Iterator<Item = Draft> {
        [self.one_time, self.recurring].into_iter().filter(|draft| !draft.lines.is_empty())
    }

    #[must_use]
    pub fn of_type(self, invoice_type: InvoiceType) -> Draft {
        match invoice_type {
            InvoiceType::OneTime => self.one_time,
            InvoiceType::Recurring => self.recurring,
        }
    }

    #[must_use]
    pub fn have_lines(&self) -> bool {
        self.iter().any(|draft| !draft.lines.is_empty())
    }

    /// It stands with one of them.
    #[must_use]
    pub fn unpriced(&self) -> &[UnpricedUsage] {
        if self.one_time.unpriced.is_empty() { &self.recurring.unpriced } else { &self.one_time.unpriced }
    }
}

/// What a party's invoices are drafted from.
#[derive(Debug)]
pub struct DraftInputs<'a> {
    pub directory: &'a PartyDirectory,
    pub period: BillingPeriod,
    pub scopes: &'a BTreeMap<ScopeKey, ScopeMonth<'a>>,
    pub unpriced: Vec<UnpricedUsage>,
    /// Of the period.
    pub licences: LicenceCharges,
    pub fx: &'a FxTable,
    pub taxes: &'a TaxTable,
    /// Of closed months that licences go back to.
    pub earlier: &'a EarlierMonths,
    pub adjustments: Vec<Adjustment>,
    /// The document that they stand on, where that is decided; else the one-time document, or the recurring one where
    /// only that has lines (IN-2).
    pub adjusted: Option<InvoiceType>,
}

/// Drafts the invoices of one party. What is classic stands on the recurring one, all else on the one-time one
/// (IN-6). Lines stand in the order of their customers; of one customer, usage by plan, meter and month, then
/// licences by subscription and day.
///
/// # Errors
/// An amount that does not fit, a missing rate; the party is parked.
pub fn draft_invoices(inputs: DraftInputs<'_>) -> Result<PartyDrafts, DraftError> {
    let DraftInputs { directory, period, scopes, unpriced, licences, fx, taxes, earlier, adjustments, adjusted } =
        inputs;
    let LicenceCharges { new_commerce, classic } = licences;
    let mut one_time = Vec::with_capacity(scopes.len().saturating_add(new_commerce.len()));
    let mut recurring = Vec::with_capacity(classic.len());
    for (scope, month) in scopes {
        match &month.rates {
            Some(rates) => recurring.extend(draft_classic_usage(directory, scope, month, rates)?),
            None => one_time.push(draft_usage(directory, scope, month)?),
        }
    }
    for licence in new_commerce {
        one_time.push(draft_licence(directory, licence, fx, earlier)?);
    }
    for line in classic {
        recurring.push(draft_classic(directory, line, earlier)?);
    }
    let only_recurring = one_time.is_empty() && !recurring.is_empty();
    let first = if only_recurring { InvoiceType::Recurring } else { InvoiceType::OneTime };
    let adjusted = adjusted.unwrap_or(first);
    let desk = Desk { directory, period, taxes, earlier };
    let (mut adjustments, mut unpriced) = (Some(adjustments), Some(unpriced));
    let mut draft = |invoice_type, lines| {
        let adjustments = adjustments.take_if(|_| adjusted == invoice_type).unwrap_or_default();
        let unpriced = unpriced.take_if(|_| first == invoice_type).unwrap_or_default();
        desk.draft((invoice_type, lines), adjustments, unpriced)
    };
    let one_time = draft(InvoiceType::OneTime, one_time)?;
    Ok(PartyDrafts { one_time, recurring: draft(InvoiceType::Recurring, recurring)? })
}

/// What all documents of a party share.
struct Desk<'a> {
    directory: &'a PartyDirectory,
    period: BillingPeriod,
    taxes: &'a TaxTable,
    earlier: &'a EarlierMonths,
}

impl Desk<'_> {
    fn draft(
        &self,
        (invoice_type, mut lines): (InvoiceType, Vec<DraftedLine>),
        adjustments: Vec<Adjustment>,
        unpriced: Vec<UnpricedUsage>,
    ) -> Result<Draft, DraftError> {
        let Self { directory, period, taxes, earlier } = *self;
        let currency = directory.party.currency;
        lines.sort_by(|a, b| a.line.customer.id.cmp(&b.line.customer.id));
        let mut exchange_rates: Vec<ExchangeRate> = Vec::new();
        for (number, DraftedLine { line, .. }) in (1_u32..).zip(&mut lines) {
            line.line_number = number;
            if !exchange_rates.contains(&line.exchange_rate) {
                exchange_rates.push(line.exchange_rate.clone());
            }
        }
        let taxes = tax_lines(directory, taxes, (earlier, invoice_type), &mut lines)?;
        let amounts = lines.iter().map(|d| (d.line.subtotal, d.line.tax));
        let totals = document_totals(currency, amounts, adjustments.iter().map(|adjustment| adjustment.amount))?;
        Ok(Draft {
            invoice_type,
            issuer: directory.issuer.clone(),
            billed_party: directory.party.clone(),
            period,
            currency,
            lines,
            totals,
            taxes,
            adjustments,
            exchange_rates,
            unpriced,
        })
    }
}

/// Taxes all lines by the party's country and treatment; the last day that a line charges decides
/// (TX-2), and for what is taken back the lists that it was billed with. Without any rate nothing is
/// taxed (TX-4).
fn tax_lines(
    directory: &PartyDirectory,
    table: &TaxTable,
    (earlier, invoice_type): (&EarlierMonths, InvoiceType),
    lines: &mut [DraftedLine],
) -> Result<Vec<TaxSubtotal>, DraftError> {
    let (mut taxed, mut rated) = (Vec::new(), Vec::new());
    for drafted in lines.iter_mut() {
        let of_month = drafted.of_month.and_then(|month| earlier.get(&(invoice_type, month)));
        let (party, table) = of_month.map_or((&directory.party, table), |terms| (&terms.party, &*terms.taxes));
        if table.is_empty() {
            continue;
        }
        let line = &mut drafted.line;
        let product = TaxedProduct { product_id: &line.product.product_id, sku_id: &line.product.sku_id };
        let rate = table.rate(&party.country, party.tax.treatment, product, line.days.1)?;
        rated.push((line.subtotal, rate));
        taxed.push(line);
    }
    let assessed = assess(directory.party.currency, &rated, directory.issuer.tax.rounding)?;
    for ((line, tax), (_, rate)) in taxed.into_iter().zip(assessed.lines).zip(rated) {
        line.tax = tax;
        line.tax_code.clone_from(&rate.code);
    }
    Ok(assessed.subtotals)
}

fn draft_usage(
    directory: &PartyDirectory,
    scope: &ScopeKey,
    month: &ScopeMonth<'_>,
) -> Result<DraftedLine, DraftError> {
    let (subscription, customer) =
        directory.subscription(&scope.subscription).ok_or_else(|| DraftError::Directory(scope.subscription.clone()))?;
    let (totals, currency) = (month.totals, directory.party.currency);
    let failed = |cause| DraftError::Amount { scope: scope.clone(), cause };
    let amounts = month_amounts(
        totals.pricing_total,
        totals.quantity,
        month.exchange_rate.rate,
        month.price.currency.minor_digits(),
        currency.minor_digits(),
    )
    .map_err(failed)?;
    let unit_price = match month.single_unit_price {
        Some(price) => price,
        None if totals.quantity.is_zero() => month.price.tiers.first_price(),
        None => totals.list_amount.div_significant(totals.quantity, PRICE_DIGITS).map_err(failed)?,
    };
    let line = InvoiceLine {
        line_number: 0,
        customer: customer.clone(),
        subscription: scope.subscription.clone(),
        subscription_name: subscription.name.clone(),
        charge_type: if amounts.pricing_total.is_negative() { ChargeType::Cancel } else { ChargeType::New }.into(),
        product: month.price.product.clone(),
        unit_of_measure: month.price.unit_of_measure.clone(),
        days: month.days,
        quantity: totals.quantity,
        unit_price,
        effective_unit_price: amounts.effective_unit_price,
        pricing_currency: month.price.currency,
        exchange_rate: month.exchange_rate.clone(),
        subtotal: Amount::exact(amounts.subtotal, currency)?,
        tax: Amount::zero(currency),
        tax_code: TaxCode::new(),
        charge: Charge::Usage(UsageCharge {
            scope: scope.clone(),
            meter: month.price.meter.clone(),
            pricing_exact: totals.pricing_total,
            pricing_total: amounts.pricing_total,
            earned_credit_rates: month.earned_credit_rates,
            daily_line_count: totals.daily_line_count,
            consumed_after: month.consumed_after,
        }),
        takes_back: None,
    };
    Ok(DraftedLine { line, amounts: Some(amounts), of_month: None })
}

/// What one seat is called on the wire.
pub(super) const SEAT_UNIT: &str = "Licenses";

fn draft_licence(
    directory: &PartyDirectory,
    licence: LicenceLine,
    fx: &FxTable,
    earlier: &EarlierMonths,
) -> Result<DraftedLine, DraftError> {
    let LicenceLine { subscription: id, order_id, ordered_on, offer, discounts, term, rated_on, charge } = licence;
    let (subscription, customer) = directory.subscription(&id).ok_or_else(|| DraftError::Directory(id.clone()))?;
    let currency = directory.party.currency;
    let failed = |cause| DraftError::Licence { subscription: id.clone(), cause };
    let month = BillingPeriod::containing(rated_on).map_err(|_| failed(LicenceError::Calendar.into()))?;
    let terms = earlier.get(&(InvoiceType::OneTime, month));
    let fx = terms.map_or(fx, |terms| &terms.fx);
    let exchange_rate = fx.rate(offer.currency, currency, month).map_err(|error| failed(error.into()))?;
    let subtotal =
        charge.subtotal(exchange_rate.rate, currency.minor_digits()).map_err(|error| failed(error.into()))?;
    let line = InvoiceLine {
        line_number: 0,
        customer: customer.clone(),
        subscription: id.clone(),
        subscription_name: subscription.name.clone(),
        charge_type: charge.charge_type.into(),
        product: offer.product,
        unit_of_measure: SEAT_UNIT.to_owned(),
        days: (charge.span.from, charge.span.last_day()),
        quantity: charge.seats,
        unit_price: offer.unit_price,
        effective_unit_price: charge.effective_price.printed().map_err(|error| failed(error.into()))?,
        pricing_currency: offer.currency,
        exchange_rate,
        subtotal: Amount::exact(subtotal, currency)?,
        tax: Amount::zero(currency),
        tax_code: TaxCode::new(),
        charge: Charge::Licence(LicenceDetails {
            order_id,
            ordered_on,
            category: offer.category,
            term: offer.term,
            plan: offer.plan,
            term_days: (term.0, term.1.and_then(|until| until.yesterday().ok())),
            qualifiers: offer.qualifiers,
            discounts,
            price_fraction: charge.effective_price.fraction(),
        }),
        takes_back: None,
    };
    Ok(DraftedLine { line, amounts: None, of_month: terms.map(|_| month) })
}
