//! The names of countries, their places and their people, as a tree of words: the longest match wins.
//! It never weighs what it finds.

use std::collections::HashMap;

use super::rules;
use crate::article::Country;
use crate::enrich::EnrichError;
use crate::enrich::words::{Folded, Word};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Name,
    City,
    Demonym,
}

/// A name and what it may mean; the first country is the one meant when nothing else tells.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) countries: Vec<Country>,
    /// Its words, folded, joined by spaces.
    pub(super) key: String,
    pub(super) people: bool,
    pub(super) doubtful: bool,
    pub(super) acronym: bool,
    pub(super) headquarters: bool,
}

/// A name where it stands, in words; `last` included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) entry: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

pub(super) struct Gazetteer {
    pub(super) entries: Vec<Entry>,
    /// By the first word: the following words, the longest first.
    by_word: HashMap<String, Vec<(Vec<String>, usize)>>,
}

/// Words of a name that are written small.
const SMALL: &[&str] = &[
    "de", "la", "le", "les", "el", "los", "las", "del", "du", "des", "d", "l", "of", "the", "and", "et", "y", "s",
    "in", "en", "au", "aux", "on", "do", "da", "a", "e", "als", "sur", "dem",
];

impl Gazetteer {
    pub(super) fn new() -> Result<Gazetteer, EnrichError> {
        let mut gazetteer = Gazetteer { entries: Vec::new(), by_word: HashMap::new() };
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut put = |name: &str, kind: Kind, country: Country| gazetteer.put(&mut index, name, kind, country);
        for country in Country::all() {
            for name in [2, 3, 4, 5].into_iter().flat_map(|c| country.column(c).split('|')) {
                put(name, Kind::Name, country);
            }
        }
        for country in Country::all() {
            let (french, english) = country.column(6).split_once("en:").unwrap_or((country.column(6), ""));
            for people in french.trim().trim_start_matches("fr:").split('|').chain(english.split('|')) {
                put(people, Kind::Demonym, country);
            }
            for city in country.column(8).split(['|', '/']) {
                put(city, Kind::City, country);
            }
        }
        let mut reader = csv::Reader::from_reader(include_str!("../../../data/gazetteer.csv").as_bytes());
        for row in reader.records() {
            let bad = |why: String| EnrichError::Words { what: "the countries", why };
            let row = row.map_err(|e| bad(e.to_string()))?;
            let country = Country::parse(row.get(0).unwrap_or_default()).map_err(|e| bad(e.to_string()))?;
            for (column, kind) in [(1, Kind::Name), (2, Kind::Demonym), (3, Kind::City)] {
                for name in row.get(column).unwrap_or_default().split('|') {
                    put(name, kind, country);
                }
            }
        }
        for (key, code) in rules::PREFER {
            let (Some(&entry), Ok(country)) = (index.get(*key), Country::parse(code)) else { continue };
            let countries = &mut gazetteer.entries[entry].countries;
            countries.retain(|c| *c != country);
            countries.insert(0, country);
        }
        for tails in gazetteer.by_word.values_mut() {
            tails.sort_by_key(|(tail, _)| std::cmp::Reverse(tail.len()));
        }
        Ok(gazetteer)
    }

    /// Adds a name. What is a name of one country and a city of another (Djibouti, Luxembourg) stays a name.
    fn put(&mut self, index: &mut HashMap<String, usize>, name: &str, kind: Kind, country: Country) {
        let folded = Folded::new(name);
        let words: Vec<String> = folded.words(name).iter().map(|w| w.folded.to_owned()).collect();
        let key = words.join(" ");
        if key.len() < 2 || rules::NEVER.contains(&key.as_str()) {
            return;
        }
        if let Some(&known) = index.get(&key) {
            let entry = &mut self.entries[known];
            if entry.kind == kind && !entry.countries.contains(&country) {
                entry.countries.push(country);
            }
            return;
        }
        let is = |list: &[&str]| list.contains(&key.as_str());
        let entry = Entry {
            kind,
            countries: vec![country],
            people: is(rules::PEOPLE),
            doubtful: is(rules::DOUBTFUL),
            acronym: is(rules::ACRONYMS),
            headquarters: is(rules::HEADQUARTERS),
            key: key.clone(),
        };
        let id = self.entries.len();
        self.entries.push(entry);
        index.insert(key, id);
        let mut words = words.into_iter();
        if let Some(first) = words.next() {
            self.by_word.entry(first).or_default().push((words.collect(), id));
        }
    }

    /// Every name, the leftmost first and the longest of those.
    pub(super) fn find(&self, words: &[Word<'_>], text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        while at < words.len() {
            match self.longest(words, text, at) {
                // `Le Cap-Vert` is no `Le Cap`.
                Some(hit)
                    if SMALL.contains(&words[at].folded)
                        && self.longest(words, text, at + 1).is_some_and(|h| h.last > hit.last) =>
                {
                    at += 1;
                }
                Some(hit) => {
                    at = hit.last + 1;
                    hits.push(hit);
                }
                None => at += 1,
            }
        }
        hits
    }

    fn longest(&self, words: &[Word<'_>], text: &str, first: usize) -> Option<Hit> {
        let word = words.get(first)?;
        let exact = self.by_word.get(word.folded);
        let plural = word.folded.strip_suffix('s').and_then(|w| self.by_word.get(w));
        let all =
            exact.into_iter().flatten().map(|t| (t, false)).chain(plural.into_iter().flatten().map(|t| (t, true)));
        let mut best: Option<Hit> = None;
        for ((tail, id), cut) in all {
            let (entry, last) = (&self.entries[*id], first + tail.len());
            // Only people have plurals.
            if last >= words.len() || (cut && entry.kind != Kind::Demonym) || best.is_some_and(|b| b.last >= last) {
                continue;
            }
            let fits = tail.iter().zip(&words[first + 1..]).all(|(want, word)| {
                word.folded == want
                    || (entry.kind == Kind::Demonym && word.folded.strip_suffix('s').is_some_and(|w| w == want))
            });
            if fits && joined(&words[first..=last], text) && self.is_written(entry, &words[first..=last], text) {
                best = Some(Hit { entry: *id, first, last });
            }
        }
        best
    }

    /// Names are capitalised, acronyms all capitals; people may be small in French and Spanish.
    fn is_written(&self, entry: &Entry, words: &[Word<'_>], text: &str) -> bool {
        if entry.acronym {
            return words.iter().all(|w| text[w.start..w.end].chars().all(|c| !c.is_lowercase()));
        }
        let small = entry.kind == Kind::Demonym && !rules::CASED.contains(&entry.key.as_str());
        // `Guinée équatoriale`: the first word that is not an article tells.
        let telling = words.iter().find(|w| !SMALL.contains(&w.folded)).or(words.first());
        small || telling.is_some_and(|w| text[w.start..].chars().next().is_some_and(|c| !c.is_lowercase()))
    }
}

/// Only spaces, hyphens, apostrophes and the like stand between the words.
fn joined(words: &[Word<'_>], text: &str) -> bool {
    words.windows(2).all(|pair| {
        let between = &text[pair[0].end..pair[1].start];
        between.chars().count() <= 3 && !between.contains([',', ':', ';', '/', '!', '?', '\n'])
    })
}
