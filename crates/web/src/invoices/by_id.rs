//! `GET /v1/invoices/{invoice}`

use axum::response::Response;
use engine::present;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;
use crate::statement_link;

/// One invoice, with a link to its PDF that opens without a token for a while.
pub(crate) async fn answer(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let issued = reader.invoice(call.parameters.get("invoice")).await?;
    let link = statement_link::sign(&call.state.link_key, &issued, call.state.now())?;
    answer::json(&present::invoice(&issued, link)?)
}
