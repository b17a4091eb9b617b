//! Lists that billing reads, and files of usage: what was imported, and importing more.

use billing::decimal::Decimal;
use billing::ids::{CustomerId, OrganisationId};
use billing::period::BillingPeriod;
use billing::ports::ListKind;
use engine::import::{self, UsageImportOptions};
use formats::fx::{FxFormat, FxOptions};
use formats::price::{PriceFormat, PriceOptions};
use formats::usage::UsageFormat;
use jiff::civil::Date;

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{ImportReport, List, ListPage};

async fn list(call: Call, kind: ListKind) -> Result<Reply, Problem> {
    let lists = call.books().ledger.list_imports(kind).await?;
    let lists = lists.iter().map(List::from).collect();
    Reply::ok(&ListPage::from(page::of_places(&call, lists, |list| list.position)?))
}

pub(super) async fn offers(call: Call) -> Result<Reply, Problem> {
    list(call, ListKind::Offers).await
}

pub(super) async fn price_sheets(call: Call) -> Result<Reply, Problem> {
    list(call, ListKind::PriceSheet).await
}

pub(super) async fn exchange_rates(call: Call) -> Result<Reply, Problem> {
    list(call, ListKind::ExchangeRates).await
}

pub(super) async fn tax_rates(call: Call) -> Result<Reply, Problem> {
    list(call, ListKind::TaxRates).await
}

pub(super) async fn savings_plans(call: Call) -> Result<Reply, Problem> {
    list(call, ListKind::SavingsPlans).await
}

fn reported(report: &import::ImportReport) -> Result<Reply, Problem> {
    Reply::ok(&ImportReport::from(report))
}

pub(super) async fn import_offers(mut write: WriteCall) -> Result<Reply, Problem> {
    let file = write.file()?.into_import();
    reported(&import::import_offers(write.call.books(), file, write.now()).await?)
}

pub(super) async fn import_price_sheet(mut write: WriteCall) -> Result<Reply, Problem> {
    let query = &write.call.query;
    let options = PriceOptions {
        format: query.parsed::<PriceFormat>("format", "format of prices")?,
        effective_from: query.parsed::<Date>("effective_from", "day such as 2026-10-01")?,
        earned_credit_rate: query.parsed::<Decimal>("earned_credit_rate", "exact decimal number")?,
    };
    let file = write.file()?.into_import();
    reported(&import::import_prices(write.call.books(), file, &options, write.now()).await?)
}

pub(super) async fn import_exchange_rates(mut write: WriteCall) -> Result<Reply, Problem> {
    let format = write.call.query.parsed::<FxFormat>("format", "format of exchange rates")?;
    let options = FxOptions { format, ..FxOptions::default() };
    let file = write.file()?.into_import();
    reported(&import::import_fx(write.call.books(), file, &options, write.now()).await?)
}

pub(super) async fn import_tax_rates(mut write: WriteCall) -> Result<Reply, Problem> {
    let file = write.file()?.into_import();
    reported(&import::import_tax_rates(write.call.books(), file, write.now()).await?)
}

pub(super) async fn import_savings_plans(mut write: WriteCall) -> Result<Reply, Problem> {
    let file = write.file()?.into_import();
    reported(&import::import_savings_plans(write.call.books(), file, write.now()).await?)
}

pub(super) async fn import_subscriptions(mut write: WriteCall) -> Result<Reply, Problem> {
    let file = write.file()?.into_import();
    reported(&import::import_subscriptions(write.call.books(), file, write.now()).await?)
}

pub(super) async fn import_usage(mut write: WriteCall) -> Result<Reply, Problem> {
    let query = &write.call.query;
    let options = UsageImportOptions {
        format: query.parsed::<UsageFormat>("format", "format of usage")?,
        assign_to: query.parsed::<CustomerId>("assign_to", "id of a customer")?,
        organisation: query.parsed::<OrganisationId>("organisation", "id of an organisation")?,
        period: query.parsed::<BillingPeriod>("period", "month such as 2026-10")?,
        own_cost_as_price: query.switch("own_cost_as_price")?,
    };
    let file = write.file()?.into_import();
    reported(&import::import_usage(write.call.books(), file, &options, write.now(), &|_| {}).await?)
}
