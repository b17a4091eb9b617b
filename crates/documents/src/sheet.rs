//! What is printed, word for word: the data that the template lays out.
//!
//! Here every amount is checked and grouped, every date written out and every stranger's text
//! cleaned, so that the template only decides where things stand.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::amount_text::{AmountDefect, print_amount, print_number};
use crate::error::RenderError;
use crate::paper::{
    ChargeLine, CustomerCharges, DocumentKind, ExchangeRateNote, InvoicePaper, Party, TaxLine,
};
use crate::printable::{Column, Printable};
use crate::translation::{Translation, fill};

#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    locale: String,
    label: BTreeMap<String, String>,
    title: String,
    number: Printable,
    short_number: Printable,
    currency: Printable,
    issuer: PartyBlock,
    billed_to: PartyBlock,
    facts: Vec<Row>,
    totals: Vec<Row>,
    due: Row,
    due_by: Option<String>,
    customers: Vec<CustomerBlock>,
    exchange_rates: Vec<Printable>,
    notes: Vec<Printable>,
    payment_instructions: Vec<Printable>,
}

#[derive(Debug, Serialize)]
struct PartyBlock {
    name: Printable,
    /// The name for the PDF's metadata, without break opportunities.
    plain_name: Printable,
    /// The name for the foot of each page.
    short_name: Printable,
    lines: Vec<Printable>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: Printable,
    value: Printable,
    weight: Weight,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Weight {
    Small,
    Normal,
    Strong,
}

#[derive(Debug, Serialize)]
struct CustomerBlock {
    name: Printable,
    id: Printable,
    lines: Vec<LineRow>,
    subtotal: Printable,
}

#[derive(Debug, Serialize)]
struct LineRow {
    description: Printable,
    detail: Printable,
    note: Option<Printable>,
    quantity: Printable,
    unit: Printable,
    unit_price: Printable,
    pricing_currency: Printable,
    amount: Printable,
}

impl Sheet {
    /// Writes out everything that `paper` says.
    ///
    /// # Errors
    /// [`RenderError::AmountMalformed`] for the first amount that is no plain decimal,
    /// [`RenderError::LocaleUnknown`] when there is no translation.
    pub(crate) fn new(paper: &InvoicePaper) -> Result<Self, RenderError> {
        let translation = Translation::load(&paper.locale)?;
        let scribe = Scribe { paper, translation };
        let due = scribe.due()?;
        Ok(Self {
            locale: paper.locale.clone(),
            label: scribe.translation.labels.clone(),
            title: scribe.title()?.to_owned(),
            number: wide(&paper.number),
            short_number: Printable::shortened(&paper.number, 24),
            currency: narrow(&paper.currency),
            issuer: scribe.party(&paper.issuer)?,
            billed_to: scribe.party(&paper.billed_to)?,
            facts: scribe.facts()?,
            totals: scribe.totals()?,
            due_by: scribe.due_by(&due)?,
            due,
            customers: scribe.customers()?,
            exchange_rates: scribe.exchange_rates()?,
            notes: wide_all(&paper.notes),
            payment_instructions: wide_all(&paper.payment_instructions),
        })
    }

    /// The sheet as JSON, the form in which the template reads it.
    pub(crate) fn to_json(&self) -> Result<String, RenderError> {
        serde_json::to_string(self).map_err(|cause| RenderError::failed("writing the sheet", cause))
    }
}

/// Writes one paper in one language.
struct Scribe<'a> {
    paper: &'a InvoicePaper,
    translation: Translation,
}

impl Scribe<'_> {
    fn label(&self, key: &str) -> Result<&str, RenderError> {
        self.translation.label(key)
    }

    /// An amount of money in the invoice's currency; `field` names it in an error.
    fn amount(&self, field: &str, text: &str) -> Result<Printable, RenderError> {
        let printed = print_amount(text, self.paper.minor_digits, &self.translation.numbers);
        number_cell(field, text, printed)
    }

    /// A quantity, price or rate with all its digits.
    fn number(&self, field: &str, text: &str) -> Result<Printable, RenderError> {
        number_cell(field, text, print_number(text, &self.translation.numbers))
    }

    fn title(&self) -> Result<&str, RenderError> {
        match self.paper.kind {
            DocumentKind::Invoice => self.label("title_invoice"),
            DocumentKind::CreditNote => self.label("title_credit_note"),
            DocumentKind::AdjustmentNote => self.label("title_adjustment_note"),
        }
    }

    fn party(&self, party: &Party) -> Result<PartyBlock, RenderError> {
        let mut lines = wide_all(&party.address_lines);
        if let Some(id) = &party.tax_id {
            lines.push(wide(&fill(self.label("tax_id")?, &[("id", id)])));
        }
        lines.extend(party.email.as_deref().map(wide));
        let plain_name = Printable::unbroken(&party.name);
        let short_name = Printable::shortened(&party.name, 48);
        Ok(PartyBlock { name: wide(&party.name), plain_name, short_name, lines })
    }

    fn facts(&self) -> Result<Vec<Row>, RenderError> {
        let paper = self.paper;
        let date = |date| self.translation.date(date);
        let (from, to) = (date(paper.period_from), date(paper.period_to_inclusive));
        let period = fill(self.label("period_range")?, &[("from", &from), ("to", &to)]);
        let mut facts = vec![
            Row::new(self.label("issued_on")?, wide(&date(paper.issued_on))),
            Row::new(self.label("due_on")?, wide(&date(paper.due_on))),
            Row::new(self.label("terms")?, wide(&self.terms()?)),
            Row::new(self.label("period")?, wide(&period)),
            Row::new(self.label("currency")?, wide(&paper.currency)),
        ];
        let references = [
            (self.label("amends")?, &paper.amends_number),
            (self.label("agreement")?, &paper.agreement),
            (self.label("purchase_order")?, &paper.purchase_order),
        ];
        for (name, reference) in references {
            facts.extend(reference.as_deref().map(|text| Row::new(name, wide(text))));
        }
        Ok(facts)
    }

    fn terms(&self) -> Result<String, RenderError> {
        let days = self.paper.payment_terms_days;
        Ok(match days {
            0 => self.label("terms_at_once")?.to_owned(),
            1 => self.label("terms_one_day")?.to_owned(),
            _ => fill(self.label("terms_days")?, &[("days", &days.to_string())]),
        })
    }

    fn totals(&self) -> Result<Vec<Row>, RenderError> {
        let totals = &self.paper.totals;
        let row = |name, field: &str, text| Ok(Row::new(name, self.amount(field, text)?));
        let mut rows = vec![
            row(self.label("charges")?, "totals.charges", &totals.charges)?,
            row(self.label("credits")?, "totals.credits", &totals.credits)?,
            row(self.label("subtotal")?, "totals.subtotal", &totals.subtotal)?.strong(),
            row(self.label("tax")?, "totals.tax", &totals.tax)?,
        ];
        for (index, line) in self.paper.tax_lines.iter().enumerate() {
            rows.push(self.tax_line(index, line)?);
        }
        rows.extend([
            row(self.label("adjustments")?, "totals.adjustments", &totals.adjustments)?,
            row(self.label("total")?, "totals.total", &totals.total)?.strong(),
            row(self.label("paid")?, "totals.paid", &totals.paid)?,
        ]);
        Ok(rows)
    }

    fn tax_line(&self, index: usize, line: &TaxLine) -> Result<Row, RenderError> {
        let base = self.amount(&format!("tax_lines[{index}].base"), &line.base)?;
        let amount = self.amount(&format!("tax_lines[{index}].amount"), &line.amount)?;
        let values = [("description", line.description.as_str()), ("base", base.as_str())];
        let name = wide(&fill(self.label("tax_line")?, &values));
        Ok(Row { name, value: amount, weight: Weight::Small })
    }

    fn due(&self) -> Result<Row, RenderError> {
        let printed = self.amount("totals.due", &self.paper.totals.due)?;
        let name = if self.in_favour() { self.label("in_your_favour")? } else { self.label("due")? };
        Ok(Row::new(name, printed).strong())
    }

    /// Asks for payment only where something is to be paid.
    fn due_by(&self, due: &Row) -> Result<Option<String>, RenderError> {
        let is_zero = !due.value.as_str().contains(|c: char| ('1'..='9').contains(&c));
        if is_zero || self.in_favour() {
            return Ok(None);
        }
        let date = self.translation.date(self.paper.due_on);
        Ok(Some(fill(self.label("due_by")?, &[("date", &date)])))
    }

    fn in_favour(&self) -> bool {
        self.paper.totals.due.starts_with('-')
    }

    fn customers(&self) -> Result<Vec<CustomerBlock>, RenderError> {
        let customers = self.paper.customers.iter().enumerate();
        customers.map(|(index, customer)| self.customer(index, customer)).collect()
    }

    fn customer(
        &self,
        index: usize,
        customer: &CustomerCharges,
    ) -> Result<CustomerBlock, RenderError> {
        let path = format!("customers[{index}]");
        let lines = customer.lines.iter().enumerate();
        Ok(CustomerBlock {
            name: wide(&customer.name),
            id: wide(&customer.id),
            lines: lines
                .map(|(index, line)| self.line(&format!("{path}.lines[{index}]"), line))
                .collect::<Result<_, _>>()?,
            subtotal: self.amount(&format!("{path}.subtotal"), &customer.subtotal)?,
        })
    }

    fn line(&self, path: &str, line: &ChargeLine) -> Result<LineRow, RenderError> {
        Ok(LineRow {
            description: wide(&line.description),
            detail: wide(&line.detail),
            note: line.note.as_deref().map(wide),
            quantity: self.number(&format!("{path}.quantity"), &line.quantity)?,
            unit: narrow(&line.unit),
            unit_price: self.number(&format!("{path}.unit_price"), &line.unit_price)?,
            pricing_currency: narrow(&line.pricing_currency),
            amount: self.amount(&format!("{path}.amount"), &line.amount)?,
        })
    }

    fn exchange_rates(&self) -> Result<Vec<Printable>, RenderError> {
        let notes = self.paper.exchange_rates.iter().enumerate();
        notes.map(|(index, note)| self.exchange_rate(index, note)).collect()
    }

    fn exchange_rate(
        &self,
        index: usize,
        note: &ExchangeRateNote,
    ) -> Result<Printable, RenderError> {
        let rate = self.number(&format!("exchange_rates[{index}].rate"), &note.rate)?;
        let date = self.translation.date(note.date);
        let values = [
            ("from", note.from.as_str()),
            ("rate", rate.as_str()),
            ("to", note.to.as_str()),
            ("date", date.as_str()),
            ("source", note.source.as_str()),
        ];
        Ok(wide(&fill(self.label("exchange_rate")?, &values)))
    }
}

impl Row {
    fn new(name: &str, value: Printable) -> Self {
        Self { name: wide(name), value, weight: Weight::Normal }
    }

    fn strong(self) -> Self {
        Self { weight: Weight::Strong, ..self }
    }
}

fn number_cell(
    field: &str,
    text: &str,
    printed: Result<String, AmountDefect>,
) -> Result<Printable, RenderError> {
    let malformed = |defect| RenderError::AmountMalformed {
        field: field.to_owned(),
        text: text.chars().take(80).collect(),
        defect,
    };
    printed.map(|number| Printable::new(&number, Column::Number)).map_err(malformed)
}

fn wide(text: &str) -> Printable {
    Printable::new(text, Column::Wide)
}

fn narrow(text: &str) -> Printable {
    Printable::new(text, Column::Narrow)
}

fn wide_all(texts: &[String]) -> Vec<Printable> {
    texts.iter().map(|text| wide(text)).collect()
}
