//! Access tokens that Quittance makes for scripts and laptops: stored hashed, shown once (D8).

use billing::ids::OrganisationId;
use billing::ports::{StoredToken, hex};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};

/// Every token begins so, for scanners of leaked secrets to know it.
const PREFIX: &str = "qtc_";

/// What a token's bearer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads the billing data of its organisation.
    Billing,
    /// Everything of its organisation: it also writes the books of those that its organisation bills.
    Admin,
    /// Nothing of billing; other roles of the vendor's world.
    Other,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Billing, Self::Admin, Self::Other];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::Admin => "admin",
            Self::Other => "other",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub organisation: OrganisationId,
    pub role: Role,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Documents and accounts.
    ReadBilling,
    /// Whatever changes the books.
    WriteBilling,
}

fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Makes a token out of `random` and stores its hash.
///
/// # Errors
/// Storage failures.
pub async fn create(
    books: &Books,
    organisation: &OrganisationId,
    role: Role,
    random: &[u8; 32],
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
) -> EngineResult<String> {
    let token = format!("{PREFIX}{}", hex(random));
    let stored = StoredToken {
        hash: hash(&token),
        organisation: organisation.clone(),
        role: role.as_str().to_owned(),
        created_at,
        expires_at,
    };
    books.ledger.add_token(&stored).await?;
    Ok(token)
}

/// The actor behind a token; `None` when it is unknown or has expired.
///
/// # Errors
/// Storage failures.
pub async fn actor(books: &Books, token: &str, now: Timestamp) -> EngineResult<Option<Actor>> {
    if !token.starts_with(PREFIX) || token.len() > 200 {
        return Ok(None);
    }
    let Some(stored) = books.ledger.token(&hash(token)).await? else { return Ok(None) };
    if stored.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Ok(None);
    }
    let role = Role::from_name(&stored.role)
        .ok_or_else(|| EngineError::damaged("a token", format!("role {:?}", stored.role)))?;
    Ok(Some(Actor { organisation: stored.organisation, role }))
}

/// Whether `actor` may do `action` on what belongs to `resource_owner`. The one place that decides.
#[must_use]
pub fn authorize(actor: &Actor, action: Action, resource_owner: &OrganisationId) -> bool {
    let by_role = match action {
        Action::ReadBilling => matches!(actor.role, Role::Billing | Role::Admin),
        Action::WriteBilling => matches!(actor.role, Role::Admin),
    };
    by_role && actor.organisation == *resource_owner
}
