//! A column of figures that are all different: written as they are, in as few bytes as hold them.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type};
use arrow::error::ArrowError;
use billing::decimal::{Decimal, Scaled, power_of_ten};

use crate::decimals::{DecimalColumn, Extent};

/// Figures of one file. As long as all of them fit the usual form they are whole numbers of its scale;
/// from the first that does not, each keeps a scale of its own.
pub(crate) struct Figures {
    digits: u8,
    scale: u8,
    limit: i128,
    usual: Vec<i128>,
    wide: Option<Wide>,
    /// Decimals that a wide column has where they have room.
    common_scale: u8,
}

struct Wide {
    column: DecimalColumn,
    extent: Extent,
}

impl Figures {
    /// At most `digits` digits, `scale` of them after the point, in the usual form.
    pub(crate) fn new(digits: u8, scale: u8, common_scale: u8) -> Self {
        let limit = power_of_ten(digits).unwrap_or(i128::MAX);
        Self { digits, scale, limit, usual: Vec::new(), wide: None, common_scale }
    }

    /// What [`Figures::push`] then takes; `None` when the figure has no room beside those before it.
    pub(crate) fn fitting(&self, figure: Scaled) -> Option<Fitting> {
        if self.wide.is_none()
            && let Some(mantissa) = self.usual_form(figure)
        {
            return Some(Fitting::Usual(mantissa));
        }
        let figure = figure.exact().ok()?;
        let extent = match &self.wide {
            Some(wide) => wide.extent,
            None => self.usual.iter().fold(Extent::default(), |extent, mantissa| extent.with(self.decimal(*mantissa))),
        };
        extent.with(figure).fits().then_some(Fitting::Wide(figure))
    }

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

    fn decimal(&self, mantissa: i128) -> Decimal {
        Decimal::new(mantissa, self.scale).unwrap_or_default()
    }

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
    fn widened(&mut self) -> Wide {
        let mut wide = Wide { column: DecimalColumn::at(self.common_scale), extent: Extent::default() };
        for mantissa in std::mem::take(&mut self.usual) {
            let figure = self.decimal(mantissa);
            wide.extent = wide.extent.with(figure);
            wide.column.push(Some(figure));
        }
        wide
    }

    /// The type and the whole numbers of the column; this one is empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<FigureColumn, ArrowError> {
        let Some(mut wide) = self.wide.take() else {
            let data_type = DataType::Decimal128(self.digits, self.scale.cast_signed());
            return Ok(FigureColumn { data_type, mantissas: std::mem::take(&mut self.usual) });
        };
        FigureColumn::of(&wide.column.finish().array(None)?)
    }
}

/// A figure in the form that its column has room for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fitting {
    Usual(i128),
    Wide(Decimal),
}

/// A column ready to be written.
pub(crate) struct FigureColumn {
    pub(crate) data_type: DataType,
    pub(crate) mantissas: Vec<i128>,
}

impl FigureColumn {
    pub(crate) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let numbers = array.as_primitive_opt::<Decimal128Type>();
        let numbers = numbers.ok_or_else(|| ArrowError::SchemaError("a column is not of decimals".to_owned()))?;
        Ok(Self { data_type: array.data_type().clone(), mantissas: numbers.values().to_vec() })
    }

    /// Bytes of each number in the file: 8 as an integer, or as few as hold the digits.
    pub(crate) fn width(&self) -> usize {
        match self.data_type {
            DataType::Decimal128(digits, _) if digits <= 18 => 8,
            DataType::Decimal128(digits, _) if digits <= 28 => 12,
            _ => 16,
        }
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
        let column = column.finish().unwrap();
        let DataType::Decimal128(_, scale) = column.data_type else { unreachable!() };
        let read = column.mantissas.iter().map(|m| Decimal::new(*m, scale.cast_unsigned()).unwrap()).collect();
        Ok((column.data_type, read))
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
