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
        lines: (0..lines_count).map(|line| lines[(customer + line) % lines.len()].clone()).collect(),
        subtotal: "123456.78".to_owned(),
    });
    InvoicePaper { customers: customers.collect(), ..pattern.clone() }
}

/// One page of names that strangers give their things.
pub(crate) fn strange() -> InvoicePaper {
    let mut paper = small();
    paper.billed_to.name = "#panic(\"x\") $x^2$ *bold* <label>".to_owned();
    paper.customers[0].name = "مؤسسة النور / שלום עולם".to_owned();
    let names = [
        "Z\u{301}\u{302}\u{303}\u{304}algo\u{202e}reversed\u{202c}".to_owned(),
        "averylongresourcename".repeat(6),
        "字数 🎉 \u{1b}[31mred\u{0}".to_owned(),
        "https://example.test/".to_owned() + &"a/b-c_d.e:".repeat(9),
    ];
    for (line, name) in paper.customers[0].lines.iter_mut().zip(names) {
        line.description = name;
    }
    paper.customers[0].lines[1].quantity = "123456789012345678901234567890.12".to_owned();
    paper
}
