//! Places records below customers.

use std::collections::{BTreeSet, HashMap};

use billing::ids::{CustomerId, SubscriptionId};
use billing::licence::Generation;
use billing::party::{Customer, Subscription};
use billing::period::BillingPeriod;
use billing::usage::UsageRecord;
use formats::usage::Field;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::books::Books;
use crate::error::EngineResult;
use crate::import::usage::UsageImportOptions;

/// Why a record is not taken, and which of its fields says so.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) field: Field,
    pub(super) message: String,
}

/// Finds the customer of each record, and introduces subscriptions that are new.
pub(super) struct Placement {
    /// Only looked up in, once for each record: its order never shows.
    customer_of: HashMap<SubscriptionId, CustomerId>,
    customers: BTreeSet<CustomerId>,
    assign_to: Option<CustomerId>,
    period: Option<BillingPeriod>,
    last_day: Date,
    pub(super) introduced_customers: Vec<Customer>,
    pub(super) introduced_subscriptions: Vec<Subscription>,
    pub(super) notes: Vec<String>,
}

impl Placement {
    pub(super) async fn load(books: &Books, options: &UsageImportOptions, now: Timestamp) -> EngineResult<Self> {
        let customer_of: HashMap<SubscriptionId, CustomerId> =
            books.ledger.subscriptions().await?.into_iter().map(|(id, customer, _)| (id, customer)).collect();
        let mut customers = BTreeSet::new();
        for party in books.billed_parties().await? {
            let directory = books.ledger.party_directory(&party.id).await?;
            customers.extend(directory.into_iter().flat_map(|directory| directory.customers.into_keys()));
        }
        let mut placement = Self {
            customer_of,
            customers,
            assign_to: options.assign_to.clone(),
            period: options.period,
            // One day of grace: a provider's day may be ahead of ours.
            last_day: now.to_zoned(TimeZone::UTC).date().saturating_add(1.day()),
            introduced_customers: vec![],
            introduced_subscriptions: vec![],
            notes: vec![],
        };
        placement.introduce_customer(books, options).await?;
        Ok(placement)
    }

    async fn introduce_customer(&mut self, books: &Books, options: &UsageImportOptions) -> EngineResult<()> {
        let Some(customer) = options.assign_to.clone().filter(|customer| !self.customers.contains(customer)) else {
            return Ok(());
        };
        let party = books.chosen_party(options.organisation.as_ref()).await?;
        self.notes.push(format!("customer {customer} is new and was put below {}", party.id));
        self.customers.insert(customer.clone());
        self.introduced_customers.push(Customer {
            id: customer.clone(),
            name: customer.to_string(),
            domain: String::new(),
            country: party.country,
            billed_party: party.id,
        });
        Ok(())
    }

    /// Finds the record's customer. A subscription that is new is introduced.
    ///
    /// # Errors
    /// The reason to set the record aside.
    pub(super) fn place(&mut self, record: &UsageRecord) -> Result<(), Refusal> {
        self.check_day(record.usage_date)?;
        if let Some(customer) = self.customer_of.get(&record.subscription_id) {
            return match &record.customer_id {
                Some(named) if named != customer => Err(Refusal {
                    code: "usage.line.customer_mismatch",
                    field: Field::CustomerId,
                    message: format!(
                        "subscription {} belongs to customer {customer}, the line says {named}",
                        record.subscription_id
                    ),
                }),
                _ => Ok(()),
            };
        }
        let customer = self.customer_of_new(record)?;
        self.customer_of.insert(record.subscription_id.clone(), customer.clone());
        self.introduced_subscriptions.push(Subscription {
            id: record.subscription_id.clone(),
            customer,
            name: record.subscription_name.clone(),
            earned_credit: vec![],
            generation: Generation::default(),
        });
        Ok(())
    }

    fn customer_of_new(&self, record: &UsageRecord) -> Result<CustomerId, Refusal> {
        let named = record.customer_id.as_ref().filter(|customer| self.customers.contains(customer));
        match (named.or(self.assign_to.as_ref()), &record.customer_id) {
            (Some(customer), _) => Ok(customer.clone()),
            (None, Some(unknown)) => Err(Refusal {
                code: "usage.line.customer_unknown",
                field: Field::CustomerId,
                message: format!("customer {unknown} is not known; import it with `quittance import customers`"),
            }),
            (None, None) => Err(Refusal {
                code: "usage.line.subscription_unknown",
                field: Field::SubscriptionId,
                message: format!(
                    "subscription {} belongs to no known customer; import subscriptions, or use --assign-to CUSTOMER",
                    record.subscription_id
                ),
            }),
        }
    }

    fn check_day(&self, day: Date) -> Result<(), Refusal> {
        let refusal = |code, message| Refusal { code, field: Field::UsageDate, message };
        if day > self.last_day {
            return Err(refusal("usage.line.date_in_future", format!("the usage day {day} lies in the future")));
        }
        match self.period {
            Some(period) if !period.contains(day) => {
                Err(refusal("usage.line.date_outside_period", format!("the usage day {day} lies outside of {period}")))
            }
            _ => Ok(()),
        }
    }
}
