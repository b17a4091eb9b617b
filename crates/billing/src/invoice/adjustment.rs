//! One-off amounts of a document, outside its lines.
//!
//! Rule IN-2 (docs/rules/invoice-totals.md): credits and discounts that are not taxed and belong to no
//! line. Below zero they lower what is asked for.

use serde::{Deserialize, Serialize};

use crate::money::Amount;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Names it for good: the same reference is taken once.
    pub reference: String,
    pub amount: Amount,
    /// Printed on the document, such as "Azure credit offer".
    pub reason: String,
}
