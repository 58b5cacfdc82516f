//! `depeche dedup --jsonl`: which texts tell the same story.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exit, lines};
use crate::article::{ArticleId, Country, Language, StoryId};
use crate::cli::DedupArgs;
use crate::dedup::{self, Groups, Known, Marks, Verdict};

#[derive(Deserialize)]
struct Line {
    id: Value,
    url: Option<url::Url>,
    #[serde(default)]
    title: String,
    text: String,
    #[serde(default = "undetermined")]
    language: Language,
    published: Option<String>,
    #[serde(default)]
    countries: Vec<Country>,
}

fn undetermined() -> Language {
    Language::UND
}

/// Runs it.
pub(super) fn run(_args: &DedupArgs) -> Exit {
    let mut groups = Groups::new();
    let mut names: HashMap<ArticleId, Value> = HashMap::new();
    lines::each(|line: Line| {
        let name = line.url.as_ref().map_or_else(|| line.id.to_string(), |url| dedup::canonical(url, false));
        let id = ArticleId::of_canonical(&name);
        if let Some(of) = names.get(&id) {
            return Ok(json!({"id": line.id, "verdict": "duplicate", "of": of}));
        }
        let published = line.published.as_deref().map(instant).transpose()?.unwrap_or_default();
        let fingerprint = dedup::fingerprint(&line.title, &line.text);
        let known = Known {
            id,
            story: StoryId::founded_by(id),
            language: line.language,
            primary: line.countries.first().copied(),
            published,
            // All at one time: none of them is too old.
            stored: Timestamp::UNIX_EPOCH,
            title: line.title,
            marks: Marks::of_address(line.url.as_ref().map(|_| name.as_str())),
            fingerprint,
        };
        let (word, of) = match groups.take_in(known) {
            Verdict::New => ("new", None),
            Verdict::Duplicate { of } => ("duplicate", Some(of)),
            Verdict::Version { of } => ("version", Some(of)),
            Verdict::Translation { of } => ("translation", Some(of)),
        };
        let answer = json!({"id": line.id, "verdict": word, "of": of.and_then(|of| names.get(&of))});
        names.insert(id, line.id);
        Ok(answer)
    })
}

/// A day or an RFC 3339 instant.
fn instant(text: &str) -> Result<Timestamp, String> {
    let day = || {
        text.get(..10)?
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|d| jiff::tz::TimeZone::UTC.to_timestamp(d.at(12, 0, 0, 0)).ok())
    };
    text.parse().ok().or_else(day).ok_or_else(|| format!("unable to read {text:?} as a date"))
}
