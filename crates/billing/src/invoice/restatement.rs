//! What an issued invoice would say today, beside what stands of it.
//!
//! Rule IN-13 (docs/rules/corrections.md): a difference is shown line by line; a line that is wrong is taken
//! back as it was billed and charged anew, so that each line proves its own amount. What is the same on both
//! sides is not touched.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::SubscriptionId;
use crate::invoice::credit::{amending, rates_of, taken_back, with_lines};
use crate::invoice::standing::tax_sums;
use crate::invoice::{
    Adjustment, Amendment, Amends, Charge, CreditError, Draft, DraftedNote, Invoice, InvoiceLine, LineChargeType,
    LineName, Snapshot, Standing, credited_line,
};
use crate::money::MoneyError;
use crate::rate::ScopeKey;
use crate::tax::TaxSubtotal;

/// A line that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// As it stands; `None` for one that was not billed.
    pub before: Option<(LineName, InvoiceLine)>,
    /// As it would be billed; `None` for one that would not.
    pub after: Option<InvoiceLine>,
}

/// What a line is about, whatever it costs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Usage(ScopeKey),
    Licence {
        subscription: SubscriptionId,
        order_id: String,
        ordered_on: Date,
        charge_type: LineChargeType,
        days: (Date, Date),
    },
}

impl Subject {
    fn of(line: &InvoiceLine) -> Self {
        match &line.charge {
            Charge::Usage(usage) => Self::Usage(usage.scope.clone()),
            // Rates have no name that lasts: the first one stands against the first one.
            Charge::ClassicUsage(usage) => Self::Usage(usage.scope.clone()),
            Charge::Licence(licence) => Self::licence(line, &licence.order_id, licence.ordered_on),
            Charge::Classic(classic) => Self::licence(line, &classic.order_id, classic.billed_on),
        }
    }

    fn licence(line: &InvoiceLine, order_id: &str, ordered_on: Date) -> Self {
        Self::Licence {
            subscription: line.subscription.clone(),
            order_id: order_id.to_owned(),
            ordered_on,
            charge_type: line.charge_type,
            days: line.days,
        }
    }
}

/// The lines that differ: first those that stand, in their order, then those that are new.
#[must_use]
pub fn changed_lines(standing: &Standing, draft: &Draft) -> Vec<LineChange> {
    let mut restated: BTreeMap<Subject, Vec<&InvoiceLine>> = BTreeMap::new();
    // The last one of a subject is taken first.
    for drafted in draft.lines.iter().rev() {
        restated.entry(Subject::of(&drafted.line)).or_default().push(&drafted.line);
    }
    // What is the same is paired first: a subject may have several lines, in whatever order they stand.
    let is_other = |(_, line): &&(LineName, InvoiceLine)| {
        let of_subject = restated.get_mut(&Subject::of(line));
        let found = of_subject.and_then(|lines| {
            let place = lines.iter().rposition(|after| same(line, after))?;
            Some(lines.remove(place))
        });
        found.is_none()
    };
    let others: Vec<&(LineName, InvoiceLine)> = standing.lines.iter().filter(is_other).collect();
    let mut changes = Vec::new();
    for (name, line) in others {
        let after = restated.get_mut(&Subject::of(line)).and_then(Vec::pop);
        changes.push(LineChange { before: Some((name.clone(), line.clone())), after: after.cloned() });
    }
    let mut new: Vec<&InvoiceLine> = restated.into_values().flatten().collect();
    new.sort_by_key(|line| line.line_number);
    changes.extend(new.into_iter().map(|line| LineChange { before: None, after: Some(line.clone()) }));
    changes
}

/// Whether two lines say the same, wherever they stand.
fn same(a: &InvoiceLine, b: &InvoiceLine) -> bool {
    let bare = |line: &InvoiceLine| InvoiceLine { line_number: 0, takes_back: None, ..line.clone() };
    bare(a) == bare(b)
}

/// The note with the differences; `None` where there are none.
///
/// # Errors
/// As [`crate::invoice::credit_note`].
pub fn difference_note(
    original: &Invoice,
    standing: &Standing,
    draft: &Draft,
    snapshot: Snapshot,
    reason: &str,
    issued_at: Timestamp,
) -> Result<Option<DraftedNote>, CreditError> {
    let changes = changed_lines(standing, draft);
    if changes.is_empty() {
        return Ok(None);
    }
    let note = amending(original, standing, Amendment::Difference, reason, issued_at)?;
    let mut lines = Vec::new();
    for LineChange { before, after } in changes {
        if let Some((name, line)) = before {
            lines.push(InvoiceLine { takes_back: Some(name), ..credited_line(&line)? });
        }
        lines.extend(after);
    }
    for (line_number, line) in (1_u32..).zip(&mut lines) {
        line.line_number = line_number;
    }
    let before: Vec<TaxSubtotal> = standing.taxes.iter().map(taken_back).collect::<Result<_, MoneyError>>()?;
    let taxes = tax_sums(draft.taxes.iter().chain(&before))?;
    let mut exchange_rates = rates_of(standing);
    let known = exchange_rates.clone();
    exchange_rates.extend(draft.exchange_rates.iter().filter(|rate| !known.contains(rate)).cloned());
    let (issuer, billed_party) = (draft.issuer.clone(), draft.billed_party.clone());
    let note = Invoice { issuer, billed_party, exchange_rates, snapshot, ..note };
    Ok(Some((with_lines(note, &lines, taxes, Vec::new())?, lines)))
}

/// The same note for an amount that the party's next document asks for: by itself it comes to nothing.
///
/// # Errors
/// A sum beyond 64 bits of minor units.
pub fn deferred((note, lines): DraftedNote) -> Result<DraftedNote, CreditError> {
    let amends = note.amends.clone().map(|amends| Amends { how: Amendment::DeferredDifference, ..amends });
    let note = Invoice { amends, ..note };
    let moved = Adjustment {
        reference: deferred_reference(&note),
        amount: note.totals.total.negated()?,
        reason: note.reason.clone(),
    };
    let moved = if moved.amount.minor == 0 { vec![] } else { vec![moved] };
    let taxes = note.taxes.clone();
    Ok((with_lines(note, &lines, taxes, moved)?, lines))
}

/// What the party's next document asks for because of `note`; of one that is not deferred, nothing.
///
/// # Errors
/// A sum beyond 64 bits of minor units.
pub fn asked_for_next(note: &Invoice) -> Result<Option<Adjustment>, MoneyError> {
    let amends = note.amends.as_ref().filter(|amends| amends.how == Amendment::DeferredDifference);
    let Some((amends, moved)) = amends.zip(note.adjustments.first()) else { return Ok(None) };
    let reason = format!("{}: {}", amends.number, note.reason);
    Ok(Some(Adjustment { reference: moved.reference.clone(), amount: moved.amount.negated()?, reason }))
}

/// The chain and the place in it, as in `G000000001/2`.
fn deferred_reference(note: &Invoice) -> String {
    note.amends.as_ref().map_or_else(String::new, |amends| format!("{}/{}", amends.number, amends.position))
}

/// The document that charges all anew, behind a credit of what stood.
///
/// # Errors
/// As [`crate::invoice::credit_note`].
pub fn rebilled(
    original: &Invoice,
    standing: &Standing,
    draft: &Draft,
    snapshot: Snapshot,
    reason: &str,
    issued_at: Timestamp,
) -> Result<DraftedNote, CreditError> {
    let note = amending(original, standing, Amendment::Rebill, reason, issued_at)?;
    let issued = Invoice::issue(draft, original.number.clone(), issued_at, snapshot);
    let lines = draft.lines.iter().map(|drafted| drafted.line.clone()).collect();
    let Invoice { document_type, amends, reason, .. } = note;
    Ok((Invoice { document_type, amends, reason, ..issued }, lines))
}

#[cfg(test)]
mod tests;
