//! `quittance savings-plans`: what plans committed, used and left unused.

use std::path::Path;

use billing::decimal::DecimalError;
use billing::savings_plan::PlanDay;
use engine::savings::{PlanUtilisation, utilisation};
use serde_json::{Value, json};

use crate::cli::{Output, SavingsPlansArgs};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &SavingsPlansArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let plans = utilisation(&data.books, args.period).await?;
    let headings = ["organisation", "customer", "order", "plan", "when", "commitment", "used", "unused", "currency"];
    let mut rows = Rows::new(&headings, &["commitment", "used", "unused"]);
    for plan in &plans {
        if args.days {
            for (day, of_day) in &plan.days {
                add_row(&mut rows, plan, &day.to_string(), of_day)?;
            }
        } else {
            add_row(&mut rows, plan, &args.period.to_string(), &plan.total()?)?;
        }
    }
    let plans = plans.iter().map(json_of).collect::<Result<Vec<_>, _>>()?;
    print(output, &json!({ "period": args.period, "savings_plans": plans }), &rows)?;
    Ok(Exit::Done)
}

fn failed(error: DecimalError) -> Failure {
    Failure::new(error.code(), error.to_string())
}

fn add_row(rows: &mut Rows, plan: &PlanUtilisation, when: &str, of: &PlanDay) -> Result<(), Failure> {
    rows.push([
        plan.party.to_string(),
        plan.customer.to_string(),
        plan.order_id.clone(),
        plan.product_name.clone(),
        when.to_owned(),
        of.commitment.to_string(),
        of.used.to_string(),
        of.unused().map_err(failed)?.to_string(),
        plan.currency.to_string(),
    ]);
    Ok(())
}

fn json_of(plan: &PlanUtilisation) -> Result<Value, Failure> {
    let figures = |of: &PlanDay| {
        let unused = of.unused().map_err(failed)?;
        Ok::<_, Failure>(json!({ "commitment": of.commitment, "used": of.used, "unused": unused }))
    };
    let mut days = serde_json::Map::new();
    for (day, of_day) in &plan.days {
        days.insert(day.to_string(), figures(of_day)?);
    }
    Ok(json!({
        "organisation": plan.party,
        "customer": plan.customer,
        "subscription": plan.subscription,
        "order_id": plan.order_id,
        "product": plan.product_name,
        "currency": plan.currency,
        "total": figures(&plan.total()?)?,
        "days": days,
    }))
}
