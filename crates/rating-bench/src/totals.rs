//! What all contestants have to agree on: lines and billing total of each customer.

use std::fmt::Write;

use billing::decimal::{Decimal, DecimalError};
use billing::rate::BILLING_TOTAL_DECIMALS;

/// `customer_id,line_count,billing_sum`, by the id's bytes; the same bytes as the peers write.
pub(crate) fn totals_csv<'a>(
    customers: impl IntoIterator<Item = (&'a str, u64, Decimal)>,
) -> Result<String, DecimalError> {
    let mut customers: Vec<_> = customers.into_iter().collect();
    customers.sort_unstable_by_key(|(id, ..)| *id);
    let mut csv = String::new();
    for (id, line_count, billing_total) in customers {
        // Writing to a string cannot fail.
        let _ = writeln!(csv, "{id},{line_count},{}", billing_total.to_fixed(BILLING_TOTAL_DECIMALS)?);
    }
    Ok(csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_and_have_ten_decimals() {
        let sum = |text: &str| text.parse::<Decimal>().unwrap();
        let csv = totals_csv([("b", 1, Decimal::ZERO), ("a", 12, sum("3.25")), ("Z", 2, sum("0.0000000001"))]);
        assert_eq!(csv.unwrap(), "Z,2,0.0000000001\na,12,3.2500000000\nb,1,0.0000000000\n");
    }
}
