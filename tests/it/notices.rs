//! Webhooks that are told of articles: what is news to their query, once, as the feed shows it, again after failures, and
//! nothing of what was taken down meanwhile.

use std::sync::Arc;

use depeche::article::{Article, Country, CountryTag, How, Language, Story, StoryEntry};
use depeche::config::Config;
use depeche::deliver::Secret;
use depeche::query::Body;
use depeche::store::{ChangeKind, Put, PutOutcome};
use serde_json::{Value, json};

use crate::hub::reader::{Push, Reader, SECRET, news, put, until};
use crate::serving::Server;
use crate::store::put_of;

/// A server with hooks, each at a path of its name.
async fn open(hooks: &[(&str, &str)], body: Body) -> (Server, Reader) {
    let (reader, address) = Reader::open().await;
    let server = Server::with(&[], |house| {
        house.hosts.insert("hooks.example".to_owned(), address);
        let config = Arc::make_mut(&mut house.config);
        for source in &mut config.sources {
            Arc::make_mut(source).body = body;
        }
        set(config, hooks);
    })
    .await;
    // A hook is told of what comes after it was first seen.
    until("every hook has its place", async || rows(&server).await.len() == hooks.len()).await;
    (server, reader)
}

fn set(config: &mut Config, hooks: &[(&str, &str)]) {
    let hooks = hooks.iter().map(|(name, lines)| {
        format!(
            "[[webhook]]\nname = \"{name}\"\nurl = \"http://hooks.example/{name}\"\nsecret_env = \"SECRET\"\n{lines}\n"
        )
    });
    let text: String = hooks.collect();
    let environment = [("SECRET".to_owned(), SECRET.to_owned())];
    config.webhooks = Config::parse(&text, std::path::Path::new("."), &environment).unwrap().webhooks;
}

async fn rows(server: &Server) -> Vec<(String, Value)> {
    server.line.store.ledger("webhook/").await.unwrap()
}

fn body(push: &Push) -> Value {
    let signature = Secret::new(SECRET.to_owned()).sign(&push.body).unwrap();
    assert_eq!(push.header("x-depeche-signature"), signature);
    let body: Value = serde_json::from_slice(&push.body).unwrap();
    assert_eq!(body["id"], push.header("x-depeche-delivery"));
    assert_eq!(body["type"], "articles");
    body
}

/// What a hook was told, as (event, title or null).
fn told(reader: &Reader, hook: &str) -> Vec<(String, Option<String>)> {
    let posts = reader.at(&format!("/{hook}"));
    let messages = posts.iter().flat_map(|push| body(push)["messages"].as_array().unwrap().clone());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    messages.map(|m| (text(&m["event"]).unwrap(), text(&m["item"]["title"]))).collect()
}

async fn until_told(reader: &Reader, hook: &str, event: &str, title: Option<&str>) {
    let want = (event.to_owned(), title.map(str::to_owned));
    until(&format!("{hook} is told {want:?}"), async || told(reader, hook).last() == Some(&want)).await;
}

fn of(country: &str, article: Article) -> Article {
    let country = Country::parse(country).unwrap();
    let tag = CountryTag { country, confidence: 100, how: How::Body, evidence: Vec::new() };
    Article { countries: vec![tag], ..article }
}

/// Stores an article as a member of another's story: a copy that leads it, or follows it, or a translation.
async fn join(server: &Server, founder: &Article, mut article: Article, leads: bool) {
    article.story = founder.story;
    let store = &server.line.store;
    let mut story = store.story(founder.story).await.unwrap().unwrap();
    story.members.push(article.id);
    let language = article.language.language;
    match story.entries.iter_mut().find(|entry| entry.language == language) {
        Some(entry) if leads => entry.lead = article.id,
        Some(_) => {}
        None => story.entries.push(StoryEntry { language, entry: article.id, lead: article.id }),
    }
    let put = put_of(store, article, ChangeKind::Created).await;
    let put = Put { at: server.house.clock.now(), story: Story { ..story }, ..put };
    assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_is_told_of_its_querys_entries_as_the_feed_shows_them_and_of_each_once() {
    let hooks = [
        ("haiti", "query = \"country=HTI&lang=fr\""),
        ("all", "query = \"\"\nbatch = 1"),
        ("each", "query = \"dedupe=none&body=none\""),
        ("words", "query = \"q=relev%C3%A9%20-cinq\""),
    ];
    let (server, reader) = open(&hooks, Body::Summary).await;
    let first = of("HTI", news(&server, 1));
    put(&server, first.clone(), ChangeKind::Created).await;
    for hook in ["haiti", "all", "each", "words"] {
        until_told(&reader, hook, "created", Some("Relevé 1")).await;
    }
    let feed = server.json("/feed.json?country=HTI&lang=fr").await;
    let post = body(&reader.at("/haiti")[0]);
    assert_eq!(post["messages"][0]["item"], feed["items"][0], "an item as in the feed");
    assert_eq!(post["messages"][0]["id"], feed["items"][0]["id"]);
    assert_eq!(post["page"], "http://feeds.example/?country=HTI&lang=fr");
    let bare = body(&reader.at("/each")[0]);
    assert_eq!(bare["messages"][0]["item"]["summary"], Value::Null, "no more than the query asks for");

    // A copy is no new entry, but where every article is one; nor is it where it leads from now on.
    join(&server, &first, of("HTI", news(&server, 2)), false).await;
    until_told(&reader, "each", "created", Some("Relevé 2")).await;
    join(&server, &first, of("HTI", news(&server, 3)), true).await;
    until_told(&reader, "each", "created", Some("Relevé 3")).await;
    // A translation is an entry of its own.
    let mut english = of("HTI", news(&server, 4));
    english.language.language = Language::EN;
    join(&server, &first, english.clone(), false).await;
    for hook in ["all", "each"] {
        until_told(&reader, hook, "created", Some("Relevé 4")).await;
    }
    // An edit that tells readers something, of what leads the entry; one of a copy behind it is none.
    let material = ChangeKind::Revised { fields: vec!["text".into()], material: true };
    let edited = Article { title: "Relevé trois".into(), ..of("HTI", news(&server, 3)) };
    let edit = async |article: Article, kind: &ChangeKind| {
        let store = &server.line.store;
        let story = store.story(first.story).await.unwrap().unwrap();
        let article = Article { story: first.story, ..article };
        let put = Put { at: server.house.clock.now(), story, ..put_of(store, article, kind.clone()).await };
        assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    };
    edit(Article { title: "Relevé deux".into(), ..of("HTI", news(&server, 2)) }, &material).await;
    edit(edited, &material).await;
    for hook in ["haiti", "all", "words"] {
        until_told(&reader, hook, "revised", Some("Relevé trois")).await;
    }
    // What a hook's words keep out, what was there before we looked, and what is no news to anybody.
    put(&server, Article { title: "Relevé cinq".into(), ..news(&server, 5) }, ChangeKind::Created).await;
    put(&server, Article { backfill: true, ..news(&server, 6) }, ChangeKind::Created).await;
    put(&server, Article { news: false, ..news(&server, 7) }, ChangeKind::Created).await;
    put(&server, of("HTI", news(&server, 8)), ChangeKind::Created).await;
    for hook in ["haiti", "all", "words"] {
        until_told(&reader, hook, "created", Some("Relevé 8")).await;
    }
    let titles = |hook: &str| {
        let titles = told(&reader, hook).into_iter().map(|(event, title)| format!("{event} {}", title.unwrap()));
        titles.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(titles("haiti"), "created Relevé 1, revised Relevé trois, created Relevé 8");
    assert_eq!(titles("words"), "created Relevé 1, created Relevé 4, revised Relevé trois, created Relevé 8");
    let all = "created Relevé 1, created Relevé 4, revised Relevé trois, created Relevé cinq, created Relevé 8";
    assert_eq!(titles("all"), all);
    assert!(reader.at("/all").iter().all(|push| body(push)["messages"].as_array().unwrap().len() == 1), "batches");

    // A withdrawal names the entry and shows nothing of it.
    put(&server, of("HTI", news(&server, 8)), ChangeKind::Withdrawn).await;
    until_told(&reader, "haiti", "withdrawn", None).await;
    let post = body(reader.at("/haiti").last().unwrap());
    let gone = &post["messages"][0];
    let created = body(&reader.at("/haiti")[reader.at("/haiti").len() - 2]);
    assert_eq!(gone["id"], created["messages"][0]["id"]);
    assert_eq!((&gone["item"], gone["url"].as_str()), (&Value::Null, Some("http://haiti.example/fr/news/8")));
    assert!(!post.to_string().contains("Relevé"));
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_makes_an_entry_match_is_told_as_the_entrys_first() {
    let (server, reader) = open(&[("haiti", "query = \"country=HTI\"")], Body::Summary).await;
    let elsewhere = news(&server, 1);
    put(&server, elsewhere.clone(), ChangeKind::Created).await;
    join(&server, &elsewhere, of("HTI", news(&server, 2)), true).await;
    until_told(&reader, "haiti", "created", Some("Relevé 2")).await;
    let post = body(&reader.at("/haiti")[0]);
    assert_eq!(post["messages"][0]["id"], json!(elsewhere.id.urn()), "under the id that the entry has everywhere");
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_posted_again_under_its_id_over_restarts_and_without_what_was_taken_down() {
    for ceiling in [Body::Full, Body::Summary] {
        let (mut server, reader) = open(&[("all", "query = \"body=full\"")], ceiling).await;
        for _ in 0..2 {
            reader.answers(500);
        }
        put(&server, news(&server, 1), ChangeKind::Created).await;
        until("a try", async || reader.at("/all").len() == 1).await;
        until("it is noted", async || rows(&server).await[0].1["post"]["failures"] == 1).await;
        let text = serde_json::to_string(&rows(&server).await).unwrap();
        assert!(!text.contains("Relevé") && !text.contains("example"), "nothing of it is kept: {text}");
        let first = body(&reader.at("/all")[0]);
        let full = first["messages"][0]["item"]["content_html"].is_string();
        assert_eq!(full, ceiling == Body::Full, "a source's body is a ceiling");
        // The second waits behind the first, and goes with a post of its own.
        put(&server, news(&server, 2), ChangeKind::Created).await;
        server.restart().await;
        server.house.later(6);
        until("a second try", async || reader.at("/all").len() == 2).await;
        assert_eq!(body(&reader.at("/all")[1])["id"], first["id"]);
        until("it is noted", async || rows(&server).await[0].1["post"]["failures"] == 2).await;
        put(&server, news(&server, 1), ChangeKind::Withdrawn).await;
        server.settle().await;
        server.house.later(6);
        until("the rest", async || told(&reader, "all").last().is_some_and(|(event, _)| event == "withdrawn")).await;
        let rest: Vec<Value> = reader.at("/all")[2..].iter().map(body).collect();
        let text = serde_json::to_string(&rest).unwrap();
        assert!(!text.contains("Relevé 1") && text.contains("Relevé 2"), "{text}");
        assert!(rest.iter().all(|post| post["id"] != first["id"]));
        server.line.stop.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_takes_nothing_for_three_days_or_answers_410_is_owed_nothing() {
    let (mut server, reader) = open(&[("all", "query = \"\"")], Body::Summary).await;
    reader.answers(410);
    put(&server, news(&server, 1), ChangeKind::Created).await;
    until("it refuses", async || reader.at("/all").len() == 1).await;
    until("nothing is in hand", async || rows(&server).await[0].1["post"].is_null()).await;
    (0..40).for_each(|_| reader.answers(500));
    put(&server, news(&server, 2), ChangeKind::Created).await;
    let mut tries = 1;
    for _ in 0..40 {
        until("a try", async || reader.at("/all").len() > tries).await;
        tries = reader.at("/all").len();
        let failed = |row: &Value| row["post"].is_null() || row["post"]["failures"] == json!(tries - 1);
        until("it is noted", async || failed(&rows(&server).await[0].1)).await;
        if rows(&server).await[0].1["post"].is_null() {
            break;
        }
        server.house.later(6);
    }
    assert!((13..=16).contains(&tries), "{tries} tries in 72 hours, one each 6");
    // One that left and comes back is told of what comes then.
    let hooks = std::mem::take(&mut Arc::make_mut(&mut server.house.config).webhooks);
    server.restart().await;
    until("its place is forgotten", async || rows(&server).await.is_empty()).await;
    put(&server, news(&server, 3), ChangeKind::Created).await;
    server.settle().await;
    Arc::make_mut(&mut server.house.config).webhooks = hooks;
    server.restart().await;
    until("it has a place", async || rows(&server).await.len() == 1).await;
    let left = 40 - (tries - 1);
    put(&server, news(&server, 4), ChangeKind::Created).await;
    for n in 1..=left + 1 {
        until("a try", async || reader.at("/all").len() >= tries + n).await;
        server.house.later(6);
        if n > 3 {
            break;
        }
    }
    let last = body(reader.at("/all").last().unwrap());
    assert_eq!(last["messages"].as_array().unwrap().len(), 1);
    assert_eq!(last["messages"][0]["item"]["title"], "Relevé 4");
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_it_in_slack_and_teams_in_english_and_french() {
    let hooks = [
        ("slack", "query = \"ui=en\"\nformat = \"slack\""),
        ("slack-fr", "query = \"ui=fr\"\nformat = \"slack\""),
        ("teams", "query = \"ui=en\"\nformat = \"teams\""),
        ("teams-fr", "query = \"ui=fr\"\nformat = \"teams\""),
    ];
    let (server, reader) = open(&hooks, Body::Summary).await;
    let mut article = of("TCD", news(&server, 1));
    article.title = "Relevé <!channel> & [un](http://evil.example)".into();
    article.url = "http://haiti.example/fr/news/a|b(c)".into();
    put(&server, article.clone(), ChangeKind::Created).await;
    let material = ChangeKind::Revised { fields: vec!["text".into()], material: true };
    until("all are told", async || reader.pushes().len() == 4).await;
    put(&server, Article { title: "Relevé deux".into(), ..article.clone() }, material).await;
    until("all are told", async || reader.pushes().len() == 8).await;
    put(&server, article, ChangeKind::Withdrawn).await;
    until("all are told", async || reader.pushes().len() == 12).await;
    let mut said = String::new();
    for (hook, _) in hooks {
        for push in reader.at(&format!("/{hook}")) {
            let body: Value = serde_json::from_slice(&push.body).unwrap();
            said.push_str(&format!("== {hook}\n{}\n", serde_json::to_string_pretty(&body).unwrap()));
        }
    }
    insta::assert_snapshot!(said);
    server.line.stop.cancel();
}
