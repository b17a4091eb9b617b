use billing::invoice::BlobDigest;
use billing::ports::{Ledger, ListKind, StoredToken};

use crate::world::{World, at, check_refused, id};

#[tokio::test]
async fn blobs_are_found_by_their_digest() {
    let world = World::new().await;
    let digest = world.ledger.put_blob(b"abc").await.unwrap();
    assert_eq!(digest.0, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(world.ledger.put_blob(b"abc").await.unwrap(), digest);
    assert_eq!(world.ledger.blob(&digest).await.unwrap().as_deref(), Some(b"abc".as_slice()));
    assert_eq!(world.ledger.blob(&BlobDigest("00".to_owned())).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_is_added_unless_it_is_the_last_one() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let [a, b] = [ledger.put_blob(b"a").await.unwrap(), ledger.put_blob(b"b").await.unwrap()];
    let day = at("2026-11-01T00:00:00Z");
    let mut added = Vec::new();
    for digest in [&a, &a, &b, &a] {
        added.push(ledger.add_list(ListKind::PriceSheet, digest, "sheet.csv", day).await.unwrap());
    }
    assert_eq!(added, [true, false, true, true]);
    assert_eq!(ledger.lists(ListKind::PriceSheet).await.unwrap(), [a.clone(), b.clone(), a.clone()]);

    assert!(ledger.lists(ListKind::ExchangeRates).await.unwrap().is_empty());
    assert!(ledger.add_list(ListKind::ExchangeRates, &b, "rates.csv", day).await.unwrap());
    assert!(!ledger.add_list(ListKind::ExchangeRates, &b, "rates.csv", day).await.unwrap());
    assert_eq!(ledger.lists(ListKind::ExchangeRates).await.unwrap(), [b]);
    let unknown = BlobDigest("00".repeat(32));
    check_refused(
        ledger.add_list(ListKind::ExchangeRates, &unknown, "rates.csv", day).await,
        "ledger.reference_unknown",
    );
    world.check_sound().await;
}

#[tokio::test]
async fn tokens_and_settings_are_kept() {
    let world = World::new().await;
    let token = StoredToken {
        hash: "22".repeat(32),
        organisation: id("party-1"),
        role: "reader".to_owned(),
        created_at: at("2026-11-01T00:00:00.123456789Z"),
        expires_at: Some(at("2027-11-01T00:00:00Z")),
    };
    let endless = StoredToken { hash: "33".repeat(32), expires_at: None, ..token.clone() };
    for token in [&token, &endless] {
        world.ledger.add_token(token).await.unwrap();
        assert_eq!(world.ledger.token(&token.hash).await.unwrap().as_ref(), Some(token));
    }
    check_refused(world.ledger.add_token(&token).await, "ledger.conflict");
    assert_eq!(world.ledger.token("44").await.unwrap(), None);

    assert_eq!(world.ledger.setting("cut-off").await.unwrap(), None);
    for value in ["3", "5"] {
        world.ledger.set_setting("cut-off", value).await.unwrap();
        assert_eq!(world.ledger.setting("cut-off").await.unwrap().as_deref(), Some(value));
    }
}
