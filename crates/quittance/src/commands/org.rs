//! `quittance org`: billed organisations.

use std::path::Path;

use billing::party::{Organisation, TaxProfile};
use engine::organisations::add_organisation;

use crate::cli::{OrgAddArgs, OrgCommand, Output};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &OrgCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    if let OrgCommand::Add(args) = command {
        let _lock = data.lock().await?;
        add(&data, args).await?;
    }
    let organisations = data.books.ledger.organisations().await?;
    let mut rows = Rows::new(&["organisation", "name", "billed by", "currency", "country"], &[]);
    for organisation in &organisations {
        rows.push([
            organisation.id.to_string(),
            organisation.name.clone(),
            organisation.billed_by.as_ref().map(ToString::to_string).unwrap_or_default(),
            organisation.currency.to_string(),
            organisation.country.clone(),
        ]);
    }
    print(output, &organisations, &rows)?;
    Ok(Exit::Done)
}

async fn add(data: &DataDir, args: &OrgAddArgs) -> Result<(), Failure> {
    let organisation = Organisation {
        id: args.id.clone(),
        name: args.name.clone(),
        tenant_id: args.tenant_id.to_lowercase(),
        partner_number: args.partner_number.clone(),
        address_lines: args.address_lines.clone(),
        country: args.country.to_uppercase(),
        tax_id: args.tax_id.clone(),
        email: args.email.clone(),
        currency: args.currency,
        payment_terms_days: args.payment_terms_days,
        language: args.language.clone(),
        billed_by: Some(data.books.issuer().await?),
        tax: TaxProfile { treatment: args.tax_treatment, ..TaxProfile::default() },
    };
    Ok(add_organisation(&data.books, organisation).await?)
}
