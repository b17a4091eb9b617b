//! Things that a file may name once: the same words again are no news, other words are a conflict.

use std::collections::BTreeMap;

use crate::error::RejectedLine;

/// Collects rows by key. Of rows that contradict each other none is kept: which one is right is
/// not for the reader to guess.
#[derive(Debug)]
pub(crate) struct Repeated<K, V> {
    same: fn(&V, &V) -> bool,
    first_of: BTreeMap<K, usize>,
    rows: Vec<Row<V>>,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    /// The row as it is set aside, should another one contradict it.
    set_aside: RejectedLine,
    /// The line of the other one.
    contradicted_by: Option<u64>,
}

impl<K: Ord, V> Repeated<K, V> {
    /// `same` compares two rows of one key.
    pub(crate) fn new(same: fn(&V, &V) -> bool) -> Self {
        Self { same, first_of: BTreeMap::new(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, key: K, value: V, set_aside: RejectedLine) {
        let next = self.rows.len();
        let first = *self.first_of.entry(key).or_insert(next);
        let mut contradicted_by = None;
        if let Some(first) = self.rows.get_mut(first) {
            if first.contradicted_by.is_none() && (self.same)(&first.value, &value) {
                return;
            }
            first.contradicted_by.get_or_insert(set_aside.line);
            contradicted_by = Some(first.set_aside.line);
        }
        self.rows.push(Row { value, set_aside, contradicted_by });
    }

    /// The rows that stand, and the others, both in the order of the file.
    pub(crate) fn finish(self) -> (Vec<V>, Vec<RejectedLine>) {
        let (mut values, mut rejected) = (Vec::with_capacity(self.rows.len()), Vec::new());
        for Row { value, mut set_aside, contradicted_by } in self.rows {
            match contradicted_by {
                None => values.push(value),
                Some(line) => {
                    set_aside.message = format!("line {line} says something else about the same {}", set_aside.field);
                    rejected.push(set_aside);
                }
            }
        }
        (values, rejected)
    }
}
