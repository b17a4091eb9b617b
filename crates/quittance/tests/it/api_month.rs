//! A month by the API alone, from the first organisation to the balances; `verify` finds the books sound.

use std::time::Duration;

use serde_json::{Value, json};

use crate::books::Books;
use crate::http::{Server, token};

/// A served data directory, and its issuer's administrator.
pub(crate) struct Desk {
    pub(crate) server: Server,
    token: String,
    sent: std::cell::Cell<u32>,
}

impl Desk {
    pub(crate) fn open(books: &Books) -> Self {
        let token = token(books, "--org issuer --role admin");
        Self { server: Server::start(books), token, sent: std::cell::Cell::new(0) }
    }

    #[track_caller]
    fn send(&self, path: &str, status: u16, body: &[u8]) -> Value {
        self.sent.set(self.sent.get() + 1);
        let answer = self.server.post(&format!("/api/v1/{path}"), &self.token, &format!("k-{}", self.sent.get()), body);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        answer.json()
    }

    #[track_caller]
    fn tell(&self, path: &str, status: u16, body: &Value) -> Value {
        self.send(path, status, body.to_string().as_bytes())
    }

    /// A file of which nothing is set aside.
    #[track_caller]
    fn import(&self, path: &str, file: &str, accepted: u64) {
        let report = self.send(path, 200, file.as_bytes());
        assert_eq!((&report["accepted"], &report["quarantined"]), (&json!(accepted), &json!(0)), "{path}: {report:#}");
    }

    #[track_caller]
    fn read(&self, path: &str) -> Value {
        let answer = self.server.read(&format!("/api/v1/{path}"), &self.token);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    #[track_caller]
    fn run(&self, request: &Value) -> Value {
        let id = self.tell("runs", 202, request)["id"].as_str().unwrap().to_owned();
        loop {
            let run = self.read(&format!("runs/{id}"));
            if run["state"] != "running" {
                assert_eq!(run["state"], "done", "{run:#}");
                return run;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

const USAGE: &str = "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure\n\
    r-1,2026-10-03,s-1,m-1,24,blocks,1 Hour\nr-2,2026-10-04,s-1,m-1,12.5,blocks,1 Hour\n";

fn directory_and_lists(desk: &Desk) {
    let north =
        json!({ "id": "north", "name": "North Retail", "currency": "EUR", "country": "fr", "payment_terms_days": 30 });
    let added = desk.tell("organisations", 201, &north);
    assert_eq!((&added["billed_by"], &added["country"]), (&json!("issuer"), &json!("FR")));
    desk.tell("organisations/north/customers", 201, &json!({ "id": "alder", "name": "Alder Mills", "country": "FR" }));
    desk.import("subscriptions", "subscription_id,customer_id,name,earned_credit\ns-1,alder,Plan,\n", 1);
    desk.import("price-sheets", "meter_id,currency,unit_of_measure,unit_price\nm-1,USD,1 Hour,2\n", 1);
    desk.import("exchange-rates", "CurrencyCode,USDPerUnit,Month\nEUR,1.25,202610\n", 1);
    desk.import("tax-rates", "code,rate,effective_from,country\nFR-20,0.2,2026-01-01,FR\n", 1);
    let offers = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from\n\
        suite,seat,P1Y,monthly,12.5,EUR,2026-01-01\n";
    desk.import("products", offers, 1);
}

fn orders_and_usage(desk: &Desk) {
    let order = |id: &str, at: &str, action: &str, seats: u32| {
        json!({
            "order_id": id, "ordered_at": at, "action": action, "customer": "alder", "subscription": "s-2",
            "seats": seats,
        })
    };
    let mut purchase = order("o-1", "2026-10-01T09:00:00Z", "purchase", 4);
    for (name, value) in [("product_id", "suite"), ("sku_id", "seat"), ("term", "P1Y"), ("billing_plan", "monthly")] {
        purchase[name] = json!(value);
    }
    let more = order("o-2", "2026-10-16T09:00:00Z", "change_seats", 6);
    let fewer = order("o-3", "2026-10-30T09:00:00Z", "change_seats", 0);
    let mut stranger = more.clone();
    stranger["customer"] = json!("nobody");
    let refused = desk.tell("organisations/north/orders", 422, &json!({ "orders": [fewer] }));
    assert_eq!(refused["errors"][0]["pointer"], "/orders/0/seats");
    let report = desk.tell("organisations/north/orders", 200, &json!({ "orders": [purchase, stranger, more] }));
    assert_eq!(report["accepted"], json!(["o-1", "o-2"]));
    assert_eq!(
        (&report["refused"][0]["pointer"], &report["refused"][0]["code"]),
        (&json!("/orders/1/customer"), &json!("customer.unknown"))
    );
    let again = desk.tell("organisations/north/orders", 200, &json!({ "orders": [purchase] }));
    assert_eq!((&again["accepted"], &again["duplicate"]), (&json!([]), &json!(1)));
    let changed = desk.read("organisations/north/subscriptions/s-2");
    assert_eq!(changed["orders"].as_array().unwrap().len(), 2);
    desk.import("usage", USAGE, 2);
    let adjustment = json!({ "reference": "offer 7", "amount": eur("-5.00"), "reason": "Offer" });
    desk.tell("organisations/north/adjustments", 201, &adjustment);
}

#[test]
fn a_month_by_the_api_alone() {
    let books = Books::init();
    let desk = Desk::open(&books);
    directory_and_lists(&desk);
    orders_and_usage(&desk);
    let rated = desk.run(&json!({ "kind": "rate", "period": "2026-10" }));
    // 36.5 hours at 2 dollars are 58.40 euros.
    let of = |run: &Value, party: &str| {
        let outcomes = run["outcomes"].as_array().unwrap();
        outcomes.iter().find(|outcome| outcome["organisation"] == party).unwrap().clone()
    };
    assert_eq!(of(&rated, "north")["outcome"], "rated");
    let closed = desk.run(&json!({ "kind": "close", "period": "2026-10" }));
    let north = of(&closed, "north");
    assert_eq!((&north["outcome"], &north["document"]), (&json!("issued"), &json!("G000000001")), "{north:#}");
    assert_eq!(of(&closed, "partner")["outcome"], "nothing_to_bill");

    // The command line shows the same document.
    let document = desk.read("documents/G000000001");
    let shown = books.json("invoices show G000000001");
    let total = document["summary"]["total"]["amount"].as_str().unwrap().to_owned();
    assert_eq!(shown["totalCharges"].to_string().parse::<billing::decimal::Decimal>(), total.parse());
    assert_eq!(document["adjusted"][0]["reference"], "offer 7");
    assert_eq!(document["taxes"][0]["code"], "FR-20");
    let lines = desk.read("documents/G000000001/lines");
    let subtotals: Vec<&str> =
        lines["items"].as_array().unwrap().iter().map(|line| line["subtotal"]["amount"].as_str().unwrap()).collect();
    assert!(subtotals.contains(&"58.40"), "{subtotals:?}");

    // An order of the closed month counts only where it is meant to come late.
    let late = json!({
        "order_id": "o-4", "ordered_at": "2026-10-20T09:00:00Z", "action": "change_seats", "customer": "alder",
        "subscription": "s-2", "seats": 7,
    });
    let report = desk.tell("organisations/north/orders", 200, &json!({ "orders": [late] }));
    assert_eq!(report["refused"][0]["code"], "order.period_closed");
    let report = desk.tell("organisations/north/orders", 200, &json!({ "orders": [late], "late": true }));
    assert_eq!(report["accepted"], json!(["o-4"]));
    let restatement = desk.read("documents/G000000001/restatement");
    assert_eq!(restatement["changes"].as_array().unwrap().len(), 2, "{restatement:#}");

    let bank = "date,amount,currency,reference,payer,remittance\n\
        2026-11-09,20.00,EUR,b-1,North,Invoice G000000001\n2026-11-09,7.00,EUR,b-2,Somebody,\n";
    let proposed = desk.send("bank-statements", 200, bank.as_bytes());
    let finding = |report: &Value, place: usize| report["entries"][place]["finding"].as_str().unwrap().to_owned();
    assert_eq!((finding(&proposed, 0).as_str(), finding(&proposed, 1).as_str()), ("named", "nothing"));
    let booked = desk.send("bank-statements?book=true", 200, bank.as_bytes());
    assert_eq!((&booked["entries"][0]["is_booked"], &booked["entries"][1]["is_booked"]), (&json!(true), &json!(false)));
    let payment = json!({
        "reference": "cash", "amount": eur("10.00"), "allocate": "documents", "documents": ["G000000001"],
    });
    desk.tell("organisations/north/payments", 201, &payment);

    let credit = desk.tell("documents/G000000001/credit", 201, &json!({ "reason": "wrong address" }));
    assert_eq!(credit["summary"]["amends"], "G000000001");
    let balances = desk.read("organisations/north/balances");
    assert_eq!(balances["balances"][0]["balance"], eur("0.00"), "{balances:#}");
    assert_eq!(balances["balances"][0]["unallocated"], eur("30.00"), "{balances:#}");
    let refund = json!({ "source": "G000000002", "reference": "back 1", "amount": eur("10.00") });
    desk.tell("organisations/north/payments/refund", 201, &refund);
    let events = desk.read("organisations/north/events");
    assert_eq!(events["items"].as_array().unwrap().last().unwrap()["event"], "refund_paid");
    let pdf = desk.server.read("/api/v1/documents/G000000002/pdf", &desk.token);
    assert!(pdf.body.starts_with(b"%PDF"), "{}", pdf.status);

    // A command that writes has its turn while the server runs, and the other way round.
    books.run("org add south --name South --currency EUR --country PT").exits(0);
    assert_eq!(desk.read("organisations/south")["name"], "South");
    let (code, _) = desk.server.stop("-TERM");
    assert_eq!(code, Some(0));
    books.verify_sound();
}

/// A plan of 1.00 an hour pays for half of a machine of 4.00 an hour.
#[test]
fn what_a_savings_plan_left_unused_is_read() {
    let books = Books::init();
    let desk = Desk::open(&books);
    directory_and_lists(&desk);
    let offers = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,category,hourly_commitment\n\
        saving,vm,P1Y,monthly,620,USD,2026-01-01,savings_plan,1\n";
    desk.import("products", offers, 1);
    desk.import(
        "savings-plans",
        "product_id,sku_id,meter_id,discount,effective_from\nsaving,vm,m-1,0.5,2026-01-01\n",
        1,
    );
    assert_eq!(desk.read("savings-plans")["items"].as_array().unwrap().len(), 1);
    let purchase = json!({
        "order_id": "o-1", "ordered_at": "2026-10-03T09:00:00Z", "action": "purchase", "customer": "alder",
        "subscription": "s-3", "seats": 1, "product_id": "saving", "sku_id": "vm", "term": "P1Y",
        "billing_plan": "monthly",
    });
    assert_eq!(
        desk.tell("organisations/north/orders", 200, &json!({ "orders": [purchase] }))["accepted"],
        json!(["o-1"])
    );
    desk.import("usage", USAGE, 2);
    let read = desk.read("organisations/north/savings-plans?period=2026-10");
    let plan = &read["plans"][0];
    // 24 hours at 1.00 are paid for, and 12.5 on the next day.
    let total = json!({ "commitment": "696", "used": "36.5", "unused": "659.5" });
    assert_eq!(
        (&plan["order_id"], &plan["currency"], &plan["total"]),
        (&json!("o-1"), &json!("USD"), &total),
        "{read:#}"
    );
    let second = json!({ "day": "2026-10-04", "commitment": "24", "used": "12.5", "unused": "11.5" });
    assert_eq!((plan["days"].as_array().unwrap().len(), &plan["days"][1]), (29, &second));
    assert_eq!(desk.read("organisations/north/savings-plans?period=2026-09")["plans"], json!([]));
}
