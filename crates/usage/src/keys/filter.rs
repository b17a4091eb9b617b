//! A Bloom filter over record keys.
//!
//! Keys are digests already, so their own bits choose the bits of the filter. All bits of one key
//! lie in one line of 64 bytes, and lines follow the order of the keys: asking for sorted keys
//! walks through the filter once.

use billing::usage::RecordKey;

const LINE_BITS: u64 = 512;
const WORDS_PER_LINE: usize = 8;
/// With 10 bits one question in 90 read a block for nothing, and those reads took longer than all
/// filters together once a store had some tens of files.
const BITS_PER_KEY: u64 = 16;
/// Nine bits of the key each; a wrong "may hold" comes about once in 1,000 questions.
const BITS_SET_PER_KEY: u32 = 7;

#[derive(Debug)]
pub(crate) struct Filter {
    lines: Vec<[u64; WORDS_PER_LINE]>,
}

impl Filter {
    pub(super) fn of(keys: impl ExactSizeIterator<Item = RecordKey>) -> Self {
        let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let lines = usize::try_from(line_count(count)).unwrap_or(usize::MAX);
        let mut filter = Self { lines: vec![[0; WORDS_PER_LINE]; lines] };
        for key in keys {
            let line = filter.line_of(key);
            if let Some(line) = filter.lines.get_mut(line) {
                bits_of(key).for_each(|(word, bit)| line[word & 7] |= bit);
            }
        }
        filter
    }

    pub(super) fn may_hold(&self, key: RecordKey) -> bool {
        let Some(line) = self.lines.get(self.line_of(key)) else { return false };
        // The first bit that is missing ends it: for most unknown keys that is the first or second.
        bits_of(key).all(|(word, bit)| line[word & 7] & bit != 0)
    }

    /// The high half of the key as a fraction of the lines, so that lines follow the keys' order.
    fn line_of(&self, key: RecordKey) -> usize {
        let (high, _) = halves(key);
        let lines = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        usize::try_from((u128::from(high) * u128::from(lines)) >> 64).unwrap_or(usize::MAX)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.lines.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let (lines, _) = words.as_chunks::<WORDS_PER_LINE>();
        Self { lines: lines.iter().map(|line| line.map(u64::from_le_bytes)).collect() }
    }
}

/// Bytes of the filter over `key_count` keys.
pub(super) fn byte_count(key_count: u64) -> u64 {
    line_count(key_count).saturating_mul(LINE_BITS / 8)
}

fn line_count(key_count: u64) -> u64 {
    key_count.saturating_mul(BITS_PER_KEY).div_ceil(LINE_BITS).max(1)
}

fn halves(key: RecordKey) -> (u64, u64) {
    let [high, low] = *key.0.as_chunks::<8>().0 else { return (0, 0) };
    (u64::from_be_bytes(high), u64::from_be_bytes(low))
}

/// The words of a line, 0 to 7, and the bits in them that stand for `key`.
fn bits_of(key: RecordKey) -> impl Iterator<Item = (usize, u64)> {
    let (_, low) = halves(key);
    (0..BITS_SET_PER_KEY).map(move |number| {
        let nine = low >> (9 * number);
        (usize::try_from((nine >> 6) & 7).unwrap_or(0), 1 << (nine & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: u64, salt: u8) -> Vec<RecordKey> {
        (0..count).map(|n| RecordKey(super::super::checksum(&[&n.to_be_bytes()[..], &[salt]].concat()))).collect()
    }

    #[test]
    fn what_is_inside_is_found_and_little_else() {
        let inside = keys(20_000, 0);
        let filter = Filter::of(inside.iter().copied());
        assert!(inside.iter().all(|key| filter.may_hold(*key)));
        let wrong = keys(20_000, 1).iter().filter(|key| filter.may_hold(**key)).count();
        assert!(wrong < 50, "{wrong} of 20000");
    }

    #[test]
    fn bytes_come_back() {
        let filter = Filter::of(keys(100, 0).into_iter());
        let bytes = filter.to_bytes();
        assert_eq!(u64::try_from(bytes.len()).unwrap(), byte_count(100));
        assert_eq!(Filter::from_bytes(&bytes).lines, filter.lines);
        assert!(!Filter::from_bytes(&[]).may_hold(RecordKey([0; 16])));
    }
}
