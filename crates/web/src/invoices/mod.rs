//! Invoices, balances and printed statements.

pub(crate) mod balance;
pub(crate) mod by_id;
pub(crate) mod estimates;
pub(crate) mod list;
pub(crate) mod statement;
