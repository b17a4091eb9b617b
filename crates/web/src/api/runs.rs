//! Runs: rating or closing a month goes on behind its answer, and is read until it is done.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use billing::period::BillingPeriod;
use billing::ports::{Parking, RunState, StoredRun};
use billing::rate::UnpricedUsage;
use engine::closing::{self, CloseOptions, ClosingOutcome, PartyClosing, PreviewedClosing, PreviewedOutcome};
use engine::rating::{self, PartyRating, RatingOutcome};
use engine::{Books, EngineResult};
use jiff::Timestamp;

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{NewRun, Parked, ParkedPage, PartyOutcome, Reason, Run, RunKind, RunPage, State, UnpricedMeter};

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let mut stored = call.books().ledger.runs(call.caller.organisation()).await?;
    stored.truncate(page::limit(&call)?);
    let runs = stored.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    Reply::ok(&RunPage::from((runs, None)))
}

pub(super) async fn show(call: Call) -> Result<Reply, Problem> {
    let stored = call.books().ledger.runs(call.caller.organisation()).await?;
    let found = stored.iter().find(|run| run.id == call.path("run"));
    let unknown = || Problem::not_found("run.unknown", "there is no such run");
    Reply::ok(&shown(found.ok_or_else(unknown)?)?)
}

pub(super) async fn parked(call: Call) -> Result<Reply, Problem> {
    let period = call.query.parsed::<BillingPeriod>("period", "month such as 2026-10")?;
    let parkings = call.books().ledger.parkings(period).await?;
    let parked = parkings.iter().map(|Parking { party, period, reasons }| Parked {
        organisation: party.to_string(),
        period: period.to_string(),
        reasons: reasons_of(reasons),
    });
    Reply::ok(&ParkedPage::from((parked.collect(), None)))
}

/// A second attempt finds the run of the first by its id, and that it was interrupted.
pub(super) async fn start(mut write: WriteCall) -> Result<Reply, Problem> {
    let new: NewRun = write.json()?;
    let ledger = write.call.books().ledger.clone();
    // Nobody else writes, so whatever is running was cut off.
    ledger.interrupt_runs(write.now()).await?;
    let run = StoredRun {
        id: write.id(),
        organisation: write.call.caller.organisation().clone(),
        period: new.period,
        request: serde_json::to_string(&new).map_err(Problem::unexpected)?,
        state: RunState::Running,
        started_at: write.now(),
        ended_at: None,
        outcome: String::new(),
    };
    if !ledger.add_run(&run).await? {
        let runs = ledger.runs(&run.organisation).await?;
        let known = runs.iter().find(|known| known.id == run.id).ok_or_else(|| Problem::unexpected("a run is gone"))?;
        return Reply::json(StatusCode::ACCEPTED, &shown(known)?);
    }
    let reply = Reply::json(StatusCode::ACCEPTED, &shown(&run)?)?;
    let call = write.call.clone();
    let now = write.now();
    Ok(Reply { later: Some(Box::new(move || Box::pin(work(call, run.id, new, now)))), ..reply })
}

/// Does the run and keeps what it came to.
async fn work(call: Call, id: String, new: NewRun, now: Timestamp) {
    let books = call.books();
    let (state, outcome) = match outcomes(books, new, now).await {
        Ok(outcomes) => (RunState::Done, serde_json::to_string(&outcomes)),
        Err(error) => {
            let operator = format!("{}: {} {}", error.code, error.message, error.operator);
            let problem = Problem::from(error);
            tracing::warn!(run = id, operator, "a run failed");
            (RunState::Failed, serde_json::to_string(&Reason { code: problem.code, detail: problem.detail }))
        }
    };
    let ended = books.ledger.end_run(&id, state, &outcome.unwrap_or_default(), call.state.now()).await;
    if let Err(error) = ended {
        // It stays running until the next writer finds that it is not.
        tracing::error!(run = id, code = error.code, operator = error.operator, "the end of a run was not kept");
    }
}

async fn outcomes(books: &Books, new: NewRun, now: Timestamp) -> EngineResult<Vec<PartyOutcome>> {
    let options = CloseOptions { early: new.early, allow_unpriced: new.allow_unpriced };
    Ok(match (new.kind, new.preview) {
        (RunKind::Rate, false) => rating::rate(books, new.period, &|_| {}).await?.iter().map(of_rating).collect(),
        (RunKind::Rate, true) => rating::preview(books, new.period, &|_| {}).await?.iter().map(of_rating).collect(),
        (RunKind::Close, false) => {
            closing::close(books, new.period, options, now, &|_| {}).await?.iter().map(of_closing).collect()
        }
        (RunKind::Close, true) => {
            let previews = closing::preview_close(books, new.period, options, now, &|_| {}).await?;
            previews.iter().map(of_preview).collect()
        }
    })
}

impl PartyOutcome {
    fn named(organisation: &impl ToString, outcome: &str, unpriced: &[UnpricedUsage]) -> Self {
        Self {
            organisation: organisation.to_string(),
            outcome: outcome.to_owned(),
            document: None,
            total: None,
            line_count: None,
            reasons: vec![],
            unpriced: by_meter(unpriced),
        }
    }
}

fn of_rating(rating: &PartyRating) -> PartyOutcome {
    let named = |outcome: &str| PartyOutcome::named(&rating.party, outcome, &[]);
    match &rating.outcome {
        RatingOutcome::Rated { daily_line_count, subtotal, unpriced, .. } => PartyOutcome {
            total: Some((*subtotal).into()),
            line_count: Some(*daily_line_count),
            ..PartyOutcome::named(&rating.party, "rated", unpriced)
        },
        RatingOutcome::Closed => named("already_closed"),
        RatingOutcome::Failed(code, detail) => {
            PartyOutcome { reasons: vec![Reason { code: code.clone(), detail: detail.clone() }], ..named("failed") }
        }
    }
}

fn of_closing(closing: &PartyClosing) -> PartyOutcome {
    let named = |outcome: &str| PartyOutcome::named(&closing.party, outcome, &closing.unpriced);
    match &closing.outcome {
        ClosingOutcome::Issued { number, total, line_count } => PartyOutcome {
            document: Some(number.to_string()),
            total: Some((*total).into()),
            line_count: u64::try_from(*line_count).ok(),
            ..named("issued")
        },
        ClosingOutcome::AlreadyClosed(number) => {
            PartyOutcome { document: number.as_ref().map(ToString::to_string), ..named("already_closed") }
        }
        ClosingOutcome::Nothing => named("nothing_to_bill"),
        ClosingOutcome::Parked(reasons) => PartyOutcome { reasons: reasons_of(reasons), ..named("parked") },
    }
}

fn of_preview(preview: &PreviewedClosing) -> PartyOutcome {
    let named = |outcome: &str| PartyOutcome::named(&preview.party, outcome, &preview.unpriced);
    match &preview.outcome {
        PreviewedOutcome::Document(document) => PartyOutcome {
            document: Some(document.invoice.number.to_string()),
            total: Some(document.invoice.totals.total.into()),
            line_count: u64::try_from(document.lines.len()).ok(),
            ..named("would_be_issued")
        },
        PreviewedOutcome::AlreadyClosed(number) => {
            PartyOutcome { document: number.as_ref().map(ToString::to_string), ..named("already_closed") }
        }
        PreviewedOutcome::Nothing => named("nothing_to_bill"),
        PreviewedOutcome::Parked(reasons) => PartyOutcome { reasons: reasons_of(reasons), ..named("parked") },
    }
}

fn reasons_of(reasons: &[(String, String)]) -> Vec<Reason> {
    reasons.iter().map(|(code, detail)| Reason { code: code.clone(), detail: detail.clone() }).collect()
}

fn by_meter(unpriced: &[UnpricedUsage]) -> Vec<UnpricedMeter> {
    let mut meters: BTreeMap<&str, UnpricedMeter> = BTreeMap::new();
    for usage in unpriced {
        let first = || UnpricedMeter {
            meter: usage.scope.meter.to_string(),
            code: usage.code.clone(),
            detail: usage.reason.clone(),
            day_count: 0,
            record_count: 0,
        };
        let meter = meters.entry(usage.scope.meter.as_str()).or_insert_with(first);
        meter.day_count = meter.day_count.saturating_add(1);
        meter.record_count = meter.record_count.saturating_add(usage.record_count);
    }
    meters.into_values().collect()
}

fn shown(run: &StoredRun) -> Result<Run, Problem> {
    let new: NewRun = serde_json::from_str(&run.request).map_err(Problem::unexpected)?;
    let (state, outcomes, failure) = match run.state {
        RunState::Running => (State::Running, vec![], None),
        RunState::Interrupted => (State::Interrupted, vec![], None),
        RunState::Done => (State::Done, serde_json::from_str(&run.outcome).map_err(Problem::unexpected)?, None),
        RunState::Failed => {
            (State::Failed, vec![], Some(serde_json::from_str(&run.outcome).map_err(Problem::unexpected)?))
        }
    };
    Ok(Run {
        id: run.id.clone(),
        kind: new.kind,
        period: run.period.to_string(),
        preview: new.preview,
        early: new.early,
        allow_unpriced: new.allow_unpriced,
        state,
        started_at: run.started_at.to_string(),
        ended_at: run.ended_at.map(|at| at.to_string()),
        outcomes,
        failure,
    })
}
