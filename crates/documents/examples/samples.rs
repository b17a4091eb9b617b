//! Writes sample invoices for the eye and prints how long each took:
//! `cargo run -p documents --example samples -- FOLDER`

#[path = "../tests/it/samples.rs"]
mod samples;

use std::path::PathBuf;
use std::time::Instant;

use documents::paper::InvoicePaper;
use documents::render_counted;
use samples::{large, small, strange};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let french = InvoicePaper { locale: "fr".to_owned(), ..small() };
    let german = InvoicePaper { locale: "de".to_owned(), ..small() };
    let papers = [
        ("small", small()),
        ("small-again", small()),
        ("french", french),
        ("german", german),
        ("strange", strange()),
        ("medium", large(3, 30)),
        ("large", large(40, 40)),
    ];
    for (name, paper) in papers {
        let started = Instant::now();
        let rendered = render_counted(&paper)?;
        let path = folder.join(format!("{name}.pdf"));
        std::fs::write(&path, &rendered.pdf)?;
        #[expect(clippy::print_stdout, reason = "its purpose")]
        {
            println!(
                "{}: {} pages, {:?}, {} bytes",
                path.display(),
                rendered.page_count,
                started.elapsed(),
                rendered.pdf.len()
            );
        }
    }
    Ok(())
}
