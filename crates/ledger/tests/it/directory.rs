use billing::period::DayRange;
use billing::ports::Ledger;

use crate::world::{ISSUER, World, check_refused, customer, id, organisation, subscription};

#[tokio::test]
async fn a_partys_directory_holds_what_is_below_it() {
    let world = World::new().await;
    let mut plan = subscription("plan-1", "customer-1");
    plan.earned_credit = vec![DayRange { from: jiff::civil::date(2026, 10, 1), until: None }];
    let customers = [("customer-1", "party-1"), ("customer-2", "party-1"), ("customer-3", "party-2")];
    let customers = customers.map(|(name, party)| customer(name, party));
    world.ledger.save_customers(&customers).await.unwrap();
    world.ledger.save_subscriptions(&[plan.clone(), subscription("plan-3", "customer-3")]).await.unwrap();

    let directory = world.ledger.party_directory(&id("party-1")).await.unwrap().unwrap();
    assert_eq!(directory.issuer, organisation(ISSUER, None));
    assert_eq!(directory.party, organisation("party-1", Some(ISSUER)));
    assert_eq!(directory.customers.values().collect::<Vec<_>>(), customers[..2].iter().collect::<Vec<_>>());
    assert_eq!(directory.subscriptions.into_values().collect::<Vec<_>>(), [plan]);
    // Nobody bills the issuer.
    assert_eq!(world.ledger.party_directory(&id(ISSUER)).await.unwrap(), None);
    assert_eq!(world.ledger.party_directory(&id("nobody")).await.unwrap(), None);

    let subscriptions = world.ledger.subscriptions().await.unwrap();
    let parties: Vec<_> = subscriptions.iter().map(|(plan, _, party)| (plan.as_str(), party.as_str())).collect();
    assert_eq!(parties, [("plan-1", "party-1"), ("plan-3", "party-2")]);
}

#[tokio::test]
async fn saving_replaces() {
    let world = World::new().await;
    world.ledger.save_customers(&[customer("customer-1", "party-1")]).await.unwrap();
    world.ledger.save_subscriptions(&[subscription("plan-1", "customer-1")]).await.unwrap();
    let mut moved = customer("customer-1", "party-2");
    moved.name = "Moved".to_owned();
    world.ledger.save_customers(std::slice::from_ref(&moved)).await.unwrap();
    let mut renamed = organisation("party-1", Some(ISSUER));
    renamed.name = "Renamed".to_owned();
    world.ledger.save_organisations(std::slice::from_ref(&renamed)).await.unwrap();

    assert_eq!(world.ledger.customer(&moved.id).await.unwrap(), Some(moved));
    assert!(world.ledger.organisations().await.unwrap().contains(&renamed));
    assert_eq!(world.ledger.subscriptions().await.unwrap()[0].2, id("party-2"));
}

#[tokio::test]
async fn nobody_hangs_in_the_air() {
    let world = World::new().await;
    let refused = "ledger.reference_unknown";
    check_refused(world.ledger.save_customers(&[customer("c", "nobody")]).await, refused);
    check_refused(world.ledger.save_subscriptions(&[subscription("s", "nobody")]).await, refused);
    check_refused(world.ledger.save_organisations(&[organisation("o", Some("nobody"))]).await, refused);
    // Whoever bills may stand behind those it bills.
    let chain = [organisation("reseller", Some("provider")), organisation("provider", None)];
    world.ledger.save_organisations(&chain).await.unwrap();
    world.check_sound().await;
}
