//! Merges the cursors of a range, in the order of rating and in bounded memory.
//!
//! A row may go as soon as no cursor can still bring one before it: all rows up to the least of the
//! cursors' last rows in memory. They are sorted, which costs little, for each cursor's are in order.

use super::cursor::{Cursor, RowPlace};
use crate::error::Result;

/// The cursors that are not at their end, and what they have in memory.
pub(super) struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    /// Whether a cursor may have rows behind those in memory.
    has_more: Vec<bool>,
    by_key: bool,
}

impl<'a> Merge<'a> {
    pub(super) fn of(cursors: Vec<Cursor<'a>>, by_key: bool) -> Self {
        let has_more = vec![true; cursors.len()];
        Self { cursors, has_more, by_key }
    }

    #[inline]
    pub(super) fn cursor(&self, place: RowPlace) -> Option<&Cursor<'a>> {
        self.cursors.get(place.cursor())
    }

    /// Puts the next rows into `rows`, in order; none at the end. They are in memory until the next call.
    pub(super) fn next(&mut self, rows: &mut Vec<RowPlace>) -> Result<()> {
        rows.clear();
        for (cursor, has_more) in self.cursors.iter_mut().zip(&mut self.has_more) {
            if *has_more && cursor.waiting().is_empty() {
                *has_more = cursor.load()?;
            }
        }
        let bound = self.bound();
        for cursor in &mut self.cursors {
            let waiting = cursor.waiting();
            let count = match bound {
                None => waiting.len(),
                Some(bound) => waiting.partition_point(|place| order(cursor, *place, self.by_key) <= bound),
            };
            rows.extend_from_slice(waiting.get(..count).unwrap_or_default());
            cursor.take(count);
        }
        if self.by_key {
            let key = |place: &RowPlace| self.cursor(*place).map(|cursor| cursor.key(*place));
            rows.sort_by(|a, b| a.scope_day().cmp(&b.scope_day()).then_with(|| key(a).cmp(&key(b))));
        } else {
            rows.sort();
        }
        Ok(())
    }

    /// A row of `rows`, which are in order, whose record is there once more.
    pub(super) fn twice(&self, rows: &[RowPlace]) -> Option<RowPlace> {
        if !self.by_key {
            return None;
        }
        let key = |place: &RowPlace| self.cursor(*place).map(|cursor| cursor.key(*place));
        let pairs = rows.iter().zip(rows.iter().skip(1));
        pairs.filter(|(a, b)| a.scope_day() == b.scope_day()).find(|(a, b)| key(a) == key(b)).map(|(_, twice)| *twice)
    }

    /// `None` when every cursor has all its rows in memory.
    fn bound(&self) -> Option<(u128, u128)> {
        let open = self.cursors.iter().zip(&self.has_more).filter(|(_, has_more)| **has_more);
        open.filter_map(|(cursor, _)| Some(order(cursor, cursor.last()?, self.by_key))).min()
    }
}

fn order(cursor: &Cursor<'_>, place: RowPlace, by_key: bool) -> (u128, u128) {
    (place.scope_day(), if by_key { cursor.key(place) } else { u128::MAX })
}
