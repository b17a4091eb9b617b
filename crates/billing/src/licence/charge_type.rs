//! Why a line is charged, as the invoice files of the new commerce spell it.
//!
//! Rule LC-3 (docs/rules/charge-types.md).

use serde::{Deserialize, Serialize};

use crate::licence::SeatRounding;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeType {
    /// The first purchase; usage as well.
    New,
    /// A new term after the one before.
    Renew,
    /// The next instalment of a term.
    CycleCharge,
    AddQuantity,
    RemoveQuantity,
    /// A cancellation within the refund window.
    CancelImmediate,
    /// An older spelling of a cancellation; usage of which more was taken back than used.
    Cancel,
    /// An upgrade to a new subscription, or a trial that is paid from now on.
    Convert,
    /// An upgrade to a subscription that exists.
    MoveQuantity,
    ChangeBillingPlan,
    CustomerCredit,
}

/// A charge type of somebody else's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedChargeType {
    Known(ChargeType),
    /// As it was written; displayed as `other:text`.
    Other(String),
}

/// Types with their spelling on the wire.
const SPELLINGS: [(ChargeType, &str); 11] = [
    (ChargeType::New, "new"),
    (ChargeType::Renew, "renew"),
    (ChargeType::CycleCharge, "cycleCharge"),
    (ChargeType::AddQuantity, "addQuantity"),
    (ChargeType::RemoveQuantity, "removeQuantity"),
    (ChargeType::CancelImmediate, "cancelImmediate"),
    (ChargeType::Cancel, "cancel"),
    (ChargeType::Convert, "convert"),
    (ChargeType::MoveQuantity, "moveQuantity"),
    (ChargeType::ChangeBillingPlan, "changeBillingPlan"),
    (ChargeType::CustomerCredit, "customerCredit"),
];

impl ChargeType {
    pub const ALL: [Self; 11] = {
        let mut all = [Self::New; 11];
        let mut place = 0;
        while place < all.len() {
            all[place] = SPELLINGS[place].0;
            place += 1;
        }
        all
    };

    #[must_use]
    pub fn as_str(self) -> &'static str {
        SPELLINGS.iter().find(|(known, _)| *known == self).map_or("", |(_, spelling)| spelling)
    }

    /// What is cut first where Quittance writes the line itself (LC-4).
    #[must_use]
    pub fn rounding(self) -> SeatRounding {
        match self {
            Self::AddQuantity | Self::RemoveQuantity => SeatRounding::LineTruncated,
            _ => SeatRounding::UnitTruncated,
        }
    }
}

impl ParsedChargeType {
    /// Reads a spelling whatever its case, blanks, hyphens and underscores. `Purchase` and `Refund`
    /// are what an order calls a first purchase and a cancellation.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let letters = |text: &str| {
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect::<String>()
        };
        let wanted = letters(text);
        match wanted.as_str() {
            "purchase" => return Self::Known(ChargeType::New),
            "refund" => return Self::Known(ChargeType::Cancel),
            _ => {}
        }
        let known = SPELLINGS.iter().find(|(_, spelling)| letters(spelling) == wanted);
        known.map_or_else(|| Self::Other(text.to_owned()), |(known, _)| Self::Known(*known))
    }
}

impl std::fmt::Display for ParsedChargeType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(known) => f.write_str(known.as_str()),
            Self::Other(text) => write!(f, "other:{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(ParsedChargeType::read(text).to_string(), expected, "{text:?}");
    }

    #[test]
    fn spellings_differ_and_mean_the_same() {
        for known in ChargeType::ALL {
            check(known.as_str(), known.as_str());
            check(&known.as_str().to_uppercase(), known.as_str());
        }
        check("Cycle Charge", "cycleCharge");
        check("cancel-immediate", "cancelImmediate");
        check("ADD_QUANTITY", "addQuantity");
        check("Purchase", "new");
        check("refund", "cancel");
    }

    #[test]
    fn an_unknown_type_keeps_its_text() {
        check("Ünknown thing", "other:Ünknown thing");
        check("", "other:");
    }
}
