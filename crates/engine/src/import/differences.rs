//! Takes restatements of billed records by their differences, as late usage.
//!
//! Rule RI-1 (docs/rules/record-identity.md): a record whose month was billed stays as it is. What a higher
//! revision of it says otherwise becomes records of their own, of the same days, which the next period bills.

use std::collections::BTreeMap;

use billing::decimal::{Decimal, DecimalError};
use billing::ids::{RecordId, SubscriptionId};
use billing::period::BillingPeriod;
use billing::ports::{ImportedUsage, PortError, QuarantinedLine, UsageFile, UsageFilter, UsageImport};
use billing::usage::{RecordOrigin, UsageKind, UsageRecord, is_storable};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::usage::closed_months;

/// The code of the lines that are looked at.
const AFTER_ISSUE: &str = "usage.line.revision_after_issue";
/// Stands between a record's id and the revision that a difference leads to.
const DIFFERENCE: &str = "#difference-of-revision-";

/// What taking differences came to.
#[derive(Debug, Clone, Default)]
pub struct TakenDifferences {
    /// Restatements that were taken.
    pub restatements: u64,
    /// Records that say the differences.
    pub records: u64,
    /// Lines that stay set aside, with their reasons.
    pub remaining: Vec<QuarantinedLine>,
}

/// A restatement that waits.
struct Waiting {
    line: QuarantinedLine,
    id: RecordId,
    revision: u32,
    record: UsageRecord,
}

/// What stands of one record: its contents without their quantities, and the revision that they come to.
#[derive(Default)]
struct Stands {
    revision: u32,
    quantities: Vec<(UsageRecord, Decimal)>,
}

/// Takes all restatements that were set aside because their months were billed.
///
/// # Errors
/// Storage failures; nothing is taken then.
pub async fn take_differences(books: &Books, now: Timestamp) -> EngineResult<TakenDifferences> {
    let mut taken = TakenDifferences::default();
    let lines = books.ledger.quarantine().await?.into_iter().filter(|line| line.code == AFTER_ISSUE);
    let mut waiting: Vec<Waiting> = lines.map(read).collect::<EngineResult<_>>()?;
    if waiting.is_empty() {
        return Ok(taken);
    }
    waiting.sort_by(|a, b| (&a.id, a.revision, a.line.id).cmp(&(&b.id, b.revision, b.line.id)));
    let (open, waiting) = of_open_months(books, waiting).await?;
    restate(books, open, now, &mut taken).await?;
    if waiting.is_empty() {
        return Ok(taken);
    }
    let mut stands = billed(books, &waiting).await?;
    let known = books.ledger.usage_files().await?;
    let closed_months = closed_months(books).await?;
    let mut settled = Vec::new();
    let imported = {
        let mut session = books.usage.begin_import(&known, &closed_months)?;
        for Waiting { line, id, revision, record } in waiting {
            let stands = stands.entry(id.clone()).or_default();
            match differences(stands, &id, revision, &record) {
                Ok(records) => {
                    for record in records {
                        session.push(line.id, record)?;
                    }
                    settled.push(line.id);
                }
                Err((code, message)) => taken.remaining.push(QuarantinedLine { code, message, ..line }),
            }
        }
        session.finish()?
    };
    if let Some(refused) = imported.refused.first() {
        let operator = format!("line {}: {} ({})", refused.line, refused.message, refused.code);
        return Err(EngineError::new("storage.failed", "a difference could not be stored").with_operator(operator));
    }
    commit(books, imported, settled, now, &mut taken).await?;
    Ok(taken)
}

/// Stores what was imported, and takes the `settled` lines out of the quarantine with it.
async fn commit(
    books: &Books,
    imported: ImportedUsage,
    settled: Vec<u64>,
    now: Timestamp,
    taken: &mut TakenDifferences,
) -> EngineResult<()> {
    taken.restatements = taken.restatements.saturating_add(u64::try_from(settled.len()).unwrap_or(u64::MAX));
    taken.records = taken.records.saturating_add(imported.accepted);
    let import = UsageImport {
        source: "differences".to_owned(),
        imported_at: now,
        accepted: imported.accepted,
        duplicate: imported.duplicate,
        files: imported.files,
        settled,
        ..UsageImport::default()
    };
    Ok(books.ledger.commit_usage_import(&import).await?)
}

/// Those whose own party has not been billed for their month, and the others. A month is refused when any party
/// was billed for it, for an import does not ask whose its records are.
async fn of_open_months(books: &Books, waiting: Vec<Waiting>) -> EngineResult<(Vec<Waiting>, Vec<Waiting>)> {
    let ids: Vec<SubscriptionId> = waiting.iter().map(|one| one.record.subscription_id.clone()).collect();
    let mut closed_until: BTreeMap<SubscriptionId, Option<Date>> = BTreeMap::new();
    for (subscription, customer) in books.ledger.named_subscriptions(&ids).await? {
        let closures = books.ledger.closures(&customer.billed_party).await?;
        closed_until.insert(subscription.id, closures.iter().map(|closure| closure.period.end()).max());
    }
    let is_open = |one: &Waiting| {
        let until = closed_until.get(&one.record.subscription_id).copied().flatten();
        until.is_none_or(|until| one.record.usage_date >= until)
    };
    Ok(waiting.into_iter().partition(is_open))
}

/// Takes what is not billed yet as what it is: higher revisions.
async fn restate(
    books: &Books,
    waiting: Vec<Waiting>,
    now: Timestamp,
    taken: &mut TakenDifferences,
) -> EngineResult<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let known = books.ledger.usage_files().await?;
    let mut lines: BTreeMap<u64, QuarantinedLine> = BTreeMap::new();
    let mut imported = {
        let mut session = books.usage.begin_import(&known, &[])?;
        for Waiting { line, record, .. } in waiting {
            session.push(line.id, record)?;
            lines.insert(line.id, line);
        }
        session.finish()?
    };
    for refused in std::mem::take(&mut imported.refused) {
        if let Some(line) = lines.remove(&refused.line) {
            taken.remaining.push(QuarantinedLine { code: refused.code.to_owned(), message: refused.message, ..line });
        }
    }
    commit(books, imported, lines.into_keys().collect(), now, taken).await
}

fn read(line: QuarantinedLine) -> EngineResult<Waiting> {
    let damaged = |error| EngineError::damaged(&format!("line {} of the quarantine", line.id), error);
    let record: UsageRecord = serde_json::from_slice(&line.raw).map_err(damaged)?;
    match record.origin.clone() {
        RecordOrigin::Own { record_id, revision } => Ok(Waiting { line, id: record_id, revision, record }),
        RecordOrigin::ProviderRow => {
            let what = format!("line {} of the quarantine", line.id);
            Err(EngineError::damaged(&what, "a row without an id was set aside as a restatement"))
        }
    }
}

/// What was stored of the waiting records, their differences included; one look through each month.
async fn billed(books: &Books, waiting: &[Waiting]) -> EngineResult<BTreeMap<RecordId, Stands>> {
    let mut months = Vec::new();
    for one in waiting {
        let month = BillingPeriod::containing(one.record.usage_date)
            .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        if !months.contains(&month) {
            months.push(month);
        }
    }
    let mut stands: BTreeMap<RecordId, Stands> =
        waiting.iter().map(|one| (one.id.clone(), Stands::default())).collect();
    let files = books.ledger.usage_files().await?;
    for month in months {
        let is_of_month = |file: &&UsageFile| file.rows.days.is_some_and(|(first, _)| month.contains(first));
        let of_month: Vec<UsageFile> = files.iter().filter(is_of_month).cloned().collect();
        books.usage.read_usage(&of_month, &UsageFilter::days(month.first_day(), month.end()), &mut |stored| {
            if let Some((id, revision)) = restated_id(&stored.record)
                && let Some(stands) = stands.get_mut(&id)
            {
                stands.revision = stands.revision.max(revision);
                let quantity = stored.record.quantity;
                add(stands, &stored.record, quantity)
                    .map_err(|error| PortError::new(error.code(), "the quantities of a record do not fit", error))?;
            }
            Ok(())
        })?;
    }
    Ok(stands)
}

/// The record that this one is, or is a difference of, with its revision.
fn restated_id(record: &UsageRecord) -> Option<(RecordId, u32)> {
    let RecordOrigin::Own { record_id, revision } = &record.origin else { return None };
    let Some((id, led_to)) = record_id.as_str().split_once(DIFFERENCE) else {
        return Some((record_id.clone(), *revision));
    };
    let led_to = led_to.split_once('.').map_or(led_to, |(revision, _)| revision);
    Some((id.parse().ok()?, led_to.parse().ok()?))
}

fn add(stands: &mut Stands, record: &UsageRecord, quantity: Decimal) -> Result<(), DecimalError> {
    let content = content(record);
    match stands.quantities.iter_mut().find(|(known, _)| *known == content) {
        Some((_, sum)) => *sum = sum.checked_add(quantity)?,
        None => stands.quantities.push((content, quantity)),
    }
    Ok(())
}

/// All but how much, and by which record.
fn content(record: &UsageRecord) -> UsageRecord {
    UsageRecord {
        origin: RecordOrigin::ProviderRow,
        kind: UsageKind::Usage,
        quantity: Decimal::ZERO,
        provider_cost: None,
        ..record.clone()
    }
}

/// The records that lead from what stands to `restated`, and what stands then; or why there are none.
fn differences(
    stands: &mut Stands,
    id: &RecordId,
    revision: u32,
    restated: &UsageRecord,
) -> Result<Vec<UsageRecord>, (String, String)> {
    let target = content(restated);
    let stood: Vec<_> = stands.quantities.iter().filter(|(_, quantity)| !quantity.is_zero()).collect();
    if revision == stands.revision && stood == [&(target.clone(), restated.quantity)] {
        // Sent again.
        return Ok(Vec::new());
    }
    if revision <= stands.revision {
        let message =
            format!("record {:?} is known in revision {}, and {revision} is not higher", id.as_str(), stands.revision);
        return Err(("usage.line.record_id_conflict".to_owned(), message));
    }
    let failed = |error: DecimalError| (error.code().to_owned(), error.to_string());
    let mut wanted: Vec<(UsageRecord, Decimal)> =
        stands.quantities.iter().map(|(content, _)| (content.clone(), Decimal::ZERO)).collect();
    match wanted.iter_mut().find(|(content, _)| *content == target) {
        Some((_, quantity)) => *quantity = restated.quantity,
        None => wanted.push((target, restated.quantity)),
    }
    let mut records = Vec::new();
    for (place, (content, quantity)) in wanted.iter().enumerate() {
        let stood = stands.quantities.get(place).map_or(Decimal::ZERO, |(_, quantity)| *quantity);
        let difference = quantity.checked_sub(stood).map_err(failed)?;
        if difference.is_zero() {
            continue;
        }
        if !is_storable(difference) {
            return Err(failed(DecimalError::Overflow));
        }
        let part = if records.is_empty() { String::new() } else { format!(".{}", records.len()) };
        let record_id = format!("{id}{DIFFERENCE}{revision}{part}")
            .parse()
            .map_err(|error: billing::ids::IdError| (error.code().to_owned(), error.to_string()))?;
        records.push(UsageRecord {
            origin: RecordOrigin::Own { record_id, revision: 0 },
            kind: UsageKind::Correction,
            quantity: difference,
            ..content.clone()
        });
    }
    *stands = Stands { revision, quantities: wanted };
    Ok(records)
}
