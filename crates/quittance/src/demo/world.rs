//! The demonstration's world: customers, subscriptions, meters, prices and resources, written as
//! the files that a real issuer would import.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::Date;

use super::cast::{CUSTOMERS, CUSTOMERS_A_PARTY};
use super::chance::Chance;

const METERS: &str = include_str!("meters.csv");
const REGIONS: [(&str, &str); 3] = [("EU West", "westeurope"), ("UK South", "uksouth"), ("US Central", "centralus")];
const RESOURCES_A_SUBSCRIPTION: u64 = 62;
const METERS_A_SUBSCRIPTION: usize = 12;

#[derive(Debug)]
struct Meter {
    id: String,
    region: &'static str,
    location: &'static str,
    columns: Vec<&'static str>,
    product_id: String,
}

impl Meter {
    fn column(&self, index: usize) -> &'static str {
        self.columns.get(index).copied().unwrap_or("")
    }
}

#[derive(Debug)]
struct Plan {
    id: String,
    entitlement: String,
    customer: usize,
    name: &'static str,
    earned_credit: &'static str,
}

#[derive(Debug)]
struct Resource {
    plan: usize,
    meter: usize,
    uri: String,
    group: String,
    tags: &'static str,
    /// Millionths of a block on an ordinary day.
    typical_millionths: u64,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) tenant_ids: Vec<String>,
    customer_ids: Vec<String>,
    plans: Vec<Plan>,
    meters: Vec<Meter>,
    resources: Vec<Resource>,
}

const TAGS: [&str; 5] = [
    "",
    r#"{"env":"prod","costcenter":"4210"}"#,
    r#"{"env":"test"}"#,
    r#"{"env":"prod","owner":"platform"}"#,
    r#"{"project":"atlas","costcenter":"1180"}"#,
];
const GROUPS: [&str; 5] = ["rg-core", "rg-web", "rg-data", "rg-shared", "rg-lab"];
const EARNED_CREDIT: [&str; 5] =
    ["2026-01-01/", "2026-01-01/", "2026-01-01/2026-10-18", "", "2026-10-09/2026-10-23;2026-10-25/"];

impl World {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let tenant_ids = (0..5).map(|_| chance.guid()).collect();
        let customer_ids: Vec<String> = CUSTOMERS.iter().map(|_| chance.guid()).collect();
        let meters = meters(chance);
        let plans = plans(chance);
        let resources = resources(chance, &plans, &meters);
        Self { tenant_ids, customer_ids, plans, meters, resources }
    }

    pub(super) fn customer_id(&self, place: usize) -> String {
        self.customer_ids.get(place).cloned().unwrap_or_default()
    }

    pub(super) fn customers_csv(&self, parties: &[&str]) -> String {
        let mut csv = "customer_id,name,billed_party,domain,country\n".to_owned();
        let countries = ["FR", "GB", "JP", "US"];
        for (i, (id, name)) in self.customer_ids.iter().zip(CUSTOMERS).enumerate() {
            let party = i / CUSTOMERS_A_PARTY;
            let domain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
            let (party_id, country) = (parties.get(party).unwrap_or(&""), countries.get(party).unwrap_or(&""));
            let _ = writeln!(csv, "{id},{name},{party_id},{domain}.example,{country}");
        }
        csv
    }

    pub(super) fn subscriptions_csv(&self) -> String {
        let mut csv = "subscription_id,customer_id,name,earned_credit\n".to_owned();
        for plan in &self.plans {
            let _ =
                writeln!(csv, "{},{},{},{}", plan.id, self.customer_ids[plan.customer], plan.name, plan.earned_credit);
        }
        csv
    }

    /// All prices in US dollars; two meters change their price in mid October.
    pub(super) fn prices_csv(&self) -> String {
        let mut csv = "meter_id,currency,unit_of_measure,tier_from,unit_price,included_quantity,effective_from,\
                       earned_credit_rate,product_id,sku_id,availability_id,product_name,sku_name,publisher_name,\
                       meter_category,meter_subcategory,meter_name,meter_region\n"
            .to_owned();
        for (i, meter) in self.meters.iter().enumerate() {
            price_rows(&mut csv, meter, "2026-01-01", "");
            if i % 45 == 2 {
                price_rows(&mut csv, meter, "2026-10-16", "1");
            }
        }
        csv
    }

    pub(super) fn fx_csv() -> &'static str {
        "\"CurrencyCode\",\"USDPerUnit\",\"Month\"\n\
         \"EUR\",\"1.1724500000\",\"202609\"\n\"GBP\",\"1.3461200000\",\"202609\"\n\"JPY\",\"0.0067841250\",\"202609\"\n\
         \"EUR\",\"1.1817500000\",\"202610\"\n\"GBP\",\"1.3390400000\",\"202610\"\n\"JPY\",\"0.0066912000\",\"202610\"\n\
         \"EUR\",\"1.1766000000\",\"202611\"\n\"GBP\",\"1.3425100000\",\"202611\"\n\"JPY\",\"0.0067205500\",\"202611\"\n"
    }

    /// A savings plan that commits 0.04 dollars an hour a unit.
    pub(super) fn offers_csv() -> &'static str {
        "product_id,sku_id,product_name,sku_name,category,term,billing_plan,unit_price,currency,hourly_commitment,\
         effective_from\n\
         DZH318Z0SP01,0001,Savings plan,Compute savings plan,savings_plan,P1Y,monthly,29.20,USD,0.04,2026-01-01\n"
    }

    /// The plan takes 31 % off all machines.
    pub(super) fn savings_plans_csv(&self) -> String {
        let mut csv = "product_id,sku_id,meter_id,discount,effective_from\n".to_owned();
        for meter in self.meters.iter().filter(|meter| meter.column(0) == "Virtual Machines") {
            let _ = writeln!(csv, "DZH318Z0SP01,0001,{},0.31,2026-01-01", meter.id);
        }
        csv
    }

    /// The first customer buys three units in October, which pay for a part of its machines' hours.
    pub(super) fn orders_csv(&self) -> String {
        let customer = self.customer_ids.first().map_or("", String::as_str);
        format!(
            "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats\n\
             order-saving-1,2026-10-05T08:00:00Z,purchase,{customer},{SAVING_ID},DZH318Z0SP01,0001,P1Y,monthly,3\n"
        )
    }

    /// Usage of `from..until`, cut into what arrives in time and what comes late.
    pub(super) fn usage_csv(
        &self,
        chance: &mut Chance,
        from: Date,
        until: Date,
        late_per_mille: u64,
    ) -> (String, String) {
        let (mut on_time, mut late) = (USAGE_HEADER.to_owned(), USAGE_HEADER.to_owned());
        let mut day = from;
        while day < until {
            for (i, resource) in self.resources.iter().enumerate() {
                if chance.percent(3) {
                    continue;
                }
                let swing = 70 + chance.below(61);
                let millionths = (resource.typical_millionths * swing / 100).max(1);
                let csv = if chance.below(1000) < late_per_mille { &mut late } else { &mut on_time };
                self.usage_row(csv, &format!("{day}/{i}"), "usage", day, i, &millionths_text(millionths));
            }
            day = day.saturating_add(1.day());
        }
        (on_time, late)
    }

    /// Takes back what three resources reported on `day`: the refund of the demonstration.
    pub(super) fn corrections_csv(&self, day: Date) -> String {
        let mut csv = USAGE_HEADER.to_owned();
        for i in (0..self.resources.len()).step_by(1_300) {
            let quantity = millionths_text(self.resources[i].typical_millionths * 2);
            self.usage_row(&mut csv, &format!("{day}/{i}/correction"), "correction", day, i, &format!("-{quantity}"));
        }
        csv
    }

    fn usage_row(&self, csv: &mut String, record_id: &str, kind: &str, day: Date, resource: usize, quantity: &str) {
        let Resource { plan, meter, uri, group, tags, .. } = &self.resources[resource];
        let (plan, meter) = (&self.plans[*plan], &self.meters[*meter]);
        let tags = tags.replace('"', "\"\"");
        let _ = writeln!(
            csv,
            "{record_id},{kind},{day},{},{},{},{},{},{quantity},blocks,{},{uri},{group},{},{},\"{tags}\"",
            self.customer_ids[plan.customer],
            plan.id,
            plan.entitlement,
            plan.name,
            meter.id,
            meter.column(3),
            meter.location,
            consumed_service(meter.column(0)),
        );
    }
}

/// The subscription of the savings plan.
const SAVING_ID: &str = "5b1f0c52-7f0e-4c55-9a53-6d1e8a20c7f4";

const USAGE_HEADER: &str = "record_id,kind,usage_date,customer_id,subscription_id,entitlement_id,entitlement_name,\
                            meter_id,quantity,quantity_basis,unit_of_measure,resource_uri,resource_group,\
                            resource_location,consumed_service,tags\n";

fn consumed_service(category: &str) -> &'static str {
    match category {
        "Virtual Machines" => "Microsoft.Compute",
        "Storage" => "Microsoft.Storage",
        "SQL Database" => "Microsoft.Sql",
        "Azure App Service" | "Azure Functions" => "Microsoft.Web",
        "Azure Monitor" => "Microsoft.OperationalInsights",
        "Azure OpenAI" => "Microsoft.CognitiveServices",
        _ => "Microsoft.Network",
    }
}

fn millionths_text(millionths: u64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

fn meters(chance: &mut Chance) -> Vec<Meter> {
    let mut meters = Vec::new();
    for line in METERS.lines().skip(1) {
        for (region, location) in REGIONS {
            let product_id = format!("DZH318Z{:05}", chance.below(100_000));
            meters.push(Meter { id: chance.guid(), region, location, columns: line.split(',').collect(), product_id });
        }
    }
    meters
}

fn plans(chance: &mut Chance) -> Vec<Plan> {
    let mut plans = Vec::new();
    for customer in 0..CUSTOMERS.len() {
        for name in ["Azure plan - Production", "Azure plan - Development", "Azure plan - Analytics"] {
            if plans.len() >= 60 || name.ends_with("Analytics") && customer % 2 == 1 {
                continue;
            }
            let earned_credit = chance.pick(&EARNED_CREDIT).copied().unwrap_or("");
            plans.push(Plan { id: chance.guid(), entitlement: chance.guid(), customer, name, earned_credit });
        }
    }
    plans
}

fn resources(chance: &mut Chance, plans: &[Plan], meters: &[Meter]) -> Vec<Resource> {
    let mut resources = Vec::new();
    for (plan_place, plan) in plans.iter().enumerate() {
        let region = plan_place % REGIONS.len();
        let kinds: Vec<usize> = (0..METERS_A_SUBSCRIPTION)
            .map(|_| {
                usize::try_from(chance.below((meters.len() / REGIONS.len()) as u64)).unwrap_or(0) * REGIONS.len()
                    + region
            })
            .collect();
        for i in 0..RESOURCES_A_SUBSCRIPTION {
            let meter = chance.pick(&kinds).copied().unwrap_or(0);
            let group = chance.pick(&GROUPS).copied().unwrap_or("rg-core");
            let service = consumed_service(meters[meter].column(0));
            let kind = meters[meter].column(2).to_lowercase().replace([' ', '/'], "-");
            let uri = format!(
                "/subscriptions/{}/resourceGroups/{group}/providers/{service}/resources/{kind}-{i:03}",
                plan.entitlement
            );
            resources.push(Resource {
                plan: plan_place,
                meter,
                uri,
                group: group.to_owned(),
                tags: chance.pick(&TAGS).copied().unwrap_or(""),
                typical_millionths: typical_millionths(meters[meter].column(11)),
            });
        }
    }
    resources
}

/// Reads the small decimals of the meter table without a float.
fn typical_millionths(text: &str) -> u64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = format!("{decimals:0<6}");
    whole.parse::<u64>().unwrap_or(1) * 1_000_000 + decimals.parse::<u64>().unwrap_or(0)
}

fn price_rows(csv: &mut String, meter: &Meter, effective_from: &str, suffix: &str) {
    let tiers = [("0", meter.column(4)), (meter.column(5), meter.column(6)), (meter.column(7), meter.column(8))];
    for (from, price) in tiers.into_iter().filter(|(from, _)| !from.is_empty()) {
        let _ = writeln!(
            csv,
            "{},USD,{},{from},{price}{suffix},{},{effective_from},{},{},0001,{}A,{} {},{} - {},Microsoft,{},{},{},{}",
            meter.id,
            meter.column(3),
            meter.column(9),
            meter.column(10),
            meter.product_id,
            meter.product_id,
            meter.column(0),
            meter.column(1),
            meter.column(2),
            meter.region,
            meter.column(0),
            meter.column(1),
            meter.column(2),
            meter.region,
        );
    }
}
