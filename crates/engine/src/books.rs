//! The stores that a use case works on.

use std::fmt;
use std::sync::Arc;

use billing::fx::FxTable;
use billing::ids::OrganisationId;
use billing::invoice::{BlobDigest, Invoice, InvoiceLine, ListDigests};
use billing::licence::OfferBook;
use billing::party::{Organisation, PartyDirectory};
use billing::ports::{Ledger, PortResult, StoredFile, UsageStore};
use billing::tax::TaxTable;

use crate::error::{EngineError, EngineResult};
use crate::inputs::{Lists, load_directory, load_fx, load_offers, load_taxes};
use crate::memory::Memory;
use crate::open_usage::MonthSums;

/// Renders documents and keeps the rendered bytes by their digest.
pub trait DocumentShelf: Send + Sync + fmt::Debug {
    /// The printed invoice; the same invoice gives the same bytes.
    ///
    /// # Errors
    /// `document.*` when it cannot be rendered.
    fn render_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<Vec<u8>>;

    /// Stores bytes and answers their path, relative to the data directory.
    ///
    /// # Errors
    /// Storage failures.
    fn store(&self, sha256: &str, bytes: &[u8]) -> PortResult<String>;

    /// Reads stored bytes again.
    ///
    /// # Errors
    /// `storage.file_missing` and other storage failures.
    fn load(&self, path: &str) -> PortResult<Vec<u8>>;
}

/// One data directory.
#[derive(Debug, Clone)]
pub struct Books {
    pub ledger: Arc<dyn Ledger>,
    pub usage: Arc<dyn UsageStore>,
    pub documents: Arc<dyn DocumentShelf>,
    pub(crate) memory: Arc<Memory>,
}

impl Books {
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, usage: Arc<dyn UsageStore>, documents: Arc<dyn DocumentShelf>) -> Self {
        Self { ledger, usage, documents, memory: Arc::default() }
    }

    /// The directory that a snapshot names.
    pub(crate) async fn directory(&self, digest: &BlobDigest) -> EngineResult<Arc<PartyDirectory>> {
        if let Some(known) = self.memory.directories.get(digest) {
            return Ok(known);
        }
        let directory = Arc::new(load_directory(self.ledger.as_ref(), digest).await?);
        Ok(self.memory.directories.keep(digest.clone(), directory))
    }

    /// The lists that a snapshot names.
    pub(crate) async fn lists(&self, digests: &ListDigests) -> EngineResult<Arc<Lists>> {
        if let Some(known) = self.memory.lists.get(digests) {
            return Ok(known);
        }
        let lists = Arc::new(Lists::named(self.ledger.as_ref(), digests.clone()).await?);
        Ok(self.memory.lists.keep(digests.clone(), lists))
    }

    /// The offers of some lists.
    pub(crate) async fn offers(&self, digests: &[BlobDigest]) -> EngineResult<Arc<OfferBook>> {
        let name = digests.to_vec();
        if let Some(known) = self.memory.offers.get(&name) {
            return Ok(known);
        }
        let offers = Arc::new(load_offers(self.ledger.as_ref(), digests).await?);
        Ok(self.memory.offers.keep(name, offers))
    }

    /// The exchange rates of some lists.
    pub(crate) async fn fx(&self, digests: &[BlobDigest]) -> EngineResult<Arc<FxTable>> {
        let name = digests.to_vec();
        if let Some(known) = self.memory.fx.get(&name) {
            return Ok(known);
        }
        let fx = Arc::new(load_fx(self.ledger.as_ref(), digests).await?);
        Ok(self.memory.fx.keep(name, fx))
    }

    /// The tax rates of some lists.
    pub(crate) async fn taxes(&self, digests: &[BlobDigest]) -> EngineResult<Arc<TaxTable>> {
        let name = digests.to_vec();
        if let Some(known) = self.memory.taxes.get(&name) {
            return Ok(known);
        }
        let taxes = Arc::new(load_taxes(self.ledger.as_ref(), digests).await?);
        Ok(self.memory.taxes.keep(name, taxes))
    }

    /// What the lines of some files come to, which are read where it is not known.
    pub(crate) fn month_sums(
        &self,
        files: &[StoredFile],
        read: impl FnOnce() -> EngineResult<MonthSums>,
    ) -> EngineResult<Arc<MonthSums>> {
        let name: Vec<String> = files.iter().map(|file| file.sha256.clone()).collect();
        if let Some(known) = self.memory.sums.get(&name) {
            return Ok(known);
        }
        let sums = Arc::new(read()?);
        Ok(self.memory.sums.keep(name, sums))
    }

    /// The organisations that somebody bills, by id.
    ///
    /// # Errors
    /// Storage failures.
    pub async fn billed_parties(&self) -> EngineResult<Vec<Organisation>> {
        let mut parties = self.ledger.organisations().await?;
        parties.retain(|organisation| organisation.billed_by.is_some());
        parties.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(parties)
    }

    /// The party that is meant: the one that is named, else the data directory's default, else
    /// the only one there is.
    ///
    /// # Errors
    /// `organisation.unknown` or `organisation.not_chosen`.
    pub async fn chosen_party(&self, named: Option<&OrganisationId>) -> EngineResult<Organisation> {
        let parties = self.billed_parties().await?;
        let default = match named {
            Some(_) => None,
            None => self.ledger.setting("default_party").await?,
        };
        let wanted = named.map(OrganisationId::as_str).or(default.as_deref());
        if let Some(wanted) = wanted {
            let found = parties.iter().find(|party| party.id.as_str() == wanted);
            return found.cloned().ok_or_else(|| {
                EngineError::new("organisation.unknown", format!("no billed organisation is called {wanted:?}"))
            });
        }
        match parties.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(EngineError::new(
                "organisation.unknown",
                "there is no billed organisation yet; run `quittance init`",
            )),
            several => {
                let names: Vec<&str> = several.iter().map(|party| party.id.as_str()).collect();
                let message = format!("several organisations are billed; choose one with --org: {}", names.join(", "));
                Err(EngineError::new("organisation.not_chosen", message))
            }
        }
    }
}
