//! The work behind the answers: files are written while clients ask whether they are done.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use billing::party::Organisation;
use engine::exporting::{self, Export, ExportFailure, ExportId, ExportRequest, ExportShelf, ExportState, Source};
use engine::{Books, EngineError, EngineResult};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use crate::access::Reader;
use crate::failure::Failure;
use crate::state::{AppState, Clock};

/// Files that are written at the same time.
const WRITTEN_AT_ONCE: usize = 2;

/// Exports of one server.
#[derive(Debug, Clone)]
pub struct Exports {
    shelf: Arc<dyn ExportShelf>,
    /// Scheme, host and port of links; where it is not set, those that the client has used.
    pub(crate) public_root: Option<String>,
    places: Arc<Semaphore>,
    /// What this server works on.
    under_way: Arc<Mutex<BTreeSet<ExportId>>>,
    /// Held while exports are removed or begun: one that is being begun looks like one that nobody knows.
    beginning: Arc<Mutex<()>>,
}

impl Exports {
    #[must_use]
    pub fn on(shelf: Arc<dyn ExportShelf>) -> Self {
        Self {
            shelf,
            public_root: None,
            places: Arc::new(Semaphore::new(WRITTEN_AT_ONCE)),
            under_way: Arc::default(),
            beginning: Arc::default(),
        }
    }

    /// Behind a proxy, links name the proxy: `https://billing.example.net`.
    #[must_use]
    pub fn with_public_root(self, root: &str) -> Self {
        Self { public_root: Some(root.trim_end_matches('/').to_owned()), ..self }
    }

    pub(super) fn shelf(&self) -> &Arc<dyn ExportShelf> {
        &self.shelf
    }

    /// Begins an export, or finds the one that is there for the same request and data.
    pub(super) async fn begin(
        &self,
        state: &AppState,
        reader: &Reader,
        request: ExportRequest,
    ) -> Result<Export, Failure> {
        let party = reader.organisation().await?;
        let (id, etag) = exporting::identify(&reader.books, &party, &request).await?;
        let now = state.now();
        let known = self.find(id.clone()).await?.filter(|known| !known.has_expired(now));
        match known {
            Some(known) if !matches!(known.state, ExportState::Failed(_)) => {
                self.go_on(state, &known, party);
                return Ok(known);
            }
            _ => {}
        }
        let export = Export {
            id,
            owner: party.id.clone(),
            tenant: party.tenant_id.clone(),
            request,
            etag,
            created_at: now,
            last_action_at: now,
            state: ExportState::Running,
        };
        let (shelf, saved, beginning) = (self.shelf.clone(), export.clone(), self.beginning.clone());
        on_disk(move || {
            let _alone = beginning.lock().unwrap_or_else(PoisonError::into_inner);
            exporting::sweep(shelf.as_ref(), now)?;
            saved.save(shelf.as_ref())
        })
        .await?;
        self.go_on(state, &export, party);
        Ok(export)
    }

    /// One that is the caller's; an export that was cut off is gone on with.
    pub(super) async fn of_caller(
        &self,
        state: &AppState,
        reader: &Reader,
        segment: &str,
    ) -> Result<Option<Export>, Failure> {
        let Some(id) = ExportId::parse(segment) else { return Ok(None) };
        let party = reader.organisation().await?;
        let Some(export) = self.find(id).await?.filter(|export| export.owner == party.id) else { return Ok(None) };
        self.go_on(state, &export, party);
        Ok(Some(export))
    }

    pub(super) async fn find(&self, id: ExportId) -> Result<Option<Export>, Failure> {
        let shelf = self.shelf.clone();
        Ok(on_disk(move || Export::load(shelf.as_ref(), &id)).await?)
    }

    /// Works on an export unless it is done or somebody does already.
    fn go_on(&self, state: &AppState, export: &Export, party: Organisation) {
        if export.state != ExportState::Running || !self.under_way().insert(export.id.clone()) {
            return;
        }
        let (exports, export) = (self.clone(), export.clone());
        let (books, clock) = (state.books.clone(), state.clock.clone());
        tokio::spawn(async move {
            let id = export.id.clone();
            exports.finish(books, clock, export, party).await;
            exports.under_way().remove(&id);
        });
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, BTreeSet<ExportId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn finish(&self, books: Books, clock: Clock, mut export: Export, party: Organisation) {
        let id = export.id.as_str().to_owned();
        export.state = match self.write(&books, &export, party).await {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(export = id, code = error.code, operator = error.operator, "an export failed");
                ExportState::Failed(ExportFailure::NotWritten)
            }
        };
        export.last_action_at = clock();
        let shelf = self.shelf.clone();
        if let Err(error) = on_disk(move || export.save(shelf.as_ref())).await {
            // It stays running until somebody asks for it again.
            tracing::error!(export = id, code = error.code, operator = error.operator, "an export was not kept");
        }
    }

    async fn write(&self, books: &Books, export: &Export, party: Organisation) -> EngineResult<ExportState> {
        let source = {
            let (books, request) = (books.clone(), export.request.clone());
            self.work(move |runtime| runtime.block_on(Source::of(&books, &party, &request))).await?
        };
        let source = Arc::new(source);
        if source.line_count() == 0 {
            return Ok(ExportState::Failed(ExportFailure::NoData));
        }
        let mut writing = JoinSet::new();
        for number in 0..source.part_count() {
            let (exports, books, source, export) = (self.clone(), books.clone(), source.clone(), export.clone());
            writing.spawn(async move {
                let shelf = exports.shelf.clone();
                let part = exports
                    .work(move |runtime| runtime.block_on(source.write_part(&books, shelf.as_ref(), &export, number)));
                part.await
            });
        }
        let mut parts = Vec::new();
        while let Some(written) = writing.join_next().await {
            parts.push(written.map_err(broken)??);
        }
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(ExportState::Done(parts))
    }

    /// On a thread that may block, when there is a place.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(Handle) -> EngineResult<T> + Send + 'static,
    ) -> EngineResult<T> {
        let _place = self.places.acquire().await.map_err(broken)?;
        let runtime = Handle::current();
        spawn_blocking(move || work(runtime)).await.map_err(broken)?
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> EngineResult<T> + Send + 'static) -> EngineResult<T> {
    spawn_blocking(work).await.map_err(broken)?
}

fn broken(error: impl std::fmt::Display) -> EngineError {
    EngineError::new("storage.failed", "the work on an export broke off").with_operator(error)
}
