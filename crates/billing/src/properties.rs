//! How many cases a property is tried with.

use proptest::prelude::ProptestConfig;

/// So many, or as many as `QUITTANCE_PROPERTY_CASES` says.
#[allow(clippy::disallowed_methods, reason = "a test may be told how much to try")]
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let told = std::env::var("QUITTANCE_PROPERTY_CASES").ok().map(|cases| cases.parse().unwrap());
    ProptestConfig::with_cases(told.unwrap_or(usual))
}
