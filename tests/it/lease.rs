//! The lease of a source holds for as long as its round, however slow the office is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon;
use depeche::pipeline::Recheck;
use depeche::store::Store;
use jiff::SignedDuration;
use tempfile::tempdir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::house::noon;

#[tokio::test(flavor = "multi_thread")]
async fn a_round_of_many_hours_keeps_its_source_to_its_end() {
    let folder = tempdir().unwrap();
    let (store, clock, taken) = (Store::memory(), Clock::fixed(noon()), Arc::new(Mutex::new(Vec::new())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        "[store]\nfloor = \"0B\"\n[crawl]\nallow_private_networks = true\nper_host_delay = \"0s\"\n[[source]]\nid = \"kenya\"\nname = \"Kenya\"\nkind = \"html\"\nurl = \"http://127.0.0.1:{port}/news\"\ncountry = \"KEN\"\nlisting.item = \"li\"\n"
    );
    let config = Config::parse(&text, folder.path(), &[]).unwrap();
    let source = config.sources[0].clone();

    // Each article takes twenty minutes; at the end of each, somebody else would like to have the source.
    let (other, id, at, grabbed) = (store.clone(), source.id.clone(), clock.clone(), Arc::clone(&taken));
    let page = move |uri: Uri| {
        let (other, id, at, grabbed) = (other.clone(), id.clone(), at.clone(), Arc::clone(&grabbed));
        async move {
            let mut text = String::from("<ul>");
            match uri.path().strip_prefix("/news/") {
                None if uri.path() == "/robots.txt" => return (StatusCode::NOT_FOUND, Html(String::new())),
                None => (0..12).for_each(|n| {
                    write!(text, "<li><a href=\"/news/{n}\">Camp {n} Is Home to {n} More Families</a></li>").unwrap();
                }),
                Some(_) => {
                    at.set(at.now() + SignedDuration::from_mins(20));
                    let until = at.now() + SignedDuration::from_secs(1);
                    let got = other.lease(&id, Uuid::from_u128(7), at.now(), until).await.unwrap();
                    grabbed.lock().unwrap().push(got);
                }
            }
            (StatusCode::OK, Html(text))
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(page)).await });

    let line = daemon::line(&config, store.clone(), HashMap::new(), clock.clone(), CancellationToken::new());
    let round = line.await.unwrap().check(&source, Recheck::Due, &config.crawl).await.unwrap().unwrap();
    assert_eq!(round.found, 12, "{round:?}");
    assert_eq!(*taken.lock().unwrap(), [false; 12], "somebody else got the source in the middle of its round");
    let (now, later) = (clock.now(), clock.now() + SignedDuration::from_secs(1));
    assert!(store.lease(&source.id, Uuid::from_u128(7), now, later).await.unwrap(), "it is given back at the end");
}
