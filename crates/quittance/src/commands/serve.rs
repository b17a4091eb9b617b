//! `quittance serve`: the Partner Center billing API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::cli::ServeArgs;
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, say};
use crate::{CommandResult, Exit};

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub(crate) async fn run(dir: &Path, args: &ServeArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let listener = listen(args.listen).await?;
    say(format!("listening on http://{}", listener.local_addr()?));
    serve(&data, listener, args.public_root.as_deref()).await?;
    Ok(Exit::Done)
}

pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new("serve.address", format!("cannot listen on {address}: {error}")))
}

/// Serves by the clock of the machine, or the pinned one, until the process is told to stop.
async fn serve(data: &DataDir, listener: TcpListener, public_root: Option<&str>) -> Result<(), Failure> {
    // The clock is read again for each request, so a malformed pin is found out now.
    let started_at = clock::now()?;
    serve_by(data, listener, Arc::new(move || clock::now().unwrap_or(started_at)), public_root).await
}

/// Serves with a clock that stands still.
pub(crate) async fn serve_at(data: &DataDir, listener: TcpListener, now: Timestamp) -> Result<(), Failure> {
    serve_by(data, listener, Arc::new(move || now), None).await
}

async fn serve_by(
    data: &DataDir,
    listener: TcpListener,
    clock: Clock,
    public_root: Option<&str>,
) -> Result<(), Failure> {
    // Whatever is running on paper while nobody writes was cut off.
    if let Ok(_lock) = data.lock_without_sweep() {
        data.books.ledger.interrupt_runs(clock()).await?;
    }
    let state = web::AppState {
        books: data.books.clone(),
        clock,
        writing: web::Writing::through(Arc::new(data.gate())),
        exports: match public_root {
            Some(root) => web::Exports::on(Arc::new(data.export_shelf())).with_public_root(root),
            None => web::Exports::on(Arc::new(data.export_shelf())),
        },
        link_key: data.link_key().await?,
        limits: web::Limits::default(),
    };
    Ok(web::serve(listener, state, stopped()).await?)
}

async fn stopped() {
    let interrupted = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
