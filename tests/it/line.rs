//! The line from office page to feed: everything stored once, the same bytes again, and what goes wrong said clearly.

use std::collections::HashSet;

use depeche::demo;
use depeche::store::{ChangeKind, Store};
use tempfile::tempdir;

use crate::house::{House, sum};

#[tokio::test(flavor = "multi_thread")]
async fn a_round_stores_every_article_of_every_office() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    let rounds = house.crawl(&line).await;
    let table: String = rounds
        .iter()
        .map(|(id, r)| {
            format!(
                "{id}: found {} stored {} duplicate {} failed {:?} {:?}\n",
                r.found,
                r.stored,
                r.duplicate,
                r.failed.iter().map(|f| &f.why).collect::<Vec<_>>(),
                r.error
            )
        })
        .collect();
    insta::assert_snapshot!(table);
    let report = line.store.verify().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    let (_, stored, duplicate, _) = sum(&rounds);
    assert_eq!(report.articles as usize, stored + duplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn crawling_again_after_a_restart_gives_the_same_bytes_and_nothing_new() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let first = {
        let line = house.line(house.store().await).await;
        house.crawl(&line).await;
        house.feeds(&line.store).await
    };
    house.later(30);
    house.replay.take_asked();
    let line = house.line(house.store().await).await;
    let head = line.store.head().await.unwrap();
    let rounds = house.crawl(&line).await;
    let (_, stored, duplicate, _) = sum(&rounds);
    assert_eq!((stored, duplicate), (0, 0), "{rounds:?}");
    assert_eq!(line.store.head().await.unwrap(), head, "nothing new moves the log");
    assert_eq!(house.feeds(&line.store).await, first);
    let asked = house.replay.take_asked();
    let whole: Vec<_> = asked
        .iter()
        .filter(|(url, status)| {
            *status == 200 && !url.ends_with("/robots.txt") && !url.contains("page=") && !url.ends_with(".pdf")
        })
        .collect();
    assert!(whole.is_empty(), "fetched whole again: {whole:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_tells_the_same_story() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let disk = house.line(house.store().await).await;
    let memory = house.line(Store::memory()).await;
    house.crawl(&disk).await;
    house.crawl(&memory).await;
    assert_eq!(house.feeds(&disk.store).await, house.feeds(&memory.store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exact_copy_on_another_office_joins_the_story() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl_some(&line, "burundi").await;
    house.crawl_some(&line, "haiti-fr").await;
    let fixtures = demo::fixtures().unwrap();
    let id = |name: &str| {
        let url = fixtures.iter().find(|f| f.name == name).unwrap().url.clone();
        depeche::dedup::canonical(&url, true)
    };
    let office = line.store.by_url(&id("haiti/appel.html")).await.unwrap().unwrap();
    let copy = line.store.by_url(&id("burundi/appel-haiti.html")).await.unwrap().unwrap();
    let (office, copy) =
        (line.store.article(office).await.unwrap().unwrap(), line.store.article(copy).await.unwrap().unwrap());
    assert_eq!(office.story, copy.story);
    let story = line.store.story(office.story).await.unwrap().unwrap();
    let entry = &story.entries[0];
    assert_eq!(entry.entry, copy.id, "the entry keeps the id of its first stored article");
    assert_eq!(entry.lead, office.id, "and its link follows the country office");
    let feed = house.feed(&line.store, "country=HTI&limit=200", depeche::publish::Format::Json).await;
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let items: Vec<_> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["_depeche"]["story_id"] == serde_json::json!(office.story))
        .collect();
    assert_eq!(items.len(), 1, "one entry a story and language");
    assert_eq!(items[0]["id"], copy.id.urn());
    assert_eq!(items[0]["url"], office.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbered_reports_are_two_stories() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl_some(&line, "haiti-fr").await;
    let mut stories = HashSet::new();
    for fixture in
        demo::fixtures().unwrap().iter().filter(|f| f.name.starts_with("haiti/suivi-4") && f.expect.is_some())
    {
        let id = line.store.by_url(&depeche::dedup::canonical(&fixture.url, true)).await.unwrap().unwrap();
        stories.insert(line.store.article(id).await.unwrap().unwrap().story);
    }
    assert_eq!(stories.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_a_revision_and_only_a_material_one_moves_updated() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl_some(&line, "kenya").await;
    let fixture = demo::fixtures().unwrap().into_iter().find(|f| f.name == "kenya/turkana.html").unwrap();
    let url = fixture.url.as_str();
    let id = line.store.by_url(&depeche::dedup::canonical(&fixture.url, true)).await.unwrap().unwrap();
    let before = line.store.article(id).await.unwrap().unwrap();
    let page = String::from_utf8(fixture.body.to_vec()).unwrap();
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];

    house.later(2);
    house.replay.answer(url, 200, &headers, page.replacen("<p>", "<p> \n ", 3).into_bytes());
    house.crawl_some(&line, "kenya").await;
    let spaced = line.store.article(id).await.unwrap().unwrap();
    assert_eq!((spaced.text, spaced.updated), (before.text.clone(), before.updated), "white space is nothing");

    house.later(2);
    let title = &fixture.expect.unwrap().title;
    house.replay.answer(url, 200, &headers, page.replace(title.as_str(), "A wholly different headline").into_bytes());
    let rounds = house.crawl_some(&line, "kenya").await;
    assert_eq!(rounds[0].1.revised, 1);
    let after = line.store.article(id).await.unwrap().unwrap();
    assert_eq!((after.id, after.published, after.first_seen), (before.id, before.published, before.first_seen));
    assert_eq!(after.updated, house.clock.now());
    let last = line.store.changes(0, 1000).await.unwrap().pop().unwrap();
    assert!(
        matches!(last.kind, ChangeKind::Revised { material: true, ref fields } if fields.contains(&"title".to_owned())),
        "{last:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_gone_for_good_is_withdrawn_and_returns_under_its_old_id() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl_some(&line, "kenya").await;
    let fixture = demo::fixtures().unwrap().into_iter().find(|f| f.name == "kenya/turkana.html").unwrap();
    let id = line.store.by_url(&depeche::dedup::canonical(&fixture.url, true)).await.unwrap().unwrap();
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let feed = async || house.feed(&line.store, "source=kenya&limit=200", depeche::publish::Format::Json).await;
    assert!(feed().await.contains(&id.urn()));

    house.later(1);
    house.replay.answer(fixture.url.as_str(), 404, &headers, b"gone".to_vec());
    house.crawl_some(&line, "kenya").await;
    assert!(feed().await.contains(&id.urn()), "one 404 proves nothing");
    house.later(25);
    let rounds = house.crawl_some(&line, "kenya").await;
    assert_eq!(rounds[0].1.withdrawn, 1, "{rounds:?}");
    assert!(!feed().await.contains(&id.urn()));

    house.later(25);
    house.replay.answer(fixture.url.as_str(), 200, &headers, fixture.body.to_vec());
    house.crawl_some(&line, "kenya").await;
    assert!(feed().await.contains(&id.urn()), "it is back under its old id");
    assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_and_stops_nothing_else() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let html = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    house.replay.answer("http://kenya.example/news", 500, &html, b"oops".to_vec());
    house.replay.answer("http://burundi.example/news", 200, &html, b"\x00\xff<<<garbage <p".to_vec());
    let fixture = demo::fixtures().unwrap().into_iter().find(|f| f.name == "haiti/cyclone.html").unwrap();
    house.replay.answer(fixture.url.as_str(), 200, &html, Vec::new());
    let rounds = house.crawl(&line).await;
    let of = |id: &str| rounds.iter().find(|(i, _)| i == id).map(|(_, r)| r).unwrap();
    insta::assert_snapshot!(
        [
            of("kenya").error.clone().unwrap(),
            of("burundi").error.clone().unwrap(),
            of("haiti-fr").failed.iter().map(|f| f.why.clone()).collect::<Vec<_>>().join("\n")
        ]
        .join("\n")
    );
    assert!(of("haiti-fr").stored > 8 && of("haiti-fr").error.is_none());
    // What was served before stays served, and the source recovers by itself.
    let kenya = demo::fixtures().unwrap().into_iter().find(|f| f.url.as_str() == "http://kenya.example/news").unwrap();
    house.replay.answer("http://kenya.example/news", 200, &html, kenya.body.to_vec());
    house.later(1);
    assert!(house.crawl_some(&line, "kenya").await[0].1.stored >= 8);
}
