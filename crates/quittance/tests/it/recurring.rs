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
