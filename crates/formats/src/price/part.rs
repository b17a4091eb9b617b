//! What one line of a price list says, before the lines of a price are put together.

use billing::decimal::Decimal;
use billing::ids::MeterId;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{Product, TierBasis};
use billing::usage::MeterDescription;

/// One step of a tier table as the line states it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) from: Decimal,
    /// The end of the step; `None` where the line leaves it open or the format has no ends.
    pub(super) to: Option<Decimal>,
    /// Units of the currency for one block of the unit of measure.
    pub(super) unit_price: Decimal,
}

/// What one line says about the price of its meters.
#[derive(Debug, Clone)]
pub(super) struct PricePart {
    /// All of them have this price.
    pub(super) meters: Vec<MeterId>,
    pub(super) currency: Currency,
    pub(super) effective: DayRange,
    /// Lines of one listing form one tier table; two listings of one meter and start are two prices.
    pub(super) listing: String,
    pub(super) steps: Vec<Step>,
    pub(super) said: Said,
}

/// The words of a price, in the names of Quittance's own format. The order of [`Said::texts`].
pub(super) const TEXT_FIELDS: [&str; 12] = [
    "unit_of_measure",
    "product_id",
    "sku_id",
    "availability_id",
    "product_name",
    "sku_name",
    "publisher_name",
    "publisher_id",
    "meter_category",
    "meter_subcategory",
    "meter_name",
    "meter_region",
];

/// Everything that the lines of one price repeat. A blank says nothing, so it contradicts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    pub(super) texts: [String; 12],
    /// Kept to be compared; Quittance has no word for it.
    pub(super) market: String,
    /// Blocks that cost nothing.
    pub(super) included_quantity: Option<Decimal>,
    pub(super) tier_basis: Option<TierBasis>,
    /// A fraction.
    pub(super) earned_credit_rate: Option<Decimal>,
    /// For a price that does not state it. From the caller, so the same on all lines.
    pub(super) default_earned_credit_rate: Option<Decimal>,
}

/// Two lines of one price that do not agree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disagreement {
    pub(super) field: &'static str,
    pub(super) found: String,
    pub(super) earlier: String,
}

impl Said {
    /// Takes in what a further line says.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Disagreement> {
        for ((known, found), field) in self.texts.iter_mut().zip(other.texts).zip(TEXT_FIELDS) {
            merge_text(field, known, found)?;
        }
        merge_text("market", &mut self.market, other.market)?;
        merge_value("included_quantity", &mut self.included_quantity, other.included_quantity, Decimal::to_string)?;
        merge_value("tier_basis", &mut self.tier_basis, other.tier_basis, |basis| tier_basis_name(*basis).to_owned())?;
        merge_value("earned_credit_rate", &mut self.earned_credit_rate, other.earned_credit_rate, Decimal::to_string)
    }

    /// The words sorted into the types of billing: unit of measure, product, meter.
    pub(super) fn into_words(self) -> (String, Product, MeterDescription) {
        let [
            unit_of_measure,
            product_id,
            sku_id,
            availability_id,
            product_name,
            sku_name,
            publisher_name,
            publisher_id,
            category,
            subcategory,
            name,
            region,
        ] = self.texts;
        let product =
            Product { product_id, sku_id, availability_id, product_name, sku_name, publisher_name, publisher_id };
        (unit_of_measure, product, MeterDescription { category, subcategory, name, region })
    }
}

/// The word for a tier basis in Quittance's own format.
pub(super) fn tier_basis_name(basis: TierBasis) -> &'static str {
    match basis {
        TierBasis::Billable => "billable",
        TierBasis::Consumed => "consumed",
    }
}

fn merge_text(field: &'static str, known: &mut String, found: String) -> Result<(), Disagreement> {
    if found.is_empty() || *known == found {
        return Ok(());
    }
    if !known.is_empty() {
        return Err(Disagreement { field, found, earlier: known.clone() });
    }
    *known = found;
    Ok(())
}

fn merge_value<T: PartialEq>(
    field: &'static str,
    known: &mut Option<T>,
    found: Option<T>,
    text: impl Fn(&T) -> String,
) -> Result<(), Disagreement> {
    match (known.as_ref(), found) {
        (Some(earlier), Some(found)) if *earlier != found => {
            Err(Disagreement { field, found: text(&found), earlier: text(earlier) })
        }
        (None, Some(found)) => {
            *known = Some(found);
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(unit: &str, included: Option<i64>) -> Said {
        let mut said = Said { included_quantity: included.map(Decimal::from_integer), ..Said::default() };
        said.texts[0] = unit.to_owned();
        said
    }

    #[track_caller]
    fn check(known: Said, found: Said, expected: &Result<Said, &str>) {
        let mut merged = known;
        let result = merged.merge(found).map(|()| merged).map_err(|disagreement| disagreement.field);
        assert_eq!(&result, expected);
    }

    #[test]
    fn a_blank_says_nothing_and_other_words_have_to_agree() {
        check(said("1 Hour", None), said("", Some(5)), &Ok(said("1 Hour", Some(5))));
        check(said("", Some(5)), said("1 Hour", None), &Ok(said("1 Hour", Some(5))));
        check(said("1 Hour", None), said("1 hour", None), &Err("unit_of_measure"));
        check(said("1 Hour", Some(5)), said("1 Hour", Some(6)), &Err("included_quantity"));
    }
}
