//! Restatements, of months that are wrong and of others.

use billing::invoice::InvoiceNumber;
use engine::restating::Correction;

use crate::chance::Chance;
use crate::model::Model;
use crate::model::chain::Differs;
use crate::payments;
use crate::step::Act;

/// Now and then while its party is billed in another currency.
pub(crate) fn restate(chance: &mut Chance, model: &Model) -> Option<Act> {
    let is_abroad = chance.percent(3);
    restatement(chance, model).map(|(number, how)| Act::Restate { number, how, is_abroad })
}

/// Mostly of a document that can be restated, and often of one that has to be.
pub(crate) fn restatement(chance: &mut Chance, model: &Model) -> Option<(InvoiceNumber, Correction)> {
    let how = correction(chance);
    let last = model.chains.iter().rev().take(20);
    let open: Vec<(&InvoiceNumber, Differs)> = last
        .filter(|(_, chain)| how == Correction::Rebill || !chain.is_taken_back)
        .filter_map(|(number, _)| Some((number, model.restated(number, false).ok()?.differs)))
        .collect();
    let wrong: Vec<_> = open.iter().filter(|(_, differs)| *differs == Differs::Yes).copied().collect();
    let number = match chance.below(100) {
        0..45 if !wrong.is_empty() => chance.of(&wrong).0.clone(),
        45..85 if !open.is_empty() => chance.of(&open).0.clone(),
        _ => payments::any_number(chance, model)?,
    };
    Some((number, how))
}

pub(crate) fn correction(chance: &mut Chance) -> Correction {
    chance.weighted(&[(40, Correction::Note), (35, Correction::NextDocument), (25, Correction::Rebill)])
}
