//! Statements: with a token, and through a link that was handed out.

use crate::world::World;

const STATEMENT: &str = "/v1/invoices/G000000001/documents/statement";

fn handed_out(world: &World) -> String {
    let invoice = world.as_harrow().get_as("Invoice", "/v1/invoices/G000000001");
    let link = invoice["pdfDownloadLink"].as_str().unwrap();
    assert!(link.starts_with("/invoices/G000000001/documents/statement?expires="), "{link}");
    format!("/v1{link}")
}

#[test]
fn a_token_needs_no_signature() {
    let world = World::new();
    for accept in ["application/pdf", "application/json"] {
        let answer = world.as_harrow().with("Accept", accept).get(STATEMENT);
        assert_eq!((answer.status, answer.text()), (200, "%PDF-1.7 G000000001 with 6 lines"));
        assert_eq!(answer.header("content-type"), "application/pdf");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=Invoice_G000000001.pdf");
    }
}

#[test]
fn a_link_opens_without_a_token_for_half_an_hour() {
    let world = World::new();
    let link = handed_out(&world);
    assert_eq!(world.anonymous().get(&link).status, 200);
    world.set_clock("2026-11-10T12:29:59Z");
    assert_eq!(world.anonymous().get(&link).status, 200);
    world.set_clock("2026-11-10T12:30:00Z");
    let expired = world.anonymous().get(&link);
    expired.error(410);
    assert!(expired.text().contains("read the invoice again"), "{}", expired.text());
    // With a token the link does not expire.
    assert_eq!(world.as_harrow().get(&link).status, 200);
    assert_eq!(world.anonymous().with_token(&world.tokens.other).get(&link).error(404), 1000);
}

#[test]
fn a_link_that_was_changed_opens_nothing() {
    let world = World::new();
    let link = handed_out(&world);
    let (path, signature) = link.split_once("&signature=").unwrap();
    let (_, expires) = path.split_once("expires=").unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let other_letter = format!("{first}{}", &signature[1..]);
    for changed in [
        format!("{STATEMENT}?expires={expires}&signature={other_letter}"),
        format!("{STATEMENT}?expires={expires}&signature={signature}A"),
        format!("{STATEMENT}?expires={expires}&signature={}", &signature[1..]),
        format!("{STATEMENT}?expires={expires}1&signature={signature}"),
        format!("{STATEMENT}?expires=x&signature={signature}"),
        format!("{STATEMENT}?expires=-9223372036854775809&signature={signature}"),
        format!("{STATEMENT}?signature={signature}"),
        format!("{STATEMENT}?expires={expires}&signature=%F0%9F%98%80"),
        // The other party's invoice, and none at all: the same answer.
        format!("/v1/invoices/G000000002/documents/statement?expires={expires}&signature={signature}"),
        format!("/v1/invoices/G000999999/documents/statement?expires={expires}&signature={signature}"),
        format!("/v1/invoices/unbilled/documents/statement?expires={expires}&signature={signature}"),
    ] {
        assert_eq!(world.anonymous().get(&changed).error(401), 400, "{changed}");
    }
    assert_eq!(world.anonymous().get(&format!("{STATEMENT}?expires={expires}")).error(401), 800_001);
}
