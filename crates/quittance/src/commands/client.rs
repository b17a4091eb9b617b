//! `quittance client`: programs that get their tokens for an id and a secret.

use std::path::Path;

use billing::ids::OrganisationId;
use billing::ports::StoredClient;
use engine::clients::{create, list, revoke};
use engine::tokens::Role;
use serde_json::json;
use uuid::Uuid;

use crate::cli::{ClientCommand, Output};
use crate::clock;
use crate::data_dir::{DataDir, random_bytes};
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &ClientCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    match command {
        ClientCommand::Create { org, role } => {
            let made = make(&data, org.as_ref(), *role).await?;
            let mut rows = Rows::new(&["organisation", "role", "client id", "client secret"], &[]);
            rows.push([made.organisation.to_string(), role.as_str().to_owned(), made.id.clone(), made.secret.clone()]);
            let value = json!({
                "organisation": made.organisation, "role": role.as_str(),
                "client_id": made.id, "client_secret": made.secret,
            });
            print(output, &value, &rows)?;
        }
        ClientCommand::List => show(output, &list(&data.books).await?)?,
        ClientCommand::Revoke { id } => {
            revoke(&data.books, id, clock::now()?).await?;
            show(output, &list(&data.books).await?)?;
        }
    }
    Ok(Exit::Done)
}

/// A client with its secret, which is shown once.
pub(crate) struct MadeClient {
    pub(crate) organisation: OrganisationId,
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Makes a client of an organisation, issuers among them, or of the default billed one.
pub(crate) async fn make(
    data: &DataDir,
    organisation: Option<&OrganisationId>,
    role: Role,
) -> Result<MadeClient, Failure> {
    let organisation = match organisation {
        Some(named) => data.books.organisation(named).await?.id,
        None => data.books.chosen_party(None).await?.id,
    };
    let id = Uuid::new_v4().to_string();
    let made = create(&data.books, &id, (&organisation, role), &random_bytes()?, clock::now()?).await?;
    Ok(MadeClient { organisation, id: made.id, secret: made.secret })
}

fn show(output: Output, clients: &[StoredClient]) -> Result<(), Failure> {
    let mut rows = Rows::new(&["organisation", "role", "client id", "made at", "revoked at"], &[]);
    for client in clients {
        rows.push([
            client.organisation.to_string(),
            client.role.clone(),
            client.id.clone(),
            client.created_at.to_string(),
            client.revoked_at.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    let value: Vec<_> = clients
        .iter()
        .map(|client| {
            json!({
                "organisation": client.organisation, "role": client.role, "client_id": client.id,
                "created_at": client.created_at, "revoked_at": client.revoked_at,
            })
        })
        .collect();
    print(output, &value, &rows)
}
