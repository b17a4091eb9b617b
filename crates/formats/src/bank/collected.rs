//! What a file gives: statements with their movements, and what was refused.

use std::collections::BTreeMap;

use super::transactions::Movement;
use super::{BankEntry, BankStatement, Limits};
use crate::error::{FileError, Parsed, RejectedLine};

/// One statement while it is read.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) account: String,
    pub(super) id: String,
    movements: Vec<Movement>,
    skipped_count: u64,
}

/// All of a file, within limits.
#[derive(Debug)]
pub(super) struct Collected {
    statements: Vec<Statement>,
    rejected: Vec<RejectedLine>,
    record_count: u64,
    /// How many more entries may come.
    left: usize,
    limits: Limits,
}

/// What becomes of a movement whose reference is known already.
enum Fate {
    Repeated,
    /// The line of the other one.
    Refused(u64),
}

/// A movement's statement and its place in there.
type Index = (usize, usize);

impl Collected {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { statements: Vec::new(), rejected: Vec::new(), record_count: 0, left: limits.entries, limits: *limits }
    }

    pub(super) fn statement_count(&self) -> usize {
        self.statements.len()
    }

    pub(super) fn begin(&mut self, account: String, id: String) {
        self.statements.push(Statement { account, id, movements: Vec::new(), skipped_count: 0 });
    }

    /// Counts an entry of the file, whatever becomes of it.
    pub(super) fn count_record(&mut self) {
        self.record_count = self.record_count.saturating_add(1);
    }

    pub(super) fn skip(&mut self) {
        if let Some(statement) = self.statements.last_mut() {
            statement.skipped_count = statement.skipped_count.saturating_add(1);
        }
    }

    pub(super) fn add(&mut self, movements: Vec<Movement>) -> Result<(), FileError> {
        self.take_room(movements.len())?;
        if let Some(statement) = self.statements.last_mut() {
            statement.movements.extend(movements);
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, rejected: RejectedLine) -> Result<(), FileError> {
        self.take_room(1)?;
        self.rejected.push(rejected);
        Ok(())
    }

    /// # Errors
    /// `file.too_large` if there is no room for so many entries.
    pub(super) fn check_room(&self, count: usize) -> Result<(), FileError> {
        if count <= self.left {
            return Ok(());
        }
        let message = format!("the file has more than {} entries; split it by day", self.limits.entries);
        Err(FileError::new("file.too_large", message))
    }

    fn take_room(&mut self, count: usize) -> Result<(), FileError> {
        self.check_room(count)?;
        self.left = self.left.saturating_sub(count);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Parsed<Vec<BankStatement>> {
        let mut fates = self.fates();
        let mut value = Vec::with_capacity(self.statements.len());
        for (index, statement) in self.statements.into_iter().enumerate() {
            let Statement { account, id, movements, skipped_count } = statement;
            let (mut entries, mut repeated_count) = (Vec::with_capacity(movements.len()), 0_u64);
            for (position, movement) in movements.into_iter().enumerate() {
                match fates.remove(&(index, position)) {
                    None => entries.push(movement.0),
                    Some(Fate::Repeated) => repeated_count = repeated_count.saturating_add(1),
                    Some(Fate::Refused(other)) => self.rejected.push(refused(&movement, other)),
                }
            }
            value.push(BankStatement { account, statement_id: id, entries, skipped_count, repeated_count });
        }
        self.rejected.sort_by_key(|line| (line.line, line.column));
        Parsed { value, rejected: self.rejected, record_count: self.record_count }
    }

    /// Looks for references that stand more than once. Two statements may overlap, and then say the
    /// same. In one statement the bank has used its reference twice, and of two that differ one would
    /// be taken for the other and never be booked.
    fn fates(&self) -> BTreeMap<Index, Fate> {
        let positions = |(index, statement): (usize, &Statement)| {
            (0..statement.movements.len()).map(|position| (index, position)).collect::<Vec<Index>>()
        };
        let mut order: Vec<Index> = self.statements.iter().enumerate().flat_map(positions).collect();
        // Stable, so that movements of one reference stay in the order of the file.
        order.sort_by_key(|index| self.key(*index));
        let mut fates = BTreeMap::new();
        for group in order.chunk_by(|a, b| self.key(*a) == self.key(*b)) {
            let [first, second, ..] = group else { continue };
            if self.is_overlap(group) {
                fates.extend(group.iter().skip(1).map(|index| (*index, Fate::Repeated)));
                continue;
            }
            let line = |index: Index| self.entry(index).map_or(0, |entry| entry.line);
            let other = |index: &Index| if index == first { line(*second) } else { line(*first) };
            fates.extend(group.iter().map(|index| (*index, Fate::Refused(other(index)))));
        }
        fates
    }

    /// A payment and its return may share a reference: the sign tells them apart.
    fn key(&self, index: Index) -> Option<(&str, bool, &str)> {
        let account = &self.statements.get(index.0)?.account;
        self.entry(index).map(|entry| (account.as_str(), entry.amount.minor < 0, entry.reference.as_str()))
    }

    fn entry(&self, (statement, position): Index) -> Option<&BankEntry> {
        self.statements.get(statement)?.movements.get(position).map(|movement| &movement.0)
    }

    /// Whether all say the same, each in a statement of its own.
    fn is_overlap(&self, group: &[Index]) -> bool {
        group.windows(2).all(|pair| match pair {
            [a, b] => a.0 != b.0 && same(self.entry(*a), self.entry(*b)),
            _ => true,
        })
    }
}

fn same(a: Option<&BankEntry>, b: Option<&BankEntry>) -> bool {
    a.zip(b).is_some_and(|(a, b)| BankEntry { line: b.line, ..a.clone() } == *b)
}

/// Its text is not kept: there could be a million of them, and it is right as far as it goes.
fn refused((entry, column): &Movement, other: u64) -> RejectedLine {
    let reference = crate::number::excerpt(&entry.reference);
    RejectedLine {
        line: entry.line,
        column: *column,
        field: "reference".to_owned(),
        code: "bank.entry.reference_repeated",
        message: format!("the reference {reference:?} stands on line {other} as well; book both by hand"),
        raw: Vec::new(),
        raw_cut: true,
    }
}
