//! The API as a partner's script uses it: every article, every change exactly once, closed vocabularies, clear errors.

use std::collections::BTreeSet;
use std::sync::Arc;

use depeche::query::Body;
use depeche::{dedup, demo};
use reqwest::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::Value;

use crate::serving::{Server, header};

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_in_parts_by_filter_and_by_id() {
    let server = Server::open().await;
    let all = server.json("/api/v1/articles?limit=200").await;
    let total = all["total"].as_u64().unwrap() as usize;
    assert_eq!((ids(&all).len(), all["next"].is_null()), (total, true));

    // Parts follow each other without a gap or a repeat, by address or by cursor.
    let (mut walked, mut path) = (Vec::new(), "/api/v1/articles?limit=5&fields=id,title".to_owned());
    loop {
        let part = server.json(&path).await;
        assert_eq!(part["total"].as_u64().unwrap() as usize, total);
        assert!(part["data"][0].as_object().unwrap().keys().all(|k| k == "id" || k == "title"));
        walked.extend(ids(&part));
        let Some(next) = part["next"].as_str() else { break };
        path = next.replace("http://feeds.example", "");
    }
    assert_eq!(walked, ids(&all));
    let first = server.json("/api/v1/articles?limit=5").await;
    let encoded: String = first["next"].as_str().unwrap().bytes().map(|b| format!("%{b:02X}")).collect();
    let second = server.json(&format!("/api/v1/articles?limit=5&page_after={encoded}")).await;
    assert_eq!(ids(&second), walked[5..10], "the whole address is a cursor as well");

    // Fields of the contract.
    let article = &server.json("/api/v1/articles?country=KEN&limit=1").await["data"][0];
    assert_eq!(article["primary_country"]["iso3"], "KEN");
    assert!(article["country"].as_array().unwrap().iter().any(|c| c["iso3"] == "KEN" && c["primary"] == true));
    assert!(article["language"].is_string() && article["theme"].is_array() && article["url"].is_string());
    let id = article["id"].as_str().unwrap();
    let one = server.json(&format!("/api/v1/articles/{id}?explain=1")).await;
    assert_eq!(one["data"]["title"], article["title"]);
    assert!(one["data"]["evidence"]["language"].is_object());
    assert_eq!(server.json(&format!("/api/v1/articles/urn:uuid:{id}")).await["data"]["id"], article["id"]);

    // Conditional, and wrong use.
    let path = "/api/v1/articles?limit=3";
    let tag = header(&server.get(path, &[]).await, ETAG);
    assert_eq!(server.get(path, &[(IF_NONE_MATCH, &tag)]).await.status(), 304);
    for (path, status, named) in [
        ("/api/v1/articles?contry=KEN", 400, "country"),
        ("/api/v1/articles?fields=nonsense", 400, "primary_country"),
        ("/api/v1/articles?page_after=x", 400, "next"),
        ("/api/v1/articles/nobody", 404, "UUID"),
        ("/api/v1/articles/00000000-0000-0000-0000-000000000000", 404, "UUID"),
        ("/api/v1/changes?since=x", 400, "leave it out"),
        ("/api/v1/changes?country=KEN", 400, "since"),
        ("/api/v1/changes?limit=0", 400, "1000"),
        ("/opml?ui=de", 400, "fr"),
    ] {
        let response = server.get(path, &[]).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(header(&response, CONTENT_TYPE).starts_with("application/problem+json"), "{path}");
        let text = response.text().await.unwrap();
        assert!(text.contains(named), "{path}: {text}");
    }
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_exactly_once_and_a_restore_is_said() {
    let server = Server::open().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = server.json(&format!("/api/v1/changes?limit=7&since={cursor}")).await;
        cursor = part["next"].as_str().unwrap().to_owned();
        let changes = part["changes"].as_array().unwrap();
        seen.extend(changes.iter().map(|c| c["seq"].as_u64().unwrap()));
        assert!(changes.iter().all(|c| c["kind"].is_string()
            && c["article_id"].is_string()
            && c["at"].is_string()
            && c["url"].is_string()));
        if changes.is_empty() {
            break;
        }
    }
    let head = server.line.store.head().await.unwrap().seq;
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());

    // Nothing new: the cursor stays good. Something new: that alone.
    assert_eq!(server.json(&format!("/api/v1/changes?since={cursor}")).await["next"], cursor);
    server.house.crawl_some(&server.line, "burundi").await;
    let more = server.json(&format!("/api/v1/changes?since={cursor}")).await;
    assert_eq!(more["changes"][0]["seq"].as_u64().unwrap(), head + 1);
    assert!(more.get("reset").is_none());

    // A cursor of another epoch begins anew, and says so.
    let foreign = format!("{}-3", uuid::Uuid::nil().simple());
    let reset = server.json(&format!("/api/v1/changes?since={foreign}")).await;
    assert_eq!((reset["reset"].as_bool(), reset["changes"][0]["seq"].as_u64()), (Some(true), Some(1)));
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn vocabularies_health_opml_and_pages() {
    let server = Server::of(&["haiti", "kenya"]).await;
    let countries = server.json("/api/v1/countries").await;
    assert!(countries["data"].as_array().unwrap().len() >= 235);
    let themes = server.json("/api/v1/themes").await;
    let displacement = themes["data"].as_array().unwrap().iter().find(|t| t["slug"] == "displacement").unwrap();
    assert!(displacement["reliefweb_theme"]["id"].is_u64() && displacement["name_fr"].is_string());
    let sources = server.json("/api/v1/sources").await;
    assert!(sources["data"].as_array().unwrap().iter().any(|s| s["id"] == "niger" && s["kind"] == "feed"));
    let health = server.json("/health/sources").await;
    let state =
        |id: &str| health["sources"].as_array().unwrap().iter().find(|s| s["id"] == id).unwrap()["state"].clone();
    assert_eq!((state("kenya"), state("burundi")), ("ok".into(), "quiet".into()));
    let openapi = server.json("/api/openapi.json").await;
    for path in [
        "/feed.atom",
        "/opml",
        "/api/v1/articles",
        "/api/v1/articles/{id}",
        "/api/v1/changes",
        "/api/v1/countries",
        "/api/v1/themes",
        "/api/v1/sources",
        "/health/sources",
    ] {
        assert!(openapi["paths"][path]["get"]["responses"]["200"].is_object(), "{path}");
    }

    // Every feed that the OPML names answers at once, without a redirect; names follow the interface.
    let opml = server.get("/opml?lang=fr&ui=fr", &[]).await;
    assert!(header(&opml, CONTENT_TYPE).starts_with("text/x-opml"));
    let text = opml.text().await.unwrap();
    assert!(text.contains("text=\"Pays\"") && text.contains("text=\"Haïti\"") && text.contains("language=\"fr\""));
    let urls: BTreeSet<String> =
        text.split("xmlUrl=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect();
    assert!(urls.len() > 30 && urls.iter().all(|url| url.contains("lang=fr")), "{}", urls.len());
    for url in urls {
        let response = server.get(&url.replace("http://feeds.example", ""), &[]).await;
        assert_eq!(response.status(), 200, "{url}");
    }

    // Narrowed, it lists no feeds of anything else.
    let narrowed = server.get("/opml?country=HTI&theme=displacement", &[]).await.text().await.unwrap();
    assert!(narrowed.contains("country=HTI") && !narrowed.contains("country=KEN") && !narrowed.contains("region="));
    assert_eq!(narrowed.matches("text=\"Countries\"").count(), 1);
    let region = server.get("/opml?region=latin-america-and-the-caribbean", &[]).await.text().await.unwrap();
    assert!(region.contains("country=HTI") && !region.contains("country=KEN"));

    // The page of an article that has a translation, in both languages of the interface; the API page.
    let all = server.json("/api/v1/articles?limit=200").await;
    let linked = all["data"].as_array().unwrap().iter().find(|a| !a["translations"].as_array().unwrap().is_empty());
    let id = linked.expect("a translated article")["id"].as_str().unwrap();
    for (path, words) in [
        (format!("/articles/{id}?ui=en"), "In other languages"),
        (format!("/articles/{id}?ui=fr"), "Dans d’autres langues"),
        ("/api?ui=fr".into(), "Aucune clé"),
        ("/health/sources.atom".into(), "<feed"),
    ] {
        let response = server.get(&path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.text().await.unwrap().contains(words), "{path}");
    }
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_select_what_they_say() {
    let server = Server::of(&["haiti", "kenya", "headquarters"]).await;
    let items =
        async |query: &str| server.json(&format!("/feed.json?{query}")).await["items"].as_array().unwrap().clone();
    let all = items("limit=200").await;

    let region = items("limit=200&region=latin-america-and-the-caribbean").await;
    assert!(!region.is_empty() && region.len() < all.len());

    let since = items("limit=200&since=2026-01-01").await;
    let until = items("limit=200&until=2025-12-31").await;
    assert_eq!(since.len() + until.len(), all.len(), "inclusive days part everything in two");
    assert!(since.iter().all(|i| i["date_published"].as_str().unwrap() >= "2026"));

    let with = items("limit=200&q=choléra").await;
    let without = items("exclude=choléra&limit=200").await;
    assert!(!with.is_empty());
    assert_eq!(with.len() + without.len(), all.len(), "a word stands there or does not");
    assert_eq!(items("limit=200&q=CHOLERA").await.len(), with.len(), "case and accents are folded");

    // prefer: one entry a story, under the story's id.
    let preferred = items("limit=200&prefer=fr").await;
    let stories: BTreeSet<&str> = preferred.iter().map(|i| i["_depeche"]["story_id"].as_str().unwrap()).collect();
    assert_eq!(stories.len(), preferred.len());
    assert!(preferred.len() < all.len(), "translations fold into one");
    for item in &preferred {
        assert_eq!(
            item["id"].as_str().unwrap(),
            format!("urn:uuid:{}", item["_depeche"]["story_id"].as_str().unwrap())
        );
    }
    let english = items("limit=200&prefer=en").await;
    let language = |list: &[Value], tag: &str| list.iter().filter(|i| i["language"] == tag).count();
    assert!(language(&english, "en") > language(&preferred, "en"));

    // body and explain.
    assert!(
        items("body=none&limit=3").await.iter().all(|i| i.get("summary").is_none() && i.get("content_html").is_none())
    );
    assert!(items("body=full&limit=3").await.iter().all(|i| i["content_html"].is_string()));
    assert!(items("explain=1&limit=3").await.iter().all(|i| i["_depeche"]["evidence"]["language"].is_object()));
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_article_is_gone_everywhere_and_stays_out() {
    let server = Server::open().await;
    let article = server.json("/api/v1/articles?source=kenya&limit=1").await["data"][0].clone();
    let (id, url) = (article["id"].as_str().unwrap(), article["url"].as_str().unwrap());
    let title = article["title"].as_str().unwrap();
    let report = server.line.withdraw(&url.parse().unwrap(), true, &server.house.config.sources).await.unwrap();
    assert_eq!(report.withdrawn, [url]);
    // The follower needs a moment.
    for _ in 0..200 {
        if !server.get("/feed.json?limit=200", &[]).await.text().await.unwrap().contains(id) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for path in [
        "/feed.json?limit=200",
        "/feed.rss?limit=200",
        "/feed.atom?dedupe=none&limit=200",
        "/api/v1/articles?limit=200",
        "/api/v1/changes",
        "/?ui=en",
    ] {
        let text = server.get(path, &[]).await.text().await.unwrap();
        assert!(!text.contains(title), "{path} still has it");
    }
    for path in [format!("/articles/{id}"), format!("/api/v1/articles/{id}")] {
        let response = server.get(&path, &[]).await;
        assert_eq!(response.status(), 410, "{path}");
        assert!(!response.text().await.unwrap().contains(title));
    }
    let last = server.json("/api/v1/changes?limit=1000").await["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["kind"].as_str(), last["article_id"].as_str()), (Some("withdrawn"), Some(id)));

    // The site still has it, and a round does not bring it back; lifted, it comes back under its id.
    server.house.later(48);
    let rounds = server.house.crawl_some(&server.line, "kenya").await;
    assert_eq!(rounds[0].1.stored, 0);
    server.line.lift(&url.parse().unwrap(), &server.house.config.sources).await.unwrap();
    server.house.later(48);
    server.house.crawl_some(&server.line, "kenya").await;
    let uuid = depeche::article::ArticleId(id.parse().unwrap());
    assert_eq!(server.line.store.withdrawn(uuid).await.unwrap(), None);
    assert_eq!(server.line.store.article(uuid).await.unwrap().unwrap().title, title);
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_shown_word_by_word_where_the_text_may_be_shown() {
    for body in [Body::Full, Body::Summary] {
        let server = Server::with(&["kenya"], |house| {
            let config = Arc::make_mut(&mut house.config);
            for source in &mut config.sources {
                Arc::make_mut(source).body = body;
            }
        })
        .await;
        let fixture = demo::fixtures().unwrap().into_iter().find(|f| f.name == "kenya/turkana.html").unwrap();
        let page = String::from_utf8(fixture.body.to_vec()).unwrap();
        let title = fixture.expect.unwrap().title;
        let (head, tail) = title.split_once(' ').unwrap();
        let edited = page.replace(title.as_str(), &format!("Quokka {tail}")).replacen("</p>", " Wombats came.</p>", 2);
        let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        server.house.replay.answer(fixture.url.as_str(), 200, &headers, edited.into_bytes());
        server.house.crawl_some(&server.line, "kenya").await;
        server.settle().await;
        let url = dedup::canonical(&fixture.url, true);
        let id = server.line.store.by_url(&url).await.unwrap().unwrap();
        let revision = server.json(&format!("/api/v1/articles/{id}")).await["data"]["revisions"][0].take();
        let expected = serde_json::json!([
            {"op": "removed", "text": head},
            {"op": "added", "text": "Quokka"},
            {"op": "same", "text": format!(" {tail}")},
        ]);
        assert_eq!(revision["changes"]["title"], expected);
        let shown = server.get(&format!("/articles/{id}?ui=fr"), &[]).await.text().await.unwrap();
        assert!(shown.contains(&format!("<del>{head}</del><ins>Quokka</ins>")), "{shown}");
        let added = |text: &str| text.contains("Wombats came.");
        assert_eq!(added(&revision.to_string()), body == Body::Full, "{revision}");
        assert_eq!(shown.contains(" <ins>Wombats came.</ins>"), body == Body::Full, "{shown}");
    }
}
