//! What people type about money that came in.

use std::path::PathBuf;

use billing::decimal::Decimal;
use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::money::Currency;
use clap::{Args, Subcommand};
use jiff::civil::Date;

#[derive(Debug, Args)]
pub(crate) struct PayArgs {
    /// The invoices that it is for, in this order; without any, those that were due first
    pub(crate) numbers: Vec<InvoiceNumber>,
    #[arg(long)]
    pub(crate) amount: Decimal,
    /// The payer's reference; the same reference is booked once
    #[arg(long)]
    pub(crate) reference: String,
    /// The value date; without it, today
    #[arg(long)]
    pub(crate) date: Option<Date>,
    /// Who paid, where no invoice says it
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
    /// The currency of the amount; without it, that of the invoices or of the organisation
    #[arg(long)]
    pub(crate) currency: Option<Currency>,
    /// Put it to no invoice yet
    #[arg(long, conflicts_with = "numbers")]
    pub(crate) later: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PaymentsCommand {
    /// List payments and credits, with what of them is not allocated
    #[command(after_help = "Example:\n  quittance payments list --org quillon")]
    List {
        /// Of this billed organisation only
        #[arg(long)]
        org: Option<OrganisationId>,
    },
    /// Propose invoices for the entries of a bank statement (CAMT.053 or CSV), by number and by amount
    #[command(
        after_help = "Examples:\n  quittance payments import statement.xml\n  quittance payments import statement.xml --book\n\n--book books the entries that name their invoices; the others are printed with the command that\nbooks them. CSV columns: date, amount, currency, reference; optional payer, remittance."
    )]
    Import {
        file: PathBuf,
        /// Book the entries that name their invoices
        #[arg(long)]
        book: bool,
    },
    /// Put what is left of a payment, or of the credit of a document below zero, to invoices
    #[command(
        after_help = "Examples:\n  quittance payments allocate 'bank 4711' G000000002 --amount 20\n  quittance payments allocate G000000003 G000000004"
    )]
    Allocate {
        /// The reference of a payment, or the number of a document below zero: a credit note, or an invoice that
        /// gives back more than it charges
        source: String,
        /// In this order; without any, those that were due first
        numbers: Vec<InvoiceNumber>,
        /// At most so much; without it, all that is left
        #[arg(long)]
        amount: Option<Decimal>,
        #[arg(long)]
        org: Option<OrganisationId>,
    },
    /// Take back what an invoice got of a payment
    #[command(after_help = "Example:\n  quittance payments take-back 'bank 4711' G000000002")]
    TakeBack { source: String, number: InvoiceNumber },
    /// Book money that went back to the payer
    #[command(
        after_help = "Example:\n  quittance payments refund 'bank 4711' --amount 20 --reference 'transfer 815'\n\nOnly what is not allocated can be refunded; take it back from its invoice first."
    )]
    Refund {
        source: String,
        #[arg(long)]
        amount: Decimal,
        /// Of the refund; booked once
        #[arg(long)]
        reference: String,
        /// The day it was paid; without it, today
        #[arg(long)]
        date: Option<Date>,
        #[arg(long)]
        org: Option<OrganisationId>,
    },
    /// Give up what is open on an invoice, or take that back
    #[command(
        after_help = "Examples:\n  quittance payments write-off G000000002 --reference 'insolvency 12'\n  quittance payments write-off G000000002 --reference 'insolvency 12' --take-back"
    )]
    WriteOff {
        number: InvoiceNumber,
        /// Of the write-off; booked once
        #[arg(long)]
        reference: String,
        /// Without it, all that is open
        #[arg(long)]
        amount: Option<Decimal>,
        /// Expect again what was given up under this reference
        #[arg(long, conflicts_with = "amount")]
        take_back: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BalancesArgs {
    /// Of this billed organisation only
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdjustmentsCommand {
    /// Keep one for the next invoice
    #[command(
        after_help = "Example:\n  quittance adjustments add --org quillon --amount=-25 --reference 'credit 7' --reason 'Azure credit offer'\n\nBelow zero it lowers what is asked for. It is not taxed."
    )]
    Add {
        /// In the organisation's currency
        #[arg(long, allow_hyphen_values = true)]
        amount: Decimal,
        /// Names it for good; the same reference is taken once
        #[arg(long)]
        reference: String,
        /// Printed on the invoice
        #[arg(long)]
        reason: String,
        #[arg(long)]
        org: Option<OrganisationId>,
    },
    /// List those that wait
    List {
        #[arg(long)]
        org: Option<OrganisationId>,
    },
}
