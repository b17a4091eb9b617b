//! All lines of one classic licence.

use billing::decimal::{Decimal, sum};
use billing::ids::{CustomerId, SubscriptionId};
use billing::licence::{
    AnchorRule, BillingPlan, ClassicLine, Cycle, Discount, Generation, LicenceOffer, LicenceOrder, OfferBook, OfferKey,
    OrderAction, ProductCategory, Purchase, Term, licence_charges,
};
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::Product;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::input::{Input, OperationError};
use super::{MONEY_DECIMALS, Outcome, money};

pub(super) fn classic_history(input: &mut Input) -> Outcome {
    let plan = match input.required::<String>("step_months")?.as_str() {
        "1" => BillingPlan::Monthly,
        "12" => BillingPlan::Annual,
        other => return Err(format!("a classic licence is paid every month or every 12, not every {other}").into()),
    };
    let offer = offer(plan, input.required("unit_price")?);
    let mut orders = vec![order("purchase", input.required("purchase_date")?, purchase(input, &offer)?)?];
    for mut event in input.list("events")? {
        let change = OrderAction::ChangeSeats { seats: seats(event.required("quantity")?)? };
        orders.push(order(&format!("change-{}", orders.len()), event.required("date")?, change)?);
        event.finish()?;
    }
    if let Some(day) = input.optional("cancel_date")? {
        orders.push(order("cancel", day, OrderAction::Cancel)?);
    }
    let days = Cycle::inclusive(Date::MIN, input.required("through")?)?;
    let book = OfferBook::new([vec![offer]]);
    let charges = licence_charges(Currency::EUR, &|_, _| book.all(), &orders, days);
    let lines = charges.map_err(|failure| failure.to_string())?.classic;
    let subtotals = lines.iter().map(|line| line.charge.subtotal()).collect::<Result<Vec<Decimal>, _>>()?;
    let shown =
        lines.iter().zip(&subtotals).map(|(line, subtotal)| shown(line, *subtotal)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "lines": shown, "total": money(sum(subtotals)?, MONEY_DECIMALS)? }))
}

fn shown(line: &ClassicLine, subtotal: Decimal) -> Result<Value, OperationError> {
    let charge = &line.charge;
    Ok(json!({
        "billed_on": line.billed_on,
        "charge_type": charge.fee.as_str(),
        "charge_start": charge.span.from,
        "charge_end": charge.span.last_day(),
        "unit_price": money(charge.unit_price, MONEY_DECIMALS)?,
        "quantity": charge.seats,
        "amount": money(charge.amount, MONEY_DECIMALS)?,
        "discount": money(charge.discount, MONEY_DECIMALS)?,
        "subtotal": money(subtotal, MONEY_DECIMALS)?,
    }))
}

fn offer(plan: BillingPlan, unit_price: Decimal) -> LicenceOffer {
    LicenceOffer {
        product: Product { product_id: "offer".to_owned(), sku_id: "durable".to_owned(), ..Product::default() },
        category: ProductCategory::Licence,
        term: Some(Term::Year),
        plan,
        unit_price,
        currency: Currency::EUR,
        effective: DayRange { from: Date::MIN, until: None },
        qualifiers: Vec::new(),
        refund_hours: None,
        generation: Generation::Classic,
        hourly_commitment: None,
    }
}

fn purchase(input: &mut Input, offer: &LicenceOffer) -> Result<OrderAction, OperationError> {
    let rate: Option<Decimal> = input.optional("discount_rate")?;
    Ok(OrderAction::Purchase(Purchase {
        offer: OfferKey {
            product_id: offer.product.product_id.clone(),
            sku_id: offer.product.sku_id.clone(),
            term: offer.term,
            plan: offer.plan,
        },
        seats: seats(input.required("quantity")?)?,
        auto_renew: true,
        ends_on: None,
        discounts: rate.map(|rate| Discount { rate, name: "discount".to_owned() }).into_iter().collect(),
        anchor_rule: AnchorRule::Clamp,
    }))
}

/// At noon; orders of one day are in the order of the case.
fn order(order_id: &str, day: Date, action: OrderAction) -> Result<LicenceOrder, OperationError> {
    let (customer, subscription): (CustomerId, SubscriptionId) = ("customer".parse()?, "licence".parse()?);
    let ordered_at = TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0))?;
    Ok(LicenceOrder { order_id: order_id.to_owned(), customer, subscription, ordered_at, action })
}

fn seats(quantity: Decimal) -> Result<u32, OperationError> {
    Ok(u32::try_from(quantity.mantissa_at(0)?)?)
}
