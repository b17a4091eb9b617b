//! What a billed month would be today, and how it is corrected.

use billing::money::MoneyError;
use engine::restating;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Document, Line, Money};

/// A line that differs: as it stands, and as it would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineChange {
    /// The line that stands, as in `G000000001-12`; not of one that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Line>,
}

/// A document computed again with the lists and organisations of today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Restatement {
    number: String,
    stands: Money,
    would_be: Money,
    difference: Money,
    /// Issuer or billed party are not what they were; only a re-bill shows it.
    other_particulars: bool,
    /// All of it was taken back; only a re-bill charges it again.
    taken_back: bool,
    /// None where it would be billed today as it stands.
    changes: Vec<LineChange>,
}

impl Restatement {
    /// # Errors
    /// A difference beyond 64 bits of minor units.
    pub(crate) fn of(restated: &restating::Restatement) -> Result<Self, MoneyError> {
        let change = |change: &billing::invoice::LineChange| LineChange {
            line: change.before.as_ref().map(|(name, _)| format!("{}-{}", name.number, name.line_number)),
            before: change.before.as_ref().map(|(_, line)| line.into()),
            after: change.after.as_ref().map(Line::from),
        };
        Ok(Self {
            number: restated.number.to_string(),
            stands: restated.stands.into(),
            would_be: restated.would_be.into(),
            difference: restated.would_be.checked_sub(restated.stands)?.into(),
            other_particulars: restated.has_other_parties,
            taken_back: restated.is_taken_back,
            changes: restated.changes.iter().map(change).collect(),
        })
    }
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrectionKind {
    /// A note with the lines that differ.
    Note,
    /// The same note, whose amount the next invoice asks for.
    NextInvoice,
    /// A credit note for all, and a new document.
    Rebill,
}

impl From<CorrectionKind> for restating::Correction {
    fn from(kind: CorrectionKind) -> Self {
        match kind {
            CorrectionKind::Note => Self::Note,
            CorrectionKind::NextInvoice => Self::NextDocument,
            CorrectionKind::Rebill => Self::Rebill,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCorrection {
    #[serde(rename = "as")]
    pub(crate) how: CorrectionKind,
    /// Printed on the documents.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

/// The documents that correct one, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Correction {
    pub(crate) documents: Vec<Document>,
}
