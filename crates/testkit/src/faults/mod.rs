//! Faults at the ports, and use cases side by side.
//!
//! A process dies at a port call: before it, or after its effect and before its caller hears of it. What a
//! dead process still asks for never happens, so a run goes on with a new engine over the same stores.

mod ledger;
mod side_by_side;
mod store;

pub use ledger::FaultyLedger;
pub use side_by_side::{Task, at_once, side_by_side};
pub use store::FaultyStore;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing::ports::{PortError, PortResult};

/// What happens at one port call, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and has no effect; the process goes on.
    Fails { at_call: u64 },
    /// The process dies before the call has an effect.
    DiesBefore { at_call: u64 },
    /// The process dies after the call had its effect.
    DiesAfter { at_call: u64 },
}

/// The code of a call that failed without an effect.
pub const FAILED: &str = "storage.failed";

#[derive(Debug, Default)]
struct State {
    planned: Option<Fault>,
    call_count: u64,
    is_dead: bool,
    /// A use case waits for its turn, not for a store.
    waits_for_turn: bool,
    has_failed: bool,
}

/// The faults of one process.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new process with what is to happen to it.
    pub fn plan(&self, planned: Option<Fault>) {
        *self.state() = State { planned, ..State::default() };
    }

    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Whether a call failed or the process died.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        let state = self.state();
        state.is_dead || state.has_failed
    }

    /// Port calls so far.
    #[must_use]
    pub fn call_count(&self) -> u64 {
        self.state().call_count
    }

    /// Counts a call; answers whether the process dies after it.
    fn begin(&self) -> PortResult<bool> {
        let mut state = self.state();
        if state.is_dead {
            return Err(failed("the process is dead"));
        }
        state.call_count += 1;
        let now = state.call_count;
        match state.planned {
            Some(Fault::Fails { at_call }) if at_call == now => {
                state.has_failed = true;
                Err(failed("the call fails"))
            }
            Some(Fault::DiesBefore { at_call }) if at_call == now => {
                state.is_dead = true;
                Err(failed("the process dies before the call"))
            }
            Some(Fault::DiesAfter { at_call }) => Ok(at_call == now),
            _ => Ok(false),
        }
    }

    fn die(&self) -> PortError {
        self.state().is_dead = true;
        failed("the process dies after the call")
    }

    /// A call that waits for nothing. Of a dead process its caller hears an error, which nobody sees.
    pub(super) fn now<T>(&self, call: impl FnOnce() -> PortResult<T>) -> PortResult<T> {
        let dies_after = self.begin()?;
        let answer = call();
        if dies_after { Err(self.die()) } else { answer }
    }

    /// A call that others may come before. Of a dead process its caller hears nothing any more.
    pub(super) async fn turn<T>(&self, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        self.wait_for_turn().await;
        let dies_after = match self.begin() {
            Err(_) if self.is_dead() => std::future::pending().await,
            begun => begun?,
        };
        let answer = call.await;
        if dies_after {
            self.die();
            std::future::pending::<()>().await;
        }
        answer
    }
}

fn failed(operator: &'static str) -> PortError {
    PortError::new(FAILED, "the storage failed", operator)
}
