//! Prices of licences, software, reservations and marketplace products.
//!
//! `product_id`, `sku_id`, `billing_plan`, `unit_price`, `currency`, `effective_from`; optional `term`,
//! `category`, `product_name`, `sku_name`, `publisher_id`, `publisher_name`, `availability_id`,
//! `effective_until`, `qualifiers`, `full_refund_hours`, `prorated_refund_hours`, `generation`,
//! `hourly_commitment`. The columns
//! of the provider's licence price list are known by their own names.

use billing::decimal::{Decimal, power_of_ten};
use billing::licence::{BillingPlan, Generation, LicenceOffer, OfferKey, ProductCategory, RefundHours, Term};
use billing::money::{Currency, MoneyError};
use billing::period::DayRange;
use billing::price::Product;
use jiff::civil::Date;

use super::{required, text, whole, word};
use crate::csv::{Column, CsvReader, Record};
use crate::directory::kind;
use crate::directory::repeated::{List, Repeated, read_list};
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::number;
use crate::source::Input;

/// What this module reads, for messages.
const WANTED: &str = "licence prices";
const STANDARD_HOURS: RefundHours = RefundHours { full: 24, prorated: 168 };
pub(super) const LIST: List = List {
    empty: ("licence.file.no_rows", "the file has a header and no rows"),
    contradiction: "licence.line.contradiction",
};

const PRODUCT_ID: &[&str] = &["product_id", "ProductId"];
const SKU_ID: &[&str] = &["sku_id", "SkuId"];
const PLAN: &[&str] = &["billing_plan", "BillingPlan"];
const PRICE: &[&str] = &["unit_price", "UnitPrice"];
const CURRENCY: &[&str] = &["currency", "Currency"];
const FROM: &[&str] = &["effective_from", "EffectiveStartDate"];

#[derive(Debug, Clone, Copy)]
struct Columns {
    product_id: Column,
    sku_id: Column,
    plan: Column,
    price: Column,
    currency: Column,
    from: Column,
    until: Option<Column>,
    term: Option<Column>,
    category: Option<Column>,
    product_name: Option<Column>,
    sku_name: Option<Column>,
    publisher_id: Option<Column>,
    publisher_name: Option<Column>,
    availability_id: Option<Column>,
    qualifiers: Option<Column>,
    full_refund_hours: Option<Column>,
    prorated_refund_hours: Option<Column>,
    generation: Option<Column>,
    hourly_commitment: Option<Column>,
}

/// Reads a list of offers.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `licence.file.no_rows`. Lines with a wrong field are set aside,
/// and all lines that state two prices of one product, term, plan, currency and day.
pub fn read_offers(input: Input) -> Result<Parsed<Vec<LicenceOffer>>, FileError> {
    let reader = kind::csv_reader(input, WANTED)?;
    let columns = Columns::of(&reader)?;
    let offers = Repeated::new(|a: &LicenceOffer, b| a == b);
    read_list(reader, LIST, columns.price, offers, |record| offer(record, &columns))
}

impl Columns {
    fn of(reader: &CsvReader) -> Result<Self, FileError> {
        let header = reader.header();
        if ![PRODUCT_ID, PLAN, PRICE].iter().all(|names| names.iter().any(|name| header.has(name))) {
            return Err(kind::unknown_header(header, WANTED));
        }
        Ok(Self {
            product_id: header.require(PRODUCT_ID)?,
            sku_id: header.require(SKU_ID)?,
            plan: header.require(PLAN)?,
            price: header.require(PRICE)?,
            currency: header.require(CURRENCY)?,
            from: header.require(FROM)?,
            until: header.find(&["effective_until", "EffectiveEndDate"])?,
            term: header.find(&["term", "TermDuration"])?,
            category: header.find(&["category"])?,
            product_name: header.find(&["product_name", "ProductTitle"])?,
            sku_name: header.find(&["sku_name", "SkuTitle"])?,
            publisher_id: header.find(&["publisher_id"])?,
            publisher_name: header.find(&["publisher_name", "Publisher"])?,
            availability_id: header.find(&["availability_id"])?,
            qualifiers: header.find(&["qualifiers"])?,
            full_refund_hours: header.find(&["full_refund_hours"])?,
            prorated_refund_hours: header.find(&["prorated_refund_hours"])?,
            generation: header.find(&["generation"])?,
            hourly_commitment: header.find(&["hourly_commitment"])?,
        })
    }
}

type Key = (OfferKey, Currency, Date);

fn offer(record: &Record<'_>, columns: &Columns) -> Result<(Key, LicenceOffer), RejectedLine> {
    let set_aside = |column: Column| move |fault: Fault| record.reject_fault(column, fault);
    let owned = |column| text(record, column).unwrap_or_default().to_owned();
    let product = Product {
        product_id: required(record, Some(columns.product_id), columns.product_id, "the product")?.to_owned(),
        sku_id: required(record, Some(columns.sku_id), columns.sku_id, "the SKU")?.to_owned(),
        availability_id: owned(columns.availability_id),
        product_name: owned(columns.product_name),
        sku_name: owned(columns.sku_name),
        publisher_name: owned(columns.publisher_name),
        publisher_id: owned(columns.publisher_id),
    };
    let field = |column: Column| record.field(column).trim();
    let plan = plan(field(columns.plan)).map_err(set_aside(columns.plan))?;
    let term = match columns.term.zip(text(record, columns.term)) {
        None => None,
        Some((column, text)) => Some(word(text, "term", Term::named, "P1M, P1Y, P3Y").map_err(set_aside(column))?),
    };
    let category = match columns.category.zip(text(record, columns.category)) {
        None => ProductCategory::Licence,
        Some((column, text)) => {
            let known = "licence, software, perpetual, reservation, savings_plan, marketplace";
            word(text, "category", ProductCategory::named, known).map_err(set_aside(column))?
        }
    };
    if term.is_none() && plan != BillingPlan::OneTime {
        return Err(record.reject(columns.plan, "licence.line.field_missing", "a plan that recurs needs a term"));
    }
    let unit_price = price(field(columns.price)).map_err(set_aside(columns.price))?;
    let currency = field(columns.currency).parse().map_err(|error: MoneyError| {
        record.reject_fault(columns.currency, Fault::new(error.code(), error.to_string()))
    })?;
    let from = number::date(field(columns.from)).map_err(set_aside(columns.from))?;
    let until = match columns.until.zip(text(record, columns.until)) {
        None => None,
        Some((column, text)) => Some(until(text, from).map_err(set_aside(column))?),
    };
    let hours = |column: Option<Column>| match column.zip(text(record, column)) {
        None => Ok(None),
        Some((column, text)) => whole(text).map(Some).map_err(set_aside(column)),
    };
    let refund_hours = match (hours(columns.full_refund_hours)?, hours(columns.prorated_refund_hours)?) {
        (None, None) => None,
        // The other one stays what it is elsewhere, as far as that goes.
        (Some(full), None) => Some(RefundHours { full, prorated: full.max(STANDARD_HOURS.prorated) }),
        (None, Some(prorated)) => Some(RefundHours { full: prorated.min(STANDARD_HOURS.full), prorated }),
        (Some(full), Some(prorated)) => Some(RefundHours { full, prorated }),
    };
    let qualifiers = text(record, columns.qualifiers).unwrap_or_default();
    let qualifiers = qualifiers.split(';').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    let key = OfferKey { product_id: product.product_id.clone(), sku_id: product.sku_id.clone(), term, plan };
    let generation = generation(record, columns)?;
    let effective = DayRange { from, until };
    let offer = LicenceOffer {
        product,
        category,
        term,
        plan,
        unit_price,
        currency,
        effective,
        qualifiers,
        refund_hours,
        generation,
        hourly_commitment: commitment(record, columns, category, term)?,
    };
    if generation == Generation::Classic && !is_classic(&offer) {
        let message = "a classic offer is a licence for a term of P1Y, billed monthly or annual, whose window to give \
                       it back is always the same";
        return Err(record.reject(columns.plan, "licence.line.not_classic", message));
    }
    Ok(((key, currency, from), offer))
}

/// Nothing is the new commerce.
fn generation(record: &Record<'_>, columns: &Columns) -> Result<Generation, RejectedLine> {
    let Some((column, text)) = columns.generation.zip(text(record, columns.generation)) else {
        return Ok(Generation::default());
    };
    let generation = word(text, "generation", Generation::named, "new_commerce, classic");
    generation.map_err(|fault| record.reject_fault(column, fault))
}

/// What a savings plan that covers usage commits; other products have none.
fn commitment(
    record: &Record<'_>,
    columns: &Columns,
    category: ProductCategory,
    term: Option<Term>,
) -> Result<Option<Decimal>, RejectedLine> {
    let Some((column, text)) = columns.hourly_commitment.zip(text(record, columns.hourly_commitment)) else {
        return Ok(None);
    };
    if category != ProductCategory::SavingsPlan || term.is_none() {
        let message = "only a savings plan with a term commits so much an hour";
        return Err(record.reject(column, "licence.line.commitment_misplaced", message));
    }
    let commitment = number::decimal(text).map_err(|fault| record.reject_fault(column, fault))?;
    if commitment.is_negative() {
        let message = format!("the commitment {commitment} is below zero");
        return Err(record.reject(column, "licence.line.commitment_negative", &message));
    }
    if commitment.mantissa() >= power_of_ten(PRICE_DIGITS_MAX).unwrap_or(i128::MAX) {
        let message = format!("the commitment {commitment} has more than {PRICE_DIGITS_MAX} digits");
        return Err(record.reject(column, "licence.line.price_too_long", &message));
    }
    Ok(Some(commitment))
}

/// Whether classic licences are sold so.
fn is_classic(offer: &LicenceOffer) -> bool {
    offer.category == ProductCategory::Licence
        && offer.term == Some(Term::Year)
        && matches!(offer.plan, BillingPlan::Monthly | BillingPlan::Annual)
        && offer.refund_hours.is_none()
}

/// The words of the own list and of the provider's; nothing or `none` is once.
fn plan(text: &str) -> Result<BillingPlan, Fault> {
    if text.is_empty() || text.eq_ignore_ascii_case("none") || text.eq_ignore_ascii_case("onetime") {
        return Ok(BillingPlan::OneTime);
    }
    word(text, "billing plan", BillingPlan::named, "monthly, annual, triennial, one_time")
}

/// Leaves room for discounts, days and seats, so that whatever is ordered of it can be billed exactly.
pub(super) const PRICE_DIGITS_MAX: u8 = 24;

pub(super) fn price(text: &str) -> Result<Decimal, Fault> {
    let price = number::decimal(text)?;
    if price.is_negative() {
        return Err(Fault::new("licence.line.price_negative", format!("the price {price} is below zero")));
    }
    if power_of_ten(PRICE_DIGITS_MAX).is_none_or(|longest| price.mantissa() >= longest) {
        let message = format!("the price {price} has more than {PRICE_DIGITS_MAX} digits");
        return Err(Fault::new("licence.line.price_too_long", message));
    }
    Ok(price)
}

/// The first day without the price.
pub(super) fn until(text: &str, from: Date) -> Result<Date, Fault> {
    let until = number::date(text)?;
    if until <= from {
        let message = format!("it starts on {from} and {until} is the first day without it, so it is never in force");
        return Err(Fault::new("licence.line.ends_before_start", message));
    }
    Ok(until)
}
