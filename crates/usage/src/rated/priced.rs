//! The columns that follow from a line's prices: dictionaries, and the places of the lines in them.

use std::collections::HashMap;
use std::hash::Hash;

use billing::decimal::Decimal;
use billing::price::MeterPrice;
use billing::rate::LinePrices;
use parquet::errors::Result;

use crate::bit_packing;
use crate::column_chunk::{DataPage, PageCompressor};

/// A page of places holds so many lines: most of it are runs.
const ROWS_PER_PAGE: usize = 32_768;

/// The distinct values of a column, and for each of the file's prices the place of its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Distinct<V> {
    pub(super) values: Vec<V>,
    pub(super) places: Vec<i32>,
}

/// Values in the order in which the lines first had them.
pub(super) fn distinct<V: Copy + Eq + Hash>(all: impl ExactSizeIterator<Item = V> + Clone) -> Distinct<V> {
    let mut rest = all.clone();
    if let Some(first) = rest.next()
        && rest.all(|value| value == first)
    {
        return Distinct { values: vec![first], places: vec![0; all.len()] };
    }
    let mut values = Vec::new();
    let mut known = HashMap::new();
    let places = all.map(|value| {
        *known.entry(value).or_insert_with(|| {
            values.push(value);
            i32::try_from(values.len() - 1).unwrap_or(i32::MAX)
        })
    });
    let places = places.collect();
    Distinct { values, places }
}

/// As [`distinct`]. Empty texts are told by their length: given to the comparison of memory with the
/// pointer to nothing that they have, they take longer than all others.
pub(super) fn distinct_texts<'t>(all: impl ExactSizeIterator<Item = &'t str> + Clone) -> Distinct<&'t str> {
    if all.len() > 0 && all.clone().all(str::is_empty) {
        return Distinct { values: vec![""], places: vec![0; all.len()] };
    }
    let Distinct { values, places } = distinct(all.map(|text| (!text.is_empty()).then_some(text)));
    Distinct { values: values.into_iter().map(Option::unwrap_or_default).collect(), places }
}

impl<V> Distinct<V> {
    /// The places of what has these places in the list that this one was made from.
    pub(super) fn of_those(&self, places: &[i32]) -> Vec<i32> {
        let place = |place: &i32| usize::try_from(*place).ok().and_then(|place| self.places.get(place).copied());
        places.iter().filter_map(place).collect()
    }
}

/// The prices of the lists that the lines were rated by: what a list says of a meter is asked once.
pub(super) fn distinct_prices<'a>(prices: &[LinePrices<'a>]) -> Distinct<&'a MeterPrice> {
    let addresses = distinct(prices.iter().map(|price| std::ptr::from_ref(price.price)));
    let mut values: Vec<&'a MeterPrice> = Vec::with_capacity(addresses.values.len());
    for (price, place) in prices.iter().zip(&addresses.places) {
        if usize::try_from(*place) == Ok(values.len()) {
            values.push(price.price);
        }
    }
    Distinct { values, places: addresses.places }
}

pub(super) fn distinct_figures(prices: &[LinePrices<'_>], get: fn(&LinePrices<'_>) -> Decimal) -> Distinct<(i128, u8)> {
    distinct(prices.iter().map(|price| {
        let figure = get(price);
        (figure.mantissa(), figure.scale())
    }))
}

/// Pages of places, each written once for all columns that have the same.
pub(super) struct PlacePages<'r> {
    /// Place among the prices, and how many lines follow one another with them.
    runs: &'r [(u32, usize)],
    written: Vec<(Vec<i32>, Vec<DataPage>)>,
}

impl<'r> PlacePages<'r> {
    pub(super) fn new(runs: &'r [(u32, usize)]) -> Self {
        Self { runs, written: Vec::new() }
    }

    /// The pages of a column whose value for each price has its place in `places`.
    pub(super) fn of(
        &mut self,
        compressor: &mut PageCompressor,
        places: &[i32],
        value_count: usize,
    ) -> Result<&[DataPage]> {
        let known = self.written.iter().position(|(written, _)| written == places);
        let known = match known {
            Some(known) => known,
            None => {
                let place = |price: u32| usize::try_from(price).ok().and_then(|price| places.get(price)).copied();
                let runs = self.runs.iter().filter_map(|(price, length)| Some((place(*price)?, *length)));
                let pages = place_pages(compressor, runs, value_count)?;
                self.written.push((places.to_vec(), pages));
                self.written.len() - 1
            }
        };
        Ok(self.written.get(known).map(|(_, pages)| pages.as_slice()).unwrap_or_default())
    }
}

/// Encodes places that are given as runs.
pub(super) fn place_pages(
    compressor: &mut PageCompressor,
    runs: impl Iterator<Item = (i32, usize)>,
    value_count: usize,
) -> Result<Vec<DataPage>> {
    let width = bit_packing::bit_width(value_count);
    let mut pages = Vec::new();
    let mut page: Vec<(i32, usize)> = Vec::new();
    let mut row_count = 0;
    let mut bytes = Vec::new();
    let mut end = |page: &mut Vec<(i32, usize)>, row_count: usize| -> Result<()> {
        bytes.clear();
        bytes.push(width);
        bit_packing::append_runs(page.drain(..), width, &mut bytes);
        pages.push(compressor.page(&bytes, row_count)?);
        Ok(())
    };
    for (place, mut length) in runs {
        while length > 0 {
            let taken = length.min(ROWS_PER_PAGE - row_count);
            match page.last_mut() {
                Some((last, count)) if *last == place => *count += taken,
                _ => page.push((place, taken)),
            }
            row_count += taken;
            length -= taken;
            if row_count == ROWS_PER_PAGE {
                end(&mut page, row_count)?;
                row_count = 0;
            }
        }
    }
    if row_count > 0 {
        end(&mut page, row_count)?;
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_place_where_they_were_first_met() {
        let check = |all: &[&'static str], values: &[&str], places: &[i32]| {
            let found = distinct(all.iter().copied());
            assert_eq!((found.values.as_slice(), found.places.as_slice()), (values, places));
        };
        check(&["b", "a", "b", "c"], &["b", "a", "c"], &[0, 1, 0, 2]);
        check(&["a", "a"], &["a"], &[0, 0]);
        check(&[], &[], &[]);
    }

    #[test]
    fn columns_with_the_same_places_share_their_pages() {
        let mut compressor = PageCompressor::new().unwrap();
        let mut pages = PlacePages::new(&[(0, 3), (1, ROWS_PER_PAGE), (2, 1)]);
        assert_eq!(pages.of(&mut compressor, &[0, 1, 0], 2).unwrap().len(), 2);
        assert_eq!(pages.of(&mut compressor, &[0, 0, 0], 1).unwrap().len(), 2);
        assert_eq!(pages.of(&mut compressor, &[0, 1, 0], 2).unwrap().len(), 2);
        assert_eq!(pages.written.len(), 2);
    }
}
