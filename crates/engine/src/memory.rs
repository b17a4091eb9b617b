//! What was read lately and never changes, for it is named by its digest.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use billing::fx::FxTable;
use billing::invoice::{BlobDigest, ListDigests};
use billing::licence::OfferBook;
use billing::party::PartyDirectory;
use billing::tax::TaxTable;

use crate::estimating::OpenMonth;
use crate::inputs::Lists;
use crate::open_usage::MonthSums;

/// Values of each kind that are kept: the months that are looked at in turn.
const KEPT: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) directories: Recent<BlobDigest, PartyDirectory>,
    pub(crate) lists: Recent<ListDigests, Lists>,
    pub(crate) offers: Recent<Vec<BlobDigest>, OfferBook>,
    pub(crate) fx: Recent<Vec<BlobDigest>, FxTable>,
    pub(crate) taxes: Recent<Vec<BlobDigest>, TaxTable>,
    /// By fingerprint.
    pub(crate) open_months: Recent<String, OpenMonth>,
    /// By the digests of the files that were summed.
    pub(crate) sums: Recent<Vec<String>, MonthSums>,
}

/// The last few values.
#[derive(Debug)]
pub(crate) struct Recent<K, V>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V> Recent<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|(known, _)| known == key).map(|(_, value)| Arc::clone(value))
    }

    pub(crate) fn keep(&self, key: K, value: Arc<V>) -> Arc<V> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(KEPT - 1);
        recent.push_front((key, Arc::clone(&value)));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let recent = Recent::default();
        for number in 0..6 {
            recent.keep(number, Arc::new(number * 10));
        }
        assert_eq!(
            (0..6).map(|number| recent.get(&number).map(|value| *value)).collect::<Vec<_>>(),
            [None, None, Some(20), Some(30), Some(40), Some(50)]
        );
    }
}
