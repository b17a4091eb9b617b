//! What stands around the bodies.

use crate::client::send_raw;
use crate::world::World;

const ID: &str = "3f1f2b6e-8a44-4c55-9d0f-61b3b9a0c7e2";

#[test]
fn ids_are_echoed_or_made() {
    let world = World::new();
    let echoed = world.as_harrow().with("MS-RequestId", &ID.to_uppercase()).with("ms-correlationid", ID);
    for path in ["/v1/invoices", "/v1/invoices/G000999999", "/v1/nothing"] {
        let answer = echoed.get(path);
        assert_eq!(answer.header("ms-requestid"), ID, "{path}");
        assert_eq!(answer.header("ms-correlationid"), ID, "{path}");
        assert!(answer.header("ms-cv").ends_with(".0"));
        assert!(answer.header("ms-serverid").bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.header("date").is_empty());
    }
    let made = world.as_harrow().with("MS-RequestId", "not a guid").get("/v1/invoices");
    assert_eq!(made.header("ms-requestid").len(), 36);
    assert_ne!(made.header("ms-requestid"), made.header("ms-correlationid"));
}

#[test]
fn every_locale_is_accepted() {
    let world = World::new();
    for locale in ["en-US", "\"en-US\"", "de-DE", "xx", ""] {
        let answer = world.as_harrow().with("X-Locale", locale).get("/v1/invoices");
        assert_eq!((answer.status, answer.header("x-locale")), (200, "en-US"), "{locale}");
    }
}

#[test]
fn answers_are_compressed_only_when_asked() {
    let world = World::new();
    let plain = world.as_harrow().with("Accept-Encoding", "identity").get("/v1/invoices");
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.text().starts_with('{'), "no byte-order mark");
    let packed = world.as_harrow().with("Accept-Encoding", "gzip, deflate").get("/v1/invoices");
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed.bytes[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.text());
    let statement = "/v1/invoices/G000000001/documents/statement";
    assert_eq!(world.as_harrow().with("Accept-Encoding", "gzip").get(statement).header("content-encoding"), "");
}

#[test]
fn a_head_request_has_the_headers_of_its_answer_and_no_body() {
    let world = World::new();
    let request = format!(
        "HEAD /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: bearer {}\r\nConnection: close\r\n\r\n",
        world.tokens.harrow
    );
    let answer = send_raw(world.address(), request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: application/json; charset=utf-8"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}
