//! Every error code has a folder in `docs/errors` with an input that raises it.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use formats::error::FileError;
use formats::source::Input;
use formats::usage::{UsageItem, UsageOptions, usage_reader};

/// What a kind of file is read by; an example's name begins with its kind.
type Raise = fn(&Path) -> Vec<String>;

const KINDS: &[(&str, Raise)] = &[
    ("usage", usage_codes),
    // One line per kind.
];

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

/// Fails behind its content, as a broken disk does.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("broken on purpose"))
    }
}

fn usage_codes(path: &Path) -> Vec<String> {
    /// Low, so that the example of a bomb is small.
    const LIMIT: u64 = 2 << 20;
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let input = if path.parent().unwrap().ends_with("file.unreadable") {
        // The one code that no content can raise.
        Input::new(&*name, Cursor::new(fs::read(path).unwrap()).chain(Broken))
    } else {
        Input::file(&*name, fs::File::open(path).unwrap())
    };
    // `usage.as-quittance-csv.json` is read as if the format had been asked for.
    let format = name.split('.').find_map(|part| part.strip_prefix("as-")).map(|format| format.parse().unwrap());
    let reader = match usage_reader(input.with_limit(LIMIT), &UsageOptions { format }) {
        Ok(reader) => reader,
        Err(error) => return vec![error.code.to_owned()],
    };
    let code = |item: Result<UsageItem, FileError>| match item {
        Ok(UsageItem::Record { .. }) => None,
        Ok(UsageItem::Rejected(rejected)) => Some(rejected.code.to_owned()),
        Err(error) => Some(error.code.to_owned()),
    };
    reader.filter_map(code).collect()
}

#[test]
fn every_example_raises_its_code() {
    let mut examples = 0;
    for folder in fs::read_dir(gallery()).unwrap().map(Result::unwrap) {
        let code = folder.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let Some((_, raise)) = KINDS.iter().find(|(kind, _)| name.split('.').next() == Some(kind)) else {
                continue;
            };
            assert_eq!(raise(&file), [code.as_str()], "{}", file.display());
            examples += 1;
        }
    }
    assert!(examples > 50, "{examples} examples");
}

#[test]
fn every_code_has_its_folder() {
    let mut missing = Vec::new();
    for code in formats::error_codes() {
        let folder = gallery().join(code);
        let files = fs::read_dir(&folder).map(Iterator::count).unwrap_or(0);
        let page = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        let parts = ["## What is wrong", "## How it looks", "## What to do"];
        if files < 2 || !page.starts_with(&format!("# {code}\n")) || !parts.iter().all(|part| page.contains(part)) {
            missing.push(code);
        }
    }
    assert!(missing.is_empty(), "no example or no page in docs/errors: {missing:?}");
}
