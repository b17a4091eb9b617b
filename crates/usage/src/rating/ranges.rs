//! Cuts a party's subscriptions into pieces that are rated one by one.

use std::ops::Range;

/// Ranges of ranks, each of at least `rows_per_range` rows but for the last. Where they are cut
/// depends on the rows of each subscription only, so a new file moves a cut in rare cases, and then
/// those behind it mostly stay.
pub(super) fn cut(rows_of: &[u64], rows_per_range: u64) -> Vec<Range<u32>> {
    let mut ranges = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (rank, count) in (0..).zip(rows_of) {
        rows += count;
        if rows >= rows_per_range {
            ranges.push(start..rank + 1);
            (start, rows) = (rank + 1, 0);
        }
    }
    if rows > 0 {
        ranges.push(start..u32::MAX);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_all_rows() {
        assert_eq!(cut(&[3, 0, 4, 9, 1], 5), [0..3, 3..4, 4..u32::MAX]);
        assert_eq!(cut(&[5, 5], 5), [0..1, 1..2]);
        assert_eq!(cut(&[0, 0, 1], 5).as_slice(), std::slice::from_ref(&(0..u32::MAX)));
        assert_eq!(cut(&[], 5), []);
        assert_eq!(cut(&[0], 5), []);
    }

    #[test]
    fn one_more_row_moves_no_cut_but_its_own() {
        let before = cut(&[2; 100], 8);
        let mut rows = [2; 100];
        rows[50] += 1;
        assert_eq!(cut(&rows, 8), before);
    }
}
