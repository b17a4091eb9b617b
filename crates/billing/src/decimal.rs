//! Exact decimal numbers.
//!
//! A [`Decimal`] is a 128-bit integer and a count of decimals. Sums, differences and products are
//! exact or an error: a digit that does not fit is never dropped (MON-3). Rounding happens only in
//! the functions that take a [`Rounding`], and every caller of those names its rule page.
//! Products and quotients go through 256 bits before they are cut back.
//!
//! Why our own type: the common decimal crates round silently at 28 digits, and an exact daily
//! total (quantity x price x credit x rate) needs more (docs/adr/0001).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use ethnum::I256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most decimals a number may have.
pub const SCALE_MAX: u8 = 38;
/// The longest text that is read as a number, in bytes.
const TEXT_LENGTH_MAX: usize = 100;

const POWERS_OF_TEN: [i128; 39] = powers_of_ten();

#[allow(clippy::arithmetic_side_effects, reason = "evaluated at compile time, where an overflow is an error")]
const fn powers_of_ten() -> [i128; 39] {
    let mut powers = [1_i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
}

/// How a number is cut to fewer digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Digits are cut off; refunds are cut toward zero as well (RT-14).
    TowardZero,
    /// To the nearest, ties to the even digit.
    HalfEven,
    /// To the nearest, ties away from zero.
    HalfUp,
}

/// Why a number could not be read or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("not a decimal number")]
    Malformed,
    #[error("the number has more digits than can be kept exactly")]
    Overflow,
    #[error("division by zero")]
    DivisionByZero,
    #[error("the quotient has no end and would have to be rounded")]
    Inexact,
}

impl DecimalError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "number.malformed",
            Self::Overflow => "number.out_of_range",
            Self::DivisionByZero => "number.division_by_zero",
            Self::Inexact => "number.inexact",
        }
    }
}

/// An exact decimal number: `mantissa / 10^scale`, without trailing zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// A number as a column of one scale holds it: `mantissa / 10^scale`, trailing zeros and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scaled {
    pub mantissa: i128,
    pub scale: u8,
}

impl Scaled {
    /// # Errors
    /// [`DecimalError::Overflow`] when the scale is larger than [`SCALE_MAX`].
    pub fn exact(self) -> Result<Decimal, DecimalError> {
        Decimal::new(self.mantissa, self.scale)
    }

    /// The same number at a scale that is not smaller.
    #[must_use]
    pub fn at(self, scale: u8) -> Option<i128> {
        self.mantissa.checked_mul(power_of_ten(scale.checked_sub(self.scale)?)?)
    }
}

impl From<Decimal> for Scaled {
    fn from(number: Decimal) -> Self {
        Self { mantissa: number.mantissa, scale: number.scale }
    }
}

/// `10^exponent`, up to 38.
#[must_use]
pub fn power_of_ten(exponent: u8) -> Option<i128> {
    POWERS_OF_TEN.get(usize::from(exponent)).copied()
}

fn wide_power_of_ten(exponent: u32) -> Result<I256, DecimalError> {
    if exponent > 76 {
        return Err(DecimalError::Overflow);
    }
    I256::new(10).checked_pow(exponent).ok_or(DecimalError::Overflow)
}

impl Decimal {
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// `mantissa / 10^scale`.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when `scale` is larger than [`SCALE_MAX`].
    pub fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        if scale > SCALE_MAX {
            return Err(DecimalError::Overflow);
        }
        Ok(Self::stripped(mantissa, scale))
    }

    #[must_use]
    pub fn from_integer(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }

    /// The digits without the decimal point, trailing zeros removed.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// The number of decimals, trailing zeros not counted.
    #[must_use]
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// The digits at exactly `scale` decimals.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when the number has more decimals, [`DecimalError::Overflow`] when
    /// the digits do not fit 128 bits.
    pub fn mantissa_at(self, scale: u8) -> Result<i128, DecimalError> {
        let missing = scale.checked_sub(self.scale).ok_or(DecimalError::Inexact)?;
        let factor = power_of_ten(missing).ok_or(DecimalError::Overflow)?;
        self.mantissa.checked_mul(factor).ok_or(DecimalError::Overflow)
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    #[allow(
        clippy::arithmetic_side_effects,
        reason = "dividing by ten and counting down a scale above zero cannot fail"
    )]
    fn stripped(mut mantissa: i128, mut scale: u8) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// Cuts a 256-bit result back; only zeros may be cut.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "dividing by ten and counting down a scale above zero cannot fail"
    )]
    fn from_wide(mut mantissa: I256, mut scale: u32) -> Result<Self, DecimalError> {
        if let (Ok(mantissa), Some(scale)) =
            (i128::try_from(mantissa), u8::try_from(scale).ok().filter(|s| *s <= SCALE_MAX))
        {
            return Ok(Self::stripped(mantissa, scale));
        }
        let ten = I256::new(10);
        while scale > 0 && mantissa % ten == I256::ZERO {
            mantissa /= ten;
            scale -= 1;
            if mantissa == I256::ZERO {
                return Ok(Self::ZERO);
            }
        }
        let scale = u8::try_from(scale).ok().filter(|s| *s <= SCALE_MAX).ok_or(DecimalError::Overflow)?;
        let mantissa = i128::try_from(mantissa).map_err(|_| DecimalError::Overflow)?;
        Ok(Self { mantissa, scale })
    }

    /// # Errors
    /// [`DecimalError::Overflow`] when the sum has more digits than fit.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        if self.scale == other.scale {
            let sum = self.mantissa.checked_add(other.mantissa).ok_or(DecimalError::Overflow)?;
            return Ok(Self::stripped(sum, self.scale));
        }
        let scale = self.scale.max(other.scale);
        if let (Ok(a), Ok(b)) = (self.mantissa_at(scale), other.mantissa_at(scale))
            && let Some(sum) = a.checked_add(b)
        {
            return Ok(Self::stripped(sum, scale));
        }
        let sum = self.wide_at(scale)?.checked_add(other.wide_at(scale)?).ok_or(DecimalError::Overflow)?;
        Self::from_wide(sum, u32::from(scale))
    }

    /// # Errors
    /// [`DecimalError::Overflow`] when the difference has more digits than fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalError> {
        self.checked_add(other.negated()?)
    }

    /// # Errors
    /// [`DecimalError::Overflow`] for the one mantissa that has no opposite.
    pub fn negated(self) -> Result<Self, DecimalError> {
        let mantissa = self.mantissa.checked_neg().ok_or(DecimalError::Overflow)?;
        Ok(Self { mantissa, scale: self.scale })
    }

    /// # Errors
    /// [`DecimalError::Overflow`] for the one mantissa that has no opposite.
    pub fn abs(self) -> Result<Self, DecimalError> {
        if self.is_negative() { self.negated() } else { Ok(self) }
    }

    fn wide_at(self, scale: u8) -> Result<I256, DecimalError> {
        let missing = scale.checked_sub(self.scale).ok_or(DecimalError::Inexact)?;
        I256::from(self.mantissa).checked_mul(wide_power_of_ten(u32::from(missing))?).ok_or(DecimalError::Overflow)
    }

    fn wide_product(self, other: Self) -> Result<(I256, u32), DecimalError> {
        let product = match self.mantissa.checked_mul(other.mantissa) {
            Some(product) => I256::from(product),
            None => I256::from(self.mantissa).checked_mul(I256::from(other.mantissa)).ok_or(DecimalError::Overflow)?,
        };
        let scale = u32::from(self.scale).checked_add(u32::from(other.scale)).ok_or(DecimalError::Overflow)?;
        Ok((product, scale))
    }

    /// The exact product.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the product has more digits than fit; nothing is rounded.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalError> {
        if let Some(product) = self.mantissa.checked_mul(other.mantissa)
            && let Some(scale) = self.scale.checked_add(other.scale).filter(|s| *s <= SCALE_MAX)
        {
            return Ok(Self::stripped(product, scale));
        }
        let (product, scale) = self.wide_product(other)?;
        Self::from_wide(product, scale)
    }

    /// The product, rounded once: the exact product is formed in 256 bits first.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the rounded product does not fit.
    pub fn mul_rounded(self, other: Self, scale: u8, rounding: Rounding) -> Result<Self, DecimalError> {
        let (product, product_scale) = self.wide_product(other)?;
        round_wide(product, product_scale, scale, rounding)
    }

    /// The number at no more than `scale` decimals.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when rounding up needs one digit more than fits.
    pub fn rounded(self, scale: u8, rounding: Rounding) -> Result<Self, DecimalError> {
        if self.scale <= scale {
            return Ok(self);
        }
        round_wide(I256::from(self.mantissa), u32::from(self.scale), scale, rounding)
    }

    /// The quotient at `scale` decimals.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], or [`DecimalError::Overflow`] when it does not fit.
    pub fn div_rounded(self, divisor: Self, scale: u8, rounding: Rounding) -> Result<Self, DecimalError> {
        let exponent = i32::from(scale)
            .checked_add(i32::from(divisor.scale))
            .and_then(|e| e.checked_sub(i32::from(self.scale)))
            .ok_or(DecimalError::Overflow)?;
        let (numerator, denominator) = scaled_fraction(self.mantissa, divisor.mantissa, exponent)?;
        let quotient = divide_rounded(numerator, denominator, rounding)?;
        Self::from_wide(quotient, u32::from(scale))
    }

    /// The product of `factors` over `divisor`, rounded once; the product itself may have up to 256 bits.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], or [`DecimalError::Overflow`] when it does not fit.
    pub fn product_div_rounded(
        factors: [Self; 3],
        divisor: Self,
        scale: u8,
        rounding: Rounding,
    ) -> Result<Self, DecimalError> {
        if divisor.is_zero() {
            return Err(DecimalError::DivisionByZero);
        }
        let mut product = (I256::ONE, 0_u32);
        for factor in factors {
            let mantissa = product.0.checked_mul(I256::from(factor.mantissa)).ok_or(DecimalError::Overflow)?;
            product = (mantissa, product.1.saturating_add(u32::from(factor.scale)));
        }
        let (numerator_power, denominator_power) =
            (u32::from(scale).saturating_add(u32::from(divisor.scale)), product.1);
        let surplus = numerator_power.saturating_sub(denominator_power);
        let missing = denominator_power.saturating_sub(numerator_power);
        let wide = |value: I256, power: u32| value.checked_mul(wide_power_of_ten(power)?).ok_or(DecimalError::Overflow);
        let quotient =
            divide_rounded(wide(product.0, surplus)?, wide(I256::from(divisor.mantissa), missing)?, rounding)?;
        Self::from_wide(quotient, u32::from(scale))
    }

    /// The quotient with `digits` significant digits, half-even (RT-13 uses 15).
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], or [`DecimalError::Overflow`] when it does not fit.
    pub fn div_significant(self, divisor: Self, digits: u8) -> Result<Self, DecimalError> {
        if divisor.is_zero() {
            return Err(DecimalError::DivisionByZero);
        }
        if self.is_zero() {
            return Ok(Self::ZERO);
        }
        // Where the first digit of the quotient stands is known up to one place; the guess that is
        // one place too small is seen by its extra digit and corrected.
        let magnitude = decimal_digits(self.mantissa)
            .checked_sub(decimal_digits(divisor.mantissa))
            .and_then(|d| d.checked_sub(i32::from(self.scale)))
            .and_then(|d| d.checked_add(i32::from(divisor.scale)))
            .ok_or(DecimalError::Overflow)?;
        let scale = i32::from(digits).checked_sub(magnitude).ok_or(DecimalError::Overflow)?;
        let with_scale = |scale: i32| -> Result<Self, DecimalError> {
            let kept = u8::try_from(scale.max(0)).map_err(|_| DecimalError::Overflow)?;
            let quotient = self.div_rounded(divisor, kept, Rounding::HalfEven)?;
            if scale < 0 { quotient.rounded_to_tens(scale.unsigned_abs()) } else { Ok(quotient) }
        };
        let fine = with_scale(scale)?;
        if significant_digits_at(fine, scale) <= u32::from(digits) {
            return Ok(fine);
        }
        with_scale(scale.checked_sub(1).ok_or(DecimalError::Overflow)?)
    }

    /// Half-even at a power of ten above the units.
    fn rounded_to_tens(self, exponent: u32) -> Result<Self, DecimalError> {
        let power = wide_power_of_ten(exponent)?;
        let unit = power.checked_mul(wide_power_of_ten(u32::from(self.scale))?).ok_or(DecimalError::Overflow)?;
        let quotient = divide_rounded(I256::from(self.mantissa), unit, Rounding::HalfEven)?;
        Self::from_wide(quotient.checked_mul(power).ok_or(DecimalError::Overflow)?, 0)
    }

    /// The quotient when it has an end.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when the quotient would have to be rounded.
    pub fn div_exact(self, divisor: Self) -> Result<Self, DecimalError> {
        if self.is_zero() && !divisor.is_zero() {
            return Ok(Self::ZERO);
        }
        if divisor.mantissa == 1 || divisor.mantissa.checked_rem(10) == Some(0) && is_power_of_ten(divisor.mantissa) {
            return self.shifted_down(divisor);
        }
        let quotient = self.div_rounded(divisor, 30, Rounding::TowardZero)?;
        let (product, scale) = quotient.wide_product(divisor)?;
        if Self::from_wide(product, scale) == Ok(self) { Ok(quotient) } else { Err(DecimalError::Inexact) }
    }

    /// Division by a power of ten: only the point moves.
    fn shifted_down(self, power: Self) -> Result<Self, DecimalError> {
        let places = decimal_digits(power.mantissa).checked_sub(1).ok_or(DecimalError::Overflow)?;
        let scale = i32::from(self.scale)
            .checked_add(places)
            .and_then(|s| s.checked_sub(i32::from(power.scale)))
            .ok_or(DecimalError::Overflow)?;
        if scale >= 0 {
            let scale = u32::try_from(scale).map_err(|_| DecimalError::Overflow)?;
            return Self::from_wide(I256::from(self.mantissa), scale);
        }
        let factor = wide_power_of_ten(scale.unsigned_abs())?;
        Self::from_wide(I256::from(self.mantissa).checked_mul(factor).ok_or(DecimalError::Overflow)?, 0)
    }

    /// Plain notation with exactly `decimals` decimals: `"112.80"`.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when the number has more decimals than that.
    pub fn to_fixed(self, decimals: u8) -> Result<String, DecimalError> {
        if self.scale > decimals {
            return Err(DecimalError::Inexact);
        }
        let mut text = self.to_string();
        let missing = decimals.saturating_sub(self.scale);
        if missing > 0 {
            if self.scale == 0 {
                text.push('.');
            }
            text.extend(std::iter::repeat_n('0', usize::from(missing)));
        }
        Ok(text)
    }
}

fn is_power_of_ten(mantissa: i128) -> bool {
    POWERS_OF_TEN.contains(&mantissa)
}

/// How many decimal digits `mantissa` has; 0 has none.
fn decimal_digits(mantissa: i128) -> i32 {
    let magnitude = mantissa.unsigned_abs();
    magnitude.checked_ilog10().map_or(0, |log| i32::try_from(log).unwrap_or(i32::MAX).saturating_add(1))
}

/// The digits that `value` would show when written with `scale` decimals (which may be negative).
fn significant_digits_at(value: Decimal, scale: i32) -> u32 {
    let digits = decimal_digits(value.mantissa);
    let padded = digits.saturating_add(scale).saturating_sub(i32::from(value.scale));
    u32::try_from(padded).unwrap_or(0)
}

/// `a x 10^exponent / b` as a fraction of two integers.
fn scaled_fraction(a: i128, b: i128, exponent: i32) -> Result<(I256, I256), DecimalError> {
    if b == 0 {
        return Err(DecimalError::DivisionByZero);
    }
    let power = wide_power_of_ten(exponent.unsigned_abs())?;
    let (a, b) = (I256::from(a), I256::from(b));
    if exponent >= 0 {
        Ok((a.checked_mul(power).ok_or(DecimalError::Overflow)?, b))
    } else {
        Ok((a, b.checked_mul(power).ok_or(DecimalError::Overflow)?))
    }
}

/// In 128 bits where both fit, which is many times faster.
fn quotient_and_rest(numerator: I256, denominator: I256) -> Option<(I256, I256)> {
    if let (Ok(numerator), Ok(denominator)) = (i128::try_from(numerator), i128::try_from(denominator))
        && let (Some(quotient), Some(rest)) = (numerator.checked_div(denominator), numerator.checked_rem(denominator))
    {
        return Some((I256::from(quotient), I256::from(rest)));
    }
    Some((numerator.checked_div(denominator)?, numerator.checked_rem(denominator)?))
}

fn divide_rounded(numerator: I256, denominator: I256, rounding: Rounding) -> Result<I256, DecimalError> {
    let (quotient, remainder) = quotient_and_rest(numerator, denominator).ok_or(DecimalError::Overflow)?;
    if remainder == I256::ZERO || rounding == Rounding::TowardZero {
        return Ok(quotient);
    }
    let rest = remainder.unsigned_abs();
    let half = denominator.unsigned_abs().checked_sub(rest).ok_or(DecimalError::Overflow)?;
    let away = match rest.cmp(&half) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => rounding == Rounding::HalfUp || quotient.checked_rem(I256::new(2)) != Some(I256::ZERO),
    };
    if !away {
        return Ok(quotient);
    }
    let step = if numerator.is_negative() == denominator.is_negative() { I256::ONE } else { I256::MINUS_ONE };
    quotient.checked_add(step).ok_or(DecimalError::Overflow)
}

fn round_wide(mantissa: I256, from_scale: u32, scale: u8, rounding: Rounding) -> Result<Decimal, DecimalError> {
    let surplus = from_scale.saturating_sub(u32::from(scale));
    if surplus == 0 {
        return Decimal::from_wide(mantissa, from_scale);
    }
    let rounded = divide_rounded(mantissa, wide_power_of_ten(surplus)?, rounding)?;
    Decimal::from_wide(rounded, u32::from(scale))
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        let sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        if sign != Ordering::Equal {
            return sign;
        }
        let scale = self.scale.max(other.scale);
        if let (Ok(a), Ok(b)) = (self.mantissa_at(scale), other.mantissa_at(scale)) {
            return a.cmp(&b);
        }
        match (self.wide_at(scale), other.wide_at(scale)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            // 128 bits and 38 decimals fit 256 bits, so neither side can overflow.
            _ => Ordering::Equal,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// Plain notation, no exponent, no trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let padded =
            if digits.len() <= scale { format!("{digits:0>width$}", width = scale.saturating_add(1)) } else { digits };
        let (whole, decimals) = padded.split_at(padded.len().saturating_sub(scale));
        let sign = if self.mantissa < 0 { "-" } else { "" };
        if decimals.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{decimals}") }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Plain or exponent notation with `.` as decimal mark; no blanks, no grouping.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        if text.len() > TEXT_LENGTH_MAX {
            return Err(if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                DecimalError::Overflow
            } else {
                DecimalError::Malformed
            });
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, digits) = match number.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (magnitude, decimals) = parse_digits(digits)?;
        let mantissa = if negative { magnitude.checked_neg().ok_or(DecimalError::Overflow)? } else { magnitude };
        place_point(mantissa, decimals.checked_sub(exponent).ok_or(DecimalError::Overflow)?)
    }
}

fn parse_exponent(text: &str) -> Result<i32, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::Malformed);
    }
    text.parse().ok().filter(|e: &i32| e.unsigned_abs() <= 1000).ok_or(DecimalError::Overflow)
}

/// The digits as an integer, and how many of them are decimals.
fn parse_digits(digits: &[u8]) -> Result<(i128, i32), DecimalError> {
    let mut magnitude: i128 = 0;
    let mut decimals: Option<i32> = None;
    let mut seen = false;
    // Zeros at the end carry no value; they are counted first, so that a long tail fits.
    let mut pending_zeros: u8 = 0;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if let Some(count) = &mut decimals {
                    *count = count.saturating_add(1);
                }
                if byte == b'0' && decimals.is_some() {
                    pending_zeros = pending_zeros.saturating_add(1);
                    continue;
                }
                let shift = pending_zeros.saturating_add(1);
                pending_zeros = 0;
                let factor = power_of_ten(shift).ok_or(DecimalError::Overflow)?;
                magnitude = magnitude
                    .checked_mul(factor)
                    .and_then(|m| m.checked_add(i128::from(byte.wrapping_sub(b'0'))))
                    .ok_or(DecimalError::Overflow)?;
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return Err(DecimalError::Malformed),
        }
    }
    if !seen {
        return Err(DecimalError::Malformed);
    }
    Ok((magnitude, decimals.unwrap_or(0).saturating_sub(i32::from(pending_zeros))))
}

fn place_point(mantissa: i128, scale: i32) -> Result<Decimal, DecimalError> {
    if mantissa == 0 {
        return Ok(Decimal::ZERO);
    }
    if scale >= 0 {
        return Decimal::from_wide(I256::from(mantissa), scale.unsigned_abs());
    }
    let power = u8::try_from(scale.unsigned_abs()).ok().and_then(power_of_ten).ok_or(DecimalError::Overflow)?;
    Ok(Decimal { mantissa: mantissa.checked_mul(power).ok_or(DecimalError::Overflow)?, scale: 0 })
}

impl Serialize for Decimal {
    /// As a string: a JSON number would pass through a binary float in most readers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Adds up exactly.
///
/// # Errors
/// [`DecimalError::Overflow`] when a partial sum does not fit.
pub fn sum(values: impl IntoIterator<Item = Decimal>) -> Result<Decimal, DecimalError> {
    values.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_read(text: &str, expected: Result<&str, DecimalError>) {
        let read = text.parse::<Decimal>().map(|d| d.to_string());
        assert_eq!(read, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn reads_plain_and_exponent_notation() {
        check_read("0", Ok("0"));
        check_read("-0.00", Ok("0"));
        check_read("112.80", Ok("112.8"));
        check_read("2.2271838023e-05", Ok("0.000022271838023"));
        check_read("5.64902E-05", Ok("0.0000564902"));
        check_read("1e3", Ok("1000"));
        check_read("0.0000000000", Ok("0"));
        check_read("1024.0000000000", Ok("1024"));
        check_read(".5", Ok("0.5"));
        check_read("9223372036854780000", Ok("9223372036854780000"));
        check_read("1.00000000000000000000000000000000000000000000000000", Ok("1"));
    }

    #[test]
    fn refuses_what_is_no_number_or_does_not_fit() {
        for text in ["", "-", ".", "1,5", "NaN", "inf", "0x10", "1e", "1e+", "--1", "1 ", " 1", "1.2.3", "1_000", "١"]
        {
            check_read(text, Err(DecimalError::Malformed));
        }
        for text in ["1e999999", "1e-999999", "1e40", "1e-39", &"9".repeat(40), &"9".repeat(4000)] {
            check_read(text, Err(DecimalError::Overflow));
        }
    }

    #[test]
    fn products_are_exact_or_refused() {
        assert_eq!(d("0.524025").checked_mul(d("0.846202666")), Ok(d("0.44343135205065")));
        // 30 x 10 decimals: the product needs 256 bits, and its zeros are cut.
        assert_eq!(d("1e-30").checked_mul(d("1e20")), Ok(d("1e-10")));
        assert_eq!(d("1e-30").checked_mul(d("1e-10")), Err(DecimalError::Overflow));
        assert_eq!(d("99999999999999999999").checked_mul(d("99999999999999999999.5")), Err(DecimalError::Overflow));
    }

    #[track_caller]
    fn check_rounding(text: &str, scale: u8, toward_zero: &str, half_even: &str, half_up: &str) {
        let modes = [Rounding::TowardZero, Rounding::HalfEven, Rounding::HalfUp];
        for (mode, expected) in modes.into_iter().zip([toward_zero, half_even, half_up]) {
            assert_eq!(d(text).rounded(scale, mode), Ok(d(expected)), "{text} {mode:?}");
        }
    }

    #[test]
    fn rounds_by_name() {
        check_rounding("1.005", 2, "1.00", "1.00", "1.01");
        check_rounding("1.015", 2, "1.01", "1.02", "1.02");
        check_rounding("-1.005", 2, "-1.00", "-1.00", "-1.01");
        check_rounding("-112.258", 2, "-112.25", "-112.26", "-112.26");
        check_rounding("2.5", 0, "2", "2", "3");
        check_rounding("7", 2, "7", "7", "7");
    }

    #[track_caller]
    fn check_significant(a: &str, b: &str, expected: &str) {
        assert_eq!(d(a).div_significant(d(b), 15), Ok(d(expected)), "{a} / {b}");
    }

    #[test]
    fn quotients_have_fifteen_significant_digits() {
        check_significant("21.39", "29", "0.737586206896552");
        check_significant("155.63", "210.950039", "0.737757626107858");
        check_significant("410.17", "555.950039", "0.737782122900436");
        check_significant("4906.21", "59995", "0.0817769814151179");
        check_significant("1", "3", "0.333333333333333");
        check_significant("-2", "3", "-0.666666666666667");
        check_significant("9999999999999999", "1", "10000000000000000");
        check_significant("0.99999999999999999", "1", "1");
        check_significant("0", "7", "0");
    }

    #[test]
    fn exact_division_refuses_an_endless_quotient() {
        assert_eq!(d("744").div_exact(d("100")), Ok(d("7.44")));
        assert_eq!(d("1").div_exact(d("1024")), Ok(d("0.0009765625")));
        assert_eq!(d("1").div_exact(d("744")), Err(DecimalError::Inexact));
        assert_eq!(d("1").div_exact(d("0")), Err(DecimalError::DivisionByZero));
        assert_eq!(d("1488").div_exact(d("744")), Ok(d("2")));
        assert_eq!(d("5").div_exact(d("0.001")), Ok(d("5000")));
    }

    #[test]
    fn fixed_text_pads_and_never_cuts() {
        assert_eq!(d("112.8").to_fixed(2).as_deref(), Ok("112.80"));
        assert_eq!(d("-3").to_fixed(2).as_deref(), Ok("-3.00"));
        assert_eq!(d("3").to_fixed(0).as_deref(), Ok("3"));
        assert_eq!(d("0.005").to_fixed(2), Err(DecimalError::Inexact));
    }

    fn any_decimal() -> impl Strategy<Value = Decimal> {
        (-1_000_000_000_000_000_000_i128..1_000_000_000_000_000_000, 0_u8..12)
            .prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale).unwrap())
    }

    proptest! {
        #[test]
        fn text_goes_round(value in any_decimal()) {
            prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
        }

        #[test]
        fn a_sum_can_be_taken_back(a in any_decimal(), b in any_decimal()) {
            let sum = a.checked_add(b).unwrap();
            prop_assert_eq!(sum.checked_sub(b), Ok(a));
            prop_assert_eq!(sum, b.checked_add(a).unwrap());
        }

        #[test]
        fn a_product_can_be_divided_back(a in any_decimal(), b in any_decimal()) {
            prop_assume!(!b.is_zero());
            if let Ok(product) = a.checked_mul(b) {
                prop_assert_eq!(product.div_rounded(b, 12, Rounding::HalfEven), Ok(a));
            }
        }

        #[test]
        fn rounding_stays_within_one_unit(a in any_decimal(), scale in 0_u8..6) {
            let unit = Decimal::new(1, scale).unwrap();
            for mode in [Rounding::TowardZero, Rounding::HalfEven, Rounding::HalfUp] {
                let distance = a.rounded(scale, mode).unwrap().checked_sub(a).unwrap().abs().unwrap();
                prop_assert!(distance < unit);
            }
        }

        #[test]
        fn order_is_the_order_of_differences(a in any_decimal(), b in any_decimal()) {
            let difference = a.checked_sub(b).unwrap();
            prop_assert_eq!(a.cmp(&b), difference.cmp(&Decimal::ZERO));
        }
    }
}
