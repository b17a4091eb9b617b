//! A served data directory, and requests to it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::books::Books;

/// A server that is stopped when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
    agent: ureq::Agent,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: String,
}

impl Server {
    /// Serves books on a free port; answers once it listens.
    pub(crate) fn start(books: &Books) -> Self {
        Self::start_with(books, "serve --listen 127.0.0.1:0")
    }

    pub(crate) fn start_with(books: &Books, line: &str) -> Self {
        let mut child = books.command(line).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        while !address.contains("http://127.0.0.1:") {
            address.clear();
            assert_ne!(out.read_line(&mut address).unwrap(), 0, "the server ended before it listened");
        }
        let start = address.find("http://").unwrap();
        let address = address[start..].split_whitespace().next().unwrap().to_owned();
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { child, out, address, agent: config.build().into() }
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.call().unwrap();
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
        Answer {
            status: response.status().as_u16(),
            content_type: content_type.to_owned(),
            body: response.body_mut().with_config().limit(100 << 20).read_to_vec().unwrap(),
        }
    }

    /// An answer to the bearer of a token.
    pub(crate) fn read(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("Authorization", &format!("Bearer {token}"))])
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a body with a key; `None` where the server ended before it answered.
    pub(crate) fn try_post(&self, path: &str, token: &str, key: &str, body: &[u8]) -> Option<Answer> {
        let is_json = body.starts_with(b"{");
        let request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {token}"))
            .header("Idempotency-Key", key)
            .header("Content-Type", if is_json { "application/json" } else { "application/octet-stream" });
        let mut response = request.send(body).ok()?;
        Some(Answer {
            status: response.status().as_u16(),
            content_type: String::new(),
            body: response.body_mut().with_config().limit(100 << 20).read_to_vec().ok()?,
        })
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, token: &str, key: &str, body: &[u8]) -> Answer {
        self.try_post(path, token, key, body).unwrap()
    }

    /// Ends the server on the spot, as a loss of power does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal; how the server ended, and what else it printed.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let kill = std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the server does not end on {signal}");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// A token for an organisation.
pub(crate) fn token(books: &Books, options: &str) -> String {
    books.json(&format!("token create {options}"))["token"].as_str().unwrap().to_owned()
}
