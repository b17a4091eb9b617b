//! Reads mended records again, each on its own, so that one bad text cannot swallow the next.

use std::io::Cursor;

use super::json_row::{azure_element, own_element};
use super::open::{self, Source};
use super::{UsageFormat, UsageItem, UsageReader};
use crate::error::FileError;
use crate::json::Element;
use crate::source::Input;

/// The texts of rejected records, in their order.
#[derive(Debug)]
pub(super) struct Replay {
    format: UsageFormat,
    header_text: Vec<u8>,
    raws: std::vec::IntoIter<Vec<u8>>,
    /// Counts the texts from 1.
    number: u64,
    current: Option<Box<Source>>,
}

/// Reads records again that were rejected from a file of `format` and mended since.
///
/// The line of an item is the number of its text in `raws`, from 1. Parquet rows were rejected as
/// JSON objects and are read as such.
#[must_use]
pub fn replay(format: UsageFormat, header_text: &[u8], raws: &[Vec<u8>]) -> UsageReader {
    let header_text = header_text.to_vec();
    let source = Source::Replay(Replay {
        format,
        header_text: header_text.clone(),
        raws: Vec::from(raws).into_iter(),
        number: 0,
        current: None,
    });
    UsageReader { format, header_text, source: Some(source) }
}

impl Replay {
    pub(super) fn next_item(&mut self) -> Result<Option<UsageItem>, FileError> {
        loop {
            if let Some(source) = &mut self.current {
                if let Some(item) = source.next_item()? {
                    return Ok(Some(numbered(item, self.number)));
                }
                self.current = None;
            }
            let Some(raw) = self.raws.next() else { return Ok(None) };
            self.number = self.number.saturating_add(1);
            let read = match self.format {
                UsageFormat::AzureUsageDetails => azure_element,
                UsageFormat::QuittanceJsonl | UsageFormat::QuittanceParquet => own_element,
                UsageFormat::AzureEaCsv | UsageFormat::AzurePaygCsv | UsageFormat::QuittanceCsv => {
                    self.current = Some(Box::new(self.open_csv(&raw)?));
                    continue;
                }
            };
            let element = Element { bytes: raw.trim_ascii(), line: self.number, column: 1 };
            return Ok(Some(UsageItem::of(self.number, read(element))));
        }
    }

    fn open_csv(&self, raw: &[u8]) -> Result<Source, FileError> {
        let text = [self.header_text.as_slice(), b"\n", raw, b"\n"].concat();
        let (_, source) = open::open(Input::new("replay", Cursor::new(text)), Some(self.format))?;
        Ok(source)
    }
}

fn numbered(item: UsageItem, number: u64) -> UsageItem {
    match item {
        UsageItem::Record { record, .. } => UsageItem::Record { line: number, record },
        UsageItem::Rejected(mut rejected) => {
            rejected.line = number;
            UsageItem::Rejected(rejected)
        }
    }
}
