//! Loads what a rating depends on, by the digests that a snapshot names (design D3).

use std::sync::Arc;

use billing::fx::{FxQuote, FxTable};
use billing::invoice::{BlobDigest, ListDigests};
use billing::licence::{LicenceOffer, OfferBook};
use billing::party::PartyDirectory;
use billing::ports::{Ledger, ListKind};
use billing::price::PriceSheet;
use billing::savings_plan::{PlanRate, PlanRates};
use billing::tax::{TaxRule, TaxTable};
use serde::de::DeserializeOwned;

use crate::error::{EngineError, EngineResult};

/// What rating and drafting look up, with the digests that name it.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) digests: ListDigests,
    pub(crate) sheets: Vec<PriceSheet>,
    pub(crate) fx: Arc<FxTable>,
    pub(crate) taxes: Arc<TaxTable>,
    /// What savings plans pay for.
    pub(crate) plan_rates: Arc<PlanRates>,
}

impl Lists {
    /// The lists as they stand now.
    pub(crate) async fn current(ledger: &dyn Ledger) -> EngineResult<Self> {
        Self::named(ledger, current_digests(ledger).await?).await
    }

    /// The lists that a snapshot names.
    pub(crate) async fn named(ledger: &dyn Ledger, digests: ListDigests) -> EngineResult<Self> {
        let mut sheets = Vec::with_capacity(digests.price_sheets.len());
        for digest in &digests.price_sheets {
            sheets.push(load(ledger, digest, "a price sheet").await?);
        }
        let fx = Arc::new(load_fx(ledger, &digests.exchange_rates).await?);
        let taxes = Arc::new(load_taxes(ledger, &digests.tax_rates).await?);
        let plan_rates = Arc::new(load_plan_rates(ledger, &digests.savings_plans).await?);
        Ok(Self { digests, sheets, fx, taxes, plan_rates })
    }
}

/// What names the lists as they stand now.
pub(crate) async fn current_digests(ledger: &dyn Ledger) -> EngineResult<ListDigests> {
    Ok(ListDigests {
        price_sheets: ledger.lists(ListKind::PriceSheet).await?,
        exchange_rates: ledger.lists(ListKind::ExchangeRates).await?,
        tax_rates: ledger.lists(ListKind::TaxRates).await?,
        offers: ledger.lists(ListKind::Offers).await?,
        savings_plans: ledger.lists(ListKind::SavingsPlans).await?,
    })
}

pub(crate) async fn load_fx(ledger: &dyn Ledger, digests: &[BlobDigest]) -> EngineResult<FxTable> {
    let mut quotes: Vec<FxQuote> = Vec::new();
    for digest in digests {
        quotes.extend(load::<Vec<FxQuote>>(ledger, digest, "a list of exchange rates").await?);
    }
    FxTable::new(quotes).map_err(|error| EngineError::new(error.code(), error.to_string()))
}

pub(crate) async fn load_taxes(ledger: &dyn Ledger, digests: &[BlobDigest]) -> EngineResult<TaxTable> {
    let mut rules: Vec<TaxRule> = Vec::new();
    for digest in digests {
        rules.extend(load::<Vec<TaxRule>>(ledger, digest, "a list of tax rates").await?);
    }
    Ok(TaxTable::new(rules))
}

async fn load_plan_rates(ledger: &dyn Ledger, digests: &[BlobDigest]) -> EngineResult<PlanRates> {
    let mut lists: Vec<Vec<PlanRate>> = Vec::with_capacity(digests.len());
    for digest in digests {
        lists.push(load(ledger, digest, "a list of what savings plans pay for").await?);
    }
    Ok(PlanRates::new(lists))
}

pub(crate) async fn load_directory(ledger: &dyn Ledger, digest: &BlobDigest) -> EngineResult<PartyDirectory> {
    load(ledger, digest, "a party's directory").await
}

pub(crate) async fn load_offers(ledger: &dyn Ledger, digests: &[BlobDigest]) -> EngineResult<OfferBook> {
    let mut lists: Vec<Vec<LicenceOffer>> = Vec::with_capacity(digests.len());
    for digest in digests {
        lists.push(load(ledger, digest, "a list of offers").await?);
    }
    Ok(OfferBook::new(lists))
}

async fn load<T: DeserializeOwned>(ledger: &dyn Ledger, digest: &BlobDigest, what: &str) -> EngineResult<T> {
    let bytes =
        ledger.blob(digest).await?.ok_or_else(|| EngineError::damaged(what, format!("blob {digest} is missing")))?;
    serde_json::from_slice(&bytes).map_err(|error| EngineError::damaged(what, format!("blob {digest}: {error}")))
}
