//! What the pages of a site have in common, remembered: what that does for pages that no profile describes, and what it
//! never does to readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use depeche::config::Config;
use depeche::demo::{self, Fixture};
use depeche::extract::{self, HostMemory, PageInput};
use depeche::fetch;
use depeche::store::ChangeKind;
use tempfile::tempdir;

use crate::house::House;

fn input<'a>(fixture: &'a Fixture, html: &'a str, memory: Option<&'a HostMemory>) -> PageInput<'a> {
    PageInput {
        url: &fixture.url,
        html,
        content_language: fixture.headers.get("content-language").map(String::as_str),
        source_language: None,
        latest: Some("2026-11-20".parse().unwrap()),
        memory,
    }
}

fn decoded(fixture: &Fixture) -> String {
    fetch::decode(fixture.body, fixture.headers.get("content-type").map(String::as_str)).0
}

/// Every article of the fixtures read without its profile, with the memory of the site's other articles and without it:
/// lines that the memory drops, and what is wrong with either reading by the sidecar.
#[test]
fn a_sites_memory_drops_what_its_pages_have_in_common_and_nothing_of_an_article() {
    let fixtures = demo::fixtures().unwrap();
    let mut sites: BTreeMap<String, Vec<(&Fixture, String)>> = BTreeMap::new();
    for fixture in fixtures.iter().filter(|fixture| fixture.expect.is_some()) {
        sites.entry(fetch::host_key(&fixture.url)).or_default().push((fixture, decoded(fixture)));
    }
    let (mut told, mut chrome, mut harm) = (String::new(), [0, 0], Vec::new());
    for pages in sites.values() {
        let empty = HostMemory::default();
        let read = |(f, html): &(&Fixture, String)| extract::read(&input(f, html, Some(&empty)), None);
        let blocks: Vec<_> =
            pages.iter().map(|page| read(page).map(|found| found.blocks).unwrap_or_default()).collect();
        for (at, (fixture, html)) in pages.iter().enumerate() {
            let mut memory = HostMemory::default();
            for (other, blocks) in blocks.iter().enumerate().filter(|(other, _)| *other != at) {
                memory.note(&pages[other].0.name, blocks, 20_000);
            }
            let expect = fixture.expect.as_ref().unwrap();
            let texts = [None, Some(&memory)]
                .map(|memory| extract::article(&input(fixture, html, memory), None).map(|raw| raw.text));
            let [Ok(without), Ok(with)] = texts else { continue };
            for line in without.lines().filter(|line| !with.lines().any(|kept| kept == *line)) {
                told.push_str(&format!("{}: {line}\n", fixture.name));
            }
            for (count, text) in chrome.iter_mut().zip([&without, &with]) {
                *count += expect.absent.iter().filter(|absent| text.contains(absent.as_str())).count();
            }
            for sentence in [&expect.first, &expect.last] {
                if without.contains(sentence.as_str()) && !with.contains(sentence.as_str()) {
                    harm.push(format!("{}: {sentence}", fixture.name));
                }
            }
        }
    }
    assert_eq!(harm, Vec::<String>::new());
    insta::assert_snapshot!(format!(
        "chrome in bodies: {} without the memory, {} with it\nlines dropped:\n{told}",
        chrome[0], chrome[1]
    ));
}

const LAST_LINE: &str =
    "The office answers questions of the press on weekdays between nine and noon, in French and in Malagasy.";

/// A site that no profile describes: articles that all end with one paragraph.
fn page(n: usize, extra: &str) -> Vec<u8> {
    let places = ["Ambovombe", "Tsihombe", "Amboasary", "Bekily", "Beloha", "Betioky"];
    let place = places[n % places.len()];
    let paragraphs: String = (0..5)
        .map(|k| {
            let (families, wells) = (1_213 + 517 * n + 31 * k, 14 + 3 * n + k);
            format!(
                "<p>In {place}, {families} families who had left their fields in week {k} were counted by the teams, \
                 and {wells} wells were opened again, which the mayor of {place} called a beginning.</p>"
            )
        })
        .collect();
    let title = format!("Water returns to {place} after three dry seasons");
    format!(
        "<html lang=\"en\"><head><title>{title}</title></head><body><div><h1>{title}</h1><!-- {extra} -->\
         <time datetime=\"2026-11-{:02}\"></time>{paragraphs}<p>{LAST_LINE}</p></div></body></html>",
        10 + n
    )
    .into_bytes()
}

async fn house(folder: &std::path::Path) -> House {
    let text = "[[source]]\nid = \"island\"\nname = \"Island\"\nurl = \"http://island.example/news\"\nlisting.item = \"li\"\nbody = \"full\"\n";
    let listing = Fixture {
        name: "island/listing".to_owned(),
        url: "http://island.example/news".parse().unwrap(),
        also: Vec::new(),
        status: 200,
        headers: BTreeMap::new(),
        body: b"",
        expect: None,
    };
    let house = House::of(&[listing], Config::parse(text, folder, &[]).unwrap()).await;
    show(&house, 6, "");
    house
}

fn show(house: &House, articles: usize, extra: &str) {
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let put =
        |path: &str, body: Vec<u8>| house.replay.answer(&format!("http://island.example{path}"), 200, &headers, body);
    let items: String =
        (0..articles).map(|n| format!("<li><a href=\"/news/{n}\">Article number {n}</a></li>")).collect();
    put("/news", format!("<html><body><ul>{items}</ul></body></html>").into_bytes());
    (0..articles).for_each(|n| put(&format!("/news/{n}"), page(n, extra)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learnt_lasts_and_is_no_news_to_anybody() {
    let folder = tempdir().unwrap();
    let house = house(folder.path()).await;
    let mut line = house.line(house.store().await).await;
    let texts = async |line: &depeche::pipeline::Line| {
        let mut texts = BTreeMap::new();
        for heading in line.store.headings(None, 100).await.unwrap() {
            let article = line.store.article(heading.id).await.unwrap().unwrap();
            texts.insert(
                article.url.clone(),
                (article.text.contains(LAST_LINE), article.updated, article.published.clone()),
            );
        }
        texts
    };
    let round = &house.crawl(&line).await[0].1;
    assert_eq!((round.stored, round.failed.len()), (6, 0), "{round:?}");
    let first = texts(&line).await;
    let with_it = first.values().filter(|(has, ..)| *has).count();
    assert_eq!(with_it, 3, "three articles teach what the site says");
    // Nothing on the site changed: nothing does here.
    house.later(24);
    let head = line.store.head().await.unwrap().seq;
    house.crawl(&line).await;
    assert_eq!(line.store.head().await.unwrap().seq, head);

    // Over a restart, pages that are fetched anew are read with what was learnt, and nobody is told.
    line.stop.cancel();
    line = house.line(line.store.clone()).await;
    house.later(24);
    show(&house, 6, "seen 17 times");
    house.crawl(&line).await;
    let second = texts(&line).await;
    assert!(second.values().all(|(has, ..)| !has), "{second:?}");
    for (url, (_, updated, published)) in &first {
        assert_eq!((updated, published), (&second[url].1, &second[url].2), "{url}");
    }
    let changes = line.store.changes(head, 100).await.unwrap();
    assert_eq!(changes.len(), 3);
    let silent = |kind: &ChangeKind| matches!(kind, ChangeKind::Revised { material: false, .. });
    assert!(changes.iter().all(|change| silent(&change.kind)), "{changes:?}");

    // What the office itself adds is told all the same.
    let edited = page(0, "");
    let edited = String::from_utf8(edited)
        .unwrap()
        .replace("called a beginning", "called a beginning that 88,000 people waited for");
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    house.replay.answer("http://island.example/news/0", 200, &headers, edited.into_bytes());
    house.later(24);
    let head = line.store.head().await.unwrap().seq;
    house.crawl(&line).await;
    let changes = line.store.changes(head, 100).await.unwrap();
    assert!(
        matches!(changes[..], [ref one] if matches!(one.kind, ChangeKind::Revised { material: true, .. })),
        "{changes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_articles_are_made_again_with_what_was_learnt() {
    let folder = tempdir().unwrap();
    let house = house(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl(&line).await;
    let wanted = depeche::pipeline::Wanted::default();
    let sources: Vec<_> = house.config.sources.iter().map(Arc::clone).collect();
    let report = line.reprocess(&sources, &wanted).await.unwrap();
    assert_eq!(report.changed, 3, "{report:?}");
    let again = line.reprocess(&sources, &wanted).await.unwrap();
    assert_eq!(again.changed, 0, "a second run finds nothing to do");
}

#[test]
fn a_preview_says_what_won_each_field_what_it_beat_and_what_was_left_out() {
    let fixtures = demo::fixtures().unwrap();
    let fixture = fixtures.iter().find(|fixture| fixture.name == "haiti/cyclone.html").unwrap();
    let config = demo::config(std::path::Path::new("."), "127.0.0.1:0".parse().unwrap()).unwrap();
    let profile = config.source("haiti-fr").unwrap().profile.clone().unwrap();
    let html = decoded(fixture);
    let mut memory = HostMemory::default();
    let blocks = extract::read(&input(fixture, &html, Some(&memory)), None).unwrap().blocks;
    ["a", "b", "c"].iter().for_each(|page| {
        // One block of the page is said by others, too.
        memory.note(page, &blocks[..1], 20_000);
    });
    let mut told = String::new();
    for (name, profile) in [("by its profile", Some(&*profile)), ("generically", None)] {
        let input = input(fixture, &html, Some(&memory));
        let raw = extract::article(&input, profile).unwrap();
        told.push_str(&format!("== {name}\n"));
        let rivals = extract::rivals(&input, profile, &raw).unwrap();
        for field in ["title", "published", "image", "body"] {
            assert!(rivals.iter().filter(|rival| rival.field == field && rival.won).count() <= 1, "{rivals:?}");
        }
        assert!(rivals.iter().any(|rival| rival.field == "title" && rival.won), "{rivals:?}");
        for rival in rivals {
            told.push_str(&format!("{} {} {}: {}\n", rival.field, rival.won, rival.signal, rival.value));
        }
        if profile.is_none() {
            for dropped in extract::left_out(&input, &raw).unwrap() {
                told.push_str(&format!("dropped: {} ({})\n", dropped.line, dropped.why));
            }
        }
    }
    insta::assert_snapshot!(told);
}
