//! What a part of a month is made of, as one digest: with the same digest it comes out the same.

use billing::ports::{StoredFile, hex};
use sha2::{Digest, Sha256};

use super::cursor::Piece;
use super::survey::Survey;

/// Changes when the files of rated lines are written in another way.
const LAYOUT: &[u8] = b"rated lines, 1";

/// Over the inputs, the files and which of their rows are taken.
pub(super) fn fingerprint(survey: &Survey<'_>, inputs_digest: &[u8; 32], pieces: &[Piece<'_>]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(LAYOUT);
    hasher.update(inputs_digest);
    for piece in pieces {
        add_file(&mut hasher, &piece.file.file.rows);
        for rows in &piece.rows {
            hasher.update(rows.start.to_be_bytes());
            hasher.update(rows.end.to_be_bytes());
        }
        for (subscription, meter, day) in piece.only.into_iter().flatten() {
            // A rank says something else in another survey.
            add_text(&mut hasher, survey.subscription_of(*subscription));
            add_text(&mut hasher, survey.meter_of(*meter));
            hasher.update(day.to_be_bytes());
        }
    }
    hex(&hasher.finalize())
}

/// The path too, for lines name the file of their records by it.
fn add_file(hasher: &mut Sha256, file: &StoredFile) {
    add_text(hasher, &file.sha256);
    add_text(hasher, &file.path);
}

fn add_text(hasher: &mut Sha256, text: &str) {
    hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(text.as_bytes());
}
