//! Orders of licences, good ones and bad ones.

use jiff::{Timestamp, ToSpan};

use crate::chance::Chance;

/// Mostly terms with later cycles; the last one has no price.
const OFFERS: [&str; 5] =
    ["P,A,P1M,monthly", "P,A,P1Y,monthly", "P,A,P1Y,monthly", "P,B,P1Y,annual", "P,C,P1M,monthly"];

/// What was ordered before, whether it was accepted or not.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    rows: Vec<String>,
    subscriptions: Vec<(&'static str, String)>,
    order_count: usize,
}

impl OrderBook {
    pub(crate) fn rows(&mut self, chance: &mut Chance, now: Timestamp) -> Vec<String> {
        (0..chance.between(1, 3)).map(|_| self.row(chance, now)).collect()
    }

    fn row(&mut self, chance: &mut Chance, now: Timestamp) -> String {
        if let Some(again) = chance.maybe_of(&self.rows).filter(|_| self.order_count % 7 == 6) {
            self.order_count += 1;
            return again.clone();
        }
        self.order_count += 1;
        let hours = chance.weighted(&[(80, (-100, 0)), (15, (-2_000, 0)), (5, (1, 30))]);
        let at = now + chance.between(hours.0, hours.1).hours();
        let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let action = self.action(chance);
        let row = format!("o{},{at},{action}", self.order_count);
        self.rows.push(row.clone());
        row
    }

    fn action(&mut self, chance: &mut Chance) -> String {
        let known = chance.maybe_of(&self.subscriptions).cloned();
        let seats = chance.between(0, 20);
        match (chance.below(10), known) {
            (0..2, Some((customer, id))) => format!("change_seats,{customer},{id},,,,,{seats},,"),
            (2, Some((customer, id))) => format!("cancel,{customer},{id},,,,,,,"),
            (3, Some((customer, id))) => format!("set_auto_renew,{customer},{id},,,,,,{},", chance.percent(50)),
            (4, Some((customer, id))) => format!("upgrade,{customer},{id},P,B,,,{seats},,{id}u"),
            (5, Some((customer, id))) => format!("change_plan,{customer},{id},,,,annual,,,"),
            _ => {
                let customer = *chance.of(&["anna", "arno", "arno", "nobody"]);
                let id = format!("s{}", self.order_count);
                self.subscriptions.push((customer, id.clone()));
                let offer = *chance.of(&OFFERS);
                format!("purchase,{customer},{id},{offer},{seats},{},", chance.percent(80))
            }
        }
    }
}
