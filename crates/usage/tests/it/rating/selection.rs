//! Which records a job takes, and what a survey knows of files.

use billing::ids::SubscriptionId;
use billing::ports::{SourceRows, UsageSource, UsageStore};
use billing::price::{Tier, TierTable};
use billing::usage::{RecordOrigin, UsageRecord};
use jiff::civil::date;
use usage::Limits;

use super::party::{Party, d, price, scope, used};
use super::world::{Books, NO_PARTS, Run, only, rate_surveyed, read_back};

/// Three plans; `meter-1` has a price and `meter-2` has none.
fn books(imports: &[Vec<UsageRecord>]) -> Books {
    let mut books = Books::new(Limits::default(), Party::with_plans(3, vec![price("meter-1", "1")]));
    imports.iter().for_each(|records| _ = books.usage.import(records));
    books
}

/// A record whose quantity is its number.
fn one(number: u64, plan: &str, meter: &str, day: u64) -> UsageRecord {
    used(&format!("r-{number}"), plan, meter, day, &number.to_string())
}

fn restated(number: u64, plan: &str, meter: &str, day: u64, quantity: &str) -> UsageRecord {
    let id = format!("r-{number}");
    let origin = RecordOrigin::Own { record_id: id.parse().unwrap(), revision: 1 };
    UsageRecord { origin, ..used(&id, plan, meter, day, quantity) }
}

/// The same rows of each place.
fn sources(places: &[u64], rows: &SourceRows) -> Vec<UsageSource> {
    places.iter().map(|place| UsageSource { place: *place, rows: rows.clone() }).collect()
}

/// Rates some sources and compares the quantities of the lines, and those without a price.
#[track_caller]
fn check(books: &Books, sources: &[UsageSource], lines: &[&str], unpriced: &[&str]) {
    let said = books.check_sources(sources).unwrap().said;
    let mut found: Vec<_> = said.lines.iter().map(|line| line.figures.quantity.to_string()).collect();
    found.sort();
    assert_eq!(found, lines);
    let mut found: Vec<_> = said.totals.unpriced.iter().map(|usage| usage.quantity.to_string()).collect();
    found.sort();
    assert_eq!(found, unpriced);
}

#[test]
fn files_that_are_no_source_are_not_rated() {
    let books = books(&[
        vec![one(1, "plan-1", "meter-1", 9), one(2, "plan-2", "meter-1", 1)],
        vec![one(3, "plan-1", "meter-1", 5)],
        vec![one(4, "plan-1", "meter-1", 7), one(5, "plan-3", "meter-2", 7)],
    ]);
    check(&books, &sources(&[1, 2, 3], &SourceRows::All), &["1", "2", "3", "4"], &["5"]);
    check(&books, &sources(&[3, 1], &SourceRows::All), &["1", "2", "4"], &["5"]);
    check(&books, &sources(&[2], &SourceRows::All), &["3"], &[]);
    check(&books, &[], &[], &[]);
}

#[test]
fn of_some_sources_only_some_days_are_taken() {
    let books = books(&[
        vec![
            one(1, "plan-1", "meter-1", 1),
            one(2, "plan-1", "meter-1", 2),
            one(3, "plan-1", "meter-2", 1),
            one(4, "plan-2", "meter-1", 1),
            one(5, "plan-3", "meter-1", 30),
        ],
        vec![one(6, "plan-1", "meter-1", 1), one(7, "plan-1", "meter-1", 2), one(8, "plan-2", "meter-2", 2)],
    ]);
    let check = |first: &SourceRows, second: &SourceRows, lines: &[&str], unpriced: &[&str]| {
        check(&books, &[sources(&[1], first), sources(&[2], second)].concat(), lines, unpriced);
    };
    let (day, all) = (only(&[("plan-1", "meter-1", 1)]), SourceRows::All);
    check(&day, &only(&[]), &["1"], &[]);
    check(&day, &day, &["1", "6"], &[]);
    check(&day, &all, &["1", "6", "7"], &["8"]);
    check(&all, &only(&[("plan-1", "meter-1", 2), ("plan-2", "meter-2", 2)]), &["1", "2", "4", "5", "7"], &["3", "8"]);
    let several = only(&[("plan-1", "meter-2", 1), ("plan-3", "meter-1", 30), ("plan-3", "meter-1", 29)]);
    check(&several, &several, &["5"], &["3"]);
    check(&only(&[("plan-2", "meter-2", 1)]), &only(&[("plan-9", "meter-1", 1)]), &[], &[]);
}

#[test]
fn the_highest_revision_counts_whatever_days_are_taken() {
    let books = books(&[
        vec![one(1, "plan-1", "meter-1", 1), one(2, "plan-1", "meter-1", 1), one(3, "plan-1", "meter-1", 2)],
        vec![
            restated(1, "plan-1", "meter-1", 2, "11"),
            restated(2, "plan-1", "meter-2", 1, "12"),
            restated(3, "plan-1", "meter-1", 1, "13"),
        ],
    ]);
    check(&books, &sources(&[1, 2], &SourceRows::All), &["11", "13"], &["12"]);
    // A record that was restated to another day takes its old day's quantity with it.
    check(&books, &sources(&[1, 2], &only(&[("plan-1", "meter-1", 1)])), &["13"], &[]);
    check(&books, &sources(&[1, 2], &only(&[("plan-1", "meter-1", 2)])), &["11"], &[]);
    check(&books, &sources(&[1, 2], &only(&[("plan-1", "meter-2", 1)])), &[], &["12"]);
    check(&books, &sources(&[2], &SourceRows::All), &["11", "13"], &["12"]);
}

#[test]
fn usage_of_other_parties_is_left_to_them() {
    let mut books = books(&[
        vec![one(1, "plan-1", "meter-1", 1), one(2, "plan-1-stranger", "meter-1", 1), one(3, "plan-2", "meter-1", 1)],
        vec![one(4, "plan-2-stranger", "meter-2", 1), one(5, "stranger", "meter-1", 1)],
    ]);
    check(&books, &sources(&[1, 2], &SourceRows::All), &["1", "3"], &[]);
    check(&books, &sources(&[2], &SourceRows::All), &[], &[]);
    books.party.add_plan("c-9", "plan-2-stranger", vec![]);
    books.party.add_plan("c-9", "stranger", vec![]);
    check(&books, &sources(&[1, 2], &SourceRows::All), &["1", "3", "5"], &["4"]);
}

#[test]
fn late_usage_goes_on_where_its_month_ended_and_is_counted_apart() {
    let late = |number: u64, meter: &str, quantity: &str| UsageRecord {
        usage_date: date(2026, 8, 28),
        ..used(&format!("late-{number}"), "plan-1", meter, 1, quantity)
    };
    let mut books = books(&[
        vec![one(3, "plan-1", "meter-1", 1), late(1, "meter-1", "10")],
        vec![late(2, "meter-2", "7"), late(3, "meter-2", "1")],
    ]);
    let tier = |from: &str, unit_price: &str| Tier { from: d(from), unit_price: d(unit_price) };
    books.party.sheets[0].prices[0].tiers = TierTable::new(vec![tier("0", "1"), tier("100", "0.8")]).unwrap();
    books.party.late_from.insert(scope("c-1", "plan-1", "meter-1", "2026-08"), d("95"));
    let said = books.check().unwrap().said;
    // The example of CL-2: 5 x 1 + 5 x 0.80.
    let found: Vec<_> = said.lines.iter().map(|line| line.figures.pricing_total.to_string()).collect();
    assert_eq!(found, ["9", "3"]);
    assert_eq!((said.totals.late_count, said.totals.daily_line_count), (3, 2));
    assert_eq!((said.totals.unpriced[0].quantity, said.totals.unpriced[0].record_count), (d("8"), 2));
}

#[test]
fn late_usage_may_be_of_many_months() {
    let days = ["2024-02-29", "2025-02-28", "2025-12-31", "2026-01-01", "2026-07-31", "2026-08-31", "2026-09-30"];
    let records = (0..14).map(|number| {
        let record = used(&format!("r-{number}"), ["plan-1", "plan-2"][number % 2], "meter-1", 1, &number.to_string());
        UsageRecord { usage_date: days[number / 2].parse().unwrap(), ..record }
    });
    let mut books = books(&[records.collect()]);
    let euro = &mut books.party.sheets[0].prices[0];
    (euro.currency, euro.effective.from) = ("EUR".parse().unwrap(), date(2024, 1, 1));
    let said = books.check().unwrap().said;
    assert_eq!((said.totals.late_count, said.totals.daily_line_count, said.scopes.len()), (12, 14, 14));
    let found: Vec<_> = said.lines.iter().map(|line| line.exchange_rate_dated).take(3).collect();
    assert_eq!(found, [date(2024, 2, 29), date(2025, 2, 28), date(2025, 12, 31)]);
}

#[test]
fn a_survey_knows_whose_records_a_file_has() {
    let books = books(&[
        vec![one(1, "plan-1", "meter-1", 1), one(2, "plan-11", "meter-2", 1), one(3, "plan-3", "meter-1", 1)],
        vec![one(4, "plan-2", "meter-1", 1)],
        vec![one(5, "Plan-3", "meter-1", 1), one(6, "plan-30", "meter-1", 1)],
    ]);
    let survey = books.usage.store.survey(&books.usage.manifest).unwrap();
    for (plans, places) in [
        (vec!["plan-1"], vec![1]),
        (vec!["plan-11"], vec![1]),
        (vec!["plan-2"], vec![2]),
        (vec!["plan-3"], vec![1, 3]),
        (vec!["plan-0", "plan-12", "plan-2"], vec![2]),
        (vec!["zebra", "plan-30"], vec![3]),
        (vec!["plan", "plan-111", "plan-21", "plan-31", "a", "z"], vec![]),
        (vec![], vec![]),
    ] {
        let plans: Vec<SubscriptionId> = plans.iter().map(|plan| plan.parse().unwrap()).collect();
        let found: Vec<u64> = (1..=3).filter(|place| survey.holds(*place, &mut plans.iter())).collect();
        assert_eq!(found, places, "{plans:?}");
    }
}

#[test]
fn one_survey_serves_many_jobs() {
    let mut books = books(&[vec![one(1, "plan-1", "meter-1", 1)], vec![one(2, "plan-2", "meter-1", 1)]]);
    let sources = books.sources();
    let mut parties = [books.party.clone(), Party::with_plans(1, vec![price("meter-1", "3")])];
    parties[1].directory.party.id = "another".parse().unwrap();
    let runs: Vec<Run> = {
        let survey = books.usage.store.survey(&books.usage.manifest).unwrap();
        let rate = |party| rate_surveyed(survey.as_ref(), party, &sources, NO_PARTS, true).unwrap();
        parties.iter().map(rate).collect()
    };
    for (party, mut run) in parties.into_iter().zip(runs) {
        books.party = party;
        run.said.lines = read_back(&books.usage.store, &run.files).unwrap();
        run.said.check(&books.naively(&sources).said.unwrap());
        // Nobody waits for scopes that were not asked for.
        let survey = books.usage.store.survey(&books.usage.manifest).unwrap();
        let plain = rate_surveyed(survey.as_ref(), &books.party, &sources, NO_PARTS, false).unwrap();
        assert_eq!((&plain.said.totals, plain.said.scopes.len()), (&run.said.totals, 0));
        assert_eq!(plain.contents(), run.contents());
    }
}
