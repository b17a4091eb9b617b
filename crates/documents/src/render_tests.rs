//! Looks at the laid out pages themselves, before they become a PDF.

use typst::foundations::NativeElement;
use typst::introspection::Introspector;
use typst::layout::{Abs, Frame, FrameItem, Point};
use typst::model::HeadingElem;

use super::*;

/// A piece of text and where it stands, in points from the page's left and top edge.
#[derive(Debug)]
struct Placed {
    text: String,
    left: Abs,
    right: Abs,
    baseline: Abs,
}

fn small() -> InvoicePaper {
    serde_json::from_str(include_str!("../testdata/small.json")).unwrap()
}

fn pages_of(paper: &InvoicePaper) -> Vec<Vec<Placed>> {
    let json = Sheet::new(paper).unwrap().to_json().unwrap();
    let document = typeset(json, paper).unwrap();
    let pages = document.pages().iter();
    pages
        .map(|page| {
            let mut placed = Vec::new();
            collect(&page.frame, Point::zero(), &mut placed);
            placed
        })
        .collect()
}

fn collect(frame: &Frame, origin: Point, placed: &mut Vec<Placed>) {
    for (position, item) in frame.items() {
        let at = origin + *position;
        match item {
            FrameItem::Group(group) => collect(&group.frame, at, placed),
            FrameItem::Text(text) => placed.push(Placed {
                text: text.text.to_string(),
                left: at.x,
                right: at.x + text.width(),
                baseline: at.y,
            }),
            _ => {}
        }
    }
}

/// All text of a page without spaces: justified and broken lines lose theirs.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect()
}

#[track_caller]
fn check_inside_margins(paper: &InvoicePaper) {
    let (left, right) = (Abs::mm(20.0), Abs::mm(190.0));
    let slack = Abs::pt(0.5);
    for (page, placed) in pages_of(paper).iter().enumerate() {
        for piece in placed {
            assert!(piece.left >= left - slack, "page {page}: {piece:?} left of the margin");
            assert!(piece.right <= right + slack, "page {page}: {piece:?} right of the margin");
            assert!(piece.baseline <= Abs::mm(297.0), "page {page}: {piece:?} below the page");
        }
    }
}

#[track_caller]
fn check_printed(paper: &InvoicePaper, expected: &str) {
    let pages = pages_of(paper);
    let text: String = pages.iter().flatten().map(|piece| piece.text.as_str()).collect();
    assert!(squeezed(&text).contains(&squeezed(expected)), "{expected:?} not in {text:?}");
}

/// Puts `text` wherever a stranger's text can stand.
fn hostile(text: &str) -> InvoicePaper {
    let mut paper = small();
    paper.number = text.to_owned();
    for party in [&mut paper.issuer, &mut paper.billed_to] {
        party.name = text.to_owned();
        party.address_lines = vec![text.to_owned()];
        party.tax_id = Some(text.to_owned());
    }
    paper.agreement = Some(text.to_owned());
    paper.notes = vec![text.to_owned()];
    paper.exchange_rates[0].source = crate::paper::RateSource::Stated(text.to_owned());
    paper.remarks = vec![crate::paper::Remark::NotPricedYet { meters: vec![text.to_owned()] }];
    paper.tax_lines[0].description = text.to_owned();
    paper.customers.truncate(1);
    let customer = &mut paper.customers[0];
    (customer.name, customer.id) = (text.to_owned(), text.to_owned());
    let line = &mut customer.lines[0];
    (line.description, line.detail) = (text.to_owned(), text.to_owned());
    (line.unit, line.pricing_currency) = (text.to_owned(), text.to_owned());
    line.note = Some(text.to_owned());
    customer.lines.truncate(1);
    paper
}

#[test]
fn hostile_text_is_printed_and_not_obeyed() {
    for text in [
        "#panic(\"gotcha\")",
        "#import \"@preview/x:1.0.0\": *",
        "$x^2$ *bold* _it_ `raw` @ref <label> = head",
        "\\ \\u{41} // comment /* x */ ~ --- ... [x] ]{}(",
        "{\"json\": \"\\\"\"} {from} {page}",
    ] {
        let paper = hostile(text);
        check_printed(&paper, text);
        check_inside_margins(&paper);
    }
}

#[test]
fn hostile_text_stays_inside_the_margins() {
    for text in [
        "W".repeat(400),
        format!("{} {} {}", "W".repeat(19), "W".repeat(12), "W".repeat(7)),
        format!("{0} {1} {2}", "n".repeat(38), "n".repeat(24), "n".repeat(14)),
        "m".repeat(400),
        "a/b-c_d.e:".repeat(60),
        "שלום".repeat(60),
        "مرحبا بالعالم ".repeat(20),
        "👩‍👩‍👧🎉".repeat(80),
        "字".repeat(300),
        "\u{0}\u{7}\u{1b}[31m\n\n\r\t\u{2028}\u{202e}x".repeat(20),
        "z\u{0301}\u{0302}\u{0303}\u{0304}".repeat(100),
        "word ".repeat(2_000),
    ] {
        check_inside_margins(&hostile(&text));
    }
}

#[test]
fn the_longest_numbers_stay_inside_the_margins() {
    let mut paper = small();
    let longest = format!("-{}.{}", "9".repeat(38), "99");
    let line = &mut paper.customers[0].lines[0];
    (line.quantity, line.unit_price) = (longest.clone(), longest.clone());
    (line.amount, paper.totals.charges) = (longest.clone(), longest.clone());
    (paper.totals.due, paper.customers[0].subtotal) = (longest.clone(), longest);
    check_inside_margins(&paper);
}

#[test]
fn what_the_reader_needs_is_printed() {
    let mut paper = small();
    for expected in [
        "Invoice",
        "G000024135",
        "1,500.66 EUR",
        "Please pay by 5 December 2026",
        "1 September 2026 – 30 September 2026",
        "60 days net",
        "1 USD = 0.846202666 EUR, 30 September 2026, source European Central Bank",
        "VAT 19 % on 1,346.35",
        "Page 1 of 1",
    ] {
        check_printed(&paper, expected);
    }
    paper.locale = "fr".to_owned();
    check_printed(&paper, "1\u{202f}500,66 EUR");
    paper.locale = "de".to_owned();
    check_printed(&paper, "1.500,66 EUR");
    paper.totals.due = "-20.00".to_owned();
    check_printed(&paper, "Guthaben −20,00 EUR");
}

#[test]
fn what_is_in_favour_of_the_reader_is_not_due() {
    let mut paper = small();
    check_printed(&paper, "Due date");
    paper.totals.due = "-20.00".to_owned();
    let printed = transcript(&paper);
    for absent in ["Due date", "Payment terms", "Please pay"] {
        assert!(!printed.contains(absent), "{absent:?} is in\n{printed}");
    }
}

/// The pages as lines of text: what stands on one baseline, from left to right.
fn transcript(paper: &InvoicePaper) -> String {
    let mut transcript = String::new();
    for mut placed in pages_of(paper) {
        placed.sort_by_key(|piece| (piece.baseline, piece.left));
        for line in placed.chunk_by(|a, b| (b.baseline - a.baseline).abs() < Abs::pt(1.0)) {
            let pieces: Vec<&str> = line.iter().map(|piece| piece.text.trim()).collect();
            transcript.push_str(&pieces.join(" | "));
            transcript.push('\n');
        }
        transcript.push_str("----\n");
    }
    transcript
}

#[test]
fn the_small_invoice_reads_as_reviewed() {
    let transcript = transcript(&small());
    assert_eq!(transcript, include_str!("../testdata/small.txt"), "now it reads\n{transcript}");
}

#[test]
fn the_template_gives_no_warnings() {
    for locale in crate::LOCALES {
        let paper = InvoicePaper { locale: locale.to_owned(), ..small() };
        let json = Sheet::new(&paper).unwrap().to_json().unwrap();
        let world = PaperWorld::new(json, paper.issued_on).unwrap();
        let compiled = typst::compile::<PagedDocument>(&world);
        assert!(compiled.warnings.is_empty(), "{locale}: {:?}", compiled.warnings);
    }
}

#[test]
fn the_outline_names_each_customer_once() {
    let mut paper = small();
    let lines = vec![paper.customers[0].lines.clone(); 20].concat();
    paper.customers[0].lines = lines;
    let json = Sheet::new(&paper).unwrap().to_json().unwrap();
    let document = typeset(json, &paper).unwrap();
    assert!(document.pages().len() > 2);
    let headings = document.introspector().query(&HeadingElem::ELEM.select());
    assert_eq!(headings.len(), paper.customers.len());
}

/// The example of the error gallery: no paper can raise it, so a sheet is handed to the typesetter.
#[test]
fn a_fault_of_the_template_is_an_error() {
    let paper = small();
    let sheet = include_str!("../../../docs/errors/document.render.failed/sheet.json");
    let error = typeset(sheet.to_owned(), &paper).unwrap_err();
    assert_eq!(error.code(), "document.render.failed");
    assert!(error.operator().starts_with("typesetting failed: "), "{}", error.operator());
    assert_eq!(error.to_string(), "the document could not be printed");
}

#[test]
fn remarks_speak_the_language_of_the_document() {
    use crate::paper::{RateSource, Remark};
    for (locale, [late, back, credit, covered, discount, included, source]) in [
        (
            "en",
            [
                "usage of September 2026",
                "takes back line G1-12",
                "net of partner earned credit, 15 %",
                "paid by the savings plan of order o-1",
                "less a discount of 1.25",
                "1,049 consumed, of which 25 are included",
                "monthly list of rates",
            ],
        ),
        (
            "de",
            [
                "Nutzung im September 2026",
                "nimmt Zeile G1-12 zurück",
                "abzüglich Partnergutschrift, 15 %",
                "vom Sparplan bezahlt, Bestellung o-1",
                "abzüglich 1,25 Rabatt",
                "1.049 verbraucht, davon 25 inklusive",
                "monatliche Kursliste",
            ],
        ),
        (
            "fr",
            [
                "consommation de septembre 2026",
                "annule la ligne G1-12",
                "net du crédit partenaire, 15 %",
                "payé par le plan d’économies de la commande o-1",
                "déduction faite d’une remise de 1,25",
                "consommés, dont 25 inclus",
                "liste mensuelle des taux",
            ],
        ),
    ] {
        let mut paper = small();
        paper.locale = locale.to_owned();
        paper.exchange_rates[0].source = RateSource::MonthlyList;
        paper.customers[0].lines[0].remarks = vec![
            Remark::LateUsage { month: jiff::civil::date(2026, 9, 1) },
            Remark::TakesBack { line: "G1-12".to_owned() },
            Remark::OnNextInvoice { amount: "8.40 EUR".to_owned() },
            Remark::EarnedCredit { percent: "15".to_owned() },
            Remark::CoveredBy { order: "o-1".to_owned() },
            Remark::Discount { amount: "1.25".to_owned() },
            Remark::Included { included: "25".to_owned(), consumed: "1049".to_owned() },
        ];
        for expected in [late, back, credit, covered, discount, included, source] {
            check_printed(&paper, expected);
        }
    }
}
