//! `quittance explain`: shows how each cent of an invoice line came to be.

use std::path::Path;

use billing::explain::{ExplainedPrice, ExplainedStep};
use billing::invoice::{Charge, InvoiceLine};
use engine::explaining::{ExplainedLine, explain, parse_line};
use serde_json::json;

use crate::cli::{ExplainArgs, Output};
use crate::data_dir::DataDir;
use crate::output::{Rows, print, print_json, say};
use crate::paper::description;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &ExplainArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let (number, line_number) = parse_line(&args.line)?;
    let explained = explain(&data.books, &number, line_number).await?;
    match output {
        Output::Json => print_json(&json!({
            "invoice": explained.number,
            "line": explained.line,
            "explanation": explained.explanation,
        }))?,
        Output::Csv => print(output, &(), &step_rows(&explained.explanation.steps))?,
        Output::Table => print_story(output, &explained)?,
    }
    Ok(Exit::Done)
}

fn print_story(output: Output, explained: &ExplainedLine) -> Result<(), crate::output::Failure> {
    let line = &explained.line;
    say(format!(
        "{} line {}: {} for {}, {} to {}",
        explained.number,
        line.line_number,
        description(line),
        line.customer.name,
        line.days.0,
        line.days.1,
    ));
    match &line.charge {
        Charge::Usage(usage) => {
            say(format!(
                "plan {}, meter {}, unit {:?}, {} daily lines\n",
                line.subscription, usage.scope.meter, line.unit_of_measure, explained.explanation.daily_line_count
            ));
            print(output, &(), &price_rows(&explained.explanation.prices))?;
        }
        Charge::ClassicUsage(usage) => {
            say(format!(
                "subscription {}, meter {}, unit {:?}, rate {}, {} daily lines of all rates\n",
                line.subscription,
                usage.scope.meter,
                line.unit_of_measure,
                usage.rate_number,
                explained.explanation.daily_line_count
            ));
            print(output, &(), &price_rows(&explained.explanation.prices))?;
        }
        Charge::Licence(licence) => {
            say(licence_words(line, &format!("order {} of {}", licence.order_id, licence.ordered_on)));
        }
        Charge::Classic(classic) => {
            say(licence_words(line, &format!("order {}, billed on {}", classic.order_id, classic.billed_on)));
        }
    }
    print(output, &(), &step_rows(&explained.explanation.steps))?;
    say(format!("billed: {}", line.subtotal));
    Ok(())
}

fn licence_words(line: &InvoiceLine, order: &str) -> String {
    let (subscription, charge_type, seats) = (&line.subscription, line.charge_type.as_str(), line.quantity);
    format!("subscription {subscription}, {order}, {charge_type}, {seats} seats\n")
}

fn price_rows(prices: &[ExplainedPrice]) -> Rows {
    let headings =
        ["from", "to", "quantity", "list price", "list amount", "discount factor", "earned credit", "amount"];
    let mut rows = Rows::new(&headings, &headings[2..]);
    for price in prices {
        rows.push([
            price.from.to_string(),
            price.to.to_string(),
            price.quantity.to_string(),
            price.unit_price.to_string(),
            price.list_amount.to_string(),
            price.discount_factor.to_string(),
            price.earned_credit_rate.to_string(),
            price.amount.to_string(),
        ]);
    }
    rows
}

fn step_rows(steps: &[ExplainedStep]) -> Rows {
    let mut rows = Rows::new(&["step", "how", "value", "rule"], &["value"]);
    for step in steps {
        let rule = step.rule.clone().unwrap_or_default();
        rows.push([step.what.clone(), step.formula.clone(), step.value.to_string(), rule]);
    }
    rows
}
