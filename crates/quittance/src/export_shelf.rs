//! Exports as folders: `exports/<id>/export.json` and the files beside it.
//!
//! Each is written under another name and renamed when it is whole, so a crash leaves nothing half.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use billing::ports::{PortError, PortResult};
use engine::exporting::{ExportId, ExportShelf, PartReader, PartWriter};

const EXPORT: &str = "export.json";

#[derive(Debug)]
pub(crate) struct FolderShelf {
    root: PathBuf,
}

impl FolderShelf {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { root: data_dir.join("exports") }
    }

    /// An id is a GUID, so nothing climbs out of the folder.
    fn folder(&self, id: &ExportId) -> PathBuf {
        self.root.join(id.as_str())
    }

    fn begin(&self, id: &ExportId, name: &str) -> io::Result<Part> {
        let folder = self.folder(id);
        fs::create_dir_all(&folder)?;
        let target = folder.join(name);
        let partial = folder.join(format!("{name}.partial"));
        Ok(Part { file: BufWriter::with_capacity(1 << 20, File::create(&partial)?), partial, target })
    }
}

fn failed(error: io::Error) -> PortError {
    match error.kind() {
        ErrorKind::StorageFull => PortError::new("storage.full", "the disk is full", error),
        _ => PortError::new("storage.failed", "an export could not be read or written", error),
    }
}

/// Nothing where there is no such file.
fn present<T>(found: io::Result<T>) -> PortResult<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

impl ExportShelf for FolderShelf {
    fn load(&self, id: &ExportId) -> PortResult<Option<Vec<u8>>> {
        present(fs::read(self.folder(id).join(EXPORT)))
    }

    fn save(&self, id: &ExportId, bytes: &[u8]) -> PortResult<()> {
        let mut file = self.begin(id, EXPORT).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.publish()).map_err(failed)
    }

    fn begin_part(&self, id: &ExportId, name: &str) -> PortResult<Box<dyn PartWriter>> {
        Ok(Box::new(self.begin(id, name).map_err(failed)?))
    }

    fn open_part(&self, id: &ExportId, name: &str) -> PortResult<Option<Box<dyn PartReader>>> {
        let file = present(File::open(self.folder(id).join(name)))?;
        Ok(file.map(|file| Box::new(file) as Box<dyn PartReader>))
    }

    fn ids(&self) -> PortResult<Vec<ExportId>> {
        let Some(entries) = present(fs::read_dir(&self.root))? else { return Ok(Vec::new()) };
        let mut ids = Vec::new();
        for entry in entries {
            ids.extend(entry.map_err(failed)?.file_name().to_str().and_then(ExportId::parse));
        }
        Ok(ids)
    }

    fn remove(&self, id: &ExportId) -> PortResult<()> {
        present(fs::remove_dir_all(self.folder(id))).map(|_| ())
    }
}

struct Part {
    file: BufWriter<File>,
    partial: PathBuf,
    target: PathBuf,
}

impl Part {
    fn publish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.partial, &self.target)?;
        self.target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl PartWriter for Part {
    fn finish(self: Box<Self>) -> PortResult<()> {
        self.publish().map_err(failed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_not_finished_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = FolderShelf::new(directory.path());
        let id = ExportId::parse("b7c1d9e4-3a52-4f08-9d6e-2c81f5a07b34").unwrap();
        assert_eq!((shelf.load(&id).unwrap(), shelf.ids().unwrap()), (None, vec![]));
        let mut part = shelf.begin_part(&id, "part-0").unwrap();
        part.write_all(b"lines").unwrap();
        assert!(shelf.open_part(&id, "part-0").unwrap().is_none());
        part.finish().unwrap();
        let mut text = String::new();
        shelf.open_part(&id, "part-0").unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "lines");
        shelf.save(&id, b"1").unwrap();
        shelf.save(&id, b"2").unwrap();
        assert_eq!((shelf.load(&id).unwrap(), shelf.ids().unwrap()), (Some(b"2".to_vec()), vec![id.clone()]));
        shelf.remove(&id).unwrap();
        shelf.remove(&id).unwrap();
        assert_eq!((shelf.load(&id).unwrap(), shelf.ids().unwrap()), (None, vec![]));
    }
}
