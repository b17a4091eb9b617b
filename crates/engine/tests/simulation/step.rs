//! What a run does, step by step.

use std::io::Cursor;

use billing::invoice::{Adjustment, InvoiceNumber};
use billing::money::Amount;
use billing::period::BillingPeriod;
use engine::closing::{CloseOptions, PartyClosing, PreviewedClosing, close, preview_close};
use engine::crediting::credit;
use engine::import::{
    ImportFile, ImportReport, OrderOptions, UsageImportOptions, import_customers, import_fx, import_offers,
    import_orders, import_prices, import_tax_rates, import_usage,
};
use engine::paying::{AccountName, Request, adjust, book};
use engine::rating::{PartyRating, preview, rate};
use engine::restating::{Correction, correct};
use engine::{Books, EngineResult};
use formats::source::Input;
use jiff::Timestamp;
use testkit::faults::Fault;

use crate::model::prices::{Offer, Price, Quote, Tax, offers_text, prices_text, quotes_text, taxes_text};
use crate::model::usage::{Row, USAGE_HEADER};
use crate::scene::{NEWCOMER, PARTIES, PLANS, issuer_id, party_id};

/// A use case with what it is given.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Usage(Vec<Row>),
    Newcomer,
    Prices(Vec<Price>),
    Quotes(Vec<Quote>),
    Taxes(Vec<Tax>),
    Offers(Vec<Offer>),
    /// Rows of orders of the licensee.
    Orders(Vec<String>),
    Adjust {
        party: usize,
        reference: String,
        minor: i64,
    },
    Rate {
        period: BillingPeriod,
        keeps: bool,
    },
    Close {
        period: BillingPeriod,
        options: CloseOptions,
    },
    /// Looks first at what a close would issue.
    PreviewAndClose {
        period: BillingPeriod,
        options: CloseOptions,
    },
    Credit(InvoiceNumber),
    Restate {
        number: InvoiceNumber,
        how: Correction,
        /// While all parties are billed in another currency.
        is_abroad: bool,
    },
    Book {
        party: usize,
        request: Request,
    },
    Print(InvoiceNumber),
    Compact,
}

/// One or two use cases side by side.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) now: Timestamp,
    pub(crate) acts: Vec<Act>,
    pub(crate) fault: Option<Fault>,
}

/// What a use case answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Imported(ImportReport),
    Adjusted(bool),
    Rated(Vec<PartyRating>),
    Closed {
        closings: Vec<PartyClosing>,
        previews: Vec<PreviewedClosing>,
    },
    Credited(InvoiceNumber),
    Restated(Vec<InvoiceNumber>),
    /// How many events were booked.
    Booked(usize),
    Printed(Vec<u8>),
    Compacted,
}

/// Why documents are taken back or billed anew.
pub(crate) const CREDITED: &str = "agreed";
pub(crate) const RESTATED: &str = "mended";

const ORDERS_HEADER: &str = "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats,auto_renew,target_subscription_id\n";

fn file(name: &str, text: String) -> ImportFile {
    ImportFile { input: Input::new(name, Cursor::new(text.into_bytes())), name: name.to_owned(), sha256: String::new() }
}

fn quiet(_: u64) {}

impl Act {
    pub(crate) async fn perform(&self, books: &Books, now: Timestamp) -> EngineResult<Answer> {
        Ok(match self {
            Self::Usage(rows) => {
                let text = format!("{USAGE_HEADER}\n{}", rows.iter().map(Row::text).collect::<String>());
                let options = UsageImportOptions::default();
                Answer::Imported(import_usage(books, file("usage", text), &options, now, &quiet).await?)
            }
            Self::Newcomer => {
                let (_, customer, party) = PLANS[NEWCOMER];
                let text = format!("customer_id,name\n{customer},Newcomer\n");
                Answer::Imported(import_customers(books, file("customers", text), Some(&party_id(party)), now).await?)
            }
            Self::Prices(prices) => {
                let options = formats::price::PriceOptions::default();
                Answer::Imported(import_prices(books, file("prices", prices_text(prices)), &options, now).await?)
            }
            Self::Quotes(quotes) => {
                let options = formats::fx::FxOptions::default();
                Answer::Imported(import_fx(books, file("fx", quotes_text(quotes)), &options, now).await?)
            }
            Self::Taxes(taxes) => {
                Answer::Imported(import_tax_rates(books, file("taxes", taxes_text(taxes)), now).await?)
            }
            Self::Offers(offers) => {
                Answer::Imported(import_offers(books, file("offers", offers_text(offers)), now).await?)
            }
            Self::Orders(rows) => {
                let text = format!("{ORDERS_HEADER}{}\n", rows.join("\n"));
                Answer::Imported(import_orders(books, file("orders", text), OrderOptions::default(), now).await?)
            }
            Self::Adjust { party, reference, minor } => {
                let amount = Amount { minor: *minor, currency: PARTIES[*party].currency.parse().unwrap() };
                let new = Adjustment { reference: reference.clone(), amount, reason: "agreed".to_owned() };
                let party = books.chosen_party(Some(&party_id(*party))).await?;
                Answer::Adjusted(adjust(books, &party, &new, now).await?)
            }
            Self::Rate { period, keeps: true } => Answer::Rated(rate(books, *period, &quiet).await?),
            Self::Rate { period, keeps: false } => Answer::Rated(preview(books, *period, &quiet).await?),
            Self::Close { period, options } => {
                let closings = close(books, *period, *options, now, &quiet).await?;
                Answer::Closed { closings, previews: vec![] }
            }
            Self::PreviewAndClose { period, options } => {
                let previews = preview_close(books, *period, *options, now, &quiet).await?;
                let closings = close(books, *period, *options, now, &quiet).await?;
                Answer::Closed { closings, previews }
            }
            Self::Credit(number) => Answer::Credited(credit(books, number, None, CREDITED, now).await?.stored.number),
            Self::Restate { number, how, .. } => {
                let issued = correct(books, number, *how, RESTATED, now).await?;
                Answer::Restated(issued.into_iter().map(|one| one.stored.number).collect())
            }
            Self::Book { party, request } => {
                let name = AccountName { issuer: issuer_id(), party: party_id(*party) };
                Answer::Booked(book(books, &name, request, now).await?.events.len())
            }
            Self::Print(number) => {
                let issued = engine::invoices::find(books, None, number).await?;
                Answer::Printed(engine::invoices::statement_pdf(books, &issued).await?)
            }
            Self::Compact => {
                engine::storing::compact(books, now, &quiet).await?;
                Answer::Compacted
            }
        })
    }
}
