//! The health of sources: a changed site is named with its selector within two rounds while articles keep flowing, it
//! recovers by itself, and neither a quiet office nor our own network raises an alarm.

use depeche::article::ExtractedBy;
use depeche::demo;
use depeche::health::{By, Cause, Health, State, Step};
use depeche::pipeline::{Line, Recheck, Round};
use depeche::store::Store;
use tempfile::tempdir;

use crate::house::House;

/// Words of a page, and what stands in their place.
type Words = &'static [(&'static str, &'static str)];

const LISTING: &str = "http://kenya.example/news";

/// A house, and its line with one good round of Kenya behind it.
async fn kenya(folder: &std::path::Path) -> (House, Line) {
    let house = House::open(folder).await;
    let line = house.line(Store::memory()).await;
    round(&house, &line).await;
    assert_eq!(health(&line, "kenya").await.state, State::Ok);
    (house, line)
}

async fn round(house: &House, line: &Line) -> Round {
    house.later(1);
    house.crawl_some(line, "kenya").await.remove(0).1
}

async fn health(line: &Line, id: &str) -> Health {
    line.store.source(&depeche::article::SourceId::new(id).unwrap()).await.unwrap().unwrap_or_default().health
}

fn html() -> Vec<(String, String)> {
    vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())]
}

/// Every page of Kenya with these words in place of those.
fn rewrite(house: &House, words: &[(&str, &str)]) {
    for fixture in demo::fixtures().unwrap().iter().filter(|f| f.name.starts_with("kenya/") && f.status == 200) {
        if !fixture.name.ends_with(".html") {
            continue;
        }
        let mut page = String::from_utf8(fixture.body.to_vec()).unwrap();
        words.iter().for_each(|(from, to)| page = page.replace(from, to));
        house.replay.answer(fixture.url.as_str(), 200, &html(), page.into_bytes());
    }
}

/// A new article on the listing, in the office's own markup less what `rewrite` changes.
fn publish(house: &House, words: &[(&str, &str)], slug: &str) -> String {
    let fixtures = demo::fixtures().unwrap();
    let text = |name: &str| {
        let mut page = String::from_utf8(fixtures.iter().find(|f| f.name == name).unwrap().body.to_vec()).unwrap();
        words.iter().for_each(|(from, to)| page = page.replace(from, to));
        page
    };
    let known = "new-passenger-hall-cuts-queues-namanga-border-post";
    let url = format!("http://kenya.example/news/{slug}");
    let title = format!("Wells of {slug} are open again");
    let story =
        format!("<p>The wells of {slug} are open again after a long dry season, the office said on Monday.</p>");
    let body = format!(
        "<div class=\"page-banner\"><h1 class=\"page-title\">{title}</h1><div class=\"date\">20 Nov 2026</div></div><div class=\"{}\">{}</div>",
        "BODY", story
    );
    let more: String = (0..6)
        .map(|n| {
            format!(
                "<p>In the {n}th village of {slug}, families now fetch water near their homes, and {slug} grows.</p>"
            )
        })
        .collect();
    let class = words.iter().fold("field--name-body".to_owned(), |class, (from, to)| class.replace(from, to));
    let page = format!(
        "<html lang=en><head><title>{title} | IOM Kenya</title></head><body><main>{}</main></body></html>",
        body.replace("BODY", &class).replace(&story, &format!("{story}{more}"))
    );
    house.replay.answer(&url, 200, &html(), page.into_bytes());
    let listing = text("kenya/listing-1.html").replace(known, slug);
    house.replay.answer(LISTING, 200, &html(), listing.into_bytes());
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_markup_change_is_named_within_two_rounds_while_articles_flow_and_heals_by_itself() {
    let cases: [(&str, Words, Step, &str); 3] = [
        (
            "container",
            &[("view-content", "news-river"), ("<main", "<section"), ("</main", "</section")],
            Step::Container,
            "div.view-content",
        ),
        ("item", &[("views-row", "tile-x"), ("article-detail", "tile-y")], Step::Items, "div.views-row"),
        (
            "body",
            &[("field--name-body field--type-text-with-summary", "prose-x"), ("field--name-body", "prose-x")],
            Step::Body,
            "field--name-body",
        ),
    ];
    for (what, words, step, selector) in cases {
        let folder = tempdir().unwrap();
        let (house, line) = kenya(folder.path()).await;
        let served = line.store.head().await.unwrap().seq;
        rewrite(&house, words);
        let url = publish(&house, words, &format!("lodwar-{what}"));
        let first = round(&house, &line).await;
        assert!(first.has_failed(), "{what}: a script is told at once: {first:?}");
        assert_eq!(first.stored, 1, "{what}: {first:?}");
        let after_one = health(&line, "kenya").await;
        assert_eq!(after_one.state, State::Ok, "{what}: one round may be an accident");
        let began = after_one.suspicion.clone().unwrap().since;

        round(&house, &line).await;
        let broken = health(&line, "kenya").await;
        let trouble = broken.trouble.clone().unwrap();
        assert_eq!((broken.state, trouble.step), (State::Broken, step), "{what}: {trouble:?}");
        assert!(trouble.selector.clone().unwrap().contains(selector), "{what}: {trouble:?}");
        assert_eq!((broken.since, &trouble.cause), (Some(began), &Cause::MarkupChanged), "{what}");
        assert_eq!(broken.by, By::Generic, "{what}: it is marked");
        assert!(!broken.last_good.clone().unwrap().url.contains("lodwar"), "{what}: {:?}", broken.last_good);

        // Articles keep flowing, and say how they were read; nothing that was served is gone.
        let id = line.store.by_url(&depeche::dedup::canonical(&url.parse().unwrap(), true)).await.unwrap().unwrap();
        let article = line.store.article(id).await.unwrap().unwrap();
        assert!(article.text.contains("after a long dry season"), "{what}: {}", article.text);
        assert_eq!(article.by == ExtractedBy::Generic, step == Step::Body, "{what}: {:?}", article.by);
        assert!(line.store.head().await.unwrap().seq > served);

        rewrite(&house, &[]);
        publish(&house, &[], &format!("marsabit-{what}"));
        let healed = round(&house, &line).await;
        assert!(!healed.has_failed(), "{what}: {healed:?}");
        let well = health(&line, "kenya").await;
        assert_eq!((well.state, well.by, well.trouble), (State::Ok, By::Profile, None), "{what}");
        assert!(well.last_good.unwrap().url.contains("marsabit"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_week_is_not_reported_and_an_empty_list_is_not_a_broken_one() {
    let folder = tempdir().unwrap();
    let (house, line) = kenya(folder.path()).await;
    for _ in 0..7 {
        house.later(23);
        round(&house, &line).await;
        let health = health(&line, "kenya").await;
        assert_eq!((health.state, health.trouble), (State::Ok, None));
    }
    let page = include_bytes!("health_pages/empty-list.html").to_vec();
    house.replay.answer(LISTING, 200, &html(), page);
    for _ in 0..3 {
        let round = round(&house, &line).await;
        assert!(!round.has_failed() && round.stored == 0, "{round:?}");
        let health = health(&line, "kenya").await;
        assert_eq!((health.state, health.trouble.unwrap().cause), (State::Quiet, Cause::EmptyList));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_full_of_links_is_no_empty_list() {
    let full = include_str!("health_pages/items-renamed.html");
    let beside = include_str!("health_pages/titles-beside-links.html");
    let one = include_str!("health_pages/one-link.html");
    let cases = [
        (full, State::Broken, Cause::MarkupChanged),
        (beside, State::Broken, Cause::MarkupChanged),
        (one, State::Quiet, Cause::EmptyList),
    ];
    for (page, state, cause) in cases {
        let folder = tempdir().unwrap();
        let (house, line) = kenya(folder.path()).await;
        house.replay.answer(LISTING, 200, &html(), page.as_bytes().to_vec());
        for _ in 0..2 {
            let round = round(&house, &line).await;
            assert_eq!(round.has_failed(), state == State::Broken, "{page}: {round:?}");
        }
        let health = health(&line, "kenya").await;
        let trouble = health.trouble.clone().unwrap();
        assert_eq!((health.state, trouble.step, trouble.cause), (state, Step::Items, cause), "{page}");
        if state == State::Broken {
            assert!(trouble.selector.unwrap().contains("div.views-row") && trouble.why.contains("listing.item"));
            assert!(health.generic_stands_in(), "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_that_are_gone_stay_a_trouble_until_one_of_them_is_read() {
    let answer = |house: &House, status: u16| {
        for fixture in demo::fixtures().unwrap() {
            if fixture.name.starts_with("kenya/") && fixture.url.as_str() != LISTING && fixture.status == 200 {
                let body = if status == 200 { fixture.body.to_vec() } else { Vec::new() };
                house.replay.answer(fixture.url.as_str(), status, &html(), body);
            }
        }
    };
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    answer(&house, 404);
    for number in 1..=3 {
        let round = round(&house, &line).await;
        let health = health(&line, "kenya").await;
        let trouble = health.trouble.clone().unwrap();
        assert_eq!((round.stored, health.state, trouble.step), (0, State::Broken, Step::Article), "round {number}");
        assert_eq!(trouble.cause, Cause::Gone { status: 404 }, "round {number}");
        assert!(round.has_failed(), "round {number}: to ask for nothing is no recovery: {round:?}");
        let advice = trouble.advice();
        assert!(advice.en.contains("its articles are not") && advice.fr.contains("pas ses articles"), "{advice:?}");
    }
    answer(&house, 200);
    house.later(24);
    assert!(round(&house, &line).await.stored > 5);
    assert_eq!(health(&line, "kenya").await.state, State::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_configured_as_a_page_is_named() {
    for feed in [
        "<?xml version=\"1.0\"?>\n<!-- made daily -->\n<rss version=\"2.0\"><channel><title>News</title></channel></rss>",
        "\u{FEFF}<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title></feed>",
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"></rdf:RDF>",
    ] {
        let folder = tempdir().unwrap();
        let (house, line) = kenya(folder.path()).await;
        house.replay.answer(LISTING, 200, &html(), feed.as_bytes().to_vec());
        round(&house, &line).await;
        round(&house, &line).await;
        let trouble = health(&line, "kenya").await.trouble.unwrap();
        assert_eq!((trouble.step, &trouble.cause), (Step::Listing, &Cause::IsFeed), "{feed}");
        for advice in [trouble.advice().en, trouble.advice().fr] {
            assert!(advice.contains("kind = \"feed\""), "{advice}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_no_list_are_named_and_bring_no_article() {
    let menus = include_str!("health_pages/menus-only.html");
    let scripts = include_str!("health_pages/needs-javascript.html");
    let wall = include_str!("health_pages/bot-wall.html");
    let by = || Cause::BotWall { by: "Cloudflare".to_owned() };
    for (status, page, state, cause, rounds) in [
        (200, menus, State::Broken, Cause::MarkupChanged, 2),
        (200, scripts, State::Broken, Cause::NeedsJavascript, 2),
        (200, wall, State::Blocked, by(), 1),
        (403, wall, State::Blocked, by(), 1),
        (503, wall, State::Blocked, by(), 1),
        (403, "<h1>No</h1>", State::Blocked, Cause::Refused { status: 403 }, 1),
        (410, "", State::Broken, Cause::Gone { status: 410 }, 2),
    ] {
        let folder = tempdir().unwrap();
        let (house, line) = kenya(folder.path()).await;
        let head = line.store.head().await.unwrap();
        house.replay.answer(LISTING, status, &html(), page.as_bytes().to_vec());
        for _ in 0..rounds {
            let round = round(&house, &line).await;
            assert!(round.has_failed() && round.stored == 0, "{cause:?}: {round:?}");
        }
        let health = health(&line, "kenya").await;
        assert_eq!((health.state, health.trouble.map(|t| t.cause)), (state, Some(cause)));
        assert_eq!(line.store.head().await.unwrap(), head, "what was served stays served");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_or_a_script_in_place_of_an_article_is_no_article() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let fixtures = demo::fixtures().unwrap();
    let turkana = fixtures.iter().find(|f| f.name == "kenya/turkana.html").unwrap();
    let page = include_bytes!("health_pages/needs-javascript.html").to_vec();
    house.replay.answer(turkana.url.as_str(), 200, &html(), page);
    let first = round(&house, &line).await;
    assert!(first.failed.iter().any(|f| f.why.contains("needs JavaScript")), "{first:?}");
    let page = include_bytes!("health_pages/bot-wall.html").to_vec();
    house.replay.answer(turkana.url.as_str(), 200, &html(), page);
    round(&house, &line).await;
    let key = depeche::dedup::canonical(&turkana.url, true);
    assert_eq!(line.store.by_url(&key).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_moved_for_good_keeps_working_and_is_named() {
    let folder = tempdir().unwrap();
    let mut house = House::open(folder.path()).await;
    let server = house.hosts["kenya.example"];
    house.hosts.insert("new-kenya.example".to_owned(), server);
    let line = house.line(Store::memory()).await;
    round(&house, &line).await;
    let listing = demo::fixtures().unwrap().into_iter().find(|f| f.url.as_str() == LISTING).unwrap();
    let there = "http://new-kenya.example/news";
    house.replay.answer(there, 200, &html(), listing.body.to_vec());
    for (status, state) in [(302, State::Ok), (301, State::Degraded)] {
        house.replay.answer(LISTING, status, &[("location".to_owned(), there.to_owned())], Vec::new());
        round(&house, &line).await;
        let last = round(&house, &line).await;
        assert!(last.error.is_none() && last.found > 5, "{last:?}");
        let health = health(&line, "kenya").await;
        assert_eq!(health.state, state, "{health:?}");
        let cause = health.trouble.map(|t| t.cause.name().en);
        assert_eq!(cause, (status == 301).then(|| "moved to new-kenya.example".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_our_own_network_is_one_alarm_and_no_source_changes() {
    let folder = tempdir().unwrap();
    let mut house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl(&line).await;
    let before = line.store.sources().await.unwrap();
    assert_eq!(line.fetcher.network().outage(), None);

    // Every name still resolves, to a port that nobody listens on.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reached = house.hosts.clone();
    house.hosts.values_mut().for_each(|address| *address = gone);
    let cut = house.line(line.store.clone()).await;
    for _ in 0..3 {
        house.later(1);
        for source in &house.config.sources {
            let round = cut.check(source, Recheck::All, &house.config.crawl).await.unwrap().unwrap();
            assert!(round.error.is_some());
        }
    }
    let outage = cut.fetcher.network().outage().unwrap();
    assert!(outage.failing == outage.tried && outage.tried > 5, "{outage:?}");
    for ((id, before), (_, after)) in before.iter().zip(line.store.sources().await.unwrap()) {
        assert_eq!((before.health.state, before.health.since), (after.health.state, after.health.since), "{id}");
        assert_eq!((before.failures, after.health.suspicion), (after.failures, None), "{id}");
    }

    // One host of many that is down while the others answer is its own trouble.
    house.hosts = reached;
    house.hosts.insert("kenya.example".to_owned(), gone);
    let line = house.line(line.store.clone()).await;
    for _ in 0..3 {
        house.later(1);
        house.crawl(&line).await;
    }
    assert_eq!(line.fetcher.network().outage(), None);
    let kenya = health(&line, "kenya").await;
    assert_eq!((kenya.state, kenya.trouble.unwrap().cause), (State::Broken, Cause::Connection));
    assert_eq!(health(&line, "burundi").await.state, State::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_health_asks_no_site_and_tells_step_selector_and_what_to_try() {
    let server = crate::serving::Server::with(&[], |_| ()).await;
    let (house, line) = (&server.house, &server.line);
    round(house, line).await;
    let words = [("views-row", "tile-x"), ("article-detail", "tile-y")];
    rewrite(house, &words);
    round(house, line).await;
    round(house, line).await;
    house.replay.take_asked();
    let body: serde_json::Value = server.json("/health/sources").await;
    let row = body["sources"].as_array().unwrap().iter().find(|s| s["id"] == "kenya").unwrap();
    assert_eq!(
        (row["state"].as_str(), row["step"].as_str(), row["by"].as_str()),
        (Some("broken"), Some("items"), Some("generic"))
    );
    assert!(row["selector"].as_str().unwrap().contains("div.views-row"));
    assert!(row["reason"].as_str().unwrap().contains("listing.item"));
    for key in ["en", "fr"] {
        assert!(row["advice"][key].as_str().unwrap().contains("depeche preview"), "{row}");
    }
    assert!(row["last_good"]["url"].as_str().unwrap().starts_with("http://kenya.example/"));
    assert_eq!(row["expectations"]["profile"].as_f64().map(|share| share > 0.9), Some(true));
    assert!(row["next_due"].is_string() && row["since"].is_string());
    assert_eq!(body["network"]["state"], "ok");
    let never = body["sources"].as_array().unwrap().iter().find(|s| s["id"] == "niger").unwrap();
    assert_eq!((never["state"].as_str(), never["reason"].as_str()), (Some("quiet"), None));
    for path in ["/health/sources.atom", "/metrics"] {
        assert_eq!(server.get(path, &[]).await.status(), 200, "{path}");
    }
    let metrics = server.get("/metrics", &[]).await.text().await.unwrap();
    assert!(metrics.contains("depeche_source_state{source=\"kenya\",state=\"broken\"} 1"), "{metrics}");
    assert_eq!(house.replay.take_asked(), Vec::new(), "reading health asks nobody");
    line.stop.cancel();
}
