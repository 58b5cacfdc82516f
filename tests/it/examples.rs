//! The configurations of `examples/`, each on the made-up site that stands beside it: what an admin copies works on more
//! agencies than one. The pages are read from their folder, never compiled in: the demo stays with its own offices.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use depeche::article::{Article, ExtractedBy};
use depeche::config::{Config, Kind};
use depeche::demo::{Expect, Fixture};
use depeche::pipeline::Round;
use depeche::store::Store;
use serde::Deserialize;
use url::Url;

use crate::fixtures::{Reading, differences};
use crate::house::House;

const EXAMPLES: &[&str] = &["un-agency", "wordpress-ngo"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn config(name: &str) -> Config {
    Config::load(&folder().join(format!("{name}.toml"))).unwrap_or_else(|error| panic!("{error}"))
}

/// A sidecar, as `fixtures/README.md` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sidecar {
    url: Url,
    #[serde(default)]
    also: Vec<Url>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    expect: Option<Expect>,
}

/// Every page of a site, in the order of the names.
fn site(name: &str) -> Vec<Fixture> {
    let folder = folder().join("sites").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let pages = files.iter().filter(|file| file.extension().is_some_and(|e| e == "toml"));
    pages
        .map(|file| {
            let sidecar: Sidecar = toml::from_str(&std::fs::read_to_string(file).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            // A fixture's body lives as long as the program; a test is short enough to let it.
            let body: &'static [u8] = std::fs::read(file.with_extension("")).unwrap().leak();
            Fixture {
                name: format!("{name}/{}", file.file_stem().unwrap().to_string_lossy()),
                url: sidecar.url,
                also: sidecar.also,
                status: sidecar.status.unwrap_or(200),
                headers: sidecar.headers.into_iter().map(|(k, v)| (k.to_ascii_lowercase(), v)).collect(),
                body,
                expect: sidecar.expect,
            }
        })
        .collect()
}

fn table(rounds: &[(String, Round)]) -> String {
    let row = |(id, r): &(String, Round)| {
        let failed: String = r.failed.iter().map(|f| format!("\n    {}", f.why)).collect();
        let counts = [r.found, r.stored, r.duplicate, r.revised, r.unchanged, r.failed.len()];
        let [found, stored, duplicate, revised, unchanged, lost] = counts;
        format!(
            "{id}: found {found} stored {stored} duplicate {duplicate} revised {revised} unchanged {unchanged} failed {lost} {:?}{failed}\n",
            r.error
        )
    };
    rounds.iter().map(row).collect()
}

/// What is stored otherwise than the sidecar says.
fn wrong(fixture: &Fixture, expect: &Expect, article: &Article) -> Vec<String> {
    let reading = Reading {
        title: &article.title,
        text: &article.text,
        day: Some(article.published.day.to_string()),
        from: Some(article.published.from.clone()),
        language: article.language.language.tag().to_owned(),
        news: article.news,
        countries: article.countries.iter().map(|t| t.country).collect(),
        attachments: &article.attachments,
    };
    let mut wrong = differences(&fixture.name, expect, &reading);
    if !matches!(article.by, ExtractedBy::Profile(_)) {
        wrong.push(format!("{}: read by {:?}, not by the profile", fixture.name, article.by));
    }
    if !["article.date", "listing.date"].iter().any(|key| article.published.from.starts_with(key)) {
        wrong.push(format!("{}: dated by {:?}, not by the profile", fixture.name, article.published.from));
    }
    wrong
}

/// Two rounds: what the first stored, what the second asked; the closing table of both.
async fn two_rounds(name: &str) -> (House, Store, String) {
    let pages = site(name);
    let house = House::of(&pages, config(name)).await;
    let line = house.line(Store::memory()).await;
    let first = house.crawl(&line).await;

    let articles: Vec<_> = pages.iter().filter_map(|page| Some((page, page.expect.as_ref()?))).collect();
    assert!(articles.len() >= 5, "only {} articles", articles.len());
    let drop_query = house.config.sources[0].drop_query();
    let (mut ids, mut differ) = (HashSet::new(), Vec::new());
    for (page, expect) in &articles {
        match line.store.by_url(&depeche::dedup::canonical(&page.url, drop_query)).await.unwrap() {
            None => differ.push(format!("{} is not stored", page.name)),
            Some(id) => {
                ids.insert(id);
                differ.extend(wrong(page, expect, &line.store.article(id).await.unwrap().unwrap()));
            }
        }
    }
    assert!(differ.is_empty(), "{}\n{}", table(&first), differ.join("\n"));
    let report = line.store.verify().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    let links = line.store.scan(None, 1000).await.unwrap().iter().filter(|a| a.by == ExtractedBy::Link).count();
    let counted = (report.articles as usize - links, ids.len());
    assert_eq!(counted, (articles.len(), articles.len()), "each once, and nothing else but links to documents");

    house.later(3);
    house.replay.take_asked();
    let head = line.store.head().await.unwrap();
    let second = house.crawl(&line).await;
    assert_eq!(line.store.head().await.unwrap(), head, "nothing new moves the log: {}", table(&second));
    let document = |url: &str| pages.iter().any(|p| p.url.as_str() == url && p.headers["content-type"].contains("pdf"));
    let whole: Vec<_> = house.replay.take_asked();
    let whole: Vec<_> = whole
        .iter()
        .filter(|(url, status)| *status != 304 && !url.ends_with("/robots.txt") && !document(url))
        .collect();
    assert!(whole.is_empty(), "fetched whole again: {whole:?}");
    let both = format!("first\n{}second\n{}", table(&first), table(&second));
    (house, line.store.clone(), both)
}

#[test]
fn an_example_is_a_configuration_without_a_mistake() {
    for name in EXAMPLES {
        let config = config(name);
        assert!(config.crawl.contact.is_some(), "{name} must show who runs it");
        assert!(config.sources.iter().all(|s| s.profile.is_some() && s.kind == Kind::Html), "{name}");
        let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        for section in ["[server]", "[store]", "[crawl]", "[feed]", "[[profile]]", "[[source]]"] {
            assert!(text.lines().any(|line| line == section), "{name} has no {section}");
        }
    }
}

#[test]
fn what_an_example_leaves_commented_out_is_right_too() {
    for name in EXAMPLES {
        let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        let taken_in: Vec<&str> = text
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c != ' ')).unwrap_or(line))
            .collect();
        let config = Config::parse(&taken_in.join("\n"), &folder(), &[]).unwrap_or_else(|m| panic!("{name}: {m:?}"));
        let feeds = config.sources.iter().filter(|s| s.kind == Kind::Feed).count();
        assert_eq!(feeds, usize::from(*name == "wordpress-ngo"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wordpress_site_in_two_languages() {
    let (_, store, table) = two_rounds("wordpress-ngo").await;
    insta::assert_snapshot!("example_wordpress_ngo", table);
    // The English pages name the French ones that they translate, and the stored articles keep the link.
    let pages = site("wordpress-ngo");
    let translated: Vec<_> =
        pages.iter().filter_map(|p| Some((&p.url, p.expect.as_ref()?.translation_of.as_ref()?))).collect();
    assert!(!translated.is_empty());
    for (one, other) in translated {
        for (url, named) in [(one, other), (other, one)] {
            let id = store.by_url(&depeche::dedup::canonical(url, false)).await.unwrap().unwrap();
            let article = store.article(id).await.unwrap().unwrap();
            assert!(article.alternates.iter().any(|a| a.url == *named), "{url} names {:?}", article.alternates);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_with_a_region_and_a_country() {
    let (house, store, table) = two_rounds("un-agency").await;
    insta::assert_snapshot!("example_un_agency", table);
    // The theme that the configuration adds is found like a built-in one.
    let feed = house.feed(&store, "theme=building-codes", depeche::publish::Format::Json).await;
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    assert!(!feed["items"].as_array().unwrap().is_empty(), "{feed}");
}
