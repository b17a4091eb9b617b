//! The PDF itself: its bytes, its pages, its text.

use std::process::Command;
use std::thread;

use documents::paper::DocumentKind;
use documents::{InvoicePaper, LOCALES, render, render_counted};

use crate::samples::{large, small, strange};

#[test]
fn the_same_paper_gives_the_same_bytes() {
    let paper = small();
    let first = render(&paper).unwrap();
    assert!(first.starts_with(b"%PDF-"));
    assert!(render(&paper).unwrap() == first);

    // Beside another document, so that the threads meet in the typesetter's memory.
    let other = large(2, 30);
    thread::scope(|scope| {
        let beside = scope.spawn(|| render(&other).unwrap());
        let second = scope.spawn(|| render(&paper).unwrap());
        assert!(second.join().unwrap() == first);
        assert!(beside.join().unwrap() == render(&other).unwrap());
    });
}

#[test]
fn another_paper_gives_other_bytes() {
    let paper = small();
    let mut reissued = paper.clone();
    reissued.number.push('X');
    assert!(render(&paper).unwrap() != render(&reissued).unwrap());
}

#[track_caller]
fn check_pages(paper: &InvoicePaper, pages: std::ops::RangeInclusive<usize>) {
    let page_count = render_counted(paper).unwrap().page_count;
    assert!(pages.contains(&page_count), "{page_count} pages");
}

#[test]
fn pages_follow_the_number_of_lines() {
    for locale in LOCALES {
        check_pages(&InvoicePaper { locale: locale.to_owned(), ..small() }, 1..=1);
    }
    check_pages(&large(0, 0), 1..=1);
    check_pages(&large(1, 60), 2..=4);
    check_pages(&large(40, 40), 50..=90);
}

/// The text of a PDF as another program reads it, or `None` where there is no such program.
fn text_of(paper: &InvoicePaper) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("invoice.pdf");
    std::fs::write(&path, render(paper).unwrap()).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output();
    let Ok(output) = output else {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: there is no pdftotext to read the PDF with");
        }
        return None;
    };
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[track_caller]
fn check_text(paper: &InvoicePaper, expected: &[&str]) {
    let Some(text) = text_of(paper) else { return };
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[test]
fn another_program_reads_the_text() {
    check_text(
        &small(),
        &[
            "G000024135",
            "1,500.66 EUR",
            "−79.61",
            "0.0817769814151179",
            "3f2a1c9e-77d0-4b1e-9a52-0f6b8c1d2e3f",
            "Page 1 of 1",
        ],
    );
    let german = InvoicePaper {
        locale: "de".to_owned(),
        kind: DocumentKind::CreditNote,
        amends_number: Some("G000024130".to_owned()),
        ..small()
    };
    check_text(&german, &["Gutschrift", "Berichtigt Beleg", "G000024130", "1.500,66 EUR"]);
    let mut hostile = small();
    hostile.customers[0].name = "#panic() $x$ *".to_owned();
    check_text(&hostile, &["#panic() $x$ *"]);
}

#[test]
fn a_reader_of_the_file_sees_who_made_what() {
    let pdf = render(&small()).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    for expected in ["Invoice G000024135", "Halden Cloud Distribution GmbH", "2026-10-06"] {
        assert!(text.contains(expected), "{expected:?} is not in the metadata");
    }
}

/// Names that strangers give their things take no page more.
#[test]
fn strange_names_stay_on_their_page() {
    check_pages(&strange(), 1..=2);
}
