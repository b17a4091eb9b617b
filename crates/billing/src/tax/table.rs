//! Codes with dated rates, and which of them holds for a party and a product.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::period::DayRange;

/// The issuer's word for a rate and its reason, such as `FR-20`.
pub type TaxCode = String;

/// How a billed party is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    #[default]
    Standard,
    /// It owes no tax, with a certificate.
    Exempt,
    /// It owes the tax itself.
    ReverseCharge,
}

impl TaxTreatment {
    pub const ALL: [Self; 3] = [Self::Standard, Self::Exempt, Self::ReverseCharge];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Exempt => "exempt",
            Self::ReverseCharge => "reverse_charge",
        }
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|treatment| treatment.as_str() == text)
    }
}

/// A code's rate for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    pub code: TaxCode,
    /// 0 for what is exempt or owed by the other side.
    pub rate: Decimal,
    pub days: DayRange,
    /// The sentence that the law asks for on the document; may be empty.
    pub legal_note: String,
}

/// Whom and what a rate is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRule {
    /// Two letters; `None` for every country.
    pub country: Option<String>,
    pub treatment: TaxTreatment,
    /// A product or SKU id; `None` for every product.
    pub product: Option<String>,
    pub rate: TaxRate,
}

/// What a line sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxedProduct<'a> {
    pub product_id: &'a str,
    pub sku_id: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxError {
    #[error(
        "no tax rate ({}) is in force in {country} on {day}{}; import one with `quittance import tax`",
        treatment.as_str(),
        if product.is_empty() { String::new() } else { format!(" for product {product}") }
    )]
    RateMissing { country: String, treatment: TaxTreatment, product: String, day: Date },
}

impl TaxError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateMissing { .. } => "tax.rate_missing",
        }
    }
}

/// All rules, in the order of their import. Without any rule nothing is taxed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaxTable {
    rules: Vec<TaxRule>,
    /// Places of the rules for a product or SKU, and of those for all.
    by_product: BTreeMap<(TaxTreatment, Option<String>), Vec<usize>>,
}

impl TaxTable {
    #[must_use]
    pub fn new(rules: Vec<TaxRule>) -> Self {
        let mut by_product: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, rule) in rules.iter().enumerate() {
            by_product.entry((rule.treatment, rule.product.clone())).or_default().push(place);
        }
        Self { rules, by_product }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rate for a product of a party on `day` (TX-1, TX-2). A rule for the product comes before
    /// one for all, a rule for the country before one for all, the later start before the earlier,
    /// and the later import before the earlier.
    ///
    /// # Errors
    /// [`TaxError::RateMissing`]
    pub fn rate(
        &self,
        country: &str,
        treatment: TaxTreatment,
        product: TaxedProduct<'_>,
        day: Date,
    ) -> Result<&TaxRate, TaxError> {
        let holds = |rule: &TaxRule| {
            rule.rate.days.contains(day)
                && rule.country.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(country))
        };
        // The later place stands for the later import.
        let best = |products: &[Option<&str>]| {
            let places = products
                .iter()
                .filter_map(|wanted| self.by_product.get(&(treatment, wanted.map(str::to_owned))).map(Vec::as_slice));
            let rules = places.flatten().filter_map(|place| Some((*place, self.rules.get(*place)?)));
            let held = rules.filter(|(_, rule)| holds(rule));
            held.max_by_key(|(place, rule)| (rule.country.is_some(), rule.rate.days.from, *place))
        };
        let found = best(&[Some(product.product_id), Some(product.sku_id)]).or_else(|| best(&[None]));
        found.map(|(_, rule)| &rule.rate).ok_or_else(|| TaxError::RateMissing {
            country: country.to_owned(),
            treatment,
            product: product.product_id.to_owned(),
            day,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rule(
        country: &str,
        treatment: TaxTreatment,
        product: &str,
        code: &str,
        from: Date,
        until: Option<Date>,
    ) -> TaxRule {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let rate = TaxRate {
            code: code.to_owned(),
            rate: Decimal::ZERO,
            days: DayRange { from, until },
            legal_note: String::new(),
        };
        TaxRule { country: named(country), treatment, product: named(product), rate }
    }

    fn table() -> TaxTable {
        let (y2020, y2026) = (date(2020, 1, 1), date(2026, 7, 1));
        let standard = TaxTreatment::Standard;
        TaxTable::new(vec![
            rule("", standard, "", "WORLD", y2020, None),
            rule("FR", standard, "", "FR-OLD", y2020, Some(y2026)),
            rule("FR", standard, "", "FR-NEW", y2026, None),
            rule("", standard, "BOOK", "BOOK", y2020, None),
            rule("FR", standard, "BOOK", "FR-BOOK", y2026, None),
            rule("FR", standard, "BOOK", "FR-BOOK-MENDED", y2026, None),
            rule("FR", TaxTreatment::ReverseCharge, "", "FR-RC", y2026, Some(date(2026, 8, 1))),
        ])
    }

    #[track_caller]
    fn check(country: &str, treatment: TaxTreatment, product: &str, day: Date, code: Result<&str, &str>) {
        let (table, product) = (table(), TaxedProduct { product_id: product, sku_id: "0001" });
        let found = table.rate(country, treatment, product, day);
        assert_eq!(
            found.map(|rate| rate.code.as_str()).map_err(|error| error.code()),
            code,
            "{country} {product:?} {day}"
        );
    }

    #[test]
    fn the_narrowest_rule_in_force_wins() {
        let standard = TaxTreatment::Standard;
        check("DE", standard, "X", date(2026, 9, 1), Ok("WORLD"));
        check("FR", standard, "X", date(2026, 6, 30), Ok("FR-OLD"));
        check("fr", standard, "X", date(2026, 7, 1), Ok("FR-NEW"));
        check("FR", standard, "BOOK", date(2026, 6, 30), Ok("BOOK"));
        check("FR", standard, "BOOK", date(2026, 7, 1), Ok("FR-BOOK-MENDED"));
        check("FR", TaxTreatment::ReverseCharge, "X", date(2026, 7, 31), Ok("FR-RC"));
    }

    #[test]
    fn a_day_without_a_rate_is_an_error_and_not_zero() {
        let missing = Err("tax.rate_missing");
        check("FR", TaxTreatment::ReverseCharge, "X", date(2026, 8, 1), missing);
        check("FR", TaxTreatment::Exempt, "X", date(2026, 7, 1), missing);
        check("FR", TaxTreatment::Standard, "X", date(2019, 12, 31), missing);
    }
}
