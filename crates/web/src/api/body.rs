//! Reads bodies: JSON into memory, files to the disk, both with a limit and with their digest.

use std::io::{Seek as _, SeekFrom};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use billing::ports::hex;
use engine::import::ImportFile;
use formats::source::Input;
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::call::Received;
use super::json;
use super::operations::Intake;
use super::problem::Problem;
use super::schema;
use crate::state::Limits;

/// What the file of a request is called in reports and in the quarantine.
const FILE_NAME: &str = "request body";

/// A file without a name, which is gone when nobody holds it.
#[derive(Debug)]
pub(crate) struct ReceivedFile {
    file: std::fs::File,
    sha256: String,
}

impl ReceivedFile {
    pub(crate) fn into_import(self) -> ImportFile {
        let input = Input::file(FILE_NAME, self.file);
        ImportFile { input, name: FILE_NAME.to_owned(), sha256: self.sha256 }
    }
}

/// The body as the operation takes it, and the digest of its bytes.
///
/// # Errors
/// `request.body_too_large`, `request.body_malformed`, `request.content_type`, `request.invalid`.
pub(crate) async fn receive(
    intake: &Intake,
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<(Received, String), Problem> {
    match intake {
        Intake::Json(shape) => {
            let (bytes, digest) = read_all(body, limits.body_bytes_max).await?;
            check_content_type(headers)?;
            let value = json::read(&bytes).map_err(|error| {
                Problem::new(StatusCode::BAD_REQUEST, "request.body_malformed", format!("the body is no JSON: {error}"))
            })?;
            Ok((Received::Json(checked(&(shape.name)(), value)?), digest))
        }
        Intake::File(_) => {
            let (file, digest) = store(body, limits.import_bytes_max).await?;
            Ok((Received::File(ReceivedFile { file, sha256: digest.clone() }), digest))
        }
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    match media_type.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => {
            let detail = "the body has to be JSON, with the header Content-Type: application/json";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.content_type", detail))
        }
    }
}

fn checked(name: &str, value: Value) -> Result<Value, Problem> {
    let errors = schema::check(name, &value);
    if errors.is_empty() { Ok(value) } else { Err(Problem::invalid(errors)) }
}

fn too_large(bytes_max: u64) -> Problem {
    let detail = format!("the body is larger than {bytes_max} bytes; import larger files with the command line");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.body_too_large", detail)
}

/// The bodies' pieces one by one; the digest of all.
struct Pieces {
    body: Body,
    hasher: Sha256,
    count: u64,
    bytes_max: u64,
}

impl Pieces {
    fn of(body: Body, bytes_max: u64) -> Self {
        Self { body, hasher: Sha256::new(), count: 0, bytes_max }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        while let Some(frame) = self.body.frame().await {
            let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "request.body_malformed", "the body broke off");
            let Ok(piece) = frame.map_err(broken)?.into_data() else { continue };
            self.count = self.count.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            if self.count > self.bytes_max {
                return Err(too_large(self.bytes_max));
            }
            self.hasher.update(&piece);
            return Ok(Some(piece));
        }
        Ok(None)
    }

    fn digest(self) -> String {
        hex(&self.hasher.finalize())
    }
}

async fn read_all(body: Body, bytes_max: u64) -> Result<(Vec<u8>, String), Problem> {
    let mut pieces = Pieces::of(body, bytes_max);
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok((bytes, pieces.digest()))
}

async fn store(body: Body, bytes_max: u64) -> Result<(std::fs::File, String), Problem> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(Problem::unexpected)?);
    let mut pieces = Pieces::of(body, bytes_max);
    while let Some(piece) = pieces.next().await? {
        file.write_all(&piece).await.map_err(Problem::unexpected)?;
    }
    file.flush().await.map_err(Problem::unexpected)?;
    let mut file = file.into_std().await;
    file.seek(SeekFrom::Start(0)).map_err(Problem::unexpected)?;
    Ok((file, pieces.digest()))
}
