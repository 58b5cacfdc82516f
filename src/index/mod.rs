//! Facet bitmaps in memory: which articles a filter selects, the newest first. It follows the change log through its
//! caller and never touches a store.

mod history;
pub mod text;

pub use history::{Archive, Gone, Matching, Month};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

use crate::article::{ArticleId, Country, Language, Region, SourceId, Story, StoryEntry, StoryId, ThemeSlug};

/// What is indexed of an article.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Which.
    pub id: ArticleId,
    /// Its story.
    pub story: StoryId,
    /// Its language.
    pub language: Language,
    /// Its source.
    pub source: SourceId,
    /// Its countries.
    pub countries: Vec<Country>,
    /// Its themes.
    pub themes: Vec<ThemeSlug>,
    /// False for tenders and vacancies.
    pub news: bool,
    /// When it was published.
    pub published: Timestamp,
    /// When it was stored first.
    pub first_seen: Timestamp,
    /// Where the log last spoke of it.
    pub changed: Mark,
}

/// A place in the change log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The change's number.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
}

/// A selection to be made.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these countries; none: all.
    pub countries: BTreeSet<Country>,
    /// Any of these regions.
    pub regions: BTreeSet<Region>,
    /// Any of these themes.
    pub themes: BTreeSet<ThemeSlug>,
    /// Any of these languages.
    pub languages: BTreeSet<Language>,
    /// Any of these sources.
    pub sources: BTreeSet<SourceId>,
    /// Published at or after.
    pub since: Option<Timestamp>,
    /// Published at or before.
    pub until: Option<Timestamp>,
    /// Only the lead of each story and language.
    pub dedupe: bool,
    /// One article a story, in this language where there is one.
    pub prefer: Option<Language>,
    /// The most to give.
    pub limit: usize,
    /// Also give all published within 24 hours before the newest, at most 200 more.
    pub extend_day: bool,
    /// Tenders and vacancies too.
    pub include_no_news: bool,
    /// Of what all that gives, only these: the documents that hold the words asked for.
    pub holding: Option<Arc<RoaringBitmap>>,
}

/// What a filter selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The newest first, by publication and then id.
    pub ids: Vec<ArticleId>,
    /// How many match in all.
    pub total: u64,
    /// The latest change among what matches or matched.
    pub last_change: Option<Timestamp>,
}

/// Live stories by facet value.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// By country.
    pub countries: BTreeMap<Country, u64>,
    /// By theme.
    pub themes: BTreeMap<ThemeSlug, u64>,
    /// By language.
    pub languages: BTreeMap<Language, u64>,
    /// By source, every article.
    pub sources: BTreeMap<SourceId, u64>,
}

/// A facet's values: who has them now, and who ever had.
#[derive(Debug)]
struct Facet<K> {
    now: BTreeMap<K, RoaringBitmap>,
    ever: BTreeMap<K, RoaringBitmap>,
}

impl<K: Ord + Clone> Default for Facet<K> {
    fn default() -> Facet<K> {
        Facet { now: BTreeMap::new(), ever: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Facet<K> {
    fn put(&mut self, doc: u32, values: impl Iterator<Item = K>) {
        for value in values {
            self.now.entry(value.clone()).or_default().insert(doc);
            self.ever.entry(value).or_default().insert(doc);
        }
    }

    fn clear(&mut self, doc: u32, values: impl Iterator<Item = K>) {
        for value in values {
            if let Some(bits) = self.now.get_mut(&value) {
                bits.remove(doc);
            }
        }
    }

    fn any(bits: &BTreeMap<K, RoaringBitmap>, wanted: &BTreeSet<K>) -> RoaringBitmap {
        wanted.iter().filter_map(|value| bits.get(value)).fold(RoaringBitmap::new(), |all, bits| all | bits)
    }
}

/// The index. It is built again from the log at every start.
#[derive(Debug, Default)]
pub struct Index {
    docs: Vec<Facts>,
    /// Of each document, as long as `docs`.
    months_of: Vec<history::Months>,
    numbers: HashMap<ArticleId, u32>,
    /// Every document, the newest last.
    order: BTreeSet<(Timestamp, ArticleId, u32)>,
    live: RoaringBitmap,
    leads: RoaringBitmap,
    news: RoaringBitmap,
    countries: Facet<Country>,
    themes: Facet<ThemeSlug>,
    languages: Facet<Language>,
    sources: Facet<SourceId>,
    stories: HashMap<StoryId, Vec<StoryEntry>>,
    /// What was withdrawn of a story.
    withdrawn: HashMap<StoryId, Vec<u32>>,
}

impl Index {
    /// An index of nothing.
    pub fn new() -> Index {
        Index::default()
    }

    /// Takes an article in, or its new facts, and who leads its story now.
    pub fn put(&mut self, facts: Facts, story: &Story) {
        let doc = match self.numbers.get(&facts.id).copied() {
            Some(doc) => {
                let old = self.docs[doc as usize].clone();
                self.order.remove(&(old.published, old.id, doc));
                self.countries.clear(doc, old.countries.into_iter());
                self.themes.clear(doc, old.themes.into_iter());
                self.languages.clear(doc, std::iter::once(old.language));
                self.sources.clear(doc, std::iter::once(old.source));
                self.docs[doc as usize] = facts.clone();
                doc
            }
            None => {
                let doc = self.docs.len() as u32;
                self.numbers.insert(facts.id, doc);
                self.docs.push(facts.clone());
                self.months_of.push(history::Months::default());
                doc
            }
        };
        self.months_of[doc as usize] = history::Months::of(facts.first_seen);
        self.order.insert((facts.published, facts.id, doc));
        self.live.insert(doc);
        self.keep_withdrawn(facts.story, doc, false);
        if facts.news {
            self.news.insert(doc);
        } else {
            self.news.remove(doc);
        }
        self.countries.put(doc, facts.countries.into_iter());
        self.themes.put(doc, facts.themes.into_iter());
        self.languages.put(doc, std::iter::once(facts.language));
        self.sources.put(doc, std::iter::once(facts.source));
        self.lead(story, facts.changed);
    }

    /// Takes an article out; its story may have a new lead.
    pub fn withdraw(&mut self, id: ArticleId, at: Mark, story: Option<&Story>) {
        if let Some(doc) = self.numbers.get(&id).copied() {
            self.live.remove(doc);
            self.leads.remove(doc);
            let facts = &mut self.docs[doc as usize];
            facts.changed = facts.changed.max(at);
            let story = facts.story;
            self.keep_withdrawn(story, doc, true);
        }
        if let Some(story) = story {
            self.lead(story, at);
        }
    }

    /// Notes that a document is withdrawn, or no more.
    fn keep_withdrawn(&mut self, story: StoryId, doc: u32, withdrawn: bool) {
        if withdrawn {
            let docs = self.withdrawn.entry(story).or_default();
            docs.push(doc);
            docs.sort_unstable();
            docs.dedup();
        } else if let Some(docs) = self.withdrawn.get_mut(&story) {
            docs.retain(|other| *other != doc);
        }
    }

    /// Marks the leads of a story; every member whose place changed has changed.
    fn lead(&mut self, story: &Story, at: Mark) {
        for member in &story.members {
            let Some(doc) = self.numbers.get(member).copied() else { continue };
            let leads_now = self.live.contains(doc) && story.entries.iter().any(|entry| entry.lead == *member);
            let led = if leads_now { !self.leads.insert(doc) } else { self.leads.remove(doc) };
            if led != leads_now || self.live.contains(doc) {
                let changed = &mut self.docs[doc as usize].changed;
                *changed = (*changed).max(at);
            }
        }
        self.date(story);
        self.stories.insert(story.id, story.entries.clone());
    }

    /// The number of an article, which it keeps as long as the index lives.
    pub fn number(&self, id: ArticleId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// The live documents of these sources.
    pub fn of_sources<'a>(&self, sources: impl Iterator<Item = &'a SourceId>) -> RoaringBitmap {
        sources.filter_map(|source| self.sources.now.get(source)).fold(RoaringBitmap::new(), |all, bits| all | bits)
    }

    /// Every source that a document has.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.sources.now.keys()
    }

    /// What is known of an article.
    pub fn get(&self, id: ArticleId) -> Option<&Facts> {
        self.numbers.get(&id).map(|doc| &self.docs[*doc as usize])
    }

    /// What a filter selects.
    pub fn select(&self, filter: &Filter) -> Selection {
        let ever = self.facets(filter, true);
        let matching = self.matching(filter).0;
        let mut ids = Vec::new();
        let mut day = None;
        let most = filter.limit.saturating_add(if filter.extend_day { 200 } else { 0 });
        for (at, id) in self.newest(&matching) {
            let floor =
                *day.get_or_insert_with(|| at.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN));
            if ids.len() >= most || (ids.len() >= filter.limit && !(filter.extend_day && at >= floor)) {
                break;
            }
            ids.push(id);
        }
        let last_change = ever.iter().map(|doc| self.docs[doc as usize].changed.at).max();
        Selection { ids, total: matching.len(), last_change }
    }

    /// Every document that a filter matches.
    pub fn matching(&self, filter: &Filter) -> Matching {
        let mut matching = self.facets(filter, false) & &self.live;
        if filter.dedupe {
            matching &= &self.leads;
        }
        if !filter.include_no_news {
            matching &= &self.news;
        }
        if let Some(language) = filter.prefer {
            matching = matching.iter().filter(|doc| self.is_preferred(*doc, language, &matching)).collect();
        }
        let matching = self.within(matching, filter);
        Matching(match &filter.holding {
            Some(holding) => matching & &**holding,
            None => matching,
        })
    }

    /// Those that were published when the filter says.
    fn within(&self, docs: RoaringBitmap, filter: &Filter) -> RoaringBitmap {
        if filter.since.is_none() && filter.until.is_none() {
            return docs;
        }
        let within = |doc: &u32| {
            let at = self.docs[*doc as usize].published;
            filter.since.is_none_or(|since| at >= since) && filter.until.is_none_or(|until| at <= until)
        };
        docs.iter().filter(within).collect()
    }

    fn facets(&self, filter: &Filter, ever: bool) -> RoaringBitmap {
        let mut bits = RoaringBitmap::new();
        bits.insert_range(0..self.docs.len() as u32);
        let mut countries = filter.countries.clone();
        if !filter.regions.is_empty() {
            let of_regions: BTreeSet<Country> =
                Country::all().filter(|c| filter.regions.contains(&c.region())).collect();
            bits &= Facet::any(if ever { &self.countries.ever } else { &self.countries.now }, &of_regions);
        }
        if !countries.is_empty() {
            bits &= Facet::any(
                if ever { &self.countries.ever } else { &self.countries.now },
                &std::mem::take(&mut countries),
            );
        }
        if !filter.themes.is_empty() {
            bits &= Facet::any(if ever { &self.themes.ever } else { &self.themes.now }, &filter.themes);
        }
        if !filter.languages.is_empty() {
            bits &= Facet::any(if ever { &self.languages.ever } else { &self.languages.now }, &filter.languages);
        }
        if !filter.sources.is_empty() {
            bits &= Facet::any(if ever { &self.sources.ever } else { &self.sources.now }, &filter.sources);
        }
        bits
    }

    /// One a story: the lead in the language asked for, else the story's first entry that matches.
    fn is_preferred(&self, doc: u32, language: Language, matching: &RoaringBitmap) -> bool {
        let facts = &self.docs[doc as usize];
        let Some(entries) = self.stories.get(&facts.story) else { return true };
        let matches = |entry: &StoryEntry| self.numbers.get(&entry.lead).is_some_and(|doc| matching.contains(*doc));
        let preferred = entries
            .iter()
            .find(|entry| entry.language == language && matches(entry))
            .or_else(|| entries.iter().find(|entry| matches(entry)));
        preferred.is_none_or(|entry| entry.lead == facts.id)
    }

    /// The newest first. A few are sorted; many are met on the way down the order of all.
    fn newest<'a>(&'a self, matching: &'a RoaringBitmap) -> Box<dyn Iterator<Item = (Timestamp, ArticleId)> + 'a> {
        if matching.len() < 4_096 {
            let mut found: Vec<_> =
                matching.iter().map(|doc| (self.docs[doc as usize].published, self.docs[doc as usize].id)).collect();
            found.sort_unstable_by(|a, b| b.cmp(a));
            return Box::new(found.into_iter());
        }
        Box::new(self.order.iter().rev().filter(|(_, _, doc)| matching.contains(*doc)).map(|(at, id, _)| (*at, *id)))
    }

    /// Live stories by facet value.
    pub fn counts(&self) -> Counts {
        let shown = &(&self.live & &self.leads) & &self.news;
        fn count<K: Ord + Clone>(facet: &Facet<K>, shown: &RoaringBitmap) -> BTreeMap<K, u64> {
            facet
                .now
                .iter()
                .map(|(value, bits)| (value.clone(), bits.intersection_len(shown)))
                .filter(|(_, n)| *n > 0)
                .collect()
        }
        let sources =
            self.sources.ever.iter().map(|(id, bits)| (id.clone(), bits.intersection_len(&self.live))).collect();
        Counts {
            countries: count(&self.countries, &shown),
            themes: count(&self.themes, &shown),
            languages: count(&self.languages, &shown),
            sources,
        }
    }
}
