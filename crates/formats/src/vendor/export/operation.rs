//! Operations and manifests, as both generations of clients read them.

use serde::Serialize;

use crate::vendor::datetime::WireDateTime;
use crate::vendor::text::Guid;

const RUNNING: &str = "#microsoft.graph.partners.billing.runningOperation";
const SUCCEEDED: &str = "#microsoft.graph.partners.billing.exportSuccessOperation";
const FAILED: &str = "#microsoft.graph.partners.billing.failedOperation";
const MANIFEST: &str = "#microsoft.graph.partners.billing.manifest";
/// The one way of cutting that clients know.
const PARTITION: &str = "default";

/// When an operation began, and when it last changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportTimes {
    pub created_date_time: WireDateTime,
    pub last_action_date_time: WireDateTime,
}

/// Why there is no file. Both are texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationError {
    pub message: String,
    pub code: String,
}

/// An operation for clients of Graph, which choose its class by the first member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphOperation {
    #[serde(rename = "@odata.type")]
    odata_type: &'static str,
    id: Guid,
    #[serde(flatten)]
    times: ExportTimes,
    status: &'static str,
    #[serde(rename = "resourceLocation@odata.navigationLink", skip_serializing_if = "Option::is_none")]
    navigation_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_location: Option<GraphManifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<OperationError>,
}

impl GraphOperation {
    #[must_use]
    pub fn running(id: Guid, times: ExportTimes) -> Self {
        Self {
            odata_type: RUNNING,
            id,
            times,
            status: "running",
            navigation_link: None,
            resource_location: None,
            error: None,
        }
    }

    /// `link` is where the manifest can be read by itself.
    #[must_use]
    pub fn succeeded(id: Guid, times: ExportTimes, manifest: GraphManifest, link: String) -> Self {
        let running = Self::running(id, times);
        Self {
            odata_type: SUCCEEDED,
            status: "succeeded",
            navigation_link: Some(link),
            resource_location: Some(manifest),
            ..running
        }
    }

    #[must_use]
    pub fn failed(id: Guid, times: ExportTimes, error: OperationError) -> Self {
        Self { odata_type: FAILED, status: "failed", error: Some(error), ..Self::running(id, times) }
    }
}

/// What an export came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphManifest {
    #[serde(rename = "@odata.type")]
    odata_type: &'static str,
    id: Guid,
    schema_version: &'static str,
    data_format: &'static str,
    created_date_time: WireDateTime,
    e_tag: String,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    partner_tenant_id: Guid,
    root_directory: String,
    sas_token: String,
    partition_type: &'static str,
    blob_count: usize,
    blobs: Vec<ExportBlob>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportBlob {
    pub name: String,
    pub size_in_bytes: u64,
    pub item_count: u64,
    pub partition_value: String,
}

impl GraphManifest {
    /// Files lie at `root_directory/name?sas_token`.
    #[must_use]
    pub fn new(
        id: Guid,
        created: WireDateTime,
        (e_tag, partner_tenant_id): (String, Guid),
        (root_directory, sas_token): (String, String),
        blobs: Vec<ExportBlob>,
    ) -> Self {
        Self {
            odata_type: MANIFEST,
            id,
            schema_version: "2",
            data_format: "compressedJSON",
            created_date_time: created,
            e_tag,
            partner_tenant_id,
            root_directory,
            sas_token,
            partition_type: PARTITION,
            blob_count: blobs.len(),
            blobs,
        }
    }
}

/// An operation for early clients: what it came to is a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlyOperation {
    #[serde(flatten)]
    times: ExportTimes,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<OperationError>,
}

impl EarlyOperation {
    #[must_use]
    pub fn running(times: ExportTimes) -> Self {
        Self { times, status: "running", resource_location: None, error: None }
    }

    /// `link` is where the manifest is.
    #[must_use]
    pub fn succeeded(times: ExportTimes, link: String) -> Self {
        Self { status: "succeeded", resource_location: Some(link), ..Self::running(times) }
    }

    #[must_use]
    pub fn failed(times: ExportTimes, error: OperationError) -> Self {
        Self { status: "failed", error: Some(error), ..Self::running(times) }
    }
}

/// What an export came to, for early clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlyManifest {
    version: &'static str,
    data_format: &'static str,
    utc_created_date_time: WireDateTime,
    e_tag: String,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    partner_tenant_id: Guid,
    root_folder: String,
    #[serde(rename = "rootFolderSAS")]
    root_folder_sas: String,
    partition_type: &'static str,
    blob_count: usize,
    size_in_bytes: u64,
    item_count: u64,
    blobs: Vec<ExportBlob>,
}

impl EarlyManifest {
    #[must_use]
    pub fn new(
        created: WireDateTime,
        (e_tag, partner_tenant_id): (String, Guid),
        (root_folder, sas_token): (String, &str),
        blobs: Vec<ExportBlob>,
    ) -> Self {
        let sum = |get: fn(&ExportBlob) -> u64| blobs.iter().map(get).fold(0, u64::saturating_add);
        Self {
            version: "1",
            data_format: "compressedJSONLines",
            utc_created_date_time: created,
            e_tag,
            partner_tenant_id,
            root_folder_sas: format!("{root_folder}?{sas_token}"),
            root_folder,
            partition_type: PARTITION,
            blob_count: blobs.len(),
            size_in_bytes: sum(|blob| blob.size_in_bytes),
            item_count: sum(|blob| blob.item_count),
            blobs,
        }
    }
}
