//! `quittance simulate`: a month under another price list.

use std::path::Path;

use billing::decimal::Decimal;
use engine::import::read_price_list;
use engine::simulating::{PartySimulation, simulate};
use serde_json::{Value, json};

use crate::cli::{Output, SimulateArgs};
use crate::commands::import::{open, parse_format};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &SimulateArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let options = formats::price::PriceOptions {
        format: parse_format(args.format.as_ref())?,
        effective_from: None,
        earned_credit_rate: args.earned_credit_rate,
    };
    let (file, _) = open(&args.prices)?;
    let name = file.name.clone();
    let list = read_price_list(file, &options).map_err(|error| Failure::from(error).in_file(&name))?;
    let simulations = {
        let progress = Progress::counting("rating");
        simulate(&data.books, args.period, &list, &|lines| progress.tick(lines)).await?
    };
    let mut rows = Rows::new(
        &["organisation", "customer", "name", "now", "simulated", "difference"],
        &["now", "simulated", "difference"],
    );
    for simulation in &simulations {
        add_rows(&mut rows, simulation)?;
    }
    let organisations = simulations.iter().map(json_of).collect::<Result<Vec<_>, _>>()?;
    print(output, &json!({ "period": args.period, "organisations": organisations }), &rows)?;
    let is_complete = simulations.iter().all(|simulation| simulation.unpriced_simulated == 0);
    Ok(if is_complete { Exit::Done } else { Exit::Findings })
}

fn add_rows(rows: &mut Rows, simulation: &PartySimulation) -> Result<(), Failure> {
    let party = simulation.party.to_string();
    let digits = simulation.currency.minor_digits();
    let amount = |amount: Decimal| {
        let text = amount.to_fixed(digits).map_err(|error| Failure::new(error.code(), error.to_string()))?;
        Ok::<_, Failure>(format!("{text} {}", simulation.currency))
    };
    for customer in &simulation.customers {
        rows.push([
            party.clone(),
            customer.customer.to_string(),
            customer.name.clone(),
            amount(customer.now)?,
            amount(customer.simulated)?,
            amount(customer.difference)?,
        ]);
    }
    let (now, simulated) = simulation.totals()?;
    let difference = simulated.checked_sub(now).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    let what = match simulation.unpriced_simulated {
        0 => "all".to_owned(),
        count => format!("all, without {count} records that have no price"),
    };
    rows.push([party, what, String::new(), amount(now)?, amount(simulated)?, amount(difference)?]);
    Ok(())
}

fn json_of(simulation: &PartySimulation) -> Result<Value, Failure> {
    let (now, simulated) = simulation.totals()?;
    let customers = simulation.customers.iter().map(|customer| {
        json!({
            "customer": customer.customer,
            "name": customer.name,
            "now": customer.now,
            "simulated": customer.simulated,
            "difference": customer.difference,
        })
    });
    Ok(json!({
        "organisation": simulation.party,
        "currency": simulation.currency,
        "now": now,
        "simulated": simulated,
        "records_without_price_now": simulation.unpriced_now,
        "records_without_price": simulation.unpriced_simulated,
        "customers": customers.collect::<Vec<_>>(),
    }))
}
