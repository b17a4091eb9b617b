//! Who uses what: customers, subscriptions, meters, and the resources that report each day.

use billing::ids::{CustomerId, IdError, MeterId, SubscriptionId};
use billing::money::Currency;
use billing::party::{Customer, Organisation, Subscription};
use billing::period::DayRange;
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::chance::{Chance, Purpose};
use crate::skew::{PowerLaw, PowersOfTwo, Skewed};

pub(crate) const FIRST_DAY: Date = date(2026, 9, 1);
pub(crate) const DAYS: u8 = 30;

const CUSTOMERS: u32 = 5_000;
const SUBSCRIPTIONS: u32 = 20_000;
const METERS: u32 = 8_000;
const TAGS: usize = 4_000;
/// Weights of customers and subscriptions fall with the power 0.8, those of meters with 1.
const FOUR_FIFTHS: u32 = 4;
const WHOLE: u32 = 5;
/// Subscriptions in a hundred that never earn the credit.
const NEVER_EARNING_PERCENT: u64 = 6;

/// What a resource uses in a day: half of them less than 1.65, one in a hundred more than 68.
const QUANTITY: Skewed = Skewed { middle: 721, spread: 2_308 };

const KINDS: [&str; 5] = [
    "Microsoft.Compute/virtualMachines/vm",
    "Microsoft.Storage/storageAccounts/st",
    "Microsoft.Sql/servers/sql",
    "Microsoft.Network/publicIPAddresses/ip",
    "Microsoft.Web/sites/app",
];

pub(crate) const ISSUER: &str = "issuer";
pub(crate) const PARTY: &str = "party";

/// A thing in the cloud that uses one meter of one subscription. All but the logarithm are places in
/// lists of the [`World`]; there are millions of resources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    pub(crate) subscription: u32,
    pub(crate) meter: u32,
    pub(crate) group: u16,
    pub(crate) tags: u16,
    /// Of the quantity that it uses on an ordinary day, to base 2 and in 2^-32.
    pub(crate) quantity_logarithm: i64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) customers: Vec<Customer>,
    pub(crate) subscriptions: Vec<Subscription>,
    /// Place of each subscription's customer.
    pub(crate) owners: Vec<u32>,
    pub(crate) meters: Vec<MeterId>,
    pub(crate) groups: Vec<String>,
    pub(crate) tags: Vec<String>,
    /// In the order of customer, subscription and meter, as they report.
    pub(crate) resources: Vec<Resource>,
    pub(crate) powers: PowersOfTwo,
}

impl World {
    pub(crate) fn new(seed: u64, resource_count: u32) -> Result<Self, IdError> {
        let mut ids = Chance::new(seed, Purpose::Ids);
        let customers: Vec<CustomerId> = (0..CUSTOMERS).map(|_| ids.guid().parse()).collect::<Result<_, _>>()?;
        let subscriptions: Vec<SubscriptionId> =
            (0..SUBSCRIPTIONS).map(|_| ids.guid().parse()).collect::<Result<_, _>>()?;
        let meters = (0..METERS).map(|_| ids.guid().parse()).collect::<Result<_, _>>()?;
        let mut chance = Chance::new(seed, Purpose::Directory);
        let owners = owners(&mut chance);
        let subscriptions = subscriptions.into_iter().zip(&owners).map(|(id, owner)| Subscription {
            id,
            customer: customers[*owner as usize].clone(),
            name: String::new(),
            earned_credit: earned_credit(&mut chance),
            generation: billing::licence::Generation::default(),
        });
        let subscriptions = subscriptions.collect();
        Ok(Self {
            customers: customers.into_iter().map(customer).collect::<Result<_, _>>()?,
            subscriptions,
            resources: resources(&mut Chance::new(seed, Purpose::Resources), resource_count, &owners),
            owners,
            meters,
            groups: groups(),
            tags: (0..TAGS).map(tags).collect(),
            powers: PowersOfTwo::new(),
        })
    }

    /// The address of the resource at `place`.
    pub(crate) fn uri(&self, place: usize) -> String {
        let resource = self.resources[place];
        let subscription = &self.subscriptions[resource.subscription as usize].id;
        let group = &self.groups[usize::from(resource.group)];
        let kind = KINDS[place % KINDS.len()];
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}{place:07}")
    }
}

/// Each customer has a subscription, and large ones have many more.
fn owners(chance: &mut Chance) -> Vec<u32> {
    let law = PowerLaw::new(CUSTOMERS, FOUR_FIFTHS);
    let further = (CUSTOMERS..SUBSCRIPTIONS).map(|_| law.draw(chance) as u32);
    let mut owners: Vec<u32> = (0..CUSTOMERS).chain(further).collect();
    chance.shuffle(&mut owners);
    owners
}

/// One stretch of days, which may begin before the month and end after it; together two days in three.
fn earned_credit(chance: &mut Chance) -> Vec<DayRange> {
    let (start, end) = (chance.below(20) as i64 - 5, chance.below(29) as i64 + 17);
    if chance.percent(NEVER_EARNING_PERCENT) {
        return vec![];
    }
    let day = |days: i64| FIRST_DAY.saturating_add(days.days());
    vec![DayRange { from: day(start), until: Some(day(end)) }]
}

fn customer(id: CustomerId) -> Result<Customer, IdError> {
    Ok(Customer {
        name: format!("Customer {id}"),
        id,
        billed_party: PARTY.parse()?,
        domain: String::new(),
        country: "FR".to_owned(),
    })
}

/// The issuer, and the one party that it bills.
pub(crate) fn organisations() -> Result<[Organisation; 2], IdError> {
    let organisation = |id: &str, billed_by: Option<&str>| {
        Ok(Organisation {
            id: id.parse()?,
            name: id.to_owned(),
            tenant_id: String::new(),
            partner_number: String::new(),
            address_lines: vec![],
            country: "FR".to_owned(),
            tax_id: String::new(),
            email: String::new(),
            currency: Currency::EUR,
            payment_terms_days: 60,
            language: "en".to_owned(),
            billed_by: billed_by.map(str::parse).transpose()?,
            tax: billing::party::TaxProfile::default(),
        })
    };
    Ok([organisation(ISSUER, None)?, organisation(PARTY, Some(ISSUER))?])
}

fn groups() -> Vec<String> {
    let names = ["core", "data", "web", "shared"];
    names.iter().flat_map(|name| ["prod", "test", "dev"].map(|stage| format!("rg-{name}-{stage}"))).collect()
}

fn tags(place: usize) -> String {
    let stage = ["prod", "test", "dev", "qa"][place % 4];
    let (centre, team) = (place / 8, place % 37);
    format!(r#"{{"costCenter":"CC{centre:04}","env":"{stage}","owner":"team-{team:02}@example.test"}}"#)
}

fn resources(chance: &mut Chance, count: u32, owners: &[u32]) -> Vec<Resource> {
    let subscriptions = PowerLaw::new(SUBSCRIPTIONS, FOUR_FIFTHS);
    let meters = PowerLaw::new(METERS, WHOLE);
    let groups = groups().len();
    let drawn = (0..count).map(|_| Resource {
        subscription: subscriptions.draw(chance) as u32,
        meter: meters.draw(chance) as u32,
        group: chance.place(groups) as u16,
        tags: chance.place(TAGS) as u16,
        quantity_logarithm: QUANTITY.logarithm(chance),
    });
    let mut resources: Vec<Resource> = drawn.collect();
    resources.sort_by_key(|resource| (owners[resource.subscription as usize], resource.subscription, resource.meter));
    resources
}
