//! Requests with a key, and runs that were started through the API.

use billing::ids::OrganisationId;
use billing::ports::{KeptAnswer, KeptRequest, KeyedRequest, RunState, StoredRun};
use jiff::Timestamp;

use super::{Tables, count};

impl Tables {
    pub(super) fn begin_request(&mut self, request: &KeyedRequest, forget_before: Timestamp) -> Option<KeptRequest> {
        self.requests.retain(|_, kept| kept.started_at >= forget_before);
        let name = (request.organisation.clone(), request.key.clone());
        if let Some(known) = self.requests.get(&name) {
            return Some(known.clone());
        }
        let journal_position = self.journal.get(&request.organisation).map_or(0, |entries| count(entries.len()));
        let (digest, started_at) = (request.digest.clone(), request.started_at);
        self.requests.insert(name, KeptRequest { digest, started_at, journal_position, answer: None });
        None
    }

    pub(super) fn answer_request(&mut self, organisation: &OrganisationId, key: &str, answer: &KeptAnswer) {
        if let Some(kept) = self.requests.get_mut(&(organisation.clone(), key.to_owned())) {
            kept.answer = Some(answer.clone());
        }
    }

    pub(super) fn forget_request(&mut self, organisation: &OrganisationId, key: &str) {
        let name = (organisation.clone(), key.to_owned());
        if self.requests.get(&name).is_some_and(|kept| kept.answer.is_none()) {
            self.requests.remove(&name);
        }
    }

    pub(super) fn add_run(&mut self, run: &StoredRun) -> bool {
        let is_new = !self.started.contains_key(&run.id);
        if is_new {
            self.started.insert(run.id.clone(), run.clone());
        }
        is_new
    }

    pub(super) fn end_run(&mut self, id: &str, state: RunState, outcome: &str, at: Timestamp) {
        if let Some(run) = self.started.get_mut(id).filter(|run| run.state == RunState::Running) {
            (run.state, run.outcome, run.ended_at) = (state, outcome.to_owned(), Some(at));
        }
    }

    pub(super) fn interrupt_runs(&mut self, at: Timestamp) {
        for run in self.started.values_mut().filter(|run| run.state == RunState::Running) {
            (run.state, run.ended_at) = (RunState::Interrupted, Some(at));
        }
    }

    /// The latest first.
    pub(super) fn runs_of(&self, organisation: &OrganisationId) -> Vec<StoredRun> {
        let mut runs: Vec<StoredRun> =
            self.started.values().filter(|run| run.organisation == *organisation).cloned().collect();
        runs.sort_by(|a, b| (b.started_at, &a.id).cmp(&(a.started_at, &b.id)));
        runs
    }
}
