//! Who calls, and what of it they may see.

use std::str::FromStr;

use axum::http::HeaderMap;
use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::InvoiceNumber;
use billing::party::{Customer, Organisation, Subscription};
use engine::Books;
use engine::invoices::{self, IssuedInvoice};
use engine::tokens::{self, Action, Actor};
use formats::vendor::VendorError;
use formats::vendor::request::InvoiceKey;
use uuid::Uuid;

use crate::call::bearer_token;
use crate::failure::Failure;
use crate::identity;
use crate::state::AppState;

/// The proof that the caller may read billing data of one organisation. Handlers get documents here
/// and nowhere else: each is asked for with the organisation in the query, and checked once more.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) books: Books,
    actor: Actor,
}

impl Reader {
    /// # Errors
    /// 401 without a token that is known and valid, 403 for a role that reads no billing data.
    pub(crate) async fn admit(state: &AppState, headers: &HeaderMap) -> Result<Self, Failure> {
        let token = bearer_token(headers)?;
        let actor = identity::actor(state, token).await?.ok_or_else(Failure::token_refused)?;
        if !tokens::authorize(&actor, Action::ReadBilling, &actor.organisation) {
            return Err(VendorError::role_lacks_right("the role of this token does not read billing data").into());
        }
        Ok(Self { books: state.books.clone(), actor })
    }

    pub(crate) fn organisation_id(&self) -> &OrganisationId {
        &self.actor.organisation
    }

    /// The caller's organisation.
    ///
    /// # Errors
    /// Storage failures; 404 when it is gone.
    pub(crate) async fn organisation(&self) -> Result<Organisation, Failure> {
        let organisations = self.books.ledger.organisations().await.map_err(engine::EngineError::from)?;
        let own = organisations.into_iter().find(|organisation| organisation.id == self.actor.organisation);
        own.ok_or_else(|| VendorError::not_found("nothing is billed to this organisation").into())
    }

    /// The caller's invoices, by issue time and number.
    ///
    /// # Errors
    /// Storage failures.
    pub(crate) async fn invoices(&self) -> Result<Vec<IssuedInvoice>, Failure> {
        let mut issued = invoices::list(&self.books, Some(&self.actor.organisation)).await?;
        issued.retain(|issued| self.may_read(issued));
        Ok(issued)
    }

    /// The invoice that a decoded segment of a path names.
    ///
    /// # Errors
    /// The same 404 for a name that is no number, for an unknown number and for another's invoice.
    pub(crate) async fn invoice(&self, segment: &str) -> Result<IssuedInvoice, Failure> {
        let issued = invoices::find(&self.books, Some(&self.actor.organisation), &invoice_number(segment)?).await?;
        if self.may_read(&issued) { Ok(issued) } else { Err(Failure::no_such_invoice()) }
    }

    /// The caller's customer that a decoded segment of a path names.
    ///
    /// # Errors
    /// 400 for an unknown name that is no GUID; the same 404 for an unknown one and for another's.
    pub(crate) async fn customer(&self, segment: &str) -> Result<Customer, Failure> {
        for name in [segment.to_owned(), segment.to_ascii_lowercase()] {
            let Ok(id) = CustomerId::from_str(&name) else { continue };
            let customer = self.books.ledger.customer(&id).await.map_err(engine::EngineError::from)?;
            let own = customer.filter(|customer| customer.billed_party == self.actor.organisation);
            if let Some(customer) = own {
                return Ok(customer);
            }
        }
        Err(match Uuid::try_parse(segment) {
            Ok(_) => VendorError::customer_not_found("there is no such customer").into(),
            Err(_) => VendorError::invalid_customer("the id of a customer is a GUID").into(),
        })
    }

    /// The customer's subscription that a decoded segment of a path names.
    ///
    /// # Errors
    /// As [`Reader::customer`].
    pub(crate) async fn subscription(&self, customer: &Customer, segment: &str) -> Result<Subscription, Failure> {
        let names = [segment.to_owned(), segment.to_ascii_lowercase()];
        let ids: Vec<SubscriptionId> = names.iter().filter_map(|name| name.parse().ok()).collect();
        let found = self.books.ledger.named_subscriptions(&ids).await.map_err(engine::EngineError::from)?;
        let own = found.into_iter().find(|(_, owner)| owner.id == customer.id);
        own.map(|(subscription, _)| subscription).ok_or_else(|| match Uuid::try_parse(segment) {
            Ok(_) => VendorError::subscription_not_found("there is no such subscription").into(),
            Err(_) => VendorError::bad_identifier("the id of a subscription is a GUID").into(),
        })
    }

    /// # Errors
    /// 403 for a role that only reads.
    pub(crate) fn check_may_write(&self) -> Result<(), Failure> {
        match tokens::authorize(&self.actor, Action::WriteBilling, &self.actor.organisation) {
            true => Ok(()),
            false => Err(VendorError::role_lacks_right("the role of this token reads and does not write").into()),
        }
    }

    fn may_read(&self, issued: &IssuedInvoice) -> bool {
        tokens::authorize(&self.actor, Action::ReadBilling, &issued.stored.party)
    }
}

/// # Errors
/// 404 for what cannot be a number.
pub(crate) fn invoice_number(segment: &str) -> Result<InvoiceNumber, Failure> {
    let key = InvoiceKey::parse(segment).and_then(InvoiceKey::number);
    let number = key.ok().and_then(|number| InvoiceNumber::from_str(number).ok());
    number.ok_or_else(Failure::no_such_invoice)
}
