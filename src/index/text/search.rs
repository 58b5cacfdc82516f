//! Looking words up: a query's words become terms, each term's articles a set, and the sets are put together here.
//! It gives numbers of the facet index, so that all other filters, and the order, are that one's work.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;
use tantivy::index::{SegmentId, SegmentReader};
use tantivy::query::{EnableScoring, PhraseQuery, Query as _};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use super::bits::Bits;
use super::hits::Hits;
use super::terms::{Run, Terms, Tongue, terms};
use super::{Fields, Text, TextError};
use crate::article::ArticleId;
use crate::query::TextFilter;

/// So many articles are numbered at once.
const CHUNK: u32 = 4_096;

/// How much of an article is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Title and text.
    Text,
    /// Title and summary.
    Summary,
    /// The title alone.
    Title,
}

/// A word or a phrase in one of its readings: terms that stand side by side.
pub(super) type Reading = Vec<String>;

/// What is looked for, read in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    wanted: Vec<Vec<Reading>>,
    unwanted: Vec<Vec<Reading>>,
}

impl Plan {
    /// What a filter looks for.
    pub fn of(filter: &TextFilter) -> Plan {
        let read = |parts: &[String]| parts.iter().map(|p| readings(p)).filter(|all| !all.is_empty()).collect();
        Plan { wanted: read(&filter.wanted), unwanted: read(&filter.unwanted) }
    }
}

/// Each language's reading: as it is written, and without accents; where short words may have been parted from the next
/// one by leaving out an apostrophe (`cote d ivoire`), without them, too.
fn readings(part: &str) -> Vec<Reading> {
    let mut all: Vec<Reading> = Vec::new();
    for tongue in Tongue::ALL {
        let terms: Vec<Terms> = terms(part, tongue).collect();
        for drops in [[Run::In, Run::In], [Run::In, Run::Short]] {
            let kept = || terms.iter().filter(|term| !drops.contains(&term.run));
            let written: Reading = kept().map(|t| t.written.clone()).collect();
            let plain: Reading = kept().map(|t| t.plain.as_ref().unwrap_or(&t.written).clone()).collect();
            for reading in [written, plain] {
                if !reading.is_empty() && !all.contains(&reading) {
                    all.push(reading);
                }
            }
        }
    }
    all
}

/// The numbers of each part's articles in the facet index; parts never change, so neither do these.
pub type Numbers = HashMap<SegmentId, Arc<[u32]>>;

/// A state of the index that can be searched, however it goes on.
pub struct Snapshot {
    searcher: Searcher,
    numbers: Vec<Arc<[u32]>>,
    bound: u32,
    fields: Fields,
    hits: Arc<Hits>,
}

impl Text {
    /// Its present state. `number` tells the numbers of articles; who has none yet is not found. `known` are the numbers
    /// of former states, of which those that still count are kept.
    pub fn snapshot(
        &self,
        known: &mut Numbers,
        number: impl Fn(&[ArticleId]) -> Vec<Option<u32>>,
    ) -> Result<Snapshot, TextError> {
        let searcher = self.reader.searcher();
        let mut numbers = Vec::new();
        let mut living = Numbers::new();
        for part in searcher.segment_readers() {
            let of_part = match known.get(&part.segment_id()) {
                Some(of_part) => Arc::clone(of_part),
                None => numbered(part, &number)?,
            };
            living.insert(part.segment_id(), Arc::clone(&of_part));
            numbers.push(of_part);
        }
        self.hits.keep(&living.keys().copied().collect());
        *known = living;
        let most = numbers.iter().flat_map(|of_part| of_part.iter()).filter(|n| **n != u32::MAX).max();
        let bound = most.map_or(0, |most| most + 1);
        Ok(Snapshot { searcher, numbers, bound, fields: self.fields, hits: Arc::clone(&self.hits) })
    }
}

fn numbered(part: &SegmentReader, number: &impl Fn(&[ArticleId]) -> Vec<Option<u32>>) -> Result<Arc<[u32]>, TextError> {
    let high = part.fast_fields().u64("high")?.first_or_default_col(0);
    let low = part.fast_fields().u64("low")?.first_or_default_col(0);
    let mut numbers = Vec::with_capacity(part.max_doc() as usize);
    for begin in (0..part.max_doc()).step_by(CHUNK as usize) {
        let docs = begin..part.max_doc().min(begin + CHUNK);
        let id = |doc| ArticleId(uuid::Uuid::from_u64_pair(high.get_val(doc), low.get_val(doc)));
        let ids: Vec<ArticleId> = docs.map(id).collect();
        numbers.extend(number(&ids).into_iter().map(|number| number.unwrap_or(u32::MAX)));
    }
    Ok(numbers.into())
}

impl Snapshot {
    /// The numbers of the articles that a plan finds.
    pub fn find(&self, plan: &Plan, scope: Scope) -> Result<RoaringBitmap, TextError> {
        let mut found = Bits::none(self.bound);
        for (part, numbers) in self.searcher.segment_readers().iter().zip(&self.numbers) {
            let matching = self.search(part, plan, scope)?;
            match part.alive_bitset() {
                Some(alive) => {
                    let live = matching.iter().filter(|doc| alive.is_alive(*doc));
                    live.for_each(|doc| found.insert(numbers[doc as usize]));
                }
                None => matching.iter().for_each(|doc| found.insert(numbers[doc as usize])),
            }
        }
        Ok(found.into_bitmap())
    }

    /// What a part of the index has for a plan, deleted or not.
    fn search(&self, part: &SegmentReader, plan: &Plan, scope: Scope) -> Result<Bits, TextError> {
        let fields = match scope {
            Scope::Text => vec![self.fields.title, self.fields.text],
            Scope::Summary => vec![self.fields.title, self.fields.summary],
            Scope::Title => vec![self.fields.title],
        };
        let holding = |readings: &[Reading]| {
            self.hits.get(part.segment_id(), scope, readings, || holding(part, readings, &fields))
        };
        let mut matching = Bits::all(part.max_doc());
        for wanted in &plan.wanted {
            matching.keep(&*holding(wanted)?);
            if matching.is_empty() {
                return Ok(matching);
            }
        }
        for unwanted in &plan.unwanted {
            matching.drop(&*holding(unwanted)?);
        }
        Ok(matching)
    }
}

/// What holds one of these readings in one of these fields.
fn holding(part: &SegmentReader, readings: &[Reading], fields: &[Field]) -> Result<Bits, TextError> {
    let mut found = Bits::none(part.max_doc());
    for field in fields {
        let index = part.inverted_index(*field)?;
        for reading in readings {
            let terms: Vec<Term> = reading.iter().map(|term| Term::from_field_text(*field, term)).collect();
            if let [term] = &terms[..] {
                let Some(mut docs) =
                    index.read_postings(term, IndexRecordOption::Basic).map_err(tantivy::TantivyError::from)?
                else {
                    continue;
                };
                while docs.doc() != TERMINATED {
                    found.insert(docs.doc());
                    docs.advance();
                }
            } else {
                let phrase = PhraseQuery::new(terms);
                let phrase = phrase.weight(EnableScoring::disabled_from_schema(part.schema()))?;
                phrase.for_each_no_score(part, &mut |docs| docs.iter().for_each(|doc| found.insert(*doc)))?;
            }
        }
    }
    Ok(found)
}
