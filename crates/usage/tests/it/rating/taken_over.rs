//! What would come out the same as in an earlier run is taken over from it.

use billing::ports::{RatedPart, RatingFailure, RatingOutput, StoredFile, UsageSource, UsageStore};
use billing::usage::{RecordOrigin, UsageRecord};
use jiff::civil::date;
use usage::Limits;

use super::determinism::check_same;
use super::months::Chance;
use super::party::{Party, price, used};
use super::world::{Books, Run, only, rate_surveyed, read_back};

/// Twelve plans of 20 rows; `plan-9` has none, and `meter-2` no price.
pub(super) fn twelve_plans() -> Books {
    let limits = Limits { rows_per_chunk: 64, rows_per_rated_file: 30, ..Limits::default() };
    let records = (1..=12).filter(|plan| *plan != 9).flat_map(|plan| {
        (1..=20).map(move |day| used(&format!("r-{plan}-{day}"), &format!("plan-{plan}"), "meter-1", day, "24"))
    });
    let party = Party::with_plans(12, vec![price("meter-1", "0.5")]);
    Books::with_records(limits, party, &records.collect::<Vec<_>>())
}

/// Rates without scopes, as the program does, with what is known of a run before.
pub(super) fn try_rerate(
    books: &Books,
    threads: usize,
    sources: &[UsageSource],
    known: &[(RatedPart, Vec<StoredFile>)],
    digest: u8,
) -> Result<Run, RatingFailure> {
    let store = books.reopened(threads);
    let survey = store.survey(&books.usage.manifest)?;
    let output = RatingOutput::Files { inputs_digest: [digest; 32], known };
    let mut run = rate_surveyed(survey.as_ref(), &books.party, sources, output, false)?;
    run.said.lines = read_back(&store, &run.files)?;
    Ok(run)
}

/// All rows of all files.
pub(super) fn rerate(books: &Books, known: &[(RatedPart, Vec<StoredFile>)], digest: u8) -> Run {
    try_rerate(books, 2, &books.sources(), known, digest).unwrap()
}

/// After one more import, so many parts are not those of the run before, and the month is what it is from nothing.
#[track_caller]
fn check_taken_over(records: &[UsageRecord], new_parts: usize) {
    let mut books = twelve_plans();
    let first = rerate(&books, &[], 7);
    assert!(first.parts.len() > 3, "{}", first.parts.len());
    books.usage.import(records);
    let before = first.known();
    let second = rerate(&books, &before, 7);
    let after = second.known();
    assert_eq!(after.iter().filter(|part| !before.contains(part)).count(), new_parts);
    let old_paths = first.paths();
    let is_new = |(_, files): &&(_, Vec<StoredFile>)| files.iter().any(|file| !old_paths.contains(&file.path));
    assert_eq!(after.iter().filter(is_new).count(), new_parts);
    let mut from_nothing = books.check().unwrap();
    from_nothing.said.scopes.clear();
    check_same(&second, &from_nothing);
    books.check_files(&second);
}

#[test]
fn parts_without_new_usage_are_taken_over() {
    let late = UsageRecord { usage_date: date(2026, 8, 31), ..used("new", "plan-3", "meter-1", 1, "1") };
    let row = UsageRecord { origin: RecordOrigin::ProviderRow, ..used("new", "plan-5", "meter-1", 1, "24") };
    let origin = RecordOrigin::Own { record_id: "r-6-5".parse().unwrap(), revision: 1 };
    let restated = UsageRecord { origin, ..used("r-6-5", "plan-6", "meter-1", 25, "25") };
    check_taken_over(&[], 0);
    check_taken_over(&[used("new", "plan-1", "meter-1", 1, "1")], 1);
    check_taken_over(&[used("new", "plan-12", "meter-1", 30, "-1")], 1);
    check_taken_over(&[used("new", "plan-8", "meter-1", 9, "1"), used("new-2", "plan-8", "a-meter", 9, "1")], 1);
    check_taken_over(&[used("new", "plan-9", "meter-1", 9, "1")], 1);
    check_taken_over(&[used("new", "plan-4", "meter-2", 9, "1")], 1);
    check_taken_over(&[late], 1);
    check_taken_over(&[row], 1);
    check_taken_over(&[restated], 1);
    check_taken_over(&[used("new", "plan-3-of-another-party", "meter-1", 9, "1")], 0);
}

/// Parts are cut by their number of rows. A row more may move a cut, but then those behind it mostly stay.
#[test]
fn a_row_more_moves_few_cuts() {
    let (mut chance, plans) = (Chance::new(17), 60);
    let mut records = Vec::new();
    for plan in 1..=plans {
        let day = |row: usize| u64::try_from(row).unwrap() % 30 + 1;
        let row = |row| used(&format!("r-{plan}-{row}"), &format!("plan-{plan}"), "meter-1", day(row), "1");
        records.extend((0..chance.between(1, 40)).map(row));
    }
    let party = Party::with_plans(plans, vec![price("meter-1", "0.5")]);
    let mut books = Books::with_records(Limits { rows_per_rated_file: 50, ..Limits::default() }, party, &records);
    let mut known = rerate(&books, &[], 7).known();
    let mut new_parts = Vec::new();
    for import in 0..40 {
        let plan = format!("plan-{}", chance.between(1, plans + 1));
        books.usage.import(&[used(&format!("new-{import}"), &plan, "meter-1", 3, "1")]);
        let parts = rerate(&books, &known, 7).known();
        new_parts.push(parts.iter().filter(|part| !known.contains(part)).count());
        known = parts;
    }
    assert!(known.len() > 15 && new_parts.iter().all(|count| *count > 0), "{new_parts:?} of {}", known.len());
    assert!(new_parts.iter().sum::<usize>() < 80, "{new_parts:?} of {}", known.len());
}

#[test]
fn with_other_inputs_nothing_is_taken_over() {
    let mut books = twelve_plans();
    let first = rerate(&books, &[], 7);
    let known = first.known();
    books.party.sheets[0].prices[0] = price("meter-1", "0.6");
    let second = rerate(&books, &known, 8);
    assert_eq!(second.said.lines, books.naively(&books.sources()).said.unwrap().lines);
    assert!(second.paths().is_disjoint(&first.paths()));
    // The digest decides: what it stands for is the caller's matter.
    let third = rerate(&books, &known, 7);
    assert_eq!(third.known(), known);
}

/// Rates sources with what is known of others.
#[track_caller]
fn check_not_taken_over(books: &Books, known: &[(RatedPart, Vec<StoredFile>)], sources: &[UsageSource]) {
    let found = try_rerate(books, 1, sources, known, 7).unwrap().said.lines;
    assert_eq!(found, books.naively(sources).said.unwrap().lines);
}

#[test]
fn a_part_of_other_rows_is_not_taken_over() {
    let party = Party::with_plans(3, vec![price("meter-1", "0.5")]);
    let records = [used("b", "plan-2", "meter-1", 1, "2"), used("c", "plan-3", "meter-1", 1, "3")];
    let mut books = Books::with_records(Limits::default(), party, &records);
    let known = |books: &Books, sources: &[UsageSource]| try_rerate(books, 1, sources, &[], 7).unwrap().known();
    let of_day = |plan| [UsageSource { place: 1, rows: only(&[(plan, "meter-1", 1)]) }];
    let of_plan_3 = known(&books, &of_day("plan-3"));
    check_not_taken_over(&books, &of_plan_3, &of_day("plan-2"));
    check_not_taken_over(&books, &of_plan_3, &books.sources());
    // Also when another plan has come into the files since.
    books.usage.import(&[used("a", "plan-1", "meter-1", 1, "1"), used("d", "plan-1", "meter-1", 1, "4")]);
    check_not_taken_over(&books, &of_plan_3, &of_day("plan-2"));
    // Two files of two rows each.
    let [first, second] = books.sources().try_into().unwrap();
    check_not_taken_over(&books, &known(&books, &[first]), &[second]);
}

#[test]
fn totals_and_runs_that_are_taken_over_write_nothing() {
    let books = twelve_plans();
    let first = rerate(&books, &[], 7);
    let (before, known) = (books.usage.files(), first.known());
    let again = rerate(&books, &known, 7);
    assert_eq!((again.known(), again.said), (known, first.said));
    books.rate(&books.sources(), RatingOutput::Totals).unwrap();
    assert_eq!(books.usage.files(), before);
}

#[test]
fn scopes_that_are_asked_for_are_complete_whatever_was_taken_over() {
    let books = twelve_plans();
    let known = rerate(&books, &[], 7).known();
    let expected = books.naively(&books.sources()).said.unwrap();
    let run = books.rate(&books.sources(), RatingOutput::Files { inputs_digest: [7; 32], known: &known }).unwrap();
    run.said.check(&expected);
}
