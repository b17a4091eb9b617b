//! Exports for clients of Graph: `/v1.0/reports/partners/billing/…`, and the same below `/beta`.

use axum::body::Bytes;
use axum::http::header;
use axum::response::Response;
use billing::period::BillingPeriod;
use engine::exporting::{Export, ExportRequest, ExportState, Scope, Subject};
use formats::vendor::export::{AttributeSet, ExportMonth, GraphManifest, GraphOperation};
use formats::vendor::{Guid, VendorError};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::access::Reader;
use crate::answer;
use crate::api::json;
use crate::call::Call;
use crate::failure::Failure;
use crate::origin;

use super::blob_link;
use super::operation::{accepted, blobs, directory, error, is_running, retry_after, times};

const NO_SUCH_OPERATION: &str = "there is no such operation";
const NO_SUCH_MANIFEST: &str = "there is no such manifest";

pub(crate) async fn begin(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let subject = match call.parameters.get("subject") {
        "usage" => Subject::Usage,
        "reconciliation" => Subject::Reconciliation,
        _ => return Err(Failure::no_such_route()),
    };
    let body = Body::read(&call.body)?;
    let scope = match call.parameters.get("state") {
        "billed" => Scope::Billed(reader.invoice(body.required("invoiceId")?).await?.invoice.number),
        "unbilled" => body.open_month(call, reader).await?,
        _ => return Err(Failure::no_such_route()),
    };
    let attributes = body.attributes()?;
    let root = origin::of(call)?;
    let export = call.state.exports.begin(&call.state, reader, ExportRequest { subject, scope, attributes }).await?;
    accepted(&format!("{}/operations/{}", base(call, &root), export.id.as_str()), &[header::LOCATION])
}

pub(crate) async fn operation(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let export = find(call, reader, call.parameters.get("operation"), NO_SUCH_OPERATION).await?;
    let (id, root) = (Guid::from(export.id.as_str()), origin::of(call)?);
    let body = match &export.state {
        ExportState::Running => GraphOperation::running(id, times(&export)),
        ExportState::Failed(failure) => GraphOperation::failed(id, times(&export), error(*failure)),
        ExportState::Done(_) => {
            let link = format!("{}/manifests/{}", base(call, &root), export.id.as_str());
            GraphOperation::succeeded(id, times(&export), manifest_of(call, &root, &export)?, link)
        }
    };
    let response = answer::json(&body)?;
    Ok(if is_running(&export) { retry_after(&export, call.state.now(), response) } else { response })
}

pub(crate) async fn manifest(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let export = find(call, reader, call.parameters.get("manifest"), NO_SUCH_MANIFEST).await?;
    match export.state {
        ExportState::Done(_) => answer::json(&manifest_of(call, &origin::of(call)?, &export)?),
        ExportState::Running | ExportState::Failed(_) => Err(VendorError::not_found(NO_SUCH_MANIFEST).into()),
    }
}

/// One that has expired is as unknown as another's.
async fn find(call: &Call, reader: &Reader, segment: &str, unknown: &str) -> Result<Export, Failure> {
    let found = call.state.exports.of_caller(&call.state, reader, segment).await?;
    let found = found.filter(|export| !export.has_expired(call.state.now()));
    found.ok_or_else(|| VendorError::not_found(unknown).into())
}

fn manifest_of(call: &Call, root: &str, export: &Export) -> Result<GraphManifest, Failure> {
    let sas = blob_link::sign(&call.state.link_key, export)?;
    Ok(GraphManifest::new(
        export.id.as_str().into(),
        export.last_action_at.into(),
        (export.etag.clone(), export.tenant.as_str().into()),
        (directory(root, export), sas),
        blobs(export, |_| "default".to_owned()),
    ))
}

/// Below the version that the request was sent to.
fn base(call: &Call, root: &str) -> String {
    let version = if call.request.path.starts_with("/beta/") { "beta" } else { "v1.0" };
    format!("{root}/{version}/reports/partners/billing")
}

/// Members in any case; those that are null or unknown say nothing.
struct Body(Map<String, Value>);

impl Body {
    /// # Errors
    /// 400/3000 for anything but an object, and for a member that stands there twice in two spellings.
    fn read(bytes: &Bytes) -> Result<Self, VendorError> {
        let refused = |reason: String| VendorError::invalid_property(format!("the body cannot be read: {reason}"));
        let Value::Object(members) = json::read(bytes).map_err(refused)? else {
            return Err(refused("it is not an object".to_owned()));
        };
        let mut known = Map::new();
        for (name, value) in members {
            let name = name.to_ascii_lowercase();
            if known.insert(name.clone(), value).is_some() {
                return Err(refused(format!("{name:?} stands there twice")));
            }
        }
        Ok(Self(known))
    }

    fn text(&self, name: &str) -> Result<Option<&str>, VendorError> {
        match self.0.get(&name.to_ascii_lowercase()) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(VendorError::invalid_property(format!("{name} is not a text"))),
        }
    }

    fn required(&self, name: &str) -> Result<&str, VendorError> {
        self.text(name)?.ok_or_else(|| VendorError::invalid_property(format!("{name} is missing")))
    }

    fn attributes(&self) -> Result<AttributeSet, VendorError> {
        let Some(word) = self.text("attributeSet")? else { return Ok(AttributeSet::Full) };
        AttributeSet::parse(word).ok_or_else(|| VendorError::unknown_word("attributeSet", word))
    }

    async fn open_month(&self, call: &Call, reader: &Reader) -> Result<Scope, Failure> {
        let word = self.required("billingPeriod")?;
        let month = ExportMonth::parse(word).ok_or_else(|| VendorError::unknown_word("billingPeriod", word))?;
        unbilled(call, reader, month, self.required("currencyCode")?).await
    }
}

/// The open month that `month` means now.
pub(super) async fn unbilled(
    call: &Call,
    reader: &Reader,
    month: ExportMonth,
    currency: &str,
) -> Result<Scope, Failure> {
    let asked = currency.parse::<billing::money::Currency>();
    let asked = asked.map_err(|_| VendorError::invalid_input("currencyCode is not a currency code of ISO 4217"))?;
    let today = TimeZone::UTC.to_datetime(call.state.now()).date();
    let current = BillingPeriod::containing(today).map_err(Failure::unexpected)?;
    let period = match month {
        ExportMonth::Current => current,
        ExportMonth::Last => current.previous(),
    };
    Ok(Scope::Unbilled { period, is_own_currency: asked == reader.organisation().await?.currency })
}
