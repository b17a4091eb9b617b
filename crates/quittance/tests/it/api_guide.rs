//! The examples of docs/api.md, run as they stand there.

use std::path::Path;
use std::process::Command;

use crate::books::{Books, Ended, NOW};
use crate::http::Server;

/// The shell's lines of the page.
fn script() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().concat()
}

#[test]
fn the_examples_of_the_page_run() {
    let search = std::env::var("PATH").unwrap_or_default();
    if !std::env::split_paths(&search).any(|dir| dir.join("curl").is_file()) {
        assert!(std::env::var_os("QUITTANCE_CI").is_none(), "curl is absent");
        eprintln!("skipped: curl is absent");
        return;
    }
    let books = Books::none();
    books.run("init --currency EUR").exits(0);
    let server = Server::start(&books);
    let script = format!("set -e\n{}", script().replace("http://127.0.0.1:8080", server.address()));
    let program = Path::new(env!("CARGO_BIN_EXE_quittance")).parent().unwrap();
    let mut shell = Command::new("sh");
    shell.env("PATH", format!("{}:{search}", program.display())).env("QUITTANCE_DATA_DIR", books.dir());
    shell.env("QUITTANCE_NOW", NOW).current_dir(books.path("."));
    let ended = Ended::of("docs/api.md", shell.arg("-c").arg(&script)).exits(0);
    assert!(ended.out.contains("\"unallocated\":{\"amount\":\"20.00\",\"currency\":\"EUR\"}"), "{}", ended.out);
    assert!(std::fs::read(books.path("G000000001.pdf")).unwrap().starts_with(b"%PDF"));
    drop(server);
    books.verify_sound();
}
