//! One transaction inside of an entry: `TxDtls`.

use billing::money::{Amount, Currency};

use super::draft::{Found, once};
use super::field::{self, Direction};
use crate::error::Fault;
use crate::xml::{LENGTH_MAX, Place};

/// What a transaction says of itself.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) place: Place,
    /// The part that was booked; `.02` does not have it.
    amount: Option<Amount>,
    /// The transaction as it was ordered, perhaps in another currency.
    ordered_amount: Option<Amount>,
    pub(super) direction: Option<Direction>,
    pub(super) reference: Option<String>,
    pub(super) end_to_end_id: Option<String>,
    pub(super) debtor: Option<String>,
    pub(super) remittance: String,
}

impl Detail {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            amount: None,
            ordered_amount: None,
            direction: None,
            reference: None,
            end_to_end_id: None,
            debtor: None,
            remittance: String::new(),
        }
    }

    /// Takes in one element; `path` begins below `TxDtls`.
    pub(super) fn take(&mut self, path: &str, found: &Found<'_>) -> Result<(), Fault> {
        let text = found.text;
        match path {
            "Amt" => once(&mut self.amount, Some(found.amount()?)),
            "AmtDtls/TxAmt/Amt" => once(&mut self.ordered_amount, Some(found.amount()?)),
            "CdtDbtInd" => once(&mut self.direction, Some(field::direction(text)?)),
            "Refs/AcctSvcrRef" => once(&mut self.reference, field::identifier(text)?),
            "Refs/EndToEndId" => once(&mut self.end_to_end_id, field::identifier(text)?),
            // Named directly in the older versions, as a party or as a bank in the newer ones.
            "RltdPties/Dbtr/Nm" | "RltdPties/Dbtr/Pty/Nm" | "RltdPties/Dbtr/Agt/FinInstnId/Nm" => {
                once(&mut self.debtor, field::optional_text(text))
            }
            "RmtInf/Ustrd" | "RmtInf/Strd/CdtrRefInf/Ref" => self.append(&field::text(text)),
            _ => Ok(()),
        }
    }

    /// The amount in the currency of the account, where one is stated.
    pub(super) fn amount_in(&self, currency: Currency) -> Option<Amount> {
        [self.amount, self.ordered_amount].into_iter().flatten().find(|amount| amount.currency == currency)
    }

    pub(super) fn states_amount(&self) -> bool {
        self.amount.is_some() || self.ordered_amount.is_some()
    }

    fn append(&mut self, text: &str) -> Result<(), Fault> {
        if self.remittance.len().saturating_add(text.len()) >= LENGTH_MAX {
            return Err(Fault::new("xml.too_long", format!("the remittance is longer than {LENGTH_MAX} bytes")));
        }
        if !self.remittance.is_empty() && !text.is_empty() {
            self.remittance.push(' ');
        }
        self.remittance.push_str(text);
        Ok(())
    }
}
