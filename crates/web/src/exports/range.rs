//! Which bytes of a file a request gets.

use axum::http::HeaderMap;

/// Clients of the storage name their ranges so; it wins over the header of HTTP.
const STORAGE_RANGE: &str = "x-ms-range";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    /// The first and the last byte.
    Part(u64, u64),
    /// None of its bytes.
    Beyond,
}

/// Several ranges and units that are not known are passed over, as HTTP has it.
pub(super) fn asked(headers: &HeaderMap, length: u64) -> Asked {
    let value = headers.get(STORAGE_RANGE).or_else(|| headers.get("range"));
    value.and_then(|value| value.to_str().ok()).map_or(Asked::Whole, |text| range(text, length))
}

fn range(text: &str, length: u64) -> Asked {
    let Some(spans) = text.trim().strip_prefix("bytes=") else { return Asked::Whole };
    let Some((first, last)) = spans.split_once('-').filter(|_| !spans.contains(',')) else { return Asked::Whole };
    let end = length.saturating_sub(1);
    match (first.trim().parse::<u64>(), last.trim()) {
        (Ok(first), _) if first >= length => Asked::Beyond,
        (Ok(first), "") => Asked::Part(first, end),
        (Ok(first), last) => match last.parse::<u64>() {
            Ok(last) if last >= first => Asked::Part(first, last.min(end)),
            _ => Asked::Whole,
        },
        (Err(_), last) if first.trim().is_empty() => match last.parse::<u64>() {
            Ok(0) => Asked::Beyond,
            Ok(count) if length > 0 => Asked::Part(length.saturating_sub(count), end),
            _ => Asked::Whole,
        },
        (Err(_), _) => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Asked) {
        assert_eq!(range(text, 100), expected, "{text}");
    }

    #[test]
    fn ranges_are_those_of_http() {
        check("bytes=0-9", Asked::Part(0, 9));
        check("bytes=90-", Asked::Part(90, 99));
        check("bytes=90-4000", Asked::Part(90, 99));
        check("bytes=-5", Asked::Part(95, 99));
        check("bytes=-500", Asked::Part(0, 99));
        check("bytes=99-99", Asked::Part(99, 99));
        check("bytes=100-", Asked::Beyond);
        check("bytes=100-200", Asked::Beyond);
        check("bytes=-0", Asked::Beyond);
        for text in ["", "bytes", "bytes=", "bytes=-", "bytes=9-1", "bytes=a-b", "bytes=0-1,5-6", "lines=0-9"] {
            check(text, Asked::Whole);
        }
        assert_eq!(range("bytes=18446744073709551616-", 100), Asked::Whole);
        assert_eq!(range("bytes=0-", 0), Asked::Beyond);
    }
}
