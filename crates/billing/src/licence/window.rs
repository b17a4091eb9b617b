//! How much of a charge comes back when a licence is given back.
//!
//! Rule LC-7 (docs/rules/refund-windows.md).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refund {
    /// The whole cycle, from its start.
    Full,
    /// The rest of the cycle, by days.
    Prorated,
    None,
}

impl Refund {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Prorated => "prorated",
            Self::None => "none",
        }
    }
}

/// Elapsed time since the order, in UTC; both ends belong to their window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundWindow {
    pub full_for: SignedDuration,
    pub prorated_for: SignedDuration,
}

impl RefundWindow {
    /// 24 hours in full, 7 days by days, nothing later.
    pub const STANDARD: Self =
        Self { full_for: SignedDuration::from_hours(24), prorated_for: SignedDuration::from_hours(168) };

    #[must_use]
    pub fn refund_after(self, elapsed: SignedDuration) -> Refund {
        if elapsed <= self.full_for {
            Refund::Full
        } else if elapsed <= self.prorated_for {
            Refund::Prorated
        } else {
            Refund::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_belongs_to_the_window() {
        let (day, week) = (86_400, 604_800);
        for (seconds, refund) in [
            (0, Refund::Full),
            (day, Refund::Full),
            (day + 1, Refund::Prorated),
            (week, Refund::Prorated),
            (week + 1, Refund::None),
        ] {
            assert_eq!(RefundWindow::STANDARD.refund_after(SignedDuration::from_secs(seconds)), refund, "{seconds} s");
        }
    }
}
