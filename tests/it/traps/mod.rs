//! Every trap met on real sites, one test each, on a page of the made-up offices that has it.
//!
//! The name of a test is the trap. What a page should give stands in its sidecar; where a trap is only a string, a
//! minimal page carries it. What the program still gets wrong stands in `KNOWN`, and is noticed when it is put right.

mod datelines;
mod dates;
mod languages;
mod markup;
mod urls;

use std::fmt::Debug;
use std::sync::LazyLock;

use depeche::article::{Country, RawArticle};
use depeche::config::{Config, Source};
use depeche::demo::{self, Expect, Fixture};
use depeche::enrich::{Enricher, Enrichment, Input};
use depeche::extract::{self, Candidate, Listing, PageInput};
use depeche::fetch;
use url::Url;

/// Traps that the program still falls into: the trap, and what it gives today.
const KNOWN: &[(&str, &str)] = &[];

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| demo::fixtures().unwrap());
static CONFIG: LazyLock<Config> =
    LazyLock::new(|| demo::config(std::path::Path::new("."), "127.0.0.1:0".parse().unwrap()).unwrap());
static ENRICHER: LazyLock<Enricher> = LazyLock::new(|| Enricher::new(&[]).unwrap());

/// One article page, as the whole line reads it.
struct Reading {
    fixture: &'static Fixture,
    expect: &'static Expect,
    html: String,
    raw: RawArticle,
    judged: Enrichment,
}

impl Reading {
    fn text(&self) -> String {
        folded(&self.raw.text)
    }

    fn day(&self) -> Option<String> {
        self.raw.published.as_ref().map(|date| date.to_rfc3339().chars().take(10).collect())
    }

    fn language(&self) -> String {
        self.judged.language.language.tag().to_owned()
    }

    fn country(&self) -> Option<&'static str> {
        self.judged.countries.first().map(|tag| tag.country.iso3())
    }
}

fn fixture(name: &str) -> &'static Fixture {
    FIXTURES.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no fixture {name}"))
}

/// The source of a listing is the one with its address, that of an article the first of its office.
fn source(fixture: &Fixture) -> &'static Source {
    let office = fixture.name.split('/').next().unwrap();
    let of_office =
        |s: &&std::sync::Arc<Source>| s.id.as_str() == office || s.id.as_str().starts_with(&format!("{office}-"));
    let own = |s: &&std::sync::Arc<Source>| std::iter::once(&fixture.url).chain(&fixture.also).any(|url| *url == s.url);
    CONFIG.sources.iter().find(own).or_else(|| CONFIG.sources.iter().find(of_office)).unwrap()
}

fn input<'a>(fixture: &'a Fixture, html: &'a str) -> PageInput<'a> {
    PageInput {
        url: &fixture.url,
        html,
        content_language: fixture.headers.get("content-language").map(String::as_str),
        source_language: source(fixture).language,
        latest: Some("2026-11-20".parse().unwrap()),
        memory: None,
    }
}

fn decoded(fixture: &Fixture) -> String {
    fetch::decode(fixture.body, fixture.headers.get("content-type").map(String::as_str)).0
}

fn read(name: &str) -> Reading {
    let fixture = fixture(name);
    let html = decoded(fixture);
    let raw = extract::article(&input(fixture, &html), source(fixture).profile.as_deref()).unwrap();
    let judged = judge(&raw, source(fixture).country);
    Reading { expect: fixture.expect.as_ref().unwrap(), fixture, html, raw, judged }
}

fn judge(raw: &RawArticle, office: Option<Country>) -> Enrichment {
    ENRICHER.enrich(&Input { title: &raw.title, text: &raw.text, declared: raw.declared, source_country: office })
}

fn listing(name: &str) -> Listing {
    let fixture = fixture(name);
    extract::listing(&input(fixture, &decoded(fixture)), source(fixture).profile.as_deref()).unwrap()
}

/// The first candidate whose address contains `part`.
fn candidate(name: &str, part: &str) -> Candidate {
    let found = listing(name).candidates.into_iter().find(|c| c.url.as_str().contains(part));
    found.unwrap_or_else(|| panic!("no {part} on {name}"))
}

fn shown_day(name: &str, part: &str) -> Option<String> {
    candidate(name, part).date.map(|date| date.to_rfc3339().chars().take(10).collect())
}

/// A minimal page of the French side of the Haitian office: a date in its place, a body.
fn minimal(date: &str, body: &str) -> RawArticle {
    let html = format!(
        "<html lang=fr><body><main><div class=page-banner><h1 class=page-title>Un titre d’essai assez long</h1>\
         <div class=date>{date}</div></div><article data-history-node-id=1><div class=narrow-content>\
         <div class='field field--name-body field--type-text-with-summary'>{body}</div></div></article></main></body></html>"
    );
    let url = Url::parse("http://haiti.example/fr/news/un-titre-dessai-assez-long").unwrap();
    let page = PageInput { url: &url, html: &html, ..input(fixture("haiti/appel.html"), "") };
    extract::article(&page, source(fixture("haiti/appel.html")).profile.as_deref()).unwrap()
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The page has what makes it hard: without it the test would prove nothing.
fn has(reading: &Reading, mark: &str) {
    assert!(reading.html.contains(mark), "{} has no {mark:?}", reading.fixture.name);
}

/// What the trap gives is right, or is as wrong as `KNOWN` says.
fn holds<T: PartialEq + Debug>(trap: &str, got: T, want: T) {
    match KNOWN.iter().find(|(known, _)| *known == trap) {
        None => assert_eq!(got, want, "{trap}"),
        Some((_, today)) => {
            assert_ne!(got, want, "{trap} is right now: strike it from KNOWN");
            assert_eq!(format!("{got:?}"), *today, "{trap} is wrong in a new way");
        }
    }
}

#[test]
fn every_known_trap_is_one_that_is_tested() {
    let tests = concat!(
        include_str!("datelines.rs"),
        include_str!("dates.rs"),
        include_str!("languages.rs"),
        include_str!("markup.rs"),
        include_str!("urls.rs")
    );
    for (trap, _) in KNOWN {
        assert!(tests.contains(&format!("\"{trap}\"")), "{trap}");
    }
}
