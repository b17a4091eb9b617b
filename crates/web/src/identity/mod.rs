//! Who a bearer token stands for, and where programs get one.

mod access_token;
pub(crate) mod discovery;
pub(crate) mod token_endpoint;

use engine::tokens::{self, Actor};
use engine::{EngineResult, clients};

use crate::state::AppState;

/// The actor behind a token: one that was made by hand, or one that a client got here. `None` for what opens nothing.
///
/// # Errors
/// Storage failures.
pub(crate) async fn actor(state: &AppState, token: &str) -> EngineResult<Option<Actor>> {
    let now = state.now();
    match access_token::client(&state.link_key, token, now) {
        Some(client) => clients::actor(&state.books, &client).await,
        None => tokens::actor(&state.books, token, now).await,
    }
}
