//! Bank statements: what their entries are for, and booking those that say it.

use engine::banking::{Finding, Proposal, accept, propose};
use formats::bank::read_bank;

use super::call::{Reply, WriteCall};
use super::problem::Problem;
use super::shapes::{BankEntry, BankReport, RefusedLine};

pub(super) async fn import(mut write: WriteCall) -> Result<Reply, Problem> {
    let books_them = write.call.query.switch("book")?;
    let parsed = read_bank(write.file()?.into_import().input)?;
    let mut entries = Vec::new();
    for proposal in propose(write.call.books(), parsed.value).await? {
        let mut entry = entry(&proposal);
        if books_them && proposal.is_certain() {
            match accept(write.call.books(), &proposal, write.now()).await {
                Ok(booked) => entry.is_booked = booked.is_some(),
                // A refusal does not keep the others from being booked.
                Err(error) => {
                    let problem = Problem::from(error);
                    if problem.is_passing() {
                        return Err(problem);
                    }
                    (entry.code, entry.detail) = (Some(problem.code), Some(problem.detail));
                }
            }
        }
        entries.push(entry);
    }
    Reply::ok(&BankReport { entries, refused: parsed.rejected.iter().map(RefusedLine::from).collect() })
}

fn entry(proposal: &Proposal) -> BankEntry {
    let (finding, numbers) = match &proposal.finding {
        Finding::Named(numbers) => ("named", numbers.as_slice()),
        Finding::SameAmount(number) => ("same_amount", std::slice::from_ref(number)),
        Finding::Several(numbers) => ("several", numbers.as_slice()),
        Finding::OtherCurrency(numbers) => ("other_currency", numbers.as_slice()),
        Finding::Nothing => ("nothing", [].as_slice()),
        Finding::BookedBefore => ("booked_before", [].as_slice()),
        Finding::Outgoing => ("outgoing", [].as_slice()),
    };
    let movement = &proposal.entry;
    BankEntry {
        day: movement.booked_on.to_string(),
        amount: movement.amount.into(),
        payer: movement.payer.clone(),
        reference: proposal.reference.clone(),
        remittance: movement.remittance.clone(),
        organisation: proposal.account.as_ref().map(|account| account.party.to_string()),
        documents: numbers.iter().map(ToString::to_string).collect(),
        finding: finding.to_owned(),
        is_booked: proposal.finding == Finding::BookedBefore,
        code: None,
        detail: None,
    }
}
