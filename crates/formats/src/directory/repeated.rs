//! Things that a file may name once: the same words again are no news, other words are a conflict.

use std::collections::BTreeMap;

use crate::csv::{self, Column, CsvReader, Record};
use crate::error::{FileError, Parsed, RejectedLine};

/// What a kind of list raises as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    /// Code and sentence of a file with a header and nothing behind it.
    pub(crate) empty: (&'static str, &'static str),
    /// Code of rows that say two things of one key.
    pub(crate) contradiction: &'static str,
}

/// Reads all rows with `read`, which gives each one's key and value; `said` is the column that rows of one
/// key contradict each other in.
pub(crate) fn read_list<K: Ord, V>(
    mut reader: CsvReader,
    list: List,
    said: Column,
    mut rows: Repeated<K, V>,
    read: impl Fn(&Record<'_>) -> Result<(K, V), RejectedLine>,
) -> Result<Parsed<Vec<V>>, FileError> {
    let mut rejected = Vec::new();
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        match row {
            csv::Row::Rejected(line) => rejected.push(line),
            csv::Row::Record(record) => match read(&record) {
                Ok((key, value)) => rows.add(key, value, record.reject(said, list.contradiction, "")),
                Err(line) => rejected.push(line),
            },
        }
    }
    if record_count == 0 {
        return Err(FileError::new(list.empty.0, list.empty.1));
    }
    let (value, contradictions) = rows.finish();
    rejected.extend(contradictions);
    rejected.sort_by_key(|line| line.line);
    Ok(Parsed { value, rejected, record_count })
}

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
