//! Feeds that are handed out at the gate: what comes from memory is what the routes would give, header by header.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use depeche::config::{Config, Live};
use depeche::daemon;
use depeche::edition::Edition;
use depeche::web::{Door, Front, Gate, router};
use futures::future::Either as Whichever;
use tempfile::{TempDir, tempdir};
use tower::ServiceExt;

use crate::house::House;

/// A site and its two ways in.
struct Entrance {
    gate: Gate,
    routes: Router,
    _folder: TempDir,
}

/// An answer, to be compared.
#[derive(Debug, PartialEq)]
struct Got {
    status: StatusCode,
    /// Sorted: the order of headers means nothing.
    headers: Vec<(String, String)>,
    body: Bytes,
}

const PEER: &str = "203.0.113.7:4000";
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Entrance {
    async fn open(change: impl FnOnce(&mut Config)) -> Entrance {
        let folder = tempdir().unwrap();
        let mut house = House::open(folder.path()).await;
        change(Arc::make_mut(&mut house.config));
        let line = house.line(house.store().await).await;
        house.crawl_some(&line, "kenya").await;
        house.later(1);
        let edition = Arc::new(Edition::new(line.store.clone(), &house.config));
        edition.follow().await.unwrap();
        let live = Live::new(Arc::clone(&house.config), Arc::clone(&line.enricher), line.clock.now());
        let front = Front::new(daemon::site(&live, edition, &line));
        Entrance { gate: Gate::new(front.clone(), Door::Only), routes: router(front, Door::Only), _folder: folder }
    }

    /// Asks at the gate; tells, too, whether the answer came from memory.
    async fn gate(&self, request: Request<Body>) -> (bool, Got) {
        match self.gate.answer(request, PEER.parse().unwrap()) {
            Whichever::Left(prompt) => (true, got(prompt.await.unwrap()).await),
            Whichever::Right(routed) => (false, got(routed.await.unwrap()).await),
        }
    }

    /// Asks past the gate.
    async fn routes(&self, mut request: Request<Body>) -> Got {
        request.extensions_mut().insert(ConnectInfo(PEER.parse::<SocketAddr>().unwrap()));
        let mut response = self.routes.clone().oneshot(request).await.unwrap();
        if response.status() == StatusCode::NOT_MODIFIED {
            // The router's own, of its empty body; the gate takes it off.
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        got(response).await
    }
}

async fn got<B>(response: Response<B>) -> Got
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let (parts, body) = response.into_parts();
    let text = |headers: &HeaderMap| {
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        all.sort();
        all
    };
    let headers = text(&parts.headers);
    Got { status: parts.status, headers, body: to_bytes(Body::new(body), 1 << 24).await.unwrap() }
}

impl Got {
    fn header(&self, name: HeaderName) -> String {
        let found: Vec<&str> =
            self.headers.iter().filter(|(n, _)| name == n.as_str()).map(|(_, value)| value.as_str()).collect();
        assert!(found.len() < 2, "{name} stands there twice: {found:?}");
        found.concat()
    }
}

fn request(method: &Method, path: &str, headers: &[(HeaderName, String)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_memory_is_what_the_routes_give() {
    let entrance = Entrance::open(|config| {
        config.server.public_url = "https://h.example/depeche/".parse().unwrap();
        config.server.requests_per_minute = None;
        config.server.trusted_proxies = vec!["203.0.113.0/24".parse().unwrap()];
    })
    .await;
    let mut table = Vec::new();
    for path in [
        "/feed.atom",
        "/depeche/feed.atom",
        "/feed.rss?country=KEN",
        "/depeche/feed.json?lang=en",
        "/feed.atom?lang=ja",
    ] {
        // The first one prepares it.
        assert!(!entrance.gate(request(&Method::GET, path, &[])).await.0 || path == "/depeche/feed.atom", "{path}");
        for coding in [
            "",
            "gzip",
            "br",
            "zstd",
            "gzip, br;q=0.5",
            "br;q=0.2, identity;q=0.5",
            "*;q=0",
            "*",
            "GZIP;Q=0.3, deflate",
        ] {
            let accepted = match coding {
                "" => vec![],
                text => vec![(ACCEPT_ENCODING, text.to_owned())],
            };
            let (prompt, whole) = entrance.gate(request(&Method::GET, path, &accepted)).await;
            assert!(prompt && whole.status == 200, "{path} {coding}");
            let (etag, modified) = (whole.header(ETAG), whole.header(LAST_MODIFIED));
            // A feed of nothing has no date to be asked by.
            assert_eq!(modified.is_empty(), path.contains("lang=ja"));
            let some = |name: HeaderName, text: &str| (name, text.to_owned());
            let early = "Sun, 06 Nov 1994 08:49:37 GMT";
            for conditions in [
                vec![],
                vec![some(IF_NONE_MATCH, &etag)],
                vec![some(IF_NONE_MATCH, &format!("\"a\", W/{etag}"))],
                vec![some(IF_NONE_MATCH, "\"a\""), some(IF_NONE_MATCH, &etag)],
                vec![some(IF_NONE_MATCH, "*")],
                vec![some(IF_NONE_MATCH, "\"other\"")],
                vec![some(IF_MODIFIED_SINCE, &modified)],
                vec![some(IF_MODIFIED_SINCE, early)],
                vec![some(IF_NONE_MATCH, "\"other\""), some(IF_MODIFIED_SINCE, &modified)],
                vec![some(IF_MATCH, &etag)],
                vec![some(IF_MATCH, "\"other\"")],
                vec![some(IF_MATCH, &format!("W/{etag}")), some(IF_NONE_MATCH, &etag)],
                vec![some(IF_UNMODIFIED_SINCE, early)],
                vec![some(RANGE, "bytes=0-9")],
                vec![some(IF_NONE_MATCH, &etag), some(FORWARDED, "198.51.100.1, 203.0.113.9")],
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let headers = [accepted.clone(), conditions.clone()].concat();
                    table.push((method, path, headers));
                }
            }
        }
    }
    let (mut prompt, mut unchanged) = (0, 0);
    for (method, path, headers) in &table {
        let (from_memory, at_gate) = entrance.gate(request(method, path, headers)).await;
        let routed = entrance.routes(request(method, path, headers)).await;
        assert_eq!(at_gate, routed, "{method} {path} {headers:?}");
        // Only what a route has to explain goes on.
        assert_eq!(from_memory, routed.status != 412, "{method} {path} {headers:?}");
        assert_eq!(at_gate.header(CONTENT_LENGTH).is_empty(), routed.status == 304, "{method} {path} {headers:?}");
        prompt += usize::from(from_memory);
        unchanged += usize::from(routed.status == 304);
    }
    assert!(table.len() == 1_350 && prompt > 1_000 && unchanged > 400, "{} {prompt} {unchanged}", table.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_feeds_that_are_prepared_are_answered_at_the_gate() {
    let entrance = Entrance::open(|_| ()).await;
    for path in ["/feed.atom", "/feed.rss", "/", "/opml"] {
        entrance.gate(request(&Method::GET, path, &[])).await;
    }
    for (method, path, prompt, status) in [
        (Method::GET, "/feed.atom", true, 200),
        (Method::HEAD, "/feed.atom", true, 200),
        (Method::GET, "http://h.example/feed.atom", true, 200),
        (Method::GET, "/feed.rss", true, 200),
        (Method::GET, "/feed.json", false, 200),
        (Method::GET, "/feed.json", true, 200),
        (Method::POST, "/feed.atom", false, 405),
        (Method::OPTIONS, "/feed.atom", false, 200),
        (Method::GET, "/feed.atom?", false, 308),
        (Method::GET, "/feed.atom?limit=50", false, 200),
        (Method::GET, "/feed.atom?land=KEN", false, 400),
        (Method::GET, "/feed.atom/", false, 404),
        (Method::GET, "/feed%2Eatom", false, 404),
        (Method::GET, "/", false, 200),
        (Method::GET, "/opml", false, 200),
    ] {
        let (from_memory, got) = entrance.gate(request(&method, path, &[])).await;
        assert_eq!((from_memory, got.status.as_u16()), (prompt, status), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_counts_what_a_client_asks_and_a_304_is_free() {
    let entrance = Entrance::open(|config| config.server.requests_per_minute = NonZeroU32::new(3)).await;
    let ask = async |headers: &[(HeaderName, String)]| {
        let (prompt, got) = entrance.gate(request(&Method::GET, "/feed.atom", headers)).await;
        (prompt, got.status.as_u16(), got.header(ETAG))
    };
    let (_, status, etag) = ask(&[]).await;
    assert_eq!(status, 200);
    let (known, other) = ([(IF_NONE_MATCH, etag.clone())], [(IF_NONE_MATCH, "\"other\"".to_owned())]);
    for (headers, prompt, status) in [
        (&known[..], true, 304),
        (&other, true, 200),
        (&known, true, 304),
        (&[], true, 200),
        (&[], false, 429),
        (&other, false, 429),
        (&known, true, 304),
    ] {
        let (from_memory, is, _) = ask(headers).await;
        assert_eq!((from_memory, is), (prompt, status), "{headers:?}");
    }
}
