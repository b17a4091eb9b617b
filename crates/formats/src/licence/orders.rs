//! Orders of licences.
//!
//! `order_id`, `ordered_at`, `action`, `customer_id`, `subscription_id`; with a purchase `product_id`,
//! `sku_id`, `term`, `billing_plan`, `seats`, optional `auto_renew`, `ends_on`, `discount`; with other
//! actions `seats`, `billing_plan`, `auto_renew`, `target_subscription_id`, `product_id`, `sku_id`.

use billing::ids::IdError;
use billing::licence::{
    AnchorRule, BillingPlan, Discount, LicenceOrder, OfferKey, OrderAction, Purchase, Term, UpgradeTo,
};
use jiff::Timestamp;

use super::{required, text, whole, word};
use crate::csv::{Column, CsvReader, Record, Row};
use crate::directory::kind;
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::number;
use crate::source::Input;

/// What this module reads, for messages.
const WANTED: &str = "orders";

#[derive(Debug, Clone, Copy)]
struct Columns {
    order_id: Column,
    ordered_at: Column,
    action: Column,
    customer: Column,
    subscription: Column,
    product: Option<Column>,
    sku: Option<Column>,
    term: Option<Column>,
    plan: Option<Column>,
    seats: Option<Column>,
    auto_renew: Option<Column>,
    ends_on: Option<Column>,
    discount: Option<Column>,
    target: Option<Column>,
}

/// Reads orders with the lines that they stand on, in the order of the file.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `licence.file.no_rows`. Lines with a wrong field are set aside.
pub fn read_orders(input: Input) -> Result<Parsed<Vec<(LicenceOrder, RejectedLine)>>, FileError> {
    let mut reader = kind::csv_reader(input, WANTED)?;
    let columns = Columns::of(&reader)?;
    let (mut value, mut rejected) = (Vec::new(), Vec::new());
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        match row {
            Row::Rejected(line) => rejected.push(line),
            Row::Record(record) => match order(&record, &columns) {
                // As it is set aside, should it be refused.
                Ok(order) => value.push((order, record.reject(columns.order_id, "", ""))),
                Err(line) => rejected.push(line),
            },
        }
    }
    if record_count == 0 {
        return Err(FileError::new("licence.file.no_rows", "the file has a header and no rows"));
    }
    Ok(Parsed { value, rejected, record_count })
}

impl Columns {
    fn of(reader: &CsvReader) -> Result<Self, FileError> {
        let header = reader.header();
        if !["order_id", "action"].iter().all(|name| header.has(name)) {
            return Err(kind::unknown_header(header, WANTED));
        }
        Ok(Self {
            order_id: header.require(&["order_id"])?,
            ordered_at: header.require(&["ordered_at"])?,
            action: header.require(&["action"])?,
            customer: header.require(&["customer_id"])?,
            subscription: header.require(&["subscription_id"])?,
            product: header.find(&["product_id"])?,
            sku: header.find(&["sku_id"])?,
            term: header.find(&["term"])?,
            plan: header.find(&["billing_plan"])?,
            seats: header.find(&["seats"])?,
            auto_renew: header.find(&["auto_renew"])?,
            ends_on: header.find(&["ends_on"])?,
            discount: header.find(&["discount"])?,
            target: header.find(&["target_subscription_id"])?,
        })
    }
}

fn order(record: &Record<'_>, columns: &Columns) -> Result<LicenceOrder, RejectedLine> {
    Ok(LicenceOrder {
        order_id: required(record, Some(columns.order_id), columns.order_id, "the order's id")?.to_owned(),
        customer: id(record, columns.customer)?,
        subscription: id(record, columns.subscription)?,
        ordered_at: time(record.field(columns.ordered_at).trim())
            .map_err(|fault| record.reject_fault(columns.ordered_at, fault))?,
        action: action(record, columns)?,
    })
}

fn id<T: std::str::FromStr<Err = IdError>>(record: &Record<'_>, column: Column) -> Result<T, RejectedLine> {
    let fault = |error: IdError| record.reject_fault(column, Fault::new(error.code(), error.to_string()));
    record.field(column).trim().parse().map_err(fault)
}

fn time(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|_| {
        let message = format!("{:?} is no instant such as 2026-10-05T09:30:00Z", number::excerpt(text));
        Fault::new("licence.line.time_malformed", message)
    })
}

fn action(record: &Record<'_>, columns: &Columns) -> Result<OrderAction, RejectedLine> {
    let seats = || {
        let text = required(record, columns.seats, columns.action, "the number of seats")?;
        whole(text).map_err(|fault| record.reject_fault(columns.seats.unwrap_or(columns.action), fault))
    };
    let action = record.field(columns.action).trim();
    Ok(match action.to_ascii_lowercase().as_str() {
        "purchase" => OrderAction::Purchase(purchase(record, columns, seats()?)?),
        "change_seats" => OrderAction::ChangeSeats { seats: seats()? },
        "cancel" => OrderAction::Cancel,
        "upgrade" => OrderAction::Upgrade {
            seats: seats()?,
            target: {
                required(record, columns.target, columns.action, "the target subscription")?;
                id(record, columns.target.unwrap_or(columns.action))?
            },
            to: match (text(record, columns.product), text(record, columns.sku)) {
                (None, None) => None,
                _ => Some(UpgradeTo {
                    product_id: required(record, columns.product, columns.action, "the product")?.to_owned(),
                    sku_id: required(record, columns.sku, columns.action, "the SKU")?.to_owned(),
                }),
            },
        },
        "change_plan" => OrderAction::ChangePlan { plan: plan(record, columns)? },
        "set_auto_renew" => OrderAction::SetAutoRenew {
            auto_renew: {
                required(record, columns.auto_renew, columns.action, "whether the term renews")?;
                auto_renew(record, columns)?
            },
        },
        _ => {
            let known = "purchase, change_seats, cancel, upgrade, change_plan, set_auto_renew";
            let message = format!("{:?} is no action; known are {known}", number::excerpt(action));
            return Err(record.reject(columns.action, "licence.line.word_unknown", &message));
        }
    })
}

fn plan(record: &Record<'_>, columns: &Columns) -> Result<BillingPlan, RejectedLine> {
    let text = required(record, columns.plan, columns.action, "the billing plan")?;
    word(text, "billing plan", BillingPlan::named, "monthly, annual, triennial, one_time")
        .map_err(|fault| record.reject_fault(columns.plan.unwrap_or(columns.action), fault))
}

/// Nothing is yes.
fn auto_renew(record: &Record<'_>, columns: &Columns) -> Result<bool, RejectedLine> {
    let Some((column, text)) = columns.auto_renew.zip(text(record, columns.auto_renew)) else { return Ok(true) };
    let named = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    };
    word(text, "answer", named, "true, false").map_err(|fault| record.reject_fault(column, fault))
}

fn purchase(record: &Record<'_>, columns: &Columns, seats: u32) -> Result<Purchase, RejectedLine> {
    let term = match columns.term.zip(text(record, columns.term)) {
        None => None,
        Some((column, text)) => {
            let term = word(text, "term", Term::named, "P1M, P1Y, P3Y");
            Some(term.map_err(|fault| record.reject_fault(column, fault))?)
        }
    };
    let ends_on = match columns.ends_on.zip(text(record, columns.ends_on)) {
        None => None,
        Some((column, text)) => Some(number::date(text).map_err(|fault| record.reject_fault(column, fault))?),
    };
    let discounts = match columns.discount.zip(text(record, columns.discount)) {
        None => Vec::new(),
        Some((column, text)) => {
            let rate = number::decimal(text).map_err(|fault| record.reject_fault(column, fault))?;
            vec![Discount { rate, name: "Discount".to_owned() }]
        }
    };
    Ok(Purchase {
        offer: OfferKey {
            product_id: required(record, columns.product, columns.action, "the product")?.to_owned(),
            sku_id: required(record, columns.sku, columns.action, "the SKU")?.to_owned(),
            term,
            plan: plan(record, columns)?,
        },
        seats,
        auto_renew: auto_renew(record, columns)?,
        ends_on,
        discounts,
        anchor_rule: AnchorRule::default(),
    })
}
