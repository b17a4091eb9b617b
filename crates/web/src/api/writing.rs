//! One writer at a time, inside this server and beside other processes.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use billing::ids::OrganisationId;
use engine::storing::sweep;
use engine::writing::WriteGate;
use engine::{Books, EngineError};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, timeout_at};

use super::problem::Problem;

/// How often another process is asked whether it is done.
const PAUSE: Duration = Duration::from_millis(50);

type Key = (OrganisationId, String);

/// Lets requests write one after another.
#[derive(Debug, Clone)]
pub struct Writing {
    gate: Arc<dyn WriteGate>,
    turn: Arc<tokio::sync::Mutex<()>>,
    under_way: Arc<Mutex<BTreeSet<Key>>>,
}

/// Nobody else writes while this is held.
pub(crate) struct Turn {
    _inside: OwnedMutexGuard<()>,
    _beside: Box<dyn Any + Send>,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

/// No other request of this server has the same key while this is held.
#[derive(Debug)]
pub(crate) struct UnderWay {
    key: Key,
    all: Arc<Mutex<BTreeSet<Key>>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Writing {
    #[must_use]
    pub fn through(gate: Arc<dyn WriteGate>) -> Self {
        Self { gate, turn: Arc::default(), under_way: Arc::default() }
    }

    /// `None` while a request with this key is under way.
    pub(crate) fn begin(&self, organisation: &OrganisationId, key: &str) -> Option<UnderWay> {
        let key = (organisation.clone(), key.to_owned());
        let is_new = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        is_new.then(|| UnderWay { key, all: self.under_way.clone() })
    }

    /// Waits for the turn, at most `wait`, and removes what a killed writer left behind.
    ///
    /// # Errors
    /// `data_dir.locked` when somebody writes all that time; storage failures.
    pub(crate) async fn enter(&self, books: &Books, wait: Duration) -> Result<Turn, Problem> {
        let deadline = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
        let inside = timeout_at(deadline, self.turn.clone().lock_owned()).await.map_err(|_| locked())?;
        let beside = loop {
            match self.gate.enter() {
                Ok(guard) => break guard,
                Err(error) if error.code == "data_dir.locked" && Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) if error.code == "data_dir.locked" => return Err(locked()),
                Err(error) => return Err(error.into()),
            }
        };
        sweep(books).await?;
        Ok(Turn { _inside: inside, _beside: beside })
    }

    /// Waits until nothing is written any more.
    pub(crate) async fn rest(&self) {
        drop(self.turn.lock().await);
    }
}

fn locked() -> Problem {
    EngineError::new("data_dir.locked", "somebody else is writing, such as a close; try again when it is done").into()
}
