//! 10,000 random months come out of the files as they do one record after the other.

use std::collections::BTreeMap;
use std::ops::Range;

use billing::decimal::Decimal;
use billing::rate::{DayFactors, LineFigures};
use billing::usage::UsageRecord;
use usage::Limits;

use super::months::{Chance, Month};
use super::naive::Failure;
use super::party::Party;
use super::plans::hold_plans;
use super::world::{Books, Run};

/// Months that can be rated; those that cannot go to `refused`.
pub(super) fn sound_months(
    chance: &mut Chance,
    count: usize,
    has_extremes: bool,
    refused: &mut Vec<Month>,
) -> Vec<Month> {
    let mut months = Vec::new();
    for number in 1.. {
        let month = Month::random(chance, number, has_extremes);
        let mut party = Party::billed_in("EUR");
        month.join(&mut party);
        match party.rate_naively(month.stored()).in_files() {
            Ok(_) => months.push(month),
            Err(_) => refused.push(month),
        }
        if months.len() == count {
            break;
        }
    }
    months
}

fn any_limits(chance: &mut Chance) -> Limits {
    Limits {
        rows_per_chunk: chance.between(100, 500),
        rows_per_rated_file: chance.between(60, 1_000),
        rating_threads: chance.between(1, 4),
        ..Limits::default()
    }
}

/// All versions of all records in any order, in several imports of many small files.
pub(super) fn import(chance: &mut Chance, months: &[Month], limits: Limits) -> Books {
    let mut party = Party::billed_in("EUR");
    months.iter().for_each(|month| month.join(&mut party));
    let mut records: Vec<UsageRecord> = months.iter().flat_map(Month::arrivals).collect();
    chance.shuffle(&mut records);
    let mut books = Books::new(limits, party);
    for part in records.chunks(records.len().div_ceil(chance.between(1, 5))) {
        books.usage.import(part);
    }
    books
}

/// What the months are to be about, and how often chance came upon it.
fn count_seen(seen: &mut BTreeMap<&str, usize>, run: &Run) {
    let said = &run.said;
    let mut lines = |name, is: fn(&LineFigures) -> bool| {
        *seen.entry(name).or_default() += said.lines.iter().filter(|line| is(&line.figures)).count();
    };
    lines("credit", |figures| !figures.factors.earned_credit_rate.is_zero());
    lines("discount", |figures| figures.factors.discount_factor < Decimal::ONE);
    lines("many decimals", |figures| figures.quantity.scale() > 20);
    lines("covered", |figures| figures.factors == DayFactors::COVERED);
    lines("covered taken back", |figures| figures.factors == DayFactors::COVERED && figures.quantity.is_negative());
    lines("taken back", |figures| figures.quantity.is_negative());
    // No price of a list has that many digits.
    lines("blended price", |figures| figures.unit_price.scale() > 8);
    *seen.entry("files").or_default() += run.files.len();
    *seen.entry("scopes").or_default() += said.scopes.len();
    *seen.entry("several prices").or_default() +=
        said.scopes.values().filter(|scope| scope.single_unit_price.is_none()).count();
    *seen.entry("unpriced").or_default() += said.totals.unpriced.len();
    *seen.entry("late").or_default() += usize::try_from(said.totals.late_count).unwrap();
}

/// 100 months in one store.
fn check_months(seed: u64, seen: &mut BTreeMap<&str, usize>) {
    let mut chance = Chance::new(seed);
    // Extremes split files, and so many files would take long.
    let (has_extremes, has_plans) = (seed.is_multiple_of(8), seed.is_multiple_of(2));
    let months = sound_months(&mut chance, 100, has_extremes, &mut Vec::new());
    let limits = any_limits(&mut chance);
    let mut books = import(&mut chance, &months, limits);
    if has_plans {
        books.party.coverage = hold_plans(&mut chance, &mut books);
    }
    match books.check() {
        // What plans leave of a quantity may stand in a tier whose price makes it too long.
        Err(Failure("number.out_of_range", _)) if has_extremes && has_plans => {}
        run => count_seen(seen, &run.unwrap()),
    }
}

#[test]
fn ten_thousand_months_are_rated_as_one_record_after_the_other() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    std::thread::scope(|scope| {
        let check = |seeds: Range<u64>| {
            scope.spawn(move || {
                let mut seen = BTreeMap::new();
                seeds.for_each(|seed| check_months(seed, &mut seen));
                seen
            })
        };
        for half in [check(0..50), check(50..100)] {
            for (what, count) in half.join().unwrap() {
                *seen.entry(what).or_default() += count;
            }
        }
    });
    // Late usage is seldom below zero as a whole.
    let least = |what| if what == "covered taken back" { 20 } else { 500 };
    let is_enough = seen.iter().all(|(what, count)| *count > least(*what));
    assert!(seen.len() == 12 && is_enough, "chance came upon too little: {seen:?}");
}

#[test]
fn a_month_that_cannot_be_rated_is_refused_in_the_same_words() {
    let mut chance = Chance::new(100);
    let (mut refused, mut codes) = (Vec::new(), BTreeMap::new());
    let sound = sound_months(&mut chance, 350, true, &mut refused);
    for (month, sound) in refused.iter().zip(sound.chunks(3)) {
        let others = sound.iter().filter(|other| other.plan != month.plan);
        let months: Vec<Month> = others.chain([month]).cloned().collect();
        let limits = Limits { rows_per_rated_file: 30, ..any_limits(&mut chance) };
        let Failure(code, _) = import(&mut chance, &months, limits).check().unwrap_err();
        *codes.entry(code).or_default() += 1;
    }
    let expected = ["fx.rate_missing", "number.out_of_range", "rating.quantity_inexact", "rating.unit_changed"];
    assert!(codes.keys().eq(&expected) && codes.values().all(|count: &usize| *count > 5), "{codes:?}");
}
