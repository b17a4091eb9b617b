//! Several processes on one data directory: one writes, the others say so or wait.

use std::fs::File;

use crate::books::Books;
use crate::sample;

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let books = sample::full();
    let lock = File::options().write(true).open(books.dir().join("write.lock")).unwrap();
    lock.lock().unwrap();
    books.write("usage.csv", sample::usage("2026-10", 1, 3));
    for line in [
        "import usage usage.csv",
        "rate --period 2026-11",
        "close --period 2026-10",
        "org add x --name X --currency EUR --country FR",
    ] {
        books.run(line).fails("data_dir.locked");
    }
    books.run("invoices list").exits(0);
    books.run("explain G000000001-1").exits(0);
    books.run("verify").exits(0);
    lock.unlock().unwrap();
    books.run("rate --period 2026-11").exits(0);
}

/// Many at once, each with a file of its own: what was refused is tried again, and all is there.
#[test]
fn writers_at_the_same_time_lose_nothing() {
    const WRITERS: u64 = 6;
    const RECORDS: u64 = 200;
    let books = sample::lists();
    for writer in 0..WRITERS {
        let usage = sample::usage("2026-10", writer, RECORDS).replace("2026-10/", &format!("writer-{writer}/"));
        books.write(&format!("{writer}.csv"), usage);
    }
    let accepted: u64 = std::thread::scope(|scope| {
        let books = &books;
        let writers = (0..WRITERS).map(|writer| scope.spawn(move || import_until_done(books, writer)));
        let writers: Vec<_> = writers.collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(accepted, WRITERS * RECORDS);
    books.verify_sound();
    books.run("close --period 2026-10").exits(0);
}

fn import_until_done(books: &Books, writer: u64) -> u64 {
    for _ in 0..500 {
        let ended = books.run(&format!("import usage {writer}.csv --output json"));
        if ended.code == Some(0) {
            return ended.json()["accepted"].as_u64().unwrap();
        }
        ended.fails("data_dir.locked");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("writer {writer} never had its turn");
}
