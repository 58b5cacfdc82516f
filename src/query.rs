//! The filter vocabulary: parse, canonical form. It never depends on the configuration and never touches an index.

mod coding;
mod text;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::article::{Country, Language, Region, SourceId, ThemeSlug, clean_line, words};

pub(crate) use coding::{decode, encode};
pub use text::TextFilter;

/// The filters of a feed, a page or an API call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Any of these countries.
    pub countries: BTreeSet<Country>,
    /// Any of these IOM regions.
    pub regions: BTreeSet<Region>,
    /// Any of these themes.
    pub themes: BTreeSet<ThemeSlug>,
    /// Any of these languages.
    pub languages: BTreeSet<Language>,
    /// Any of these sources.
    pub sources: BTreeSet<SourceId>,
    /// Words that must stand in title or text.
    pub q: Option<String>,
    /// Words that must not.
    pub exclude: Option<String>,
    /// Published at or after.
    pub since: Option<Bound>,
    /// Published at or before.
    pub until: Option<Bound>,
    /// Entries, 1 to 200.
    pub limit: Option<u16>,
    /// One entry a story, or every article.
    pub dedupe: Option<Dedupe>,
    /// One entry a story, in this language where there is one.
    pub prefer: Option<Language>,
    /// How much of a text.
    pub body: Option<Body>,
    /// With the evidence of every tag.
    pub explain: bool,
}

/// A bound in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// A UTC day, inclusive.
    Day(Date),
    /// An RFC 3339 instant, inclusive.
    Instant(Timestamp),
}

impl Bound {
    /// The first instant that it admits as a lower bound.
    pub fn start(&self) -> Timestamp {
        match self {
            Bound::Day(day) => TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN),
            Bound::Instant(at) => *at,
        }
    }

    /// The last instant that it admits as an upper bound.
    pub fn end(&self) -> Timestamp {
        match self {
            Bound::Day(_) => self.start().saturating_add(SignedDuration::from_secs(86_399)).unwrap_or(Timestamp::MAX),
            Bound::Instant(at) => *at,
        }
    }
}

/// One entry a story, or every article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// One entry for each story and language.
    Story,
    /// Every article.
    None,
}

/// How much of a text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// Title and summary.
    Summary,
    /// All of it.
    Full,
    /// The title alone.
    None,
}

/// The names that filters may use beyond the fixed lists.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Theme slugs.
    pub themes: BTreeSet<String>,
    /// Source ids.
    pub sources: BTreeSet<String>,
}

/// A query that cannot be used, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No such filter.
    #[error("unable to use the filter {0:?}: allowed are {FILTERS}")]
    Name(String),
    /// No such value.
    #[error("unable to use {value:?} for {name}: {allowed}")]
    Value {
        /// The filter.
        name: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// The query as a whole.
    #[error("unable to read the query: {0}")]
    Form(String),
}

const FILTERS: &str =
    "body, country, dedupe, exclude, explain, lang, limit, prefer, q, region, since, source, theme, ui, until";
/// Longer queries are refused: no person or reader writes them.
const LONGEST: usize = 4096;
/// So many words may be looked for at once, or kept out at once; each one costs a look-up.
const MOST_WORDS: usize = 64;

impl Query {
    /// Reads a query string (without `?`). Lists of one filter add up; anything unknown is an error.
    pub fn parse(raw: &str, known: &Vocabulary) -> Result<Query, QueryError> {
        if raw.len() > LONGEST {
            return Err(QueryError::Form(format!("it is longer than {LONGEST} bytes")));
        }
        let mut query = Query::default();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            query.set(&name, &value, known)?;
        }
        if query.prefer.is_some() && query.effective_dedupe() == Dedupe::None {
            return Err(wrong(
                "prefer",
                "with dedupe=none",
                "prefer chooses one entry a story, so it needs dedupe=story".to_owned(),
            ));
        }
        if let (Some(since), Some(until)) = (&query.since, &query.until)
            && since.start() > until.end()
        {
            return Err(wrong("since", "after until", "since must not be later than until".to_owned()));
        }
        // Encoding triples a byte: what is accepted must be accepted in its canonical form, too.
        if raw.len() > LONGEST / 3 && query.canonical().len() > LONGEST {
            return Err(QueryError::Form(format!("its canonical form is longer than {LONGEST} bytes")));
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str, known: &Vocabulary) -> Result<(), QueryError> {
        match name {
            "country" => each("country", value, |v| {
                self.countries.insert(Country::parse(v).map_err(|_| {
                    wrong(
                        "country",
                        v,
                        "allowed are ISO 3166 codes, such as HT or HTI, and slugs, such as haiti".to_owned(),
                    )
                })?);
                Ok(())
            }),
            "region" => each("region", value, |v| {
                self.regions.insert(
                    Region::parse(v).map_err(|_| wrong("region", v, format!("allowed are {}", Region::allowed())))?,
                );
                Ok(())
            }),
            "theme" => each("theme", value, |v| {
                let slug = v.to_ascii_lowercase();
                if !known.themes.contains(&slug) {
                    return Err(wrong("theme", v, list(&known.themes)));
                }
                self.themes.insert(ThemeSlug::new(&slug));
                Ok(())
            }),
            "lang" => each("lang", value, |v| {
                self.languages.insert(
                    Language::parse(v).map_err(|_| wrong("lang", v, format!("allowed are {}", Language::allowed())))?,
                );
                Ok(())
            }),
            "source" => each("source", value, |v| {
                let id = SourceId::new(v).ok().filter(|id| known.sources.contains(id.as_str()));
                self.sources.insert(id.ok_or_else(|| wrong("source", v, list(&known.sources)))?);
                Ok(())
            }),
            "q" => text("q", &mut self.q, value),
            "exclude" => text("exclude", &mut self.exclude, value),
            "since" => once("since", &mut self.since, bound("since", value)?, value),
            "until" => once("until", &mut self.until, bound("until", value)?, value),
            "limit" => {
                let limit = value
                    .parse()
                    .ok()
                    .filter(|n| (1..=200).contains(n))
                    .ok_or_else(|| wrong("limit", value, "allowed are 1 to 200".to_owned()))?;
                once("limit", &mut self.limit, limit, value)
            }
            "dedupe" => {
                let dedupe = match value {
                    "story" => Dedupe::Story,
                    "none" => Dedupe::None,
                    _ => return Err(wrong("dedupe", value, "allowed are story and none".to_owned())),
                };
                once("dedupe", &mut self.dedupe, dedupe, value)
            }
            "prefer" => {
                let language = Language::parse(value)
                    .map_err(|_| wrong("prefer", value, format!("allowed are {}", Language::allowed())))?;
                once("prefer", &mut self.prefer, language, value)
            }
            "body" => {
                let body = match value {
                    "summary" => Body::Summary,
                    "full" => Body::Full,
                    "none" => Body::None,
                    _ => return Err(wrong("body", value, "allowed are summary, full and none".to_owned())),
                };
                once("body", &mut self.body, body, value)
            }
            "explain" => match value {
                "1" => {
                    self.explain = true;
                    Ok(())
                }
                "0" => Ok(()),
                _ => Err(wrong("explain", value, "allowed are 0 and 1".to_owned())),
            },
            _ => Err(QueryError::Name(name.to_owned())),
        }
    }

    /// Every article where a source is given, one entry a story elsewhere, unless the query says.
    pub fn effective_dedupe(&self) -> Dedupe {
        self.dedupe.unwrap_or(if self.sources.is_empty() { Dedupe::Story } else { Dedupe::None })
    }

    /// The one spelling of this combination: names and lists sorted, countries as ISO3, defaults left out.
    pub fn canonical(&self) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        let mut add = |name, values: Vec<String>| {
            if !values.is_empty() {
                pairs.push((name, values.iter().map(|v| encode(v)).collect::<Vec<_>>().join(",")));
            }
        };
        add(
            "body",
            self.body
                .iter()
                .map(|b| {
                    match b {
                        Body::Summary => "summary",
                        Body::Full => "full",
                        Body::None => "none",
                    }
                    .to_owned()
                })
                .collect(),
        );
        add("country", sorted(self.countries.iter().map(|c| c.iso3().to_owned())));
        let usual = Query { dedupe: None, ..self.clone() }.effective_dedupe();
        add(
            "dedupe",
            self.dedupe
                .iter()
                .filter(|d| **d != usual)
                .map(|d| {
                    match d {
                        Dedupe::Story => "story",
                        Dedupe::None => "none",
                    }
                    .to_owned()
                })
                .collect(),
        );
        add("exclude", self.exclude.iter().cloned().collect());
        add("explain", if self.explain { vec!["1".to_owned()] } else { Vec::new() });
        add("lang", sorted(self.languages.iter().map(|l| l.tag().to_owned())));
        add("limit", self.limit.iter().map(ToString::to_string).collect());
        add("prefer", self.prefer.iter().map(ToString::to_string).collect());
        add("q", self.q.iter().cloned().collect());
        add("region", sorted(self.regions.iter().map(|r| r.slug().to_owned())));
        add("since", self.since.iter().map(Bound::text).collect());
        add("source", sorted(self.sources.iter().map(ToString::to_string)));
        add("theme", sorted(self.themes.iter().map(ToString::to_string)));
        add("until", self.until.iter().map(Bound::text).collect());
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

impl Bound {
    /// As a query writes it.
    pub fn text(&self) -> String {
        match self {
            Bound::Day(day) => day.to_string(),
            Bound::Instant(at) => at.to_string(),
        }
    }
}

fn wrong(name: &'static str, value: &str, allowed: String) -> QueryError {
    QueryError::Value { name, value: value.to_owned(), allowed }
}

fn list(names: &BTreeSet<String>) -> String {
    format!("allowed are {}", names.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn sorted(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut values: Vec<String> = values.collect();
    values.sort();
    values
}

fn each(
    name: &'static str,
    value: &str,
    mut take: impl FnMut(&str) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let values: Vec<&str> = value.split(',').map(str::trim).filter(|v| !v.is_empty()).collect();
    if values.is_empty() {
        return Err(wrong(name, value, "a value is needed; leave the filter out to get everything".to_owned()));
    }
    values.into_iter().try_for_each(&mut take)
}

fn once<T: PartialEq>(name: &'static str, into: &mut Option<T>, new: T, value: &str) -> Result<(), QueryError> {
    if into.as_ref().is_some_and(|old| *old != new) {
        return Err(wrong(name, value, "it is given twice, with different values".to_owned()));
    }
    *into = Some(new);
    Ok(())
}

/// Commas in free text are text.
fn text(name: &'static str, into: &mut Option<String>, value: &str) -> Result<(), QueryError> {
    let line = clean_line(value);
    if line.is_empty() {
        return Err(wrong(name, value, "words are needed".to_owned()));
    }
    if words(&line).count() > MOST_WORDS {
        return Err(wrong(name, value, format!("allowed are at most {MOST_WORDS} words")));
    }
    once(name, into, line, value)
}

fn bound(name: &'static str, value: &str) -> Result<Bound, QueryError> {
    let allowed = || {
        wrong(
            name,
            value,
            "allowed are a UTC day, such as 2026-03-01, and an RFC 3339 instant, such as 2026-03-01T12:00:00Z"
                .to_owned(),
        )
    };
    if value.len() == 10 {
        return value.parse().map(Bound::Day).map_err(|_| allowed());
    }
    value.parse().map(Bound::Instant).map_err(|_| allowed())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Vocabulary {
        Vocabulary {
            themes: ["displacement", "protection"].map(str::to_owned).into(),
            sources: ["haiti-fr"].map(str::to_owned).into(),
        }
    }

    fn canonical(raw: &str) -> String {
        Query::parse(raw, &known()).unwrap().canonical()
    }

    #[test]
    fn one_spelling_a_combination() {
        for (raw, want) in [
            ("", ""),
            ("lang=fr&country=ht", "country=HTI&lang=fr"),
            ("country=kenya&country=HT,HTI", "country=HTI,KEN"),
            ("dedupe=story", ""),
            ("source=haiti-fr&dedupe=none", "source=haiti-fr"),
            ("source=haiti-fr&dedupe=story", "dedupe=story&source=haiti-fr"),
            ("limit=50&body=summary", "body=summary&limit=50"),
            ("q=eau,++abri", "q=eau%2C%20abri"),
            ("explain=0", ""),
            ("since=2026-01-01", "since=2026-01-01"),
            ("lang=fr-FR", "lang=fr"),
        ] {
            assert_eq!(canonical(raw), want, "{raw}");
        }
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_is_allowed() {
        let long = format!("q={}", "é".repeat(1500));
        let many = format!("exclude={}", "a+".repeat(65));
        for (raw, named) in [
            ("land=HTI", "country"),
            ("country=XX", "ISO 3166"),
            ("country=", "leave the filter out"),
            ("theme=x", "displacement"),
            ("lang=xx", "fr"),
            ("source=x", "haiti-fr"),
            ("limit=201", "1 to 200"),
            ("limit=5&limit=6", "twice"),
            ("prefer=fr&dedupe=none", "dedupe=story"),
            ("prefer=fr&source=haiti-fr", "dedupe=story"),
            ("since=2026-02-01&until=2026-01-01", "later"),
            ("since=yesterday", "RFC 3339"),
            ("q=%zz", "hexadecimal"),
            ("q=%ff", "UTF-8"),
            (long.as_str(), "canonical"),
            (many.as_str(), "at most 64 words"),
        ] {
            let error = Query::parse(raw, &known()).unwrap_err().to_string();
            assert!(error.contains(named), "{raw}: {error}");
        }
    }

    #[test]
    fn words_phrases_and_exclusions() {
        let of = |raw: &str| TextFilter::of(&Query::parse(raw, &known()).unwrap()).unwrap();
        for (raw, wanted, unwanted) in [
            ("q=Eau+l’abri", vec!["Eau", "l’abri"], vec![]),
            ("q=%22eau+potable%22+-pluie", vec!["eau potable"], vec!["pluie"]),
            ("q=“eau+potable”+«+bel+abri+»", vec!["eau potable", " bel abri "], vec![]),
            ("q=eau-%22bel+abri%22", vec!["eau-"], vec!["bel abri"]),
            ("q=-%22eau+potable%22", vec![], vec!["eau potable"]),
            ("q=eau+-+abri", vec!["eau", "abri"], vec![]),
            ("q=%22eau+potable", vec!["eau potable"], vec![]),
            ("q=...", vec![], vec![]),
            ("exclude=manque+%22rien+du+tout%22&q=a", vec!["a"], vec!["manque", "rien du tout"]),
        ] {
            let filter = of(raw);
            assert_eq!((filter.wanted, filter.unwanted), (owned(&wanted), owned(&unwanted)), "{raw}");
        }
        fn owned(parts: &[&str]) -> Vec<String> {
            parts.iter().map(|part| (*part).to_owned()).collect()
        }
    }

    proptest! {
        #[test]
        fn canonical_is_a_fixed_point(raw in "(country=(HT|kenya|FRA)|lang=(fr|en)|q=[a-z ,%+\"-]{1,9}|limit=[0-9]{1,3}|theme=displacement|body=full|dedupe=none|&){0,6}") {
            if let Ok(query) = Query::parse(&raw, &known()) {
                let once = query.canonical();
                let again = Query::parse(&once, &known()).unwrap();
                prop_assert_eq!(&again.canonical(), &once);
            }
        }
    }
}
