//! CAMT.053, the account statement of ISO 20022, in all its versions.
//!
//! Source: message definition camt.053.001, versions .02 (2009) to .08 (2019), iso20022.org. What
//! differs between them is where the status, the parties and the amount of a transaction stand; all
//! of these places are read, whatever the version says. An element that the format does not have is
//! not looked at.

use std::collections::BTreeMap;

use super::collected::Collected;
use super::draft::{Draft, Found};
use super::transactions::movements;
use super::{Limits, field};
use crate::error::{FileError, RejectedLine, raw_excerpt};
use crate::number::excerpt;
use crate::source::Input;
use crate::xml::{Place, Step, XmlReader};

const ISO_20022: &str = "urn:iso:std:iso:20022:tech:xsd:";
const MESSAGE: &str = "camt.053.001.";
const STATEMENT: &str = "Document/BkToCstmrStmt/Stmt";
/// How many elements an entry stands in.
const ENTRY_DEPTH: usize = 3;

/// What is known of the statement that is being read.
struct Head {
    place: Place,
    account: Option<String>,
    id: Option<String>,
    /// Its entries have begun, so that it is among those collected.
    has_begun: bool,
    /// How often each `NtryRef` has stood in it.
    uses: BTreeMap<String, u64>,
}

struct Reading {
    collected: Collected,
    head: Head,
    draft: Option<Draft>,
}

pub(super) fn read(input: Input, limits: &Limits) -> Result<Collected, FileError> {
    let mut xml = XmlReader::open(input, ENTRY_DEPTH, limits.bytes);
    let head = Head::new(Place { line: 1, column: 1 });
    let mut reading = Reading { collected: Collected::new(limits), head, draft: None };
    loop {
        match xml.next()? {
            Step::Open => reading.open(&xml)?,
            Step::Close => reading.close(&xml)?,
            Step::End if reading.collected.statement_count() == 0 => {
                let message = "the document holds no statement (Stmt); ask the bank for another";
                return Err(FileError::new("bank.file.no_statements", message).at(1, 1));
            }
            Step::End => return Ok(reading.collected),
        }
    }
}

impl Head {
    fn new(place: Place) -> Self {
        Self { place, account: None, id: None, has_begun: false, uses: BTreeMap::new() }
    }

    /// The reference of an entry to which the bank gave none of its own: `NtryRef` is unique in its
    /// statement at best, so the statement and a count belong to it.
    fn fallback(&mut self, entry_reference: Option<&str>) -> Option<String> {
        let entry_reference = entry_reference?;
        let count = self.uses.entry(entry_reference.to_owned()).or_default();
        *count = count.saturating_add(1);
        Some(format!("{}/{entry_reference}/{count}", self.id.as_deref().unwrap_or_default()))
    }
}

impl Reading {
    fn open(&mut self, xml: &XmlReader) -> Result<(), FileError> {
        if xml.depth() == 1 {
            return check_root(xml);
        }
        match xml.path().strip_prefix(STATEMENT) {
            Some("") => self.head = Head::new(xml.place()),
            Some("/Ntry") => {
                self.begin_statement()?;
                self.draft = Some(Draft::new(xml.place()));
            }
            Some("/Ntry/NtryDtls/TxDtls") => {
                if let Some(draft) = &mut self.draft {
                    draft.open_detail(xml.place());
                    self.collected.check_room(draft.details.len())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, xml: &XmlReader) -> Result<(), FileError> {
        match xml.path().strip_prefix(STATEMENT) {
            Some("") => self.begin_statement(),
            Some("/Ntry") => self.finish_entry(xml),
            Some("/Id") => name(&mut self.head.id, "ids", xml),
            Some("/Acct/Id/IBAN" | "/Acct/Id/Othr/Id") => name(&mut self.head.account, "accounts", xml),
            Some(path) => {
                if let (Some(path), Some(draft)) = (path.strip_prefix("/Ntry/"), &mut self.draft) {
                    draft.take(path, &Found { text: xml.text(), currency: xml.attribute("Ccy"), place: xml.place() });
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Its name and account stand before its entries; without them these belong to nobody.
    fn begin_statement(&mut self) -> Result<(), FileError> {
        if self.head.has_begun {
            return Ok(());
        }
        self.head.has_begun = true;
        let missing = |what: &str| {
            let message = format!("the statement has no {what}; ask the bank for a complete one");
            self.head.place.error("bank.statement.unidentified", message)
        };
        let account = self.head.account.clone().ok_or_else(|| missing("account (Acct/Id)"))?;
        let id = self.head.id.clone().ok_or_else(|| missing("id (Id)"))?;
        self.collected.begin(account, id);
        Ok(())
    }

    fn finish_entry(&mut self, xml: &XmlReader) -> Result<(), FileError> {
        let Some(draft) = self.draft.take() else { return Ok(()) };
        self.collected.count_record();
        // Entries that are skipped or refused count as well: one that is mended must not move others.
        let fallback = self.head.fallback(draft.entry_reference.as_deref());
        match movements(draft, fallback) {
            Ok(Some(movements)) => self.collected.add(movements),
            Ok(None) => {
                self.collected.skip();
                Ok(())
            }
            Err(refusal) => {
                let (kept, cut_before) = xml.raw();
                let (raw, cut) = raw_excerpt(kept);
                self.collected.refuse(RejectedLine {
                    line: refusal.place.line,
                    column: refusal.place.column,
                    field: refusal.field,
                    code: refusal.fault.code,
                    message: refusal.fault.message,
                    raw,
                    raw_cut: cut_before || cut,
                })
            }
        }
    }
}

fn check_root(xml: &XmlReader) -> Result<(), FileError> {
    let message = xml.namespace().strip_prefix(ISO_20022).unwrap_or(xml.namespace());
    if xml.path() == "Document" && xml.namespace().starts_with(ISO_20022) && message.starts_with(MESSAGE) {
        return Ok(());
    }
    let message = format!(
        "this is XML with the element {:?} of {:?}; ask the bank for the account statement as camt.053, \
         or write a CSV with the columns date, amount, currency, payer, reference, remittance",
        excerpt(xml.path()),
        excerpt(message)
    );
    Err(xml.place().error("file.format_unknown", message))
}

/// Fills the id or the account of a statement.
fn name(slot: &mut Option<String>, what: &str, xml: &XmlReader) -> Result<(), FileError> {
    let found = field::identifier(xml.text()).map_err(|fault| xml.place().error(fault.code, fault.message))?;
    if slot.is_some() && found.is_some() {
        let message = format!("the statement has two {what}; ask the bank for a correct one");
        return Err(xml.place().error("bank.statement.unidentified", message));
    }
    *slot = slot.take().or(found);
    Ok(())
}
