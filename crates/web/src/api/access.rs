//! Who calls the API, and what of the books that is.

use std::str::FromStr;

use axum::http::{HeaderMap, StatusCode};
use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::party::Organisation;
use engine::Books;
use engine::invoices::{self, IssuedInvoice};
use engine::tokens::{Action, Actor, authorize};

use super::operations::Access;
use super::problem::Problem;
use crate::call::bearer_token;
use crate::identity;
use crate::state::AppState;

/// The proof that the caller may do one kind of thing. A billed party's token sees that party; an
/// issuer's sees those that the issuer bills. Handlers get organisations and documents here and
/// nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    books: Books,
    actor: Actor,
}

const NO_ORGANISATION: &str = "there is no such organisation";
const NO_DOCUMENT: &str = "there is no such document";

fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "access.role", detail)
}

impl Caller {
    /// # Errors
    /// 401 without a token that is known and valid, 403 for a role that may not do this.
    pub(crate) async fn admit(state: &AppState, headers: &HeaderMap, access: Access) -> Result<Self, Problem> {
        let token = bearer_token(headers).map_err(|_| {
            let detail = "the header Authorization has to carry a bearer token";
            Problem::new(StatusCode::UNAUTHORIZED, "access.token_missing", detail)
        })?;
        let actor = identity::actor(state, token).await?;
        // One answer for every reason: which of them it was helps only who should not get in.
        let unknown = || {
            let detail = "the token is not valid or has expired";
            Problem::new(StatusCode::UNAUTHORIZED, "access.token_refused", detail)
        };
        let caller = Self { books: state.books.clone(), actor: actor.ok_or_else(unknown)? };
        caller.check(access).await?;
        Ok(caller)
    }

    async fn check(&self, access: Access) -> Result<(), Problem> {
        let own = &self.actor.organisation;
        if !authorize(&self.actor, Action::ReadBilling, own) {
            return Err(refused("the role of this token does not read billing data"));
        }
        if matches!(access, Access::Write | Access::IssuerWrite) && !authorize(&self.actor, Action::WriteBilling, own) {
            return Err(refused("the role of this token reads and does not write"));
        }
        if matches!(access, Access::Issuer | Access::IssuerWrite) && self.books.issuer().await? != *own {
            return Err(refused("this is for tokens of the issuer"));
        }
        Ok(())
    }

    pub(crate) fn organisation(&self) -> &OrganisationId {
        &self.actor.organisation
    }

    fn sees(&self, party: &OrganisationId, issuer: Option<&OrganisationId>) -> bool {
        [Some(party), issuer].into_iter().flatten().any(|owner| authorize(&self.actor, Action::ReadBilling, owner))
    }

    /// All organisations that the caller sees, by id.
    ///
    /// # Errors
    /// Storage failures.
    pub(crate) async fn organisations(&self) -> Result<Vec<Organisation>, Problem> {
        let mut organisations = self.books.ledger.organisations().await?;
        organisations.retain(|organisation| self.sees(&organisation.id, organisation.billed_by.as_ref()));
        organisations.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(organisations)
    }

    /// The billed parties among them.
    ///
    /// # Errors
    /// Storage failures.
    pub(crate) async fn parties(&self) -> Result<Vec<Organisation>, Problem> {
        let mut organisations = self.organisations().await?;
        organisations.retain(|organisation| organisation.billed_by.is_some());
        Ok(organisations)
    }

    /// An organisation that a path or a query names.
    ///
    /// # Errors
    /// The same 404 for an unknown one and for another's.
    pub(crate) async fn seen(&self, name: &str) -> Result<Organisation, Problem> {
        let id = OrganisationId::from_str(name).ok();
        let found = self.organisations().await?.into_iter().find(|organisation| Some(&organisation.id) == id.as_ref());
        found.ok_or_else(|| Problem::not_found("organisation.unknown", NO_ORGANISATION))
    }

    /// As [`Caller::seen`], of those that somebody bills.
    ///
    /// # Errors
    /// As [`Caller::seen`].
    pub(crate) async fn party(&self, name: &str) -> Result<Organisation, Problem> {
        let found = self.seen(name).await?;
        match found.billed_by {
            Some(_) => Ok(found),
            None => Err(Problem::not_found("organisation.unknown", NO_ORGANISATION)),
        }
    }

    /// A party whose books the caller writes: it is its issuer.
    ///
    /// # Errors
    /// As [`Caller::seen`]; 403 for one that it only sees.
    pub(crate) async fn billed(&self, name: &str) -> Result<Organisation, Problem> {
        let party = self.party(name).await?;
        self.may_write(party.billed_by.as_ref())?;
        Ok(party)
    }

    fn may_write(&self, issuer: Option<&OrganisationId>) -> Result<(), Problem> {
        match issuer.is_some_and(|issuer| authorize(&self.actor, Action::WriteBilling, issuer)) {
            true => Ok(()),
            false => Err(refused("only a token of the issuer writes here")),
        }
    }

    /// A document that a path names.
    ///
    /// # Errors
    /// The same 404 for a name that is no number, for an unknown number and for another's document.
    pub(crate) async fn document(&self, name: &str) -> Result<IssuedInvoice, Problem> {
        let unknown = || Problem::not_found("invoice.unknown", NO_DOCUMENT);
        let number = InvoiceNumber::from_str(name).map_err(|_| unknown())?;
        let found = invoices::find(&self.books, None, &number).await;
        let issued = found.map_err(|error| match error.code.as_str() {
            "invoice.unknown" => unknown(),
            _ => error.into(),
        })?;
        match self.sees(&issued.stored.party, Some(&issued.stored.issuer)) {
            true => Ok(issued),
            false => Err(unknown()),
        }
    }

    /// A document of which the caller may know what only its issuer knows.
    ///
    /// # Errors
    /// As [`Caller::document`]; 403 for the party that it bills.
    pub(crate) async fn document_of_issuer(&self, name: &str) -> Result<IssuedInvoice, Problem> {
        let issued = self.document(name).await?;
        match authorize(&self.actor, Action::ReadBilling, &issued.stored.issuer) {
            true => Ok(issued),
            false => Err(refused("only a token of the issuer reads this")),
        }
    }

    /// A document whose account the caller writes.
    ///
    /// # Errors
    /// As [`Caller::document`]; 403 for one that it only sees.
    pub(crate) async fn issued(&self, name: &str) -> Result<IssuedInvoice, Problem> {
        let issued = self.document(name).await?;
        self.may_write(Some(&issued.stored.issuer))?;
        Ok(issued)
    }
}
