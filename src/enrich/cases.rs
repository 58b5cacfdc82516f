//! The cases of `tests/enrich/`: short made-up texts, each rule with its trap. Every miss is listed, not only the first.
#![allow(clippy::unwrap_used)]

use serde::Deserialize;

use super::{Enricher, Input};
use crate::article::{Country, DeclaredLanguages, Evidence, Language};

#[derive(Deserialize)]
struct ThemeCase {
    text: String,
    /// One theme of each group must be there.
    expected_any: Vec<Vec<String>>,
    /// These may be.
    #[serde(default)]
    accepted: Vec<String>,
    #[serde(default)]
    no_news: bool,
}

#[derive(Deserialize)]
struct CountryCase {
    #[serde(default)]
    title: String,
    text: String,
    expected: Vec<String>,
    primary: Option<String>,
    source_country: Option<Country>,
}

#[derive(Deserialize)]
struct LanguageCase {
    /// BCP 47; many are no language of depeche's.
    lang: String,
    #[serde(default)]
    title: String,
    text: String,
    /// What the page declares: its word stands only where the text shows no language.
    page: Option<Language>,
}

fn read<T: serde::de::DeserializeOwned>(lines: &str) -> Vec<T> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn input<'a>(title: &'a str, text: &'a str) -> Input<'a> {
    Input { title, text, declared: DeclaredLanguages::default(), source_country: None }
}

fn report(misses: &[String]) {
    assert!(misses.is_empty(), "{} misses:\n{}", misses.len(), misses.join("\n"));
}

/// Evidence must stand where it says it stands.
fn stands(evidence: &Evidence, title: &str, text: &str) -> bool {
    let field = if evidence.field == "title" { title } else { text };
    field.get(evidence.offset as usize..).is_some_and(|rest| rest.starts_with(&evidence.words))
}

#[test]
fn themes() {
    let enricher = Enricher::new(&[]).unwrap();
    let mut misses = Vec::new();
    for case in read::<ThemeCase>(include_str!("../../tests/enrich/themes.jsonl")) {
        let judged = enricher.enrich(&input(&case.text, ""));
        let got: Vec<&str> = judged.themes.iter().map(|t| t.theme.as_str()).collect();
        let lacks = case.expected_any.iter().any(|group| !group.iter().any(|t| got.contains(&t.as_str())));
        let extra = got.iter().any(|t| !case.expected_any.iter().flatten().chain(&case.accepted).any(|ok| ok == t));
        let adrift = judged.themes.iter().flat_map(|t| &t.evidence).any(|e| !stands(e, &case.text, ""));
        if lacks || extra || adrift || judged.news == case.no_news {
            misses.push(format!("{}: want {:?}, got {got:?}, news {}", case.text, case.expected_any, judged.news));
        }
    }
    report(&misses);
}

#[test]
fn countries() {
    let enricher = Enricher::new(&[]).unwrap();
    let mut misses = Vec::new();
    for case in read::<CountryCase>(include_str!("../../tests/enrich/countries.jsonl")) {
        let source_country = case.source_country;
        let judged = enricher.enrich(&Input { source_country, ..input(&case.title, &case.text) });
        let got: Vec<&str> = judged.countries.iter().map(|t| t.country.iso3()).collect();
        let differs = got.len() != case.expected.len() || got.iter().any(|c| !case.expected.iter().any(|e| e == c));
        let first = case.primary.is_some() && case.primary.as_deref() != got.first().copied();
        let adrift = judged.countries.iter().flat_map(|t| &t.evidence).any(|e| !stands(e, &case.title, &case.text));
        if differs || first || adrift {
            misses.push(format!("{} | {}: want {:?}, got {got:?}", case.title, case.text, case.expected));
        }
    }
    report(&misses);
}

/// The languages that are told by their words: `und` is no answer for these.
const TOLD: &str = "ar ca de en es fr ht it pt ro ru uk";

#[test]
fn languages() {
    let enricher = Enricher::new(&[]).unwrap();
    let mut misses = Vec::new();
    for case in read::<LanguageCase>(include_str!("../../tests/enrich/languages.jsonl")) {
        let declared = DeclaredLanguages { page: case.page, ..DeclaredLanguages::default() };
        let got = enricher.language(&Input { declared, ..input(&case.title, &case.text) });
        let declares_it = case.page.is_some_and(|page| page.tag() == case.lang);
        let unknown_is_right = !declares_it && !TOLD.split(' ').any(|told| told == case.lang);
        if got.language.tag() != case.lang && !(unknown_is_right && got.language == Language::UND) {
            misses.push(format!("{}: want {}, got {} {:?}", case.text, case.lang, got.language, got.evidence));
        }
    }
    report(&misses);
}
