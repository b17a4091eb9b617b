//! The whole world a document is typeset in: the template, one sheet and the embedded fonts.
//!
//! There is no file system, no network, no package and no clock in it; today is the day of
//! issue. So nothing but the paper decides what the document looks like.

use std::sync::LazyLock;

use jiff::civil::Date;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_kit::fonts::{FontStore, embedded};

use crate::error::RenderError;

/// What all documents share; reading the fonts takes longer than a small invoice.
static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let mut fonts = FontStore::new();
    fonts.extend(embedded());
    Shared { library: LazyHash::new(Library::default()), fonts }
});

struct Shared {
    library: LazyHash<Library>,
    fonts: FontStore,
}

/// The world of one document.
pub(crate) struct PaperWorld {
    template: Source,
    sheet_id: FileId,
    sheet_json: Bytes,
    issued_on: Option<Datetime>,
}

impl PaperWorld {
    /// A world in which `/sheet.json` holds `sheet_json` and it is always `issued_on`.
    ///
    /// # Errors
    /// [`RenderError::Failed`] when a name of a virtual file is refused; it never is.
    pub(crate) fn new(sheet_json: String, issued_on: Date) -> Result<Self, RenderError> {
        let template = include_str!("../templates/invoice.typ").to_owned();
        Ok(Self {
            template: Source::new(virtual_file("/invoice.typ")?, template),
            sheet_id: virtual_file("/sheet.json")?,
            sheet_json: Bytes::from_string(sheet_json),
            issued_on: midnight(issued_on),
        })
    }
}

impl World for PaperWorld {
    fn library(&self) -> &LazyHash<Library> {
        &SHARED.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        SHARED.fonts.book()
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(absent(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.sheet_id { Ok(self.sheet_json.clone()) } else { Err(absent(id)) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHARED.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        self.issued_on
    }
}

/// The first second of `date`; `None` outside the years a PDF can name.
pub(crate) fn midnight(date: Date) -> Option<Datetime> {
    let year = u16::try_from(date.year()).ok()?;
    let month = date.month().unsigned_abs();
    Datetime::from_ymd_hms(i32::from(year), month, date.day().unsigned_abs(), 0, 0, 0)
}

fn virtual_file(path: &str) -> Result<FileId, RenderError> {
    let path = VirtualPath::new(path).map_err(|cause| RenderError::failed("naming a file", &cause))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_with_slash().into())
}
