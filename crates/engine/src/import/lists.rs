//! Imports price sheets, rate cards, exchange rates, tax rates and what savings plans pay for.

use billing::ports::ListKind;
use billing::price::PriceSheet;
use formats::fx::{FxOptions, read_fx};
use formats::licence::read_savings_plans;
use formats::price::{PriceOptions, read_prices};
use formats::tax::read_tax_rates;
use jiff::Timestamp;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::{ImportFile, ImportReport, keep_quarantined, set_aside};
use crate::rating::canonical;

/// Reads a price list that is not to be imported.
///
/// # Errors
/// A file that cannot be read, or that has a bad line: nothing is set aside here.
pub fn read_price_list(file: ImportFile, options: &PriceOptions) -> EngineResult<PriceSheet> {
    let parsed = read_prices(file.input, options)?;
    match parsed.rejected.into_iter().next() {
        Some(line) => Err(EngineError::new(
            line.code,
            format!("line {}, column {} ({}): {}", line.line, line.column, line.field, line.message),
        )),
        None => Ok(parsed.value),
    }
}

/// Imports one price list. It is in force by its own dates, or from the day that `options` say.
///
/// # Errors
/// A file that cannot be read, or a storage failure: then nothing of it was imported.
pub async fn import_prices(
    books: &Books,
    file: ImportFile,
    options: &PriceOptions,
    now: Timestamp,
) -> EngineResult<ImportReport> {
    let parsed = read_prices(file.input, options)?;
    let mut sheet = parsed.value;
    if sheet.title.is_empty() {
        sheet.title.clone_from(&file.name);
    }
    let added = add_sheet(books, &sheet, now).await?;
    let count = u64::try_from(sheet.prices.len()).unwrap_or(u64::MAX);
    let mut report = counted(&file.name, count, added);
    report.quarantined =
        parsed.rejected.into_iter().map(|rejected| set_aside(&file.name, "prices", "", rejected)).collect();
    if !report.quarantined.is_empty() {
        report
            .notes
            .push("a meter with a bad line keeps the price it had; mend the list and import it again".to_owned());
    }
    keep_quarantined(books, &file.sha256, &report, now).await?;
    let shown_only = sheet.offer_terms.iter().filter(|term| term.credit.is_some() || !term.tiered_discounts.is_empty());
    for term in shown_only {
        report.notes.push(format!("offer term {:?} is kept to be shown and changes no price", term.name));
    }
    Ok(report)
}

/// Adds a sheet behind the others. False when the last one is the same.
pub(super) async fn add_sheet(books: &Books, sheet: &PriceSheet, now: Timestamp) -> EngineResult<bool> {
    let digest = books.ledger.put_blob(&canonical(sheet)?).await?;
    Ok(books.ledger.add_list(ListKind::PriceSheet, &digest, &sheet.title, now).await?)
}

/// Imports one list of exchange rates.
///
/// # Errors
/// As [`import_prices`].
pub async fn import_fx(
    books: &Books,
    file: ImportFile,
    options: &FxOptions,
    now: Timestamp,
) -> EngineResult<ImportReport> {
    let parsed = read_fx(file.input, options)?;
    let digest = books.ledger.put_blob(&canonical(&parsed.value)?).await?;
    let added = books.ledger.add_list(ListKind::ExchangeRates, &digest, &file.name, now).await?;
    let count = u64::try_from(parsed.value.len()).unwrap_or(u64::MAX);
    let mut report = counted(&file.name, count, added);
    report.quarantined =
        parsed.rejected.into_iter().map(|rejected| set_aside(&file.name, "fx", "", rejected)).collect();
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// Imports one list of tax rates. Rates of it come before those of earlier lists.
///
/// # Errors
/// As [`import_prices`].
pub async fn import_tax_rates(books: &Books, file: ImportFile, now: Timestamp) -> EngineResult<ImportReport> {
    let parsed = read_tax_rates(file.input)?;
    let digest = books.ledger.put_blob(&canonical(&parsed.value)?).await?;
    let added = books.ledger.add_list(ListKind::TaxRates, &digest, &file.name, now).await?;
    let count = u64::try_from(parsed.value.len()).unwrap_or(u64::MAX);
    let mut report = counted(&file.name, count, added);
    report.quarantined =
        parsed.rejected.into_iter().map(|rejected| set_aside(&file.name, "tax", "", rejected)).collect();
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// Imports one list of what savings plans pay for. Its lines come before those of earlier lists with the same first day.
///
/// # Errors
/// As [`import_prices`].
pub async fn import_savings_plans(books: &Books, file: ImportFile, now: Timestamp) -> EngineResult<ImportReport> {
    let parsed = read_savings_plans(file.input)?;
    let digest = books.ledger.put_blob(&canonical(&parsed.value)?).await?;
    let added = books.ledger.add_list(ListKind::SavingsPlans, &digest, &file.name, now).await?;
    let count = u64::try_from(parsed.value.len()).unwrap_or(u64::MAX);
    let mut report = counted(&file.name, count, added);
    report.quarantined =
        parsed.rejected.into_iter().map(|rejected| set_aside(&file.name, "savings-plans", "", rejected)).collect();
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

pub(super) fn counted(source: &str, count: u64, added: bool) -> ImportReport {
    let (accepted, duplicate) = if added { (count, 0) } else { (0, count) };
    ImportReport { source: source.to_owned(), accepted, duplicate, ..ImportReport::default() }
}
