//! Real files that are not part of the repository.

use std::fs::File;
use std::path::{Path, PathBuf};

/// The file at `path` below `QUITTANCE_SHARED`, or below `shared` beside the repository. `None`, and
/// a line that says so, where it is absent.
pub(crate) fn open_shared(path: &str) -> Option<File> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("QUITTANCE_SHARED").map_or_else(beside, PathBuf::from);
    let file = File::open(root.join(path)).ok();
    if file.is_none() {
        eprintln!("skipped: {path} is absent; QUITTANCE_SHARED names the folder of real files");
    }
    file
}
