//! Use cases side by side on one thread: at every port call another one may go on.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::Faults;

/// A use case that is under way.
pub type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

impl Faults {
    /// Lets whoever chooses choose again.
    pub(super) async fn wait_for_turn(&self) {
        let mut has_waited = false;
        std::future::poll_fn(|_| match has_waited {
            true => Poll::Ready(()),
            false => {
                has_waited = true;
                self.state().waits_for_turn = true;
                Poll::Pending
            }
        })
        .await;
    }

    fn took_turn(&self) -> bool {
        std::mem::take(&mut self.state().waits_for_turn)
    }
}

/// Runs `tasks` to their ends. `choose` picks one of so many whenever a task is at a port call. A task
/// that did not end before its process died has no answer.
pub async fn side_by_side<T>(
    faults: &Faults,
    tasks: Vec<Task<'_, T>>,
    mut choose: impl FnMut(usize) -> usize,
) -> Vec<Option<T>> {
    let mut answers: Vec<Option<T>> = tasks.iter().map(|_| None).collect();
    let mut running: Vec<(usize, Task<'_, T>)> = tasks.into_iter().enumerate().collect();
    let mut chosen = None;
    std::future::poll_fn(|context| {
        while !running.is_empty() && !faults.is_dead() {
            let place = *chosen.get_or_insert_with(|| choose(running.len()));
            let Some((_, task)) = running.get_mut(place) else { break };
            match task.as_mut().poll(context) {
                // An answer that was made from the error of a dying process is none.
                Poll::Ready(_) if faults.is_dead() => break,
                Poll::Ready(answer) => {
                    let (of, _) = running.remove(place);
                    answers[of] = Some(answer);
                    chosen = None;
                }
                Poll::Pending if faults.took_turn() => chosen = None,
                Poll::Pending if faults.is_dead() => break,
                // A store is at work; the same task goes on afterwards.
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    })
    .await;
    drop(running);
    answers
}

/// What a future answers that waits for nothing but its turn.
///
/// # Panics
/// If it waits for something else: stores in memory never let anybody wait.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..u32::MAX {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
    }
    unreachable!("a future in memory waits for nobody")
}
