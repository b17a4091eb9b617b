//! Which part of a list a request asks for.

use super::{Query, query};
use crate::vendor::continuation::ContinuationToken;
use crate::vendor::error::VendorError;
use crate::vendor::words::SeekOperation;

/// How many items a page of one list has at most; also the number where the request names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    pub size_default: u32,
    pub size_max: u32,
}

impl PageLimits {
    pub const INVOICES: Self = Self { size_default: 200, size_max: 200 };
    pub const LINE_ITEMS: Self = Self { size_default: 2000, size_max: 2000 };
    pub const UTILIZATION: Self = Self { size_default: 1000, size_max: 1000 };
}

/// A page by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetPage {
    pub size: u32,
    /// The index of the first item, from zero.
    pub offset: u64,
}

/// A page by token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seek {
    First,
    Next(ContinuationToken),
}

impl Query {
    /// `size` and `offset`. A larger size is cut to the maximum.
    ///
    /// # Errors
    /// 400/800002 for a size of 0 and for anything that is no number.
    pub fn offset_page(&self, limits: PageLimits) -> Result<OffsetPage, VendorError> {
        let size = match self.get("size").map(|text| whole_number("size", text)).transpose()? {
            None => limits.size_default,
            Some(0) => return Err(VendorError::invalid_input("size is less than 1")),
            Some(size) => u32::try_from(size).unwrap_or(u32::MAX).min(limits.size_max),
        };
        let offset = self.get("offset").map(|text| whole_number("offset", text)).transpose()?;
        Ok(OffsetPage { size, offset: offset.unwrap_or(0) })
    }

    /// The page that `seekOperation` and the header `MS-ContinuationToken` ask for. A token without
    /// an operation means the next page: clients that follow links blindly may send that.
    ///
    /// # Errors
    /// 400/800002 for a token that cannot be read and for `Next` without one, 400/900141 for an
    /// operation that is not served, 400/900126 for an unknown one.
    pub fn seek(&self, token_header: Option<&str>) -> Result<Seek, VendorError> {
        let token = token_header.map(str::trim).filter(|token| !token.is_empty());
        let word = query::SEEK_OPERATION.iter().find_map(|name| self.get(name));
        let operation = match word {
            None if token.is_none() => return Ok(Seek::First),
            None => SeekOperation::Next,
            Some(word) => SeekOperation::parse(word).ok_or_else(|| VendorError::unknown_word("seekOperation", word))?,
        };
        match (operation, token) {
            (SeekOperation::First, _) => Ok(Seek::First),
            (SeekOperation::Next, Some(token)) => ContinuationToken::parse(token).map(Seek::Next),
            (SeekOperation::Next, None) => {
                Err(VendorError::invalid_input("seekOperation needs the header MS-ContinuationToken"))
            }
            (other, _) => {
                Err(VendorError::unsupported_operation(format!("seekOperation {} is not served", other.path_name())))
            }
        }
    }
}

/// Digits only; more of them than fit make the largest number.
fn whole_number(name: &str, text: &str) -> Result<u64, VendorError> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VendorError::invalid_input(format!("{name} is not a whole number")));
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::request::Request;

    #[track_caller]
    fn check(raw: &str, expected: Result<(u32, u64), u32>) {
        let page = Query::parse(raw).unwrap().offset_page(PageLimits::INVOICES);
        assert_eq!(page.map(|p| (p.size, p.offset)).map_err(|e| e.code), expected, "{raw}");
    }

    #[test]
    fn sizes_are_cut_and_refused() {
        check("", Ok((200, 0)));
        check("size=&offset=", Ok((200, 0)));
        check("size=7&offset=14", Ok((7, 14)));
        check("size=201", Ok((200, 0)));
        check("size=99999999999999999999999&offset=99999999999999999999999", Ok((200, u64::MAX)));
        for raw in ["size=0", "size=-1", "size=x", "size=1.0", "size=%2B5", "size=٣", "offset=-1", "offset=x"] {
            check(raw, Err(800_002));
        }
    }

    #[test]
    fn seeking_follows_the_token() {
        let request = Request::parse("/v1/invoices/G1/lineitems?provider=onetime&size=2").unwrap();
        let token = ContinuationToken::new(&request, "2");
        let sent = token.to_string();
        let seek =
            |query: &str, header: Option<&str>| Query::parse(query).unwrap().seek(header).map_err(|error| error.code);
        assert_eq!(seek("size=2", None), Ok(Seek::First));
        assert_eq!(seek("size=2", Some(" ")), Ok(Seek::First));
        for query in ["seekOperation=Next", "seekoperation=next", "seek_operation=NEXT", "size=2"] {
            assert_eq!(seek(query, Some(&sent)), Ok(Seek::Next(token.clone())), "{query}");
        }
        assert_eq!(seek("seekOperation=First", Some(&sent)), Ok(Seek::First));
        assert_eq!(seek("seekOperation=Next", None), Err(800_002));
        assert_eq!(seek("seekOperation=Next", Some("nonsense")), Err(800_002));
        for word in ["Previous", "last", "page_index", "PageIndex"] {
            assert_eq!(seek(&format!("seekOperation={word}"), Some(&sent)), Err(900_141), "{word}");
        }
        assert_eq!(seek("seekOperation=sideways", Some(&sent)), Err(900_126));
    }
}
