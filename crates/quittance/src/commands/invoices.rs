//! `quittance invoices`: issued invoices and their lines, in the API's shapes.

use std::path::{Path, PathBuf};

use billing::ids::OrganisationId;
use billing::invoice::{InvoiceLine, InvoiceNumber, InvoiceType};
use engine::crediting::credit;
use engine::invoices::{IssuedInvoice, billed_days, find, lines, list, statement_pdf};
use engine::paying::amount_in;
use engine::present::{self, PdfLink};
use jiff::civil::Date;

use crate::cli::{InvoicesCommand, Output};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::paper::description;
use crate::{CommandResult, Exit};

/// Daily lines that are read at once.
const DAYS_A_PAGE: usize = 10_000;

pub(crate) async fn run(dir: &Path, output: Output, command: &InvoicesCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    match command {
        InvoicesCommand::List { org, overdue } => {
            let today = overdue.then(|| clock::now().map(clock::day)).transpose()?;
            print_list(&data, output, org.as_ref(), today).await?;
        }
        InvoicesCommand::Show { number } => {
            let issued = find(&data.books, None, number).await?;
            print(output, &present::invoice(&issued, PdfLink::Omitted)?, &rows_of(&[issued]))?;
        }
        InvoicesCommand::Credit { number, amount, reason } => {
            let _lock = data.lock().await?;
            let currency = find(&data.books, None, number).await?.invoice.currency;
            let amount = amount.map(|amount| amount_in(amount, currency)).transpose()?;
            let issued = credit(&data.books, number, amount, reason, clock::now()?).await?;
            print(output, &present::invoice(&issued, PdfLink::Omitted)?, &rows_of(&[issued]))?;
        }
        InvoicesCommand::Lines { number, daily: false } => print_lines(&data, output, number).await?,
        InvoicesCommand::Lines { number, daily: true } => print_days(&data, output, number).await?,
        InvoicesCommand::Pdf { number, out } => write_pdf(&data, number, out.as_ref()).await?,
    }
    Ok(Exit::Done)
}

/// Prints the invoices of an organisation, or of all; with a day, those that are overdue on it.
pub(crate) async fn print_list(
    data: &DataDir,
    output: Output,
    organisation: Option<&OrganisationId>,
    overdue_on: Option<Date>,
) -> Result<(), Failure> {
    let mut invoices = list(&data.books, organisation).await?;
    if let Some(today) = overdue_on {
        invoices.retain(|issued| issued.is_overdue(today).is_ok_and(|overdue| overdue));
    }
    let shown =
        invoices.iter().map(|issued| present::invoice(issued, PdfLink::Omitted)).collect::<Result<Vec<_>, _>>()?;
    print(output, &shown, &rows_of(&invoices))
}

pub(crate) fn rows_of(invoices: &[IssuedInvoice]) -> Rows {
    let mut rows = Rows::new(
        &["invoice", "amends", "organisation", "period", "issued", "due", "lines", "total", "received", "open"],
        &["lines", "total", "received", "open"],
    );
    for issued in invoices {
        let invoice = &issued.invoice;
        rows.push([
            invoice.number.to_string(),
            invoice.amends.as_ref().map(|amends| amends.number.to_string()).unwrap_or_default(),
            invoice.billed_party.name.clone(),
            invoice.period.to_string(),
            invoice.issued_on().to_string(),
            invoice.due_on.to_string(),
            invoice.line_count.to_string(),
            invoice.totals.total.to_string(),
            issued.stored.received.to_string(),
            issued.open().map(|open| open.to_string()).unwrap_or_default(),
        ]);
    }
    rows
}

async fn print_lines(data: &DataDir, output: Output, number: &InvoiceNumber) -> Result<(), Failure> {
    let issued = find(&data.books, None, number).await?;
    let lines = lines(&data.books, number, 0, u32::MAX).await?;
    let mut rows = Rows::new(
        &["line", "customer", "what", "days", "quantity", "unit price", "subtotal"],
        &["line", "quantity", "unit price", "subtotal"],
    );
    for line in &lines {
        rows.push([
            format!("{number}-{}", line.line_number),
            line.customer.name.clone(),
            what(line),
            span(line),
            line.quantity.to_string(),
            format!("{} {}", line.effective_unit_price, line.pricing_currency),
            line.subtotal.to_string(),
        ]);
    }
    let shown = lines.iter().map(|line| present::line_item(&issued, line)).collect::<Result<Vec<_>, _>>()?;
    print(output, &shown, &rows)
}

/// The meter, or the product and what happened to it.
pub(crate) fn what(line: &InvoiceLine) -> String {
    let Some((scope, meter, _)) = line.metered() else {
        return format!("{}, {}", description(line), line.charge_type.as_str());
    };
    let meter = if meter.name.is_empty() { scope.meter.to_string() } else { meter.name.clone() };
    match line.classic_usage() {
        None => meter,
        Some(usage) if usage.included.is_zero() => format!("{meter}, rate {}", usage.rate_number),
        Some(usage) => format!("{meter}, rate {}, {} included", usage.rate_number, usage.included),
    }
}

/// The month of usage, or the days that a licence is charged for.
fn span(line: &InvoiceLine) -> String {
    match line.metered() {
        Some((scope, ..)) => scope.usage_month.to_string(),
        None => format!("{} to {}", line.days.0, line.days.1),
    }
}

async fn print_days(data: &DataDir, output: Output, number: &InvoiceNumber) -> Result<(), Failure> {
    let issued = find(&data.books, None, number).await?;
    let source = billed_days(&data.books, &issued).await?;
    let (mut days, mut after) = (Vec::new(), 0);
    loop {
        let page = source.read(&data.books, after, DAYS_A_PAGE, &|_| true)?;
        let page = source.show(&data.books, page).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        days.extend(page.into_iter().map(|(_, day)| day));
    }
    let mut rows = Rows::new(
        &["day", "customer", "meter", "quantity", "unit price", "total"],
        &["quantity", "unit price", "total"],
    );
    for day in &days {
        rows.push([
            day.line.record.usage_date.to_string(),
            day.customer.name.clone(),
            day.line.scope.meter.to_string(),
            day.line.figures.quantity.to_string(),
            format!("{} {}", day.effective_unit_price, day.line.pricing_currency),
            format!("{} {}", day.billing_total, day.line.billing_currency),
        ]);
    }
    let party = &issued.invoice.billed_party;
    if issued.invoice.invoice_type == InvoiceType::Recurring {
        let shown: Vec<_> = days.iter().map(|day| present::daily_usage(day, party)).collect();
        return print(output, &shown, &rows);
    }
    let shown = days.iter().map(|day| present::daily_rated(day, party)).collect::<Result<Vec<_>, _>>()?;
    print(output, &shown, &rows)
}

async fn write_pdf(data: &DataDir, number: &InvoiceNumber, out: Option<&PathBuf>) -> Result<(), Failure> {
    let issued = find(&data.books, None, number).await?;
    let bytes = statement_pdf(&data.books, &issued).await?;
    let path = out.cloned().unwrap_or_else(|| PathBuf::from(format!("{number}.pdf")));
    std::fs::write(&path, bytes)
        .map_err(|error| Failure::new("file.unwritable", format!("{} cannot be written: {error}", path.display())))?;
    say(path.display());
    Ok(())
}
