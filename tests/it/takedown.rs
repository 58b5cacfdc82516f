//! What must not be seen is seen on no exit: a table of every exit, walked for the ceiling of a source and after an erasure.

use std::io::Read;
use std::sync::Arc;

use depeche::article::ArticleId;
use depeche::config::StorePlace;
use depeche::desk::{Desk, Reply, Request, forward};
use depeche::edition::{Edition, Issue};
use depeche::index::text::text_of;
use depeche::publish::{self, Format};
use depeche::query::{Body, Query};
use depeche::store;

use crate::serving::Server;
use crate::text::terms;

/// The page that the tests write into.
const PAGE: &str = "http://kenya.example/news/kakuma-clinic-screens-its-10000th-refugee-before-resettlement";

/// Every public exit, and what an admin is answered, with an article's own pages among them.
async fn exits(server: &Server, id: &str) -> Vec<(String, String)> {
    let mut paths: Vec<String> = Vec::new();
    for format in ["rss", "atom", "json"] {
        for query in [
            "",
            "?body=full&limit=200",
            "?body=full&explain=1&limit=200",
            "?body=full&dedupe=none&explain=1&limit=200",
            "?body=full&limit=200&prefer=en",
            "?body=full&explain=1&limit=200&source=kenya",
            "?body=full&country=KEN&lang=en&limit=200",
            "?body=full&q=kakuma",
        ] {
            paths.push(format!("/feed.{format}{query}"));
        }
    }
    for ui in ["en", "fr"] {
        paths.extend([
            format!("/?limit=200&ui={ui}"),
            format!("/?dedupe=none&explain=1&limit=200&source=kenya&ui={ui}"),
            format!("/articles/{id}?ui={ui}"),
            format!("/api?ui={ui}"),
            format!("/opml?ui={ui}"),
        ]);
    }
    paths.extend([
        "/api/v1/articles?body=full&explain=1&limit=200".to_owned(),
        "/api/v1/articles?body=full&explain=1&fields=id,html,text,summary,evidence,attachments,image,revisions&limit=200".to_owned(),
        format!("/api/v1/articles/{id}?body=full&explain=1"),
        format!("/api/v1/articles/{id}?body=full&fields=text,html,revisions"),
        "/api/v1/changes?limit=1000".to_owned(),
        "/api/v1/sources".to_owned(),
        "/health/sources".to_owned(),
        "/health/sources.atom".to_owned(),
        "/metrics".to_owned(),
    ]);
    let mut found = Vec::new();
    for path in paths {
        let response = server.get(&path, &[]).await;
        let status = response.status().as_u16();
        assert!(matches!(status, 200 | 410), "{path} answers {status}");
        found.push((path, response.text().await.unwrap()));
    }
    let desk = Desk::new(Arc::clone(&server.house.config), server.line.clone(), None);
    for (name, request) in [
        ("sources", Request::Sources),
        ("feed", Request::Feed { query: "body=full&explain=1&limit=200".into(), format: Format::Json }),
    ] {
        let (tell, _steps) = tokio::sync::mpsc::unbounded_channel();
        let reply = desk.answer(request, tell).await;
        found.push((format!("desk: {name}"), serde_json::to_string(&reply).unwrap()));
    }
    found
}

/// The exits that a word stands on.
fn seen<'a>(exits: &'a [(String, String)], word: &str) -> Vec<&'a str> {
    exits.iter().filter(|(_, text)| text.contains(word)).map(|(name, _)| name.as_str()).collect()
}

/// The page with words of its own: in its first sentence, deep in its text, in a link, a picture, a name of a place.
fn page(deep: &str) -> Vec<u8> {
    let text = include_str!("../../fixtures/kenya/kakuma.html");
    let text = text.replace("A clinic run by IOM in Kakuma", "A quokkaclinic run by IOM in Kakuma").replace(
        "<p>The clinic has therefore",
        &format!(
            "<p>Its {deep} stands beside the shed. Teams from Harare and Bulawayo fought a cholera outbreak there. \
             <a href=\"/files/list.pdf\">The marsupilist of drugs</a></p>\
             <p><img src=\"/files/a.jpg\" alt=\"A vertiginous okapi\" width=\"800\" height=\"600\"></p><p>The clinic has therefore"
        ),
    );
    text.into_bytes()
}

fn show(server: &Server, deep: &str) {
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    server.house.replay.answer(PAGE, 200, &headers, page(deep));
}

async fn id_of(server: &Server) -> String {
    let all = server.json("/api/v1/articles?limit=200&source=kenya").await;
    let found = all["data"].as_array().unwrap().iter().find(|a| a["url"] == PAGE);
    found.unwrap_or_else(|| panic!("{PAGE} is not there"))["id"].as_str().unwrap().to_owned()
}

/// The archive of the month that the page was seen in, wherever its address leads.
async fn month(server: &Server, query: &str) -> String {
    let mut path = format!("/feed.atom?archive=2026-11&{query}");
    loop {
        let response = server.get(&path, &[]).await;
        match response.headers().get("location") {
            Some(location) => path = location.to_str().unwrap().to_owned(),
            None => return response.text().await.unwrap(),
        }
    }
}

/// The edition is level with the log.
async fn settled(server: &Server) {
    let head = server.line.store.head().await.unwrap().seq;
    while server.json("/health/ready").await["seq"].as_u64() != Some(head) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ceiling_of_a_source_holds_on_every_exit() {
    for (ceiling, first, deep) in [(Body::Full, true, true), (Body::Summary, true, false), (Body::None, false, false)] {
        let server = Server::with(&["kenya"], |house| {
            let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
            house.replay.answer(PAGE, 200, &headers, page("xylobalsam"));
            for source in &mut Arc::make_mut(&mut house.config).sources {
                Arc::make_mut(source).body = ceiling;
            }
        })
        .await;
        // The words are former words by now, too.
        show(&server, "ytterbalsam");
        server.house.later(48);
        server.house.crawl_some(&server.line, "kenya").await;
        settled(&server).await;
        let exits = exits(&server, &id_of(&server).await).await;
        for (word, visible) in [
            ("Kakuma Clinic Screens", true),
            ("quokkaclinic", first),
            ("xylobalsam", deep),
            ("ytterbalsam", deep),
            ("marsupilist", deep),
            ("Harare", deep),
            ("cholera", deep),
            ("Chepkiro", deep),
        ] {
            let seen = seen(&exits, word);
            assert_eq!(!seen.is_empty(), visible, "{word:?} under {ceiling:?}: {seen:?}");
        }
        // A search finds, and an exclusion spares, by what may be shown alone: else it tells that a word stands in the rest.
        for (word, visible) in [
            ("quokkaclinic", first),
            ("ytterbalsam", deep),
            ("Chepkiro", deep),
            ("nosuchword", false),
            ("screens", true),
        ] {
            for (question, found) in [("q", visible), ("exclude", !visible)] {
                for path in ["/feed.atom", "/feed.json", "/api/v1/articles", "/"] {
                    let asked = format!("{path}?{question}={word}&source=kenya");
                    let asked = if path == "/" { format!("{asked}&limit=200&dedupe=none") } else { asked };
                    let text = server.get(&asked, &[]).await.text().await.unwrap();
                    assert_eq!(text.contains(PAGE), found, "{asked} under {ceiling:?}");
                }
                let month = month(&server, &format!("{question}={word}&source=kenya")).await;
                assert_eq!(month.contains(PAGE), found, "the archive of {question}={word} under {ceiling:?}");
            }
        }
        // The source leaves the configuration: what it allowed is remembered.
        let mut left = depeche::config::Config::clone(&server.house.config);
        left.sources.clear();
        let edition = Edition::new(server.line.store.clone(), &left);
        edition.follow().await.unwrap();
        let query = Query::parse("body=full&source=kenya&limit=200", &edition.vocabulary()).unwrap();
        let Issue::Feed(feed, _) = edition.feed(&query.into(), Format::Json).await.unwrap() else { panic!("moved") };
        let feed = String::from_utf8(publish::render(&feed, Format::Json).unwrap()).unwrap();
        assert_eq!((feed.contains("quokkaclinic"), feed.contains("ytterbalsam")), (first, deep), "{ceiling:?}");
        assert!(deep || seen(&exits, "okapi").is_empty(), "{:?}", seen(&exits, "okapi"));
        server.line.stop.cancel();
    }
}

/// Everything on disk beside the store itself: exports and archive, unpacked.
fn files(server: &Server) -> Vec<(String, String)> {
    let StorePlace::Sled(store) = &server.house.config.store;
    let mut found = Vec::new();
    for folder in [store::exports_of(store), server.house.config.archive.dir.clone()] {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let mut plain = Vec::new();
            match path.extension().and_then(|e| e.to_str()) {
                Some("depeche") => plain = zstd::decode_all(bytes.as_slice()).unwrap(),
                Some("gz") => {
                    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
                }
                _ => plain.extend(&bytes),
            }
            found.push((path.display().to_string(), String::from_utf8_lossy(&plain).into_owned()));
        }
    }
    found
}

/// The files that hold a word. Other pages of the site link to the article: their raw copies keep its headline in a link.
fn kept<'a>(files: &'a [(String, String)], word: &str) -> Vec<&'a str> {
    let headline = word == "Kakuma Clinic Screens";
    seen(files, word).into_iter().filter(|name| !(headline && name.contains("archive"))).collect()
}

async fn ask(server: &Server, request: Request) -> Reply {
    // At the daemon's own desk: it holds the store and the index of words.
    let StorePlace::Sled(folder) = &server.house.config.store;
    let mut replies = forward(folder, &request).await.unwrap().expect("nobody at the desk");
    loop {
        match replies.recv().await.expect("no answer") {
            Reply::Step(_) => {}
            reply => return reply,
        }
    }
}

async fn export(server: &Server, name: &str) {
    let StorePlace::Sled(folder) = &server.house.config.store;
    let path = store::exports_of(folder).join(format!("{name}.depeche"));
    let reply = ask(server, Request::Export { path }).await;
    assert!(matches!(reply, Reply::Exported(_)), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_on_no_exit_and_in_no_file() {
    let words = ["quokkaclinic", "xylobalsam", "ytterbalsam", "marsupilist", "Kakuma Clinic Screens"];
    let server = Server::with(&["kenya"], |house| {
        let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        house.replay.answer(PAGE, 200, &headers, page("xylobalsam"));
    })
    .await;
    export(&server, "1-before").await;
    show(&server, "ytterbalsam");
    server.house.later(48);
    server.house.crawl_some(&server.line, "kenya").await;
    export(&server, "2-revised").await;
    settled(&server).await;
    let id = id_of(&server).await;
    for word in words {
        assert!(!seen(&exits(&server, &id).await, word).is_empty(), "{word} is on no exit");
        assert!(!seen(&files(&server), word).is_empty(), "{word} is in no file");
    }
    let StorePlace::Sled(folder) = &server.house.config.store;
    let (text, stems) = (text_of(folder), ["quokkaclin", "xylobalsam", "ytterbalsam", "marsupilist"]);
    let indexed = |stem: &str| terms(&text).iter().any(|term| term.ends_with(stem));
    assert!(stems.iter().all(|stem| indexed(stem)), "{:?}", terms(&text));
    let title_was_listed = server.line.store.sources().await.unwrap();
    assert!(title_was_listed.iter().any(|(_, s)| s.candidates.iter().any(|c| c.title.starts_with("Kakuma Clinic"))));

    let withdraw = Request::Withdraw { url: PAGE.parse().unwrap(), erase: true, lift: false };
    let Reply::Withdrawn(report) = ask(&server, withdraw).await else { panic!("not withdrawn") };
    assert_eq!((report.withdrawn.len(), report.exports, report.left.len()), (1, 2, 0), "{report:?}");
    assert!(report.pages >= 1, "{report:?}");
    settled(&server).await;
    export(&server, "3-after").await;
    let (exits, files) = (exits(&server, &id).await, files(&server));
    assert!(files.len() > 3, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for word in words {
        assert_eq!((seen(&exits, word), kept(&files, word)), (vec![], vec![]), "{word}");
    }
    for stem in stems {
        assert!(!indexed(stem), "{stem} is in the index of words");
    }
    let uuid = ArticleId(id.parse().unwrap());
    assert!(server.line.store.revisions(uuid).await.unwrap().is_empty());

    // An export of before, restored: it is whole, and what is gone stays gone.
    let StorePlace::Sled(folder) = &server.house.config.store;
    let restored = store::Store::memory();
    restored.import(&store::exports_of(folder).join("1-before.depeche")).await.unwrap();
    assert!(restored.withdrawn(uuid).await.unwrap().is_some());
    assert!(restored.is_blocked(&report.blocked[0]).await.unwrap());
    let feed = server.house.feed(&restored, "body=full&limit=200", Format::Json).await;
    assert!(!feed.contains(&id) && feed.contains("kenya.example"));

    // Copies that turn up later stay out, after a restart as well: the text itself elsewhere, and one of the same text nearly.
    let line = server.house.line(server.line.store.clone()).await;
    let near = String::from_utf8(page("ytterbalsam")).unwrap().replace("employs 34 doctors", "employs 34 physicians");
    for (n, copy) in [page("ytterbalsam"), near.into_bytes()].into_iter().enumerate() {
        let at =
            format!("http://kenya.example/news/tana-river-floods-leave-26000-people-without-homes-iom-steps-aid-{n}");
        let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        server.house.replay.answer(&at, 200, &headers, copy);
        let listing = include_str!("../../fixtures/kenya/listing-1.html");
        let listing = listing.replace(PAGE.trim_start_matches("http://kenya.example"), &at);
        server.house.replay.answer("http://kenya.example/news", 200, &headers, listing.into_bytes());
        server.house.later(48);
        let rounds = server.house.crawl_some(&line, "kenya").await;
        assert!(rounds[0].1.stored + rounds[0].1.duplicate == 0, "{rounds:?}");
        assert!(server.house.replay.take_asked().iter().any(|(url, _)| url.contains(&format!("steps-aid-{n}"))));
        assert_eq!(server.line.store.by_url(&at.replace("http:", "https:")).await.unwrap(), None);
    }
    export(&server, "4-later").await;
    for word in words {
        assert_eq!(kept(&self::files(&server), word), Vec::<&str>::new(), "{word}");
    }

    // Only an admin lets it in again, under its old id.
    let lift = Request::Withdraw { url: PAGE.parse().unwrap(), erase: false, lift: true };
    assert!(matches!(ask(&server, lift).await, Reply::Withdrawn(_)));
    server.house.replay.answer(
        "http://kenya.example/news",
        200,
        &[("content-type".into(), "text/html".into())],
        include_bytes!("../../fixtures/kenya/listing-1.html").to_vec(),
    );
    server.house.later(48);
    server.house.crawl_some(&server.line, "kenya").await;
    assert_eq!(server.line.store.withdrawn(uuid).await.unwrap(), None);
    server.line.stop.cancel();
}
