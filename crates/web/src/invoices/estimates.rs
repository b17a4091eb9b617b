//! `GET /v1/invoices/estimates/links`

use axum::response::Response;
use billing::money::Currency;
use formats::vendor::{VendorError, estimate_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// In the currency that is asked for, or else in the one that the organisation is billed in.
pub(crate) async fn links(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let asked = call.request.query.get("currencyCode").map(str::parse::<Currency>).transpose();
    let currency = match asked {
        Ok(Some(currency)) => currency,
        Ok(None) => reader.organisation().await?.currency,
        Err(_) => return Err(VendorError::invalid_input("currencyCode is not a currency code of ISO 4217").into()),
    };
    answer::json(&estimate_links(currency))
}
