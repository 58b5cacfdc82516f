//! Countries, by a gazetteer of names, places and peoples; longest match first, masks against look-alikes.
//! Precise or absent: a donor is no country of the story, nor is a namesake.

mod dateline;
mod gazetteer;
mod rules;

use std::collections::BTreeMap;

use self::gazetteer::{Gazetteer, Hit, Kind};
use super::EnrichError;
use super::pattern::Patterns;
use super::words::{Folded, Word};
use crate::article::{Country, CountryTag, Evidence, How};

/// What a title's mention counts, what stands in a dateline gains, what an office's own country gains.
const TITLE: f32 = 3.0;
const DATELINE: f32 = 6.0;
const OFFICE: f32 = 3.0;
/// What the place named first gains in a longer text without a dateline: stories open where they happen.
const OPENING: f32 = 2.0;
/// A country is kept above this share of the most named one's mentions; a short text names few in passing.
const SHARE: f32 = 0.25;
const SHARE_SHORT: f32 = 0.15;
const SHORT: usize = 60;
const EVIDENCE: usize = 8;

/// The judge of countries.
pub(super) struct Countries {
    gazetteer: Gazetteer,
    masks: Patterns,
    donors: Patterns,
}

/// A mention that may count.
struct Mention {
    entry: usize,
    countries: Vec<Country>,
    kind: Kind,
    field: Field,
    /// It counts only where its country is named otherwise.
    leaning: bool,
    /// No preposition stands before it.
    bare: bool,
    donor: bool,
    evidence: Evidence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Dateline,
    Body,
}

struct Weight {
    /// What decides the order.
    total: f32,
    /// Mentions alone: what decides who stays.
    mentions: f32,
    how: How,
    evidence: Vec<Evidence>,
}

impl Countries {
    pub(super) fn new() -> Result<Countries, EnrichError> {
        let (mut masks, mut donors) = (Patterns::default(), Patterns::default());
        for mask in rules::MASKS {
            masks.add(mask);
        }
        for lead in rules::DONORS {
            donors.add(lead);
        }
        Ok(Countries { gazetteer: Gazetteer::new()?, masks, donors })
    }

    pub(super) fn judge(&self, title: &str, text: &str, office: Option<Country>) -> Vec<CountryTag> {
        let (mut mentions, mut people) = (Vec::new(), Vec::new());
        self.read(title, true, &mut mentions, &mut people);
        let words = self.read(text, false, &mut mentions, &mut people);
        for mention in mentions.iter_mut().filter(|m| m.bare && m.field != Field::Dateline) {
            // Whom the text calls by that name, or what it calls so in small letters, is who or what the title means.
            let common = mention.field == Field::Title && mention.kind == Kind::Name && is_small_in(text, mention);
            mention.leaning |= common || people.contains(&mention.entry);
        }
        settle(&mut mentions);
        let mut found: BTreeMap<Country, Weight> = BTreeMap::new();
        for mention in &mentions {
            let Some(country) = mention.countries.first() else { continue };
            add(&mut found, *country, mention);
        }
        if words >= SHORT && !mentions.iter().any(|m| m.field == Field::Dateline) {
            let opens = mentions.iter().find(|m| m.field == Field::Body && m.kind != Kind::Demonym && !m.donor);
            let country = opens.and_then(|m| m.countries.first());
            if let Some(weight) = country.and_then(|c| found.get_mut(c)) {
                weight.total += OPENING;
            }
        }
        if let Some(office) = office {
            let empty = || Weight { total: 0.0, mentions: 0.0, how: How::SourceDefault, evidence: Vec::new() };
            let entry = found.entry(office).or_insert_with(empty);
            entry.total += OFFICE;
            entry.mentions += OFFICE;
        }
        tags(found, if words < SHORT { SHARE_SHORT } else { SHARE })
    }

    /// Adds the mentions of a field, and the entries that are somebody's name in it; returns how many words it has.
    fn read(&self, text: &str, title: bool, mentions: &mut Vec<Mention>, people: &mut Vec<usize>) -> usize {
        let folded = Folded::new(text);
        let words = folded.words(text);
        let hits = self.unmasked(self.gazetteer.find(&words, text), &words, text);
        let place = Surroundings::new(text, &words, &hits);
        let dateline = if title { 0 } else { dateline::end(text, &words, &hits, &self.gazetteer) };
        let donors = self.donors(&words, &hits);
        for (i, hit) in hits.iter().enumerate() {
            let entry = &self.gazetteer.entries[hit.entry];
            let opens = hit.last < dateline;
            if opens && (entry.headquarters || rules::HEADQUARTERS_COUNTRY.contains(&entry.key.as_str())) {
                continue;
            }
            if entry.acronym && place.shouts {
                continue;
            }
            if !opens && (entry.people && place.is_person(hit) || place.has_age(hit)) {
                people.push(hit.entry);
                continue;
            }
            let doubtful = entry.doubtful && !opens;
            if doubtful && place.is_person(hit) && !place.has_article(hit) {
                continue;
            }
            let (start, end) = (words[hit.first].start, words[hit.last].end);
            let field = match (title, opens) {
                (true, _) => Field::Title,
                (_, true) => Field::Dateline,
                _ => Field::Body,
            };
            mentions.push(Mention {
                entry: hit.entry,
                countries: entry.countries.clone(),
                kind: entry.kind,
                field,
                leaning: entry.headquarters || doubtful && !place.has_preposition(hit),
                bare: !place.has_preposition(hit),
                donor: donors.get(i).copied().unwrap_or(false),
                evidence: Evidence {
                    field: match field {
                        Field::Title => "title",
                        Field::Dateline => "dateline",
                        Field::Body => "body",
                    }
                    .to_owned(),
                    words: text[start..end].to_owned(),
                    offset: start as u32,
                },
            });
        }
        words.len()
    }

    /// Drops names that are part of a longer phrase that means no country.
    fn unmasked(&self, mut hits: Vec<Hit>, words: &[Word<'_>], text: &str) -> Vec<Hit> {
        let masks = self.masks.find(words);
        hits.retain(|hit| {
            // `À La Réunion, des Comoriens`: behind a name of several words a comma ends the phrase.
            let next = words.get(hit.last + 1).map_or(text.len(), |w| w.start);
            let ends = hit.last > hit.first && text[words[hit.last].end..next].contains(',');
            !masks.iter().any(|m| {
                let covers = m.first <= hit.last && hit.first <= m.last && m.last - m.first >= hit.last - hit.first;
                covers && !(ends && m.last > hit.last)
            })
        });
        hits
    }

    /// Which hits are donors: those after a donor's phrase, as a list, and those beside an embassy.
    fn donors(&self, words: &[Word<'_>], hits: &[Hit]) -> Vec<bool> {
        let mut donors = vec![false; hits.len()];
        for lead in self.donors.find(words) {
            let mut list: Vec<(usize, bool)> = Vec::new();
            let mut from = lead.last;
            for (i, hit) in hits.iter().enumerate().filter(|(_, h)| h.first > lead.last) {
                let between = words.get(from + 1..hit.first).unwrap_or_default();
                let same = words[hit.first].sentence == words[lead.first].sentence;
                if !same || between.iter().any(|w| !rules::DONOR_BETWEEN.contains(&w.folded)) {
                    break;
                }
                list.push((i, between.iter().any(|w| ["and", "et", "y"].contains(&w.folded))));
                from = hit.last;
            }
            // `Germany, Canada and Japan` are a list; in `Germany, Iraq rebuilds` the story begins at the comma.
            let end = list.iter().rposition(|(_, joined)| *joined).unwrap_or(0);
            list.iter().take(end + 1).for_each(|(i, _)| donors[*i] = true);
        }
        for (donor, hit) in donors.iter_mut().zip(hits) {
            let after = |n: usize| words.get(hit.last + n).map_or("", |w| w.folded);
            let next = after(1);
            let previous = hit.first.checked_sub(1).map_or("", |i| words[i].folded);
            *donor |= rules::DONOR_NEXT_TWO.contains(&[next, after(2)]);
            *donor |= rules::DONOR_NEXT.contains(&next) || rules::DONOR_PREVIOUS.contains(&previous);
        }
        donors
    }
}

/// Decides what ambiguous and leaning mentions mean by what is named outright, and drops what nothing supports.
fn settle(mentions: &mut Vec<Mention>) {
    // Names before peoples: `Congo` tells which `Congolese` are meant.
    for kind in [Kind::Name, Kind::City, Kind::Demonym] {
        let outright: Vec<Country> =
            mentions.iter().filter(|m| m.countries.len() == 1 && !m.leaning).map(|m| m.countries[0]).collect();
        for mention in mentions.iter_mut().filter(|m| m.kind == kind && m.countries.len() > 1) {
            let named: Vec<Country> = mention.countries.iter().copied().filter(|c| outright.contains(c)).collect();
            match named.len() {
                0 => mention.countries.truncate(1),
                1 => mention.countries = named,
                _ => mention.countries.clear(),
            }
        }
    }
    let firm: Vec<Country> =
        mentions.iter().filter(|m| !m.leaning && !m.donor).filter_map(|m| m.countries.first().copied()).collect();
    let supported = |m: &Mention| m.countries.first().is_some_and(|c| firm.contains(c));
    mentions.retain(|m| !m.leaning || supported(m));
    // A donor's name counts where nothing but donors is named, or where the story is there too.
    mentions.retain(|m| !m.donor || firm.is_empty() || supported(m));
}

fn add(found: &mut BTreeMap<Country, Weight>, country: Country, mention: &Mention) {
    let (times, how) = match mention.field {
        Field::Title => (TITLE, How::Title),
        Field::Dateline => (1.0, How::Dateline),
        Field::Body => (1.0, How::Body),
    };
    let worth = times
        * match mention.kind {
            Kind::Name => 2.0,
            Kind::City => 1.5,
            Kind::Demonym => 1.0,
        };
    let entry = found.entry(country).or_insert_with(|| Weight { total: 0.0, mentions: 0.0, how, evidence: Vec::new() });
    entry.mentions += worth;
    entry.total += worth;
    if mention.field == Field::Dateline && !entry.evidence.iter().any(|e| e.field == "dateline") {
        entry.total += DATELINE;
        entry.how = How::Dateline;
    }
    if entry.evidence.len() < EVIDENCE {
        entry.evidence.push(mention.evidence.clone());
    }
}

fn tags(found: BTreeMap<Country, Weight>, share: f32) -> Vec<CountryTag> {
    let all: f32 = found.values().map(|w| w.total).sum();
    let most = found.values().map(|w| w.mentions).fold(0.0, f32::max);
    let mut kept: Vec<(Country, Weight)> = found.into_iter().filter(|(_, w)| w.mentions >= most * share).collect();
    kept.sort_by(|(a, v), (b, w)| {
        w.total.total_cmp(&v.total).then_with(|| first(v).cmp(&first(w))).then_with(|| a.cmp(b))
    });
    let tag = |(country, weight): (Country, Weight)| CountryTag {
        country,
        confidence: (100.0 * weight.total / all) as u8,
        how: weight.how,
        evidence: weight.evidence,
    };
    kept.into_iter().map(tag).collect()
}

/// Where a country is named first: a title before all, then by place.
fn first(weight: &Weight) -> (bool, u32) {
    weight.evidence.iter().map(|e| (e.field != "title", e.offset)).min().unwrap_or((true, u32::MAX))
}

/// What stands around a hit.
struct Surroundings<'a> {
    text: &'a str,
    words: &'a [Word<'a>],
    hits: &'a [Hit],
    /// Nearly every word is capitalised: capitals tell nothing.
    titled: bool,
    /// Nearly every letter is.
    shouts: bool,
}

impl<'a> Surroundings<'a> {
    fn new(text: &'a str, words: &'a [Word<'a>], hits: &'a [Hit]) -> Surroundings<'a> {
        // Names are capitalised anywhere, and small words nowhere: the others tell.
        let known = |i: usize| hits.iter().any(|h| h.first <= i && i <= h.last);
        let tells = |w: &Word<'_>| w.folded.len() > 2 && !w.capitals && !rules::PREPOSITIONS.contains(&w.folded);
        let long: Vec<bool> = words
            .iter()
            .enumerate()
            .filter(|(i, w)| !known(*i) && tells(w))
            .map(|(_, w)| is_capital(text, w))
            .collect();
        let capital = long.iter().filter(|c| **c).count();
        let (upper, lower) = text
            .chars()
            .fold((0, 0), |(u, l), c| (u + usize::from(c.is_uppercase()), l + usize::from(c.is_lowercase())));
        Surroundings {
            text,
            words,
            hits,
            titled: long.len() > 2 && capital * 4 >= long.len() * 3,
            shouts: upper > lower,
        }
    }

    fn before(&self, hit: &Hit) -> Option<&Word<'a>> {
        let word = hit.first.checked_sub(1).and_then(|i| self.words.get(i))?;
        let between = &self.text[word.end..self.words[hit.first].start];
        (between.trim_matches([' ', '\u{a0}', '\'', '’', '.']).is_empty() && !between.contains(". ")).then_some(word)
    }

    fn has_preposition(&self, hit: &Hit) -> bool {
        self.before(hit).is_some_and(|w| rules::PREPOSITIONS.contains(&w.folded))
    }

    fn has_article(&self, hit: &Hit) -> bool {
        self.before(hit).is_some_and(|w| ["la", "le", "el", "ile", "isla", "l"].contains(&w.folded))
    }

    /// A capitalised neighbour that is nothing else, and no preposition before: somebody's name.
    fn is_person(&self, hit: &Hit) -> bool {
        let (before, after) = (self.before(hit), self.words.get(hit.last + 1));
        let called =
            |w: &Word<'_>| ["mr", "mrs", "ms", "dr", "mme", "monsieur", "madame", "sr", "sra", "m"].contains(&w.folded);
        if before.is_some_and(called) {
            return true;
        }
        let known = |i: usize| self.hits.iter().any(|h| h.first <= i && i <= h.last);
        let named = |w: &Word<'_>| {
            is_capital(self.text, w) && !w.capitals && w.folded.len() > 1 && !rules::BESIDE.contains(&w.folded)
        };
        if self.titled || self.has_preposition(hit) {
            return false;
        }
        let adjoins = |w: &Word<'_>| &self.text[self.words[hit.last].end..w.start] == " ";
        let surname = after.is_some_and(|w| adjoins(w) && named(w) && !known(hit.last + 1));
        let given =
            before.is_some_and(|w| named(w) && !rules::PREPOSITIONS.contains(&w.folded) && !known(hit.first - 1));
        surname || given || self.has_age(hit)
    }

    /// `Chad, 34, fled`: an age behind a comma.
    fn has_age(&self, hit: &Hit) -> bool {
        let Some(number) = self.words.get(hit.last + 1) else { return false };
        let comma = self.text[self.words[hit.last].end..number.start].trim() == ",";
        let age = number.folded.len() <= 2 && number.folded.chars().all(|c| c.is_ascii_digit());
        let next = self.words.get(hit.last + 2).map_or("", |w| w.folded);
        comma && age && (self.text[number.end..].starts_with(',') || ["ans", "years", "anos"].contains(&next))
    }
}

/// True where a text has a mention's one word in small letters: a turkey, fine china.
fn is_small_in(text: &str, mention: &Mention) -> bool {
    let small = mention.evidence.words.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == small)
}

fn is_capital(text: &str, word: &Word<'_>) -> bool {
    text[word.start..].chars().next().is_some_and(char::is_uppercase)
}
