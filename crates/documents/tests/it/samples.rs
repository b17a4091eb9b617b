//! Papers to print. Their amounts are only text here; nothing has to add up.

use documents::paper::{ChargeLine, CustomerCharges, InvoicePaper};

/// Two customers, eight lines: one page.
pub(crate) fn small() -> InvoicePaper {
    serde_json::from_str(include_str!("../../testdata/small.json")).unwrap()
}

/// `customers_count` customers with `lines_count` lines each.
pub(crate) fn large(customers_count: usize, lines_count: usize) -> InvoicePaper {
    let pattern = small();
    let lines: Vec<&ChargeLine> = pattern.customers.iter().flat_map(|it| &it.lines).collect();
    let customers = (0..customers_count).map(|customer| CustomerCharges {
        name: format!("{} {customer:03}", pattern.customers[customer % 2].name),
        id: format!("{customer:08x}-77d0-4b1e-9a52-0f6b8c1d2e3f"),
        lines: (0..lines_count)
            .map(|line| lines[(customer + line) % lines.len()].clone())
            .collect(),
        subtotal: "123456.78".to_owned(),
    });
    InvoicePaper {
        customers: customers.collect(),
        ..pattern.clone()
    }
}
