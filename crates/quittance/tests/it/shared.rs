//! Real files that are not part of the repository.

use std::path::{Path, PathBuf};

/// The file at `path` below `QUITTANCE_SHARED`, or below a folder `shared` beside the repository.
/// `None`, and a line that says so, where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("QUITTANCE_SHARED").map_or_else(beside, PathBuf::from);
    let file = root.join(path);
    if file.is_file() {
        return Some(file);
    }
    eprintln!("skipped: {path} is absent; QUITTANCE_SHARED names the folder of real files");
    None
}
