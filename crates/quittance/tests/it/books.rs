//! Runs the program in a folder of its own: files lie in it, the books in `books` below it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The clock of every command unless a test says otherwise: October 2026 may be closed.
pub(crate) const NOW: &str = "2026-11-10T09:00:00Z";

#[derive(Debug)]
pub(crate) struct Books {
    folder: TempDir,
    pub(crate) now: &'static str,
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    #[allow(dead_code, reason = "shown when an assertion fails")]
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Books {
    /// A folder without books.
    pub(crate) fn none() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), now: NOW }
    }

    /// Fresh books with one billed organisation.
    pub(crate) fn init() -> Self {
        let books = Self::none();
        books.run("init").exits(0);
        books
    }

    /// A copy of books that other tests share.
    pub(crate) fn copy_of(dir: &Path) -> Self {
        let books = Self::none();
        copy_folder(dir, &books.dir());
        books
    }

    pub(crate) fn at(self, now: &'static str) -> Self {
        Self { now, ..self }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("books")
    }

    /// Where `name` lies that a command line calls by its name alone.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The command of a line, split at blanks. Nothing of the surrounding environment is in it.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = bare_command();
        command.args(["--data-dir", "books"]).args(line.split_whitespace());
        command.env("QUITTANCE_NOW", self.now).env("QUITTANCE_LOG", "error").current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ended {
        Ended::of(line, &mut self.command(line))
    }

    /// The JSON that a command prints, whether it ended with 0 or 1.
    #[track_caller]
    pub(crate) fn json(&self, line: &str) -> Value {
        let ended = self.run(&format!("{line} --output json"));
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:#?}");
        ended.json()
    }

    /// All invoices and all lines as they are printed: equal texts are equal books.
    #[track_caller]
    pub(crate) fn billed(&self) -> String {
        let list = self.run("invoices list --output json").exits(0);
        let mut billed = list.out.clone();
        for number in numbers(&list.json()) {
            billed.push_str(&self.run(&format!("invoices lines {number} --output json")).exits(0).out);
        }
        billed
    }

    #[track_caller]
    pub(crate) fn verify_sound(&self) -> Value {
        let ended = self.run("verify --output json").exits(0);
        let verified = ended.json();
        assert_eq!(verified["sound"], true, "{verified:#}");
        verified
    }

    /// Every file below `usage`, with its bytes.
    pub(crate) fn usage_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = files_below(&self.dir().join("usage"));
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

/// The program without the variables that would steer it.
pub(crate) fn bare_command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quittance"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("QUITTANCE_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

impl Ended {
    pub(crate) fn of(line: &str, command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            line: line.to_owned(),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The stable code of a failure, from its last words: `error: … (code)`, or JSON.
    #[track_caller]
    pub(crate) fn failure(&self) -> String {
        let last = self.err.trim_end().lines().next_back().unwrap_or_default();
        if let Ok(value) = serde_json::from_str::<Value>(last) {
            return value["error"]["code"].as_str().unwrap().to_owned();
        }
        let code = last.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')'));
        code.unwrap_or_else(|| panic!("no code in {self:#?}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn fails(self, code: &str) -> Self {
        assert_eq!(self.failure(), code, "{self:#?}");
        self.exits(3)
    }
}

/// The numbers of a printed list of invoices.
pub(crate) fn numbers(list: &Value) -> Vec<String> {
    let invoices = list.as_array().unwrap();
    invoices.iter().map(|invoice| invoice["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files below a folder, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}
