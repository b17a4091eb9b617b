//! How many requests an organisation may send in a second.
//!
//! A bucket for each: it holds as many requests as fit into two seconds and fills at the rate. Whoever finds it empty is
//! told when to come again, which costs next to nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use billing::ids::OrganisationId;

/// How much more than a second's requests may come at once.
const BURST_SECONDS: u32 = 2;

#[derive(Debug)]
pub(crate) struct Throttle {
    /// Without one nobody waits.
    requests_per_second: Option<u32>,
    buckets: Mutex<BTreeMap<OrganisationId, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Until when its requests are spoken for; the past for an idle one.
    busy_until: Instant,
}

impl Throttle {
    pub(crate) fn new(requests_per_second: Option<u32>) -> Self {
        Self { requests_per_second: requests_per_second.filter(|rate| *rate > 0), buckets: Mutex::default() }
    }

    /// Takes a place for one request, or says after how many seconds there is one.
    ///
    /// # Errors
    /// The seconds, at least one.
    pub(crate) fn admit(&self, organisation: &OrganisationId, now: Instant) -> Result<(), u32> {
        let Some(rate) = self.requests_per_second else { return Ok(()) };
        let (each, burst) = (
            Duration::from_secs(1).checked_div(rate).unwrap_or_default(),
            Duration::from_secs(u64::from(BURST_SECONDS)),
        );
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(organisation.clone()).or_insert(Bucket { busy_until: now });
        let busy_until = bucket.busy_until.max(now).checked_add(each).unwrap_or(now);
        let ahead = busy_until.saturating_duration_since(now);
        match ahead.checked_sub(burst) {
            None | Some(Duration::ZERO) => {
                bucket.busy_until = busy_until;
                Ok(())
            }
            Some(wait) => Err(u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_worth_may_come_at_once_and_then_the_rate() {
        let throttle = Throttle::new(Some(10));
        let (a, b): (OrganisationId, OrganisationId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let start = Instant::now();
        let taken = |organisation: &OrganisationId, at: Instant| {
            (0..100).filter(|_| throttle.admit(organisation, at).is_ok()).count()
        };
        assert_eq!(taken(&a, start), 20);
        assert_eq!(throttle.admit(&a, start), Err(1));
        // Another organisation has its own.
        assert_eq!(taken(&b, start), 20);
        assert_eq!(taken(&a, start + Duration::from_secs(1)), 10);
        assert_eq!(taken(&a, start + Duration::from_secs(60)), 20);
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let throttle = Throttle::new(None);
        let a: OrganisationId = "a".parse().unwrap();
        assert!((0..1_000).all(|_| throttle.admit(&a, Instant::now()).is_ok()));
    }
}
