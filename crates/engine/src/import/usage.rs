//! Imports usage: each record is placed below a customer, then counted once for ever.

use std::collections::{BTreeSet, HashMap};

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::party::{Customer, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{ImportSession, QuarantinedLine, UsageImport};
use billing::usage::UsageRecord;
use formats::usage::{UsageFormat, UsageItem, UsageOptions, usage_reader};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::own_cost::ImpliedPrices;
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
    let reader = usage_reader(file.input, &UsageOptions { format: options.format })?;
    let format = reader.format().name().to_owned();
    let header = String::from_utf8_lossy(reader.header_text()).into_owned();
    let known = books.ledger.usage_files().await?;
    let closed_months = closed_months(books).await?;
    let mut implied = ImpliedPrices::default();
    let (imported, sheet) = {
        let mut session = books.usage.begin_import(&known, &closed_months)?;
        for item in reader {
            match item? {
                UsageItem::Record { line, record } => {
                    if options.own_cost_as_price {
                        implied.add(&record)?;
                    }
                    let refused = placement.push(session.as_mut(), &file.name, line, record)?;
                    report.quarantined.extend(refused);
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
        report.quarantined.push(refused_record(
            &file.name,
            refused.line,
            refused.code,
            refused.message,
            &refused.record,
        )?);
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

/// A record that was read but not accepted, kept so that it can be replayed.
pub(super) fn refused_record(
    source: &str,
    line: u64,
    code: &str,
    message: String,
    record: &UsageRecord,
) -> EngineResult<QuarantinedLine> {
    let field = match code {
        "usage.line.customer_unknown" | "usage.line.customer_mismatch" => "customer_id",
        "usage.line.subscription_unknown" => "subscription_id",
        "usage.line.date_in_future" | "usage.line.date_outside_period" => "usage_date",
        _ => "record_id",
    };
    Ok(QuarantinedLine {
        id: 0,
        usage_import: 0,
        source: source.to_owned(),
        format: "record".to_owned(),
        header: String::new(),
        line,
        column: 1,
        field: field.to_owned(),
        code: code.to_owned(),
        message,
        raw: crate::rating::canonical(record)?,
    })
}

/// Finds the customer of each record, and introduces subscriptions that are new.
pub(super) struct Placement {
    /// Only looked up in, once for each record: its order never shows.
    customer_of: HashMap<SubscriptionId, CustomerId>,
    customers: BTreeSet<CustomerId>,
    assign_to: Option<CustomerId>,
    period: Option<BillingPeriod>,
    last_day: Date,
    pub(super) introduced_customers: Vec<Customer>,
    pub(super) introduced_subscriptions: Vec<Subscription>,
    pub(super) notes: Vec<String>,
}

impl Placement {
    pub(super) async fn load(books: &Books, options: &UsageImportOptions, now: Timestamp) -> EngineResult<Self> {
        let customer_of: HashMap<SubscriptionId, CustomerId> =
            books.ledger.subscriptions().await?.into_iter().map(|(id, customer, _)| (id, customer)).collect();
        let mut customers = BTreeSet::new();
        for party in books.billed_parties().await? {
            let directory = books.ledger.party_directory(&party.id).await?;
            customers.extend(directory.into_iter().flat_map(|directory| directory.customers.into_keys()));
        }
        let mut placement = Self {
            customer_of,
            customers,
            assign_to: options.assign_to.clone(),
            period: options.period,
            // One day of grace: a provider's day may be ahead of ours.
            last_day: now.to_zoned(TimeZone::UTC).date().saturating_add(1.day()),
            introduced_customers: vec![],
            introduced_subscriptions: vec![],
            notes: vec![],
        };
        placement.introduce_customer(books, options).await?;
        Ok(placement)
    }

    async fn introduce_customer(&mut self, books: &Books, options: &UsageImportOptions) -> EngineResult<()> {
        let Some(customer) = options.assign_to.clone().filter(|customer| !self.customers.contains(customer)) else {
            return Ok(());
        };
        let party = books.chosen_party(options.organisation.as_ref()).await?;
        self.notes.push(format!("customer {customer} is new and was put below {}", party.id));
        self.customers.insert(customer.clone());
        self.introduced_customers.push(Customer {
            id: customer.clone(),
            name: customer.to_string(),
            domain: String::new(),
            country: party.country,
            billed_party: party.id,
        });
        Ok(())
    }

    /// Hands the record to the session, or answers the line to set aside.
    pub(super) fn push(
        &mut self,
        session: &mut dyn ImportSession,
        source: &str,
        line: u64,
        record: UsageRecord,
    ) -> EngineResult<Option<QuarantinedLine>> {
        match self.place(&record) {
            Ok(()) => {
                session.push(line, record)?;
                Ok(None)
            }
            Err((code, message)) => refused_record(source, line, code, message, &record).map(Some),
        }
    }

    fn place(&mut self, record: &UsageRecord) -> Result<(), (&'static str, String)> {
        self.check_day(record.usage_date)?;
        if let Some(customer) = self.customer_of.get(&record.subscription_id) {
            return match &record.customer_id {
                Some(named) if named != customer => Err((
                    "usage.line.customer_mismatch",
                    format!(
                        "subscription {} belongs to customer {customer}, the line says {named}",
                        record.subscription_id
                    ),
                )),
                _ => Ok(()),
            };
        }
        let customer = self.customer_of_new(record)?;
        self.customer_of.insert(record.subscription_id.clone(), customer.clone());
        self.introduced_subscriptions.push(Subscription {
            id: record.subscription_id.clone(),
            customer,
            name: record.subscription_name.clone(),
            earned_credit: vec![],
        });
        Ok(())
    }

    fn customer_of_new(&self, record: &UsageRecord) -> Result<CustomerId, (&'static str, String)> {
        let named = record.customer_id.as_ref().filter(|customer| self.customers.contains(customer));
        match (named.or(self.assign_to.as_ref()), &record.customer_id) {
            (Some(customer), _) => Ok(customer.clone()),
            (None, Some(unknown)) => Err((
                "usage.line.customer_unknown",
                format!("customer {unknown} is not known; import it with `quittance import customers`"),
            )),
            (None, None) => Err((
                "usage.line.subscription_unknown",
                format!(
                    "subscription {} belongs to no known customer; import subscriptions, or use --assign-to CUSTOMER",
                    record.subscription_id
                ),
            )),
        }
    }

    fn check_day(&self, day: Date) -> Result<(), (&'static str, String)> {
        if day > self.last_day {
            return Err(("usage.line.date_in_future", format!("the usage day {day} lies in the future")));
        }
        match self.period {
            Some(period) if !period.contains(day) => {
                Err(("usage.line.date_outside_period", format!("the usage day {day} lies outside of {period}")))
            }
            _ => Ok(()),
        }
    }
}
