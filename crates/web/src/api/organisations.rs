//! Issuers and billed organisations.

use billing::party::{Organisation, TaxProfile};
use engine::organisations::add_organisation;

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{self, NewOrganisation, OrganisationPage};

const TERMS_DAYS_DEFAULT: u16 = 60;

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let seen = call.caller.organisations().await?.iter().map(shapes::Organisation::from).collect();
    let page = page::of_texts(&call, seen, shapes::Organisation::key)?;
    Reply::ok(&OrganisationPage::from(page))
}

pub(super) async fn show(call: Call) -> Result<Reply, Problem> {
    let organisation = call.caller.seen(call.path("organisation")).await?;
    Reply::ok(&shapes::Organisation::from(&organisation))
}

pub(super) async fn add(mut write: WriteCall) -> Result<Reply, Problem> {
    let new: NewOrganisation = write.json()?;
    let books = write.call.books();
    let organisation = Organisation {
        id: new.id,
        name: new.name,
        tenant_id: new.tenant_id.to_lowercase(),
        partner_number: new.partner_number,
        address_lines: new.address_lines,
        country: new.country.to_uppercase(),
        tax_id: new.tax_id,
        email: new.email,
        currency: new.currency,
        payment_terms_days: new.payment_terms_days.unwrap_or(TERMS_DAYS_DEFAULT),
        language: new.language.unwrap_or_default().as_str().to_owned(),
        billed_by: Some(books.issuer().await?),
        tax: TaxProfile { treatment: new.tax_treatment.unwrap_or_default().into(), ..TaxProfile::default() },
    };
    if let Err(error) = add_organisation(books, organisation.clone()).await {
        // The attempt before may have added it.
        let known = books.ledger.organisations().await?;
        if !write.attempt.is_repeated() || !known.contains(&organisation) {
            return Err(error.into());
        }
    }
    Reply::created(&shapes::Organisation::from(&organisation))
}
