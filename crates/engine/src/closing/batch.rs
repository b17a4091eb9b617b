//! Closes parties together: one transaction, and one wait for the disk, for many documents.

use billing::ids::OrganisationId;
use billing::money::Amount;
use billing::ports::{ClosingStep, Closure, IssueRequest, Parking, PortError, PortResult, StepOutcome, StoredFile};
use billing::rate::UnpricedUsage;

use crate::books::Books;
use crate::closing::{ClosingOutcome, PartyClosing};
use crate::error::{EngineError, EngineResult};

/// A batch ends with the party that has this line: its lines are in memory until then.
const LINES_MAX: usize = 10_000;
/// Or with this party.
const PARTIES_MAX: usize = 500;

/// What waits to be written, party by party; a party with two documents waits twice.
#[derive(Default)]
pub(super) struct Batch {
    parties: Vec<Waiting>,
    steps: Vec<ClosingStep<'static>>,
    line_count: usize,
}

struct Waiting {
    party: OrganisationId,
    unpriced: Vec<UnpricedUsage>,
    fate: Fate,
}

/// What becomes of a party.
enum Fate {
    /// Without a step.
    Settled(ClosingOutcome),
    /// If its step is taken.
    Expected(ClosingOutcome),
    /// A document, with the files of its rated lines; nobody needs them where the period was closed before.
    Document { total: Amount, line_count: usize, files: Vec<StoredFile> },
}

impl Batch {
    /// A party for which there is nothing to write.
    pub(super) fn settled(&mut self, party: OrganisationId, outcome: ClosingOutcome) {
        self.parties.push(Waiting { party, unpriced: vec![], fate: Fate::Settled(outcome) });
    }

    pub(super) fn park(&mut self, parking: Parking, unpriced: Vec<UnpricedUsage>) {
        let fate = Fate::Expected(ClosingOutcome::Parked(parking.reasons.clone()));
        self.parties.push(Waiting { party: parking.party.clone(), unpriced, fate });
        self.steps.push(ClosingStep::Park(parking));
    }

    pub(super) fn close_empty(&mut self, closure: Closure, unpriced: Vec<UnpricedUsage>) {
        let fate = Fate::Expected(ClosingOutcome::Nothing);
        self.parties.push(Waiting { party: closure.party.clone(), unpriced, fate });
        self.steps.push(ClosingStep::Empty(closure));
    }

    /// Of this total and so many lines; the number is drawn when it is written.
    pub(super) fn issue(
        &mut self,
        request: IssueRequest<'static>,
        (total, line_count): (Amount, usize),
        unpriced: Vec<UnpricedUsage>,
    ) {
        self.line_count = self.line_count.saturating_add(line_count);
        let fate = Fate::Document { total, line_count, files: request.rated.files.clone() };
        self.parties.push(Waiting { party: request.rated.party.clone(), unpriced, fate });
        self.steps.push(ClosingStep::Issue(Box::new(request)));
    }

    pub(super) fn is_full(&self) -> bool {
        self.line_count >= LINES_MAX || self.parties.len() >= PARTIES_MAX
    }

    /// Writes all steps, and answers the parties in their order.
    pub(super) async fn write(self, books: &Books) -> EngineResult<Vec<PartyClosing>> {
        let mut outcomes = take(books, &self.steps).await?.into_iter();
        let mut closings = Vec::with_capacity(self.parties.len());
        for Waiting { party, unpriced, fate } in self.parties {
            let outcome = match fate {
                Fate::Settled(outcome) => outcome,
                fate => after(books, fate, outcomes.next())?,
            };
            let told_before = |last: &PartyClosing| last.party == party && last.is_parked();
            if !closings.last().is_some_and(told_before) {
                closings.push(PartyClosing { party, outcome, unpriced });
            }
        }
        Ok(closings)
    }
}

/// What a step came to; or why it could not be taken, of one that failed by itself.
type Taken = Result<StepOutcome, PortError>;

fn after(books: &Books, fate: Fate, step: Option<Taken>) -> EngineResult<ClosingOutcome> {
    let step = match step {
        Some(Err(error)) => {
            if let Fate::Document { files, .. } = fate {
                books.usage.remove(&files)?;
            }
            return Ok(ClosingOutcome::Parked(vec![(error.code.to_owned(), error.message)]));
        }
        Some(Ok(step)) => Some(step),
        None => None,
    };
    match (fate, step) {
        (fate, Some(StepOutcome::AlreadyClosed(number))) => {
            if let Fate::Document { files, .. } = fate {
                books.usage.remove(&files)?;
            }
            Ok(ClosingOutcome::AlreadyClosed(number))
        }
        (Fate::Document { total, line_count, .. }, Some(StepOutcome::Issued(number))) => {
            Ok(ClosingOutcome::Issued { number, total, line_count })
        }
        (Fate::Settled(outcome) | Fate::Expected(outcome), _) => Ok(outcome),
        (Fate::Document { .. }, step) => {
            let operator = format!("a step that issues a document answered {step:?}");
            Err(EngineError::new("storage.failed", "the ledger did not say which number it drew")
                .with_operator(operator))
        }
    }
}

/// All steps at once. Where one cannot be taken, those of each party by themselves, so that it takes no other party
/// down: the documents of a party are written together or not at all. A store that fails ends the run.
async fn take(books: &Books, steps: &[ClosingStep<'static>]) -> PortResult<Vec<Taken>> {
    match books.ledger.close_parties(steps).await {
        Ok(outcomes) => return Ok(outcomes.into_iter().map(Ok).collect()),
        Err(error) if is_of_the_store(&error) => return Err(error),
        Err(_) => {}
    }
    let mut taken = Vec::with_capacity(steps.len());
    for of_party in steps.chunk_by(|a, b| party_of(a) == party_of(b)) {
        match books.ledger.close_parties(of_party).await {
            Ok(outcomes) => taken.extend(outcomes.into_iter().map(Ok)),
            Err(error) if is_of_the_store(&error) => return Err(error),
            Err(error) => taken.extend(of_party.iter().map(|_| Err(error.clone()))),
        }
    }
    Ok(taken)
}

fn party_of<'a>(step: &'a ClosingStep<'_>) -> &'a OrganisationId {
    match step {
        ClosingStep::Issue(request) => &request.rated.party,
        ClosingStep::Empty(closure) => &closure.party,
        ClosingStep::Park(parking) => &parking.party,
    }
}

/// Whatever is not about one document: a full disk, a lock, a damaged file. No other party fares better.
fn is_of_the_store(error: &PortError) -> bool {
    let of_a_document = ["ledger.conflict", "ledger.reference_unknown", "ledger.number_too_large"];
    !of_a_document.contains(&error.code) && !error.code.starts_with("journal.")
}
