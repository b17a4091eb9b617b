//! What the log says, and what it must not.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn the_log_names_requests_and_neither_tokens_nor_signatures() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_env_filter("trace").with_ansi(false).with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();

    let world = World::new();
    let invoice = world.as_harrow().get_as("Invoice", "/v1/invoices/G000000001");
    let link = invoice["pdfDownloadLink"].as_str().unwrap();
    assert_eq!(world.anonymous().get(&format!("/v1{link}")).status, 200);
    let wrong = "qtc_00000000000000000000000000000000000000000000000000000000000000aa";
    world.anonymous().with_token(wrong).get("/v1/invoices").error(401);
    let files = tokio::runtime::Runtime::new().unwrap().block_on(world.books.ledger.rated_files()).unwrap();
    world.books.usage.remove(&files).unwrap();
    world.as_harrow().get("/v1/invoices/G000000001/lineitems/OneTime/UsageLineItems").error(500);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for said in ["/v1/invoices/G000000001/documents/statement", "status=401", "request failed", ".parquet"] {
        assert!(text.contains(said), "the log does not say {said}:\n{text}");
    }
    let (_, signature) = link.split_once("signature=").unwrap();
    for secret in [world.tokens.harrow.as_str(), wrong, signature, "Bearer"] {
        assert!(!text.contains(secret), "the log tells {secret}");
    }
}
