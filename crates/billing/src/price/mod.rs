//! Prices: tiers, price sheets and rate cards, and the book that finds the price of a day.

mod book;
mod sheet;
mod stretch;
mod tier;

pub use book::{PriceBook, PriceInForce, PriceLookupError};
pub use sheet::{MeterPrice, OfferTerm, PriceSheet, Product};
pub use stretch::Stretch;
pub use tier::{PriceRange, Slice, Tier, TierBasis, TierError, TierTable};
