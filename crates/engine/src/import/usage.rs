//! Imports usage: each record is placed below a customer, then counted once for ever.

use billing::ids::{CustomerId, OrganisationId};
use billing::period::BillingPeriod;
use billing::ports::{QuarantinedLine, UsageImport};
use billing::usage::UsageRecord;
use formats::usage::{Field, FieldPlace, UsageFormat, UsageItem, UsageOptions, UsageReader, usage_reader};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::own_cost::ImpliedPrices;
use crate::import::placement::{Placement, Refusal};
use crate::import::{ImportFile, ImportReport, lists, set_aside};

/// Lines of one file that may be set aside before the file itself is doubted.
const QUARANTINE_MAX: usize = 100_000;

#[derive(Debug, Clone, Default)]
pub struct UsageImportOptions {
    pub format: Option<UsageFormat>,
    /// Takes subscriptions that no file has introduced.
    pub assign_to: Option<CustomerId>,
    /// The party of a customer that `assign_to` introduces.
    pub organisation: Option<OrganisationId>,
    /// Refuse lines of other months.
    pub period: Option<BillingPeriod>,
    /// Make a price sheet from the provider's cost in the file.
    pub own_cost_as_price: bool,
}

/// Imports one file of usage. `tick` hears of the records for a progress bar.
///
/// # Errors
/// A file that cannot be read to its end, or a storage failure: then nothing of it was imported.
pub async fn import_usage(
    books: &Books,
    file: ImportFile,
    options: &UsageImportOptions,
    now: Timestamp,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<ImportReport> {
    let mut placement = Placement::load(books, options, now).await?;
    let mut report = ImportReport { source: file.name.clone(), ..ImportReport::default() };
    let mut reader = usage_reader(file.input, &UsageOptions { format: options.format })?;
    let format = reader.format().name().to_owned();
    let header = String::from_utf8_lossy(reader.header_text()).into_owned();
    let record_id = record_id_place(&reader);
    let known = books.ledger.usage_files().await?;
    let closed_months = closed_months(books).await?;
    let mut implied = ImpliedPrices::default();
    let (imported, sheet) = {
        let mut session = books.usage.begin_import(&known, &closed_months)?;
        while let Some(item) = reader.next() {
            match item? {
                UsageItem::Record { line, record } => {
                    if options.own_cost_as_price {
                        implied.add(&record)?;
                    }
                    match placement.place(&record) {
                        Ok(()) => session.push(line, record)?,
                        Err(Refusal { code, field, message }) => {
                            let place = reader.place_of(line, field);
                            report.quarantined.push(refused_record(&file.name, place, code, message, &record)?);
                        }
                    }
                }
                UsageItem::Rejected(rejected) => {
                    report.quarantined.push(set_aside(&file.name, &format, &header, rejected));
                }
            }
            tick(1);
            check_quarantine_size(&report)?;
        }
        // Before anything is stored: a file that states no cost is refused whole.
        let without_quantity = implied.cost_without_quantity_count;
        let sheet = options.own_cost_as_price.then(|| implied.into_sheet(&file.name)).transpose()?;
        (session.finish()?, sheet.map(|sheet| (sheet, without_quantity)))
    };
    report.format = format;
    report.accepted = imported.accepted;
    report.duplicate = imported.duplicate;
    for refused in imported.refused {
        let place = FieldPlace { line: refused.line, ..record_id.clone() };
        report.quarantined.push(refused_record(&file.name, place, refused.code, refused.message, &refused.record)?);
    }
    books
        .ledger
        .commit_usage_import(&UsageImport {
            source: file.name.clone(),
            source_sha256: file.sha256,
            imported_at: now,
            accepted: report.accepted,
            duplicate: report.duplicate,
            files: imported.files,
            customers: placement.introduced_customers,
            subscriptions: placement.introduced_subscriptions,
            quarantined: report.quarantined.clone(),
            settled: vec![],
        })
        .await?;
    report.notes.extend(placement.notes);
    if let Some((sheet, without_quantity)) = sheet {
        if without_quantity > 0 {
            let note = format!("{without_quantity} lines state a cost without a quantity; no price can bring it back");
            report.notes.push(note);
        }
        report.notes.push(format!("{} prices were made from the provider's cost", sheet.prices.len()));
        lists::add_sheet(books, &sheet, now).await?;
    }
    Ok(report)
}

fn check_quarantine_size(report: &ImportReport) -> EngineResult<()> {
    if report.quarantined.len() <= QUARANTINE_MAX {
        return Ok(());
    }
    let first = &report.quarantined[0];
    let message = format!(
        "more than {QUARANTINE_MAX} lines are bad, the first in line {}: {} ({}); nothing was imported",
        first.line, first.message, first.code
    );
    Err(EngineError::new("usage.file.too_many_bad_lines", message))
}

/// Every month up to the last one that any party was billed for: usage of earlier months was billed
/// as late usage, so a restatement of it is as final.
pub(super) async fn closed_months(books: &Books) -> EngineResult<Vec<BillingPeriod>> {
    let mut last: Option<BillingPeriod> = None;
    for party in books.billed_parties().await? {
        let closed = books.ledger.closures(&party.id).await?.into_iter().map(|closure| closure.period).max();
        last = last.max(closed);
    }
    let mut months = Vec::new();
    let mut month = last;
    while let Some(closed) = month {
        months.push(closed);
        month = BillingPeriod::containing(closed.previous().first_day()).ok();
    }
    Ok(months)
}

/// Where the ids of records stand: a session refuses a record by its id, when the text of its line is
/// gone. JSON Lines have no column that all lines share, so there the beginning of the line is named.
fn record_id_place(reader: &UsageReader) -> FieldPlace {
    let (column, name) = reader.column_of(Field::RecordId).unwrap_or((1, "record_id"));
    FieldPlace { line: 0, column, name: name.to_owned() }
}

/// A record that was read but not accepted, kept so that it can be replayed.
fn refused_record(
    source: &str,
    place: FieldPlace,
    code: &str,
    message: String,
    record: &UsageRecord,
) -> EngineResult<QuarantinedLine> {
    Ok(QuarantinedLine {
        id: 0,
        usage_import: 0,
        source: source.to_owned(),
        format: "record".to_owned(),
        header: String::new(),
        line: place.line,
        column: place.column,
        field: place.name,
        code: code.to_owned(),
        message,
        raw: crate::rating::canonical(record)?,
    })
}
