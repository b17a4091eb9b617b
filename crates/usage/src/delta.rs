//! Parquet's packed differences (`DELTA_BINARY_PACKED`), for row numbers that mostly count up.
//!
//! Blocks of 128 differences in four miniblocks of 32: the least difference of a block, then each
//! miniblock's bits, then what its differences have above the least. Numbers that count up take no
//! bits at all.

use crate::bit_packing::append_varint;

const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// Appends a page of row numbers.
pub(crate) fn append(rows: &[u32], bytes: &mut Vec<u8>) {
    append_varint(BLOCK, bytes);
    append_varint(BLOCK / MINIBLOCK, bytes);
    append_varint(rows.len(), bytes);
    append_zigzag(rows.first().copied().unwrap_or_default().cast_signed(), bytes);
    let differences: Vec<i32> =
        rows.iter().zip(rows.iter().skip(1)).map(|(before, after)| after.wrapping_sub(*before).cast_signed()).collect();
    for block in differences.chunks(BLOCK) {
        append_block(block, bytes);
    }
}

fn append_block(differences: &[i32], bytes: &mut Vec<u8>) {
    let least = differences.iter().copied().min().unwrap_or_default();
    append_zigzag(least, bytes);
    let mut above = [0_u32; BLOCK];
    for (above, difference) in above.iter_mut().zip(differences) {
        *above = difference.wrapping_sub(least).cast_unsigned();
    }
    let widths = above.chunks(MINIBLOCK).map(|block| {
        let bits = block.iter().fold(0, |bits, number| bits | number);
        u8::try_from(u32::BITS - bits.leading_zeros()).unwrap_or(32)
    });
    let widths: Vec<u8> = widths.collect();
    bytes.extend_from_slice(&widths);
    // Miniblocks behind the last difference are not written.
    let used = differences.len().div_ceil(MINIBLOCK);
    for (block, width) in above.chunks(MINIBLOCK).zip(widths).take(used) {
        append_packed(block, width, bytes);
    }
}

fn append_packed(numbers: &[u32], width: u8, bytes: &mut Vec<u8>) {
    let (mut bits, mut count) = (0_u64, 0_u32);
    for number in numbers {
        bits |= u64::from(*number) << count;
        count += u32::from(width);
        while count >= 8 {
            bytes.push(u8::try_from(bits & 0xff).unwrap_or_default());
            bits >>= 8;
            count -= 8;
        }
    }
}

fn append_zigzag(number: i32, bytes: &mut Vec<u8>) {
    let zigzag = (number << 1) ^ (number >> 31);
    append_varint(usize::try_from(zigzag.cast_unsigned()).unwrap_or(usize::MAX), bytes);
}
