//! What a subscription used, day by day, as it was recorded: without prices.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::decimal::{Decimal, DecimalError};
use billing::ids::{MeterId, SubscriptionId};
use billing::ports::{PortError, PortResult, StoredUsage, UsageFile, UsageFilter, hex};
use billing::price::MeterPrice;
use billing::uom::UnitOfMeasure;
use billing::usage::{MeterDescription, ResourceDescription, UsageRecord};
use jiff::civil::Date;

use crate::books::Books;
use crate::error::EngineResult;
use crate::inputs::{Lists, current_digests};

/// Where a use stands among all of its subscription: its day, its meter, and what names it among those of both. It stays
/// when other records come in between, and when files are merged.
pub type Place = (Date, MeterId, String);

/// Which uses are asked for. A record does not say when it was reported, so days are those of the use.
#[derive(Debug, Clone)]
pub struct Asked {
    pub subscription: SubscriptionId,
    pub from: Date,
    /// The first day that is not asked for.
    pub until: Date,
    /// False where those of one day, meter and unit are added up.
    pub by_instance: bool,
    /// The first place, where it is not the first of all.
    pub start: Option<Place>,
    pub limit: usize,
}

/// A meter's use on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub day: Date,
    pub meter_id: MeterId,
    pub meter: MeterDescription,
    /// In `unit`.
    pub quantity: Decimal,
    pub unit: String,
    /// `None` where instances were added up.
    pub instance: Option<ResourceDescription>,
}

/// What uses are read from.
#[derive(Debug, Clone)]
pub struct UseSource {
    files: Vec<UsageFile>,
    lists: Arc<Lists>,
}

/// All that is recorded.
///
/// # Errors
/// Storage failures.
pub async fn source(books: &Books) -> EngineResult<UseSource> {
    let files = books.ledger.usage_files().await?;
    let lists = books.lists(&current_digests(books.ledger.as_ref()).await?).await?;
    Ok(UseSource { files, lists })
}

impl UseSource {
    /// At most `limit` uses in the order of their places. It blocks while it reads.
    ///
    /// # Errors
    /// Storage failures, or a sum beyond the digits of a decimal.
    pub fn read(&self, books: &Books, asked: &Asked) -> EngineResult<Vec<(Place, Use)>> {
        let start_day = asked.start.as_ref().map_or(asked.from, |(day, ..)| asked.from.max(*day));
        let filter = UsageFilter {
            from: start_day,
            until: asked.until,
            subscription: Some(asked.subscription.clone()),
            meter: None,
        };
        let mut page = Page { asked, listed: Listed::of(&self.lists), uses: BTreeMap::new() };
        books.usage.read_usage(&self.files, &filter, &mut |stored| page.take(stored))?;
        Ok(page.uses.into_iter().collect())
    }
}

/// The first uses so far of those that are asked for.
struct Page<'s> {
    asked: &'s Asked,
    listed: Listed<'s>,
    uses: BTreeMap<Place, Use>,
}

impl Page<'_> {
    fn take(&mut self, stored: StoredUsage) -> PortResult<()> {
        let StoredUsage { key, record, .. } = stored;
        let found = self.describe(record).map_err(inexact)?;
        let name = if self.asked.by_instance { hex(&key.0) } else { found.unit.clone() };
        let place = (found.day, found.meter_id.clone(), name);
        if self.asked.start.as_ref().is_some_and(|start| place < *start) {
            return Ok(());
        }
        match self.uses.get_mut(&place) {
            Some(known) => known.quantity = known.quantity.checked_add(found.quantity).map_err(inexact)?,
            None => {
                self.uses.insert(place, found);
            }
        }
        // What falls off has enough before it for good, so none of it is missing when it is asked for.
        if self.uses.len() > self.asked.limit {
            self.uses.pop_last();
        }
        Ok(())
    }

    fn describe(&mut self, record: UsageRecord) -> Result<Use, DecimalError> {
        let listed = self.listed.price(&record.meter_id);
        let words = listed.map(|price| &price.meter);
        let known = |own: String, listed: Option<&String>| match own.is_empty() {
            true => listed.cloned().unwrap_or_default(),
            false => own,
        };
        let unit = known(record.unit_of_measure, listed.map(|price| &price.unit_of_measure));
        let measure = UnitOfMeasure::parse(&unit);
        let (quantity, unit) = match measure.pricing_quantity(record.quantity, record.quantity_basis) {
            Ok(blocks) => (blocks, unit),
            // Single units that do not fill blocks: told as what they are.
            Err(_) => {
                let single = measure.consumed_quantity(record.quantity, record.quantity_basis)?;
                (single, measure.distinct_unit)
            }
        };
        Ok(Use {
            day: record.usage_date,
            meter_id: record.meter_id,
            meter: MeterDescription {
                category: known(record.meter.category, words.map(|words| &words.category)),
                subcategory: known(record.meter.subcategory, words.map(|words| &words.subcategory)),
                name: known(record.meter.name, words.map(|words| &words.name)),
                region: known(record.meter.region, words.map(|words| &words.region)),
            },
            quantity,
            unit,
            instance: self.asked.by_instance.then_some(record.resource),
        })
    }
}

/// What price lists say of meters.
struct Listed<'s> {
    lists: &'s Lists,
    prices: BTreeMap<MeterId, Option<&'s MeterPrice>>,
}

impl<'s> Listed<'s> {
    fn of(lists: &'s Lists) -> Self {
        Self { lists, prices: BTreeMap::new() }
    }

    /// The one that was imported last.
    fn price(&mut self, meter: &MeterId) -> Option<&'s MeterPrice> {
        if let Some(known) = self.prices.get(meter) {
            return *known;
        }
        let mut sheets = self.lists.sheets.iter().rev();
        let found = sheets.find_map(|sheet| sheet.prices.iter().find(|price| price.meter_id == *meter));
        self.prices.insert(meter.clone(), found);
        found
    }
}

fn inexact(error: DecimalError) -> PortError {
    PortError::new(error.code(), error.to_string(), "")
}
