//! Paths and queries in the forms that clients send.

use crate::world::World;

#[test]
fn paths_of_all_clients_reach_their_route() {
    let world = World::new();
    let client = world.as_harrow();
    for path in [
        "/v1//invoices",
        "/V1/v1/Invoices/",
        "/v1//v1/INVOICES?size=1?offset=0",
        "/v1/invoices/summary/",
        "/v1/Invoices/SUMMARIES?Fragment%20=Full&&unknown=1",
        "/v1/INVOICES/recurring-g000000001",
        "/v1/invoices/OneTime-G000000001/lineitems/ONETIME/BILLINGLINEITEMS",
        "/v1/invoices//OneTime-G000000001//documents//STATEMENT",
        "/v1/invoices/g000000001/lineitems?Provider=onetime&CurrencyCode=&INVOICELINEITEMTYPE=usagelineitems&period=",
    ] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
}

#[test]
fn what_is_not_there_and_what_cannot_be_done_have_the_body_of_the_api() {
    let world = World::new();
    for path in ["/", "/v1", "/v2/invoices", "/v1/invoices/G1/lineitems/OneTime", "/v1/ratecards/azure", "/favicon.ico"]
    {
        assert_eq!(world.anonymous().get(path).error(404), 1000, "{path}");
    }
    for path in ["/v1/invoices", "/healthz", "/v1/invoices/G000000001/documents/statement"] {
        let answer = world.as_harrow().post(path);
        assert_eq!(answer.error(405), 900_141, "{path}");
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
}

#[test]
fn links_of_answers_are_relative_and_repaired() {
    let world = World::new();
    let page = world
        .as_harrow()
        .get_as("Collection", "/v1//v1/Invoices?Size=1&x=%zz1&seekOperation=Next".replace("%zz", "%7C").as_str());
    assert_eq!(page["links"]["self"]["uri"], "/Invoices?Size=1&x=%7C1");
}
