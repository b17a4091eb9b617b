//! Work for all cores, whose results come in the order of the work.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::error::StorageError;

/// The cores that may be used.
pub(crate) fn core_count() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// `work` on each of `items`, on all cores; the failure is that of the first item that has one.
pub(crate) fn map<I: Sync, O: Send, E: Send + From<StorageError>>(
    items: &[I],
    work: impl Fn(&I) -> Result<O, E> + Sync,
) -> Result<Vec<O>, E> {
    let mut outputs = Vec::with_capacity(items.len());
    in_order(
        core_count(),
        items,
        || (),
        |(), item| work(item),
        |output| {
            outputs.push(output);
            Ok(())
        },
    )?;
    Ok(outputs)
}

/// What the threads share.
struct Progress<O, E> {
    /// The next item that nobody has taken.
    next: usize,
    /// The next item whose output is handed over.
    due: usize,
    waiting: BTreeMap<usize, O>,
    failure: Option<(usize, E)>,
    /// A thread ended without a result.
    is_broken: bool,
}

/// `work` on each of `items`, on `threads` threads, each with a state of its own; outputs are handed
/// to `take` in the order of the items, on the caller's thread, while work goes on.
///
/// A thread waits when it is far ahead of what was taken, so few outputs are in memory.
pub(crate) fn in_order<I: Sync, S, O: Send, E: Send + From<StorageError>>(
    threads: usize,
    items: &[I],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> Result<O, E> + Sync,
    mut take: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, items.len().max(1));
    let progress = Mutex::new(Progress { next: 0, due: 0, waiting: BTreeMap::new(), failure: None, is_broken: false });
    let changed = Condvar::new();
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| run(&progress, &changed, threads, items, &state, &work))).collect();
        let mut taken = Ok(());
        while let Some(output) = due(&progress, &changed, items.len()) {
            taken = take(output);
            if taken.is_err() {
                break;
            }
        }
        // Whoever waits for the taker has to learn that there is none any more.
        lock(&progress).next = items.len();
        lock(&progress).due = items.len();
        changed.notify_all();
        let is_complete = workers.into_iter().all(|worker| worker.join().is_ok());
        taken?;
        match lock(&progress).failure.take() {
            Some((_, failure)) => Err(failure),
            None if is_complete => Ok(()),
            None => Err(StorageError::failed("the usage store", "a thread ended early").into()),
        }
    })
}

fn lock<O, E>(progress: &Mutex<Progress<O, E>>) -> MutexGuard<'_, Progress<O, E>> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the taker when its thread panics.
struct Watch<'p, O, E> {
    progress: &'p Mutex<Progress<O, E>>,
    changed: &'p Condvar,
}

impl<O, E> Drop for Watch<'_, O, E> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.progress).is_broken = true;
            self.changed.notify_all();
        }
    }
}

fn run<I, S, O, E>(
    progress: &Mutex<Progress<O, E>>,
    changed: &Condvar,
    threads: usize,
    items: &[I],
    state: &impl Fn() -> S,
    work: &impl Fn(&mut S, &I) -> Result<O, E>,
) {
    let _watch = Watch { progress, changed };
    let mut state = state();
    while let Some((place, item)) = taken(progress, changed, threads, items) {
        let result = work(&mut state, item);
        let mut progress = lock(progress);
        match result {
            Ok(output) => {
                progress.waiting.insert(place, output);
            }
            Err(error) => {
                // Items are taken in order, so those before the first failure are under way.
                if progress.failure.as_ref().is_none_or(|(first, _)| place < *first) {
                    progress.failure = Some((place, error));
                }
                progress.next = items.len();
            }
        }
        drop(progress);
        changed.notify_all();
    }
}

fn taken<'i, I, O, E>(
    progress: &Mutex<Progress<O, E>>,
    changed: &Condvar,
    threads: usize,
    items: &'i [I],
) -> Option<(usize, &'i I)> {
    let mut progress = lock(progress);
    loop {
        let place = progress.next;
        let item = items.get(place)?;
        if place < progress.due.saturating_add(threads.saturating_mul(4)) {
            progress.next = place.saturating_add(1);
            return Some((place, item));
        }
        progress = changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
    }
}

/// The next output; `None` at the end, and where a failure stands in its place.
fn due<O, E>(progress: &Mutex<Progress<O, E>>, changed: &Condvar, count: usize) -> Option<O> {
    let mut progress = lock(progress);
    loop {
        let place = progress.due;
        if place >= count || progress.is_broken || progress.failure.as_ref().is_some_and(|(first, _)| *first <= place) {
            return None;
        }
        if let Some(output) = progress.waiting.remove(&place) {
            progress.due = place.saturating_add(1);
            drop(progress);
            changed.notify_all();
            return Some(output);
        }
        progress = changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(threads: usize, count: u64, bad: &[u64]) -> Result<Vec<u64>, String> {
        let items: Vec<u64> = (0..count).collect();
        let mut found = Vec::new();
        let work = |(): &mut (), item: &u64| {
            thread::sleep(std::time::Duration::from_micros(item * 37 % 11));
            if bad.contains(item) { Err(Failure(item.to_string())) } else { Ok(item * item) }
        };
        let outcome = in_order(
            threads,
            &items,
            || (),
            work,
            |square| {
                found.push(square);
                Ok(())
            },
        );
        outcome.map(|()| found).map_err(|failure| failure.0)
    }

    struct Failure(String);

    impl From<StorageError> for Failure {
        fn from(error: StorageError) -> Self {
            Self(error.to_string())
        }
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for threads in 1..5 {
            assert_eq!(squares(threads, 200, &[]), Ok((0..200).map(|item| item * item).collect()));
        }
        assert_eq!(squares(3, 0, &[]), Ok(vec![]));
    }

    #[test]
    fn the_first_failure_is_told() {
        for threads in 1..5 {
            assert_eq!(squares(threads, 200, &[70, 31, 32]), Err("31".to_owned()), "{threads} threads");
        }
    }

    #[test]
    fn a_thread_that_panics_ends_the_work() {
        let items = [1, 2, 3];
        let work = |(): &mut (), item: &i32| if *item == 2 { panic!("on purpose") } else { Ok::<_, Failure>(()) };
        let outcome = in_order(2, &items, || (), work, |()| Ok(()));
        assert_eq!(outcome.map_err(|failure| failure.0), Err("the usage store cannot be read or written".to_owned()));
    }

    #[test]
    fn whoever_takes_may_stop() {
        let items: Vec<u32> = (0..1_000).collect();
        let work = |(): &mut (), item: &u32| Ok::<_, Failure>(*item);
        let outcome =
            in_order(2, &items, || (), work, |item| if item == 5 { Err(Failure("full".into())) } else { Ok(()) });
        assert_eq!(outcome.map_err(|failure| failure.0), Err("full".to_owned()));
    }
}
