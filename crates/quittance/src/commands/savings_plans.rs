//! `quittance savings-plans`: what plans committed, used and left unused.

use std::path::Path;

use billing::decimal::DecimalError;
use billing::ids::OrganisationId;
use billing::savings_plan::PlanDay;
use engine::savings::{PartyUtilisation, PlanUtilisation, utilisation};
use serde_json::{Value, json};

use crate::cli::{Output, SavingsPlansArgs};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &SavingsPlansArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    if let Some(org) = &args.org {
        data.books.chosen_party(Some(org)).await?;
    }
    let parties = utilisation(&data.books, args.period, args.org.as_ref()).await?;
    let headings = ["organisation", "customer", "order", "plan", "when", "commitment", "used", "unused", "currency"];
    let mut rows = Rows::new(&headings, &["commitment", "used", "unused"]);
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    for PartyUtilisation { party, plans } in &parties {
        match plans {
            Ok(plans) => {
                for plan in plans {
                    add_rows(&mut rows, party, plan, args)?;
                    values.push(json_of(party, plan)?);
                }
            }
            Err((code, message)) => failures.push(format!("{party}: {message} ({code})")),
        }
    }
    print(output, &json!({ "period": args.period, "savings_plans": values, "failed": failures }), &rows)?;
    if output == Output::Table {
        if values.is_empty() && failures.is_empty() {
            say(format!("nobody holds a savings plan in {}", args.period));
        }
        failures.iter().for_each(say);
    }
    Ok(if failures.is_empty() { Exit::Done } else { Exit::Findings })
}

fn add_rows(
    rows: &mut Rows,
    party: &OrganisationId,
    plan: &PlanUtilisation,
    args: &SavingsPlansArgs,
) -> Result<(), Failure> {
    if !args.days {
        return add_row(rows, (party, plan), &args.period.to_string(), &plan.total()?);
    }
    for (day, of_day) in &plan.days {
        add_row(rows, (party, plan), &day.to_string(), of_day)?;
    }
    Ok(())
}

fn failed(error: DecimalError) -> Failure {
    Failure::new(error.code(), error.to_string())
}

fn add_row(
    rows: &mut Rows,
    (party, plan): (&OrganisationId, &PlanUtilisation),
    when: &str,
    of: &PlanDay,
) -> Result<(), Failure> {
    rows.push([
        party.to_string(),
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

fn json_of(party: &OrganisationId, plan: &PlanUtilisation) -> Result<Value, Failure> {
    let figures = |of: &PlanDay| {
        let unused = of.unused().map_err(failed)?;
        Ok::<_, Failure>(json!({ "commitment": of.commitment, "used": of.used, "unused": unused }))
    };
    let mut days = serde_json::Map::new();
    for (day, of_day) in &plan.days {
        days.insert(day.to_string(), figures(of_day)?);
    }
    Ok(json!({
        "organisation": party,
        "customer": plan.customer,
        "subscription": plan.subscription,
        "order_id": plan.order_id,
        "product": plan.product_name,
        "currency": plan.currency,
        "total": figures(&plan.total()?)?,
        "days": days,
    }))
}
