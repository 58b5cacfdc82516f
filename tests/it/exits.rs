//! What stands around the feeds: prepared bodies kept while nothing concerns them, limits, a path behind a proxy,
//! preconditions, other people's pages.

use std::num::NonZeroU32;
use std::sync::Arc;

use depeche::edition::{Edition, Issue};
use depeche::publish::{self, Format};
use depeche::query::Query;
use reqwest::Method;
use reqwest::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use tempfile::tempdir;

use crate::house::House;
use crate::serving::{Server, header};

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

#[tokio::test(flavor = "multi_thread")]
async fn a_change_leaves_alone_what_it_does_not_concern_and_nothing_else() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    let edition = Edition::new(line.store.clone(), &house.config);
    let sources: Vec<String> = house.config.sources.iter().map(|s| s.id.to_string()).collect();
    house.crawl_some(&line, &sources[0]).await;
    edition.follow().await.unwrap();
    let mut queries: Vec<String> =
        ["", "limit=200", "prefer=fr", "dedupe=none", "lang=fr", "lang=en", "lang=es", "q=oim"]
            .map(str::to_owned)
            .to_vec();
    queries.extend(["HTI", "BDI", "KEN", "MEX", "NER", "TCD", "EGY", "SEN"].iter().flat_map(|c| {
        [format!("country={c}"), format!("country={c}&lang=fr"), format!("country={c}&prefer=en&theme=displacement")]
    }));
    queries.extend(["displacement", "labour-migration", "migration-health"].map(|theme| format!("theme={theme}")));
    queries.push("region=latin-america-and-the-caribbean".to_owned());
    let (mut kept, mut dropped) = (0, 0);
    for source in &sources[1..] {
        let (before, version) = (feeds(&edition, &queries).await, edition.version());
        house.crawl_some(&line, source).await;
        edition.follow().await.unwrap();
        for ((text, was), is) in queries.iter().zip(before).zip(feeds(&edition, &queries).await) {
            let query = Query::parse(text, &edition.vocabulary()).unwrap();
            if edition.touched(&query, version) {
                dropped += 1;
            } else {
                kept += 1;
                assert_eq!(was, is, "{text} after {source}");
            }
        }
    }
    assert!(kept > 50 && dropped > 50, "kept {kept}, dropped {dropped}");
}

async fn feeds(edition: &Edition, queries: &[String]) -> Vec<Vec<u8>> {
    let mut feeds = Vec::new();
    for text in queries {
        let query = Query::parse(text, &edition.vocabulary()).unwrap();
        let Issue::Feed(feed, _) = edition.feed(&query.into(), Format::Atom).await.unwrap() else { panic!("{text}") };
        feeds.push(publish::render(&feed, Format::Atom).unwrap());
    }
    feeds
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back_and_nobody_else_is() {
    let server = Server::with(&["kenya"], |house| {
        let config = Arc::make_mut(&mut house.config);
        config.server.requests_per_minute = NonZeroU32::new(3);
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let one = (FORWARDED, "203.0.113.1");
    let etag = header(&server.get("/feed.atom", std::slice::from_ref(&one)).await, ETAG);
    // What the reader has already costs it nothing, however often it asks.
    for _ in 0..10 {
        assert_eq!(server.get("/feed.atom", &[one.clone(), (IF_NONE_MATCH, &etag)]).await.status(), 304);
    }
    assert_eq!(server.get("/", std::slice::from_ref(&one)).await.status(), 200);
    assert_eq!(server.get("/feed.atom", &[one.clone(), (IF_NONE_MATCH, "\"other\"")]).await.status(), 200);
    for condition in [vec![one.clone()], vec![one.clone(), (IF_NONE_MATCH, "\"other\"")]] {
        let refused = server.get("/feed.atom", &condition).await;
        assert_eq!(refused.status(), 429);
        assert!((1..=21).contains(&header(&refused, RETRY_AFTER).parse::<u64>().unwrap()));
        assert!(refused.text().await.unwrap().contains("too many requests"));
    }
    assert_eq!(server.get("/feed.atom", &[one.clone(), (IF_NONE_MATCH, &etag)]).await.status(), 304);
    assert_eq!(server.get("/health/live", &[one]).await.status(), 200);
    // Another client, and this machine itself, are not meant.
    assert_eq!(server.get("/feed.atom", &[(FORWARDED, "203.0.113.2")]).await.status(), 200);
    for _ in 0..10 {
        assert_eq!(server.get("/feed.atom", &[]).await.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_everything_works_whether_the_proxy_takes_it_off_or_not() {
    let server = Server::with(&["kenya"], |house| {
        Arc::make_mut(&mut house.config).server.public_url = "https://h.example/depeche/".parse().unwrap();
    })
    .await;
    let article = server.json("/feed.json").await["items"][0]["_depeche"]["article_id"].as_str().unwrap().to_owned();
    let article = format!("/articles/{article}");
    for path in
        ["/", "/feed.rss", "/feed.atom?country=KEN", "/opml", "/api/v1/articles?limit=1", "/about/bot", &article]
    {
        let (below, bare) = (server.get(&format!("/depeche{path}"), &[]).await, server.get(path, &[]).await);
        assert_eq!((below.status(), bare.status()), (200.try_into().unwrap(), 200.try_into().unwrap()), "{path}");
        let (below, bare) = (below.text().await.unwrap(), bare.text().await.unwrap());
        assert_eq!(below, bare, "{path}");
        // No link of ours leads out of the path.
        for attribute in ["href=\"/", "src=\"/", "action=\"/"] {
            for (at, _) in below.match_indices(attribute) {
                let rest = &below[at + attribute.len() - 1..];
                assert!(rest.starts_with("/depeche/"), "{path}: {}", &rest[..rest.len().min(60)]);
            }
        }
    }
    let moved = server.get("/depeche/feed.atom?country=ke", &[]).await;
    assert_eq!((moved.status().as_u16(), header(&moved, LOCATION).as_str()), (308, "/depeche/feed.atom?country=KEN"));
    assert_eq!(server.get("/depechefeed.atom", &[]).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_state_than_asked_for_is_a_412() {
    let server = Server::with(&["kenya"], |_| {}).await;
    for path in ["/feed.atom", "/api/v1/articles"] {
        let etag = header(&server.get(path, &[]).await, ETAG);
        assert_eq!(server.get(path, &[(IF_MATCH, &etag)]).await.status(), 200, "{path}");
        let failed = server.get(path, &[(IF_MATCH, "\"other\""), (IF_NONE_MATCH, &etag)]).await;
        assert_eq!(failed.status(), 412, "{path}");
        assert_eq!(header(&failed, reqwest::header::CONTENT_TYPE), "application/problem+json; charset=utf-8");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_another_page_may_ask_conditionally() {
    let server = Server::with(&["kenya"], |_| {}).await;
    let name = |text| HeaderName::from_static(text);
    let asked = [
        (name("origin"), "https://ngo.example"),
        (name("access-control-request-method"), "GET"),
        (name("access-control-request-headers"), "if-none-match"),
    ];
    let allowed = server.ask(Method::OPTIONS, "/feed.json", &asked).await;
    assert_eq!(allowed.status(), 200);
    assert_eq!(header(&allowed, name("access-control-allow-origin")), "*");
    assert!(header(&allowed, name("access-control-allow-headers")).contains("if-none-match"));
    let feed = server.get("/feed.json", &[(name("origin"), "https://ngo.example")]).await;
    assert_eq!(header(&feed, name("access-control-allow-origin")), "*");
    assert!(header(&feed, name("access-control-expose-headers")).contains("etag"));
    assert_eq!(header(&feed, name("access-control-allow-credentials")), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_what_feeds_say_moves_their_date_once() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl_some(&line, house.config.sources[0].id.as_str()).await;
    let changed = async |config: &depeche::config::Config| {
        let edition = Edition::new(line.store.clone(), config);
        edition.settle(line.clock.now()).await.unwrap();
        edition.follow().await.unwrap();
        let Issue::Feed(_, changed) = edition.feed(&Query::default().into(), Format::Atom).await.unwrap() else {
            panic!()
        };
        house.later(30);
        changed.unwrap()
    };
    let crawled = changed(&house.config).await;
    assert_eq!(changed(&house.config).await, crawled, "the first settings change nothing");
    let mut edited = (*house.config).clone();
    edited.feed.title = "Another title".to_owned();
    let now = line.clock.now();
    assert_eq!(changed(&edited).await, now);
    assert_eq!(changed(&edited).await, now, "a restart is no edit");
    let back = line.clock.now();
    assert_eq!(changed(&house.config).await, back, "what stood there before the edit was shown by no feed since");
    let live = Edition::new(line.store.clone(), &house.config);
    live.settle(line.clock.now()).await.unwrap();
    live.follow().await.unwrap();
    let under = live.under(&edited);
    let now = line.clock.now();
    under.settle(now).await.unwrap();
    let Issue::Feed(_, changed) = under.feed(&Query::default().into(), Format::Atom).await.unwrap() else { panic!() };
    assert_eq!(changed, Some(now));
}
