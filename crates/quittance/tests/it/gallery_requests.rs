//! Examples of the error gallery that are requests to a server: `request.json` says what is sent to the
//! sample's books, by whom, and with which limits.

use std::any::Any;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use billing::invoice::{Invoice, InvoiceLine};
use billing::ports::{PortError, PortResult};
use engine::exporting::{ExportId, ExportShelf, PartReader, PartWriter};
use engine::tokens::{self, Role};
use engine::writing::WriteGate;
use engine::{Books, DocumentShelf, EngineError, EngineResult};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use web::{AppState, Exports, Limits, Writing};

use crate::books::NOW;
use crate::gallery::{folders, gallery};
use crate::sample;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// A role of the issuer; without it no token is sent.
    role: Option<String>,
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<Value>,
    /// Another body that is sent before, with the same headers.
    before: Option<Value>,
    /// The server takes no longer path and query.
    target_bytes_max: Option<usize>,
    /// The server takes no larger body.
    body_bytes_max: Option<u64>,
    /// The server answers nothing that takes longer.
    request_timeout_ms: Option<u64>,
    /// The server answers none at all and lets none wait.
    #[serde(default)]
    is_full: bool,
    /// The server answers so many in a second, and the request was sent so often before.
    requests_per_second: Option<u32>,
    #[serde(default)]
    sent_before: usize,
    /// Another process writes all the time, and the request is sent so often at once.
    at_once_while_locked: Option<usize>,
}

/// Loses every document.
#[derive(Debug)]
struct LostShelf;

impl DocumentShelf for LostShelf {
    fn render_invoice(&self, _: &Invoice, _: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        Err(PortError::new("document.render.failed", "not rendered", ""))
    }

    fn store(&self, _: &str, _: &[u8]) -> PortResult<String> {
        Err(PortError::new("storage.full", "the disk is full", ""))
    }

    fn load(&self, _: &str) -> PortResult<Vec<u8>> {
        Err(PortError::new("storage.file_missing", "a document's file is missing", ""))
    }
}

impl ExportShelf for LostShelf {
    fn load(&self, _: &ExportId) -> PortResult<Option<Vec<u8>>> {
        Ok(None)
    }

    fn save(&self, _: &ExportId, _: &[u8]) -> PortResult<()> {
        Err(PortError::new("storage.full", "the disk is full", ""))
    }

    fn begin_part(&self, _: &ExportId, _: &str) -> PortResult<Box<dyn PartWriter>> {
        Err(PortError::new("storage.full", "the disk is full", ""))
    }

    fn open_part(&self, _: &ExportId, _: &str) -> PortResult<Option<Box<dyn PartReader>>> {
        Ok(None)
    }

    fn ids(&self) -> PortResult<Vec<ExportId>> {
        Ok(vec![])
    }

    fn remove(&self, _: &ExportId) -> PortResult<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Gate(PathBuf);

impl WriteGate for Gate {
    fn enter(&self) -> EngineResult<Box<dyn Any + Send>> {
        let file = File::create(&self.0).unwrap();
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(_) => Err(EngineError::new("data_dir.locked", "another command is writing")),
        }
    }
}

async fn serve(example: &Example, dir: PathBuf) -> (SocketAddr, Option<String>) {
    let ledger = ledger::SqliteLedger::open_existing(&dir.join("ledger.db")).await.unwrap();
    let usage = usage::DirectoryStore::open(&dir).unwrap();
    let books = Books::new(Arc::new(ledger), Arc::new(usage), Arc::new(LostShelf));
    let now = NOW.parse().unwrap();
    let issuer = books.issuer().await.unwrap();
    let token = match example.role.as_deref() {
        Some("nobody") => Some("qtc_nonsense".to_owned()),
        Some(name) => {
            let role = Role::from_name(name).unwrap();
            Some(tokens::create(&books, &issuer, role, &[7; 32], now, None).await.unwrap())
        }
        None => None,
    };
    let mut limits = Limits::default();
    if let Some(request_timeout_ms) = example.request_timeout_ms {
        limits.request_timeout = Duration::from_millis(request_timeout_ms);
    }
    limits.target_bytes_max = example.target_bytes_max.unwrap_or(limits.target_bytes_max);
    limits.body_bytes_max = example.body_bytes_max.unwrap_or(limits.body_bytes_max);
    if example.is_full {
        (limits.request_count_max, limits.waiting_count_max) = (0, 0);
    }
    limits.requests_per_second = example.requests_per_second;
    let state = AppState {
        books,
        clock: Arc::new(move || now),
        writing: Writing::through(Arc::new(Gate(dir.join("write.lock")))),
        exports: Exports::on(Arc::new(LostShelf)),
        link_key: [7; 32],
        limits,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(web::serve(listener, state, std::future::pending()));
    (address, token)
}

fn ask(example: &Example, address: SocketAddr, token: Option<&str>) -> String {
    ask_with(example, example.body.as_ref(), address, token)
}

fn ask_with(example: &Example, body: Option<&Value>, address: SocketAddr, token: Option<&str>) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request =
        ureq::http::Request::builder().method(example.method.as_str()).uri(format!("http://{address}{}", example.path));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    for (name, value) in &example.headers {
        request = request.header(name, value);
    }
    let sent = match body {
        None => agent.run(request.body(()).unwrap()),
        Some(Value::String(text)) => agent.run(request.body(text.clone()).unwrap()),
        Some(json) => agent.run(request.body(json.to_string()).unwrap()),
    };
    let mut answer = sent.unwrap();
    answer.body_mut().read_to_string().unwrap()
}

/// The answers to an example, those that came first.
fn answers(example: &Example, address: SocketAddr, token: Option<&str>, lock: &File) -> Vec<String> {
    if example.before.is_some() {
        ask_with(example, example.before.as_ref(), address, token);
    }
    for _ in 0..example.sent_before {
        ask(example, address, token);
    }
    let Some(count) = example.at_once_while_locked else { return vec![ask(example, address, token)] };
    lock.lock().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..count {
            let send = send.clone();
            scope.spawn(move || send.send(ask(example, address, token)).unwrap());
        }
        let first = receive.recv().unwrap();
        lock.unlock().unwrap();
        vec![first]
    })
}

#[test]
fn every_request_raises_its_code() {
    let examples: Vec<String> =
        folders().into_iter().filter(|code| gallery().join(code).join("request.json").is_file()).collect();
    assert!(examples.len() > 15, "{examples:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for code in examples {
        let text = fs::read_to_string(gallery().join(&code).join("request.json")).unwrap();
        let example: Example = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{code}: {error}"));
        let books = sample::full();
        let (address, token) = runtime.block_on(serve(&example, books.dir()));
        let lock = File::create(books.dir().join("write.lock")).unwrap();
        let answers = answers(&example, address, token.as_deref(), &lock);
        let named = format!("\"code\":\"{code}\"");
        assert!(answers.iter().any(|answer| answer.contains(&named)), "{code} is not raised: {answers:?}");
    }
}
