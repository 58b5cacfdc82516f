//! What a hub pushes: news alone, again after failures, and nothing of what it was trusted with to anybody else.

use depeche::article::{Article, SourceId};
use depeche::deliver::Secret;
use depeche::store::{ChangeKind, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::reader::*;
use crate::house::Log;
use crate::serving::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_and_a_renewal_keeps_it() {
    let (server, reader) = open().await;
    let topic = "http://feeds.example/feed.json";
    for path in ["short", "renewed"] {
        let lease = [("hub.lease_seconds", "7200")];
        subscribe(&server, topic, &format!("http://reader.example/{path}"), &lease).await;
    }
    server.house.later(1);
    subscribe(&server, topic, "http://reader.example/renewed", &[("hub.lease_seconds", "7200")]).await;
    tell(&server, &reader, 1, "/short").await;
    pushed(&reader, 1, "/renewed").await;
    server.house.later(1);
    tell(&server, &reader, 2, "/renewed").await;
    until("one is left", async || rows(&server.line.store).await.len() == 1).await;
    assert_eq!(reader.at("/short").len(), 1);
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_news_is_pushed() {
    let (server, reader) = open().await;
    let old: Timestamp = server.house.clock.now() - SignedDuration::from_hours(49);
    subscribe(&server, "http://feeds.example/feed.atom?source=haiti-fr", "http://reader.example/haiti", &[]).await;
    subscribe(&server, "http://feeds.example/feed.atom?source=kenya", "http://reader.example/kenya", &[]).await;
    let revised = |material| ChangeKind::Revised { fields: vec!["text".into()], material };
    let (mut first, mut late, mut back) = (news(&server, 1), news(&server, 2), news(&server, 3));
    first.backfill = true;
    late.published.at = old;
    (back.published.at, back.first_seen) = (old, old);
    let mut count = 0;
    for (n, (what, article, kind, is_news)) in [
        ("a first round", first.clone(), ChangeKind::Created, false),
        ("published long before", late, ChangeKind::Created, false),
        ("back after long", back, ChangeKind::Created, false),
        ("an edit of a word", Article { title: "Relevé un".into(), ..first.clone() }, revised(false), false),
        ("links alone", first.clone(), ChangeKind::Merged, false),
        ("an edit that tells", Article { title: "Relevé deux".into(), ..first.clone() }, revised(true), true),
        ("a new one", news(&server, 4), ChangeKind::Created, true),
        ("a withdrawal", news(&server, 4), ChangeKind::Withdrawn, true),
        ("a vacancy", Article { news: false, ..news(&server, 5) }, ChangeKind::Created, false),
    ]
    .into_iter()
    .enumerate()
    {
        put(&server, article, kind).await;
        count += usize::from(is_news);
        if is_news {
            until(what, async || reader.at("/haiti").len() == count).await;
        }
        // What comes later, for somebody else, shows that the hub has passed this change.
        let mut other = news(&server, 100 + n as u64);
        other.source = SourceId::new("kenya").unwrap();
        put(&server, other, ChangeKind::Created).await;
        pushed(&reader, 100 + n as u64, "/kenya").await;
        assert_eq!(reader.at("/haiti").len(), count, "{what}");
    }
    let last = reader.at("/haiti").pop().unwrap();
    let text = String::from_utf8_lossy(&last.body);
    assert!(
        text.contains("Relevé 2") && text.contains("Relevé 3"),
        "what was there before is in the feed all the same"
    );
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_round_is_not_pushed_and_what_comes_after_it_is() {
    let (reader, address) = Reader::open().await;
    let server = Server::with(&["haiti-fr"], |house| {
        house.hosts.insert("reader.example".to_owned(), address);
    })
    .await;
    subscribe(&server, "http://feeds.example/feed.rss", "http://reader.example/all", &[]).await;
    server.house.crawl_some(&server.line, "kenya").await;
    server.settle().await;
    let listing = include_str!("../../../fixtures/kenya/listing-1.html");
    let page = include_str!("../../../fixtures/kenya/kakuma.html");
    let known = "kakuma-clinic-screens-its-10000th-refugee-before-resettlement";
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let replay = &server.house.replay;
    replay.answer(
        "http://kenya.example/news",
        200,
        &headers,
        listing.replace(known, "doors-open").replace("30 Oct 2025", "21 Nov 2026").into_bytes(),
    );
    let page = other_words(page).replace("30 Oct 2025", "21 Nov 2026").replace("2025-10-30", "2026-11-21");
    replay.answer("http://kenya.example/news/doors-open", 200, &headers, page.into_bytes());
    server.house.later(48);
    let rounds = server.house.crawl_some(&server.line, "kenya").await;
    assert!(rounds[0].1.stored + rounds[0].1.duplicate == 1, "{rounds:?}");
    until("the new one", async || !reader.at("/all").is_empty()).await;
    assert_eq!(reader.at("/all").len(), 1, "the first round of kenya was pushed");
    server.line.stop.cancel();
}

/// The page with its text in words of another story.
fn other_words(page: &str) -> String {
    let mut inside = false;
    page.chars()
        .map(|c| {
            inside = c == '<' || (inside && c != '>');
            match c {
                'a' if !inside => 'e',
                'e' if !inside => 'a',
                '1' if !inside => '7',
                c => c,
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_with_the_newest_and_over_restarts() {
    let (mut server, reader) = open().await;
    subscribe(&server, "http://feeds.example/feed.atom", "http://reader.example/a", &[("hub.secret", SECRET)]).await;
    for status in [500, 302] {
        reader.answers(status);
        let tries = reader.at("/a").len();
        put(&server, news(&server, u64::from(status)), ChangeKind::Created).await;
        until("a try", async || reader.at("/a").len() == tries + 1).await;
        until("it is noted", async || rows(&server.line.store).await[0].1["owed"]["failures"] != json!(0)).await;
        server.house.later(1);
        until("a second try", async || reader.at("/a").len() == tries + 2).await;
    }
    // A restart, with a push owed: what came meanwhile goes with it, once, signed.
    reader.answers(503);
    let tries = reader.at("/a").len();
    put(&server, news(&server, 1), ChangeKind::Created).await;
    until("a try", async || reader.at("/a").len() == tries + 1).await;
    until("it is noted", async || rows(&server.line.store).await[0].1["owed"]["failures"] == json!(1)).await;
    server.line.stop.cancel();
    put(&server, news(&server, 2), ChangeKind::Created).await;
    server.house.later(6);
    server.restart().await;
    let pushes = pushed(&reader, 2, "/a").await;
    assert!(String::from_utf8_lossy(&pushes[tries + 1].body).contains("Relevé 1"));
    let signature = Secret::new(SECRET.to_owned()).sign(&pushes[tries + 1].body).unwrap();
    assert_eq!(pushes[tries + 1].header("x-hub-signature"), signature);
    until("nothing is owed", async || rows(&server.line.store).await[0].1["owed"].is_null()).await;
    assert_eq!(reader.at("/a").len(), tries + 2);

    // 410 ends it.
    reader.answers(410);
    put(&server, news(&server, 3), ChangeKind::Created).await;
    until("it has ended", async || rows(&server.line.store).await.is_empty()).await;
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_given_up_after_three_days() {
    let (server, reader) = open().await;
    subscribe(&server, "http://feeds.example/feed.atom", "http://reader.example/a", &[]).await;
    (0..40).for_each(|_| reader.answers(500));
    put(&server, news(&server, 1), ChangeKind::Created).await;
    for tries in 1..20 {
        until("a try", async || reader.at("/a").len() >= tries || rows(&server.line.store).await.is_empty()).await;
        if rows(&server.line.store).await.is_empty() {
            assert!((13..=14).contains(&tries), "{tries} tries in 72 hours, one each 6");
            server.line.stop.cancel();
            return;
        }
        until("it is noted", async || match rows(&server.line.store).await.first() {
            Some((_, row)) => row["owed"]["failures"] == json!(tries),
            None => true,
        })
        .await;
        server.house.later(6);
    }
    panic!("it is never given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_no_secret_and_a_store_opened_again_has_every_subscription() {
    let (server, reader) = open().await;
    subscribe(&server, "http://feeds.example/feed.atom", "http://reader.example/open", &[]).await;
    subscribe(&server, "http://feeds.example/feed.atom", "http://reader.example/signed", &[("hub.secret", SECRET)])
        .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.depeche");
    server.line.store.export(&path).await.unwrap();
    let text = String::from_utf8(zstd::decode_all(std::fs::read(&path).unwrap().as_slice()).unwrap()).unwrap();
    assert!(!text.contains(SECRET) && !text.contains("reader.example/signed"));
    let restored = Store::memory();
    restored.import(&path).await.unwrap();
    let rows = rows(&restored).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].1["callback"], "http://reader.example/open");
    drop(reader);
    server.line.stop.cancel();
}

#[tokio::test]
async fn neither_a_callback_nor_a_secret_is_logged_or_counted() {
    // Alone in a process of its own: beside other tests, which settle what is logged at all, a log may stay empty.
    if std::env::var_os("DEPECHE_TEST_ALONE").is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let name = "hub::pushing::neither_a_callback_nor_a_secret_is_logged_or_counted";
        let done = alone.args([name, "--exact"]).env("DEPECHE_TEST_ALONE", "1").output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let log = Log::default();
    let _guard = log.begin();
    let (server, reader) = open().await;
    let topic = "http://feeds.example/feed.atom";
    subscribe(&server, topic, "http://reader.example/T0KEN?T0KEN2", &[("hub.secret", SECRET)]).await;
    reader.answers(500);
    put(&server, news(&server, 1), ChangeKind::Created).await;
    until("a try", async || !reader.pushes().is_empty()).await;
    until("it is noted", async || rows(&server.line.store).await[0].1["owed"]["failures"] == json!(1)).await;
    reader.will(Echo::Wrong);
    let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", "http://other.example/T0KEN")];
    assert_eq!(post(&server, &form).await.status(), 202);
    until("it is refused", async || log.text().contains("not confirmed")).await;
    let metrics = server.get("/metrics", &[]).await.text().await.unwrap();
    assert!(metrics.contains("depeche_websub_subscriptions") && metrics.contains("depeche_websub_pushes_total"));
    for (name, text) in [("log", log.text()), ("metrics", metrics)] {
        for secret in ["T0KEN", SECRET] {
            assert!(!text.contains(secret), "{secret} stands in the {name}");
        }
        assert!(name == "log" || !text.contains("reader.example"));
    }
    server.line.stop.cancel();
}
