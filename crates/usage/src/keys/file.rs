//! Looks keys up in a file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use billing::ports::StoredFile;
use billing::usage::RecordKey;
use sha2::{Digest, Sha256};

use super::entry::ENTRY_BYTES;
use super::filter::Filter;
use super::header::{HEADER_BYTES, KEY_BYTES, Layout, entry_count};
use super::{BLOCK_BYTES, CHECKSUM_BYTES, ENTRIES_PER_BLOCK, KeyEntry, checksum, number};
use crate::directory::DataDirectory;
use crate::error::{Result, StorageError};

/// Filter and index.
#[derive(Debug)]
struct Front {
    filter: Filter,
    /// The first key of each block.
    index: Vec<u128>,
}

/// A file of keys that was found to be whole.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    relative: String,
    layout: Layout,
    /// `None` when it is read again for each question: see [`KeyFile::open`].
    front: Option<Front>,
}

impl KeyFile {
    /// Opens and checks all but the blocks, which are checked when they are read.
    ///
    /// `memory_bytes` is what filters may still take; one that fits is kept and deducted.
    pub(crate) fn open(directory: &DataDirectory, stored: &StoredFile, memory_bytes: &mut u64) -> Result<Self> {
        let path = directory.absolute(&stored.path)?;
        let relative = stored.path.clone();
        let (file, layout) = open_checked(&path, &relative)?;
        if (layout.file_bytes, layout.entry_count) != (stored.byte_count, stored.row_count) {
            return Err(StorageError::damaged(relative, "it has another length than the manifest says"));
        }
        let front = read_front(&file, &layout, &relative)?;
        let kept = memory_bytes.checked_sub(layout.front_bytes());
        *memory_bytes = kept.unwrap_or(*memory_bytes);
        Ok(Self { path, relative, layout, front: kept.map(|_| front) })
    }

    /// Calls `found` with the place in `wanted` and the entry, for every entry of a wanted key.
    /// `wanted` is sorted; it is answered in its order, the entries of a key in theirs.
    pub(crate) fn find(&self, wanted: &[RecordKey], found: &mut dyn FnMut(usize, KeyEntry)) -> Result<()> {
        let read_again;
        let front = match &self.front {
            Some(front) => front,
            None => {
                let (file, layout) = open_checked(&self.path, &self.relative)?;
                if layout != self.layout {
                    return Err(StorageError::damaged(&self.relative, "its length has changed"));
                }
                read_again = read_front(&file, &layout, &self.relative)?;
                &read_again
            }
        };
        let mut blocks = Blocks { keys: self, front, file: None, loaded: None };
        for (place, key) in wanted.iter().enumerate().filter(|(_, key)| front.filter.may_hold(**key)) {
            // The last block that begins before the key may hold it, and those that begin with it.
            let wanted = number(*key);
            let mut block = front.index.partition_point(|first| *first < wanted).saturating_sub(1);
            while front.index.get(block).is_some_and(|first| *first <= wanted) {
                let entries = blocks.load(block)?;
                let start = entries.partition_point(|entry| number(entry.key) < wanted);
                entries.iter().skip(start).take_while(|e| e.key == *key).for_each(|e| found(place, *e));
                block += 1;
            }
        }
        Ok(())
    }

    /// All entries, one after another.
    pub(crate) fn entries(&self) -> Result<Entries<'_>> {
        let (file, layout) = open_checked(&self.path, &self.relative)?;
        if layout != self.layout {
            return Err(StorageError::damaged(&self.relative, "its length has changed"));
        }
        Ok(Entries { keys: self, file, next_block: 0, block: Vec::new().into_iter(), loaded: None })
    }

    fn read_block(&self, file: &File, block: usize) -> Result<Vec<KeyEntry>> {
        let mut bytes = [0; BLOCK_BYTES];
        let offset = u64::try_from(block.saturating_mul(BLOCK_BYTES)).unwrap_or(u64::MAX);
        file.read_exact_at(&mut bytes, self.layout.blocks_at.saturating_add(offset))
            .map_err(|cause| StorageError::from_io(&self.relative, cause))?;
        let (body, sum) = bytes.split_at(BLOCK_BYTES - CHECKSUM_BYTES);
        if checksum(body) != sum {
            return Err(StorageError::damaged(&self.relative, format!("block {block} has changed")));
        }
        let (entries, _) = body.as_chunks::<ENTRY_BYTES>();
        debug_assert_eq!(entries.len(), ENTRIES_PER_BLOCK);
        let entries: Vec<KeyEntry> =
            entries.iter().take(self.layout.entries_in(block)).map(KeyEntry::from_bytes).collect();
        if entries.is_sorted_by_key(|entry| (number(entry.key), entry.revision)) {
            Ok(entries)
        } else {
            Err(StorageError::damaged(&self.relative, format!("block {block} is not in order")))
        }
    }

    /// Whether one key is inside.
    pub(crate) fn holds(&self, key: RecordKey) -> Result<bool> {
        let mut held = false;
        self.find(&[key], &mut |_, _| held = true)?;
        Ok(held)
    }
}

fn open_checked(path: &PathBuf, relative: &str) -> Result<(File, Layout)> {
    let io_error = |cause| StorageError::from_io(relative, cause);
    let file = File::open(path).map_err(io_error)?;
    let byte_count = file.metadata().map_err(io_error)?.len();
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(io_error)?;
    let count = entry_count(&header).map_err(|what| StorageError::damaged(relative, what))?;
    let layout = Layout::of(count);
    // Before anything is allocated by a number that the file names.
    if layout.file_bytes != byte_count {
        return Err(StorageError::damaged(relative, "its length does not fit its number of entries"));
    }
    Ok((file, layout))
}

fn read_front(file: &File, layout: &Layout, relative: &str) -> Result<Front> {
    let io_error = |cause| StorageError::from_io(relative, cause);
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(io_error)?;
    let (described, digest) = header.split_at(32);
    let mut bytes = vec![0; usize::try_from(layout.front_bytes()).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, HEADER_BYTES as u64).map_err(io_error)?;
    if Sha256::new().chain_update(described).chain_update(&bytes).finalize().as_slice() != digest {
        return Err(StorageError::damaged(relative, "filter or index have changed"));
    }
    let (filter, index) = bytes.split_at(usize::try_from(layout.filter_bytes).unwrap_or(usize::MAX).min(bytes.len()));
    let (index, _) = index.as_chunks::<{ KEY_BYTES as usize }>();
    let index: Vec<u128> = index.iter().copied().map(u128::from_be_bytes).collect();
    if !index.is_sorted() {
        return Err(StorageError::damaged(relative, "its index is not in order"));
    }
    Ok(Front { filter: Filter::from_bytes(filter), index })
}

/// A file's entries in their order.
pub(crate) struct Entries<'k> {
    keys: &'k KeyFile,
    file: File,
    next_block: usize,
    block: std::vec::IntoIter<KeyEntry>,
    loaded: Option<KeyEntry>,
}

impl Entries<'_> {
    /// The next entry, which stays until it is taken; `None` at the end.
    pub(crate) fn load(&mut self) -> Result<Option<KeyEntry>> {
        if self.loaded.is_none() {
            if self.block.len() == 0 && self.keys.layout.entries_in(self.next_block) > 0 {
                self.block = self.keys.read_block(&self.file, self.next_block)?.into_iter();
                self.next_block += 1;
            }
            self.loaded = self.block.next();
        }
        Ok(self.loaded)
    }

    pub(crate) fn take_loaded(&mut self) -> Option<KeyEntry> {
        self.loaded.take()
    }
}

/// Reads blocks; the last one is kept, for questions come in order.
struct Blocks<'k> {
    keys: &'k KeyFile,
    front: &'k Front,
    file: Option<File>,
    loaded: Option<(usize, Vec<KeyEntry>)>,
}

impl Blocks<'_> {
    fn load(&mut self, block: usize) -> Result<&[KeyEntry]> {
        if self.loaded.as_ref().is_none_or(|(number, _)| *number != block) {
            let entries = self.read(block)?;
            self.loaded = Some((block, entries));
        }
        Ok(self.loaded.as_ref().map_or(&[], |(_, entries)| entries))
    }

    fn read(&mut self, block: usize) -> Result<Vec<KeyEntry>> {
        let relative = &self.keys.relative;
        let io_error = |cause| StorageError::from_io(relative, cause);
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.keys.path).map_err(io_error)?,
        };
        let file = self.file.insert(file);
        let entries = self.keys.read_block(file, block)?;
        if entries.first().map(|entry| number(entry.key)) != self.front.index.get(block).copied() {
            return Err(StorageError::damaged(relative, format!("block {block} is not in order")));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests;
