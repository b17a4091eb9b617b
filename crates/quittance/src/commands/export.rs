//! `quittance export`: the books for other programs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use billing::ids::OrganisationId;
use billing::ports::StoredEntry;
use formats::journal::JournalWriter;
use jiff::tz::TimeZone;

use crate::cli::{ExportCommand, ExportJournalArgs};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::Failure;
use crate::{CommandResult, Exit};

const ENTRIES_A_PAGE: u32 = 1_000;

pub(crate) async fn run(dir: &Path, command: &ExportCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    match command {
        ExportCommand::Journal(args) => journal(&data, args).await?,
    }
    Ok(Exit::Done)
}

async fn journal(data: &DataDir, args: &ExportJournalArgs) -> Result<(), Failure> {
    let issuer = issuer(data, args.org.as_ref()).await?;
    let entries = entries(data, &issuer).await?;
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|error| {
            Failure::new("file.unwritable", format!("{} cannot be written: {error}", path.display()))
        })?)),
        None => Box::new(BufWriter::new(stdout().lock())),
    };
    let postings = entries.iter().flat_map(|stored| &stored.entry.postings);
    let currencies: BTreeSet<_> = postings.map(|posting| posting.amount.currency).collect();
    let currencies: Vec<_> = currencies.into_iter().collect();
    let first = entries.first().map_or_else(clock::now, |stored| Ok(stored.entry.booked_at))?;
    let first_day = first.to_zoned(TimeZone::UTC).date();
    let mut writer = JournalWriter::begin(args.format, &mut out, first_day, &currencies)?;
    for stored in &entries {
        writer.write(&stored.entry, stored.hash)?;
    }
    Ok(out.flush()?)
}

async fn entries(data: &DataDir, issuer: &OrganisationId) -> Result<Vec<StoredEntry>, Failure> {
    let mut all: Vec<StoredEntry> = Vec::new();
    loop {
        let after = all.last().map_or(0, |stored| stored.entry.position);
        let page = data.books.ledger.journal(issuer, after, ENTRIES_A_PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Whose journal is meant: the one that is named, else the only issuer.
async fn issuer(data: &DataDir, named: Option<&OrganisationId>) -> Result<OrganisationId, Failure> {
    let mut organisations = data.books.ledger.organisations().await?;
    if let Some(named) = named {
        let unknown =
            || Failure::new("organisation.unknown", format!("no organisation is called {:?}", named.as_str()));
        return organisations.into_iter().map(|known| known.id).find(|id| id == named).ok_or_else(unknown);
    }
    organisations.retain(|organisation| organisation.billed_by.is_none());
    match organisations.as_slice() {
        [only] => Ok(only.id.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(|issuer| issuer.id.as_str()).collect();
            let message = format!("choose whose journal is meant with --org: {}", names.join(", "));
            Err(Failure::new("organisation.not_chosen", message))
        }
    }
}
