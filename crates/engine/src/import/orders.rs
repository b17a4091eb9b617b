//! Imports offers and orders of licences.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::BlobDigest;
use billing::licence::{Generation, LicenceOrder, OrderAction};
use billing::party::{Organisation, Subscription};
use billing::ports::{AcceptedOrders, Closure, ListKind};
use formats::error::RejectedLine;
use formats::licence::{read_offers, read_orders};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::lists::counted;
use crate::import::{ImportFile, ImportReport, keep_quarantined, set_aside};
use crate::licences::{OffersByMonth, by_customer, check_orders, know_restatements};
use crate::rating::canonical;

/// Imports one list of offers. Its prices come before those of earlier lists.
///
/// # Errors
/// A file that cannot be read, or a storage failure: then nothing of it was imported.
pub async fn import_offers(books: &Books, file: ImportFile, now: Timestamp) -> EngineResult<ImportReport> {
    let parsed = read_offers(file.input)?;
    let digest = books.ledger.put_blob(&canonical(&parsed.value)?).await?;
    let added = books.ledger.add_list(ListKind::Offers, &digest, &file.name, now).await?;
    let count = u64::try_from(parsed.value.len()).unwrap_or(u64::MAX);
    let mut report = counted(&file.name, count, added);
    report.quarantined =
        parsed.rejected.into_iter().map(|rejected| set_aside(&file.name, "offers", "", rejected)).collect();
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// Orders that are written together.
const ORDERS_PER_WRITE: usize = 10_000;

/// A line of the file: the order, and how it is set aside.
type Row = (LicenceOrder, RejectedLine);

#[derive(Debug, Clone, Copy, Default)]
pub struct OrderOptions {
    /// Accept orders of closed months: what they change of these is charged with the next document (LC-23).
    pub late: bool,
}

/// Accepts the orders of a file. An order that cannot be accepted is set aside and the others are
/// accepted; an order that is known already is a duplicate.
///
/// # Errors
/// A file that cannot be read, or a storage failure; orders that were accepted before it stay so.
pub async fn import_orders(
    books: &Books,
    file: ImportFile,
    options: OrderOptions,
    now: Timestamp,
) -> EngineResult<ImportReport> {
    let parsed = read_orders(file.input)?;
    let taken = take_rows(books, parsed.value, options, now).await?;
    let accepted = u64::try_from(taken.accepted.len()).unwrap_or(u64::MAX);
    let mut report = ImportReport { accepted, duplicate: taken.duplicate, ..counted(&file.name, 0, true) };
    let mut refused = parsed.rejected;
    refused.extend(taken.refused);
    refused.sort_by_key(|line| line.line);
    report.quarantined = refused.into_iter().map(|line| set_aside(&file.name, "orders", "", line)).collect();
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// An order that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedOrder {
    /// Its place among those that were given, from 0.
    pub index: usize,
    pub code: &'static str,
    pub message: String,
}

/// What became of orders.
#[derive(Debug, Clone, Default)]
pub struct OrdersOutcome {
    /// The ids of those that are new.
    pub accepted: Vec<String>,
    /// How many were accepted before.
    pub duplicate: u64,
    pub refused: Vec<RefusedOrder>,
}

/// Accepts orders, each by itself: one that cannot be accepted keeps no other from it.
///
/// # Errors
/// Storage failures; orders that were accepted before it stay so.
pub async fn accept_orders(
    books: &Books,
    orders: Vec<LicenceOrder>,
    options: OrderOptions,
    now: Timestamp,
) -> EngineResult<OrdersOutcome> {
    let row = |(line, order)| {
        let line = RejectedLine {
            line,
            column: 0,
            field: String::new(),
            code: "",
            message: String::new(),
            raw: Vec::new(),
            raw_cut: false,
        };
        (order, line)
    };
    let taken = take_rows(books, (0..).zip(orders).map(row).collect(), options, now).await?;
    let refused = taken.refused.into_iter().map(|line| RefusedOrder {
        index: usize::try_from(line.line).unwrap_or(usize::MAX),
        code: line.code,
        message: line.message,
    });
    Ok(OrdersOutcome { accepted: taken.accepted, duplicate: taken.duplicate, refused: refused.collect() })
}

/// What became of the rows of a file.
#[derive(Default)]
struct Taken {
    accepted: Vec<String>,
    duplicate: u64,
    refused: Vec<RejectedLine>,
}

async fn take_rows(books: &Books, rows: Vec<Row>, options: OrderOptions, now: Timestamp) -> EngineResult<Taken> {
    let mut taken = Taken::default();
    let mut by_party: BTreeMap<OrganisationId, Vec<Row>> = BTreeMap::new();
    let mut parties: BTreeMap<CustomerId, Option<OrganisationId>> = BTreeMap::new();
    for (order, line) in rows {
        if !parties.contains_key(&order.customer) {
            let customer = books.ledger.customer(&order.customer).await?;
            parties.insert(order.customer.clone(), customer.map(|customer| customer.billed_party));
        }
        match parties.get(&order.customer).cloned().flatten() {
            Some(party) => by_party.entry(party).or_default().push((order, line)),
            None => {
                let message = format!("no customer is called {:?}; import it first", order.customer.as_str());
                taken.refused.push(RejectedLine { code: "customer.unknown", message, ..line });
            }
        }
    }
    let offers = books.ledger.lists(ListKind::Offers).await?;
    let mut accepted: Vec<AcceptedOrders> = Vec::new();
    // Subscriptions that wait to be written are not in the directory yet.
    let mut pending = BTreeSet::new();
    for (party, rows) in by_party {
        let mut desk = Desk::open(books, &party, (&offers, &pending), &rows).await?;
        desk.take(rows, options, now, &mut taken.refused);
        pending.extend(desk.accepted.subscriptions.iter().map(|subscription| subscription.id.clone()));
        taken.accepted.extend(desk.accepted.orders.iter().map(|order| order.order_id.clone()));
        taken.duplicate = taken.duplicate.saturating_add(desk.duplicates);
        accepted.push(desk.accepted);
        if accepted.iter().map(|of_party| of_party.orders.len()).sum::<usize>() >= ORDERS_PER_WRITE {
            books.ledger.accept_orders(&std::mem::take(&mut accepted), now).await?;
            pending.clear();
        }
    }
    books.ledger.accept_orders(&accepted, now).await?;
    Ok(taken)
}

/// Accepts the orders of one party.
struct Desk {
    party: Organisation,
    offers: OffersByMonth,
    /// The first day that was billed, and the first that is not billed yet.
    closed: Option<(Date, Date)>,
    known: BTreeMap<String, LicenceOrder>,
    by_customer: BTreeMap<CustomerId, Vec<LicenceOrder>>,
    /// Of the directory, whoever ordered them.
    taken_ids: BTreeSet<SubscriptionId>,
    accepted: AcceptedOrders,
    duplicates: u64,
}

impl Desk {
    /// For some rows, with the lists of offers that are known and the subscriptions that wait to be written.
    async fn open(
        books: &Books,
        party: &OrganisationId,
        (offers, pending): (&[BlobDigest], &BTreeSet<SubscriptionId>),
        rows: &[Row],
    ) -> EngineResult<Self> {
        let ledger = books.ledger.as_ref();
        let unknown =
            || EngineError::new("organisation.unknown", format!("no billed organisation is called {party:?}"));
        let organisation = ledger.organisation(party).await?;
        let mut closures = ledger.closures(party).await?;
        know_restatements(&mut closures, &ledger.restated_months(party).await?);
        let orders: Vec<LicenceOrder> =
            ledger.orders(party, u64::MAX).await?.into_iter().map(|placed| placed.order).collect();
        let new_ids: Vec<SubscriptionId> = rows.iter().filter_map(|(order, _)| order.begins()).cloned().collect();
        let known = ledger.named_subscriptions(&new_ids).await?;
        let mut taken_ids: BTreeSet<_> = known.into_iter().map(|(subscription, _)| subscription.id).collect();
        taken_ids.extend(new_ids.into_iter().filter(|id| pending.contains(id)));
        Ok(Self {
            party: organisation.ok_or_else(unknown)?,
            offers: OffersByMonth::load(books, &closures, offers).await?,
            closed: closures
                .first()
                .zip(closures.last())
                .map(|(first, last): (&Closure, &Closure)| (first.period.first_day(), last.period.end())),
            known: orders.iter().map(|order| (order.order_id.clone(), order.clone())).collect(),
            by_customer: by_customer(orders),
            taken_ids,
            accepted: AcceptedOrders { party: party.clone(), orders: Vec::new(), subscriptions: Vec::new() },
            duplicates: 0,
        })
    }

    fn take(&mut self, rows: Vec<Row>, options: OrderOptions, now: Timestamp, refused: &mut Vec<RejectedLine>) {
        let mut fresh: BTreeMap<CustomerId, Vec<Row>> = BTreeMap::new();
        for (order, line) in rows {
            if self.settle_known(&order, &line, refused) {
                continue;
            }
            match self.check_time(&order, options, now) {
                Err((code, message)) => refused.push(RejectedLine { code, message, ..line }),
                Ok(()) => fresh.entry(order.customer.clone()).or_default().push((order, line)),
            }
        }
        for (customer, rows) in fresh {
            self.take_of_customer(&customer, rows, refused);
        }
    }

    /// Whether the order's id is known: a duplicate, or refused for its other content.
    fn settle_known(&mut self, order: &LicenceOrder, line: &RejectedLine, refused: &mut Vec<RejectedLine>) -> bool {
        match self.known.get(&order.order_id) {
            None => return false,
            Some(known) if known == order => self.duplicates = self.duplicates.saturating_add(1),
            Some(_) => {
                let message = format!("order {:?} was accepted with other content", order.order_id);
                refused.push(RejectedLine { code: "order.id_conflict", message, ..line.clone() });
            }
        }
        true
    }

    fn check_time(
        &self,
        order: &LicenceOrder,
        options: OrderOptions,
        now: Timestamp,
    ) -> Result<(), (&'static str, String)> {
        if order.ordered_at > now {
            return Err(("order.in_future", format!("{} has not come yet", order.ordered_at)));
        }
        let day = order.ordered_on();
        let Some((first, open)) = self.closed.filter(|(_, open)| day < *open) else { return Ok(()) };
        let reason = if !options.late {
            "to charge what it changes with the next document, import it as late"
        } else if day < first {
            "months before the first that was closed here are charged nowhere"
        } else if self.is_of_savings_plan(order) {
            "the usage of these days was billed without the plan: order it from the first open day on"
        } else {
            return Ok(());
        };
        let message = format!("{day} is billed already; orders are open from {open} on; {reason}");
        Err(("order.period_closed", message))
    }

    /// Whether an order begins or changes a savings plan, which pays for usage of its own days.
    fn is_of_savings_plan(&self, order: &LicenceOrder) -> bool {
        let is_concerned = |known: &&LicenceOrder| known.begins().is_some_and(|id| order.concerns(id));
        let begun = self.by_customer.get(&order.customer).into_iter().flatten().filter(is_concerned);
        begun.chain([order]).any(|order| self.offers.begins_commitment(order))
    }

    /// All at once where all can be; one by one where not, so that one bad order takes no other down.
    fn take_of_customer(&mut self, customer: &CustomerId, rows: Vec<Row>, refused: &mut Vec<RejectedLine>) {
        let mut orders = self.by_customer.remove(customer).unwrap_or_default();
        let (mut alone, mut together): (Vec<Row>, _) = (Vec::new(), orders.clone());
        let mut rows = rows;
        // A file need not be in the order of time.
        rows.sort_by_key(|(order, _)| order.ordered_at);
        for (order, line) in rows {
            // Another customer's order of this file may have the id by now.
            if self.settle_known(&order, &line, refused) {
                continue;
            }
            match order.begins().filter(|id| self.taken_ids.contains(*id)) {
                Some(id) => {
                    let message = format!("subscription {:?} exists already", id.as_str());
                    refused.push(RejectedLine { code: "order.subscription_exists", message, ..line });
                }
                None => {
                    together.push(order.clone());
                    alone.push((order, line));
                }
            }
        }
        together.sort_by_key(|order| order.ordered_at);
        let ids: BTreeSet<&str> = alone.iter().map(|(order, _)| order.order_id.as_str()).collect();
        let all = ids.len() == alone.len() && self.refuse_first_bad(&mut together, &mut alone, refused);
        for (order, line) in alone {
            let mut with_it = orders.clone();
            if !all {
                // The same id may stand in the file twice.
                if self.settle_known(&order, &line, refused) {
                    continue;
                }
                with_it.push(order.clone());
                with_it.sort_by_key(|order| order.ordered_at);
                if let Err(failure) = check_orders(self.party.currency, &self.offers, &with_it) {
                    let error = failure.error;
                    refused.push(RejectedLine { code: error.code(), message: error.to_string(), ..line });
                    continue;
                }
                orders = with_it;
            }
            self.accept(order);
        }
        let kept = if all { together } else { orders };
        self.by_customer.insert(customer.clone(), kept);
    }

    /// Takes out the orders that fail, each the first in time, as long as they are new ones. False where an
    /// order that was accepted before would fail: then each new one is tried by itself.
    fn refuse_first_bad(
        &self,
        together: &mut Vec<LicenceOrder>,
        alone: &mut Vec<Row>,
        refused: &mut Vec<RejectedLine>,
    ) -> bool {
        loop {
            let Err(failure) = check_orders(self.party.currency, &self.offers, together) else { return true };
            let failed = failure.order_id.as_ref();
            let Some(place) = alone.iter().position(|(order, _)| Some(&order.order_id) == failed) else {
                return false;
            };
            let (order, line) = alone.remove(place);
            together.retain(|other| other.order_id != order.order_id);
            let error = failure.error;
            refused.push(RejectedLine { code: error.code(), message: error.to_string(), ..line });
        }
    }

    /// What the subscription that an order begins is called; the product's id where nothing else is known.
    fn name_of(&self, order: &LicenceOrder) -> String {
        let (key, fallback) = match &order.action {
            OrderAction::Purchase(purchase) => (Some(&purchase.offer), purchase.offer.product_id.clone()),
            OrderAction::Upgrade { to: Some(to), .. } => (None, to.product_id.clone()),
            _ => (None, String::new()),
        };
        let known = key.map(|key| self.offers.name_of(key, self.party.currency, order.ordered_on()));
        known.filter(|name| !name.is_empty()).unwrap_or(fallback)
    }

    fn accept(&mut self, order: LicenceOrder) {
        if let Some(id) = order.begins().cloned() {
            let name = self.name_of(&order);
            self.taken_ids.insert(id.clone());
            let customer = order.customer.clone();
            // The generation of its usage; that of the licence is its offer's.
            let (earned_credit, generation) = (Vec::new(), Generation::default());
            self.accepted.subscriptions.push(Subscription { id, customer, name, earned_credit, generation });
        }
        self.known.insert(order.order_id.clone(), order.clone());
        self.accepted.orders.push(order);
    }
}
