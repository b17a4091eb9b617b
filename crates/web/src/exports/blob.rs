//! `GET /exports/{folder}/v1/{export}/{blob}?…`, as clients of a blob storage read it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use engine::exporting::{Export, ExportId, ExportPart};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::task::spawn_blocking;

use crate::answer::OCTETS;
use crate::call::Call;
use crate::failure::Failure;

use super::blob_body::stream;
use super::blob_link;
use super::operation::folder;
use super::range::{Asked, asked};

/// What the signature opens. A token is not looked at, right or wrong.
pub(crate) async fn answer(call: &Call) -> Result<Response, Failure> {
    let (state, parameters) = (&call.state, &call.parameters);
    // Without a signature nobody learns what there is.
    let id = ExportId::parse(parameters.get("export")).ok_or_else(Failure::blob_refused)?;
    let export = state.exports.find(id).await?.ok_or_else(Failure::blob_refused)?;
    blob_link::check(&state.link_key, &export, &call.request.query, state.now())?;
    let name = parameters.get("blob");
    let found = export.parts().iter().find(|part| part.name == name);
    let part = found.filter(|_| parameters.get("folder") == folder(&export)).ok_or_else(Failure::no_such_blob)?;
    let etag = etag(&export, part);
    check_condition(&call.headers, &etag)?;
    let (status, first, length) = match asked(&call.headers, part.byte_count) {
        Asked::Whole => (StatusCode::OK, 0, part.byte_count),
        Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last.saturating_sub(first).saturating_add(1)),
        Asked::Beyond => return Err(Failure::range_not_satisfiable(part.byte_count)),
    };
    let body = if call.is_head { Body::empty() } else { open(call, &export, part, (first, length)).await? };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let last = first.saturating_add(length).saturating_sub(1);
    let range = (status == StatusCode::PARTIAL_CONTENT).then(|| format!("bytes {first}-{last}/{}", part.byte_count));
    name_headers(response.headers_mut(), (length, range), &etag, export.last_action_at)?;
    Ok(response)
}

async fn open(call: &Call, export: &Export, part: &ExportPart, (first, length): (u64, u64)) -> Result<Body, Failure> {
    let (shelf, id, name) = (call.state.exports.shelf().clone(), export.id.clone(), part.name.clone());
    let opened = spawn_blocking(move || shelf.open_part(&id, &name)).await.map_err(Failure::unexpected)?;
    let file = opened.map_err(engine::EngineError::from)?.ok_or_else(Failure::no_such_blob)?;
    Ok(stream(file, first, length))
}

/// Files of the same data are equal to the byte.
fn etag(export: &Export, part: &ExportPart) -> String {
    let number = part.name.get(5..10).unwrap_or_default();
    format!("\"{}{number}\"", export.etag)
}

fn check_condition(headers: &HeaderMap, etag: &str) -> Result<(), Failure> {
    let Some(wanted) = headers.get(header::IF_MATCH) else { return Ok(()) };
    let mut tags = wanted.to_str().unwrap_or_default().split(',').map(str::trim);
    match tags.any(|tag| tag == "*" || tag == etag) {
        true => Ok(()),
        false => Err(Failure::condition_not_met()),
    }
}

fn name_headers(
    headers: &mut HeaderMap,
    (length, range): (u64, Option<String>),
    etag: &str,
    modified: Timestamp,
) -> Result<(), Failure> {
    let modified = DateTimePrinter::new().timestamp_to_rfc9110_string(&modified).map_err(Failure::unexpected)?;
    let texts = [
        (header::CONTENT_TYPE, OCTETS.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag.to_owned()),
        (header::LAST_MODIFIED, modified),
        (header::CONTENT_LENGTH, length.to_string()),
        (HeaderName::from_static("x-ms-blob-type"), "BlockBlob".to_owned()),
    ];
    for (name, text) in texts.into_iter().chain(range.map(|range| (header::CONTENT_RANGE, range))) {
        headers.insert(name, HeaderValue::try_from(text).map_err(Failure::unexpected)?);
    }
    Ok(())
}
