//! `GET /v1/invoices/{invoice}/documents/statement`

use axum::http::header;
use axum::response::Response;
use engine::Books;
use engine::invoices::{IssuedInvoice, statement_pdf};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;
use crate::statement_link;

/// The printed invoice, whatever the request accepts. With a token the signature of the link is not
/// looked at.
pub(crate) async fn answer(call: &Call) -> Result<Response, Failure> {
    let (state, segment, headers) = (&call.state, call.parameters.get("invoice"), &call.headers);
    let issued = match statement_link::credentials(&call.request.query) {
        Some(credentials) if !headers.contains_key(header::AUTHORIZATION) => {
            statement_link::open(state, segment, credentials).await?
        }
        _ => Reader::admit(state, headers).await?.invoice(segment).await?,
    };
    let number = issued.invoice.number.clone();
    let bytes = render(state.books.clone(), issued).await?;
    Ok(answer::statement(&number, bytes))
}

/// Rendering and reading files block, so they do not belong on the threads that serve requests.
async fn render(books: Books, issued: IssuedInvoice) -> Result<Vec<u8>, Failure> {
    let runtime = Handle::current();
    let rendered = spawn_blocking(move || runtime.block_on(statement_pdf(&books, &issued)));
    Ok(rendered.await.map_err(Failure::unexpected)??)
}
