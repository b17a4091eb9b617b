//! Files of exports, as clients of a blob storage read them.

use crate::client::Answer;
use crate::exports::{BASE, BILLED, export, files, lines};
use crate::world::{OCTOBER_DAY_COUNT, World};

/// The address of the one file of an export.
fn file(world: &World) -> String {
    let client = world.as_harrow();
    let operation = export(&client, &format!("{BASE}/usage/billed/export"), BILLED);
    files(&client, &operation["resourceLocation"]).remove(0)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("x-ms-error-code")), (status, code), "{}", answer.text());
    assert!(!answer.header("x-ms-request-id").is_empty());
}

#[test]
fn a_file_is_read_whole_and_in_parts() {
    let world = World::new();
    let (client, path) = (world.anonymous(), file(&world));
    let whole = client.clone().with("Accept-Encoding", "gzip, deflate").get(&path);
    assert_eq!((whole.status, whole.header("content-encoding")), (200, ""));
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert_eq!((whole.header("accept-ranges"), whole.header("x-ms-blob-type")), ("bytes", "BlockBlob"));
    assert_eq!(whole.header("last-modified"), "Tue, 10 Nov 2026 12:00:00 GMT");
    assert_eq!(whole.header("content-length"), whole.bytes.len().to_string());
    assert_eq!(lines(&whole.bytes).len(), OCTOBER_DAY_COUNT);
    let total = whole.bytes.len();
    let part = |name: &str, range: &str, first: usize, last: usize| {
        let answer = client.clone().with(name, range).get(&path);
        assert_eq!((answer.status, answer.bytes.as_slice()), (206, &whole.bytes[first..=last]), "{name}: {range}");
        assert_eq!(answer.header("content-range"), format!("bytes {first}-{last}/{total}"));
        assert_eq!(answer.header("etag"), whole.header("etag"));
    };
    part("Range", "bytes=0-9", 0, 9);
    part("x-ms-range", "bytes=5-", 5, total - 1);
    part("Range", &format!("bytes=7-{}", total * 2), 7, total - 1);
    let both = client.clone().with("Range", "bytes=0-0").with("x-ms-range", "bytes=1-3").get(&path);
    assert_eq!(both.bytes, whole.bytes[1..=3]);
    let beyond = client.clone().with("Range", &format!("bytes={total}-")).get(&path);
    refused(&beyond, 416, "InvalidRange");
    assert_eq!(beyond.header("content-range"), format!("bytes */{total}"));
    let head = client.call("HEAD", &path, "");
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), total.to_string());
}

#[test]
fn a_file_is_the_one_that_was_meant() {
    let world = World::new();
    let (client, path) = (world.anonymous(), file(&world));
    let etag = client.get(&path).header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'));
    let with = |tag: &str| client.clone().with("If-Match", tag).get(&path);
    for tag in [etag.as_str(), "*", &format!("\"other\", {etag}")] {
        assert_eq!(with(tag).status, 200, "{tag}");
    }
    refused(&with("\"0x1\""), 412, "ConditionNotMet");
}

#[test]
fn a_token_is_not_looked_at() {
    let world = World::new();
    let path = file(&world);
    for client in [world.anonymous().with_token("qtc_nonsense"), world.anonymous().with_token(&world.tokens.other)] {
        assert_eq!(client.get(&path).status, 200);
    }
}

#[test]
fn a_link_opens_its_files_for_twelve_hours() {
    let world = World::new();
    let (client, path) = (world.anonymous(), file(&world));
    world.set_clock("2026-11-10T23:59:59Z");
    assert_eq!(client.get(&path).status, 200);
    world.set_clock("2026-11-11T00:00:00Z");
    refused(&client.get(&path), 403, "AuthenticationFailed");
    // A new export of the same data does not bring the old link back.
    let again = file(&world);
    refused(&client.get(&path), 403, "AuthenticationFailed");
    assert_eq!(client.get(&again).status, 200);
}

#[test]
fn a_link_that_was_changed_opens_nothing() {
    let world = World::new();
    let (client, path) = (world.anonymous(), file(&world));
    let (address, query) = path.split_once('?').unwrap();
    let (folder, name) = address.rsplit_once('/').unwrap();
    let (_, signature) = query.split_once("&sig=").unwrap();
    let other_letter = if signature.starts_with('A') { "B" } else { "A" };
    let later = query.replace("2026%2D11%2D11", "2036%2D11%2D11");
    assert_ne!(later, query);
    for changed in [
        address.to_owned(),
        format!("{address}?{later}"),
        path.replace(&format!("&sig={signature}"), &format!("&sig={other_letter}{}", &signature[1..])),
        path.replace(&format!("&sig={signature}"), ""),
        path.replace(&format!("&sig={signature}"), "&sig=%F0%9F%98%80"),
        format!("/exports/billedusage/v1/b7c1d9e4-3a52-4f08-9d6e-2c81f5a07b34/{name}?{query}"),
        format!("/exports/billedusage/v1/..%2F..%2Fledger.db/{name}?{query}"),
    ] {
        refused(&client.get(&changed), 403, "AuthenticationFailed");
    }
    let other_folder = folder.replace("billedusage", "billedreconciliation");
    for unknown in [
        format!("{folder}/export.json?{query}"),
        format!("{folder}/..%2F..%2F..%2Fledger.db?{query}"),
        format!("{folder}/%2Fetc%2Fpasswd?{query}"),
        format!("{folder}/{name}%00?{query}"),
        format!("{other_folder}/{name}?{query}"),
    ] {
        refused(&client.get(&unknown), 404, "BlobNotFound");
    }
}

#[test]
fn another_export_has_another_signature() {
    let world = World::new();
    let path = file(&world);
    let client = world.as_harrow();
    let operation = export(&client, &format!("{BASE}/reconciliation/billed/export"), BILLED);
    let other: String = files(&client, &operation["resourceLocation"]).remove(0);
    let (address, _) = path.split_once('?').unwrap();
    let (_, query) = other.split_once('?').unwrap();
    refused(&world.anonymous().get(&format!("{address}?{query}")), 403, "AuthenticationFailed");
}
