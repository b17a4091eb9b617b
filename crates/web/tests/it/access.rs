//! Every route of the table has a case here; one without fails the test.

use web::routes::{Access, ROUTES};

use crate::client::Client;
use crate::export_access::is_of_exports;
use crate::world::{CLASSIC, CUSTOMER, UNKNOWN, World};

/// What another organisation gets.
#[derive(Clone, Copy)]
enum Others<'u> {
    /// The body of an unknown invoice, or customer.
    NotFound(&'u str),
    /// An answer about itself.
    OwnData,
}

/// A pattern, a request that its owner gets an answer to, and what others get for it.
const CASES: [(&str, &str, Others<'static>); 11] = [
    ("/v1/invoices", "/v1/invoices", Others::OwnData),
    ("/v1/invoices/summary", "/v1/invoices/summary", Others::OwnData),
    ("/v1/invoices/summaries", "/v1/invoices/summaries", Others::OwnData),
    ("/v1/invoices/estimates/links", "/v1/invoices/estimates/links", Others::OwnData),
    ("/v1/invoices/{invoice}", "/v1/invoices/G000000001", Others::NotFound("/v1/invoices/G000999999")),
    (
        "/v1/invoices/unbilled/lineitems",
        "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&period=current",
        Others::OwnData,
    ),
    (
        "/v1/invoices/{invoice}/lineitems",
        "/v1/invoices/G000000001/lineitems?provider=onetime&invoicelineitemtype=usagelineitems",
        Others::NotFound("/v1/invoices/G000999999/lineitems?provider=onetime&invoicelineitemtype=usagelineitems"),
    ),
    (
        "/v1/invoices/{invoice}/lineitems/{provider}/{type}",
        "/v1/invoices/G000000001/lineitems/OneTime/BillingLineItems",
        Others::NotFound("/v1/invoices/G000999999/lineitems/OneTime/BillingLineItems"),
    ),
    (
        "/v1/invoices/{invoice}/documents/statement",
        "/v1/invoices/G000000001/documents/statement",
        Others::NotFound("/v1/invoices/G000999999/documents/statement"),
    ),
    ("/v1/usagesummary", "/v1/usagesummary", Others::OwnData),
    ("/v1/customers/usagerecords", "/v1/customers/usagerecords", Others::OwnData),
];

/// The route of a customer, and of its classic subscription.
fn of_customer(pattern: &str, customer: &str) -> String {
    let path = pattern.replace("{customer}", customer).replace("{subscription}", CLASSIC);
    format!("{path}?start_time=2026-11-01T00:00:00Z&end_time=2026-12-01T00:00:00Z")
}

#[test]
fn every_route_asks_who_calls() {
    let world = World::new();
    world.use_classic();
    for route in ROUTES.iter().filter(|route| !is_of_exports(route.resource)) {
        let [own, unknown] = [CUSTOMER, UNKNOWN].map(|customer| of_customer(route.pattern, customer));
        let case = CASES.iter().find(|(pattern, ..)| *pattern == route.pattern);
        let (request, others) = match case {
            Some((_, request, others)) => (*request, *others),
            None if route.pattern.contains("{customer}") => (own.as_str(), Others::NotFound(&unknown)),
            None => {
                assert_eq!(route.access, Access::Anybody, "{} has no case", route.pattern);
                continue;
            }
        };
        let anonymous = world.anonymous();
        let no_token = anonymous.get(request);
        assert_eq!(no_token.error(401), 800_001, "{request}");
        assert_eq!(
            no_token.header("www-authenticate"),
            "OAuth realm=urn:cpsvc:cpid:00000000-0000-0000-0000-000000000000"
        );
        for refused in ["Bearer qtc_0000", "Basic cXRj", "Bearer", "nonsense"] {
            let code = anonymous.clone().with("Authorization", refused).get(request).error(401);
            assert_eq!(code, if refused == "Bearer" { 800_001 } else { 400 }, "{request} {refused}");
        }
        assert_eq!(anonymous.clone().with_token(&world.tokens.expired).get(request).error(401), 400);
        assert_eq!(anonymous.clone().with_token(&world.tokens.wrong_role).get(request).error(403), 900_150);
        assert_eq!(world.as_harrow().get(request).status, 200, "{request}");
        for token in [&world.tokens.other, &world.tokens.provider] {
            check_others(&anonymous.clone().with_token(token), request, others);
        }
    }
}

#[track_caller]
fn check_others(client: &Client, request: &str, others: Others<'_>) {
    let answer = client.get(request);
    match others {
        Others::NotFound(unknown) => {
            answer.error(404);
            assert_eq!(answer.text(), client.get(unknown).text(), "{request}");
        }
        Others::OwnData => {
            assert!(matches!(answer.status, 200 | 404), "{request}");
            for secret in ["G000000001", CUSTOMER, "Harrow"] {
                assert!(!answer.text().contains(secret), "{request} tells {secret}");
            }
        }
    }
}

#[test]
fn names_that_are_no_numbers_are_as_unknown_as_unknown_numbers() {
    let world = World::new();
    let client = world.as_harrow();
    let unknown = client.get("/v1/invoices/G000999999").text().to_owned();
    for name in ["unbilled", "x", "OneTime-", "G00000001", "%20", "..", "G000000001%00", "%F0%9F%98%80", "'--"] {
        let answer = client.get(&format!("/v1/invoices/{name}"));
        assert_eq!(answer.error(404), 1000, "{name}");
        assert_eq!(answer.text(), unknown, "{name}");
    }
}
