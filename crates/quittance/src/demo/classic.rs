//! A classic subscription of the demonstration: one meter of a rate card, with an included quantity and two rates.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::Date;

use super::chance::Chance;

const INSTANCES: [&str; 2] = ["edge-1", "edge-2"];

#[derive(Debug)]
pub(super) struct Classic {
    customer_id: String,
    subscription_id: String,
    meter_id: String,
}

impl Classic {
    /// Below a customer that is billed in euros, as the card is.
    pub(super) fn new(seed: u64, customer_id: String) -> Self {
        // Chance of its own: whatever is drawn here changes no other figure.
        let mut chance = Chance::new(!seed);
        Self { customer_id, subscription_id: chance.guid(), meter_id: chance.guid() }
    }

    pub(super) fn subscriptions_csv(&self) -> String {
        let Self { customer_id, subscription_id, .. } = self;
        format!(
            "subscription_id,customer_id,name,generation\n{subscription_id},{customer_id},Microsoft Azure,classic\n"
        )
    }

    pub(super) fn rate_card(&self) -> String {
        let meter_id = &self.meter_id;
        format!(
            r#"{{"Currency":"EUR","Locale":"en-GB","IsTaxIncluded":false,"OfferTerms":[],"Meters":[{{"MeterId":"{meter_id}",
"MeterName":"Data Transfer Out","MeterCategory":"Networking","MeterSubCategory":"Bandwidth","MeterRegion":"EU West",
"MeterTags":[],"Unit":"1 GB","MeterRates":{{"0":0.087,"1024":0.083}},"IncludedQuantity":5.0,
"EffectiveDate":"2024-01-01T00:00:00Z"}}]}}
"#
        )
    }

    /// Usage of `from..until`, more than a thousand a month.
    pub(super) fn usage_csv(&self, from: Date, until: Date) -> String {
        let Self { customer_id, subscription_id, meter_id } = self;
        let mut csv = "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis,resource_uri,\
                       resource_group,resource_location,consumed_service\n"
            .to_owned();
        let mut day = from;
        while day < until {
            let number = i32::from(day.day());
            for (place, instance) in (0..).zip(INSTANCES) {
                let (whole, tenths) = (17 + (number * 7 + place * 5) % 13, (number * 3 + place) % 10);
                let group = format!("/subscriptions/{subscription_id}/resourceGroups/rg-edge");
                let _ = writeln!(
                    csv,
                    "classic/{day}/{instance},{day},{customer_id},{subscription_id},{meter_id},{whole}.{tenths},blocks,\
                     {group}/providers/Microsoft.Network/resources/{instance},rg-edge,westeurope,Microsoft.Network"
                );
            }
            day = day.saturating_add(1.day());
        }
        csv
    }
}
