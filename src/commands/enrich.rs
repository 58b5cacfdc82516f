//! `depeche enrich --jsonl`: language, countries and themes of texts.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exit, lines};
use crate::article::{Country, DeclaredLanguages, Language};
use crate::cli::EnrichArgs;
use crate::enrich::{Enricher, Input};

#[derive(Deserialize)]
struct Line {
    id: Value,
    #[serde(default)]
    title: String,
    text: String,
    url: Option<url::Url>,
    source_country: Option<Country>,
}

/// Runs it.
pub(super) fn run(args: &EnrichArgs) -> Exit {
    let words = match args.config.as_deref().map(super::unsigned_configuration) {
        Some(Ok(config)) => config.theme_words,
        Some(Err(code)) => return Ok(code),
        None => Vec::new(),
    };
    let enricher = Enricher::new(&words)?;
    lines::each(|line: Line| {
        let prefix =
            line.url.as_ref().and_then(|u| u.path_segments()?.next().filter(|p| p.len() == 2).map(str::to_owned));
        let declared =
            DeclaredLanguages { item: prefix.and_then(|p| Language::parse(&p).ok()), ..DeclaredLanguages::default() };
        let judged = enricher.enrich(&Input {
            title: &line.title,
            text: &line.text,
            declared,
            source_country: line.source_country,
        });
        let mut answer = json!({
            "id": line.id,
            "language": judged.language.language,
            "countries": judged.countries.iter().map(|t| t.country).collect::<Vec<_>>(),
            "themes": judged.themes.iter().map(|t| &t.theme).collect::<Vec<_>>(),
            "news": judged.news,
        });
        if args.explain {
            answer["evidence"] =
                json!({"language": judged.language, "countries": judged.countries, "themes": judged.themes});
            if let Some(words) = enricher.notice(&line.title) {
                answer["evidence"]["notice"] = json!(words);
            }
        }
        Ok(answer)
    })
}
