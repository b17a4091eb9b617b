//! Puts the lines of a price list together to meter prices.
//!
//! A meter with a refused line is left out as a whole, so that half a tier table never gets into
//! force; its good lines go to quarantine with the bad one and can be replayed together. A line
//! that names several meters binds them to each other.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::ids::MeterId;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{MeterPrice, PriceRange, Tier, TierError, TierTable};
use jiff::civil::Date;

use super::part::{Disagreement, PricePart, Said, Step};
use super::problem::PriceLineError;
use super::quarantine::{self, Origin, Place, ReadLine, Refusal};
use crate::error::RejectedLine;

/// How a format writes tiers, and what a second price of one start means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListRule {
    /// Starts, or half-open bounds as soon as a line gives an end.
    Own,
    /// Ranges of whole units, both ends included.
    WholeUnitRanges,
    /// Starts; every entry stands for itself.
    RateCard,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct VersionKey {
    meter: MeterId,
    currency: Currency,
    from: Date,
    listing: String,
}

#[derive(Debug)]
struct Version {
    /// Index of the line that named it first.
    first_line: usize,
    until: Option<Date>,
    said: Said,
    /// Each with the index of its line.
    steps: Vec<(usize, Step)>,
}

/// Collects lines and builds prices of them.
#[derive(Debug)]
pub(super) struct Assembly {
    rule: ListRule,
    lines: Vec<ReadLine>,
    versions: BTreeMap<VersionKey, Version>,
}

impl Assembly {
    pub(super) fn new(rule: ListRule) -> Self {
        Self { rule, lines: Vec::new(), versions: BTreeMap::new() }
    }

    /// Sets a line aside, and with it the meters that it names as far as they could be read.
    pub(super) fn refuse(&mut self, origin: Origin, meters: Vec<MeterId>, refusal: Refusal) {
        self.lines.push(ReadLine { origin, meters, refusal: Some(refusal) });
    }

    /// Sets aside what is no line at all; every id in its text that names a meter binds that meter.
    pub(super) fn refuse_unread(&mut self, rejected: RejectedLine) {
        self.lines.push(ReadLine::unread(rejected));
    }

    /// Takes a line in. `locate` tells where a field stands, by its name in Quittance's own format.
    pub(super) fn add(&mut self, origin: Origin, part: PricePart, locate: &dyn Fn(&'static str) -> Place) {
        let index = self.lines.len();
        let mut refusal = None;
        for meter in &part.meters {
            if let Err((earlier_line, Disagreement { field, found, earlier })) =
                self.add_to_version(index, meter, &part)
            {
                let line = self.line_number(earlier_line);
                let fault = PriceLineError::Contradiction { found, earlier, line }.into();
                refusal.get_or_insert(Refusal { place: locate(field), fault });
            }
        }
        self.lines.push(ReadLine { origin, meters: part.meters, refusal });
    }

    /// On disagreement also the index of the line that was there before.
    fn add_to_version(&mut self, line: usize, meter: &MeterId, part: &PricePart) -> Result<(), (usize, Disagreement)> {
        let DayRange { from, until } = part.effective;
        let key = VersionKey { meter: meter.clone(), currency: part.currency, from, listing: part.listing.clone() };
        let steps = part.steps.iter().map(|step| (line, *step));
        let Some(version) = self.versions.get_mut(&key) else {
            let version = Version { first_line: line, until, said: part.said.clone(), steps: steps.collect() };
            self.versions.insert(key, version);
            return Ok(());
        };
        let first_line = version.first_line;
        version.steps.extend(steps);
        if version.until != until {
            let text = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
            let (found, earlier) = (text(until), text(version.until));
            return Err((first_line, Disagreement { field: "effective_until", found, earlier }));
        }
        version.said.merge(part.said.clone()).map_err(|disagreement| (first_line, disagreement))
    }

    fn line_number(&self, index: usize) -> u64 {
        self.lines.get(index).map_or(0, |line| line.origin.line)
    }

    /// The prices of all meters without a refused line, by meter, currency and start; and the lines
    /// that were set aside, in the order of the file.
    pub(super) fn finish(mut self) -> (Vec<MeterPrice>, Vec<RejectedLine>) {
        let mut prices = Vec::with_capacity(self.versions.len());
        let mut previous: Option<(VersionKey, usize)> = None;
        for (key, version) in std::mem::take(&mut self.versions) {
            let first_line = version.first_line;
            match self.tier_table(&version) {
                Ok(tiers) => prices.push(meter_price(key.clone(), version, tiers)),
                Err((line, error)) => self.set_refusal(line, |origin| &origin.tier, error.into()),
            }
            previous = self.check_single(previous, key, first_line, &mut prices);
        }
        let rejected_meters = quarantine::rejected_meters(&self.lines);
        prices.retain(|price| !rejected_meters.contains_key(&price.meter_id));
        (prices, quarantine::rejected_lines(self.lines, &rejected_meters))
    }

    /// Refuses, or drops where it says the same, a second price of one meter, currency and start.
    fn check_single(
        &mut self,
        previous: Option<(VersionKey, usize)>,
        key: VersionKey,
        line: usize,
        prices: &mut Vec<MeterPrice>,
    ) -> Option<(VersionKey, usize)> {
        let Some((earlier, earlier_line)) = previous else { return Some((key, line)) };
        if (&earlier.meter, earlier.currency, earlier.from) != (&key.meter, key.currency, key.from) {
            return Some((key, line));
        }
        let same = matches!(prices.as_slice(), [.., a, b] if is_same_price(a, b) && b.effective.from == key.from);
        if same && self.rule != ListRule::RateCard {
            prices.pop();
            return Some((earlier, earlier_line));
        }
        let (first, second) = (earlier_line.min(line), earlier_line.max(line));
        let error = PriceLineError::Duplicate { meter: key.meter, from: key.from, line: self.line_number(first) };
        self.set_refusal(second, |origin| &origin.meter, error);
        Some((earlier, earlier_line))
    }

    fn set_refusal(&mut self, line: usize, place: fn(&Origin) -> &Place, error: PriceLineError) {
        if let Some(line) = self.lines.get_mut(line) {
            let place = place(&line.origin).clone();
            line.refusal.get_or_insert(Refusal { place, fault: error.into() });
        }
    }

    /// The table, or what is wrong with it and on which line.
    fn tier_table(&self, version: &Version) -> Result<TierTable, (usize, TierError)> {
        let steps = version.steps.as_slice();
        let tier = |step: &Step| Tier { from: step.from, unit_price: step.unit_price };
        let built = if self.rule == ListRule::WholeUnitRanges {
            let range = |step: &Step| PriceRange { min: step.from, max: step.to, unit_price: step.unit_price };
            TierTable::from_ranges(steps.iter().map(|(_, step)| range(step)).collect())
                .and_then(|table| ends_open(steps).map(|()| table))
        } else if steps.iter().any(|(_, step)| step.to.is_some()) {
            TierTable::from_bounds(steps.iter().map(|(_, step)| (tier(step), step.to)).collect())
        } else {
            TierTable::new(steps.iter().map(|(_, step)| tier(step)).collect())
        };
        built.map_err(|error| (self.guilty_line(version, &error), error))
    }

    /// The last line that states the number the error names; the first line where none does.
    fn guilty_line(&self, version: &Version, error: &TierError) -> usize {
        let start = |step: &Step| match self.rule {
            ListRule::WholeUnitRanges => step.from.checked_sub(Decimal::ONE).unwrap_or(step.from).max(Decimal::ZERO),
            ListRule::Own | ListRule::RateCard => step.from,
        };
        let is_guilty = |step: &Step| match error {
            TierError::Duplicate(value) | TierError::Overlap(value) | TierError::NegativeStart(value) => {
                start(step) == *value
            }
            TierError::Gap(value) => step.to == Some(*value),
            TierError::NegativePrice(value) => step.unit_price == *value,
            TierError::NoFirstTier | TierError::Number(_) => false,
        };
        let guilty = version.steps.iter().rev().find(|(_, step)| is_guilty(step));
        guilty.map_or(version.first_line, |(line, _)| *line)
    }
}

/// A published table has no upper end; one with an end has lost a line.
fn ends_open(steps: &[(usize, Step)]) -> Result<(), TierError> {
    let last = steps.iter().map(|(_, step)| step).max_by_key(|step| step.from);
    let end = last.and_then(|step| step.to);
    TierTable::from_bounds(vec![(Tier { from: Decimal::ZERO, unit_price: Decimal::ZERO }, end)]).map(|_| ())
}

/// Whether two versions price usage alike, whatever they call the product.
fn is_same_price(a: &MeterPrice, b: &MeterPrice) -> bool {
    let terms = |price: &MeterPrice| {
        let MeterPrice { currency, included_quantity, tier_basis, effective, earned_credit_rate, .. } = *price;
        (currency, included_quantity, tier_basis, effective, earned_credit_rate)
    };
    a.meter_id == b.meter_id && a.unit_of_measure == b.unit_of_measure && a.tiers == b.tiers && terms(a) == terms(b)
}

fn meter_price(key: VersionKey, version: Version, tiers: TierTable) -> MeterPrice {
    let Said { included_quantity, tier_basis, earned_credit_rate, default_earned_credit_rate, .. } = version.said;
    let (unit_of_measure, product, meter) = version.said.into_words();
    MeterPrice {
        meter_id: key.meter,
        meter,
        product,
        currency: key.currency,
        unit_of_measure,
        tiers,
        included_quantity: included_quantity.unwrap_or_default(),
        tier_basis: tier_basis.unwrap_or_default(),
        effective: DayRange { from: key.from, until: version.until },
        earned_credit_rate: earned_credit_rate.or(default_earned_credit_rate).unwrap_or_default(),
    }
}
