//! A site with one article in a store in memory, asked in the process: its gate, and nothing of the network.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode, header::HeaderMap};
use depeche::article::{Article, ArticleId, Story, StoryId};
use depeche::clock::Clock;
use depeche::edition::Edition;
use depeche::store::{ChangeKind, Put, Store};
use depeche::{daemon, web};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

struct Served {
    runtime: Runtime,
    gate: web::Gate,
}

thread_local! {
    static SERVED: LazyCell<Served> = LazyCell::new(serve);
}

/// Asks at the gate.
pub fn ask(request: Request<Body>) -> Answer {
    SERVED.with(|served| {
        served.runtime.block_on(async {
            let response = match served.gate.answer(request, ([127, 0, 0, 1], 4000).into()).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let (parts, body) = response.into_parts();
            let body =
                to_bytes(Body::new(body), 64 << 20).await.unwrap_or_else(|error| panic!("a body broke off: {error}"));
            Answer { status: parts.status, headers: parts.headers, body }
        })
    })
}

/// The id of the article that is there.
pub fn article_id() -> ArticleId {
    ArticleId::of_canonical("https://haiti.example/fr/news/1")
}

fn serve() -> Served {
    let runtime =
        Builder::new_current_thread().enable_all().build().unwrap_or_else(|error| panic!("no runtime: {error}"));
    let gate = runtime.block_on(async {
        let store = Store::memory();
        let head = store.head().await.unwrap_or_else(|error| panic!("{error}"));
        let article = article();
        let story = Story::founded_by(&article);
        let at = article.first_seen;
        let put = Put {
            head,
            article,
            story,
            kind: ChangeKind::Created,
            at,
            page: None,
            others: Vec::new(),
            left: None,
            dissolved: Vec::new(),
            erase: false,
        };
        store.put(put).await.unwrap_or_else(|error| panic!("{error}"));
        let config = super::shipped();
        let edition = Arc::new(Edition::new(store.clone(), &config));
        edition.follow().await.unwrap_or_else(|error| panic!("{error}"));
        // Long after the change: its second is over.
        let clock = Clock::fixed("2026-11-20T12:00:00Z".parse().unwrap_or_default());
        let line = daemon::line(&config, store, HashMap::new(), clock, CancellationToken::new()).await;
        let line = line.unwrap_or_else(|error| panic!("{error}"));
        {
            let live = depeche::config::Live::new(Arc::new(config), Arc::clone(&line.enricher), line.clock.now());
            web::Gate::new(web::Front::new(daemon::site(&live, edition, &line)), web::Door::Only)
        }
    });
    Served { runtime, gate }
}

fn article() -> Article {
    let id = article_id();
    let text = "Port-au-Prince – Des déplacés ont été accueillis. ".repeat(20);
    let record = json!({
        "id": id,
        "story": StoryId::founded_by(id),
        "source": "haiti-fr",
        "url": "https://haiti.example/fr/news/1",
        "canonical": "https://haiti.example/fr/news/1",
        "title": "Haïti : l’eau potable manque",
        "html": format!("<p>{text}</p>"),
        "text": text,
        "summary": "Port-au-Prince – Des déplacés ont été accueillis.",
        "language": {"language": "fr", "confidence": 99, "how": "body"},
        "countries": [],
        "themes": [],
        "news": true,
        "published": {"at": "2026-09-01T12:00:00Z", "day": "2026-09-01", "precision": "day", "from": "test"},
        "first_seen": "2026-09-02T12:00:00Z",
        "updated": "2026-09-01T12:00:00Z",
        "by": "generic",
        "fingerprint": {"exact": 1, "words": 9, "signature": [], "numbers": []},
    });
    serde_json::from_value(record).unwrap_or_else(|error| panic!("the record does not fit any more: {error}"))
}
