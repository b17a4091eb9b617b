//! Loads what a rating depends on, by the digests that a snapshot names (design D3).

use billing::fx::{FxQuote, FxTable};
use billing::invoice::BlobDigest;
use billing::party::PartyDirectory;
use billing::ports::Ledger;
use billing::price::PriceSheet;
use serde::de::DeserializeOwned;

use crate::error::{EngineError, EngineResult};

/// Price lists and exchange rates with the digests that name them.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) sheet_digests: Vec<BlobDigest>,
    pub(crate) sheets: Vec<PriceSheet>,
    pub(crate) fx_digests: Vec<BlobDigest>,
    pub(crate) fx: FxTable,
}

impl Lists {
    /// The lists as they stand now.
    pub(crate) async fn current(ledger: &dyn Ledger) -> EngineResult<Self> {
        Self::named(ledger, ledger.price_sheets().await?, ledger.fx_lists().await?).await
    }

    /// The lists that a snapshot names.
    pub(crate) async fn named(
        ledger: &dyn Ledger,
        sheet_digests: Vec<BlobDigest>,
        fx_digests: Vec<BlobDigest>,
    ) -> EngineResult<Self> {
        let mut sheets = Vec::with_capacity(sheet_digests.len());
        for digest in &sheet_digests {
            sheets.push(load(ledger, digest, "a price sheet").await?);
        }
        let mut quotes: Vec<FxQuote> = Vec::new();
        for digest in &fx_digests {
            quotes.extend(load::<Vec<FxQuote>>(ledger, digest, "a list of exchange rates").await?);
        }
        let fx = FxTable::new(quotes).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        Ok(Self { sheet_digests, sheets, fx_digests, fx })
    }
}

pub(crate) async fn load_directory(ledger: &dyn Ledger, digest: &BlobDigest) -> EngineResult<PartyDirectory> {
    load(ledger, digest, "a party's directory").await
}

async fn load<T: DeserializeOwned>(ledger: &dyn Ledger, digest: &BlobDigest, what: &str) -> EngineResult<T> {
    let bytes =
        ledger.blob(digest).await?.ok_or_else(|| EngineError::damaged(what, format!("blob {digest} is missing")))?;
    serde_json::from_slice(&bytes).map_err(|error| EngineError::damaged(what, format!("blob {digest}: {error}")))
}
