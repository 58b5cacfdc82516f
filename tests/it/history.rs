//! The archives of a feed, as a client walks them: every entry once, documents that never change, and what is withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use depeche::publish::Format;
use jiff::Timestamp;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};

use crate::house::House;
use crate::serving::{Server, header};

/// A document of a walk.
struct Document {
    path: String,
    ids: Vec<String>,
    previous: Option<String>,
    gone: Vec<String>,
    text: String,
}

fn path_of(url: &str) -> String {
    url.strip_prefix("http://feeds.example").unwrap_or(url).to_owned()
}

/// Reads a document of any format: its ids, and where the one before it is.
async fn read(server: &Server, path: &str) -> Document {
    let response = server.get(path, &[]).await;
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{path}: {text}");
    let archive = path.contains("archive=");
    let (ids, previous, marked) = if path.starts_with("/feed.json") {
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            feed_rs::parser::parse(text.as_bytes()).unwrap().entries.len(),
            json["items"].as_array().unwrap().len()
        );
        assert_eq!(path_of(json["feed_url"].as_str().unwrap()), path);
        let ids = json["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect();
        (ids, json["next_url"].as_str().map(path_of), json["_depeche"]["archive"] == true)
    } else {
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        let links: BTreeMap<&str, &str> =
            text.split("<").filter_map(|tag| Some((value(tag, "rel")?, value(tag, "href")?))).collect();
        let self_link = links["self"].replace("&amp;", "&");
        assert_eq!(path_of(&self_link), path, "the self link is the address that was asked");
        assert_eq!(archive, links.contains_key("current"), "{path}");
        let previous = links.get("prev-archive").map(|href| path_of(&href.replace("&amp;", "&")));
        (feed.entries.into_iter().map(|e| e.id).collect(), previous, text.contains("<fh:archive"))
    };
    assert_eq!(archive, marked, "{path}: an archive says that it is one, and nothing else does");
    let gone = text.split("<at:deleted-entry").skip(1).map(|tag| value(tag, "ref").unwrap().to_owned()).collect();
    Document { path: path.to_owned(), ids, previous, gone, text }
}

fn value<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split('>').next()?.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// The archives behind a feed, the newest first, as their links lead.
async fn walk(server: &Server, path: &str) -> (Document, Vec<Document>) {
    let feed = read(server, path).await;
    let (mut next, mut archives): (Option<String>, Vec<Document>) = (feed.previous.clone(), Vec::new());
    while let Some(path) = next {
        assert!(archives.iter().all(|a: &Document| a.path != path), "the walk goes in a circle");
        let document = read(server, &path).await;
        next = document.previous.clone();
        archives.push(document);
    }
    (feed, archives)
}

fn month(document: &Document) -> &str {
    document.path.split("archive=").nth(1).unwrap().split('&').next().unwrap()
}

/// Three offices, stored in three months; a fourth month, in which nothing came, lies between.
async fn server() -> Server {
    let server = Server::of(&["haiti-fr"]).await;
    for (source, day) in [("kenya", "2026-12-03T08:00:00Z"), ("burundi", "2027-02-01T00:00:00Z")] {
        server.house.clock.set(day.parse().unwrap());
        server.house.crawl_some(&server.line, source).await;
    }
    server.house.later(1);
    server.settle().await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_gives_every_entry_once() {
    let server = server().await;
    for query in
        ["", "dedupe=none", "country=KEN", "lang=fr&limit=2", "prefer=fr", "q=choléra", "limit=1&ui=fr", "lang=ja"]
    {
        let everything = server.json(&format!("/feed.json?{}", canonical(query, true))).await;
        let mut everything: Vec<(String, String)> = everything["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| {
                (i["id"].as_str().unwrap().to_owned(), i["_depeche"]["first_seen"].as_str().unwrap()[..7].to_owned())
            })
            .collect();
        everything.sort();
        let mut shape = Vec::new();
        for format in ["atom", "rss", "json"] {
            let question = if query.is_empty() { "" } else { "?" };
            let (feed, archives) = walk(&server, &format!("/feed.{format}{question}{}", canonical(query, false))).await;
            let mut walked: Vec<&String> = archives.iter().flat_map(|a| &a.ids).collect();
            walked.sort();
            assert_eq!(walked, everything.iter().map(|(id, _)| id).collect::<Vec<_>>(), "{format} {query}");
            let walked: BTreeSet<&String> = walked.into_iter().collect();
            assert!(feed.ids.iter().all(|id| walked.contains(id)), "{format} {query}: the feed's entries are archived");
            let months: Vec<&str> = archives.iter().map(month).collect();
            assert!(months.is_sorted_by(|a, b| a > b), "{format} {query}: {months:?}");
            assert!(archives.iter().all(|a| !a.ids.is_empty()), "{format} {query}: no empty month");
            shape.push(months.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>());
            // Without copies an article is in the month in which it was stored itself.
            if query == "dedupe=none" {
                for archive in &archives {
                    let of_month = everything.iter().filter(|(_, m)| m == month(archive)).count();
                    assert_eq!(archive.ids.len(), of_month);
                }
                assert_eq!(months, ["2027-02", "2026-12", "2026-11"]);
            }
        }
        assert!(shape.windows(2).all(|w| w[0] == w[1]), "{query}: the formats have the same months");
    }
    server.line.stop.cancel();
}

/// The canonical spelling of these few queries, with all entries in one document where asked.
fn canonical(query: &str, whole: bool) -> String {
    let mut pairs: Vec<String> = query.split('&').filter(|p| !p.is_empty()).map(|p| p.replace('é', "%C3%A9")).collect();
    if whole {
        pairs.retain(|p| !p.starts_with("limit=") && !p.starts_with("ui="));
        pairs.push("limit=200".into());
    }
    pairs.sort();
    pairs.join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_never_changes_and_a_former_one_leads_on() {
    let server = server().await;
    let (_, before) = walk(&server, "/feed.atom").await;
    for archive in &before {
        let first = server.get(&archive.path, &[]).await;
        assert_eq!(header(&first, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert!(header(&first, CONTENT_TYPE).starts_with("application/atom+xml"));
        let tag = header(&first, ETAG);
        assert_eq!(server.get(&archive.path, &[(IF_NONE_MATCH, &tag)]).await.status(), 304);
    }

    // Something new in the newest month: the older archives stand, the newest one moves, its former address leads there.
    server.house.crawl_some(&server.line, "niger").await;
    server.settle().await;
    let (feed, after) = walk(&server, "/feed.atom").await;
    assert_eq!(after.iter().map(month).collect::<Vec<_>>(), before.iter().map(month).collect::<Vec<_>>());
    assert_ne!(after[0].path, before[0].path);
    assert_eq!(
        after[1..].iter().map(|a| &a.text).collect::<Vec<_>>(),
        before[1..].iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    assert_eq!(feed.previous.as_ref(), Some(&after[0].path));
    let former = server.get(&before[0].path, &[]).await;
    assert_eq!(former.status(), 307);
    assert_eq!((header(&former, LOCATION), header(&former, CACHE_CONTROL)), (after[0].path.clone(), "no-store".into()));
    let bare = server.get("/feed.atom?archive=2026-12", &[]).await;
    assert_eq!((bare.status().as_u16(), header(&bare, LOCATION)), (307, after[1].path.clone()));

    // A change in the oldest month moves all that stand on it, so that no walker misses it.
    let item = server.json("/feed.json?limit=200&source=haiti-fr").await["items"][0].clone();
    server
        .line
        .withdraw(&item["url"].as_str().unwrap().parse().unwrap(), false, &server.house.config.sources)
        .await
        .unwrap();
    server.settle().await;
    let (_, last) = walk(&server, "/feed.atom").await;
    assert!(last.iter().zip(&after).all(|(a, b)| a.path != b.path));
    assert!(!last.iter().any(|a| a.ids.contains(&item["id"].as_str().unwrap().to_owned())));

    // A month in which nothing came is a valid, empty document that the chain leaves out.
    let empty = server.get("/feed.atom?archive=2027-01", &[]).await;
    let empty = read(&server, &header(&empty, LOCATION)).await;
    assert_eq!((empty.ids.len(), empty.previous.as_deref()), (0, Some(last[1].path.as_str())));
    for (path, named) in [
        ("/feed.atom?archive=2026-13", "2026-03"),
        ("/feed.atom?archive=2026-12&v=1", "prev-archive"),
        ("/feed.json?v=0123456789abcdef0123456789abcdef", "missing"),
        ("/feed.rss?ui=de", "en and fr"),
    ] {
        let response = server.get(path, &[]).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(header(&response, CONTENT_TYPE).starts_with("application/problem+json"), "{path}");
        assert!(response.text().await.unwrap().contains(named), "{path}");
    }
    let other = server.get("/feed.atom?ui=fr&archive=2026-12&country=ht", &[]).await;
    assert_eq!(
        (other.status().as_u16(), header(&other, LOCATION).as_str()),
        (308, "/feed.atom?archive=2026-12&country=HTI&ui=fr")
    );
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_has_a_tombstone_unless_a_copy_takes_over() {
    let server = Server::of(&["burundi", "haiti", "kenya"]).await;
    // An entry with a copy in its language: the copy takes over, and nothing is gone.
    let items = server.json("/feed.json?limit=200").await["items"].as_array().unwrap().clone();
    let copied = items.iter().find(|i| !i["_depeche"]["also"].as_array().unwrap().is_empty()).unwrap();
    let lead = server
        .line
        .store
        .article(depeche::article::ArticleId(copied["_depeche"]["article_id"].as_str().unwrap().parse().unwrap()))
        .await
        .unwrap()
        .unwrap();
    server.house.replay.answer(&lead.url, 410, &[], Vec::new());
    server.house.later(48);
    server.house.crawl(&server.line).await;
    server.settle().await;
    assert!(server.line.store.withdrawn(lead.id).await.unwrap().is_some(), "{}", lead.url);
    let id = copied["id"].as_str().unwrap().to_owned();
    let feed = read(&server, "/feed.atom?limit=200").await;
    assert!(feed.ids.contains(&id) && feed.gone.is_empty(), "{:?}", feed.gone);
    // As an article of its own it is gone.
    let articles = read(&server, "/feed.atom?dedupe=none&limit=200").await;
    assert_eq!(articles.gone, [lead.id.urn()]);

    // An entry with no copy: gone, for every filter that it matched, in feed and archive; other formats know nothing of it.
    let alone = items.iter().find(|i| {
        i["language"] == "en"
            && i["_depeche"]["countries"][0] == "KEN"
            && i["_depeche"]["also"].as_array().unwrap().is_empty()
            && i["_depeche"]["translations"].as_array().unwrap().is_empty()
    });
    let alone = alone.unwrap();
    let id = alone["id"].as_str().unwrap().to_owned();
    server
        .line
        .withdraw(&alone["url"].as_str().unwrap().parse().unwrap(), true, &server.house.config.sources)
        .await
        .unwrap();
    server.settle().await;
    for (query, has) in [("country=KEN", true), ("lang=en&limit=200", true), ("country=HTI", false), ("lang=fr", false)]
    {
        let (feed, archives) = walk(&server, &format!("/feed.atom?{query}")).await;
        assert_eq!(feed.gone.contains(&id), has, "{query}");
        assert_eq!(archives.iter().any(|a| a.gone.contains(&id)), has, "{query}");
        assert!(!feed.ids.contains(&id) && !archives.iter().any(|a| a.ids.contains(&id)));
    }
    let preferred = read(&server, "/feed.atom?prefer=fr").await;
    assert_eq!(preferred.gone, [format!("urn:uuid:{}", alone["_depeche"]["story_id"].as_str().unwrap())]);
    for format in ["rss", "json"] {
        let text = server.get(&format!("/feed.{format}?country=KEN"), &[]).await.text().await.unwrap();
        assert!(!text.contains(&id) && !text.contains("deleted-entry"), "{format}");
    }
    // Older than the window: not the feed's business, but its archive's.
    let (feed, archives) = walk(&server, "/feed.atom?limit=1&since=2026-11-15").await;
    assert!(feed.gone.iter().all(|gone| archives.iter().any(|a| a.gone.contains(gone))));

    // A restart knows all of it.
    let again = server.house.feed(&server.line.store, "country=KEN", Format::Atom).await;
    assert_eq!(again, read(&server, "/feed.atom?country=KEN").await.text);

    // It comes back: no tombstone any more.
    server.line.lift(&alone["url"].as_str().unwrap().parse().unwrap(), &server.house.config.sources).await.unwrap();
    server.house.later(48);
    server.house.crawl_some(&server.line, "kenya").await;
    server.settle().await;
    let feed = read(&server, "/feed.atom?country=KEN").await;
    assert!(feed.ids.contains(&id) && !feed.gone.contains(&id));
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_and_a_round_with_nothing_new_leave_every_copy_fresh() {
    let mut server = server().await;
    let url = server.json("/feed.json?country=KEN").await["items"][0]["url"].as_str().unwrap().to_owned();
    server.line.withdraw(&url.parse().unwrap(), false, &server.house.config.sources).await.unwrap();
    server.house.later(1);
    server.settle().await;
    let mut kept = Vec::new();
    for format in ["atom", "rss", "json"] {
        for query in ["", "?country=KEN", "?lang=fr&ui=fr", "?dedupe=none", "?q=eau", "?lang=ja"] {
            let (feed, archives) = walk(&server, &format!("/feed.{format}{query}")).await;
            for document in std::iter::once(&feed).chain(&archives) {
                let response = server.get(&document.path, &[]).await;
                kept.push((document.path.clone(), header(&response, ETAG), header(&response, LAST_MODIFIED)));
            }
        }
    }
    assert!(kept.len() > 40 && kept.iter().filter(|(_, _, modified)| !modified.is_empty()).count() > 40);
    server.restart().await;
    server.house.later(48);
    let rounds = server.house.crawl_some(&server.line, "haiti-fr").await;
    assert_eq!(rounds[0].1.stored, 0);
    server.house.later(1);
    server.settle().await;
    for (path, tag, modified) in kept {
        assert_eq!(server.get(&path, &[(IF_NONE_MATCH, &tag)]).await.status(), 304, "{path}");
        if !modified.is_empty() {
            let again = server.get(&path, &[(IF_MODIFIED_SINCE, &modified)]).await;
            assert_eq!((again.status().as_u16(), header(&again, LAST_MODIFIED)), (304, modified), "{path}");
        }
    }
    server.line.stop.cancel();
}

/// The entry's month is its first article's, also once another article leads it.
#[tokio::test]
async fn an_entry_stays_in_its_month_when_another_leads_it() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl_some(&line, "burundi").await;
    let first: Timestamp = house.clock.now();
    house.clock.set("2026-12-24T12:00:00Z".parse().unwrap());
    house.crawl_some(&line, "haiti-fr").await;
    let feed = house.feed(&line.store, "limit=200", Format::Json).await;
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let moved: Vec<&str> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["id"] != format!("urn:uuid:{}", i["_depeche"]["article_id"].as_str().unwrap()))
        .map(|i| i["id"].as_str().unwrap())
        .collect();
    assert!(!moved.is_empty(), "no office took the lead");
    let month = depeche::index::Month::of(first);
    let archive = house.archive(&line.store, "", month, Format::Atom).await;
    assert!(moved.iter().all(|id| archive.contains(id)));
}
