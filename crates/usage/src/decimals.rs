//! Columns of exact numbers: 128-bit integers with one scale per file.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array};
use arrow::error::ArrowError;
use billing::decimal::Decimal;

/// Digits of the widest decimal that the readers of Parquet share.
pub(crate) const DIGITS_MAX: u8 = 38;
/// The scale of a column that has room for it.
///
/// A reader of a folder takes one file's scale for all: DuckDB then rounds without a word, Polars
/// refuses. So files have one of two forms but for figures that fit neither: the narrow one, or this
/// scale. What is storable as usage (12 digits and 26 decimals) always fits this one.
pub(crate) const COMMON_SCALE: u8 = 26;
/// Numbers of at most 18 digits are integers of 8 bytes in Parquet: they take a third of the time to
/// write and to read.
pub(crate) const NARROW_DIGITS: u8 = 18;
/// The decimals of a narrow column.
pub(crate) const NARROW_SCALE: u8 = 10;
/// Stands where a row has no number.
const NO_NUMBER: u8 = u8::MAX;

/// How many digits a set of numbers needs when all are written with the same scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extent {
    integer_digits: u32,
    decimals: u32,
}

impl Extent {
    pub(crate) fn with(self, number: Decimal) -> Self {
        self.with_parts(number.mantissa(), number.scale())
    }

    fn with_parts(self, mantissa: i128, scale: u8) -> Self {
        let digits = mantissa.unsigned_abs().checked_ilog10().map_or(0, |log| log.saturating_add(1));
        let integer_digits = self.integer_digits.max(digits.saturating_sub(u32::from(scale)));
        Self { integer_digits, ..self.with_decimals(scale) }
    }

    fn with_decimals(self, scale: u8) -> Self {
        Self { decimals: self.decimals.max(u32::from(scale)), ..self }
    }

    fn is_narrow(self) -> bool {
        self.decimals <= u32::from(NARROW_SCALE) && self.integer_digits <= u32::from(NARROW_DIGITS - NARROW_SCALE)
    }

    pub(crate) fn fits(self) -> bool {
        self.integer_digits.saturating_add(self.decimals) <= u32::from(DIGITS_MAX)
    }
}

/// Numbers of one column, each with its own scale until they are written.
#[derive(Debug)]
pub(crate) struct DecimalColumn {
    common_scale: u8,
    mantissas: Vec<i128>,
    scales: Vec<u8>,
}

impl Default for DecimalColumn {
    fn default() -> Self {
        Self::at(COMMON_SCALE)
    }
}

impl DecimalColumn {
    /// With a common scale of its own, for figures that have fewer decimals: it leaves readers more
    /// digits to add up in.
    pub(crate) fn at(common_scale: u8) -> Self {
        Self { common_scale, mantissas: Vec::new(), scales: Vec::new() }
    }

    /// What was collected; this column is empty afterwards.
    pub(crate) fn finish(&mut self) -> Self {
        std::mem::replace(self, Self::at(self.common_scale))
    }

    pub(crate) fn push(&mut self, number: Option<Decimal>) {
        self.mantissas.push(number.map_or(0, Decimal::mantissa));
        self.scales.push(number.map_or(NO_NUMBER, Decimal::scale));
    }

    /// The numbers of `rows`, or of all: narrow where all of them are, else at the common scale, or at
    /// the largest scale among them where one of them does not fit it.
    ///
    /// # Errors
    /// A number that has no room at that scale; [`Extent`] tells beforehand.
    pub(crate) fn array(&self, rows: Option<&[u32]>) -> Result<ArrayRef, ArrowError> {
        let all = || self.mantissas.iter().copied().zip(self.scales.iter().copied());
        let picked: Vec<(i128, u8)>;
        let numbers: Box<dyn Iterator<Item = (i128, u8)>> = match rows {
            None => Box::new(all()),
            Some(rows) => {
                let pick = |row: &u32| {
                    let row = usize::try_from(*row).ok()?;
                    Some((*self.mantissas.get(row)?, *self.scales.get(row)?))
                };
                picked = rows.iter().filter_map(pick).collect();
                Box::new(picked.iter().copied())
            }
        };
        let numbers: Vec<(i128, u8)> = numbers.collect();
        let (digits, scale) = form_of(&numbers, self.common_scale);
        let widened: Vec<Option<i128>> =
            numbers.into_iter().map(|number| widened(number, scale)).collect::<Result<_, _>>()?;
        let array = Decimal128Array::from(widened).with_precision_and_scale(digits, scale.cast_signed())?;
        Ok(Arc::new(array))
    }
}

/// Digits and scale of a column that holds `numbers`.
fn form_of(numbers: &[(i128, u8)], common_scale: u8) -> (u8, u8) {
    let (mut extent, mut largest) = (Extent::default(), 0);
    for (mantissa, scale) in numbers.iter().filter(|(_, scale)| *scale != NO_NUMBER) {
        extent = extent.with_parts(*mantissa, *scale);
        largest = largest.max(*scale);
    }
    if extent.is_narrow() {
        return (NARROW_DIGITS, NARROW_SCALE);
    }
    (DIGITS_MAX, if extent.with_decimals(common_scale).fits() { largest.max(common_scale) } else { largest })
}

fn widened((mantissa, scale): (i128, u8), to: u8) -> Result<Option<i128>, ArrowError> {
    if scale == NO_NUMBER {
        return Ok(None);
    }
    if scale == to {
        return within_digits(mantissa).map(Some);
    }
    10_i128
        .checked_pow(u32::from(to.saturating_sub(scale)))
        .and_then(|factor| mantissa.checked_mul(factor))
        .ok_or_else(too_wide)
        .and_then(within_digits)
        .map(Some)
}

fn within_digits(mantissa: i128) -> Result<i128, ArrowError> {
    const LIMIT: u128 = 10_u128.pow(DIGITS_MAX as u32);
    if mantissa.unsigned_abs() < LIMIT { Ok(mantissa) } else { Err(too_wide()) }
}

fn too_wide() -> ArrowError {
    ArrowError::ComputeError("a number has more than 38 digits".to_owned())
}

/// A column of numbers that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers<'a> {
    array: &'a Decimal128Array,
    scale: u8,
}

impl<'a> Numbers<'a> {
    pub(crate) fn of(column: &'a dyn Array) -> Option<Self> {
        let array = column.as_any().downcast_ref::<Decimal128Array>()?;
        Some(Self { array, scale: u8::try_from(array.scale()).ok()? })
    }

    pub(crate) fn get(&self, row: usize) -> Option<Decimal> {
        if self.array.is_null(row) {
            return None;
        }
        let (mantissa, scale) = without_zeros(self.array.value(row), self.scale);
        Decimal::new(mantissa, scale).ok()
    }
}

/// Takes trailing zeros off in large steps; one by one it would be most of the time of reading.
fn without_zeros(mut mantissa: i128, mut scale: u8) -> (i128, u8) {
    for (zeros, power) in [(16, 10_i128.pow(16)), (8, 10_i128.pow(8)), (4, 10_000), (2, 100)] {
        // A multiple of 10^n is one of 2^n.
        if scale >= zeros && mantissa.trailing_zeros() >= u32::from(zeros) && mantissa % power == 0 {
            mantissa /= power;
            scale -= zeros;
        }
    }
    (mantissa, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(numbers: &[Option<&str>], rows: Option<&[u32]>, expected: &[Option<&str>]) {
        let mut column = DecimalColumn::default();
        numbers.iter().for_each(|number| column.push(number.map(d)));
        let array = column.array(rows).unwrap();
        let read = Numbers::of(&array).unwrap();
        let found: Vec<_> = (0..array.len()).map(|row| read.get(row)).collect();
        assert_eq!(found, expected.iter().map(|number| number.map(d)).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_come_back_equal() {
        let widest = [Some("999999999999.9"), None, Some("-1e-26"), Some("0"), Some("-0.00000000000000000000000001")];
        check(&widest, None, &widest);
        check(&widest, Some(&[0, 1]), &widest[..2]);
        check(&[], None, &[]);
        check(&[None], None, &[None]);
        let longest = [Some("99999999999999999999999999999999999999"), Some("-1")];
        check(&longest, None, &longest);
    }

    #[test]
    fn files_of_usual_figures_have_one_of_two_forms() {
        let check = |numbers: &[&str], form: (u8, i8)| {
            let mut column = DecimalColumn::default();
            numbers.iter().for_each(|number| column.push(Some(d(number))));
            let array = column.array(None).unwrap();
            let array = array.as_any().downcast_ref::<Decimal128Array>().unwrap();
            assert_eq!((array.precision(), array.scale()), form, "{numbers:?}");
        };
        check(&[], (18, 10));
        check(&["1", "-2.5", "99999999.9999999999"], (18, 10));
        check(&["1", "0.00000000001"], (38, 26));
        check(&["100000000", "1"], (38, 26));
        check(&["1", "2.5", "-999999999999.99999999999999999999999999"], (38, 26));
        check(&["0.000000000000000000000000000001"], (38, 30));
        check(&["1000000000000", "2.5"], (38, 1));
    }

    #[test]
    fn what_fits_alone_may_not_fit_together() {
        let check = |numbers: &[&str], expected: bool| {
            let extent = numbers.iter().fold(Extent::default(), |extent, number| extent.with(d(number)));
            assert_eq!(extent.fits(), expected, "{numbers:?}");
            let mut column = DecimalColumn::default();
            numbers.iter().for_each(|number| column.push(Some(d(number))));
            assert_eq!(column.array(None).is_ok(), expected, "{numbers:?}");
        };
        check(&["1e30", "1e-7"], true);
        check(&["1e30", "1e-8"], false);
        check(&["100000000000000000000000000000000000000"], false);
        check(&["0.99999999999999999999999999999999999999"], true);
        check(&["0", "-1e-38"], true);
        check(&["-1", "1e-38"], false);
    }
}
