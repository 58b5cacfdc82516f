//! What a hub is asked for: taken, refused, proven by the callback.

use depeche::deliver::Secret;
use reqwest::Method;
use reqwest::header::{ALLOW, CONTENT_TYPE, LINK, RETRY_AFTER};

use super::reader::*;
use crate::serving::header;

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_subscribed_to_pushed_whole_and_left() {
    let (server, reader) = open().await;
    for (n, format) in ["rss", "atom", "json"].into_iter().enumerate() {
        let path = format!("/feed.{format}?lang=fr&ui=fr");
        let topic = format!("http://feeds.example{path}");
        let links = format!("<http://feeds.example/hub>; rel=\"hub\", <{topic}>; rel=\"self\"");
        let first = server.get(&path, &[]).await;
        assert_eq!(header(&first, LINK), links);
        assert!(first.text().await.unwrap().contains("http://feeds.example/hub"), "{path} names its hub");
        assert_eq!(header(&server.ask(Method::HEAD, &path, &[]).await, LINK), links);

        // The callback's own question stays, and what the hub asks stands behind it.
        let callback = format!("http://reader.example/{format}?id=7&hub.mode=mine");
        subscribe(&server, &topic, &callback, &[("hub.secret", SECRET), ("hub.lease_seconds", "7200")]).await;
        let question = reader.questions().pop().unwrap();
        let own = format!("/{format}?id=7&hub.mode=mine&");
        assert!(question.starts_with(&own), "{question}");
        let asked = parameters(&question.replace(&own, "/?"));
        assert_eq!((asked["hub.mode"].as_str(), asked["hub.topic"].as_str()), ("subscribe", topic.as_str()));
        assert_eq!(asked["hub.lease_seconds"], "7200");
        assert!(asked["hub.challenge"].len() >= 32);

        let at = format!("/{format}?id=7&hub.mode=mine");
        let pushes = tell(&server, &reader, n as u64, &at).await;
        let push = pushes.last().unwrap();
        let now = server.get(&path, &[]).await;
        assert_eq!(push.header("content-type"), header(&now, CONTENT_TYPE));
        assert_eq!(push.header("link"), links);
        assert_eq!(push.body, now.bytes().await.unwrap(), "{path}: the feed as it is served");
        let signature = Secret::new(SECRET.to_owned()).sign(&push.body).unwrap();
        assert_eq!(push.header("x-hub-signature"), signature);
        assert!(signature.starts_with("sha256=") && signature.len() == 7 + 64);
    }
    // An archive never changes: it has no hub.
    let mut path = "/feed.atom?archive=2026-11".to_owned();
    let archive = loop {
        let response = server.get(&path, &[]).await;
        match response.headers().get("location") {
            Some(location) => path = location.to_str().unwrap().to_owned(),
            None => break response,
        }
    };
    assert_eq!((archive.status().as_u16(), header(&archive, LINK)), (200, String::new()));
    assert!(!archive.text().await.unwrap().contains("rel=\"hub\""));

    // Whoever leaves is asked as well.
    let before = reader.questions().len();
    let callback = "http://reader.example/rss?id=7&hub.mode=mine";
    let form = [
        ("hub.mode", "unsubscribe"),
        ("hub.topic", "http://feeds.example/feed.rss?lang=fr&ui=fr"),
        ("hub.callback", callback),
    ];
    let count = rows(&server.line.store).await.len();
    assert_eq!(post(&server, &form).await.status(), 202);
    until("it is unsubscribed", async || rows(&server.line.store).await.len() < count).await;
    assert!(reader.questions()[before].contains("hub.mode=unsubscribe"));
    let left = reader.at("/rss?id=7&hub.mode=mine").len();
    tell(&server, &reader, 50, "/atom?id=7&hub.mode=mine").await;
    tell(&server, &reader, 51, "/json?id=7&hub.mode=mine").await;
    assert_eq!(reader.at("/rss?id=7&hub.mode=mine").len(), left);
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_subscribed_to_is_refused_with_its_reason() {
    let (server, reader) = open().await;
    let good = "http://feeds.example/feed.atom?country=HTI";
    let here = "http://reader.example/T0KEN";
    for (topic, callback, named) in [
        ("http://elsewhere.example/feed.atom", here, "no feed of this server"),
        ("http://feeds.example/opml", here, "no feed of this server"),
        ("http://feeds.example/feed.atom?country=haiti", here, good),
        ("http://feeds.example/feed.atom?", here, "one address is http://feeds.example/feed.atom"),
        ("http://feeds.example/feed.atom?archive=2026-11&country=HTI", here, good),
        ("http://feeds.example/feed.atom?country=XX", here, "ISO 3166"),
        ("http://feeds.example/feed.atom?land=HTI", here, "country"),
        (good, "http://127.0.0.1/T0KEN", "no public address"),
        (good, "http://10.1.2.3/T0KEN", "no public address"),
        (good, "http://[::1]/T0KEN", "no public address"),
        (good, "http://[::ffff:169.254.169.254]/T0KEN", "no public address"),
        (good, "http://0x7f.1/T0KEN", "no public address"),
        (good, "https://public.example:8443/T0KEN", "ports 80 and 443"),
        (good, "http://user:T0KEN@public.example/", "user name"),
        (good, "file:///T0KEN", "scheme"),
    ] {
        for mode in ["subscribe", "unsubscribe"] {
            // Leaving what is no topic harms nobody.
            if mode == "unsubscribe" && callback == here {
                continue;
            }
            let form = [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", callback)];
            let response = post(&server, &form).await;
            assert_eq!(response.status(), 400, "{topic} {callback}");
            assert_eq!(header(&response, CONTENT_TYPE), "text/plain; charset=utf-8");
            let text = response.text().await.unwrap();
            assert!(text.contains(named) && !text.contains("T0KEN"), "{topic} {callback}: {text}");
        }
    }
    let form = [("hub.mode", "publish"), ("hub.url", good)];
    assert_eq!(post(&server, &form).await.status(), 400);
    let json = reqwest::Client::new().post(format!("http://{}/hub", server.address)).body("{}").send().await.unwrap();
    assert_eq!(json.status(), 415);
    let large = post(&server, &[("hub.mode", &"a".repeat(20_000))]).await;
    assert_eq!(large.status(), 413);
    let get = server.get("/hub", &[]).await;
    assert_eq!((get.status().as_u16(), header(&get, ALLOW)), (405, "POST".to_owned()));
    assert!(reader.questions().is_empty() && rows(&server.line.store).await.is_empty());
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_happens_that_a_callback_did_not_confirm() {
    let (server, reader) = open().await;
    let topic = "http://feeds.example/feed.atom";
    let form = |mode| [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", "http://reader.example/mine")];
    let refusals = [
        Echo::Wrong,
        Echo::Longer,
        Echo::Status(404),
        Echo::Status(302),
        Echo::Status(500),
        Echo::Status(199 + 1 + 102),
    ];
    for (n, echo) in refusals.into_iter().enumerate() {
        reader.will(echo);
        assert_eq!(post(&server, &form("subscribe")).await.status(), 202);
        until("it is asked", async || reader.questions().len() == n + 1).await;
    }
    reader.will(Echo::Right);
    // Behind the others in the queue of its host, so what came of them is settled.
    subscribe(&server, topic, "http://reader.example/other", &[]).await;
    assert_eq!(rows(&server.line.store).await.len(), 1);
    assert!(
        reader.questions().iter().all(|question| !question.starts_with("/elsewhere")),
        "redirects are not followed"
    );

    // A stranger cannot end it, nor change its secret.
    reader.will(Echo::Status(404));
    let callback = ("hub.callback", "http://reader.example/other");
    let known = rows(&server.line.store).await;
    for (n, mode) in [("unsubscribe", None), ("subscribe", Some(("hub.secret", "theirs")))].into_iter().enumerate() {
        let mut form = vec![("hub.mode", mode.0), ("hub.topic", topic), callback];
        form.extend(mode.1);
        let asked = reader.questions().len();
        assert_eq!(post(&server, &form).await.status(), 202, "{n}");
        until("it is asked", async || reader.questions().len() > asked).await;
    }
    reader.will(Echo::Right);
    let push = tell(&server, &reader, 1, "/other").await;
    assert_eq!(push.last().unwrap().header("x-hub-signature"), "");
    assert_eq!(rows(&server.line.store).await[0].1["callback"], known[0].1["callback"]);

    // A host is asked one thing at a time, whoever asks for it.
    let asked = reader.questions().len();
    for n in 0..8 {
        let callback = format!("http://reader.example/many/{n}");
        let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", callback.as_str())];
        assert_eq!(post(&server, &form).await.status(), 202);
    }
    until("all are asked", async || reader.questions().len() == asked + 8).await;
    assert_eq!(reader.most(), 1);
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_may_not_fill_the_queue() {
    let (server, reader) = open().await;
    let ask = async |host: &str, n: usize| {
        let callback = format!("http://{host}/{n}");
        let form =
            [("hub.mode", "subscribe"), ("hub.topic", "http://feeds.example/feed.atom"), ("hub.callback", &callback)];
        post(&server, &form).await
    };
    let mut refused = None;
    for n in 0..200 {
        let response = ask("reader.example", n).await;
        if response.status() != 202 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("one host fills the queue");
    assert_eq!((refused.status().as_u16(), header(&refused, RETRY_AFTER)), (503, "600".to_owned()));
    assert_eq!(ask("other.example", 1).await.status(), 202, "others have their places");
    drop(reader);
    server.line.stop.cancel();
}
