//! Which part of a list a request gets, and the links of the answer.

use axum::response::Response;
use formats::vendor::request::{PageLimits, Request, Seek};
use formats::vendor::{Collection, ContinuationToken, VendorError, offset_page_links, seek_page_links};
use serde::Serialize;

use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// A request for a page by token.
#[derive(Debug)]
pub(crate) struct SeekRequest {
    /// Says which items: the request itself, or the one that the token goes on with.
    pub(crate) selecting: Request,
    pub(crate) size: usize,
    /// Items to pass over; only on a first page.
    pub(super) offset: u64,
    /// Where the token goes on.
    pub(crate) position: Option<String>,
}

impl SeekRequest {
    /// # Errors
    /// 400 for a token, an operation, a size or an offset that is not served.
    pub(super) fn read(call: &Call) -> Result<Self, VendorError> {
        Self::within(call, PageLimits::LINE_ITEMS)
    }

    /// # Errors
    /// As [`SeekRequest::read`].
    pub(crate) fn within(call: &Call, limits: PageLimits) -> Result<Self, VendorError> {
        let (selecting, position) = match call.request.query.seek(call.continuation.as_deref())? {
            Seek::First => (call.request.clone(), None),
            Seek::Next(token) => (token.resume(&call.request)?, Some(token.position().to_owned())),
        };
        let page = selecting.query.offset_page(limits)?;
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        Ok(Self { selecting, size, offset: page.offset, position })
    }
}

/// The place of an item, counting from 1, as a token has it.
///
/// # Errors
/// 400/800002 for a text that no token of ours holds.
pub(super) fn place(position: &str) -> Result<u64, VendorError> {
    let place = position.parse().ok().filter(|place| *place > 0);
    place.ok_or_else(|| VendorError::invalid_input("the continuation token is not valid"))
}

/// One page; `next` is the position of the first item behind it.
pub(super) fn seek_page<T: Serialize>(
    call: &Call,
    seek: &SeekRequest,
    items: Vec<T>,
    next: Option<String>,
) -> Result<Response, Failure> {
    let token = next.map(|position| ContinuationToken::new(&seek.selecting, position));
    answer::json(&Collection::new(items, seek_page_links(&call.request, token.as_ref())))
}

/// A list that has no items, paged by position.
pub(super) fn empty_offset_page(call: &Call) -> Result<Response, Failure> {
    let page = call.request.query.offset_page(PageLimits::LINE_ITEMS)?;
    answer::json(&Collection::<()>::new(Vec::new(), offset_page_links(&call.request, page, false)))
}
