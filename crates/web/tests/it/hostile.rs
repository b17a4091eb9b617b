//! What no client would send: refused, never a 500, and the server goes on.

use std::time::Duration;

use web::Limits;

use crate::client::send_raw;
use crate::world::World;

/// The status; 0 where the connection was closed without one.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn request(world: &World, target: &str) -> String {
    let token = &world.tokens.harrow;
    format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")
}

#[test]
fn targets_that_no_client_sends() {
    let world = World::new();
    let many = format!("/v1/invoices?{}", "a=1&".repeat(10_000));
    let many_short = format!("/v1/invoices?{}", "a&".repeat(10_000));
    let same = format!("/v1/invoices?{}size=1", "size=&".repeat(4_000));
    let deep = format!("/v1/invoices?filter={}", "%5B".repeat(2_000));
    let long = format!("/v1/invoices/{}", "x".repeat(40_000));
    let slashes = format!("{}v1/invoices", "/".repeat(20_000));
    let versions = format!("{}/invoices", "/v1".repeat(5_000));
    let huge = format!("/v1/invoices/{}", "x".repeat(1_000_000));
    let rows: [(&str, &[u16]); 14] = [
        (&many, &[414]),
        (&many_short, &[200]),
        (&same, &[200]),
        (&deep, &[400]),
        (&long, &[414]),
        (&slashes, &[200]),
        (&versions, &[200]),
        (&huge, &[0, 414, 431]),
        ("/v1/invoices/%", &[404]),
        ("/v1/invoices/%ff%fe", &[404]),
        ("/v1/invoices?size=%", &[400]),
        ("/v1/invoices?size=99999999999999999999999999999999999999", &[200]),
        ("/v1/invoices/G000000001/lineitems/OneTime/UsageLineItems?offset=18446744073709551615", &[200]),
        ("/v1/invoices/\u{e9}?filter={\"a\":\"\u{e9}\"}", &[400, 404]),
    ];
    for (target, expected) in rows {
        let answer = send_raw(world.address(), request(&world, target).as_bytes());
        let shown: String = target.chars().take(60).collect();
        assert!(expected.contains(&status(&answer)), "{shown}: {answer:.200}");
    }
    assert_eq!(world.as_harrow().get("/v1/invoices").status, 200);
}

#[test]
fn requests_that_are_none() {
    let world = World::new();
    let token = &world.tokens.harrow;
    let line = "GET /v1/invoices HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let many_headers: String = (0..500).map(|index| format!("x-{index}: 1\r\n")).collect();
    let rows: [(String, &[u16]); 9] = [
        (format!("{line}Authorization: Bearer {token}\r\n evil: 1\r\n\r\n"), &[400, 401]),
        (format!("{line}Authorization: Bearer {token}\nX: 1\r\n\r\n"), &[200, 400]),
        (format!("{line}Authorization: Bearer {token}\0\r\n\r\n"), &[400, 401]),
        (format!("{line}Authorization: Bearer {token}\r\nAuthorization: Bearer x\r\n\r\n"), &[401]),
        (format!("{line}Authorization: Bearer {}\r\n\r\n", "x".repeat(60_000)), &[401, 431]),
        (format!("{line}MS-ContinuationToken: \u{e9}\r\nAuthorization: Bearer {token}\r\n\r\n"), &[200, 400]),
        (format!("{line}{many_headers}\r\n"), &[431]),
        (format!("{line}Authorization: Bearer {token}\r\nContent-Length: 99999999999\r\n\r\n"), &[413]),
        ("\u{16}\u{3}\u{1}nonsense\r\n\r\n".to_owned(), &[0, 400]),
    ];
    for (request, expected) in rows {
        let answer = send_raw(world.address(), request.as_bytes());
        assert!(expected.contains(&status(&answer)), "{request:.120}: {answer:.200}");
    }
    assert_eq!(world.as_harrow().get("/v1/invoices").status, 200);
}

#[test]
fn a_request_that_takes_too_long_is_told_so() {
    // With no place at all a request waits until its time is over.
    let limits = Limits { request_count_max: 0, request_timeout: Duration::from_millis(50), ..Limits::default() };
    let world = World::with_limits(limits);
    assert_eq!(world.as_harrow().get("/v1/invoices").error(504), 800_003);
}

#[test]
fn requests_that_come_at_once_wait_for_one_another() {
    let limits = Limits { request_count_max: 1, connection_count_max: 2, ..Limits::default() };
    let world = World::with_limits(limits);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || {
            let client = world.as_harrow().with("Connection", "close");
            client.get("/v1/invoices/G000000001/lineitems/OneTime/UsageLineItems").status
        };
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 8]);
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let world = World::with_limits(Limits { header_timeout: Duration::from_millis(200), ..Limits::default() });
    let answer = send_raw(world.address(), b"GET /healthz HTTP/1.1\r\nHost: x\r\n");
    assert!(matches!(status(&answer), 0 | 408), "{answer}");
}

#[test]
fn no_answer_tells_what_happened_inside() {
    let world = World::new();
    // A rated file that is gone is our fault, and its path is nobody's business.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let files = runtime.block_on(world.books.ledger.rated_files()).unwrap();
    world.books.usage.remove(&files).unwrap();
    let answer = world.as_harrow().get("/v1/invoices/G000000001/lineitems/OneTime/UsageLineItems");
    assert_eq!(answer.error(500), 800_003);
    for secret in [".parquet", "usage/", "tmp", "storage", "file"] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
}

#[test]
fn a_server_that_is_told_to_stop_stops() {
    let mut world = World::new();
    assert_eq!(world.as_harrow().get("/v1/invoices").status, 200);
    world.shut_down();
    assert!(std::net::TcpStream::connect(world.address()).is_err());
}
