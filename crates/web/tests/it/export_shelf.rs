//! Keeps exports in memory.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use billing::ports::PortResult;
use engine::exporting::{ExportId, ExportShelf, PartReader, PartWriter};

#[derive(Debug, Default)]
struct Kept {
    saved: Vec<u8>,
    parts: BTreeMap<String, Vec<u8>>,
}

type Shelf = Arc<Mutex<BTreeMap<ExportId, Kept>>>;

#[derive(Debug, Default)]
pub(crate) struct MemoryShelf(Shelf);

impl MemoryShelf {
    /// What was saved under each id, changed by a test.
    pub(crate) fn change(&self, change: impl Fn(String) -> String) {
        for kept in self.0.lock().unwrap().values_mut() {
            kept.saved = change(String::from_utf8(std::mem::take(&mut kept.saved)).unwrap()).into_bytes();
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl ExportShelf for MemoryShelf {
    fn load(&self, id: &ExportId) -> PortResult<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(id).map(|kept| kept.saved.clone()))
    }

    fn save(&self, id: &ExportId, bytes: &[u8]) -> PortResult<()> {
        self.0.lock().unwrap().entry(id.clone()).or_default().saved = bytes.to_vec();
        Ok(())
    }

    fn begin_part(&self, id: &ExportId, name: &str) -> PortResult<Box<dyn PartWriter>> {
        Ok(Box::new(Part { shelf: self.0.clone(), id: id.clone(), name: name.to_owned(), bytes: Vec::new() }))
    }

    fn open_part(&self, id: &ExportId, name: &str) -> PortResult<Option<Box<dyn PartReader>>> {
        let shelf = self.0.lock().unwrap();
        let bytes = shelf.get(id).and_then(|kept| kept.parts.get(name)).cloned();
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn PartReader>))
    }

    fn ids(&self) -> PortResult<Vec<ExportId>> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }

    fn remove(&self, id: &ExportId) -> PortResult<()> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

struct Part {
    shelf: Shelf,
    id: ExportId,
    name: String,
    bytes: Vec<u8>,
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl PartWriter for Part {
    fn finish(self: Box<Self>) -> PortResult<()> {
        self.shelf.lock().unwrap().entry(self.id).or_default().parts.insert(self.name, self.bytes);
        Ok(())
    }
}
