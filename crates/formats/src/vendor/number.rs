//! Exact numbers in JSON.

use billing::decimal::Decimal;
use billing::money::Amount;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number that is written digit by digit: no binary float, no exponent.
///
/// One canonical form, the one that the API's published bodies show:
///
/// - money with all the minor digits of its currency (`112.80` EUR, `1240` JPY), so that equal
///   amounts are equal bytes and a diff of two answers shows amounts only;
/// - rates, unit prices and quantities with the digits they have (`0.0816`, `24`);
/// - exactly zero is `0` for both: nothing paid and nothing taxed is told from a rounded amount.
///
/// Clients only need a JSON number, so the choice binds nobody. Written without `serde_json`
/// (another serializer, or `serde_json::to_value`) a number with decimals is not exact any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonNumber {
    value: Decimal,
    decimals_min: u8,
}

impl JsonNumber {
    pub const ZERO: Self = Self { value: Decimal::ZERO, decimals_min: 0 };

    /// A rate, a unit price, a quantity: no digit more than the number has.
    #[must_use]
    pub fn plain(value: Decimal) -> Self {
        Self { value, decimals_min: 0 }
    }

    /// An amount with the minor digits of its currency.
    #[must_use]
    pub fn money(amount: Amount) -> Self {
        Self { value: amount.to_decimal(), decimals_min: amount.currency.minor_digits() }
    }

    #[must_use]
    pub fn value(self) -> Decimal {
        self.value
    }

    /// The token that stands in the JSON text.
    #[must_use]
    pub fn to_token(self) -> String {
        if self.value.is_zero() {
            return "0".to_owned();
        }
        // Fails only where the number has more digits than asked for: then all of them are written.
        self.value.to_fixed(self.decimals_min).unwrap_or_else(|_| self.value.to_string())
    }
}

impl From<Decimal> for JsonNumber {
    fn from(value: Decimal) -> Self {
        Self::plain(value)
    }
}

impl From<Amount> for JsonNumber {
    fn from(amount: Amount) -> Self {
        Self::money(amount)
    }
}

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let token = self.to_token();
        let raw: &RawValue = serde_json::from_str(&token).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_money(text: &str, currency: &str, token: &str) {
        let amount = Amount::exact(text.parse().unwrap(), currency.parse().unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&JsonNumber::from(amount)).unwrap(), token);
    }

    #[test]
    fn money_has_the_minor_digits_of_its_currency() {
        check_money("112.8", "EUR", "112.80");
        check_money("-1240", "EUR", "-1240.00");
        check_money("1240", "JPY", "1240");
        check_money("0.5", "KWD", "0.500");
        check_money("0", "EUR", "0");
    }

    #[test]
    fn other_numbers_have_the_digits_they_have() {
        for text in ["0.0816", "24", "-0.000000000000000000000000000000000001", "79228162514264337593543950335.5"] {
            let number = JsonNumber::plain(text.parse().unwrap());
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
        assert_eq!(
            serde_json::to_string(&JsonNumber::plain("1e21".parse().unwrap())).unwrap(),
            format!("1{}", "0".repeat(21))
        );
    }

    proptest! {
        #[test]
        fn tokens_are_read_back_exactly(mantissa: i128, scale in 0_u8..=38) {
            let value = Decimal::new(mantissa, scale).unwrap();
            let token = serde_json::to_string(&JsonNumber::plain(value)).unwrap();
            prop_assert!(!token.contains(['e', 'E', '"']));
            prop_assert_eq!(token.parse::<Decimal>().unwrap(), value);
        }
    }
}
