//! Every article page of the made-up offices against its sidecar: title, day, first and last sentence, nothing of the chrome;
//! by its office's profile, and by the generic rules alone.

use std::collections::HashSet;

use depeche::article::{Attachment, Country, RawArticle};
use depeche::config::Config;
use depeche::demo::{self, Expect, Fixture};
use depeche::enrich::{Enricher, Input};
use depeche::extract::{self, PageInput};
use depeche::fetch;

fn config() -> Config {
    demo::config(std::path::Path::new("."), "127.0.0.1:0".parse().unwrap()).unwrap()
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was made of a page, by extraction alone or by the whole line.
pub struct Reading<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub day: Option<String>,
    /// Where the day was found.
    pub from: Option<String>,
    pub language: String,
    pub news: bool,
    pub countries: Vec<Country>,
    pub attachments: &'a [Attachment],
}

/// What a reading has otherwise than its sidecar: title, day, first and last sentence, chrome, language, news, country.
pub fn differences(name: &str, expect: &Expect, reading: &Reading<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say =
        |what: &str, want: &str, got: &str| wrong.push(format!("{name} {what}\n    want {want}\n    got  {got}"));
    let text = folded(reading.text);
    // Links to documents may follow.
    let whole = reading.attachments.iter().rev().fold(text.as_str(), |text, attachment| {
        text.strip_suffix(folded(&attachment.name).as_str()).unwrap_or(text).trim_end()
    });
    if folded(reading.title) != folded(&expect.title) {
        say("title", &expect.title, reading.title);
    }
    let want = expect.published.as_deref().map(|text| text.chars().take(10).collect::<String>());
    if want != reading.day {
        say("date", &format!("{want:?}"), &format!("{:?} from {:?}", reading.day, reading.from));
    }
    if !text.starts_with(&folded(&expect.first)) {
        say("first sentence", &expect.first, &text.chars().take(160).collect::<String>());
    }
    if !whole.ends_with(&folded(&expect.last)) {
        say(
            "last sentence",
            &expect.last,
            &text.chars().rev().take(160).collect::<String>().chars().rev().collect::<String>(),
        );
    }
    for absent in expect.absent.iter().filter(|a| text.contains(&folded(a))) {
        say("chrome in the text", "none", absent);
    }
    if reading.language != expect.language {
        say("language", &expect.language, &reading.language);
    }
    if reading.news != expect.news {
        say("news", &expect.news.to_string(), &reading.news.to_string());
    }
    if reading.countries.first().map(|country| country.iso3()) != expect.country.first().map(String::as_str) {
        say("primary country", &format!("{:?}", expect.country), &format!("{:?}", reading.countries));
    }
    wrong
}

/// What stands around every page of an office: its menus, and what its head, its foot and its banners say.
fn chrome(html: &str) -> HashSet<String> {
    let around =
        "nav a, nav h2, header a, footer a, footer p, footer h2, .newsletter h2, .cookie-banner p, .breadcrumb li";
    let page = scraper::Html::parse_document(html);
    let around = scraper::Selector::parse(around).unwrap();
    let lines = page.select(&around).map(|e| folded(&e.text().collect::<String>()));
    lines.filter(|line| !line.is_empty()).collect()
}

/// Menu text among the lines of a text, and a summary that is no clean beginning of one of them.
fn beyond_the_sidecar(name: &str, html: &str, raw: &RawArticle) -> Vec<String> {
    let around = chrome(html);
    let lines: Vec<String> = raw.text.lines().map(folded).collect();
    let menu = lines.iter().filter(|line| around.contains(*line));
    let mut wrong: Vec<String> = menu.map(|line| format!("{name} menu in the text\n    got  {line}")).collect();
    let summary = folded(raw.summary.trim_end_matches(" …"));
    let is_clean =
        |line: &String| line.strip_prefix(&summary).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if summary.is_empty() || !lines.iter().any(is_clean) {
        wrong.push(format!("{name} summary\n    got  {summary}"));
    }
    wrong
}

fn check(fixture: &Fixture, expect: &Expect, config: &Config, enricher: &Enricher, by_profile: bool) -> Vec<String> {
    let office = fixture.name.split('/').next().unwrap();
    let source =
        config.sources.iter().find(|s| s.id.as_str() == office || s.id.as_str().starts_with(&format!("{office}-")));
    let Some(source) = source else { return Vec::new() };
    let (html, _) = fetch::decode(fixture.body, fixture.headers.get("content-type").map(String::as_str));
    let input = PageInput {
        url: &fixture.url,
        html: &html,
        content_language: fixture.headers.get("content-language").map(String::as_str),
        source_language: source.language,
        latest: Some("2026-11-20".parse().unwrap()),
        memory: None,
    };
    let raw = match extract::article(&input, source.profile.as_deref().filter(|_| by_profile)) {
        Ok(raw) => raw,
        Err(error) => return vec![format!("{}: {error}", fixture.name)],
    };
    let judged = enricher.enrich(&Input {
        title: &raw.title,
        text: &raw.text,
        declared: raw.declared,
        source_country: source.country,
    });
    let reading = Reading {
        title: &raw.title,
        text: &raw.text,
        day: raw.published.as_ref().map(|d| d.to_rfc3339().chars().take(10).collect()),
        from: raw.published.as_ref().map(|d| d.from.clone()),
        language: judged.language.language.tag().to_owned(),
        news: judged.news,
        countries: judged.countries.iter().map(|t| t.country).collect(),
        attachments: &raw.attachments,
    };
    let mut wrong = differences(&fixture.name, expect, &reading);
    wrong.extend(beyond_the_sidecar(&fixture.name, &html, &raw));
    wrong
}

/// What differs over all article pages.
fn wrong(by_profile: bool) -> String {
    let (config, enricher) = (config(), Enricher::new(&[]).unwrap());
    let fixtures = demo::fixtures().unwrap();
    let articles: Vec<_> = fixtures.iter().filter_map(|f| Some((f, f.expect.as_ref()?))).collect();
    assert!(articles.len() >= 80, "only {} article pages", articles.len());
    let wrong = articles.iter().flat_map(|(f, e)| check(f, e, &config, &enricher, by_profile));
    wrong.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_article_reads_as_its_sidecar_says() {
    insta::assert_snapshot!("fixtures_that_differ", wrong(true));
}

#[test]
fn every_article_reads_so_without_a_profile() {
    insta::assert_snapshot!("fixtures_that_differ_without_a_profile", wrong(false));
}
