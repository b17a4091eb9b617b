//! Payments, refunds and write-offs, sound ones and others.

use billing::invoice::InvoiceNumber;
use billing::money::Amount;
use billing::settlement::{Allocate, NewPayment, Source};
use engine::paying::Request;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::chance::Chance;
use crate::generate::party_of;
use crate::model::Model;
use crate::model::account::Account;
use crate::scene::PARTIES;
use crate::step::Act;

/// Any document of anybody.
pub(crate) fn any_number(chance: &mut Chance, model: &Model) -> Option<InvoiceNumber> {
    let account = &model.accounts[chance.below(PARTIES.len())];
    chance.maybe_of(&account.documents.keys().collect::<Vec<_>>()).map(|number| (*number).clone())
}

/// A request that changes what is open on a document.
pub(crate) fn on_document(chance: &mut Chance, model: &Model, number: &InvoiceNumber, id: usize, today: Date) -> Act {
    let party = party_of(model, number);
    let (document, reference) = (number.clone(), format!("n{id}"));
    let request = match chance.percent(50) {
        true => Request::WriteOff { document, amount: None, reference },
        false => {
            let amount = amount(party, chance.between(1, 5_000));
            let payment = NewPayment { reference, amount, received_on: today };
            Request::Receive { payment, allocate: Allocate::Documents(vec![document]) }
        }
    };
    Act::Book { party, request }
}

pub(crate) fn request(chance: &mut Chance, model: &Model, id: usize, today: Date) -> Act {
    let party = chance.below(PARTIES.len());
    let account = &model.accounts[party];
    let source = chance.maybe_of(&account.sources.keys().collect::<Vec<_>>()).map(|source| (*source).clone());
    let source = source.unwrap_or(Source::Payment("never".to_owned()));
    let document = chance.maybe_of(&account.documents.keys().collect::<Vec<_>>()).map(|number| (*number).clone());
    let document = document.unwrap_or("G000009999".parse().unwrap());
    // A reference that was used before, now and then.
    let reference = format!("n{}", if chance.percent(15) { id.saturating_sub(7) } else { id });
    let request = match chance.below(10) {
        0..5 => receive(chance, party, account, reference, today),
        5 => {
            let amount = chance.percent(40).then(|| amount(party, chance.between(0, 4_000)));
            Request::Allocate { source, amount, allocate: allocate(chance, account) }
        }
        6 => match chance.maybe_of(&account.put.keys().collect::<Vec<_>>()) {
            Some((source, document)) if chance.percent(80) => {
                Request::TakeBack { source: source.clone(), document: document.clone() }
            }
            _ => Request::TakeBack { source, document },
        },
        7 => {
            let rest = account.sources.get(&source).map_or(0, |money| money.rest);
            let minor = if chance.percent(60) { rest } else { chance.between(0, 3_000) };
            let paid_on = chance.percent(50).then_some(today);
            Request::Refund { source, amount: amount(party, minor), reference, paid_on }
        }
        8 => {
            let amount = chance.percent(60).then(|| amount(party, chance.between(0, 3_000)));
            Request::WriteOff { document, amount, reference }
        }
        _ => match chance.maybe_of(&account.write_offs()) {
            Some((reference, document)) if chance.percent(80) => {
                Request::TakeBackWriteOff { document: document.clone(), reference: reference.clone() }
            }
            _ => Request::TakeBackWriteOff { document, reference },
        },
    };
    Act::Book { party, request }
}

fn receive(chance: &mut Chance, party: usize, account: &Account, reference: String, today: Date) -> Request {
    let open: Vec<i64> = account.documents.values().map(|document| document.open()).filter(|open| *open > 0).collect();
    let minor = match (chance.below(10), chance.maybe_of(&open)) {
        (0..4, Some(open)) => *open,
        (4..6, Some(open)) => open / 2,
        (6, _) => open.iter().sum::<i64>() + 100,
        _ => chance.between(0, 9_000),
    };
    let received_on = today.saturating_sub(chance.between(0, 3).days());
    let payment = NewPayment { reference, amount: amount(party, minor), received_on };
    Request::Receive { payment, allocate: allocate(chance, account) }
}

fn allocate(chance: &mut Chance, account: &Account) -> Allocate {
    let numbers: Vec<&InvoiceNumber> = account.documents.keys().collect();
    match chance.below(10) {
        0..6 => Allocate::OldestFirst,
        6 => Allocate::Later,
        _ => {
            let count = chance.between(1, 2);
            let chosen = (0..count).filter_map(|_| chance.maybe_of(&numbers).map(|number| (*number).clone()));
            Allocate::Documents(chosen.collect())
        }
    }
}

fn amount(party: usize, minor: i64) -> Amount {
    Amount { minor, currency: PARTIES[party].currency.parse().unwrap() }
}
