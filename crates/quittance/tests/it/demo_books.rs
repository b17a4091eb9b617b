//! The demonstration's books: made once for a build of the program, read by many tests, copied
//! where a test writes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use crate::books::{Ended, bare_command};

/// The demonstration's data directory. Nothing may write to it.
pub(crate) fn demo_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let program = fs::metadata(env!("CARGO_BIN_EXE_quittance")).unwrap();
        let built_at = program.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Each test is a process of its own under some runners: the first one makes the books.
        let lock = File::create(root.join("demo.lock")).unwrap();
        lock.lock().unwrap();
        let folder = root.join("demo");
        let (stamp, stamp_file) = (built_at.as_nanos().to_string(), folder.join("built-at"));
        if fs::read_to_string(&stamp_file).ok().as_ref() != Some(&stamp) {
            let _ = fs::remove_dir_all(&folder);
            demo(&folder.join("books"));
            fs::write(stamp_file, stamp).unwrap();
        }
        folder.join("books")
    })
}

/// Runs the demonstration in a folder, without the clock of a test.
#[track_caller]
pub(crate) fn demo(dir: &Path) -> Ended {
    let line = "demo --no-serve --output json";
    let mut command = bare_command();
    command.args(line.split_whitespace()).arg("--data-dir").arg(dir);
    Ended::of(line, &mut command).exits(0)
}
