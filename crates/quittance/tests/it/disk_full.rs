//! A full disk fails a command by name, and its repetition on a larger one succeeds.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::books::{Books, copy_folder};
use crate::sample;

/// A small disk in memory, gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this process may not mount anything.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        let output = mount.output();
        let mounted = output.as_ref().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: a disk that fills up needs the right to mount one");
        }
        mounted.then(|| Self(folder))
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={size}")]).arg(self.0.path());
        assert!(mount.status().unwrap().success());
    }

    fn books(&self) -> PathBuf {
        self.0.path().join("books")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// `books` of this folder are a link to the small disk.
fn books_on(disk: &SmallDisk) -> Books {
    let books = Books::none();
    copy_folder(&sample::lists().dir(), &disk.books());
    std::os::unix::fs::symlink(disk.books(), books.dir()).unwrap();
    books
}

#[test]
fn a_full_disk_stops_a_command_and_harms_nothing() {
    let Some(disk) = SmallDisk::mount("16m") else { return };
    let books = books_on(&disk);
    books.write("usage.csv", sample::usage("2026-10", 1, 2_000));
    for (line, rest) in [("import usage usage.csv", 16_384), ("close --period 2026-10", 24_576)] {
        fill(&disk, rest);
        let ended = books.run(line);
        assert_eq!(ended.failure(), "storage.full", "{ended:#?}");
        assert_eq!(ended.code, Some(3));
        disk.grow("64m");
        books.run(line).exits(0);
        books.verify_sound();
        fs::remove_file(disk.0.path().join("filler")).unwrap();
        disk.grow("16m");
    }
    assert_eq!(books.json("invoices list").as_array().unwrap().len(), 3);
    assert_eq!(books.json("import usage usage.csv")["duplicate"], 2_000);
}

/// Leaves `rest` bytes free.
fn fill(disk: &SmallDisk, rest: usize) {
    use std::io::Write;
    let path = disk.0.path().join("filler");
    let mut file = fs::File::create(&path).unwrap();
    let piece = vec![0; 4096];
    let mut written = 0;
    while file.write_all(&piece).is_ok() {
        written += piece.len();
    }
    file.set_len(u64::try_from(written.saturating_sub(rest)).unwrap()).unwrap();
}
