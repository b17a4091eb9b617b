//! The lines of a price list that are set aside, and those that go with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use billing::ids::MeterId;

use super::problem::PriceLineError;
use crate::error::{Fault, RejectedLine};

/// A field of a line: its name as the file writes it, and its column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) field: Cow<'static, str>,
    pub(super) column: u64,
}

/// A line as the file holds it.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) line: u64,
    /// What is wrong with a tier table as a whole is shown here ...
    pub(super) tier: Place,
    /// ... and what is wrong with the meter here.
    pub(super) meter: Place,
    /// From [`crate::error::raw_excerpt`].
    pub(super) raw: (Vec<u8>, bool),
}

/// What a line was refused for.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) fault: Fault,
}

/// A line, the meters that it names, and why it cannot be used if it cannot.
#[derive(Debug)]
pub(super) struct ReadLine {
    pub(super) origin: Origin,
    pub(super) meters: Vec<MeterId>,
    pub(super) refusal: Option<Refusal>,
}

impl ReadLine {
    /// What could not be read as a line at all; every id in its text that names a meter binds it.
    pub(super) fn unread(rejected: RejectedLine) -> Self {
        let RejectedLine { line, column, field, code, message, raw, raw_cut } = rejected;
        let place = Place { field: field.into(), column };
        let refusal = Some(Refusal { place: place.clone(), fault: Fault { code, message } });
        let meters = ids_in(&raw);
        let origin = Origin { line, tier: place.clone(), meter: place, raw: (raw, raw_cut) };
        Self { origin, meters, refusal }
    }
}

/// All meters that are left out, each with the line that is to blame.
pub(super) fn rejected_meters(lines: &[ReadLine]) -> BTreeMap<MeterId, usize> {
    let mut lines_of: BTreeMap<&MeterId, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        line.meters.iter().for_each(|meter| lines_of.entry(meter).or_default().push(index));
    }
    let refused = lines.iter().enumerate().filter(|(_, line)| line.refusal.is_some());
    let mut open: Vec<(usize, usize)> = refused.map(|(index, _)| (index, index)).rev().collect();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut rejected: BTreeMap<MeterId, usize> = BTreeMap::new();
    while let Some((index, blamed)) = open.pop() {
        let Some(line) = lines.get(index).filter(|_| seen.insert(index)) else { continue };
        for meter in &line.meters {
            if !rejected.contains_key(meter) {
                rejected.insert(meter.clone(), blamed);
                open.extend(lines_of.get(meter).into_iter().flatten().map(|other| (*other, blamed)));
            }
        }
    }
    rejected
}

/// The lines that are set aside, in the order of the file.
pub(super) fn rejected_lines(lines: Vec<ReadLine>, meters: &BTreeMap<MeterId, usize>) -> Vec<RejectedLine> {
    let numbers: Vec<u64> = lines.iter().map(|line| line.origin.line).collect();
    let mut rejected = Vec::new();
    for ReadLine { origin, meters: named, refusal } in lines {
        let with_meter = || {
            let (meter, blamed) = named.iter().find_map(|meter| meters.get_key_value(meter))?;
            let line = numbers.get(*blamed).copied().unwrap_or(0);
            let error = PriceLineError::MeterRejected { meter: meter.clone(), line };
            Some(Refusal { place: origin.meter.clone(), fault: error.into() })
        };
        if let Some(refusal) = refusal.or_else(with_meter) {
            rejected.push(rejected_line(origin, refusal));
        }
    }
    rejected
}

/// Whatever could be a meter's id in a text that is neither CSV nor JSON.
fn ids_in(raw: &[u8]) -> Vec<MeterId> {
    let text = String::from_utf8_lossy(raw);
    let ends_id = |c: char| matches!(c, ',' | ';' | '|' | '"') || c.is_whitespace();
    let ids: BTreeSet<MeterId> = text.split(ends_id).filter_map(|word| word.parse().ok()).collect();
    ids.into_iter().collect()
}

fn rejected_line(origin: Origin, Refusal { place, fault }: Refusal) -> RejectedLine {
    let (raw, raw_cut) = origin.raw;
    let (field, column) = (place.field.into_owned(), place.column);
    RejectedLine { line: origin.line, column, field, code: fault.code, message: fault.message, raw, raw_cut }
}
