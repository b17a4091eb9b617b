//! Savings plans in a month.

use billing::savings_plan::PlanDay;
use engine::EngineResult;
use engine::savings::PlanUtilisation;
use serde::Serialize;
use utoipa::ToSchema;

/// What was committed and what of it was used: exact decimals in the plan's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Utilisation {
    #[schema(examples("24"))]
    commitment: String,
    #[schema(examples("12.5"))]
    used: String,
    /// It is lost.
    #[schema(examples("11.5"))]
    unused: String,
}

impl Utilisation {
    fn of(day: &PlanDay) -> EngineResult<Self> {
        let unused = day.unused().map_err(|error| engine::EngineError::new(error.code(), error.to_string()))?;
        let [commitment, used, unused] = [day.commitment, day.used, unused].map(|amount| amount.to_string());
        Ok(Self { commitment, used, unused })
    }
}

/// One day (UTC) on which a plan was held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavingsPlanDay {
    #[schema(format = "date")]
    day: String,
    #[serde(flatten)]
    utilisation: Utilisation,
}

/// One savings plan of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavingsPlan {
    customer: String,
    subscription: String,
    /// The order that began it.
    order_id: String,
    product: String,
    #[schema(examples("EUR"))]
    currency: String,
    /// Of the month.
    total: Utilisation,
    days: Vec<SavingsPlanDay>,
}

impl SavingsPlan {
    pub(crate) fn of(plan: &PlanUtilisation) -> EngineResult<Self> {
        let day = |(day, of_day): (&jiff::civil::Date, &PlanDay)| {
            Ok(SavingsPlanDay { day: day.to_string(), utilisation: Utilisation::of(of_day)? })
        };
        Ok(Self {
            customer: plan.customer.to_string(),
            subscription: plan.subscription.to_string(),
            order_id: plan.order_id.clone(),
            product: plan.product_name.clone(),
            currency: plan.currency.to_string(),
            total: Utilisation::of(&plan.total()?)?,
            days: plan.days.iter().map(day).collect::<EngineResult<_>>()?,
        })
    }
}

/// The savings plans of a billed organisation's customers, in a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavingsPlans {
    #[schema(format = "period", examples("2026-10"))]
    pub(crate) period: String,
    /// By customer and order.
    pub(crate) plans: Vec<SavingsPlan>,
}
