//! `quittance init`: a data directory with an issuer and one billed organisation.

use std::path::Path;

use billing::ids::{IdError, OrganisationId};
use billing::money::Currency;
use billing::party::Organisation;
use serde_json::json;

use crate::cli::{InitArgs, Output};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &InitArgs) -> CommandResult {
    if DataDir::exists(dir) {
        let message = format!("{} is a data directory already", dir.display());
        return Err(Failure::new("data_dir.exists", message));
    }
    let data = DataDir::open_or_create(dir).await?;
    let _lock = data.lock().await?;
    let issuer = organisation("issuer", &args.issuer, args.currency, &args.country, None)?;
    let partner = organisation("partner", &args.partner, args.currency, &args.country, Some(&issuer.id))?;
    data.books.ledger.save_organisations(&[issuer.clone(), partner.clone()]).await?;
    data.books.ledger.set_setting("default_party", partner.id.as_str()).await?;
    let mut rows = Rows::new(&["organisation", "name", "billed by", "currency"], &[]);
    rows.push([issuer.id.to_string(), issuer.name.clone(), String::new(), String::new()]);
    rows.push([partner.id.to_string(), partner.name.clone(), issuer.id.to_string(), partner.currency.to_string()]);
    let value = json!({ "data_dir": dir, "issuer": issuer.id, "partner": partner.id, "currency": partner.currency });
    print(output, &value, &rows)?;
    Ok(Exit::Done)
}

fn organisation(
    id: &str,
    name: &str,
    currency: Currency,
    country: &str,
    billed_by: Option<&OrganisationId>,
) -> Result<Organisation, Failure> {
    let malformed = |error: IdError| Failure::new(error.code(), format!("{id}: {error}"));
    Ok(Organisation {
        id: id.parse().map_err(malformed)?,
        name: name.to_owned(),
        tenant_id: String::new(),
        partner_number: String::new(),
        address_lines: vec![],
        country: country.to_uppercase(),
        tax_id: String::new(),
        email: String::new(),
        currency,
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: billed_by.cloned(),
        tax: billing::party::TaxProfile::default(),
    })
}
