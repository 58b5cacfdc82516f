//! Countries, from the gazetteer: names, cities, demonyms; longest match first, masks against look-alikes.
//! Precise or absent: a donor's dateline is no story about the donor's country.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::EnrichError;
use super::words::Folded;
use crate::article::{Country, CountryTag, Evidence, How, fold};

/// Names that contain a country's and mean something else, or another one.
const MASKS: &[(&str, &str)] = &[
    ("niger state", "NGA"),
    ("niger delta", "NGA"),
    ("delta du niger", "NGA"),
    ("niger river", ""),
    ("fleuve niger", ""),
    ("gulf of guinea", ""),
    ("golfe de guinee", ""),
    ("guinea pig", ""),
    ("guinea pigs", ""),
    ("lake chad basin", ""),
    ("lake chad", ""),
    ("bassin du lac tchad", ""),
    ("lac tchad", ""),
    ("new mexico", ""),
    ("nuevo mexico", ""),
    ("benin city", "NGA"),
    ("central america", ""),
    ("south america", ""),
    ("north america", ""),
    ("latin america", ""),
    ("american samoa", "ASM"),
    ("afrique de l'ouest", ""),
    ("afrique du nord", ""),
    ("new england", ""),
    ("south sudan", "SSD"),
    ("soudan du sud", "SSD"),
    ("north macedonia", "MKD"),
    ("new guinea", "PNG"),
    ("british columbia", ""),
    ("district of columbia", ""),
    ("indian ocean", ""),
    ("ocean indien", ""),
    ("new jersey", ""),
    ("united states", "USA"),
    ("georgia tech", ""),
    ("mexico city", "MEX"),
    ("guinee konakry", "GIN"),
    ("guinee-conakry", "GIN"),
    ("congo-brazaville", "COG"),
    ("sierra-leonais", "SLE"),
    ("sierra-leonaise", "SLE"),
    ("cote-d'ivoire", "CIV"),
    ("central african region", ""),
    ("region of central africa", ""),
    ("panama canal", "PAN"),
    ("south china sea", ""),
    ("china sea", ""),
];

/// Words that are also given names or common words: they count only after a preposition or in a dateline.
const NAMES: &[&str] = &[
    "chad",
    "jordan",
    "mali",
    "georgia",
    "dominique",
    "maurice",
    "israel",
    "kenya",
    "india",
    "cuba",
    "sofia",
    "victoria",
    "hamilton",
    "santiago",
    "san jose",
    "sucre",
    "valletta",
    "nice",
    "tours",
];
/// Never in lower case.
const CASED: &[&str] = &[
    "turkey",
    "china",
    "jordan",
    "chad",
    "us",
    "car",
    "mali",
    "oman",
    "togo",
    "nice",
    "georgia",
    "guinea",
    "male",
    "bern",
    "tunis",
    "mexico",
    "sucre",
    "maurice",
    "dominique",
    "apia",
    "hamilton",
    "polish",
    "emirates",
    "rca",
    "rdc",
    "rci",
    "eau",
    "uae",
    "usa",
    "uk",
    "drc",
];
const BEFORE: &[&str] = &[
    "in", "to", "from", "en", "au", "du", "of", "for", "de", "across", "at", "a", "within", "vers", "leaving", "and",
    "et",
];
/// Datelines of headquarters say nothing of the story.
const HEADQUARTERS: &[&str] = &["geneva", "geneve", "brussels", "bruxelles", "new york", "switzerland", "suisse"];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Mask,
    Name,
    City,
    Demonym,
}

pub(super) struct Gazetteer {
    matcher: AhoCorasick,
    entries: Vec<(Kind, Option<Country>, bool)>,
}

impl Gazetteer {
    pub(super) fn new() -> Result<Gazetteer, EnrichError> {
        let mut names: BTreeMap<String, (Kind, Option<Country>, bool)> = BTreeMap::new();
        let put = |names: &mut BTreeMap<String, (Kind, Option<Country>, bool)>,
                   name: &str,
                   kind: Kind,
                   country: Option<Country>| {
            let acronym =
                name.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase) && name.chars().count() <= 6;
            let folded = fold(name.trim());
            if folded.len() > 1 {
                let cased = acronym || CASED.contains(&folded.as_str());
                names.entry(folded).or_insert((kind, country, cased));
            }
        };
        for (mask, code) in MASKS {
            put(&mut names, mask, Kind::Mask, Country::parse(code).ok());
        }
        for country in Country::all() {
            for name in [2, 3]
                .into_iter()
                .map(|c| country.column(c))
                .chain(country.column(4).split('|'))
                .chain(country.column(5).split('|'))
            {
                put(&mut names, name, Kind::Name, Some(country));
                put(&mut names, &name.replace('-', " "), Kind::Name, Some(country));
            }
        }
        for country in Country::all() {
            for demonym in country
                .column(6)
                .split(' ')
                .collect::<Vec<_>>()
                .join(" ")
                .split("en:")
                .flat_map(|part| part.trim_start_matches("fr:").split('|'))
                .map(str::trim)
            {
                put(&mut names, demonym, Kind::Demonym, Some(country));
            }
            for city in country.column(8).split(['|', '/']) {
                put(&mut names, city, Kind::City, Some(country));
            }
        }
        let (patterns, entries): (Vec<String>, Vec<_>) = names.into_iter().unzip();
        let matcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns)
            .map_err(|e| EnrichError::Words { what: "the countries", why: e.to_string() })?;
        Ok(Gazetteer { matcher, entries })
    }

    pub(super) fn judge(&self, title: &str, text: &str, office: Option<Country>) -> Vec<CountryTag> {
        let mut found: BTreeMap<Country, (f32, How, Vec<Evidence>)> = BTreeMap::new();
        self.scan("title", title, 0, 3.0, &mut found);
        let dateline = dateline_end(text);
        self.scan("dateline", &text[..dateline], 0, 4.0, &mut found);
        self.scan("body", &text[dateline..], dateline, 1.0, &mut found);
        if let Some(office) = office {
            let entry = found.entry(office).or_insert((0.0, How::SourceDefault, Vec::new()));
            entry.0 += 3.0;
        }
        self.settle_congo(&mut found);
        let total: f32 = found.values().map(|(weight, ..)| weight).sum();
        let best = found.values().map(|(weight, ..)| *weight).fold(0.0, f32::max);
        let mut tags: Vec<(f32, CountryTag)> = found
            .into_iter()
            .filter(|(_, (weight, ..))| *weight >= best / 4.0 && *weight > 0.0)
            .map(|(country, (weight, how, evidence))| {
                (weight, CountryTag { country, confidence: (100.0 * weight / total) as u8, how, evidence })
            })
            .collect();
        tags.sort_by(|a, b| {
            b.0.total_cmp(&a.0).then(first(&a.1).cmp(&first(&b.1))).then(a.1.country.cmp(&b.1.country))
        });
        tags.into_iter().map(|(_, tag)| tag).collect()
    }

    fn scan(
        &self,
        field: &str,
        text: &str,
        shift: usize,
        times: f32,
        found: &mut BTreeMap<Country, (f32, How, Vec<Evidence>)>,
    ) {
        let folded = Folded::new(text);
        for hit in self.matcher.find_iter(&folded.text) {
            let (kind, country, cased) = self.entries[hit.pattern().as_usize()];
            let (start, end) = (folded.origin(hit.start()), folded.origin(hit.end()).max(folded.origin(hit.start())));
            let Some(country) = country.filter(|_| folded.is_whole(hit.start(), hit.end())) else { continue };
            let words = text.get(start..end).unwrap_or_default();
            let name = &folded.text[hit.start()..hit.end()];
            if cased && words.chars().all(|c| !c.is_uppercase())
                || matches!(name, "us" | "car" | "eau") && words.chars().any(char::is_lowercase)
            {
                continue;
            }
            if NAMES.contains(&name) && field == "body" && is_given_name(text, start, end) {
                continue;
            }
            if field == "dateline" && HEADQUARTERS.contains(&name) {
                continue;
            }
            let weight = match kind {
                Kind::Name | Kind::Mask => 2.0,
                Kind::City => 1.5,
                Kind::Demonym => 1.0,
            };
            let how = match field {
                "title" => How::Title,
                "dateline" => How::Dateline,
                _ => How::Body,
            };
            let entry = found.entry(country).or_insert((0.0, how, Vec::new()));
            entry.0 += weight * times;
            if entry.2.len() < 8 {
                entry.2.push(Evidence {
                    field: field.to_owned(),
                    words: words.to_owned(),
                    offset: (start + if field == "body" { shift } else { 0 }) as u32,
                });
            }
        }
    }

    /// `Congolais` alone is the larger Congo's; with the smaller one named outright it is that one's.
    fn settle_congo(&self, found: &mut BTreeMap<Country, (f32, How, Vec<Evidence>)>) {
        let (Ok(small), Ok(large)) = (Country::parse("COG"), Country::parse("COD")) else { return };
        let named = |evidence: &[Evidence]| {
            evidence
                .iter()
                .any(|e| !fold(&e.words).starts_with("congolais") && !fold(&e.words).starts_with("congolese"))
        };
        let (has_small, has_large) =
            (found.get(&small).is_some_and(|f| named(&f.2)), found.get(&large).is_some_and(|f| named(&f.2)));
        if !has_small && has_large {
            found.remove(&small);
        } else if !has_small && let Some(moved) = found.remove(&small) {
            found.entry(large).or_insert(moved);
        }
    }
}

fn first(tag: &CountryTag) -> u32 {
    tag.evidence.iter().map(|e| if e.field == "title" { e.offset } else { e.offset + 1_000 }).min().unwrap_or(u32::MAX)
}

/// A capitalised word right behind, and no preposition before: a person.
fn is_given_name(text: &str, start: usize, end: usize) -> bool {
    let after = text[end..].trim_start();
    let next = after.split_whitespace().next().unwrap_or_default();
    let follows = text[end..].starts_with(' ') && next.chars().next().is_some_and(char::is_uppercase);
    let before = text[..start].split_whitespace().next_back().map(fold).unwrap_or_default();
    follows && !BEFORE.contains(&before.as_str())
}

/// Where a dateline ends: a short opening before a dash.
fn dateline_end(text: &str) -> usize {
    let head: usize = text.char_indices().nth(90).map_or(text.len(), |(i, _)| i);
    let dash = text[..head].char_indices().find(|(i, c)| {
        matches!(c, '–' | '—' | '−') || (*c == '-' && (text[..*i].ends_with(' ') || text[i + 1..].starts_with(' ')))
    });
    dash.map(|(i, _)| i)
        .filter(|i| !text[..*i].contains(['.', '!', '?', '\n']) && text[..*i].split_whitespace().count() <= 10)
        .unwrap_or(0)
}
