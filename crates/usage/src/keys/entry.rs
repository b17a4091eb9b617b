//! One key with what is asked about it.

use billing::ids::SubscriptionId;
use billing::usage::{ContentDigest, RecordKey};
use sha2::{Digest, Sha256};

use super::number;

/// Key 16, content digest 16, subscription 8, revision 4, day 4; numbers little-endian.
pub(super) const ENTRY_BYTES: usize = 48;

/// Tells whether two versions of a record are of one subscription, without keeping its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SubscriptionMark(pub(crate) [u8; 8]);

impl SubscriptionMark {
    pub(crate) fn of(subscription: &SubscriptionId) -> Self {
        let digest: [u8; 32] = Sha256::digest(subscription.as_str().as_bytes()).into();
        Self(next(&mut digest.into_iter()))
    }
}

/// A stored version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyEntry {
    pub(crate) key: RecordKey,
    pub(crate) revision: u32,
    pub(crate) content: ContentDigest,
    pub(crate) subscription: SubscriptionMark,
    /// Days since 1970-01-01.
    pub(crate) day: i32,
}

/// Sorts as key files are sorted: by key, then revision.
pub(crate) fn sort(entries: &mut [KeyEntry]) {
    entries.sort_unstable_by_key(|entry| (number(entry.key), entry.revision));
}

impl KeyEntry {
    pub(super) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let fields = self.key.0.into_iter().chain(self.content.0).chain(self.subscription.0);
        let fields = fields.chain(self.revision.to_le_bytes()).chain(self.day.to_le_bytes());
        bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let mut rest = bytes.iter().copied();
        let key = RecordKey(next(&mut rest));
        let content = ContentDigest(next(&mut rest));
        let subscription = SubscriptionMark(next(&mut rest));
        let revision = u32::from_le_bytes(next(&mut rest));
        Self { key, revision, content, subscription, day: i32::from_le_bytes(next(&mut rest)) }
    }
}

/// The next `N` bytes; zeros after the end, which callers exclude by length.
pub(super) fn next<const N: usize>(bytes: &mut impl Iterator<Item = u8>) -> [u8; N] {
    std::array::from_fn(|_| bytes.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let entry = KeyEntry {
            key: RecordKey([7; 16]),
            content: ContentDigest([9; 16]),
            subscription: SubscriptionMark([3; 8]),
            revision: u32::MAX,
            day: -1,
        };
        assert_eq!(KeyEntry::from_bytes(&entry.to_bytes()), entry);
    }
}
