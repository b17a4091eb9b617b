//! Names of exports.

use billing::ids::OrganisationId;
use billing::ports::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::EngineResult;
use crate::rating::canonical;

use super::ExportRequest;

/// Rows of another shape are another export.
const SHAPE: u32 = 1;

/// A GUID in lower case. Nothing else can be one, so it is safe as the name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExportId(String);

impl ExportId {
    /// Reads a GUID in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_guid = text.len() == 36
            && text.bytes().enumerate().all(|(place, byte)| match place {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_guid.then(|| Self(text.to_ascii_lowercase()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of what `owner` asks for, and the tag of the data that `fingerprint` names.
    pub(super) fn of(
        owner: &OrganisationId,
        request: &ExportRequest,
        fingerprint: &str,
    ) -> EngineResult<(Self, String)> {
        let digest = hex(&Sha256::digest(canonical(&(SHAPE, owner, request, fingerprint))?));
        let etag = hex(&Sha256::digest(canonical(&(SHAPE, request, fingerprint))?));
        let part = |from: usize, until: usize| digest.get(from..until).unwrap_or_default();
        // Version 8 of RFC 9562: bits of our own.
        let id = [part(0, 8), part(8, 12), &format!("8{}", part(13, 16)), &format!("a{}", part(17, 20)), part(20, 32)];
        Ok((Self(id.join("-")), format!("0x{}", etag.get(..16).unwrap_or_default().to_ascii_uppercase())))
    }
}

#[cfg(test)]
mod tests {
    use formats::vendor::export::AttributeSet;

    use super::super::{Scope, Subject};
    use super::*;

    #[test]
    fn only_a_guid_is_an_id() {
        let id = ExportId::parse("B7C1D9E4-3A52-4F08-9D6E-2C81F5A07B34").unwrap();
        assert_eq!(id.as_str(), "b7c1d9e4-3a52-4f08-9d6e-2c81f5a07b34");
        for text in [
            "",
            "..",
            "../../ledger.db",
            "b7c1d9e4-3a52-4f08-9d6e-2c81f5a07b3/",
            "b7c1d9e4x3a52-4f08-9d6e-2c81f5a07b34",
        ] {
            assert_eq!(ExportId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_follows_from_caller_request_and_data() {
        let request = |attributes| ExportRequest {
            subject: Subject::Usage,
            scope: Scope::Billed("G000000001".parse().unwrap()),
            attributes,
        };
        let of = |owner: &str, attributes, data: &str| {
            ExportId::of(&owner.parse().unwrap(), &request(attributes), data).unwrap().0
        };
        let first = of("harrow", AttributeSet::Full, "1");
        assert_eq!(ExportId::parse(first.as_str()), Some(first.clone()));
        assert_eq!(of("harrow", AttributeSet::Full, "1"), first);
        for other in [
            of("other", AttributeSet::Full, "1"),
            of("harrow", AttributeSet::Basic, "1"),
            of("harrow", AttributeSet::Full, "2"),
        ] {
            assert_ne!(other, first);
        }
    }
}
