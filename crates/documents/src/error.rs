//! Why a document could not be printed.

use crate::amount_text::AmountDefect;
use crate::translation::LOCALES;

/// A refusal to print. `Display` is the sentence for the caller, [`RenderError::operator`] the
/// one for the log; [`RenderError::code`] never changes once released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A field that must hold a plain decimal holds something else.
    #[error("{field} {defect}")]
    AmountMalformed {
        /// Path inside the paper, for example `customers[0].lines[2].amount`.
        field: String,
        /// The text as it arrived.
        text: String,
        defect: AmountDefect,
    },
    /// There is no translation for the paper's locale.
    #[error("invoices are printed in {}, not in {locale:?}", LOCALES.join(", "))]
    LocaleUnknown { locale: String },
    /// The template, a translation file or the typesetter is at fault, not the caller.
    #[error("the document could not be printed")]
    Failed {
        /// What was being done, for example `typesetting`.
        step: &'static str,
        /// What went wrong, one entry per diagnostic.
        causes: Vec<String>,
    },
}

impl RenderError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AmountMalformed { .. } => "document.amount.malformed",
            Self::LocaleUnknown { .. } => "document.locale.unknown",
            Self::Failed { .. } => "document.render.failed",
        }
    }

    /// The sentence for the operator: what the caller is told plus what only we may read.
    pub fn operator(&self) -> String {
        match self {
            Self::AmountMalformed { field, text, defect } => {
                format!("the paper's field {field} {defect}: {text:?}")
            }
            Self::LocaleUnknown { locale } => {
                format!("no file in translations/ for locale {locale:?}")
            }
            Self::Failed { step, causes } => format!("{step} failed: {}", causes.join("; ")),
        }
    }

    pub(crate) fn failed(step: &'static str, cause: &impl ToString) -> Self {
        Self::Failed { step, causes: vec![cause.to_string()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &RenderError, code: &str, caller: &str, operator: &str) {
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), caller);
        assert_eq!(error.operator(), operator);
    }

    #[test]
    fn both_sentences_and_the_code() {
        check(
            &RenderError::AmountMalformed {
                field: "total".to_owned(),
                text: "1e5".to_owned(),
                defect: AmountDefect::NotDecimal,
            },
            "document.amount.malformed",
            "total is not a plain decimal number",
            "the paper's field total is not a plain decimal number: \"1e5\"",
        );
        check(
            &RenderError::LocaleUnknown { locale: "xx".to_owned() },
            "document.locale.unknown",
            "invoices are printed in en, de, fr, not in \"xx\"",
            "no file in translations/ for locale \"xx\"",
        );
        check(
            &RenderError::failed("typesetting", &"unknown variable: labl"),
            "document.render.failed",
            "the document could not be printed",
            "typesetting failed: unknown variable: labl",
        );
    }
}
