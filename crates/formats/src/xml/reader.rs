//! Walks through a document, element by element.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, Event};
use quick_xml::reader::NsReader;

use super::elements::{Elements, Place};
use super::source::Source;
use crate::error::FileError;
use crate::number::excerpt;
use crate::source::Input;

/// What was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An element begins.
    Open,
    /// An element ends; its text is known.
    Close,
    /// The document is complete.
    End,
}

/// Reads the elements of the root's namespace. Others are skipped with all that stands in them.
pub(crate) struct XmlReader {
    reader: NsReader<Source>,
    buffer: Vec<u8>,
    elements: Elements,
    record_depth: usize,
}

impl XmlReader {
    /// `record_depth` is how many elements a record stands in; [`Self::raw`] has its text. A file may
    /// have `length_max` bytes.
    pub(crate) fn open(input: Input, record_depth: usize, length_max: u64) -> Self {
        let mut reader = NsReader::from_reader(Source::new(input, length_max));
        reader.config_mut().enable_all_checks(true);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), elements: Elements::default(), record_depth }
    }

    /// The namespace of the root element; empty where it has none.
    pub(crate) fn namespace(&self) -> &str {
        self.elements.namespace()
    }

    /// The names of the open elements without their prefixes, from the root: `a/b/c`.
    pub(crate) fn path(&self) -> &str {
        self.elements.path()
    }

    pub(crate) fn depth(&self) -> usize {
        self.elements.depth()
    }

    /// Where the current element begins.
    pub(crate) fn place(&self) -> Place {
        self.elements.place()
    }

    /// The text of the element that is being closed; empty if there are elements inside.
    pub(crate) fn text(&self) -> &str {
        self.elements.text()
    }

    /// An attribute of the current element; `None` as well if there are elements inside.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.elements.attribute(name)
    }

    /// The text of the file from the beginning of the record up to here, and whether it was cut.
    pub(crate) fn raw(&self) -> (&[u8], bool) {
        self.reader.get_ref().kept()
    }

    /// Goes to the next beginning or end of an element.
    ///
    /// # Errors
    /// `xml.*`, `file.*`. An error ends the file.
    pub(crate) fn next(&mut self) -> Result<Step, FileError> {
        self.elements.leave();
        loop {
            let source = self.reader.get_mut();
            if self.elements.depth() == self.record_depth {
                source.keep_from_here();
            }
            let place = source.begin();
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(failure(self.reader.get_mut(), &error, place)),
            };
            match event {
                Event::Start(element) => {
                    let (namespace, _) = self.reader.resolver().resolve_element(element.name());
                    if self.elements.open(&element, &namespace, place)? {
                        return Ok(Step::Open);
                    }
                }
                // Empty elements are expanded into a beginning and an end.
                Event::End(_) | Event::Empty(_) if self.elements.close() => return Ok(Step::Close),
                Event::Text(text) => self.elements.push_text(&text, place)?,
                Event::CData(text) => self.elements.push_text(&text, place)?,
                Event::GeneralRef(reference) => {
                    let mut buffer = [0; 4];
                    let text = referred(&reference, &mut buffer, place)?;
                    self.elements.push_text(text, place)?;
                }
                Event::Decl(declaration) => check_declaration(&declaration, self.elements.has_begun(), place)?,
                Event::DocType(_) => {
                    let message = "the file has a DOCTYPE, which could expand without end; remove it";
                    return Err(place.error("xml.doctype", message));
                }
                Event::Eof if self.elements.is_complete() => return Ok(Step::End),
                Event::Eof => return Err(unclosed(place)),
                Event::End(_) | Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
            }
        }
    }
}

fn unclosed(place: Place) -> FileError {
    place.error("xml.unclosed", "the document ends before it is complete; transfer the file again")
}

/// Why the parser gave up.
fn failure(source: &mut Source, error: &quick_xml::Error, place: Place) -> FileError {
    const CAUSE_LENGTH_MAX: usize = 200;
    if let Some(failure) = source.take_failure() {
        return failure;
    }
    if let Some(end) = source.end() {
        return unclosed(end);
    }
    let failure = match error {
        quick_xml::Error::Encoding(_) => place.error("file.encoding", "the text is not valid UTF-8; save it as UTF-8"),
        quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::MismatchedEndTag { expected, found }) => {
            let message = format!("{:?} ends where {:?} is open", excerpt(found), excerpt(expected));
            place.error("xml.malformed", message)
        }
        _ => place.error("xml.malformed", "this is not well-formed XML"),
    };
    // It may quote the file.
    failure.caused_by(&error.to_string().chars().take(CAUSE_LENGTH_MAX).collect::<String>())
}

/// The character that a reference stands for. There are five names; others would need a DOCTYPE.
fn referred<'t>(reference: &BytesRef<'_>, buffer: &'t mut [u8; 4], place: Place) -> Result<&'t str, FileError> {
    let unknown = || {
        let message = format!("\"&{};\" stands for no character", excerpt(reference));
        place.error("xml.malformed", message)
    };
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.encode_utf8(buffer)),
        Ok(None) => resolve_xml_entity(reference).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

fn check_declaration(declaration: &BytesDecl<'_>, too_late: bool, place: Place) -> Result<(), FileError> {
    if too_late {
        return Err(place.error("xml.malformed", "a second document begins inside of the first"));
    }
    let encoding = match declaration.encoding() {
        None => return Ok(()),
        Some(Ok(encoding)) => encoding,
        Some(Err(_)) => return Err(place.error("xml.malformed", "the XML declaration is malformed")),
    };
    if ["utf-8", "utf8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let message = format!("the file is written in {}; save it as UTF-8", excerpt(&encoding));
    Err(place.error("file.encoding", message))
}
