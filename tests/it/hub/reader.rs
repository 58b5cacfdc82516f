//! A reader on loopback that subscribes, confirms, and keeps what it gets; and a server without sources that it asks.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use depeche::article::{Article, Published};
use depeche::store::{ChangeKind, Put, PutOutcome, Store};

use crate::serving::Server;
use crate::store::{article, put_of};

pub const SECRET: &str = "a-secret-that-nobody-prints";

/// How a reader answers the question whether it asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Echo {
    Right,
    Wrong,
    Longer,
    Status(u16),
}

#[derive(Debug, Clone)]
pub struct Push {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Push {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Seen {
    echo: Option<Echo>,
    questions: Vec<String>,
    pushes: Vec<Push>,
    answers: VecDeque<u16>,
    /// Questions in hand, and the most of them there ever were.
    asking: (usize, usize),
}

/// A subscriber.
#[derive(Clone, Default)]
pub struct Reader(Arc<Mutex<Seen>>);

pub async fn answer(
    State(reader): State<Reader>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    let path = uri.path_and_query().unwrap().to_string();
    let mut out = HeaderMap::new();
    if method == Method::POST {
        let mut seen = reader.0.lock().unwrap();
        seen.pushes.push(Push { path, headers, body });
        let status = seen.answers.pop_front().unwrap_or(204);
        if status == 302 {
            out.insert("location", "http://reader.example/elsewhere".parse().unwrap());
        }
        return (StatusCode::from_u16(status).unwrap(), out, String::new());
    }
    let echo = {
        let mut seen = reader.0.lock().unwrap();
        seen.questions.push(path.clone());
        seen.asking.0 += 1;
        seen.asking.1 = seen.asking.1.max(seen.asking.0);
        seen.echo.unwrap_or(Echo::Right)
    };
    // Whoever asks a second time meanwhile is seen.
    tokio::time::sleep(Duration::from_millis(20)).await;
    reader.0.lock().unwrap().asking.0 -= 1;
    let challenge = parameters(&path).remove("hub.challenge").unwrap_or_default();
    match echo {
        Echo::Right => (StatusCode::OK, out, challenge),
        Echo::Wrong => (StatusCode::OK, out, "no".to_owned()),
        Echo::Longer => (StatusCode::OK, out, format!("{challenge}\n")),
        Echo::Status(status) => {
            out.insert("location", "http://reader.example/elsewhere".parse().unwrap());
            (StatusCode::from_u16(status).unwrap(), out, challenge)
        }
    }
}

pub fn parameters(path: &str) -> HashMap<String, String> {
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

impl Reader {
    pub async fn open() -> (Reader, SocketAddr) {
        let reader = Reader::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(reader.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (reader, address)
    }

    pub fn will(&self, echo: Echo) {
        self.0.lock().unwrap().echo = Some(echo);
    }

    pub fn answers(&self, status: u16) {
        self.0.lock().unwrap().answers.push_back(status);
    }

    /// The most questions that were ever in hand at once.
    pub fn most(&self) -> usize {
        self.0.lock().unwrap().asking.1
    }

    pub fn questions(&self) -> Vec<String> {
        self.0.lock().unwrap().questions.clone()
    }

    pub fn pushes(&self) -> Vec<Push> {
        self.0.lock().unwrap().pushes.clone()
    }

    /// Pushes to this path.
    pub fn at(&self, path: &str) -> Vec<Push> {
        self.pushes().into_iter().filter(|push| push.path == path).collect()
    }
}

/// Waits for what must come; what does not come ends the test.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// A server without sources, and a reader that it can reach by name.
pub async fn open() -> (Server, Reader) {
    let (reader, address) = Reader::open().await;
    let server = Server::with(&[], |house| {
        for host in ["reader.example", "other.example"] {
            house.hosts.insert(host.to_owned(), address);
        }
    })
    .await;
    (server, reader)
}

pub async fn post(server: &Server, form: &[(&str, &str)]) -> reqwest::Response {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://{}/hub", server.address));
    request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
}

pub async fn rows(store: &Store) -> Vec<(String, serde_json::Value)> {
    let mut rows = store.ledger("hub/subscription/").await.unwrap();
    rows.extend(store.ledger("private/hub/subscription/").await.unwrap());
    rows
}

/// Subscribes and waits until it is remembered.
pub async fn subscribe(server: &Server, topic: &str, callback: &str, more: &[(&str, &str)]) {
    let before = rows(&server.line.store).await;
    let mut form = vec![("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", callback)];
    form.extend(more);
    let response = post(server, &form).await;
    assert_eq!(response.status(), 202, "{topic}: {}", response.text().await.unwrap());
    until("it is subscribed", async || rows(&server.line.store).await != before).await;
}

/// An article that is news now.
pub fn news(server: &Server, n: u64) -> Article {
    let now = server.house.clock.now();
    let mut article = article(n);
    (article.published, article.first_seen, article.updated) = (Published::settle(None, now), now, now);
    article
}

pub async fn put(server: &Server, article: Article, kind: ChangeKind) {
    let put = Put { at: server.house.clock.now(), ..put_of(&server.line.store, article, kind).await };
    assert!(matches!(server.line.store.put(put).await.unwrap(), PutOutcome::Stored(_)));
}

/// Puts news and waits for its push to this path; gives what was pushed there in all.
pub async fn tell(server: &Server, reader: &Reader, n: u64, path: &str) -> Vec<Push> {
    put(server, news(server, n), ChangeKind::Created).await;
    pushed(reader, n, path).await
}

pub async fn pushed(reader: &Reader, n: u64, path: &str) -> Vec<Push> {
    let title = format!("Relevé {n}");
    let came = || reader.at(path).iter().any(|push| String::from_utf8_lossy(&push.body).contains(&title));
    until(&format!("{title} at {path}"), async || came()).await;
    reader.at(path)
}
