//! Rates one range after another: rows of records in, files of rated lines out.

use std::collections::HashMap;

use billing::decimal::{DecimalError, Scaled};
use billing::ids::{CustomerId, MeterId, SubscriptionId};
use billing::party::Customer;
use billing::period::BillingPeriod;
use billing::ports::{RatingFailure, RatingJob, RatingOutput};
use billing::rate::{BulkRater, CustomerTotals, DayAmounts, LinePrices, RateError, RatedTotals, ScopeKey, ScopeMonth};
use billing::savings_plan::ScopeCoverage;
use billing::uom::QuantityBasis;
use jiff::civil::Date;

use super::cursor::{Asked, Cursor, Piece, RowPlace};
use super::merge::Merge;
use super::survey::Survey;
use crate::day::{from_days, month_of};
use crate::error::StorageError;
use crate::new_file::WrittenFile;
use crate::rated::{Compressors, RatedFile, RatedLines, RecordFile};

/// Prices that nobody is to see are forgotten when there are more.
const PRICES_KEPT_MAX: usize = 65_536;

/// What a range came to.
pub(super) struct RangeResult<'a> {
    pub(super) totals: RatedTotals,
    /// Empty unless they are wanted.
    pub(super) scopes: Vec<(ScopeKey, ScopeMonth<'a>)>,
    pub(super) files: Vec<WrittenFile>,
}

/// The days of all sources, each with its month: found once.
pub(super) struct Calendar {
    first: i32,
    days: Vec<(Date, BillingPeriod)>,
}

impl Calendar {
    /// `None` when a day belongs to no month that is billed.
    pub(super) fn of(first: i32, last: i32) -> Option<Self> {
        let days = (first..=last).map(|day| Some((from_days(day)?, month_of(day)?))).collect::<Option<_>>()?;
        Some(Self { first, days })
    }

    fn day(&self, day: i32) -> Option<(Date, BillingPeriod)> {
        let place = usize::try_from(day.checked_sub(self.first)?).ok()?;
        self.days.get(place).copied()
    }
}

/// One thread's rating. What prices a meter's day is found once for all its ranges.
pub(super) struct Worker<'w, 'a> {
    survey: &'w Survey<'w>,
    job: &'w RatingJob<'a>,
    calendar: &'w Calendar,
    tick: &'w (dyn Fn(u64) + Sync),
    rater: BulkRater<'a>,
    /// Places in the rater, by meter and month.
    meters: HashMap<(u32, BillingPeriod), usize>,
    rows_per_file: usize,
    /// Those that are not written yet.
    lines: RatedLines,
    /// Made with the first file.
    compressors: Option<Compressors>,
}

/// Rows of one subscription, meter and month.
struct OpenScope<'a> {
    /// Of its first row.
    place: RowPlace,
    month: BillingPeriod,
    customer: &'a Customer,
    /// What savings plans pay for of its rows.
    coverage: Option<&'a ScopeCoverage>,
}

/// A range that is being rated.
struct Range<'r, 'a> {
    record_files: Vec<RecordFile<'r>>,
    /// Of each scope of the lines that are not written yet.
    customers: Vec<&'a CustomerId>,
    result: RangeResult<'a>,
    open: Option<OpenScope<'a>>,
    customer: Option<(&'a CustomerId, CustomerTotals)>,
}

impl<'w, 'a> Worker<'w, 'a> {
    pub(super) fn new(
        survey: &'w Survey<'w>,
        job: &'w RatingJob<'a>,
        calendar: &'w Calendar,
        tick: &'w (dyn Fn(u64) + Sync),
    ) -> Self {
        let rows_per_file = survey.store.limits().rows_per_rated_file.saturating_mul(2);
        let rater = BulkRater::new(job.inputs);
        Self {
            survey,
            job,
            calendar,
            tick,
            rater,
            meters: HashMap::new(),
            rows_per_file,
            lines: RatedLines::new(),
            compressors: None,
        }
    }

    pub(super) fn rate(&mut self, pieces: Vec<Piece<'w>>, asked: Asked<'w>) -> Result<RangeResult<'a>, RatingFailure> {
        let mut range = Range {
            record_files: pieces.iter().map(|piece| &piece.file.file.rows).collect(),
            customers: Vec::new(),
            result: RangeResult { totals: RatedTotals::default(), scopes: Vec::new(), files: Vec::new() },
            open: None,
            customer: None,
        };
        let mut cursors = Vec::with_capacity(pieces.len());
        let mut opened = Vec::with_capacity(pieces.len());
        for (piece, file) in pieces.into_iter().zip(0_u32..) {
            if let Some(cursor) = Cursor::open(cursors.len(), piece, asked)? {
                cursors.push(cursor);
                opened.push(file);
            }
        }
        let mut merge = Merge::of(cursors, asked.by_key);
        let mut rows = Vec::new();
        loop {
            merge.next(&mut rows)?;
            if rows.is_empty() {
                break;
            }
            if let Some(twice) = merge.twice(&rows) {
                return Err(RateError::OutOfOrder(self.subscription(twice)?.clone()).into());
            }
            let mut count = 0;
            for place in &rows {
                let Some(cursor) = merge.cursor(*place) else { continue };
                let file = opened.get(place.cursor()).copied().unwrap_or(u32::MAX);
                count += self.row(&mut range, *place, cursor, file)?;
            }
            (self.tick)(count);
            if !self.is_writing() && self.rater.prices().len() > PRICES_KEPT_MAX {
                self.rater.take_prices()?;
            }
        }
        self.close_scope(&mut range)?;
        range.end_customer()?;
        let prices = self.rater.take_prices()?;
        self.write_file(&mut range, prices)?;
        range.result.totals.unpriced = self.rater.take_unpriced();
        Ok(range.result)
    }

    /// Answers how many lines the row became.
    #[inline(always)]
    fn row(
        &mut self,
        range: &mut Range<'_, 'a>,
        place: RowPlace,
        cursor: &Cursor<'_>,
        file: u32,
    ) -> Result<u64, RatingFailure> {
        let day = self.calendar.day(place.day());
        let (date, month) = day.ok_or_else(|| damaged("a day lies outside of the file's days"))?;
        if !range.open.as_ref().is_some_and(|open| open.place.scope() == place.scope() && open.month == month) {
            self.close_scope(range)?;
            self.open_scope(range, place, month)?;
        }
        if month != self.job.period {
            range.result.totals.late_count = range.result.totals.late_count.saturating_add(1);
        }
        if self.lines.len() >= self.rows_per_file {
            let prices = self.rater.take_prices()?;
            self.write_file(range, prices)?;
        }
        if let Some(coverage) = range.open.as_ref().and_then(|open| open.coverage) {
            return self.covered_row(range, (place, date), cursor, file, coverage);
        }
        self.priced(range, (place, date), cursor.quantity(place), (file, cursor.file_row(place)))
    }

    #[inline(always)]
    fn priced(
        &mut self,
        range: &mut Range<'_, 'a>,
        (place, date): (RowPlace, Date),
        (quantity, basis): (Scaled, QuantityBasis),
        record: (u32, u32),
    ) -> Result<u64, RatingFailure> {
        let Some(amounts) = self.rater.row(date, quantity, basis)? else { return Ok(0) };
        if self.is_writing() {
            self.push(range, place, amounts, record)?;
        }
        Ok(1)
    }

    /// A row of a scope that savings plans pay for: a line for each part of it, and one for the rest.
    #[inline(never)]
    fn covered_row(
        &mut self,
        range: &mut Range<'_, 'a>,
        (place, date): (RowPlace, Date),
        cursor: &Cursor<'_>,
        file: u32,
        coverage: &'a ScopeCoverage,
    ) -> Result<u64, RatingFailure> {
        let (quantity, record) = (cursor.quantity(place), (file, cursor.file_row(place)));
        let Some(parts) = coverage.get(&(date, cursor.record_key(place))) else {
            return self.priced(range, (place, date), quantity, record);
        };
        let rest = self.rater.rest(date, quantity, parts)?;
        let mut count = 0;
        for part in parts {
            let Some(amounts) = self.rater.covered(date, part)? else { continue };
            if self.is_writing() {
                self.push(range, place, amounts, record)?;
            }
            count += 1;
        }
        match rest {
            Some(rest) => Ok(count + self.priced(range, (place, date), rest, record)?),
            None => Ok(count),
        }
    }

    /// A line whose figures have no room beside those before it begins a new file.
    #[inline(always)]
    fn push(
        &mut self,
        range: &mut Range<'_, 'a>,
        place: RowPlace,
        amounts: DayAmounts,
        record: (u32, u32),
    ) -> Result<(), RatingFailure> {
        if self.lines.push(place.day(), &amounts, self.rater.prices(), record) {
            return Ok(());
        }
        let prices = self.rater.take_prices_but(amounts.prices)?;
        self.write_file(range, prices)?;
        let amounts = DayAmounts { prices: 0, ..amounts };
        if self.lines.push(place.day(), &amounts, self.rater.prices(), record) {
            return Ok(());
        }
        Err(StorageError::OutOfRange { meter: self.meter(place)?.clone() }.into())
    }

    fn is_writing(&self) -> bool {
        matches!(self.job.output, RatingOutput::Files { .. })
    }

    fn subscription(&self, place: RowPlace) -> Result<&'w SubscriptionId, RatingFailure> {
        let subscription = usize::try_from(place.subscription()).ok().and_then(|at| self.survey.subscriptions.get(at));
        subscription.ok_or_else(|| damaged("a subscription without a name"))
    }

    fn meter(&self, place: RowPlace) -> Result<&'w MeterId, RatingFailure> {
        let meter = usize::try_from(place.meter()).ok().and_then(|at| self.survey.meters.get(at));
        meter.ok_or_else(|| damaged("a meter without a name"))
    }

    fn open_scope(
        &mut self,
        range: &mut Range<'_, 'a>,
        place: RowPlace,
        month: BillingPeriod,
    ) -> Result<(), RatingFailure> {
        let meter = match self.meters.get(&(place.meter(), month)) {
            Some(known) => *known,
            None => {
                let known = self.rater.meter(self.meter(place)?.clone(), month);
                self.meters.insert((place.meter(), month), known);
                known
            }
        };
        let subscription = self.subscription(place)?;
        let customer = self.rater.open(subscription, meter)?;
        let coverage = self.job.inputs.coverage.of_scope(subscription, self.meter(place)?);
        range.open = Some(OpenScope { place, month, customer, coverage });
        self.begin_scope(range);
        range.begin_customer(&customer.id)
    }

    fn close_scope(&mut self, range: &mut Range<'_, 'a>) -> Result<(), RatingFailure> {
        let Some(open) = range.open.take() else { return Ok(()) };
        let covered: Vec<_> = self.rater.take_covered().map(|(order, month)| (Some(order), month)).collect();
        let billed = self.rater.close()?.map(|month| (None, month));
        for (covered_by, month) in billed.into_iter().chain(covered) {
            self.end_scope(range, &open, covered_by, month)?;
        }
        Ok(())
    }

    fn end_scope(
        &mut self,
        range: &mut Range<'_, 'a>,
        open: &OpenScope<'a>,
        covered_by: Option<&str>,
        month: ScopeMonth<'a>,
    ) -> Result<(), RatingFailure> {
        let meter = self.meter(open.place)?;
        let amount_error = |cause| RateError::Amount { meter: meter.clone(), cause };
        if let Some((_, totals)) = &mut range.customer {
            totals.add_scope(&month, self.job.inputs.directory.party.currency).map_err(amount_error)?;
        }
        let count = &mut range.result.totals.daily_line_count;
        *count = count.saturating_add(month.totals.daily_line_count);
        if self.job.with_scopes {
            let key = ScopeKey {
                customer: open.customer.id.clone(),
                subscription: self.subscription(open.place)?.clone(),
                meter: meter.clone(),
                usage_month: open.month,
                covered_by: covered_by.map(str::to_owned),
            };
            range.result.scopes.push((key, month));
        }
        Ok(())
    }

    /// Writes the lines so far; those that follow begin another file.
    fn write_file(&mut self, range: &mut Range<'_, 'a>, mut prices: Vec<LinePrices<'a>>) -> Result<(), RatingFailure> {
        prices.truncate(self.lines.price_count());
        let customers = std::mem::take(&mut range.customers);
        if self.lines.len() > 0 {
            let file = RatedFile {
                subscriptions: &self.survey.subscriptions,
                meters: &self.survey.meters,
                customers,
                prices,
                record_files: &range.record_files,
            };
            let mut compressors = self.compressors.take().map_or_else(Compressors::new, Ok)?;
            range.result.files.push(file.write(self.survey.store.directory(), &mut compressors, &self.lines)?);
            self.compressors = Some(compressors);
        }
        self.lines.clear();
        self.begin_scope(range);
        Ok(())
    }

    /// Lines that follow are of the open scope.
    fn begin_scope(&mut self, range: &mut Range<'_, 'a>) {
        if let Some(open) = &range.open {
            self.lines.begin_scope(open.place.subscription(), open.place.meter(), open.month);
            range.customers.push(&open.customer.id);
        }
    }
}

impl<'a> Range<'_, 'a> {
    fn begin_customer(&mut self, customer: &'a CustomerId) -> Result<(), RatingFailure> {
        if self.customer.as_ref().is_none_or(|(known, _)| *known != customer) {
            self.end_customer()?;
            self.customer = Some((customer, CustomerTotals::default()));
        }
        Ok(())
    }

    fn end_customer(&mut self) -> Result<(), RatingFailure> {
        let Some((customer, totals)) = self.customer.take() else { return Ok(()) };
        if totals.daily_line_count > 0 {
            let sum = self.result.totals.customers.entry(customer.clone()).or_default();
            sum.add(&totals).map_err(sum_too_long)?;
        }
        Ok(())
    }
}

pub(super) fn sum_too_long(error: DecimalError) -> RatingFailure {
    RatingFailure::Party { code: error.code(), message: "a sum has more digits than can be kept exactly".to_owned() }
}

fn damaged(what: &'static str) -> RatingFailure {
    StorageError::failed("the usage store", what).into()
}
