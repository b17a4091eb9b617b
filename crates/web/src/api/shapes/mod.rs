//! What goes over the wire. Amounts are strings, days and instants ISO 8601; a shape that is read
//! takes no other fields than its own.

mod documents;
mod imports;
mod money;
mod orders;
mod parties;
mod payments;
mod restating;
mod runs;
mod savings_plans;

pub(crate) use documents::{Document, DocumentKind, DocumentPage, DocumentSummary, Line, LinePage, NewCredit, kind_of};
pub(crate) use imports::{BankEntry, BankReport, ImportReport, List, ListPage, RefusedLine};
pub(crate) use money::{Money, NewMoney};
pub(crate) use orders::{NewOrder, NewOrders, Order, OrderPage, OrdersReport};
pub(crate) use parties::{
    Customer, CustomerPage, NewCustomer, NewOrganisation, Organisation, OrganisationPage, Subscription,
    SubscriptionPage, SubscriptionSummary,
};
pub(crate) use payments::{
    Adjustment, AdjustmentPage, Balance, Balances, Booking, DocumentNumber, Event, EventPage, NewAdjustment,
    NewAllocation, NewPayment, NewRefund, NewTakeBack, NewWriteOff, Payment, PaymentPage, Spread,
};
pub(crate) use restating::{Correction, NewCorrection, Restatement};
pub(crate) use runs::{NewRun, Parked, ParkedPage, PartyOutcome, Reason, Run, RunKind, RunPage, State, UnpricedMeter};
pub(crate) use savings_plans::{SavingsPlan, SavingsPlans};

/// A page of `$item`s, and where the next one starts.
macro_rules! page {
    ($name:ident, $item:ty) => {
        /// One page; `next` is there where another one follows, to be sent as `after`.
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            pub(crate) items: Vec<$item>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) next: Option<String>,
        }

        impl From<(Vec<$item>, Option<String>)> for $name {
            fn from((items, next): (Vec<$item>, Option<String>)) -> Self {
                Self { items, next }
            }
        }
    };
}
pub(crate) use page;
