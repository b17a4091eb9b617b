//! `quittance serve`: the Partner Center billing API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;
use web::Tls;

use crate::certificate;
use crate::cli::ServeArgs;
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, say};
use crate::{CommandResult, Exit};

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub(crate) async fn run(dir: &Path, args: &ServeArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let tls = certificate::chosen(&data, &args.tls)?;
    let listener = listen(args.listen).await?;
    say(format!("listening on {}", address(&listener, tls.as_ref())?));
    let limits = web::Limits { requests_per_second: args.rate_limit, ..web::Limits::default() };
    serve(&data, listener, (tls, limits), args.public_root.as_deref()).await?;
    Ok(Exit::Done)
}

pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new("serve.address", format!("cannot listen on {address}: {error}")))
}

/// How clients reach it.
pub(crate) fn address(listener: &TcpListener, tls: Option<&Tls>) -> Result<String, Failure> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", listener.local_addr()?))
}

/// Serves by the clock of the machine, or the pinned one, until the process is told to stop.
async fn serve(
    data: &DataDir,
    listener: TcpListener,
    how: (Option<Tls>, web::Limits),
    public_root: Option<&str>,
) -> Result<(), Failure> {
    // The clock is read again for each request, so a malformed pin is found out now.
    let started_at = clock::now()?;
    serve_by(data, listener, how, Arc::new(move || clock::now().unwrap_or(started_at)), public_root).await
}

/// Serves with a clock that stands still.
pub(crate) async fn serve_at(
    data: &DataDir,
    listener: TcpListener,
    tls: Option<Tls>,
    now: Timestamp,
) -> Result<(), Failure> {
    serve_by(data, listener, (tls, web::Limits::default()), Arc::new(move || now), None).await
}

async fn serve_by(
    data: &DataDir,
    listener: TcpListener,
    (tls, limits): (Option<Tls>, web::Limits),
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
        limits,
    };
    match tls {
        Some(tls) => Ok(web::serve_tls(listener, tls, state, stopped()).await?),
        None => Ok(web::serve(listener, state, stopped()).await?),
    }
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
