//! An article page, by profile or generically, and what is judged of it.

use std::sync::LazyLock;

use depeche::dedup;
use depeche::enrich::{Enricher, Input};
use depeche::extract::article;
use url::Url;

use super::{profile, promise};

/// The first byte picks the profile, the rest is the page.
pub fn check(data: &[u8]) {
    static ENRICHER: LazyLock<Option<Enricher>> = LazyLock::new(|| Enricher::new(&[]).ok());
    let Some((pick, page)) = data.split_first() else { return };
    let html = String::from_utf8_lossy(page);
    let Ok(url) = Url::parse("https://haiti.example/fr/news/une-nouvelle") else { return };
    let input = promise::page(&url, &html);
    let found = article(&input, profile(*pick));
    assert_eq!(found, article(&input, profile(*pick)), "the same page gave two articles");
    let Ok(raw) = found else { return };
    promise::clean("the title", &raw.title);
    assert!(!raw.title.is_empty() || !raw.text.is_empty(), "an article of nothing");
    promise::legal("the text", &raw.text);
    promise::legal("the summary", &raw.summary);
    promise::harmless(raw.html.as_str());
    raw.authors.iter().for_each(|author| promise::clean("an author", author));
    raw.contact.iter().for_each(|contact| promise::legal("the contact", contact));
    raw.credit.iter().for_each(|credit| promise::legal("the credit", credit));
    raw.published.iter().for_each(promise::date);
    raw.canonical.iter().for_each(|url| promise::web("the canonical address", url));
    raw.image.iter().for_each(|image| promise::web("the image", &image.url));
    for file in &raw.attachments {
        promise::web("a document", &file.url);
        promise::clean("a document's name", &file.name);
    }
    let Some(enricher) = ENRICHER.as_ref() else { panic!("the built-in words do not compile") };
    let source_country = None;
    let judged = enricher.enrich(&Input { title: &raw.title, text: &raw.text, declared: raw.declared, source_country });
    let evidence = judged.countries.iter().flat_map(|tag| &tag.evidence);
    for evidence in evidence.chain(judged.themes.iter().flat_map(|tag| &tag.evidence)) {
        let field = match evidence.field.as_str() {
            "title" => &raw.title,
            "body" => &raw.text,
            _ => continue,
        };
        let there = field.get(evidence.offset as usize..).unwrap_or_default();
        assert!(there.starts_with(&evidence.words), "{evidence:?} does not stand there: {field:?}");
    }
    let print = dedup::fingerprint(&raw.title, &raw.text);
    assert_eq!(print, dedup::fingerprint(&raw.title, &raw.text), "one text has two fingerprints");
}
