//! Files of sorted record keys, with a filter in front (RI-3).
//!
//! A question for a key that is not inside is answered by the filter alone; one for a key that is
//! inside reads a block of 4 KiB. Every byte is under a checksum: a bit that is lost in the filter
//! would let a record count twice.

mod entry;
mod file;
mod filter;
mod header;
mod writing;

use billing::usage::RecordKey;

pub(crate) use entry::{KeyEntry, SubscriptionMark, sort};
pub(crate) use file::{Entries, KeyFile};
pub(crate) use writing::write_keys;

/// One read.
const BLOCK_BYTES: usize = 4096;
/// What fills a block but for its checksum.
const ENTRIES_PER_BLOCK: usize = (BLOCK_BYTES - CHECKSUM_BYTES) / entry::ENTRY_BYTES;
const CHECKSUM_BYTES: usize = 16;

/// A key as a number: of the same order as its bytes, and compared many times faster.
pub(crate) fn number(key: RecordKey) -> u128 {
    u128::from_be_bytes(key.0)
}

/// The first 128 bits of SHA-256.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut first = [0; CHECKSUM_BYTES];
    first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    first
}
