//! Writes a paper out as a sheet, in the paper's language.
//!
//! Here every amount is checked and grouped, every date written out and every stranger's text
//! cleaned. An amount that is no amount stops the document and names its field.

use crate::amount_text::{AmountDefect, print_amount, print_number};
use crate::error::RenderError;
use crate::paper::{
    ChargeLine, CustomerCharges, DocumentKind, ExchangeRateNote, InvoicePaper, Party, RateSource, Remark, TaxLine,
};
use crate::printable::{Column, Printable};
use crate::sheet::{CustomerBlock, LineRow, PartyBlock, Row, Sheet, Weight};
use crate::translation::{Translation, fill};

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
            number: name(&paper.number),
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
            notes: scribe.notes()?,
            payment_instructions: wide_all(&paper.payment_instructions),
        })
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
        Ok(PartyBlock { name: name(&party.name), plain_name, short_name, lines })
    }

    fn facts(&self) -> Result<Vec<Row>, RenderError> {
        let paper = self.paper;
        let date = |date| self.translation.date(date);
        // No-break spaces: where the period needs two lines, each date has its own.
        let whole = |day| date(day).replace(' ', "\u{a0}");
        let (from, to) = (whole(paper.period_from), whole(paper.period_to_inclusive));
        let period = fill(self.label("period_range")?, &[("from", &from), ("to", &to)]);
        let mut facts = vec![Row::new(self.label("issued_on")?, wide(&date(paper.issued_on)))];
        // Nobody has to pay by a day what is in their favour.
        if !self.in_favour() {
            facts.push(Row::new(self.label("due_on")?, wide(&date(paper.due_on))));
            facts.push(Row::new(self.label("terms")?, wide(&self.terms()?)));
        }
        facts.push(Row::new(self.label("period")?, wide(&period)));
        facts.push(Row::new(self.label("currency")?, wide(&paper.currency)));
        let references = [
            (self.label("amends")?, &paper.amends_number),
            (self.label("agreement")?, &paper.agreement),
            (self.label("purchase_order")?, &paper.purchase_order),
        ];
        for (label, reference) in references {
            facts.extend(reference.as_deref().map(|text| Row::new(label, name(text))));
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

    fn customer(&self, index: usize, customer: &CustomerCharges) -> Result<CustomerBlock, RenderError> {
        let path = format!("customers[{index}]");
        let lines = customer.lines.iter().enumerate();
        Ok(CustomerBlock {
            name: Printable::headline(&customer.name),
            id: wide(Printable::shortened(&customer.id, 72).as_str()),
            lines: lines
                .map(|(index, line)| self.line(&format!("{path}.lines[{index}]"), line))
                .collect::<Result<_, _>>()?,
            subtotal: self.amount(&format!("{path}.subtotal"), &customer.subtotal)?,
        })
    }

    fn line(&self, path: &str, line: &ChargeLine) -> Result<LineRow, RenderError> {
        Ok(LineRow {
            description: Printable::cell(&line.description, Column::Wide),
            detail: Printable::cell(&line.detail, Column::Wide),
            note: self.line_note(line)?,
            quantity: self.number(&format!("{path}.quantity"), &line.quantity)?,
            unit: Printable::cell(&line.unit, Column::Narrow),
            unit_price: self.number(&format!("{path}.unit_price"), &line.unit_price)?,
            pricing_currency: Printable::cell(&line.pricing_currency, Column::Narrow),
            amount: self.amount(&format!("{path}.amount"), &line.amount)?,
        })
    }

    /// The remarks and the free note of a line, in one sentence below it.
    fn line_note(&self, line: &ChargeLine) -> Result<Option<Printable>, RenderError> {
        let mut parts = line.remarks.iter().map(|remark| self.remark(remark)).collect::<Result<Vec<_>, _>>()?;
        parts.extend(line.note.clone());
        Ok((!parts.is_empty()).then(|| Printable::cell(&parts.join("; "), Column::Wide)))
    }

    fn notes(&self) -> Result<Vec<Printable>, RenderError> {
        let remarks = self.paper.remarks.iter().map(|remark| Ok(wide(&self.remark(remark)?)));
        remarks.chain(self.paper.notes.iter().map(|note| Ok(wide(note)))).collect()
    }

    fn remark(&self, remark: &Remark) -> Result<String, RenderError> {
        Ok(match remark {
            Remark::LateUsage { month } => {
                fill(self.label("late_usage")?, &[("month", &self.translation.month(*month))])
            }
            Remark::TakesBack { line } => fill(self.label("takes_back")?, &[("line", line)]),
            Remark::OnNextInvoice { amount } => fill(self.label("on_next_invoice")?, &[("amount", amount)]),
            Remark::EarnedCredit { percent } => {
                let percent = self.number("earned_credit", percent)?;
                fill(self.label("earned_credit")?, &[("percent", percent.as_str())])
            }
            Remark::CoveredBy { order } => fill(self.label("covered_by")?, &[("order", order)]),
            Remark::Discount { amount } => {
                let amount = self.amount("discount", amount)?;
                fill(self.label("discount")?, &[("amount", amount.as_str())])
            }
            Remark::Included { included, consumed } => {
                let (included, consumed) = (self.number("included", included)?, self.number("consumed", consumed)?);
                fill(self.label("included")?, &[("included", included.as_str()), ("consumed", consumed.as_str())])
            }
            Remark::NotPricedYet { meters } => fill(self.label("not_priced_yet")?, &[("meters", &meters.join(", "))]),
        })
    }

    fn exchange_rates(&self) -> Result<Vec<Printable>, RenderError> {
        let notes = self.paper.exchange_rates.iter().enumerate();
        notes.map(|(index, note)| self.exchange_rate(index, note)).collect()
    }

    fn exchange_rate(&self, index: usize, note: &ExchangeRateNote) -> Result<Printable, RenderError> {
        let rate = self.number(&format!("exchange_rates[{index}].rate"), &note.rate)?;
        let date = self.translation.date(note.date);
        let source = match &note.source {
            RateSource::MonthlyList => self.label("source_monthly_list")?,
            RateSource::EuropeanCentralBank => self.label("source_central_bank")?,
            RateSource::Stated(text) => text,
        };
        let values = [
            ("from", note.from.as_str()),
            ("rate", rate.as_str()),
            ("to", note.to.as_str()),
            ("date", date.as_str()),
            ("source", source),
        ];
        Ok(wide(&fill(self.label("exchange_rate")?, &values)))
    }
}

fn number_cell(field: &str, text: &str, printed: Result<String, AmountDefect>) -> Result<Printable, RenderError> {
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

fn name(text: &str) -> Printable {
    Printable::new(text, Column::Name)
}

fn narrow(text: &str) -> Printable {
    Printable::new(text, Column::Narrow)
}

fn wide_all(texts: &[String]) -> Vec<Printable> {
    texts.iter().map(|text| wide(text)).collect()
}
