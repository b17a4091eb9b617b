//! Orders of licences.

use billing::decimal::Decimal;
use billing::ids::{CustomerId, SubscriptionId};
use billing::licence::{
    AnchorRule, BillingPlan, Discount, LicenceOrder, OfferKey, OrderAction, Purchase, Term, UpgradeTo,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page;
use crate::api::problem::FieldProblem;
use crate::api::schema::field_problem;

#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Purchase,
    ChangeSeats,
    Cancel,
    Upgrade,
    ChangePlan,
    SetAutoRenew,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) enum TermLength {
    P1M,
    P1Y,
    P3Y,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plan {
    Monthly,
    Annual,
    Triennial,
    OneTime,
}

impl From<TermLength> for Term {
    fn from(term: TermLength) -> Self {
        match term {
            TermLength::P1M => Self::Month,
            TermLength::P1Y => Self::Year,
            TermLength::P3Y => Self::ThreeYears,
        }
    }
}

impl From<Plan> for BillingPlan {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Monthly => Self::Monthly,
            Plan::Annual => Self::Annual,
            Plan::Triennial => Self::Triennial,
            Plan::OneTime => Self::OneTime,
        }
    }
}

/// One order. Which fields it needs, its action says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrder {
    /// Names it for good: the same order is accepted once.
    #[schema(min_length = 1, max_length = 200)]
    order_id: String,
    #[schema(value_type = String, format = "date-time")]
    ordered_at: Timestamp,
    action: Action,
    #[schema(value_type = String, format = "id")]
    pub(crate) customer: CustomerId,
    #[schema(value_type = String, format = "id")]
    subscription: SubscriptionId,
    /// With `purchase`, and with `upgrade` to a new subscription.
    product_id: Option<String>,
    sku_id: Option<String>,
    /// With `purchase`, unless it is bought once for good.
    term: Option<TermLength>,
    /// With `purchase` and `change_plan`.
    billing_plan: Option<Plan>,
    /// With `purchase`, `change_seats` and `upgrade`.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64)]
    seats: Option<u32>,
    /// With `set_auto_renew`, and with `purchase`, where nothing is yes.
    auto_renew: Option<bool>,
    /// With `purchase`: the last day of a first term that ends with others.
    #[schema(value_type = Option<String>, format = "date")]
    ends_on: Option<Date>,
    /// With `purchase`: a fraction of the price, such as 0.1.
    #[schema(value_type = Option<String>, format = "decimal")]
    discount: Option<Decimal>,
    /// With `upgrade`.
    #[schema(value_type = Option<String>, format = "id")]
    target_subscription: Option<SubscriptionId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrders {
    #[schema(min_items = 1, max_items = 1000)]
    pub(crate) orders: Vec<NewOrder>,
    /// Accept orders of closed months too; what they change of these goes on the next document, or is restated.
    #[serde(default)]
    pub(crate) late: bool,
}

/// Says of a field that an action needs that it is missing.
struct Needs {
    pointer: String,
    missing: Vec<FieldProblem>,
}

impl Needs {
    fn take<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let detail = format!("{name} is missing, which this action needs");
            self.missing.push(field_problem(&format!("{}/{name}", self.pointer), "field.missing", detail));
        }
        value
    }
}

impl NewOrder {
    /// # Errors
    /// The fields that its action needs and that are not there.
    pub(crate) fn into_order(self, pointer: String) -> Result<LicenceOrder, Vec<FieldProblem>> {
        let mut needs = Needs { pointer, missing: vec![] };
        let (order_id, customer, subscription) =
            (self.order_id.clone(), self.customer.clone(), self.subscription.clone());
        let ordered_at = self.ordered_at;
        match self.into_action(&mut needs) {
            Some(action) => Ok(LicenceOrder { order_id, customer, subscription, ordered_at, action }),
            None => Err(needs.missing),
        }
    }

    fn into_action(self, needs: &mut Needs) -> Option<OrderAction> {
        match self.action {
            Action::Purchase => self.into_purchase(needs).map(OrderAction::Purchase),
            Action::ChangeSeats => Some(OrderAction::ChangeSeats { seats: needs.take("seats", self.seats)? }),
            Action::Cancel => Some(OrderAction::Cancel),
            Action::Upgrade => self.into_upgrade(needs),
            Action::ChangePlan => {
                Some(OrderAction::ChangePlan { plan: needs.take("billing_plan", self.billing_plan)?.into() })
            }
            Action::SetAutoRenew => {
                Some(OrderAction::SetAutoRenew { auto_renew: needs.take("auto_renew", self.auto_renew)? })
            }
        }
    }

    fn into_purchase(self, needs: &mut Needs) -> Option<Purchase> {
        let product_id = needs.take("product_id", self.product_id);
        let sku_id = needs.take("sku_id", self.sku_id);
        let plan = needs.take("billing_plan", self.billing_plan);
        let seats = needs.take("seats", self.seats);
        let discounts = self.discount.map(|rate| Discount { rate, name: "Discount".to_owned() });
        Some(Purchase {
            offer: OfferKey {
                product_id: product_id?,
                sku_id: sku_id?,
                term: self.term.map(Term::from),
                plan: plan?.into(),
            },
            seats: seats?,
            auto_renew: self.auto_renew.unwrap_or(true),
            ends_on: self.ends_on,
            discounts: discounts.into_iter().collect(),
            anchor_rule: AnchorRule::default(),
        })
    }

    fn into_upgrade(self, needs: &mut Needs) -> Option<OrderAction> {
        let seats = needs.take("seats", self.seats);
        let target = needs.take("target_subscription", self.target_subscription);
        let to = match (self.product_id, self.sku_id) {
            (None, None) => None,
            (product_id, sku_id) => {
                let (product_id, sku_id) = (needs.take("product_id", product_id), needs.take("sku_id", sku_id));
                Some(UpgradeTo { product_id: product_id?, sku_id: sku_id? })
            }
        };
        Some(OrderAction::Upgrade { seats: seats?, target: target?, to })
    }
}

/// An order that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    order_id: String,
    #[schema(format = "date-time")]
    ordered_at: String,
    action: Action,
    customer: String,
    subscription: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_subscription: Option<String>,
}
page!(OrderPage, Order);

impl From<&LicenceOrder> for Order {
    fn from(order: &LicenceOrder) -> Self {
        let (action, product, seats, target) = match &order.action {
            OrderAction::Purchase(bought) => {
                let product = (bought.offer.product_id.clone(), bought.offer.sku_id.clone());
                (Action::Purchase, Some(product), Some(bought.seats), None)
            }
            OrderAction::ChangeSeats { seats } => (Action::ChangeSeats, None, Some(*seats), None),
            OrderAction::Cancel => (Action::Cancel, None, None, None),
            OrderAction::Upgrade { seats, target, to } => {
                let product = to.as_ref().map(|to| (to.product_id.clone(), to.sku_id.clone()));
                (Action::Upgrade, product, Some(*seats), Some(target.to_string()))
            }
            OrderAction::ChangePlan { .. } => (Action::ChangePlan, None, None, None),
            OrderAction::SetAutoRenew { .. } => (Action::SetAutoRenew, None, None, None),
        };
        let (product_id, sku_id) = product.unzip();
        Self {
            order_id: order.order_id.clone(),
            ordered_at: order.ordered_at.to_string(),
            action,
            customer: order.customer.to_string(),
            subscription: order.subscription.to_string(),
            product_id,
            sku_id,
            seats,
            target_subscription: target,
        }
    }
}

/// What became of orders.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrdersReport {
    /// Their ids.
    pub(crate) accepted: Vec<String>,
    /// How many were accepted before.
    pub(crate) duplicate: u64,
    pub(crate) refused: Vec<FieldProblem>,
}
