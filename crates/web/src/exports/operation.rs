//! What both generations say about an export.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use engine::exporting::{Export, ExportFailure, ExportState, Subject};
use formats::vendor::export::{ExportBlob, ExportTimes, OperationError};
use jiff::Timestamp;

use crate::failure::Failure;

/// What the files of an export are called by, below the root.
pub(super) fn folder(export: &Export) -> &'static str {
    use engine::exporting::Scope;
    match (export.request.subject, &export.request.scope) {
        (Subject::Usage, Scope::Billed(_)) => "billedusage",
        (Subject::Usage, Scope::Unbilled { .. }) => "unbilledusage",
        (Subject::Reconciliation, Scope::Billed(_)) => "billedreconciliation",
        (Subject::Reconciliation, Scope::Unbilled { .. }) => "unbilledreconciliation",
    }
}

pub(super) fn directory(root: &str, export: &Export) -> String {
    format!("{root}/exports/{}/v1/{}", folder(export), export.id.as_str())
}

pub(super) fn times(export: &Export) -> ExportTimes {
    ExportTimes { created_date_time: export.created_at.into(), last_action_date_time: export.last_action_at.into() }
}

/// Early clients number the parts; to the others they are all of one kind.
pub(super) fn blobs(export: &Export, value: impl Fn(usize) -> String) -> Vec<ExportBlob> {
    let parts = (1..).zip(export.parts());
    let blob = |(number, part): (usize, &engine::exporting::ExportPart)| ExportBlob {
        name: part.name.clone(),
        size_in_bytes: part.byte_count,
        item_count: part.line_count,
        partition_value: value(number),
    };
    parts.map(blob).collect()
}

pub(super) fn error(failure: ExportFailure) -> OperationError {
    let (message, code) = match failure {
        ExportFailure::NoData => ("No data available", "5000"),
        ExportFailure::NotWritten => ("The export could not be written; ask for it again", "5001"),
    };
    OperationError { message: message.to_owned(), code: code.to_owned() }
}

/// An answer without a body that says where the operation is.
pub(super) fn accepted(location: &str, names: &[HeaderName]) -> Result<Response, Failure> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::ACCEPTED;
    for name in names {
        let value = HeaderValue::try_from(location).map_err(Failure::unexpected)?;
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    Ok(response)
}

/// In seconds. Clients ask a few times only, so a short export is asked for soon and a long one later.
pub(super) fn retry_after(export: &Export, now: Timestamp, mut response: Response) -> Response {
    let age = now.as_second().saturating_sub(export.created_at.as_second());
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(age.clamp(1, 10)));
    response
}

pub(super) fn is_running(export: &Export) -> bool {
    export.state == ExportState::Running
}
