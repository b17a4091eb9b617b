//! What many parties are billed from, in one query of each kind.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::ports::BilledParty;
use sqlx::SqliteConnection;

use crate::error::Result;
use crate::{adjustments, closing, directory, orders, restatements};

pub(crate) async fn load(
    snapshot: &mut SqliteConnection,
    parties: &[OrganisationId],
    orders_through: u64,
) -> Result<BTreeMap<OrganisationId, BilledParty>> {
    let ids = serde_json::to_string(parties)?;
    let directories = directory::directories(&mut *snapshot, &ids).await?;
    let mut closures = by_party(closing::of_parties(&mut *snapshot, &ids).await?, |closure| closure.party.clone());
    let mut orders =
        by_party(orders::of_parties(&mut *snapshot, &ids, orders_through).await?, |(party, _)| party.clone());
    let waiting = adjustments::of_parties(&mut *snapshot, &ids).await?;
    let mut adjustments = by_party(waiting, |(party, _)| party.clone());
    let restated = restatements::of_parties(&mut *snapshot, &ids).await?;
    let mut restated = by_party(restated, |(party, _)| party.clone());
    let billed = directories.into_iter().map(|(party, directory)| {
        let billed = BilledParty {
            directory,
            closures: closures.remove(&party).unwrap_or_default(),
            orders: orders.remove(&party).unwrap_or_default().into_iter().map(|(_, order)| order).collect(),
            adjustments: adjustments.remove(&party).unwrap_or_default().into_iter().map(|(_, one)| one).collect(),
            restated: restated.remove(&party).unwrap_or_default().into_iter().map(|(_, month)| month).collect(),
        };
        (party, billed)
    });
    Ok(billed.collect())
}

fn by_party<T>(values: Vec<T>, party: impl Fn(&T) -> OrganisationId) -> BTreeMap<OrganisationId, Vec<T>> {
    let mut parties: BTreeMap<OrganisationId, Vec<T>> = BTreeMap::new();
    for value in values {
        parties.entry(party(&value)).or_default().push(value);
    }
    parties
}
