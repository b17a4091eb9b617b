//! What a party's licences are charged in a month.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use billing::ids::{CustomerId, SubscriptionId};
use billing::invoice::{
    BlobDigest, EarlierMonths, EarlierTerms, InvoiceLine, InvoiceNumber, InvoiceType, ListDigests, RestatedMonth,
};
use billing::licence::{
    Cycle, Generation, KnownOffers, LicenceCharges, LicenceFailure, LicenceOrder, OfferBook, OfferKey, PlacedOrder,
    PlanHolding, late_charges, licence_charges, plan_holdings,
};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::ports::Closure;
use billing::rate::{ScopeKey, ScopeMonth};
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{IssuedInvoice, find};

/// Offers as they were known when each month was closed (LC-16).
#[derive(Debug, Clone)]
pub(crate) struct OffersByMonth {
    book: Arc<OfferBook>,
    /// How many lists were known, by the type of the document; none for a month without documents.
    closed: BTreeMap<(BillingPeriod, Option<InvoiceType>), u64>,
}

impl OffersByMonth {
    /// Those of a party's closed months, and all that `digests` name for the others.
    pub(crate) async fn load<'c>(
        books: &Books,
        closures: impl IntoIterator<Item = &'c Closure>,
        digests: &[BlobDigest],
    ) -> EngineResult<Self> {
        let known = |closure: &Closure| ((closure.period, closure.invoice_type()), closure.lists.offers);
        let closed = closures.into_iter().map(known).collect();
        Ok(Self { book: books.offers(digests).await?, closed })
    }

    /// What a product is called in the list of a day; empty where it is not there.
    pub(crate) fn name_of(&self, key: &OfferKey, own: Currency, day: Date) -> String {
        let product = self.on(Generation::NewCommerce, day).find(key, own, day).map(|offer| &offer.product);
        let names = product.map(|product| [&product.sku_name, &product.product_name]).into_iter().flatten();
        names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
    }

    /// Whether an order begins a savings plan.
    pub(crate) fn begins_commitment(&self, order: &LicenceOrder) -> bool {
        self.book.begins_commitment(order)
    }

    /// Of a month with one document that one decides for all.
    fn on(&self, generation: Generation, day: Date) -> KnownOffers<'_> {
        let Ok(month) = BillingPeriod::containing(day) else { return self.book.all() };
        let of = |invoice_type: Option<InvoiceType>| self.closed.get(&(month, invoice_type));
        let own = billed_on(generation);
        let other = match own {
            InvoiceType::OneTime => InvoiceType::Recurring,
            InvoiceType::Recurring => InvoiceType::OneTime,
        };
        match of(Some(own)).or_else(|| of(Some(other))).or_else(|| of(None)) {
            Some(lists) => self.book.through(*lists),
            None => self.book.all(),
        }
    }
}

/// The documents that charge the licences of a generation.
fn billed_on(generation: Generation) -> InvoiceType {
    match generation {
        Generation::NewCommerce => InvoiceType::OneTime,
        Generation::Classic => InvoiceType::Recurring,
    }
}

/// Which orders the documents of closed months have charged (LC-23).
#[derive(Debug, Clone)]
pub(crate) struct ChargedOrders {
    /// In their order, without twins.
    months: Vec<BillingPeriod>,
    /// Of the last closing: an order of an earlier month that came before it was charged then at the latest.
    through: u64,
    restated: Vec<RestatedMonth>,
}

impl ChargedOrders {
    /// Of closures as they were written, and of what restated them.
    pub(crate) fn of(closures: &[Closure], restated: &[RestatedMonth]) -> Self {
        let months: BTreeSet<BillingPeriod> = closures.iter().map(|closure| closure.period).collect();
        let through = closures.iter().map(|closure| closure.lists.orders).max().unwrap_or(0);
        Self { months: months.into_iter().collect(), through, restated: restated.to_vec() }
    }

    /// What orders up to this place change of a month, its own documents or later ones have charged. A month that is
    /// restated charges with its own orders those of earlier months that came late.
    pub(crate) fn through(&self, month: BillingPeriod, invoice_type: InvoiceType) -> u64 {
        let of_type = |one: &&RestatedMonth| one.period >= month && InvoiceType::of(&one.by) == Some(invoice_type);
        self.restated.iter().filter(of_type).map(|one| one.lists.orders).fold(self.through, u64::max)
    }

    /// Whether some of the orders may change what is billed.
    fn may_miss(&self, orders: &[PlacedOrder]) -> bool {
        let Some(last) = self.months.last() else { return false };
        orders.iter().any(|placed| placed.place > self.through && placed.order.ordered_on() < last.end())
    }
}

/// Months that were restated know the lists of their restatement from then on, each of its documents by itself.
pub(crate) fn know_restatements(closures: &mut [Closure], restated: &[RestatedMonth]) {
    for closure in closures {
        let letter = closure.invoice.as_ref().and_then(InvoiceNumber::letter);
        let is_restated = |month: &&RestatedMonth| month.period == closure.period && month.by.letter() == letter;
        if let Some(month) = restated.iter().find(is_restated) {
            closure.lists = month.lists;
            // Who was billed, and how: as the document of the restatement says.
            closure.invoice = Some(month.by.clone());
        }
    }
}

/// What a month gives back of closed ones.
#[derive(Debug)]
pub(crate) struct GivenBack<'a> {
    subscription: &'a SubscriptionId,
    /// The months of these days have documents that may have charged it; the second is the first that is not meant.
    billed: (Date, Date),
    /// Of seats, the days that they are given back for: whatever document has charged these.
    span: Option<Cycle>,
    /// Of the documents that charged it.
    invoice_type: InvoiceType,
}

/// Seats that are given back, and late usage below zero.
pub(crate) fn given_back<'a>(
    licences: &'a LicenceCharges,
    scopes: &'a BTreeMap<ScopeKey, ScopeMonth<'_>>,
    period: BillingPeriod,
) -> impl Iterator<Item = GivenBack<'a>> {
    let returned = licences.new_commerce.iter().filter(|line| line.charge.effective_price.fraction().0.is_negative());
    let seats = returned.map(move |line| GivenBack {
        subscription: &line.subscription,
        billed: (line.term.0, period.first_day()),
        span: Some(line.charge.span),
        invoice_type: InvoiceType::OneTime,
    });
    let classic = licences.classic.iter().filter(|line| line.charge.amount.is_negative());
    let seats = seats.chain(classic.map(move |line| GivenBack {
        subscription: &line.subscription,
        billed: (line.term.0, period.first_day()),
        span: Some(line.charge.span),
        invoice_type: InvoiceType::Recurring,
    }));
    let is_late_credit = move |(scope, month): &(&ScopeKey, &ScopeMonth<'_>)| {
        scope.usage_month < period && month.totals.pricing_total.is_negative()
    };
    let usage = scopes.iter().filter(is_late_credit).map(|(scope, month)| GivenBack {
        subscription: &scope.subscription,
        billed: (scope.usage_month.first_day(), scope.usage_month.end()),
        span: None,
        invoice_type: if month.rates.is_some() { InvoiceType::Recurring } else { InvoiceType::OneTime },
    });
    seats.chain(usage)
}

/// Why something is not given back: a month that charged it was credited in full, so that it would be given
/// back twice (code, sentence).
///
/// # Errors
/// Storage failures.
pub(crate) async fn credited_month(
    books: &Books,
    closures: &[Closure],
    given_back: impl Iterator<Item = GivenBack<'_>>,
) -> EngineResult<Option<(String, String)>> {
    for GivenBack { subscription, billed: (from, until), span, invoice_type } in given_back {
        let charged = |closure: &&Closure| closure.period.end() > from && closure.period.first_day() < until;
        let of_type = |closure: &&Closure| closure.invoice_type() == Some(invoice_type);
        for number in closures.iter().filter(charged).filter(of_type).filter_map(|closure| closure.invoice.as_ref()) {
            let mut document = find(books, None, number).await?;
            // Of a restated month the correction is named.
            if let Some(amends) = document.invoice.amends.take() {
                document = find(books, None, &amends.number).await?;
            }
            let has_charged = match span {
                Some(span) if document.stands_at_nothing() => {
                    charged_seats(books, &document, subscription, span).await?
                }
                _ => true,
            };
            if document.stands_at_nothing() && has_charged {
                let number = &document.stored.number;
                let message = format!(
                    "subscription {subscription} gives back what {number} charged, all of which was credited; bill \
                     {number} anew first: `quittance restate --as rebill --org {}`",
                    document.stored.party
                );
                return Ok(Some(("close.credited_month".to_owned(), message)));
            }
        }
    }
    Ok(None)
}

/// Whether an invoice, or a document behind it, charged seats of a subscription for some of the days.
async fn charged_seats(
    books: &Books,
    invoice: &IssuedInvoice,
    subscription: &SubscriptionId,
    days: Cycle,
) -> EngineResult<bool> {
    for document in std::iter::once(invoice).chain(&invoice.amendments) {
        let stored = books.ledger.invoice_lines_of(&document.stored.number, std::slice::from_ref(subscription)).await?;
        for bytes in stored {
            let line: InvoiceLine = serde_json::from_slice(&bytes).map_err(|error| {
                EngineError::damaged(&format!("a line of invoice {}", document.stored.number), error)
            })?;
            let is_charge = line.takes_back.is_none() && line.metered().is_none() && line.subtotal.minor > 0;
            if is_charge && line.days.0 < days.until && line.days.1 >= days.from {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What rates and taxes were when the documents of closed months that `charges` go back to were billed.
///
/// # Errors
/// Storage failures.
pub(crate) async fn earlier_terms(
    books: &Books,
    closures: &[Closure],
    digests: &ListDigests,
    charges: &LicenceCharges,
    period: BillingPeriod,
) -> EngineResult<EarlierMonths> {
    let mut terms = EarlierMonths::new();
    let new_commerce = charges.new_commerce.iter().map(|line| (InvoiceType::OneTime, line.rated_on));
    let classic = charges.classic.iter().map(|line| (InvoiceType::Recurring, line.rated_on));
    for (invoice_type, day) in new_commerce.chain(classic).filter(|(_, day)| *day < period.first_day()) {
        let of_type = |closure: &&Closure| closure.invoice_type() == Some(invoice_type);
        let billed = closures.iter().filter(of_type).find(|closure| closure.period.contains(day));
        let Some((closure, number)) = billed.and_then(|closure| Some((closure, closure.invoice.as_ref()?))) else {
            continue;
        };
        let key = (invoice_type, closure.period);
        if terms.contains_key(&key) {
            continue;
        }
        let known = closure.lists;
        let earlier = EarlierTerms {
            fx: books.fx(first(&digests.exchange_rates, known.exchange_rates)).await?,
            taxes: books.taxes(first(&digests.tax_rates, known.tax_rates)).await?,
            party: find(books, None, number).await?.invoice.billed_party,
        };
        terms.insert(key, earlier);
    }
    Ok(terms)
}

fn first(lists: &[BlobDigest], count: u64) -> &[BlobDigest] {
    usize::try_from(count).ok().and_then(|count| lists.get(..count)).unwrap_or(lists)
}

/// Orders by customer, each customer's in the order of their times.
pub(crate) fn by_customer(orders: impl IntoIterator<Item = LicenceOrder>) -> BTreeMap<CustomerId, Vec<LicenceOrder>> {
    let mut customers: BTreeMap<CustomerId, Vec<LicenceOrder>> = BTreeMap::new();
    for order in orders {
        customers.entry(order.customer.clone()).or_default().push(order);
    }
    // Stable: of one time, the earlier accepted comes first.
    customers.values_mut().for_each(|orders| orders.sort_by_key(|order| order.ordered_at));
    customers
}

/// The lines that `period` bills, of each generation by customer, subscription and day: first what orders that came
/// late change of closed months (LC-23), then its own.
///
/// # Errors
/// `order.*`, `licence.*`: the party cannot be billed.
pub(crate) fn lines_of_period(
    own: Currency,
    offers: &OffersByMonth,
    charged: &ChargedOrders,
    orders: Vec<PlacedOrder>,
    period: BillingPeriod,
) -> EngineResult<LicenceCharges> {
    let mut charges = LicenceCharges::default();
    if charged.may_miss(&orders) {
        let mut customers: BTreeMap<&CustomerId, Vec<PlacedOrder>> = BTreeMap::new();
        for placed in &orders {
            customers.entry(&placed.order.customer).or_default().push(placed.clone());
        }
        for orders in customers.values().filter(|orders| charged.may_miss(orders)) {
            late_lines(own, offers, charged, orders, &mut charges)?;
        }
    }
    for orders in by_customer(orders.into_iter().map(|placed| placed.order)).values() {
        let found = lines_of_month(own, offers, orders, period)?;
        charges.new_commerce.extend(found.new_commerce);
        charges.classic.extend(found.classic);
    }
    Ok(charges)
}

/// What the orders of one customer charge in a month; they are in the order of their times.
fn lines_of_month(
    own: Currency,
    offers: &OffersByMonth,
    orders: &[LicenceOrder],
    month: BillingPeriod,
) -> EngineResult<LicenceCharges> {
    let days = Cycle { from: month.first_day(), until: month.end() };
    licence_charges(own, &|generation, day| offers.on(generation, day), orders, days)
        .map_err(|failure| EngineError::new(failure.error.code(), failure.to_string()))
}

/// What orders of one customer that no document has charged change of closed months.
fn late_lines(
    own: Currency,
    offers: &OffersByMonth,
    charged: &ChargedOrders,
    orders: &[PlacedOrder],
    charges: &mut LicenceCharges,
) -> EngineResult<()> {
    let of = |month: BillingPeriod, through: u64| {
        let known = orders.iter().filter(|placed| placed.place <= through).map(|placed| placed.order.clone());
        let orders = by_customer(known).into_values().next().unwrap_or_default();
        lines_of_month(own, offers, &orders, month)
    };
    for month in &charged.months {
        for generation in [Generation::NewCommerce, Generation::Classic] {
            let through = charged.through(*month, billed_on(generation));
            let is_late = |placed: &PlacedOrder| placed.place > through && placed.order.ordered_on() < month.end();
            if !orders.iter().any(is_late) {
                continue;
            }
            let late = late_charges(of(*month, through)?, of(*month, u64::MAX)?)
                .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            match generation {
                Generation::NewCommerce => charges.new_commerce.extend(late.new_commerce),
                Generation::Classic => charges.classic.extend(late.classic),
            }
        }
    }
    Ok(())
}

/// The savings plans that cover usage of `period`, by the customers that hold them.
///
/// # Errors
/// As [`lines_of_period`]: the party cannot be rated.
pub(crate) fn plans_of_period(
    own: Currency,
    offers: &OffersByMonth,
    orders: &[PlacedOrder],
    period: BillingPeriod,
) -> EngineResult<BTreeMap<CustomerId, Vec<PlanHolding>>> {
    let mut plans = BTreeMap::new();
    let days = Cycle { from: period.first_day(), until: period.end() };
    let orders = || orders.iter().map(|placed| &placed.order);
    let begins = |order: &&LicenceOrder| offers.begins_commitment(order);
    let holders: BTreeSet<&CustomerId> = orders().filter(begins).map(|order| &order.customer).collect();
    let of_holders = orders().filter(|order| holders.contains(&order.customer)).cloned();
    for (customer, orders) in by_customer(of_holders) {
        let held = plan_holdings(own, &|generation, day| offers.on(generation, day), &orders, days)
            .map_err(|failure| EngineError::new(failure.error.code(), failure.to_string()))?;
        if !held.is_empty() {
            plans.insert(customer, held);
        }
    }
    Ok(plans)
}

/// Whether orders of one customer can all be accepted; the first that cannot.
pub(crate) fn check_orders(
    own: Currency,
    offers: &OffersByMonth,
    orders: &[LicenceOrder],
) -> Result<(), Box<LicenceFailure>> {
    let Some(last) = orders.iter().map(LicenceOrder::ordered_on).max() else { return Ok(()) };
    let days = Cycle { from: last, until: last.tomorrow().unwrap_or(last) };
    licence_charges(own, &|generation, day| offers.on(generation, day), orders, days).map(|_| ())
}
