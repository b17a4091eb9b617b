//! Adds billed organisations, and names the one that bills them.

use billing::ids::OrganisationId;
use billing::party::Organisation;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};

impl Books {
    /// An organisation of this id, whether it is billed or not.
    ///
    /// # Errors
    /// `organisation.unknown`; storage failures.
    pub async fn organisation(&self, id: &OrganisationId) -> EngineResult<Organisation> {
        let unknown =
            || EngineError::new("organisation.unknown", format!("no organisation is called {:?}", id.as_str()));
        let known = self.ledger.organisations().await?;
        known.into_iter().find(|organisation| organisation.id == *id).ok_or_else(unknown)
    }

    /// The issuer at the top of the chain, whose lists and runs these books hold.
    ///
    /// # Errors
    /// `organisation.unknown` in books that have none; storage failures.
    pub async fn issuer(&self) -> EngineResult<OrganisationId> {
        let organisations = self.ledger.organisations().await?;
        let top = organisations.into_iter().find(|organisation| organisation.billed_by.is_none());
        top.map(|issuer| issuer.id)
            .ok_or_else(|| EngineError::new("organisation.unknown", "there is no issuer yet; run `quittance init`"))
    }
}

/// Adds an organisation that nobody has added before.
///
/// # Errors
/// `organisation.exists`, also for the same content; storage failures.
pub async fn add_organisation(books: &Books, new: Organisation) -> EngineResult<()> {
    let organisations = books.ledger.organisations().await?;
    if organisations.iter().any(|organisation| organisation.id == new.id) {
        return Err(EngineError::new("organisation.exists", format!("{:?} exists already", new.id.as_str())));
    }
    Ok(books.ledger.save_organisations(&[new]).await?)
}
