//! Prices: tiers, price sheets and rate cards, and the book that finds the price of a day.

mod book;
mod sheet;
mod stretch;
mod tier;
mod what_if;

pub use book::{PriceBook, PriceInForce, PriceLookupError};
pub use sheet::{MeterPrice, OfferTerm, PriceSheet, Product};
pub use stretch::Stretch;
pub use tier::{PriceRange, Slice, Tier, TierBasis, TierError, TierTable};
pub use what_if::with_list_in_force;
