//! Rated lines on their way into a file.

use billing::period::BillingPeriod;
use billing::rate::{BILLING_TOTAL_DECIMALS, DayAmounts, LinePrices};

use billing::decimal::Scaled;

use super::figures::Figures;
use super::schema::{PRICING_DIGITS, PRICING_SCALE, SHARED_FIGURES};
use crate::decimals::{COMMON_SCALE, Extent, NARROW_DIGITS, NARROW_SCALE};

/// Lines next to one another that have one subscription, meter and month.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineScope {
    /// Ranks in the survey.
    pub(crate) subscription: u32,
    pub(crate) meter: u32,
    pub(crate) month: BillingPeriod,
    pub(crate) line_count: usize,
}

/// The lines of a file, collected column by column.
pub(crate) struct RatedLines {
    pub(super) scopes: Vec<LineScope>,
    /// Since 1970-01-01.
    pub(super) days: Vec<i32>,
    pub(super) prices: Vec<(u32, usize)>,
    /// Digits that the shared figures need so far, and of how many prices.
    shared: [Extent; SHARED_FIGURES.len()],
    price_count: usize,
    pub(super) quantity: Figures,
    pub(super) pricing_total: Figures,
    pub(super) billing_total: Figures,
    /// Place among the range's files, and how many lines follow one another from there.
    pub(super) record_files: Vec<(u32, usize)>,
    pub(super) record_rows: Vec<u32>,
}

impl RatedLines {
    pub(crate) fn new() -> Self {
        Self {
            scopes: Vec::new(),
            days: Vec::new(),
            prices: Vec::new(),
            shared: [Extent::default(); SHARED_FIGURES.len()],
            price_count: 0,
            quantity: Figures::new(NARROW_DIGITS, NARROW_SCALE, COMMON_SCALE),
            pricing_total: Figures::new(PRICING_DIGITS, PRICING_SCALE, COMMON_SCALE),
            billing_total: Figures::new(NARROW_DIGITS, BILLING_TOTAL_DECIMALS, BILLING_TOTAL_DECIMALS),
            record_files: Vec::new(),
            record_rows: Vec::new(),
        }
    }

    /// Keeps the room for as many lines.
    pub(crate) fn clear(&mut self) {
        self.scopes.clear();
        self.days.clear();
        self.prices.clear();
        self.shared = [Extent::default(); SHARED_FIGURES.len()];
        self.price_count = 0;
        [&mut self.quantity, &mut self.pricing_total, &mut self.billing_total].into_iter().for_each(Figures::clear);
        self.record_files.clear();
        self.record_rows.clear();
    }

    /// How many of the prices the lines may have; those behind are of a line that had no room.
    pub(crate) fn price_count(&self) -> usize {
        self.price_count
    }

    pub(crate) fn len(&self) -> usize {
        self.days.len()
    }

    /// The lines that follow are of this scope.
    pub(crate) fn begin_scope(&mut self, subscription: u32, meter: u32, month: BillingPeriod) {
        self.scopes.push(LineScope { subscription, meter, month, line_count: 0 });
    }

    /// Takes note of the prices that came up since. False when their figures have no room together.
    fn enter_prices(&mut self, prices: &[LinePrices<'_>]) -> bool {
        let mut shared = self.shared;
        for price in prices.get(self.price_count..).unwrap_or_default() {
            for (extent, (_, get)) in shared.iter_mut().zip(SHARED_FIGURES) {
                *extent = extent.with(get(price));
            }
        }
        if !shared.iter().all(|extent| extent.fits()) {
            return false;
        }
        (self.shared, self.price_count) = (shared, prices.len());
        true
    }

    /// False when its figures have no room beside those of the lines before; then nothing was added.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        day: i32,
        amounts: &DayAmounts,
        prices: &[LinePrices<'_>],
        (file, row): (u32, u32),
    ) -> bool {
        if prices.len() > self.price_count && !self.enter_prices(prices) {
            return false;
        }
        let billing = Scaled { mantissa: amounts.billing_total, scale: BILLING_TOTAL_DECIMALS };
        let (Some(quantity), Some(pricing), Some(billing)) = (
            self.quantity.fitting(amounts.quantity),
            self.pricing_total.fitting(amounts.pricing_total),
            self.billing_total.fitting(billing),
        ) else {
            return false;
        };
        self.quantity.push(quantity);
        self.pricing_total.push(pricing);
        self.billing_total.push(billing);
        self.days.push(day);
        self.record_rows.push(row);
        lengthen(&mut self.prices, amounts.prices);
        lengthen(&mut self.record_files, file);
        if let Some(scope) = self.scopes.last_mut() {
            scope.line_count += 1;
        }
        true
    }
}

fn lengthen(runs: &mut Vec<(u32, usize)>, value: u32) {
    match runs.last_mut() {
        Some((last, length)) if *last == value => *length += 1,
        _ => runs.push((value, 1)),
    }
}
