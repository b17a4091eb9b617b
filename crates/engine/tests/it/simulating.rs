//! A month under another price list.

use std::io::Cursor;

use engine::import::{ImportFile, read_price_list};
use engine::simulating::simulate;
use formats::source::Input;

use crate::world::World;

const HEADER: &str = "meter_id,currency,unit_price,unit_of_measure,tier_from,effective_from";

/// `customer now simulated difference` of each customer, and the records without a price.
async fn simulated(world: &World, period: &str, rows: &[&str]) -> (Vec<String>, (u64, u64)) {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    let file = ImportFile {
        input: Input::new("list.csv", Cursor::new(text.into_bytes())),
        name: "list.csv".to_owned(),
        sha256: String::new(),
    };
    let list = read_price_list(file, &formats::price::PriceOptions::default()).unwrap();
    let parties = simulate(&world.books, period.parse().unwrap(), &list, &|_| {}).await.unwrap();
    let [party] = parties.as_slice() else { panic!("{parties:?}") };
    let customers = party.customers.iter();
    let rows = customers.map(|c| format!("{} {} {} {}", c.customer, c.now, c.simulated, c.difference)).collect();
    (rows, (party.unpriced_now, party.unpriced_simulated))
}

#[tokio::test]
async fn an_open_month_and_a_closed_one_answer_alike() {
    let world = World::new(&["m,EUR,1,1 Hour,0,", "n,EUR,3,1 Hour,0,2026-09-01"]).await;
    world.usage(&[("a", "2026-09-03", "m", "10"), ("b", "2026-09-20", "n", "2")]).await;
    let lists: [(&[&str], &str); 4] = [
        (&["m,EUR,0.75,1 Hour,0,"], "c 16 13.5 -2.5"),
        // It begins later, and is taken as in force for the month.
        (&["n,EUR,4,1 Hour,0,2027-01-01"], "c 16 18 2"),
        (&["m,EUR,1,1 Hour,0,", "m,EUR,0.10,1 Hour,4,"], "c 16 10.6 -5.4"),
        (&["other,EUR,9,1 Hour,0,"], "c 16 16 0"),
    ];
    for (list, expected) in lists {
        assert_eq!(simulated(&world, "2026-09", list).await, (vec![expected.to_owned()], (0, 0)), "{list:?}");
    }
    assert_eq!(world.close("2026-09", false).await, "issued 16.00");
    // What the books learn later does not change what the invoice was made of.
    world.prices(&["m,EUR,7,1 Hour,0,"]).await;
    for (list, expected) in lists {
        assert_eq!(simulated(&world, "2026-09", list).await, (vec![expected.to_owned()], (0, 0)), "{list:?}");
    }
    world.assert_sound().await;
}

#[tokio::test]
async fn what_a_list_prices_for_the_first_time_is_told() {
    let world = World::new(&["m,EUR,1,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-09-03", "m", "10"), ("b", "2026-09-20", "n", "2"), ("d", "2026-09-20", "o", "1")]).await;
    assert_eq!(simulated(&world, "2026-09", &["n,EUR,5,1 Hour,0,"]).await, (vec!["c 10 20 10".to_owned()], (2, 1)));
}
