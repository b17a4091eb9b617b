//! Rendered documents as files, by digest: `documents/ab/abcdef….pdf`.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use billing::invoice::{Invoice, InvoiceLine};
use billing::ports::{PortError, PortResult};
use engine::DocumentShelf;

use crate::paper::invoice_paper;

#[derive(Debug)]
pub(crate) struct FileShelf {
    root: PathBuf,
}

impl FileShelf {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

fn failed(error: &std::io::Error) -> PortError {
    match error.kind() {
        ErrorKind::StorageFull => PortError::new("storage.full", "the disk is full", error),
        ErrorKind::NotFound => PortError::new("storage.file_missing", "a document's file is missing", error),
        _ => PortError::new("storage.failed", "a document could not be read or written", error),
    }
}

impl DocumentShelf for FileShelf {
    fn render_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        let paper = invoice_paper(invoice, lines)?;
        documents::render(&paper).map_err(|error| PortError::new(error.code(), error.to_string(), error.operator()))
    }

    fn store(&self, sha256: &str, bytes: &[u8]) -> PortResult<String> {
        let folder = sha256.get(..2).unwrap_or("00");
        let path = format!("documents/{folder}/{sha256}.pdf");
        let target = self.root.join(&path);
        let store = || -> std::io::Result<()> {
            let parent = target.parent().unwrap_or(&self.root);
            fs::create_dir_all(parent)?;
            let partial = target.with_extension("partial");
            let mut file = File::create(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, &target)?;
            File::open(parent)?.sync_all()
        };
        store().map_err(|error| failed(&error))?;
        Ok(path)
    }

    fn load(&self, path: &str) -> PortResult<Vec<u8>> {
        fs::read(self.root.join(path)).map_err(|error| failed(&error))
    }
}
