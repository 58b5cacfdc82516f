//! Hubs of others: told which feeds changed, named by those feeds alone, and told again after failures and restarts.

use std::collections::BTreeSet;
use std::sync::Arc;

use depeche::store::ChangeKind;
use reqwest::header::LINK;

use super::reader::*;
use crate::serving::{Server, header};

const HUB: &str = "http://hub.example/ping?for=us";

/// A server that tells a hub of its changes, and that hub.
async fn open_with_hub() -> (Server, Reader) {
    let (hub, address) = Reader::open().await;
    let server = Server::with(&[], |house| {
        house.hosts.insert("hub.example".to_owned(), address);
        Arc::make_mut(&mut house.config).feed.hubs = vec![HUB.parse().unwrap()];
    })
    .await;
    (server, hub)
}

/// The feeds that a request tells of.
fn told(push: &Push) -> BTreeSet<String> {
    assert_eq!(push.header("content-type"), "application/x-www-form-urlencoded");
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(&push.body).into_owned().collect();
    assert_eq!(pairs.remove(0), ("hub.mode".to_owned(), "publish".to_owned()));
    assert!(pairs.iter().all(|(name, _)| name == "hub.url"));
    let feeds: BTreeSet<String> = pairs.into_iter().map(|(_, url)| url).collect();
    feeds.into_iter().map(|url| url.replace("http://feeds.example/", "")).collect()
}

fn formats(queries: &[&str]) -> BTreeSet<String> {
    let feeds = queries.iter().flat_map(|query| ["atom", "json", "rss"].map(|format| format!("feed.{format}{query}")));
    feeds.collect()
}

async fn untold(server: &Server) -> usize {
    server.line.store.ledger("hub/ping/").await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_is_told_of_the_feeds_that_name_it_and_of_no_others() {
    let (server, hub) = open_with_hub().await;
    for (query, names) in [
        ("", true),
        ("?country=HTI", true),
        ("?lang=fr", true),
        ("?theme=displacement", true),
        ("?country=HTI&lang=fr", false),
        ("?country=BDI,HTI", false),
        ("?lang=fr&ui=fr", false),
        ("?limit=5", false),
        ("?q=camp", false),
        ("?source=haiti-fr", false),
        ("?region=west-and-central-africa", false),
        ("?archive=2026-11", false),
    ] {
        for format in ["atom", "json", "rss"] {
            let path = format!("/feed.{format}{query}");
            let response = server.get(&path, &[]).await;
            let links = header(&response, LINK);
            let text = response.text().await.unwrap();
            assert_eq!(links.contains(&format!("<{HUB}>; rel=\"hub\"")), names, "{path}: {links}");
            assert_eq!(text.contains("hub.example"), names, "{path}");
            assert!(query.contains("archive") || links.contains("<http://feeds.example/hub>; rel=\"hub\""), "{links}");
        }
    }
    // What is no news is told to nobody; what is, of every feed that names the hub and has changed.
    let mut old = news(&server, 1);
    old.backfill = true;
    put(&server, old.clone(), ChangeKind::Created).await;
    let mut one = news(&server, 2);
    one.countries = vec![depeche::article::CountryTag {
        country: depeche::article::Country::parse("HTI").unwrap(),
        confidence: 100,
        how: depeche::article::How::Body,
        evidence: Vec::new(),
    }];
    put(&server, one, ChangeKind::Created).await;
    until("the hub is told", async || hub.pushes().len() == 1).await;
    let first = &hub.pushes()[0];
    assert_eq!(first.path, "/ping?for=us");
    assert_eq!(told(first), formats(&["", "?country=HTI", "?lang=fr"]));
    put(&server, old, ChangeKind::Withdrawn).await;
    until("the hub is told", async || hub.pushes().len() == 2).await;
    assert_eq!(told(&hub.pushes()[1]), formats(&["", "?lang=fr"]));
    until("nothing is left", async || untold(&server).await == 0).await;
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hub_did_not_take_it_is_told_again_over_restarts() {
    let (mut server, hub) = open_with_hub().await;
    hub.answers(503);
    put(&server, news(&server, 1), ChangeKind::Created).await;
    until("a try", async || hub.pushes().len() == 1).await;
    until("it is noted", async || {
        let rows = server.line.store.ledger("hub/ping/").await.unwrap();
        rows.first().is_some_and(|(_, row)| row["owed"]["failures"] == 1)
    })
    .await;
    // Not yet due, and over a restart.
    put(&server, news(&server, 2), ChangeKind::Created).await;
    server.restart().await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(hub.pushes().len(), 1);
    server.house.later(6);
    until("it is told", async || hub.pushes().len() == 2).await;
    assert_eq!(told(&hub.pushes()[1]), formats(&["", "?lang=fr"]));
    until("nothing is left", async || untold(&server).await == 0).await;
    // A hub that wants to hear no more, and one that left the configuration, are owed nothing.
    hub.answers(410);
    put(&server, news(&server, 3), ChangeKind::Created).await;
    until("it refuses", async || hub.pushes().len() == 3).await;
    until("nothing is left", async || untold(&server).await == 0).await;
    hub.answers(500);
    put(&server, news(&server, 4), ChangeKind::Created).await;
    until("it fails", async || hub.pushes().len() == 4).await;
    until("it is noted", async || untold(&server).await == 1).await;
    Arc::make_mut(&mut server.house.config).feed.hubs.clear();
    server.restart().await;
    until("it is struck out", async || untold(&server).await == 0).await;
    server.house.later(6);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(hub.pushes().len(), 4);
    server.line.stop.cancel();
}
