//! Merges files of keys. How many keys a file has follows from their number, not from the records
//! beside it: what is asked of the files of a month is asked of all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use billing::ports::StoredFile;

use crate::directory::DataDirectory;
use crate::error::Result;
use crate::keys::{Entries, KeyEntry, KeyFile, number, write_keys};
use crate::new_file::{CompleteFile, NewFile};

/// Exactly `count` files, in the order of their keys.
pub(super) fn merge(directory: &DataDirectory, files: &[StoredFile], count: usize) -> Result<Vec<CompleteFile>> {
    let total: u64 = files.iter().map(|file| file.row_count).sum();
    let per_file = usize::try_from(total).unwrap_or(usize::MAX).div_ceil(count.max(1));
    // Nothing is looked up, so no filter is kept.
    let files: Vec<KeyFile> = files.iter().map(|file| KeyFile::open(directory, file, &mut 0)).collect::<Result<_>>()?;
    let mut sources = files.iter().map(KeyFile::entries).collect::<Result<Vec<Entries<'_>>>>()?;
    let mut next = BinaryHeap::new();
    for (place, source) in sources.iter_mut().enumerate() {
        push(&mut next, place, source)?;
    }
    let mut merged = Vec::with_capacity(count);
    let mut entries: Vec<KeyEntry> = Vec::with_capacity(per_file);
    while let Some(Reverse((.., place))) = next.pop() {
        let Some(source) = sources.get_mut(place) else { continue };
        entries.extend(source.take_loaded());
        push(&mut next, place, source)?;
        if entries.len() == per_file {
            merged.push(written(directory, &entries)?);
            entries.clear();
        }
    }
    while merged.len() < count {
        merged.push(written(directory, &entries)?);
        entries.clear();
    }
    Ok(merged)
}

type Next = BinaryHeap<Reverse<(u128, u32, usize)>>;

fn push(next: &mut Next, place: usize, source: &mut Entries<'_>) -> Result<()> {
    if let Some(entry) = source.load()? {
        next.push(Reverse((number(entry.key), entry.revision, place)));
    }
    Ok(())
}

fn written(directory: &DataDirectory, entries: &[KeyEntry]) -> Result<CompleteFile> {
    let mut file = NewFile::create(directory)?;
    let count = write_keys(entries, &mut file)?;
    file.complete(count, None)
}
