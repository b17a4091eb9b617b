//! The command line: what people type, with examples.

mod paying;

use std::net::SocketAddr;
use std::path::PathBuf;

use billing::decimal::Decimal;
use billing::ids::{CustomerId, OrganisationId};
use billing::invoice::InvoiceNumber;
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::tax::TaxTreatment;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use engine::tokens::Role;
use formats::journal::JournalFormat;
use jiff::civil::Date;

pub(crate) use paying::{AdjustmentsCommand, BalancesArgs, PayArgs, PaymentsCommand};

/// From cloud usage to invoices that can be proved, line by line.
#[derive(Debug, Parser)]
#[command(
    name = "quittance",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  quittance demo                        a month from a seed, closed, issued and served\n  quittance init --data-dir books       a data directory of your own\n  quittance import prices list.csv      then usage, rate, close\n\nExit codes: 0 done, 1 findings (quarantined lines, parked parties), 2 usage error, 3 failure.\nEvery option can be set as QUITTANCE_<OPTION> or in quittance.toml in the data directory."
)]
pub(crate) struct Cli {
    /// Where the books are kept
    #[arg(long, global = true, value_name = "DIR", default_value = "quittance-data")]
    pub(crate) data_dir: PathBuf,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a believable month from a seed, close it and serve it
    #[command(after_help = "Examples:\n  quittance demo\n  quittance demo --no-serve --data-dir /tmp/demo")]
    Demo(DemoArgs),
    /// Make a data directory with an issuer and one billed organisation
    #[command(
        after_help = "Example:\n  quittance init --data-dir books --issuer \"North Cloud\" --partner \"Quillon\" --currency EUR"
    )]
    Init(InitArgs),
    /// Billed organisations
    #[command(subcommand)]
    Org(OrgCommand),
    /// Take in usage, prices, customers, subscriptions or exchange rates
    #[command(subcommand)]
    Import(ImportCommand),
    /// Rate an open period: usage and prices become daily rated lines; repeatable
    #[command(after_help = "Example:\n  quittance rate --period 2026-10\n  quittance rate --period 2026-10 --dry-run")]
    Rate(RateArgs),
    /// Show what a month would have cost under another price list; writes nothing
    #[command(
        after_help = "Example:\n  quittance simulate --prices next-year.csv --period 2026-10\n\nFor the meters that it names the list is taken as in force for the whole month. A closed month is\ncomputed from what its invoices were made of. Amounts are before tax."
    )]
    Simulate(SimulateArgs),
    /// What savings plans committed, used and left unused in a month; writes nothing
    #[command(
        after_help = "Example:\n  quittance savings-plans --period 2026-10\n  quittance savings-plans --period 2026-10 --days\n\nAmounts are in the currency of the plan, exact. A closed month is computed from what its invoices\nwere made of. JSON has every day."
    )]
    SavingsPlans(SavingsPlansArgs),
    /// Draft, check and issue a period's invoices; a second run changes nothing
    #[command(
        after_help = "Examples:\n  quittance close --period 2026-10 --preview\n  quittance close --period 2026-10"
    )]
    Close(CloseArgs),
    /// Compute a closed month again with what is known today, and correct what was billed
    #[command(
        after_help = "Examples:\n  quittance restate --period 2026-09\n  quittance restate --period 2026-09 --org quillon --as note --reason 'price corrected'\n\nWithout --as nothing is written: it shows what differs, line by line. A note takes the wrong\nlines back and charges them anew; next-invoice does so too and leaves the amount to the next\ninvoice; a re-bill takes all that stands back and issues a new document.\nWhat was issued stays. An invoice that was taken back in full is billed anew: see --org."
    )]
    Restate(RestateArgs),
    /// Issued invoices and their lines
    #[command(subcommand)]
    Invoices(InvoicesCommand),
    /// Book a payment and put it to invoices
    #[command(
        after_help = "Examples:\n  quittance pay G000000001 --amount 120.50 --reference 'bank 4711'\n  quittance pay --org quillon --amount 9000 --reference 'bank 4712'\n\nWhat no invoice takes stays unallocated: `quittance payments` puts it to others or refunds it."
    )]
    Pay(PayArgs),
    /// Payments and credits: list, allocate, take back, refund; write invoices off
    #[command(subcommand)]
    Payments(PaymentsCommand),
    /// One-off credits and charges outside the lines: each goes on the next invoice
    #[command(subcommand)]
    Adjustments(AdjustmentsCommand),
    /// What each organisation owes, what is overdue, and what is not allocated
    #[command(after_help = "Example:\n  quittance balances --org quillon --output json")]
    Balances(BalancesArgs),
    /// Show how each cent of an invoice line came to be
    #[command(after_help = "Example:\n  quittance explain G000000001-12")]
    Explain(ExplainArgs),
    /// Recompute every invoice, check every file and the journal
    Verify,
    /// Bad input lines that were set aside
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// The files of usage: how many there are, merge them, sweep what nothing names
    #[command(subcommand)]
    Store(StoreCommand),
    /// Write the books for other programs
    #[command(subcommand)]
    Export(ExportCommand),
    /// Serve the Partner Center billing API, and Quittance's own API below /api/v1
    #[command(
        after_help = "Example:\n  quittance serve --listen 127.0.0.1:8080\n  quittance serve --listen 127.0.0.1:8443 --tls-self-signed\n\nThe own API is described at /api/v1/openapi.json; docs/api.md shows it. What it writes takes its turn\nwith commands that write: neither keeps the other out for longer than its own work."
    )]
    Serve(ServeArgs),
    /// Access tokens for the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Programs that get their tokens for an id and a secret (OAuth 2, client credentials)
    #[command(subcommand)]
    Client(ClientCommand),
    /// Print shell completions
    #[command(after_help = "Example:\n  quittance completions bash > /etc/bash_completion.d/quittance")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Stop after the invoices are issued and printed
    #[arg(long)]
    pub(crate) no_serve: bool,
    /// The seed that the month is made from
    #[arg(long, default_value_t = 20_261_001)]
    pub(crate) seed: u64,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Name of the issuer
    #[arg(long, default_value = "Issuer")]
    pub(crate) issuer: String,
    /// Name of the first billed organisation
    #[arg(long, default_value = "Partner")]
    pub(crate) partner: String,
    /// The currency that it is billed in
    #[arg(long, default_value = "USD")]
    pub(crate) currency: Currency,
    /// Its country, two letters
    #[arg(long, default_value = "US")]
    pub(crate) country: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// List issuers and billed organisations
    List,
    /// Add a billed organisation
    #[command(after_help = "Example:\n  quittance org add quillon --name 'Quillon Cloud' --currency EUR --country FR")]
    Add(Box<OrgAddArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct OrgAddArgs {
    /// A short id of your choice
    pub(crate) id: OrganisationId,
    #[arg(long)]
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) currency: Currency,
    /// Two letters
    #[arg(long)]
    pub(crate) country: String,
    /// GUID of the tenant on the wire
    #[arg(long, default_value = "")]
    pub(crate) tenant_id: String,
    /// Partner number on the wire; digits
    #[arg(long, default_value = "")]
    pub(crate) partner_number: String,
    /// A line of the postal address; repeat for more
    #[arg(long = "address", value_name = "LINE")]
    pub(crate) address_lines: Vec<String>,
    #[arg(long, default_value = "")]
    pub(crate) tax_id: String,
    #[arg(long, default_value = "")]
    pub(crate) email: String,
    /// Net days from invoice to due date
    #[arg(long, default_value_t = 60)]
    pub(crate) payment_terms_days: u16,
    /// Language of documents
    #[arg(long, default_value = "en", value_parser = ["en", "de", "fr"])]
    pub(crate) language: String,
    /// How it is taxed when it is billed
    #[arg(long, default_value = "standard", value_parser = tax_treatment())]
    pub(crate) tax_treatment: TaxTreatment,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Usage: Azure usage details, enterprise and pay-as-you-go exports, own CSV, JSONL and Parquet
    #[command(
        after_help = "Examples:\n  quittance import usage october.csv.gz\n  quittance import usage details.json --assign-to contoso\n  quittance import usage --replay-quarantine"
    )]
    Usage(ImportUsageArgs),
    /// Prices: rate cards, Azure plan price sheets, own CSV
    #[command(after_help = "Example:\n  quittance import prices ratecard.json.zst --effective-from 2026-10-01")]
    Prices(ImportPricesArgs),
    /// Customers below a billed organisation
    Customers(ImportDirectoryArgs),
    /// Subscriptions and the days on which they earn the partner credit
    Subscriptions(ImportDirectoryArgs),
    /// Exchange rates: monthly USD-per-unit list, European Central Bank history
    Fx(ImportFxArgs),
    /// Offers: prices of licences, software, reservations and marketplace products by term and plan
    #[command(
        after_help = "Example:\n  quittance import offers licences.csv\n\nColumns: product_id, sku_id, term (P1M, P1Y, P3Y), billing_plan (monthly, annual, triennial, one_time),\nunit_price, currency, effective_from; docs/formats.md has the others."
    )]
    Offers {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Orders of licences: purchases, changes of seats and plans, upgrades, cancellations
    #[command(
        after_help = "Example:\n  quittance import orders october.csv\n  quittance import orders --late returned.csv\n\nColumns: order_id, ordered_at, action (purchase, change_seats, cancel, upgrade, change_plan,\nset_auto_renew), customer_id, subscription_id; docs/formats.md has the others."
    )]
    Orders {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Accept orders of closed months too; what they change of these goes on the next document, or is restated
        #[arg(long)]
        late: bool,
    },
    /// What savings plans pay for: meters with the plan's discount or price
    #[command(
        name = "savings-plans",
        after_help = "Example:\n  quittance import savings-plans plans.csv\n\nColumns: product_id, sku_id of the plan, meter_id, discount (0.3 is 30 %) or unit_price, effective_from;\noptional term (P1M, P1Y, P3Y), effective_until."
    )]
    SavingsPlans {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Tax rates by country, treatment and product, each with its dates
    #[command(
        after_help = "Example:\n  quittance import tax vat.csv\n\nColumns: code, rate (0.2 is 20 %), effective_from; optional country, treatment (standard, exempt,\nreverse_charge), product, effective_until, legal_note. Without any rate nothing is taxed."
    )]
    Tax {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportUsageArgs {
    #[arg(required_unless_present = "replay_quarantine")]
    pub(crate) files: Vec<PathBuf>,
    /// Read as this format instead of finding out
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// The customer of subscriptions that no file has introduced
    #[arg(long, value_name = "CUSTOMER")]
    pub(crate) assign_to: Option<CustomerId>,
    /// The billed organisation of a customer that --assign-to introduces
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
    /// Set lines of other months aside
    #[arg(long)]
    pub(crate) period: Option<BillingPeriod>,
    /// Make a price sheet from the provider's cost in the file
    #[arg(long)]
    pub(crate) own_cost_as_price: bool,
    /// Read all quarantined lines again
    #[arg(long)]
    pub(crate) replay_quarantine: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportPricesArgs {
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// Put the list into force from this day, whatever its own dates say
    #[arg(long, value_name = "DATE")]
    pub(crate) effective_from: Option<Date>,
    /// Partner earned credit of eligible meters, such as 0.15, where the list does not state it
    #[arg(long, value_name = "RATE")]
    pub(crate) earned_credit_rate: Option<Decimal>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportDirectoryArgs {
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The billed organisation of rows that name none
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFxArgs {
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[arg(long)]
    pub(crate) format: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RateArgs {
    /// The month, such as 2026-10
    #[arg(long)]
    pub(crate) period: BillingPeriod,
    /// Show what rating would come to, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The price list, in any format that can be imported
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: PathBuf,
    /// The month, such as 2026-10
    #[arg(long)]
    pub(crate) period: BillingPeriod,
    /// Read the list as this format instead of finding out
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// Partner earned credit of eligible meters, such as 0.15, where the list does not state it
    #[arg(long, value_name = "RATE")]
    pub(crate) earned_credit_rate: Option<Decimal>,
}

#[derive(Debug, Args)]
pub(crate) struct SavingsPlansArgs {
    /// The month, such as 2026-10
    #[arg(long)]
    pub(crate) period: BillingPeriod,
    /// Of this billed organisation only
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
    /// A row for each day instead of one for the month
    #[arg(long)]
    pub(crate) days: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The month, such as 2026-10
    #[arg(long)]
    pub(crate) period: BillingPeriod,
    /// Close before the cut-off on the 3rd of the next month
    #[arg(long)]
    pub(crate) early: bool,
    /// Move usage without a price to the next period instead of parking its organisation
    #[arg(long)]
    pub(crate) allow_unpriced: bool,
    /// Show what would be issued, and write nothing; with --output json to the byte
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestateArgs {
    /// The closed month, such as 2026-09
    #[arg(long)]
    pub(crate) period: BillingPeriod,
    /// Of this billed organisation only
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
    /// Issue the corrections so
    #[arg(long = "as", value_enum, requires = "reason", value_name = "HOW")]
    pub(crate) how: Option<CorrectionKind>,
    /// Printed on the corrections
    #[arg(long, requires = "how")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CorrectionKind {
    /// A note with the lines that differ
    Note,
    /// The same note, whose amount the next invoice asks for
    NextInvoice,
    /// A credit note for all, and a new document
    Rebill,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvoicesCommand {
    /// List invoices
    List {
        /// Of this billed organisation only
        #[arg(long)]
        org: Option<OrganisationId>,
        /// Those that were due and are not paid
        #[arg(long)]
        overdue: bool,
    },
    /// Show one invoice
    Show { number: InvoiceNumber },
    /// Print an invoice's lines
    Lines {
        number: InvoiceNumber,
        /// The daily rated lines instead of the month's lines
        #[arg(long)]
        daily: bool,
    },
    /// Take an invoice back, in full or an amount of it: issues a credit note, which settles it
    #[command(
        after_help = "Examples:\n  quittance invoices credit G000000001 --reason 'wrong address'\n  quittance invoices credit G000000001 --amount 20 --reason 'outage of 3 September'\n\nWhat was paid on it waits on the account then: see `quittance payments`."
    )]
    Credit {
        number: InvoiceNumber,
        /// Outside its lines and without tax; without an amount, every line is taken back
        #[arg(long)]
        amount: Option<Decimal>,
        /// Printed on the credit note
        #[arg(long)]
        reason: String,
    },
    /// Write an invoice as PDF
    Pdf {
        number: InvoiceNumber,
        /// The file; by default NUMBER.pdf
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// An invoice line, such as G000000001-12
    pub(crate) line: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List the lines
    List,
    /// Write a line as it was read, to mend it and import it again
    Show { id: u64 },
    /// Take restatements of billed records by their differences, which the next period bills
    #[command(
        after_help = "Example:\n  quittance quarantine take-differences\n\nA record whose month was billed stays as it is. What a higher revision says otherwise is late usage of the\nsame days."
    )]
    TakeDifferences,
    /// Give lines up
    Drop {
        #[arg(required = true)]
        ids: Vec<u64>,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum StoreCommand {
    /// Count records, files and bytes of each month
    #[command(after_help = "Example:\n  quittance store stats --output json")]
    Stats,
    /// Merge the many files of many imports into few, so that rating and pages read less
    #[command(
        after_help = "Example:\n  quittance store compact\n\nFiles that an invoice was computed from are never touched."
    )]
    Compact,
    /// Remove files that nothing names, such as a killed import leaves; every command that writes does this
    #[command(after_help = "Example:\n  quittance store sweep")]
    Sweep,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// The journal for plain-text accounting, in the order of its chain
    #[command(
        after_help = "Examples:\n  quittance export journal --format hledger --out books.journal\n  quittance export journal --format csv > journal.csv"
    )]
    Journal(ExportJournalArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ExportJournalArgs {
    #[arg(long, value_parser = journal_format())]
    pub(crate) format: JournalFormat,
    /// Whose books; may be left out where there is one issuer
    #[arg(long)]
    pub(crate) org: Option<OrganisationId>,
    /// The file; standard output without it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Scheme, host and port that links to exports name, where a proxy stands in front
    #[arg(long, value_name = "URL")]
    pub(crate) public_root: Option<String>,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// At most so many requests of one organisation in a second; more are told to wait (429)
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) rate_limit: Option<u32>,
}

/// How connections are encrypted; without any of it they are not.
#[derive(Debug, Default, Args)]
pub(crate) struct TlsArgs {
    /// Speak TLS with this certificate and those that signed it (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate for localhost, made once and kept in the data directory for clients to trust
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) tls_self_signed: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Make a client; its secret is shown once and stored hashed
    #[command(
        after_help = "Example:\n  quittance client create --org quillon --output json\n\nA program then asks for tokens with\n  curl -d grant_type=client_credentials -d client_id=ID -d client_secret=SECRET \\\n    http://127.0.0.1:8080/common/oauth2/token"
    )]
    Create {
        /// The organisation, an issuer or a billed one; may be left out where one is billed
        #[arg(long)]
        org: Option<OrganisationId>,
        #[arg(long, default_value = "billing", value_parser = role())]
        role: Role,
    },
    /// All clients, without their secrets
    #[command(after_help = "Example:\n  quittance client list")]
    List,
    /// End a client: it gets no tokens any more, and those that it has open nothing
    #[command(after_help = "Example:\n  quittance client revoke 0e8c5f0a-7a3b-4c55-9a49-3f1d6f0b7a11")]
    Revoke { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; it is shown once and stored hashed
    #[command(
        after_help = "Examples:\n  quittance token create --org quillon --output json\n  quittance token create --org issuer --role admin\n\nRoles: billing reads what its organisation sees: its own documents and account, and those of the\norganisations that it bills. admin also writes the books of those that it bills. other does nothing."
    )]
    Create {
        /// The organisation, an issuer or a billed one; may be left out where one is billed
        #[arg(long)]
        org: Option<OrganisationId>,
        #[arg(long, default_value = "billing", value_parser = role())]
        role: Role,
        /// Days until it expires; without it it does not
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u16>,
    },
}

/// A role by its name; help and refusal list the names.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|name| Role::from_name(&name).ok_or("there is no such role"))
}

fn tax_treatment() -> impl TypedValueParser<Value = TaxTreatment> {
    PossibleValuesParser::new(TaxTreatment::ALL.map(TaxTreatment::as_str))
        .try_map(|name| TaxTreatment::named(&name).ok_or("there is no such treatment"))
}

fn journal_format() -> impl TypedValueParser<Value = JournalFormat> {
    PossibleValuesParser::new(JournalFormat::ALL.map(|(name, _)| name)).try_map(|name| name.parse::<JournalFormat>())
}
