//! The classes of holes known from other feed makers (Miniflux, RSSHub, FreshRSS), each shut. What other files prove is not
//! repeated:
//!
//! | Class | Test |
//! |---|---|
//! | metrics allow-list bypass | `privacy`: metrics hold no word of a reader, so there is no list to get round; who a client is cannot be chosen: `web::limit`, `a_client_is_told_by_trusted_proxies_alone` |
//! | stored XSS in an error page | `requests`, `article`; `fuzz/src/host.rs` |
//! | open redirect | `requests` |
//! | SSRF by media URL | `article`: no picture is ever asked for |
//! | SSRF by path | `requests`: no request makes us ask anybody |
//! | SSRF by redirect | `guard`: `no_hop_leads_to_an_address_of_no_public_host`; `manners`: `redirects_end_and_lead_to_no_private_address`; webhooks: `alarms` |
//! | eval of remote content | `nothing_here_can_run_what_it_read` |
//! | ReDoS in a filter | `requests`: words are words; `nothing_here_can_run_what_it_read`: no engine that goes back |
//! | Retry-After poisoning across a redirect | `manners`: `patience_is_charged_to_the_host_that_asked_for_it_across_a_redirect` |
//! | cache poisoning across a redirect | `requests`: no header of a request changes what others get; `article`: an office speaks for its own addresses alone |
//! | feed entry that triggers a logout URL | `article`: what is emitted names no address of the reader's own host |
//! | admin information without login | `requests`, `privacy`: nothing of the machine or of the configuration's secrets is on any route |

mod article;
mod privacy;
mod requests;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// An answer as it came over the wire; status 0 where the connection was closed without one.
struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Said {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Sends these bytes, and nothing that a well-behaved client would put right.
async fn send(to: SocketAddr, from: &str, bytes: &[u8]) -> Said {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    let stream = socket.connect(to).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let mut answer = Vec::new();
    // Who refuses may close before it has read all.
    let both = async { tokio::join!(write.write_all(bytes), read.read_to_end(&mut answer)) };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("an end").0.ok();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Said { status, head: head.to_owned(), body: body.to_owned() }
}

fn request(method: &str, target: &str, headers: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nhost: feeds.example\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

async fn ask(to: SocketAddr, method: &str, target: &str, headers: &str) -> Said {
    send(to, "127.0.0.1", &request(method, target, headers)).await
}

/// Every route that the router has, with an id where one is needed.
fn routes(id: &str) -> Vec<String> {
    let code = include_str!("../../../src/web/mod.rs");
    let found = code.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("{id}", id));
    let found: Vec<String> = found.collect();
    assert!(found.len() > 20, "{found:?}");
    found
}

fn code_of(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code_of(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn nothing_here_can_run_what_it_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let has = |name: &str| lock.contains(&format!("\nname = \"{name}\"\n"));
    assert!(has("regex") && has("scraper"), "the lock file is read");
    let engines =
        ["boa_engine", "deno_core", "v8", "rquickjs", "mlua", "rhai", "wasmtime", "wasmer", "pyo3", "starlark"];
    let backtracking = ["fancy-regex", "onig", "pcre2"];
    for name in engines.iter().chain(&backtracking) {
        assert!(!has(name), "{name} is a dependency");
        let denied = fs::read_to_string(root.join("deny.toml")).unwrap();
        assert!(denied.contains(&format!("{{ crate = \"{name}\"")), "deny.toml lets {name} in");
    }
    let mut files = Vec::new();
    code_of(&root.join("src"), &mut files);
    assert!(files.len() > 100);
    for (path, code) in files {
        assert!(
            !code.contains("process::Command") && !code.contains("libloading"),
            "{} starts programs",
            path.display()
        );
    }
}
