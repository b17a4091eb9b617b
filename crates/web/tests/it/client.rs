//! A plain client, and a socket for what no client would send.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use testkit::contract::check_text;
use ureq::Agent;

#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    root: String,
    headers: Vec<(String, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    path: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { agent: config.build().new_agent(), root: format!("http://{address}"), headers: vec![] }
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "Authorization");
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.root));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::read(path, request.call().unwrap())
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.root));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::read(path, request.send("{}").unwrap())
    }

    /// With this method and body, and no header but those of the client.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.root));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match method {
            "GET" | "HEAD" => self.agent.run(request.body(()).unwrap()),
            _ => self.agent.run(request.body(body.to_owned()).unwrap()),
        };
        Answer::read(path, sent.unwrap())
    }

    /// Where the server is: `http://127.0.0.1:4711`.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, content_type: &str, body: &str) -> Answer {
        let mut request = self.agent.patch(format!("{}{path}", self.root)).header("Content-Type", content_type);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::read(path, request.send(body).unwrap())
    }

    /// With a key of its own unless one is among the headers.
    #[track_caller]
    pub(crate) fn send(&self, path: &str, body: &[u8]) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.root));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.headers.iter().all(|(name, _)| name != KEY) {
            static NEXT: AtomicU64 = AtomicU64::new(1);
            request = request.header(KEY, format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        }
        Answer::read(path, request.send(body).unwrap())
    }

    #[track_caller]
    pub(crate) fn send_json(&self, path: &str, body: &Value) -> Answer {
        self.clone().with("Content-Type", "application/json").send(path, body.to_string().as_bytes())
    }

    /// A good answer that keeps to the contract.
    #[track_caller]
    pub(crate) fn get_as(&self, resource: &str, path: &str) -> Value {
        self.get(path).ok(resource)
    }
}

pub(crate) const KEY: &str = "Idempotency-Key";

impl Answer {
    fn read(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Self {
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        Self { status: response.status().as_u16(), headers: response.headers().clone(), bytes, path: path.to_owned() }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        serde_json::from_str(self.text()).unwrap()
    }

    /// An error of Graph that keeps to the contract; answers its code.
    #[track_caller]
    pub(crate) fn graph_error(&self, status: u16) -> String {
        let body = self.json(status);
        let error = &body["error"];
        for id in ["request-id", "client-request-id"] {
            assert_eq!(error["innerError"][id], self.header(id), "{}: {body}", self.path);
        }
        assert!(!error["message"].as_str().unwrap().is_empty(), "{body}");
        error["code"].as_str().unwrap().to_owned()
    }

    /// A problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.path);
        assert_eq!(body["code"], code, "{}: {body}", self.path);
        assert_eq!(
            (body["status"].as_u64(), body["type"].as_str()),
            (Some(status.into()), Some(format!("/docs/errors/{code}").as_str()))
        );
        body
    }

    #[track_caller]
    pub(crate) fn ok(&self, resource: &str) -> Value {
        assert_eq!(self.status, 200, "{}: {}", self.path, self.text());
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8", "{}", self.path);
        assert_eq!(check_text(resource, self.text()), [], "{}: {}", self.path, self.text());
        serde_json::from_str(self.text()).unwrap()
    }

    /// An error that keeps to the contract; answers its code.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> u64 {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8", "{}", self.path);
        assert_eq!(check_text("Error", self.text()), [], "{}", self.path);
        let body: Value = serde_json::from_str(self.text()).unwrap();
        body["code"].as_u64().unwrap()
    }
}

/// Sends bytes as they are and answers the status line and everything behind it.
#[track_caller]
pub(crate) fn send_raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
