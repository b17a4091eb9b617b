//! A column of figures that are all different: written as they are, in as few bytes as hold them.

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type};
use arrow::error::ArrowError;
use billing::decimal::{Decimal, Scaled, power_of_ten};

use crate::decimals::{DecimalColumn, Extent, NARROW_DIGITS};

/// Figures of one file. As long as all of them fit the usual form they are whole numbers of its scale;
/// from the first that does not, each keeps a scale of its own.
pub(crate) struct Figures {
    digits: u8,
    scale: u8,
    limit: i128,
    usual: Usual,
    wide: Option<Wide>,
    /// Decimals that a wide column has where they have room.
    common_scale: u8,
}

/// Whole numbers in as few bytes as their digits need.
enum Usual {
    Short(Vec<i64>),
    Long(Vec<i128>),
}

struct Wide {
    column: DecimalColumn,
    extent: Extent,
}

impl Usual {
    fn push(&mut self, mantissa: i128) {
        match self {
            // The limit of the form is that of the type, and less.
            Self::Short(numbers) => numbers.push(i64::try_from(mantissa).unwrap_or_default()),
            Self::Long(numbers) => numbers.push(mantissa),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = i128> + '_> {
        match self {
            Self::Short(numbers) => Box::new(numbers.iter().map(|number| i128::from(*number))),
            Self::Long(numbers) => Box::new(numbers.iter().copied()),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Short(numbers) => numbers.clear(),
            Self::Long(numbers) => numbers.clear(),
        }
    }
}

impl Figures {
    /// At most `digits` digits, `scale` of them after the point, in the usual form.
    pub(crate) fn new(digits: u8, scale: u8, common_scale: u8) -> Self {
        let limit = power_of_ten(digits).unwrap_or(i128::MAX);
        let usual = if digits <= NARROW_DIGITS { Usual::Short(Vec::new()) } else { Usual::Long(Vec::new()) };
        Self { digits, scale, limit, usual, wide: None, common_scale }
    }

    /// What [`Figures::push`] then takes; `None` when the figure has no room beside those before it.
    #[inline(always)]
    pub(crate) fn fitting(&self, figure: Scaled) -> Option<Fitting> {
        if self.wide.is_none()
            && let Some(mantissa) = self.usual_form(figure)
        {
            return Some(Fitting::Usual(mantissa));
        }
        self.wide_form(figure)
    }

    #[inline(always)]
    fn usual_form(&self, figure: Scaled) -> Option<i128> {
        let mantissa = if figure.scale == self.scale {
            figure.mantissa
        } else if figure.scale < self.scale {
            figure.at(self.scale)?
        } else {
            // Trailing zeros may hide a figure of the usual form.
            figure.exact().ok()?.mantissa_at(self.scale).ok()?
        };
        (mantissa < self.limit && mantissa > -self.limit).then_some(mantissa)
    }

    fn wide_form(&self, figure: Scaled) -> Option<Fitting> {
        let figure = figure.exact().ok()?;
        let extent = match &self.wide {
            Some(wide) => wide.extent,
            None => self.usual.iter().fold(Extent::default(), |extent, mantissa| extent.with(self.decimal(mantissa))),
        };
        extent.with(figure).fits().then_some(Fitting::Wide(figure))
    }

    fn decimal(&self, mantissa: i128) -> Decimal {
        Decimal::new(mantissa, self.scale).unwrap_or_default()
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, figure: Fitting) {
        match figure {
            Fitting::Usual(mantissa) => self.usual.push(mantissa),
            Fitting::Wide(figure) => {
                let mut wide = self.wide.take().unwrap_or_else(|| self.widened());
                wide.extent = wide.extent.with(figure);
                wide.column.push(Some(figure));
                self.wide = Some(wide);
            }
        }
    }

    /// The figures so far, each with a scale of its own.
    fn widened(&self) -> Wide {
        let mut wide = Wide { column: DecimalColumn::at(self.common_scale), extent: Extent::default() };
        for mantissa in self.usual.iter() {
            let figure = self.decimal(mantissa);
            wide.extent = wide.extent.with(figure);
            wide.column.push(Some(figure));
        }
        wide
    }

    /// Keeps the room for as many figures.
    pub(crate) fn clear(&mut self) {
        self.usual.clear();
        self.wide = None;
    }

    /// What is written.
    pub(crate) fn column(&self) -> Result<FigureColumn<'_>, ArrowError> {
        let data_type = DataType::Decimal128(self.digits, self.scale.cast_signed());
        match (&self.wide, &self.usual) {
            (Some(wide), _) => FigureColumn::of(&wide.column.array(None)?),
            (None, Usual::Short(numbers)) => Ok(FigureColumn { data_type, numbers: Numbers::Short(numbers) }),
            (None, Usual::Long(numbers)) => Ok(FigureColumn { data_type, numbers: Numbers::Long(numbers.into()) }),
        }
    }
}

/// A figure in the form that its column has room for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fitting {
    Usual(i128),
    Wide(Decimal),
}

/// A column ready to be written.
pub(crate) struct FigureColumn<'f> {
    pub(crate) data_type: DataType,
    numbers: Numbers<'f>,
}

enum Numbers<'f> {
    Short(&'f [i64]),
    Long(Cow<'f, [i128]>),
}

impl FigureColumn<'_> {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let numbers = array.as_primitive_opt::<Decimal128Type>();
        let numbers = numbers.ok_or_else(|| ArrowError::SchemaError("a column is not of decimals".to_owned()))?;
        Ok(Self { data_type: array.data_type().clone(), numbers: Numbers::Long(numbers.values().to_vec().into()) })
    }

    pub(crate) fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Short(numbers) => numbers.len(),
            Numbers::Long(numbers) => numbers.len(),
        }
    }

    /// Bytes of each number in the file: 8 as an integer, or as few as hold the digits.
    pub(crate) fn width(&self) -> usize {
        match self.data_type {
            DataType::Decimal128(digits, _) if digits <= 18 => 8,
            DataType::Decimal128(digits, _) if digits <= 28 => 12,
            _ => 16,
        }
    }

    /// Appends some rows. Integers of 8 bytes have the lowest byte first, the others the highest.
    pub(crate) fn append(&self, rows: Range<usize>, bytes: &mut Vec<u8>) {
        match (&self.numbers, self.width()) {
            (Numbers::Short(numbers), _) => {
                bytes.extend(numbers.get(rows).unwrap_or_default().iter().flat_map(|number| number.to_le_bytes()));
            }
            (Numbers::Long(numbers), width) => append_long(numbers.get(rows).unwrap_or_default(), width, bytes),
        }
    }
}

fn append_long(numbers: &[i128], width: usize, bytes: &mut Vec<u8>) {
    match width {
        8 => bytes.extend(numbers.iter().flat_map(|m| i64::try_from(*m).unwrap_or_default().to_le_bytes())),
        12 => bytes.extend(numbers.iter().flat_map(|m| {
            let [_, _, _, _, low @ ..] = m.to_be_bytes();
            low
        })),
        _ => bytes.extend(numbers.iter().flat_map(|m| m.to_be_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str) -> Scaled {
        text.parse::<Decimal>().unwrap().into()
    }

    /// The form that a column of `figures` takes, or how many of them had room.
    fn form(figures: &[&str]) -> Result<(DataType, Vec<Decimal>), usize> {
        let mut column = Figures::new(28, 20, 26);
        for (place, figure) in figures.iter().enumerate() {
            let fitting = column.fitting(scaled(figure)).ok_or(place)?;
            column.push(fitting);
        }
        let column = column.column().unwrap();
        let DataType::Decimal128(_, scale) = column.data_type else { unreachable!() };
        let Numbers::Long(numbers) = &column.numbers else { unreachable!() };
        let read = numbers.iter().map(|m| Decimal::new(*m, scale.cast_unsigned()).unwrap()).collect();
        Ok((column.data_type.clone(), read))
    }

    #[track_caller]
    fn check(figures: &[&str], digits: u8, scale: i8) {
        let expected = figures.iter().map(|figure| figure.parse().unwrap()).collect();
        assert_eq!(form(figures), Ok((DataType::Decimal128(digits, scale), expected)));
    }

    #[test]
    fn figures_take_the_narrowest_form_that_holds_all() {
        check(&["1", "-99999999.99999999999999999999", "0"], 28, 20);
        check(&["1", "100000000"], 38, 26);
        check(&["1", "100000000000", "0.00000000000000000000000001"], 38, 26);
        check(&["100000000", "2.5", "0.000000000000000000001"], 38, 26);
        check(&["0.00000000000000000000000000000000000001", "0"], 38, 38);
    }

    #[test]
    fn a_figure_without_room_is_refused_and_the_others_stay() {
        let longest = "99999999999999999999999999999999999999";
        assert_eq!(form(&[longest, "-1", "0.1"]), Err(2));
        assert_eq!(form(&["0.00000000000000000000000000000000000001", "1"]), Err(1));
    }

    #[test]
    fn zeros_at_the_end_do_not_widen() {
        let column = Figures::new(28, 20, 26);
        let figure = Scaled { mantissa: 15 * 10_i128.pow(30), scale: 31 };
        assert!(matches!(column.fitting(figure), Some(Fitting::Usual(mantissa)) if mantissa == 15 * 10_i128.pow(19)));
    }
}
