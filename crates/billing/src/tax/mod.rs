//! Tax: which rate holds for a line, and what it comes to.
//!
//! Rules RT-23 and TX-1 to TX-4 (docs/rules/tax.md). Rates are fractions of 1.

mod amounts;
mod assess;
mod table;

pub use amounts::{TaxAmounts, TaxRounding, tax};
pub use assess::{AssessedTax, TaxSubtotal, assess};
pub use table::{TaxCode, TaxError, TaxRate, TaxRule, TaxTable, TaxTreatment, TaxedProduct};
