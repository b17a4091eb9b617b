//! Programs that get tokens for their id and secret (OAuth 2, client credentials).
//!
//! A token of theirs is a statement that a server signs, good for an hour and stored nowhere; who the client is and
//! what it may do is looked up each time, so that one that is revoked is out at once.

use billing::ids::OrganisationId;
use billing::ports::{StoredClient, hex};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::tokens::{Actor, Role};

/// Every secret begins so, for scanners of leaked secrets to know it.
const PREFIX: &str = "qcs_";
/// The longest secret that is looked at.
const SECRET_LENGTH_MAX: usize = 200;

/// A client with its secret, which is shown once.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub id: String,
    pub secret: String,
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Makes a client called `id` with a secret out of `random`.
///
/// # Errors
/// Storage failures.
pub async fn create(
    books: &Books,
    id: &str,
    (organisation, role): (&OrganisationId, Role),
    random: &[u8; 32],
    created_at: Timestamp,
) -> EngineResult<NewClient> {
    let secret = format!("{PREFIX}{}", hex(random));
    let stored = StoredClient {
        id: id.to_owned(),
        secret_hash: hash(&secret),
        organisation: organisation.clone(),
        role: role.as_str().to_owned(),
        created_at,
        revoked_at: None,
    };
    books.ledger.add_client(&stored).await?;
    Ok(NewClient { id: stored.id, secret })
}

/// All clients, by organisation and id.
///
/// # Errors
/// Storage failures.
pub async fn list(books: &Books) -> EngineResult<Vec<StoredClient>> {
    Ok(books.ledger.clients().await?)
}

/// From now on the client gets no tokens, and those that it has open nothing.
///
/// # Errors
/// `client.unknown`, also for one that was revoked before; storage failures.
pub async fn revoke(books: &Books, id: &str, at: Timestamp) -> EngineResult<()> {
    if books.ledger.revoke_client(id, at).await? {
        return Ok(());
    }
    Err(EngineError::new(
        "client.unknown",
        format!("no client in use is called {id:?}; `quittance client list` has all"),
    ))
}

/// Whether the secret is that of a client in use.
///
/// # Errors
/// Storage failures.
pub async fn knows(books: &Books, id: &str, secret: &str) -> EngineResult<bool> {
    if secret.len() > SECRET_LENGTH_MAX {
        return Ok(false);
    }
    // An unknown client takes as long as a wrong secret.
    let known = in_use(books, id).await?;
    let stored = known.as_ref().map_or("", |client| &client.secret_hash);
    Ok(bool::from(hash(secret).as_bytes().ct_eq(stored.as_bytes())))
}

/// Who a client is now; `None` for one that is unknown or revoked.
///
/// # Errors
/// Storage failures.
pub async fn actor(books: &Books, id: &str) -> EngineResult<Option<Actor>> {
    let Some(client) = in_use(books, id).await? else { return Ok(None) };
    let role = Role::from_name(&client.role)
        .ok_or_else(|| EngineError::damaged("a client", format!("role {:?}", client.role)))?;
    Ok(Some(Actor { organisation: client.organisation, role }))
}

async fn in_use(books: &Books, id: &str) -> EngineResult<Option<StoredClient>> {
    Ok(books.ledger.client(id).await?.filter(|client| client.revoked_at.is_none()))
}
