//! What savings plans committed, used and left unused.

use billing::period::BillingPeriod;
use engine::EngineError;
use engine::savings::{PartyUtilisation, utilisation};

use super::call::{Call, Reply};
use super::problem::Problem;
use super::shapes::{SavingsPlan, SavingsPlans};

pub(super) async fn read(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let asked = call.query.parsed::<BillingPeriod>("period", "month such as 2026-10")?;
    let period = match asked {
        Some(period) => period,
        None => BillingPeriod::containing(call.today()).map_err(Problem::unexpected)?,
    };
    let mut plans = Vec::new();
    for PartyUtilisation { plans: found, .. } in utilisation(call.books(), period, Some(&party.id)).await? {
        let found = found.map_err(|(code, message)| EngineError::new(&code, message))?;
        for plan in &found {
            plans.push(SavingsPlan::of(plan)?);
        }
    }
    Reply::ok(&SavingsPlans { period: period.to_string(), plans })
}
