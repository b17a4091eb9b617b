//! What customers mean to spend.

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::ids::CustomerId;

/// What a customer means to spend on usage in a month, in the currency that its party is billed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBudget {
    pub customer: CustomerId,
    /// Exact; not negative.
    pub amount: Decimal,
    pub changed_at: Timestamp,
}
