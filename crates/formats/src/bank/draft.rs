//! One entry of a statement as far as it was read: `Ntry`.

use billing::money::Amount;
use jiff::civil::Date;

use super::detail::Detail;
use super::field::{self, Direction};
use crate::error::Fault;
use crate::xml::Place;

/// Whether the bank has booked the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Booked,
    NotBooked,
}

/// An element without elements inside.
pub(super) struct Found<'x> {
    pub(super) text: &'x str,
    pub(super) currency: Option<&'x str>,
    pub(super) place: Place,
}

impl Found<'_> {
    pub(super) fn amount(&self) -> Result<Amount, Fault> {
        let Some(currency) = self.currency else {
            return Err(Fault::new("currency.unknown", "the amount has no attribute Ccy that names its currency"));
        };
        field::unsigned_amount(self.text, field::currency(currency)?)
    }
}

/// Why an entry is refused, and where that stands.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) place: Place,
    /// The element, from the entry on.
    pub(super) field: String,
    pub(super) fault: Fault,
}

#[derive(Debug)]
pub(super) struct Draft {
    pub(super) place: Place,
    pub(super) amount: Option<Amount>,
    pub(super) direction: Option<Direction>,
    pub(super) reversal: Option<bool>,
    pub(super) status: Option<Status>,
    /// Something was wrong with a status, so that what it says does not count.
    status_refused: bool,
    booking_date: Option<Date>,
    value_date: Option<Date>,
    /// `AcctSvcrRef`: the bank's reference, of this entry only.
    pub(super) reference: Option<String>,
    /// `NtryRef`: often a running number, or the number of a collective account.
    pub(super) entry_reference: Option<String>,
    /// The bank says that it has booked more than one transaction here.
    pub(super) is_batch: bool,
    pub(super) details: Vec<Detail>,
    /// The first one counts: what follows from it would only confuse.
    pub(super) refusal: Option<Refusal>,
}

impl Draft {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            amount: None,
            direction: None,
            reversal: None,
            status: None,
            status_refused: false,
            booking_date: None,
            value_date: None,
            reference: None,
            entry_reference: None,
            is_batch: false,
            details: Vec::new(),
            refusal: None,
        }
    }

    /// Expected, or told for information: then nothing else of it matters.
    pub(super) fn is_left_out(&self) -> bool {
        self.status == Some(Status::NotBooked) && !self.status_refused
    }

    pub(super) fn booked_on(&self) -> Option<Date> {
        self.value_date.or(self.booking_date)
    }

    pub(super) fn open_detail(&mut self, place: Place) {
        self.details.push(Detail::new(place));
    }

    /// Takes in one element; `path` begins below `Ntry`.
    pub(super) fn take(&mut self, path: &str, found: &Found<'_>) {
        let taken = match path.strip_prefix("NtryDtls/TxDtls/") {
            None => self.take_own(path, found),
            Some(path) => self.details.last_mut().map_or(Ok(()), |detail| detail.take(path, found)),
        };
        if let Err(fault) = taken {
            self.status_refused |= path.starts_with("Sts");
            self.refusal.get_or_insert_with(|| Refusal { place: found.place, field: path.to_owned(), fault });
        }
    }

    fn take_own(&mut self, path: &str, found: &Found<'_>) -> Result<(), Fault> {
        let text = found.text;
        match path {
            "NtryRef" => once(&mut self.entry_reference, field::identifier(text)?),
            "Amt" => once(&mut self.amount, Some(found.amount()?)),
            "CdtDbtInd" => once(&mut self.direction, Some(field::direction(text)?)),
            "RvslInd" => once(&mut self.reversal, Some(field::truth(text)?)),
            // A word in the older versions, a code or the bank's own word in the newer ones.
            "Sts" | "Sts/Cd" | "Sts/Prtry" => once(&mut self.status, status(text)?),
            "BookgDt/Dt" | "BookgDt/DtTm" => once(&mut self.booking_date, Some(field::bank_day(text)?)),
            "ValDt/Dt" | "ValDt/DtTm" => once(&mut self.value_date, Some(field::bank_day(text)?)),
            "AcctSvcrRef" => once(&mut self.reference, field::identifier(text)?),
            "NtryDtls/Btch/NbOfTxs" => {
                self.is_batch |= text.trim().trim_start_matches('0') != "1";
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Fills what the format has once. Of two values neither is better than the other.
pub(super) fn once<T>(slot: &mut Option<T>, value: Option<T>) -> Result<(), Fault> {
    match value {
        Some(_) if slot.is_some() => {
            let message = "this stands twice where the format has it once; ask the bank which one is meant";
            Err(Fault::new("bank.entry.field_repeated", message))
        }
        Some(value) => {
            *slot = Some(value);
            Ok(())
        }
        None => Ok(()),
    }
}

/// `None` for the blank between `Sts` and `Cd`.
fn status(text: &str) -> Result<Option<Status>, Fault> {
    match text.trim() {
        "" => Ok(None),
        "BOOK" => Ok(Some(Status::Booked)),
        "PDNG" | "INFO" | "FUTR" => Ok(Some(Status::NotBooked)),
        other => Err(field::unknown_word(other, "BOOK, PDNG, INFO or FUTR")),
    }
}
