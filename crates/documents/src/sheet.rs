//! What is printed, word for word: the data that the template lays out.
//!
//! Every text in here is final, so that the template only decides where things stand. Text of
//! strangers is [`Printable`], which cannot be made without cleaning it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::RenderError;
use crate::printable::{Column, Printable};

#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    pub(crate) locale: String,
    pub(crate) label: BTreeMap<String, String>,
    pub(crate) title: String,
    pub(crate) number: Printable,
    pub(crate) short_number: Printable,
    pub(crate) currency: Printable,
    pub(crate) issuer: PartyBlock,
    pub(crate) billed_to: PartyBlock,
    pub(crate) facts: Vec<Row>,
    pub(crate) totals: Vec<Row>,
    pub(crate) due: Row,
    pub(crate) due_by: Option<String>,
    pub(crate) customers: Vec<CustomerBlock>,
    pub(crate) exchange_rates: Vec<Printable>,
    pub(crate) notes: Vec<Printable>,
    pub(crate) payment_instructions: Vec<Printable>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PartyBlock {
    pub(crate) name: Printable,
    /// The name for the PDF's metadata, without break opportunities.
    pub(crate) plain_name: Printable,
    /// The name for the foot of each page.
    pub(crate) short_name: Printable,
    pub(crate) lines: Vec<Printable>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: Printable,
    pub(crate) value: Printable,
    pub(crate) weight: Weight,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weight {
    Small,
    Normal,
    Strong,
}

#[derive(Debug, Serialize)]
pub(crate) struct CustomerBlock {
    pub(crate) name: Printable,
    pub(crate) id: Printable,
    pub(crate) lines: Vec<LineRow>,
    pub(crate) subtotal: Printable,
}

#[derive(Debug, Serialize)]
pub(crate) struct LineRow {
    pub(crate) description: Printable,
    pub(crate) detail: Printable,
    pub(crate) note: Option<Printable>,
    pub(crate) quantity: Printable,
    pub(crate) unit: Printable,
    pub(crate) unit_price: Printable,
    pub(crate) pricing_currency: Printable,
    pub(crate) amount: Printable,
}

impl Sheet {
    /// The sheet as JSON, the form in which the template reads it.
    pub(crate) fn to_json(&self) -> Result<String, RenderError> {
        serde_json::to_string(self).map_err(|cause| RenderError::failed("writing the sheet", &cause))
    }
}

impl Row {
    pub(crate) fn new(name: &str, value: Printable) -> Self {
        Self { name: Printable::new(name, Column::Wide), value, weight: Weight::Normal }
    }

    pub(crate) fn strong(self) -> Self {
        Self { weight: Weight::Strong, ..self }
    }
}
