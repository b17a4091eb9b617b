//! Writes prices in Quittance's own format.

use std::io::{self, Write};

use billing::price::{MeterPrice, PriceSheet, Tier};

use super::part::{TEXT_FIELDS, tier_basis_name};

/// The columns that stand before those of [`TEXT_FIELDS`].
const LEADING_COLUMNS: [&str; 10] = [
    "meter_id",
    "currency",
    "unit_price",
    "tier_from",
    "tier_to",
    "included_quantity",
    "tier_basis",
    "effective_from",
    "effective_until",
    "earned_credit_rate",
];

/// Writes all prices, one line a tier. [`super::read_prices`] reads the same prices again; the title
/// and offer terms have no place in this format.
///
/// # Errors
/// Those of `out`.
pub fn write_prices_csv(sheet: &PriceSheet, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = LEADING_COLUMNS.iter().chain(&TEXT_FIELDS).copied().collect();
    writeln!(out, "{}", names.join(","))?;
    for price in &sheet.prices {
        let tiers = price.tiers.tiers();
        let ends = tiers.iter().skip(1).map(Some).chain([None]);
        for (tier, next) in tiers.iter().zip(ends) {
            write_line(price, tier, next, out)?;
        }
    }
    Ok(())
}

fn write_line(price: &MeterPrice, tier: &Tier, next: Option<&Tier>, out: &mut dyn Write) -> io::Result<()> {
    let until = price.effective.until.map_or_else(String::new, |until| until.to_string());
    let leading = [
        price.meter_id.to_string(),
        price.currency.to_string(),
        tier.unit_price.to_string(),
        tier.from.to_string(),
        next.map_or_else(String::new, |next| next.from.to_string()),
        price.included_quantity.to_string(),
        tier_basis_name(price.tier_basis).to_owned(),
        price.effective.from.to_string(),
        until,
        price.earned_credit_rate.to_string(),
    ];
    let (product, meter) = (&price.product, &price.meter);
    let texts: [&str; TEXT_FIELDS.len()] = [
        &price.unit_of_measure,
        &product.product_id,
        &product.sku_id,
        &product.availability_id,
        &product.product_name,
        &product.sku_name,
        &product.publisher_name,
        &product.publisher_id,
        &meter.category,
        &meter.subcategory,
        &meter.name,
        &meter.region,
    ];
    let fields: Vec<String> = leading.iter().map(String::as_str).chain(texts).map(quoted).collect();
    writeln!(out, "{}", fields.join(","))
}

/// As RFC 4180 wants it. The other delimiters are quoted as well, for spreadsheets.
fn quoted(text: &str) -> String {
    if text.contains([',', ';', '\t', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
