//! Writes a file of keys.

use std::io::Write;

use super::entry::ENTRY_BYTES;
use super::filter::Filter;
use super::header::{Layout, header};
use super::{BLOCK_BYTES, CHECKSUM_BYTES, ENTRIES_PER_BLOCK, KeyEntry, checksum};
use crate::error::{Result, StorageError};
use crate::new_file::NewFile;

/// Writes `entries`, which are sorted, as a whole file; answers how many there are.
pub(crate) fn write_keys(entries: &[KeyEntry], file: &mut NewFile) -> Result<u64> {
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let layout = Layout::of(count);
    let mut front = Filter::of(entries.iter().map(|entry| entry.key)).to_bytes();
    for block in entries.chunks(ENTRIES_PER_BLOCK) {
        if let Some(first) = block.first() {
            front.extend_from_slice(&first.key.0);
        }
    }
    let mut bytes = header(count, &front);
    bytes.append(&mut front);
    bytes.resize(usize::try_from(layout.blocks_at).unwrap_or(usize::MAX), 0);
    let written = file.write_all(&bytes).and_then(|()| {
        let mut blocks = Vec::with_capacity(64 * BLOCK_BYTES);
        for some in entries.chunks(64 * ENTRIES_PER_BLOCK) {
            blocks.clear();
            some.chunks(ENTRIES_PER_BLOCK).for_each(|block| append_block(&mut blocks, block));
            file.write_all(&blocks)?;
        }
        Ok(())
    });
    written.map_err(|cause| StorageError::from_io(file.path(), cause))?;
    Ok(count)
}

fn append_block(bytes: &mut Vec<u8>, entries: &[KeyEntry]) {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    entries.iter().for_each(|entry| block.extend_from_slice(&entry.to_bytes()));
    block.resize(ENTRIES_PER_BLOCK * ENTRY_BYTES, 0);
    let sum = checksum(&block);
    block.extend_from_slice(&sum);
    debug_assert_eq!(block.len(), ENTRIES_PER_BLOCK * ENTRY_BYTES + CHECKSUM_BYTES);
    bytes.append(&mut block);
}
