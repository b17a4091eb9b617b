//! From paper to PDF bytes.

use typst::World;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

use crate::error::RenderError;
use crate::paper::InvoicePaper;
use crate::sheet::Sheet;
use crate::world::{PaperWorld, midnight};

/// Named in the PDF's metadata as the program that made it.
const CREATOR: &str = "Quittance";

/// Up to so many lines a PDF carries the structure that screen readers follow; in a long one
/// the structure outweighs the text several times.
const TAGGED_LINES_MAX: usize = 100;

/// A printed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedPaper {
    pub pdf: Vec<u8>,
    pub page_count: usize,
}

/// Prints `paper` as a PDF; the same paper always gives the same bytes.
///
/// # Errors
/// [`RenderError::AmountMalformed`] and [`RenderError::LocaleUnknown`] when the paper is at
/// fault, [`RenderError::Failed`] when the program is.
pub fn render(paper: &InvoicePaper) -> Result<Vec<u8>, RenderError> {
    render_counted(paper).map(|rendered| rendered.pdf)
}

/// Like [`render`], and says how many pages the PDF has.
///
/// # Errors
/// As [`render`].
pub fn render_counted(paper: &InvoicePaper) -> Result<RenderedPaper, RenderError> {
    let sheet_json = Sheet::new(paper)?.to_json()?;
    let rendered = typeset(sheet_json.clone(), paper).and_then(|document| export(&document, sheet_json, paper));
    // The typesetter remembers every layout for a next, similar document. In a server that
    // memory would only grow; and what it remembers must not reach another customer's paper.
    comemo::evict(0);
    rendered
}

fn typeset(sheet_json: String, paper: &InvoicePaper) -> Result<PagedDocument, RenderError> {
    let world = PaperWorld::new(sheet_json, paper.issued_on)?;
    let world: &dyn World = &world;
    typst::compile::<PagedDocument>(world).output.map_err(|causes| failed("typesetting", &causes))
}

/// `sheet_json` is all the document says, so it identifies the document.
fn export(document: &PagedDocument, sheet_json: String, paper: &InvoicePaper) -> Result<RenderedPaper, RenderError> {
    let lines_count: usize = paper.customers.iter().map(|customer| customer.lines.len()).sum();
    let options = PdfOptions {
        ident: Smart::Custom(sheet_json),
        creator: Smart::Custom(Some(CREATOR.to_owned())),
        timestamp: midnight(paper.issued_on).map(Timestamp::new_utc),
        tagged: lines_count <= TAGGED_LINES_MAX,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(document, &options).map_err(|causes| failed("export", &causes))?;
    Ok(RenderedPaper { pdf, page_count: document.pages().len() })
}

fn failed(step: &'static str, causes: &[SourceDiagnostic]) -> RenderError {
    let sentence = |cause: &SourceDiagnostic| {
        let hints = cause.hints.iter().map(|hint| format!(" ({})", hint.v));
        format!("{}{}", cause.message, hints.collect::<String>())
    };
    RenderError::Failed { step, causes: causes.iter().map(sentence).collect() }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
