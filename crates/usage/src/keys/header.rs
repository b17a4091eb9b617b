//! The head of a key file, and where its parts lie.
//!
//! ```text
//! 0    magic "quitkeys"
//! 8    version, 4 bytes
//! 12   bytes of an entry, 4 bytes
//! 16   number of entries, 8 bytes
//! 24   zeros, 8 bytes
//! 32   SHA-256 over bytes 0..32, filter and index
//! 64   filter, then index: the first key of each block; zeros up to a multiple of 4096
//!      blocks of 4096 bytes: 102 entries of 40 bytes, the first 128 bits of the SHA-256 over them
//! ```
//!
//! Numbers are little-endian.

use sha2::{Digest, Sha256};

use super::entry::{ENTRY_BYTES, next};
use super::{BLOCK_BYTES, ENTRIES_PER_BLOCK, filter};

const MAGIC: [u8; 8] = *b"quitkeys";
const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const KEY_BYTES: u64 = 16;

/// Sizes that follow from the number of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) entry_count: u64,
    pub(super) filter_bytes: u64,
    pub(super) block_count: u64,
    /// Where the first block begins.
    pub(super) blocks_at: u64,
    pub(super) file_bytes: u64,
}

impl Layout {
    pub(super) fn of(entry_count: u64) -> Self {
        let block = u64::try_from(BLOCK_BYTES).unwrap_or(u64::MAX);
        let filter_bytes = filter::byte_count(entry_count);
        let block_count = entry_count.div_ceil(u64::try_from(ENTRIES_PER_BLOCK).unwrap_or(u64::MAX));
        let front = front_end(filter_bytes, block_count);
        let blocks_at = front.div_ceil(block).saturating_mul(block);
        let file_bytes = blocks_at.saturating_add(block_count.saturating_mul(block));
        Self { entry_count, filter_bytes, block_count, blocks_at, file_bytes }
    }

    /// Bytes of filter and index.
    pub(super) fn front_bytes(&self) -> u64 {
        self.filter_bytes.saturating_add(self.block_count.saturating_mul(KEY_BYTES))
    }

    /// Entries of the block that comes after `block` others.
    pub(super) fn entries_in(&self, block: usize) -> usize {
        let before = block.saturating_mul(ENTRIES_PER_BLOCK);
        usize::try_from(self.entry_count).unwrap_or(usize::MAX).saturating_sub(before).min(ENTRIES_PER_BLOCK)
    }
}

fn front_end(filter_bytes: u64, block_count: u64) -> u64 {
    let header = u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
    header.saturating_add(filter_bytes).saturating_add(block_count.saturating_mul(KEY_BYTES))
}

fn described(entry_count: u64) -> Vec<u8> {
    let entry_bytes = u32::try_from(ENTRY_BYTES).unwrap_or(u32::MAX);
    [&MAGIC[..], &VERSION.to_le_bytes(), &entry_bytes.to_le_bytes(), &entry_count.to_le_bytes(), &[0; 8]].concat()
}

/// The header in front of `front`, which is filter and index.
pub(super) fn header(entry_count: u64, front: &[u8]) -> Vec<u8> {
    let mut header = described(entry_count);
    let digest = Sha256::new().chain_update(&header).chain_update(front).finalize();
    header.extend_from_slice(&digest);
    header
}

/// The number of entries that a header names, when it is one of ours.
pub(super) fn entry_count(header: &[u8; HEADER_BYTES]) -> Result<u64, &'static str> {
    let mut rest = header.iter().copied();
    if next::<8>(&mut rest) != MAGIC {
        return Err("it is no file of record keys");
    }
    if u32::from_le_bytes(next(&mut rest)) != VERSION {
        return Err("its version is not known");
    }
    rest.by_ref().take(4).for_each(drop);
    match u64::from_le_bytes(next(&mut rest)) {
        0 => Err("it has no entries"),
        count => Ok(count),
    }
}
