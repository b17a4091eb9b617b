use super::*;
use crate::day::to_days;

/// (revision, content, day); content is a letter.
type Facts = (u32, u8, &'static str);

fn day(text: &str) -> i32 {
    to_days(text.parse().unwrap())
}

fn row((revision, content, date): Facts) -> ChunkRow {
    let (key, content) = (RecordKey([1; 16]), ContentDigest([content; 16]));
    let subscription = SubscriptionMark([0; 8]);
    ChunkRow { line: 1, key, content, subscription, revision, day: day(date), is_provider_row: false }
}

#[track_caller]
fn check(known: &[Facts], arriving: Facts, expected: Verdict) {
    check_row(known, &row(arriving), expected);
}

#[track_caller]
fn check_row(known: &[Facts], arriving: &ChunkRow, expected: Verdict) {
    let versions: Vec<Version> = known
        .iter()
        .map(|facts| row(*facts))
        .map(|r| Version { revision: r.revision, content: r.content, subscription: r.subscription, day: r.day })
        .collect();
    let closed = ["2026-08".parse().unwrap()];
    assert_eq!(judge_row(arriving, &versions, &closed), expected);
}

#[test]
fn a_record_is_judged_by_its_latest_version() {
    let known = [(1, b'a', "2026-09-14")];
    check(&[], (1, b'a', "2026-09-14"), Verdict::New);
    check(&known, (1, b'a', "2026-09-14"), Verdict::Duplicate);
    check(&known, (0, b'a', "2026-09-14"), Verdict::Duplicate);
    check(&known, (5, b'a', "2026-09-14"), Verdict::Confirmation);
    check(&known, (2, b'b', "2026-09-30"), Verdict::Restatement);
    let conflict = Verdict::Refused(Refusal::OtherContent { known_revision: 1 });
    check(&known, (1, b'b', "2026-09-14"), conflict);
    check(&known, (0, b'b', "2026-09-14"), conflict);
}

#[test]
fn a_restatement_stays_in_its_month_and_before_the_invoice() {
    let moves = Verdict::Refused(Refusal::MovesMonth { known_day: day("2026-09-14") });
    check(&[(1, b'a', "2026-09-14")], (2, b'b', "2026-10-01"), moves);
    let issued = Verdict::Refused(Refusal::AfterIssue { known_day: day("2026-08-31") });
    check(&[(1, b'a', "2026-08-31")], (2, b'b', "2026-08-01"), issued);
    check(&[(1, b'a', "2026-08-31")], (2, b'a', "2026-08-31"), issued);
    check(&[(1, b'a', "2026-08-31")], (1, b'a', "2026-08-31"), Verdict::Duplicate);
}

#[test]
fn a_restatement_stays_with_its_subscription() {
    let elsewhere = ChunkRow { subscription: SubscriptionMark([1; 8]), ..row((2, b'b', "2026-09-14")) };
    check_row(&[(1, b'a', "2026-09-14")], &elsewhere, Verdict::Refused(Refusal::MovesSubscription));
    check_row(&[], &elsewhere, Verdict::New);
}

#[test]
fn an_older_file_sent_again_contradicts_nothing() {
    let known = [(1, b'a', "2026-09-14"), (3, b'b', "2026-09-14")];
    check(&known, (1, b'a', "2026-09-14"), Verdict::Duplicate);
    check(&known, (0, b'a', "2026-09-14"), Verdict::Duplicate);
    check(&known, (2, b'a', "2026-09-14"), Verdict::Duplicate);
    check(&known, (2, b'b', "2026-09-14"), Verdict::Duplicate);
    check(&known, (2, b'c', "2026-09-14"), Verdict::Refused(Refusal::OtherContent { known_revision: 3 }));
    check(&known, (3, b'a', "2026-09-14"), Verdict::Refused(Refusal::OtherContent { known_revision: 3 }));
    check(&known, (1, b'c', "2026-09-14"), Verdict::Refused(Refusal::OtherContent { known_revision: 1 }));
    check(&known, (4, b'a', "2026-09-14"), Verdict::Restatement);
    check(&known, (4, b'b', "2026-09-14"), Verdict::Confirmation);
}

#[test]
fn what_a_higher_revision_confirmed_no_lower_one_restates() {
    let known = [(1, b'a', "2026-09-14"), (3, b'a', "2026-09-14")];
    check(&known, (2, b'b', "2026-09-14"), Verdict::Refused(Refusal::OtherContent { known_revision: 3 }));
    check(&known, (2, b'a', "2026-09-14"), Verdict::Duplicate);
}
