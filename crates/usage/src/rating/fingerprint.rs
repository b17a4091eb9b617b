//! What a part of a month is made of, as one digest: with the same digest it comes out the same.

use billing::ids::{MeterId, SubscriptionId};
use billing::ports::{StoredFile, hex};
use billing::savings_plan::ScopeCoverage;
use sha2::{Digest, Sha256};

use super::cursor::Piece;
use super::survey::Survey;
use crate::day::to_days;

/// Changes when the files of rated lines are written in another way.
const LAYOUT: &[u8] = b"rated lines, 1";

/// What savings plans pay for of one subscription and meter.
pub(super) type CoveredScope<'c> = (&'c (SubscriptionId, MeterId), &'c ScopeCoverage);

/// Over the inputs, the files, which of their rows are taken, and what savings plans pay for of them.
pub(super) fn fingerprint(
    survey: &Survey<'_>,
    inputs_digest: &[u8; 32],
    pieces: &[Piece<'_>],
    covered: &[CoveredScope<'_>],
) -> String {
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
    // Where there are no plans, fingerprints are what they were before there were any.
    for ((subscription, meter), coverage) in covered {
        add_text(&mut hasher, "covered");
        add_text(&mut hasher, subscription.as_str());
        add_text(&mut hasher, meter.as_str());
        add_coverage(&mut hasher, coverage);
    }
    hex(&hasher.finalize())
}

/// The path too, for lines name the file of their records by it.
fn add_file(hasher: &mut Sha256, file: &StoredFile) {
    add_text(hasher, &file.sha256);
    add_text(hasher, &file.path);
}

fn add_coverage(hasher: &mut Sha256, coverage: &ScopeCoverage) {
    for ((day, key), parts) in coverage {
        hasher.update(u64::try_from(parts.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(to_days(*day).to_be_bytes());
        hasher.update(key.0);
        for part in parts {
            add_text(hasher, &part.order_id);
            hasher.update(part.quantity.mantissa().to_be_bytes());
            hasher.update([part.quantity.scale()]);
        }
    }
}

fn add_text(hasher: &mut Sha256, text: &str) {
    hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(text.as_bytes());
}
