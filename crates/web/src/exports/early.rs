//! The early usage exports: `/v1/unbilledusage`, `/v1/billedusage/invoices/{invoice}`, their operations and manifests.

use axum::http::{HeaderName, header};
use axum::response::Response;
use engine::exporting::{Export, ExportRequest, ExportState, Scope, Subject};
use formats::vendor::VendorError;
use formats::vendor::export::{AttributeSet, EarlyManifest, EarlyOperation, ExportMonth};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;
use crate::origin;

use super::blob_link;
use super::graph::unbilled;
use super::operation::{accepted, blobs, directory, error, retry_after, times};

const OPERATION_LOCATION: HeaderName = HeaderName::from_static("operation-location");

pub(crate) async fn begin_billed(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let issued = reader.invoice(call.parameters.get("invoice")).await?;
    begin(call, reader, Scope::Billed(issued.invoice.number)).await
}

pub(crate) async fn begin_unbilled(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let query = &call.request.query;
    let missing = |name: &str| VendorError::invalid_input(format!("the parameter {name} is missing"));
    let word = query.get("period").ok_or_else(|| missing("period"))?;
    let month = ExportMonth::parse(word).ok_or_else(|| VendorError::unknown_word("period", word))?;
    let currency = query.get("currencyCode").ok_or_else(|| missing("currencyCode"))?;
    begin(call, reader, unbilled(call, reader, month, currency).await?).await
}

async fn begin(call: &Call, reader: &Reader, scope: Scope) -> Result<Response, Failure> {
    let attributes = match call.request.query.get("fragment") {
        None => AttributeSet::Full,
        Some(word) => AttributeSet::parse_fragment(word).ok_or_else(|| VendorError::unknown_word("fragment", word))?,
    };
    let root = origin::of(call)?;
    let request = ExportRequest { subject: Subject::Usage, scope, attributes };
    let export = call.state.exports.begin(&call.state, reader, request).await?;
    accepted(&format!("{root}/v1/billingoperations/{}", export.id.as_str()), &[OPERATION_LOCATION, header::LOCATION])
}

pub(crate) async fn operation(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let export = find(call, reader, call.parameters.get("operation"), "there is no such operation").await?;
    let body = match &export.state {
        ExportState::Running => EarlyOperation::running(times(&export)),
        ExportState::Failed(failure) => EarlyOperation::failed(times(&export), error(*failure)),
        ExportState::Done(_) => {
            let link = format!("{}/v1/billingmanifests/{}", origin::of(call)?, export.id.as_str());
            return answer::json(&EarlyOperation::succeeded(times(&export), link));
        }
    };
    // These clients wait for whatever has not succeeded, and read how long.
    Ok(retry_after(&export, call.state.now(), answer::json(&body)?))
}

pub(crate) async fn manifest(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    const UNKNOWN: &str = "there is no such manifest";
    let export = find(call, reader, call.parameters.get("manifest"), UNKNOWN).await?;
    let ExportState::Done(_) = export.state else { return Err(VendorError::not_found(UNKNOWN).into()) };
    let folder = directory(&origin::of(call)?, &export);
    let sas = blob_link::sign(&call.state.link_key, &export)?;
    answer::json(&EarlyManifest::new(
        export.last_action_at.into(),
        (export.etag.clone(), export.tenant.as_str().into()),
        (folder, &sas),
        blobs(&export, |number| number.to_string()),
    ))
}

/// # Errors
/// The same 404 for an unknown one and another's, and 410 for one that has expired.
async fn find(call: &Call, reader: &Reader, segment: &str, unknown: &str) -> Result<Export, Failure> {
    let found = call.state.exports.of_caller(&call.state, reader, segment).await?;
    let export = found.ok_or_else(|| VendorError::not_found(unknown))?;
    if export.has_expired(call.state.now()) { Err(Failure::export_expired()) } else { Ok(export) }
}
