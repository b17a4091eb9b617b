//! The movements that an entry stands for, their amounts and their references.

use std::collections::BTreeMap;

use billing::money::Amount;
use jiff::civil::Date;

use super::BankEntry;
use super::detail::Detail;
use super::draft::{Draft, Refusal};
use super::field::{self, Direction};
use crate::error::Fault;
use crate::xml::Place;

/// A movement, and the column that it starts in.
pub(super) type Movement = (BankEntry, u64);

const DETAIL_AMOUNT: &str = "NtryDtls/TxDtls/Amt";

/// What every booked entry has to say.
struct Booked {
    amount: Amount,
    direction: Direction,
    booked_on: Date,
    reversal: bool,
}

/// A part of an entry: below zero if it was paid out.
#[derive(Clone, Copy)]
struct Part {
    amount: Amount,
    direction: Direction,
}

impl Part {
    fn new(amount: Amount, direction: Direction) -> Self {
        // Amounts of CAMT are not negative, so each can be turned round.
        let minor = match direction {
            Direction::Received => amount.minor,
            Direction::PaidOut => amount.minor.saturating_neg(),
        };
        Self { amount: Amount { minor, ..amount }, direction }
    }
}

/// The movements of an entry; `None` if it is not booked. `fallback` is the reference that its
/// statement has for an entry to which the bank gave none of its own.
pub(super) fn movements(mut draft: Draft, fallback: Option<String>) -> Result<Option<Vec<Movement>>, Refusal> {
    if draft.is_left_out() {
        return Ok(None);
    }
    if let Some(refusal) = draft.refusal.take() {
        return Err(refusal);
    }
    let booked = booked(&draft)?;
    let parts = parts(&draft, &booked)?;
    match draft.details.as_mut_slice() {
        [] => draft.details.push(Detail::new(draft.place)),
        // Alone, it is the entry, and begins where that begins.
        [detail] => detail.place = draft.place,
        _ => {}
    }
    let shared = draft.reference.or(fallback);
    let references = references(&draft.details, shared.as_deref())?;
    let movements = draft.details.into_iter().zip(parts).zip(references);
    Ok(Some(movements.map(|((detail, part), reference)| movement(detail, part, reference, &booked)).collect()))
}

fn booked(draft: &Draft) -> Result<Booked, Refusal> {
    let missing = |field: &str| {
        let message = format!("the entry has no {field}; ask the bank for a complete statement");
        refusal(draft.place, field, "bank.entry.field_missing", message)
    };
    draft.status.ok_or_else(|| missing("Sts"))?;
    Ok(Booked {
        amount: draft.amount.ok_or_else(|| missing("Amt"))?,
        direction: draft.direction.ok_or_else(|| missing("CdtDbtInd"))?,
        booked_on: draft.booked_on().ok_or_else(|| missing("BookgDt"))?,
        reversal: draft.reversal.unwrap_or(false),
    })
}

fn refusal(place: Place, field: &str, code: &'static str, message: String) -> Refusal {
    Refusal { place, field: field.to_owned(), fault: Fault::new(code, message) }
}

/// One part for each transaction. They come to the amount of the entry: if they did not, one of them
/// would be credited with what somebody else has paid.
fn parts(draft: &Draft, booked: &Booked) -> Result<Vec<Part>, Refusal> {
    let whole = Part::new(booked.amount, booked.direction);
    if draft.details.is_empty() {
        return Ok(vec![whole]);
    }
    // A transaction that is alone may leave its amount to the entry.
    let alone = draft.details.len() == 1 && !draft.is_batch;
    let part = |detail: &Detail| {
        let amount = match detail.amount_in(booked.amount.currency) {
            Some(amount) => amount,
            None if alone => booked.amount,
            None => return Err(no_amount(detail, booked)),
        };
        Ok(Part::new(amount, detail.direction.unwrap_or(booked.direction)))
    };
    let parts = draft.details.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let sum = Amount::sum(whole.amount.currency, parts.iter().map(|part| part.amount)).ok();
    if sum == Some(whole.amount) {
        return Ok(parts);
    }
    let sum = sum.map_or_else(|| "more than can be kept".to_owned(), |sum| sum.to_string());
    let message = format!("the entry is {}, its transactions come to {sum}; book it by hand", whole.amount);
    Err(refusal(draft.place, "Amt", "bank.entry.sums_differ", message))
}

fn no_amount(detail: &Detail, booked: &Booked) -> Refusal {
    let currency = booked.amount.currency;
    if detail.states_amount() {
        let message = format!("the entry is in {currency}, and this transaction of it is not; book the entry by hand");
        return refusal(detail.place, DETAIL_AMOUNT, "bank.entry.currency_differs", message);
    }
    let message = "one of several transactions has no amount; ask the bank for a complete statement".to_owned();
    refusal(detail.place, DETAIL_AMOUNT, "bank.entry.field_missing", message)
}

/// One reference for each transaction; `shared` is that of the entry. What several of an entry share
/// is counted through: the order of a statement does not change.
fn references(details: &[Detail], shared: Option<&str>) -> Result<Vec<String>, Refusal> {
    let mut uses: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for detail in details {
        let count = uses.entry(detail.reference.as_deref()).or_default();
        *count = count.saturating_add(1);
    }
    let reference = |(number, detail): (u64, &Detail)| {
        let own = detail.reference.as_deref();
        let Some(base) = own.or(shared) else {
            let message = "the bank gave this no reference of its own, so it could be booked twice; book it by hand";
            return Err(refusal(detail.place, "AcctSvcrRef", "bank.entry.reference_missing", message.to_owned()));
        };
        // The reference of the entry is never that of one transaction among others.
        let is_alone = match own {
            Some(_) => uses.get(&own) == Some(&1),
            None => details.len() == 1,
        };
        let reference = if is_alone { base.to_owned() } else { format!("{base}/{number}") };
        let too_long = |fault| Refusal { place: detail.place, field: "AcctSvcrRef".to_owned(), fault };
        field::checked_length(reference).map_err(too_long)
    };
    (1..).zip(details).map(reference).collect()
}

fn movement(detail: Detail, part: Part, reference: String, booked: &Booked) -> Movement {
    let payer = match part.direction {
        Direction::Received => detail.debtor,
        // The debtor of what was paid out is the holder of the account.
        Direction::PaidOut => None,
    };
    let entry = BankEntry {
        booked_on: booked.booked_on,
        amount: part.amount,
        reversal: booked.reversal,
        payer,
        reference,
        remittance: detail.remittance,
        end_to_end_id: detail.end_to_end_id,
        line: detail.place.line,
    };
    (entry, detail.place.column)
}
