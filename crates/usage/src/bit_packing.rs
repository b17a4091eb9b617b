//! Parquet's hybrid of runs and packed bits, for numbers that are places in a dictionary.
//!
//! A run is its length and one value; what does not repeat is packed in groups of eight. Both have a
//! header: `length << 1` for a run, `groups << 1 | 1` for groups.

/// A run shorter than this is packed: it would not be smaller.
const RUN_LENGTH_MIN: usize = 8;

/// Bits that the places `0..count` need.
pub(crate) fn bit_width(count: usize) -> u8 {
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    u8::try_from(bits).unwrap_or(u8::MAX)
}

/// Appends `values`, of which each fits `width` bits.
pub(crate) fn append(values: &[i32], width: u8, bytes: &mut Vec<u8>) {
    let runs = values.chunk_by(|a, b| a == b);
    append_runs(runs.filter_map(|run| Some((*run.first()?, run.len()))), width, bytes);
}

/// Appends values that are given as runs: value and length.
pub(crate) fn append_runs(runs: impl Iterator<Item = (i32, usize)>, width: u8, bytes: &mut Vec<u8>) {
    let mut packed: Vec<i32> = Vec::new();
    for (value, length) in runs {
        // Groups are full but for the last, so a run gives away what the group before it lacks.
        let lacking = packed.len().wrapping_neg() % 8;
        if length >= RUN_LENGTH_MIN + lacking {
            packed.extend(std::iter::repeat_n(value, lacking));
            append_packed(&packed, width, bytes);
            packed.clear();
            append_run(value, length - lacking, width, bytes);
        } else {
            packed.extend(std::iter::repeat_n(value, length));
        }
    }
    append_packed(&packed, width, bytes);
}

fn append_run(value: i32, length: usize, width: u8, bytes: &mut Vec<u8>) {
    append_varint(length << 1, bytes);
    bytes.extend_from_slice(&value.to_le_bytes()[..usize::from(width.div_ceil(8))]);
}

fn append_packed(values: &[i32], width: u8, bytes: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    append_varint(groups << 1 | 1, bytes);
    let end = bytes.len() + groups * usize::from(width);
    let (mut bits, mut count) = (0_u64, 0_u32);
    for value in values {
        bits |= u64::from(value.cast_unsigned()) << count;
        count += u32::from(width);
        if count >= 32 {
            let [low @ .., _, _, _, _] = bits.to_le_bytes();
            bytes.extend_from_slice(&low);
            bits >>= 32;
            count -= 32;
        }
    }
    bytes.extend_from_slice(&bits.to_le_bytes());
    // The last group may lack values, or have had its last bits written already.
    bytes.resize(end, 0);
}

pub(crate) fn append_varint(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads back by the definition of the format, one bit at a time.
    fn read(bytes: &[u8], width: u8, count: usize) -> Vec<i32> {
        let mut values = Vec::new();
        let mut rest = bytes;
        while values.len() < count {
            let (mut header, mut shift) = (0_usize, 0);
            loop {
                let (byte, tail) = rest.split_first().unwrap();
                rest = tail;
                header |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if header & 1 == 0 {
                let (value, tail) = rest.split_at(usize::from(width.div_ceil(8)));
                rest = tail;
                let value = value.iter().rev().fold(0_i32, |number, byte| number << 8 | i32::from(*byte));
                values.extend(std::iter::repeat_n(value, header >> 1));
            } else {
                let (packed, tail) = rest.split_at((header >> 1) * usize::from(width));
                rest = tail;
                let bit = |place: usize| i32::from(packed[place / 8] >> (place % 8) & 1);
                for number in 0..(header >> 1) * 8 {
                    let from = number * usize::from(width);
                    values.push((0..usize::from(width)).fold(0, |value, at| value | bit(from + at) << at));
                }
            }
        }
        assert!(rest.is_empty(), "{} bytes are left", rest.len());
        assert!(values[count..].iter().all(|padding| *padding == 0) && values.len() < count + 8);
        values.truncate(count);
        values
    }

    #[test]
    fn widths_hold_the_last_place() {
        for (count, width) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (256, 8), (257, 9), (65_537, 17)] {
            assert_eq!(bit_width(count), width, "{count}");
        }
    }

    #[test]
    fn runs_are_short() {
        let check = |values: &[i32], width, expected: &[u8]| {
            let mut bytes = Vec::new();
            append(values, width, &mut bytes);
            assert_eq!(bytes, expected);
        };
        check(&[0; 1000], 0, &[0xd0, 0x0f]);
        check(&[7; 1000], 3, &[0xd0, 0x0f, 7]);
        check(&[1, 0, 1], 1, &[3, 0b101]);
        // Six of the run's nine fill the group: three are left, which are packed.
        check(&[1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1, &[5, 0b1111_1101, 0b111]);
        check(&[], 5, &[]);
    }

    proptest::proptest! {
        #[test]
        fn values_come_back(
            width in 0..=31_u8,
            runs in proptest::collection::vec((0..i32::MAX, 1..40_usize), 0..40),
        ) {
            let values: Vec<i32> = runs
                .into_iter()
                .flat_map(|(value, length)| std::iter::repeat_n(value & i32::try_from((1_i64 << width) - 1).unwrap(), length))
                .collect();
            let mut bytes = Vec::new();
            append(&values, width, &mut bytes);
            proptest::prop_assert_eq!(read(&bytes, width, values.len()), values);
        }
    }
}
