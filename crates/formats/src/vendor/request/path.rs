//! One spelling for a path.

use crate::vendor::uri::repair;

/// The version that clients put in front, sometimes twice.
const VERSION: &str = "v1";

/// The fixed words of the billing routes.
const LITERALS: &[&str] = &[
    ".well-known",
    "azure",
    "azure-shared",
    "beta",
    "billed",
    "billedusage",
    "billing",
    "billingmanifests",
    "billingoperations",
    "customers",
    "daily",
    "documents",
    "estimates",
    "export",
    "exports",
    "fxrates",
    "invoices",
    "lineitems",
    "links",
    "manifests",
    "meterusagerecords",
    "microsoft.graph.partners.billing.export",
    "mostrecent",
    "oauth2",
    "openid-configuration",
    "operations",
    "partners",
    "pricesheets",
    "profiles",
    "ratecards",
    "receipts",
    "reconciliation",
    "reports",
    "resources",
    "resourceusagerecords",
    "sales",
    "servicecosts",
    "statement",
    "subscriptions",
    "summaries",
    "summary",
    "token",
    "unbilled",
    "unbilledusage",
    "usage",
    "usagebudget",
    "usagerecords",
    "usagesummary",
    "utilizations",
    "v1",
    "v1.0",
    "v2.0",
];

/// The segments without empty ones, and whether a version stood in front (any number of times).
fn segments(path: &str) -> (bool, impl Iterator<Item = &str>) {
    let is_version = |segment: &&str| segment.eq_ignore_ascii_case(VERSION);
    let mut filled = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let versioned = filled.next_if(is_version).is_some();
    while filled.next_if(is_version).is_some() {}
    (versioned, filled)
}

/// The path that routes are matched with: no doubled `/` and version, no `/` at the end, the fixed
/// words of the API in lower case. Identifiers keep their case (they are compared without it), and
/// escapes stay.
#[must_use]
pub fn normalise_path(path: &str) -> String {
    let (versioned, segments) = segments(path);
    let mut normal = String::with_capacity(path.len());
    if versioned {
        normal.push('/');
        normal.push_str(VERSION);
    }
    for segment in segments {
        normal.push('/');
        match LITERALS.iter().find(|literal| literal.eq_ignore_ascii_case(segment)) {
            Some(literal) => normal.push_str(literal),
            None => normal.push_str(segment),
        }
    }
    if normal.is_empty() { "/".to_owned() } else { normal }
}

/// The path for links: without version, in the spelling of the request, and legal.
pub(super) fn link_path(path: &str) -> String {
    let (_, segments) = segments(path);
    let mut link = String::with_capacity(path.len());
    for segment in segments {
        link.push('/');
        link.push_str(&repair(segment));
    }
    if link.is_empty() { "/".to_owned() } else { link }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(path: &str, normal: &str, link: &str) {
        assert_eq!(normalise_path(path), normal);
        assert_eq!(link_path(path), link);
    }

    #[test]
    fn paths_of_all_clients_become_one() {
        check("/v1/invoices", "/v1/invoices", "/invoices");
        check("/v1//invoices/", "/v1/invoices", "/invoices");
        check("/v1//V1/invoices", "/v1/invoices", "/invoices");
        check("/V1/v1/v1//Invoices//Summary//", "/v1/invoices/summary", "/Invoices/Summary");
        check(
            "/v1/invoices/OneTime-G1/LINEITEMS/OneTime/BillingLineItems",
            "/v1/invoices/OneTime-G1/lineitems/OneTime/BillingLineItems",
            "/invoices/OneTime-G1/LINEITEMS/OneTime/BillingLineItems",
        );
        check("//", "/", "/");
        check("", "/", "/");
        check("/v1/invoices/a b|é", "/v1/invoices/a b|é", "/invoices/a%20b%7C%C3%A9");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(path in "(/|v1|V1|Invoices|G1|[a-zé%?.]){0,12}") {
            let once = normalise_path(&path);
            prop_assert_eq!(normalise_path(&once), once.clone());
            prop_assert!(once.starts_with('/') && !once.contains("//"));
            let link = link_path(&path);
            prop_assert_eq!(link_path(&link), link);
        }
    }
}
