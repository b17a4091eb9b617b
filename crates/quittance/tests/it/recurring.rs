//! A classic licence from its offer to the printed and the explained recurring invoice.

use serde_json::json;

use crate::books::{Books, numbers};

#[test]
fn a_recurring_invoice_is_listed_explained_and_printed() {
    let books = Books::init();
    books.write("customers.csv", "customer_id,name\nalder,Alder\n");
    books.write(
        "offers.csv",
        "product_id,sku_id,product_name,term,billing_plan,unit_price,currency,effective_from,generation\n\
         91FD106F,2F707C7C,Mailbox,P1Y,monthly,4,USD,2026-01-01,classic\n",
    );
    books.write(
        "orders.csv",
        "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats,discount\n\
         o-1,2026-09-13T09:00:00Z,purchase,alder,mail,91FD106F,2F707C7C,P1Y,monthly,1,0.1\n\
         o-2,2026-10-01T09:00:00Z,change_seats,alder,mail,,,,,2,\n",
    );
    for line in ["import customers customers.csv", "import offers offers.csv", "import orders orders.csv"] {
        books.run(line).exits(0);
    }
    books.run("close --period 2026-09").exits(0);
    let preview = books.json("close --period 2026-10 --preview");
    assert_eq!(preview["documents"][0]["header"]["number"], "D000000002");
    let closed = books.json("close --period 2026-10");
    assert_eq!(closed["issued"][0]["total"], "8.64");
    assert_eq!(numbers(&books.json("invoices list")), ["D000000001", "D000000002"]);
    let lines = books.json("invoices lines D000000002");
    let told: Vec<_> = lines.as_array().unwrap().iter().map(|line| [&line["chargeType"], &line["subtotal"]]).collect();
    let prorated = json!("Cycle instance prorate");
    // 18 and 12 of 30 days, and the next cycle: less 10 % each.
    let subtotals = [json!(-3.6), json!(2.16), json!(2.88), json!(7.2)];
    assert_eq!(told, subtotals.each_ref().map(|subtotal| [&prorated, subtotal]));
    let explained = books.run("explain D000000002-3").exits(0).out;
    assert!(explained.contains("half-up in USD"), "{explained}");
    books.run("invoices pdf D000000002 --out mail.pdf").exits(0);
    assert!(std::fs::read(books.path("mail.pdf")).unwrap().starts_with(b"%PDF"));
    books.verify_sound();
}

#[test]
fn classic_usage_is_listed_by_its_rates_explained_and_printed() {
    let books = Books::init();
    books.write("customers.csv", "customer_id,name\nalder,Alder\n");
    books
        .write("subscriptions.csv", "subscription_id,customer_id,name,generation\nold,alder,Microsoft Azure,classic\n");
    books.write(
        "card.json",
        r#"{"Currency":"USD","Meters":[{"MeterId":"m-1","MeterName":"S1","Unit":"1 Hour","IncludedQuantity":25,
           "MeterRates":{"0":0.05,"1024":0.03},"EffectiveDate":"2026-01-01T00:00:00Z"}]}"#,
    );
    books.write(
        "usage.csv",
        "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis\n\
         r-1,2026-10-03,old,m-1,900,blocks\nr-2,2026-10-20,old,m-1,463,blocks\n",
    );
    for line in [
        "import customers customers.csv",
        "import subscriptions subscriptions.csv",
        "import prices card.json",
        "import usage usage.csv",
    ] {
        books.run(line).exits(0);
    }
    let rated = books.run("rate --period 2026-10").exits(0).out;
    assert!(rated.contains("60.62"), "{rated}");
    let closed = books.json("close --period 2026-10");
    assert_eq!(
        (&closed["issued"][0]["invoice"], &closed["issued"][0]["total"]),
        (&json!("D000000001"), &json!("60.62"))
    );
    let lines = books.run("invoices lines D000000001").exits(0).out;
    assert!(lines.contains("S1, rate 1, 25 included") && lines.contains("S1, rate 2 "), "{lines}");
    let shown = books.json("invoices lines D000000001");
    let charges: Vec<_> = shown.as_array().unwrap().iter().map(|line| &line["pretaxCharges"]).collect();
    assert_eq!(charges, [&json!(51.2), &json!(9.42)]);
    let days = books.json("invoices lines D000000001 --daily");
    assert_eq!((&days[1]["consumedQuantity"], &days[1]["usageDate"]), (&json!(463), &json!("2026-10-20T00:00:00Z")));
    let explained = books.run("explain D000000001-1").exits(0).out;
    let steps = ["taken first, at no price", "1049 - 25", "1024 x 0.05", "half-up at 2 decimals of USD", "CU-1"];
    assert!(steps.iter().all(|step| explained.contains(step)), "{explained}");
    books.run("invoices pdf D000000001 --out usage.pdf").exits(0);
    assert!(std::fs::read(books.path("usage.pdf")).unwrap().starts_with(b"%PDF"));
    books.run("invoices credit D000000001 --reason mistaken").exits(0);
    books.verify_sound();
}
