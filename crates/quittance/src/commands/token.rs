//! `quittance token`: access tokens for the API.

use std::path::Path;

use billing::ids::OrganisationId;
use engine::tokens::{Role, create};
use jiff::ToSpan;
use serde_json::json;

use crate::cli::{Output, TokenCommand};
use crate::clock;
use crate::data_dir::{DataDir, random_bytes};
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &TokenCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let TokenCommand::Create { org, role, expires_in_days } = command;
    let (organisation, token) = make(&data, org.as_ref(), *role, *expires_in_days).await?;
    let mut rows = Rows::new(&["organisation", "role", "token"], &[]);
    let role = role.as_str();
    rows.push([organisation.to_string(), role.to_owned(), token.clone()]);
    print(output, &json!({ "organisation": organisation, "role": role, "token": token }), &rows)?;
    Ok(Exit::Done)
}

/// Makes a token for an organisation, issuers among them, or for the default billed one.
pub(crate) async fn make(
    data: &DataDir,
    organisation: Option<&OrganisationId>,
    role: Role,
    expires_in_days: Option<u16>,
) -> Result<(OrganisationId, String), Failure> {
    let organisation = match organisation {
        Some(named) => data.books.organisation(named).await?.id,
        None => data.books.chosen_party(None).await?.id,
    };
    let now = clock::now()?;
    let expires_at = expires_in_days
        .map(|days| now.checked_add((i64::from(days) * 24).hours()))
        .transpose()
        .map_err(|error| Failure::new("clock.malformed", error.to_string()))?;
    let token = create(&data.books, &organisation, role, &random_bytes()?, now, expires_at).await?;
    Ok((organisation, token))
}
