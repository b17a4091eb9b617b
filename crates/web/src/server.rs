//! Serves connections until it is told to stop.
//!
//! `axum::serve` would do but for the limits: it cannot bound headers, the time they take, or the
//! number of connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::layers::router;
use crate::origin::Encrypted;
use crate::state::{AppState, Limits};
use crate::tls::Tls;

/// How long to wait when the system has no place for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// At most so many requests at once on one connection.
const STREAM_COUNT_MAX: u32 = 100;

/// Serves `state` on `listener`. Once `shutdown` is done, no connection is taken any more and the
/// requests that are under way are answered.
///
/// # Errors
/// None today; a listener that fails is tried again.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_with(listener, None, state, shutdown).await
}

/// As [`serve`], over TLS.
///
/// # Errors
/// As [`serve`].
pub async fn serve_tls(
    listener: TcpListener,
    tls: Tls,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_with(listener, Some(tls), state, shutdown).await
}

async fn serve_with(
    listener: TcpListener,
    tls: Option<Tls>,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let limits = state.limits;
    let writing = state.writing.clone();
    let server = Server {
        router: router(state),
        builder: builder(&limits),
        places: Arc::new(Semaphore::new(limits.connection_count_max.min(Semaphore::MAX_PERMITS))),
        graceful: GracefulShutdown::new(),
        handshake_timeout: limits.header_timeout,
        tls,
    };
    tokio::select! {
        () = server.accept_all(&listener) => {}
        () = shutdown => {}
    }
    drop(listener);
    let rest = async {
        server.graceful.shutdown().await;
        writing.rest().await;
    };
    if timeout(limits.shutdown_timeout, rest).await.is_err() {
        tracing::warn!("requests were cut off by the shutdown");
    }
    Ok(())
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAM_COUNT_MAX)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX));
    builder
}

struct Server {
    router: Router,
    builder: Builder<TokioExecutor>,
    places: Arc<Semaphore>,
    graceful: GracefulShutdown,
    handshake_timeout: Duration,
    tls: Option<Tls>,
}

impl Server {
    async fn accept_all(&self, listener: &TcpListener) {
        // Closed only when the server is gone.
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => self.answer(stream, place),
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn answer(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        // Only a matter of speed.
        let _ = stream.set_nodelay(true);
        let (router, builder, watcher) = (self.router.clone(), self.builder.clone(), self.graceful.watcher());
        let (tls, handshake_timeout) = (self.tls.clone(), self.handshake_timeout);
        tokio::spawn(async move {
            match tls {
                None => answer_all(TokioIo::new(stream), router, builder, watcher).await,
                Some(tls) => match timeout(handshake_timeout, tls.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let router = router.layer(Extension(Encrypted));
                        answer_all(TokioIo::new(stream), router, builder, watcher).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%error, "a connection agreed on no encryption"),
                    Err(_) => tracing::debug!("a connection took too long to agree on encryption"),
                },
            }
            drop(place);
        });
    }
}

/// Answers all requests of one connection.
async fn answer_all<S: Read + Write + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    builder: Builder<TokioExecutor>,
    watcher: Watcher,
) {
    let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
    let connection = builder.serve_connection(stream, TowerToHyperService::new(service)).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "a connection broke off");
    }
}
