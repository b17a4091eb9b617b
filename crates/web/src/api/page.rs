//! Long lists come in pages: `limit` entries behind the one that `after` names.

use std::num::NonZeroU16;

use super::call::Call;
use super::operations::{Parameter, parameter};
use super::problem::Problem;

pub(crate) const AFTER: Parameter = parameter("after", "The `next` of the page before.");
pub(crate) const LIMIT: Parameter = parameter("limit", "At most so many, 1 to 1000; without it 100.");
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;

/// # Errors
/// `request.invalid`
pub(crate) fn limit(call: &Call) -> Result<usize, Problem> {
    let asked = call.query.parsed::<NonZeroU16>("limit", "number from 1 to 1000")?;
    Ok(asked.map_or(LIMIT_DEFAULT, |limit| usize::from(limit.get()).min(LIMIT_MAX)))
}

/// The page that was asked for, of items that are sorted by `key`, and where the next one starts.
///
/// # Errors
/// `request.invalid`
pub(crate) fn of_texts<T>(
    call: &Call,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Problem> {
    let after = call.query.text("after").unwrap_or_default().to_owned();
    page(call, items, |item| key(item) > after, &key)
}

/// As [`of_texts`], with a key that counts from 1.
///
/// # Errors
/// `request.invalid`
pub(crate) fn of_places<T>(
    call: &Call,
    items: Vec<T>,
    place: impl Fn(&T) -> u64,
) -> Result<(Vec<T>, Option<String>), Problem> {
    let after = call.query.parsed::<u64>("after", "place")?.unwrap_or(0);
    page(call, items, |item| place(item) > after, |item| place(item).to_string())
}

fn page<T>(
    call: &Call,
    items: Vec<T>,
    is_behind: impl Fn(&T) -> bool,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Problem> {
    let limit = limit(call)?;
    let mut rest = items.into_iter().filter(|item| is_behind(item));
    let shown: Vec<T> = rest.by_ref().take(limit).collect();
    let next = rest.next().and(shown.last()).map(key);
    Ok((shown, next))
}
