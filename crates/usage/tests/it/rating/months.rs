//! Random months of one plan: prices, credit, usage and its restatements.

use billing::decimal::Decimal;
use billing::period::DayRange;
use billing::ports::StoredUsage;
use billing::price::{MeterPrice, OfferTerm, PriceSheet, Tier, TierBasis, TierTable};
use billing::rate::ScopeKey;
use billing::uom::QuantityBasis;
use billing::usage::{RecordOrigin, UsageKind, UsageRecord};
use jiff::civil::{Date, date};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::party::{Party, price, scope, used};

/// Reproducible chance.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    pub(super) fn wide_below(&mut self, bound: u128) -> i128 {
        let number = u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64());
        i128::try_from(number % bound).unwrap()
    }

    pub(super) fn between(&mut self, from: usize, until: usize) -> usize {
        from + usize::try_from(self.below(u64::try_from(until - from).unwrap())).unwrap()
    }

    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.between(0, list.len())]
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.between(0, last + 1));
        }
    }

    /// A day of September, or one of the last of August.
    fn day(&mut self) -> Date {
        if self.percent(8) { date(2026, 8, self.pick(&[29, 30, 31])) } else { date(2026, 9, self.pick(&DAYS)) }
    }

    pub(super) fn decimal(&mut self, bound: u64, scale: u8) -> Decimal {
        Decimal::new(self.below(bound).into(), scale).unwrap()
    }
}

/// Usage gathers on a few days, so that the order of keys within a day matters.
const DAYS: [i8; 14] = [1, 2, 2, 5, 9, 10, 10, 14, 15, 15, 20, 28, 30, 30];
/// Blocks of 1, 10, 100 and 744; not all hours divide into the last.
const UNITS: [&str; 5] = ["1 Hour", "1 Hour", "10 GB/Month", "100 Hours", "744 Hours"];

/// A plan's month. Its meters and its prices are its own.
#[derive(Debug, Clone)]
pub(super) struct Month {
    pub(super) plan: String,
    pub(super) customer: String,
    credit: Vec<DayRange>,
    sheet: PriceSheet,
    late_from: Vec<(ScopeKey, Decimal)>,
    /// Quantities of 26 decimals and of 11 digits before them: exact amounts of up to 38 digits, or too
    /// many, and files that are split where lines cannot stand in the same columns.
    has_extremes: bool,
    /// What counts in the end.
    counted: Vec<UsageRecord>,
    /// Versions with lower revisions; whether they were ever stored depends on the order of arrival.
    superseded: Vec<UsageRecord>,
}

impl Month {
    pub(super) fn random(chance: &mut Chance, number: usize, has_extremes: bool) -> Self {
        let plan = format!("plan-{number}");
        let customer = format!("c-{}", chance.below(7));
        let meters: Vec<String> = (0..chance.between(1, 4)).map(|meter| format!("meter-{number}-{meter}")).collect();
        let prices = meters.iter().flat_map(|meter| any_prices(chance, meter)).collect();
        let offer_terms = (0..chance.pick(&[0, 0, 1, 2])).map(|_| any_term(chance, &meters)).collect();
        let mut month = Self {
            credit: (0..chance.pick(&[0, 1, 1, 2])).map(|_| any_days(chance)).collect(),
            sheet: PriceSheet { title: String::new(), offer_terms, prices },
            late_from: Vec::new(),
            has_extremes,
            counted: Vec::new(),
            superseded: Vec::new(),
            plan,
            customer,
        };
        for meter in &meters {
            if chance.percent(40) {
                let key = scope(&month.customer, &month.plan, meter, "2026-08");
                month.late_from.push((key, chance.decimal(4_000, 1)));
            }
        }
        for record in 0..chance.between(1, 24) {
            month.add_record(chance, &meters, &format!("{number}-{record}"));
        }
        month
    }

    fn add_record(&mut self, chance: &mut Chance, meters: &[String], id: &str) {
        let day = chance.day();
        let mut record = self.version(chance, meters, id, day);
        if chance.percent(20) {
            record.origin = RecordOrigin::ProviderRow;
        } else if chance.percent(20) {
            // Days and meters may change as well, but a record does not move to another month.
            for revision in 0..chance.pick(&[1, 1, 2]) {
                let other = chance.day();
                let same_month = other.first_of_month() == day.first_of_month();
                let mut old = self.version(chance, meters, id, if same_month { other } else { day });
                old.origin = RecordOrigin::Own { record_id: id.parse().unwrap(), revision };
                self.superseded.push(old);
            }
            record.origin = RecordOrigin::Own { record_id: id.parse().unwrap(), revision: 7 };
        }
        self.counted.push(record);
    }

    fn version(&self, chance: &mut Chance, meters: &[String], id: &str, day: Date) -> UsageRecord {
        let meter = &meters[chance.between(0, meters.len())];
        let unit = self.sheet.prices.iter().find(|price| price.meter_id.as_str() == *meter);
        let in_units = chance.percent(30);
        let is_odd = unit.is_some_and(|price| price.unit_of_measure == "744 Hours") && in_units;
        let mut record = used(id, &self.plan, meter, 1, "0");
        record.usage_date = day;
        // Hours that are blocks: 744 is 8 times 93.
        record.quantity = match is_odd && !chance.percent(15) {
            true => Decimal::from_integer(93 * i64::try_from(chance.below(500)).unwrap()),
            false => self.any_quantity(chance),
        };
        record.kind = if record.quantity.is_negative() { UsageKind::Correction } else { UsageKind::Usage };
        record.quantity_basis = if in_units { QuantityBasis::Units } else { QuantityBasis::Blocks };
        // Also what keeps rows apart that are alike otherwise.
        record.resource.uri = format!("/resource/{id}");
        record.entitlement_id = chance.percent(30).then(|| format!("e-{}", day.day()).parse().unwrap());
        record
    }

    fn any_quantity(&self, chance: &mut Chance) -> Decimal {
        let (mantissa, scale) = match chance.below(if self.has_extremes { 20 } else { 17 }) {
            0..8 => (chance.wide_below(5_000_000_000_000), 10),
            8..14 => (chance.wide_below(3_000), 1),
            14..17 => (-chance.wide_below(3_000), 1),
            17..19 => (chance.wide_below(10_u128.pow(28)), 26),
            _ => (chance.wide_below(10_u128.pow(37)) - 10_i128.pow(36), 26),
        };
        Decimal::new(mantissa, scale).unwrap()
    }

    pub(super) fn join(&self, party: &mut Party) {
        party.add_plan(&self.customer, &self.plan, self.credit.clone());
        party.sheets.push(self.sheet.clone());
        party.late_from.extend(self.late_from.iter().cloned());
    }

    /// Every version, in the order in which they were made.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = UsageRecord> + '_ {
        self.counted.iter().chain(&self.superseded).cloned()
    }

    /// What the store should hold of it.
    pub(super) fn stored(&self) -> Vec<StoredUsage> {
        let stored = |record: &UsageRecord| StoredUsage {
            place: 1,
            key: record.key(record.content_digest(), 0),
            record: record.clone(),
        };
        self.counted.iter().map(stored).collect()
    }
}

fn any_days(chance: &mut Chance) -> DayRange {
    let (from, length) = (chance.between(1, 28), chance.between(1, 20));
    let from = date(2026, 9, i8::try_from(from).unwrap());
    let until = from.saturating_add(jiff::Span::new().days(i64::try_from(length).unwrap()));
    DayRange { from, until: chance.percent(70).then_some(until) }
}

fn any_term(chance: &mut Chance, meters: &[String]) -> OfferTerm {
    let excluded = meters.iter().filter(|_| chance.percent(25)).map(|meter| meter.parse().unwrap()).collect();
    OfferTerm {
        name: String::new(),
        discount: Some(chance.decimal(100, 2)),
        credit: None,
        tiered_discounts: vec![],
        excluded_meters: excluded,
        effective_from: date(2026, 9, i8::try_from(chance.between(1, 20)).unwrap()),
    }
}

/// Several versions, of which the first mostly begins before the month; sometimes days are left without.
fn any_prices(chance: &mut Chance, meter: &str) -> Vec<MeterPrice> {
    let unit = chance.pick(&UNITS);
    // Nobody has quoted the pound.
    let currency = if chance.percent(1) { "GBP" } else { chance.pick(&["USD", "USD", "USD", "EUR", "JPY", "KWD"]) };
    let currency = currency.parse().unwrap();
    (0..chance.pick(&[0, 1, 1, 1, 2, 2, 3, 4]))
        .map(|version| {
            let mut price = price(meter, "0");
            // In several currencies a meter has no certain price, unless one of them is that of the bill.
            price.currency = if chance.percent(4) { chance.pick(&["EUR", "CHF"]).parse().unwrap() } else { currency };
            // Another block within a month parks the party.
            price.unit_of_measure = if chance.percent(2) { "1K" } else { unit }.to_owned();
            price.tiers = any_tiers(chance);
            price.included_quantity = if chance.percent(30) { chance.decimal(3_000, 1) } else { Decimal::ZERO };
            price.tier_basis = chance.pick(&[TierBasis::Billable, TierBasis::Consumed]);
            price.earned_credit_rate = chance.pick(&["0", "0.15", "0.15", "0.125"]).parse().unwrap();
            price.effective = any_days(chance);
            if version == 0 && chance.percent(90) {
                let until = price.effective.until.filter(|_| chance.percent(30));
                price.effective = DayRange { from: date(2026, 8, 1), until };
            }
            price
        })
        .collect()
}

fn any_tiers(chance: &mut Chance) -> TierTable {
    let decimals = chance.pick(&[0, 1, 2, 4, 8]);
    let mut tiers = vec![Tier { from: Decimal::ZERO, unit_price: chance.decimal(90_000, decimals) }];
    for _ in 0..chance.pick(&[0, 0, 1, 2, 4]) {
        let from = chance.decimal(3_999, 1).checked_add(Decimal::new(1, 1).unwrap()).unwrap();
        if tiers.iter().all(|tier| tier.from != from) {
            tiers.push(Tier { from, unit_price: chance.decimal(90_000, decimals) });
        }
    }
    TierTable::new(tiers).unwrap()
}
