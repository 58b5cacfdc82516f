//! The feeds over HTTP as the contract has them.

use std::net::SocketAddr;
use std::sync::Arc;

use depeche::daemon::{self, Plan, Role};
use depeche::pipeline::Line;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Method, Response};
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;

use crate::house::House;

pub struct Server {
    pub line: Line,
    pub house: House,
    pub address: SocketAddr,
    client: Client,
    _folder: TempDir,
}

impl Server {
    pub async fn open() -> Server {
        Server::of(&["haiti-fr", "kenya"]).await
    }

    /// A server of these sources.
    pub async fn of(sources: &[&str]) -> Server {
        Server::with(sources, |_| ()).await
    }

    /// A server of these sources, in a house that was changed before its first round.
    pub async fn with(sources: &[&str], change: impl FnOnce(&mut House)) -> Server {
        let server = Server::unsettled(sources, change).await;
        server.words().await;
        server
    }

    /// The same, whose words may not be level yet.
    pub async fn unsettled(sources: &[&str], change: impl FnOnce(&mut House)) -> Server {
        let folder = tempdir().unwrap();
        let mut house = House::open(folder.path()).await;
        change(&mut house);
        let line = house.line(house.store().await).await;
        for source in sources {
            house.crawl_some(&line, source).await;
        }
        house.later(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(daemon::run(Arc::clone(&house.config), line.clone(), Plan::new(Role::Serve, Some(listener))));
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let server = Server { line, house, address, client, _folder: folder };
        while server.get("/health/ready", &[]).await.status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        server
    }

    /// Waits until words are searched.
    pub async fn words(&self) {
        while self.json("/health/ready").await["words"]["ready"] != true {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Waits until what is served is level with the store.
    pub async fn settle(&self) {
        let head = self.line.store.head().await.unwrap().seq;
        while self.json("/health/ready").await["seq"].as_u64().unwrap() < head {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Another server on the same store, as after a restart.
    pub async fn restart(&mut self) {
        self.line.stop.cancel();
        self.line = self.house.line(self.line.store.clone()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.address = listener.local_addr().unwrap();
        tokio::spawn(daemon::run(
            Arc::clone(&self.house.config),
            self.line.clone(),
            daemon::Plan::new(Role::Serve, Some(listener)),
        ));
        while self.get("/health/ready", &[]).await.status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.words().await;
    }

    pub async fn get(&self, path: &str, headers: &[(reqwest::header::HeaderName, &str)]) -> Response {
        self.ask(Method::GET, path, headers).await
    }

    /// The body of a 200, as JSON.
    pub async fn json(&self, path: &str) -> serde_json::Value {
        let response = self.get(path, &[]).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(reqwest::header::HeaderName, &str)]) -> Response {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        headers.iter().fold(request, |r, (k, v)| r.header(k, *v)).send().await.unwrap()
    }
}

pub fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    response.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_over_http() {
    let server = Server::open().await;

    // Types, validators, 304 by each validator alone, HEAD.
    for (format, kind) in
        [("rss", "application/rss+xml"), ("atom", "application/atom+xml"), ("json", "application/feed+json")]
    {
        let path = format!("/feed.{format}");
        let first = server.get(&path, &[]).await;
        assert_eq!(first.status(), 200);
        assert!(header(&first, CONTENT_TYPE).starts_with(kind));
        let (etag, modified) = (header(&first, ETAG), header(&first, LAST_MODIFIED));
        assert!(!etag.is_empty() && !modified.is_empty());
        let length = first.bytes().await.unwrap().len();
        for condition in [(IF_NONE_MATCH, etag.as_str()), (IF_MODIFIED_SINCE, modified.as_str())] {
            let again = server.get(&path, &[condition]).await;
            assert_eq!(again.status(), 304);
            assert_eq!(header(&again, ETAG), etag);
            assert!(again.bytes().await.unwrap().is_empty());
        }
        let head = server.ask(Method::HEAD, &path, &[]).await;
        assert_eq!((head.status().as_u16(), header(&head, reqwest::header::CONTENT_LENGTH)), (200, length.to_string()));
        let mut tags = vec![etag];
        for coding in ["gzip", "br", "zstd"] {
            let coded = server.get(&path, &[(ACCEPT_ENCODING, coding)]).await;
            assert_eq!(header(&coded, CONTENT_ENCODING), coding);
            tags.push(header(&coded, ETAG));
            assert!(coded.bytes().await.unwrap().len() < length);
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4, "an entity tag a coding");
    }

    // One canonical URL a combination.
    for (other, canonical) in [
        ("/feed.atom?lang=fr&country=ht", "/feed.atom?country=HTI&lang=fr"),
        ("/feed.atom?country=kenya,haiti,HTI", "/feed.atom?country=HTI,KEN"),
        ("/feed.rss?dedupe=story", "/feed.rss"),
        ("/feed.rss?", "/feed.rss"),
    ] {
        let response = server.get(other, &[]).await;
        assert_eq!((response.status().as_u16(), header(&response, LOCATION).as_str()), (308, canonical), "{other}");
        assert_eq!(server.get(canonical, &[]).await.status(), 200);
    }

    // Unknown names and values are refused with what is allowed; no match is a valid empty feed.
    for (path, named) in [
        ("/feed.atom?land=HTI", "country"),
        ("/feed.atom?country=XX", "ISO"),
        ("/feed.atom?theme=nonsense", "displacement"),
        ("/feed.atom?lang=xx", "fr"),
        ("/feed.atom?source=nobody", "haiti-fr"),
        ("/feed.atom?limit=0", "200"),
    ] {
        let response = server.get(path, &[]).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(header(&response, CONTENT_TYPE).starts_with("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(named), "{path}: {problem}");
    }
    let empty = server.get("/feed.json?lang=ja", &[]).await;
    assert_eq!(empty.status(), 200);
    let empty: serde_json::Value = serde_json::from_slice(&empty.bytes().await.unwrap()).unwrap();
    assert_eq!(empty["items"].as_array().unwrap().len(), 0);

    // Filters filter; the tender is no news.
    let json: serde_json::Value =
        serde_json::from_slice(&server.get("/feed.json?country=KEN&lang=en", &[]).await.bytes().await.unwrap())
            .unwrap();
    let items = json["items"].as_array().unwrap();
    assert!(items.len() >= 7 && items.iter().all(|i| i["language"] == "en"), "{}", items.len());
    assert_eq!(json["feed_url"], "http://feeds.example/feed.json?country=KEN&lang=en");

    // Pages, health, metrics.
    for (path, text) in [
        ("/?ui=fr", "Dernières nouvelles"),
        ("/?ui=en", "Latest stories"),
        ("/about/bot?ui=en", "depeche/0.1.0 (+http://feeds.example/about/bot)"),
        ("/about/bot?ui=en", "User-agent: depeche\nDisallow: /"),
        ("/about/bot?ui=en", "down to every 24 h"),
        ("/about/bot?ui=fr", "de la fin de l’une au début de la suivante, au moins"),
        ("/about/bot?ui=fr", "n’a pas indiqué de contact"),
        ("/health/live", "live"),
        ("/health/ready", "ready"),
        ("/metrics", "depeche_http_requests_total"),
    ] {
        let response = server.get(path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.text().await.unwrap().contains(text), "{path}");
    }
    assert_eq!(server.get("/nothing", &[]).await.status(), 404);
    assert_eq!(server.ask(Method::POST, "/feed.atom", &[]).await.status(), 405);
    let hostile = server.get("/?country=%3Cscript%3Ealert(1)%3C/script%3E", &[]).await;
    assert_eq!(hostile.status(), 400);
    assert!(!hostile.text().await.unwrap().contains("<script>"));
    server.line.stop.cancel();
}
