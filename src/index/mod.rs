//! Facet bitmaps in memory: which articles a filter selects, the newest first. It is filled from headings, follows the
//! change log through its caller, and never touches a store.

mod changed;
mod facet;
mod fill;
mod history;
mod month;
mod order;
#[cfg(test)]
mod tests;
pub mod text;

pub use fill::Fill;
pub use history::{Archive, Archives, Gone, Matching};
pub use month::{Month, NotAMonth};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

use self::changed::Changed;
use self::facet::{Facet, When};
use self::month::{Calendar, Months};
use self::order::Order;
use crate::article::{
    ArticleId, Country, Heading, Language, Region, SourceId, Story, StoryEntry, StoryId, Tags, ThemeSlug,
};

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
    /// True when that is all that matches.
    pub complete: bool,
    /// The latest change among what matches or matched.
    pub last_change: Option<Timestamp>,
}

/// A part of all that a filter matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The newest first.
    pub ids: Vec<ArticleId>,
    /// How many match in all.
    pub total: u64,
    /// Behind which place the next part begins; none at the end.
    pub next: Option<(Timestamp, ArticleId)>,
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

/// More than its limit, for what was published within a day before its newest entry.
const MORE: usize = 200;

/// The index. It is filled from the store at every start; what a document is stands in lists by its number.
#[derive(Debug, Default)]
pub struct Index {
    ids: Vec<ArticleId>,
    stories_of: Vec<StoryId>,
    languages_of: Vec<Language>,
    published: Vec<Timestamp>,
    changed: Changed,
    months_of: Vec<Months>,
    numbers: HashMap<ArticleId, u32>,
    order: Order,
    calendar: Calendar,
    live: RoaringBitmap,
    dead: RoaringBitmap,
    leads: RoaringBitmap,
    /// Leads of stories with more than one entry.
    several: RoaringBitmap,
    news: RoaringBitmap,
    countries: Facet<Country>,
    themes: Facet<ThemeSlug>,
    languages: Facet<Language>,
    sources: Facet<SourceId>,
    /// Those of more than one member: of the others there is nothing to tell.
    stories: HashMap<StoryId, Box<[StoryEntry]>>,
    /// What was withdrawn of a story, in the order of its members.
    withdrawn: HashMap<StoryId, Vec<u32>>,
}

impl Index {
    /// An index of nothing.
    pub fn new() -> Index {
        Index::default()
    }

    /// Takes an article in, or what is known of it now. Its story is to be placed afterwards, unless it is new and alone in
    /// it; and so is the story that it left.
    pub fn put(&mut self, heading: &Heading) {
        let known = self.numbers.get(&heading.id).copied();
        let doc = known.unwrap_or_else(|| self.add(heading));
        let n = doc as usize;
        // Until its story is placed it stands for itself.
        let mut begins = known.is_none() || self.dead.contains(doc);
        if known.is_some() {
            self.calendar.touch(self.months_of[n]);
            let story = std::mem::replace(&mut self.stories_of[n], heading.story);
            if story != heading.story {
                // What is left of that story is placed anew, where anything of it is still shown.
                self.stories.remove(&story);
                self.forget_withdrawn(story, doc);
                begins = true;
                self.set_months(doc, Months::of(self.months_of[n].own));
            }
            self.languages_of[n] = heading.tags.language;
        }
        self.redate(doc, heading.published, known.is_none());
        self.changed.set(doc, heading.changed);
        set(&mut self.live, doc, !heading.withdrawn);
        set(&mut self.dead, doc, heading.withdrawn);
        set(&mut self.news, doc, heading.news);
        if heading.withdrawn {
            self.leads.remove(doc);
            self.several.remove(doc);
            let docs = self.withdrawn.entry(heading.story).or_default();
            if !docs.contains(&doc) {
                docs.push(doc);
            }
        } else {
            self.forget_withdrawn(heading.story, doc);
            if begins {
                self.leads.insert(doc);
                self.several.remove(doc);
            }
        }
        let (tags, former) = (&heading.tags, &heading.former);
        self.countries.set(doc, &tags.countries, &former.countries);
        self.themes.set(doc, &tags.themes, &former.themes);
        self.languages.set(doc, &[tags.language], &former.languages);
        self.sources.set(doc, std::slice::from_ref(&tags.source), &former.sources);
        self.calendar.touch(self.months_of[n]);
    }

    /// Gives a new article its number.
    fn add(&mut self, heading: &Heading) -> u32 {
        let doc = self.ids.len() as u32;
        let months = Months::of(Month::of(heading.first_seen));
        self.numbers.insert(heading.id, doc);
        self.ids.push(heading.id);
        self.stories_of.push(heading.story);
        self.languages_of.push(heading.tags.language);
        self.published.push(heading.published);
        self.months_of.push(months);
        self.calendar.set(doc, None, months);
        doc
    }

    fn forget_withdrawn(&mut self, story: StoryId, doc: u32) {
        if let Some(docs) = self.withdrawn.get_mut(&story) {
            docs.retain(|other| *other != doc);
            if docs.is_empty() {
                self.withdrawn.remove(&story);
            }
        }
    }

    fn set_months(&mut self, doc: u32, months: Months) {
        let before = std::mem::replace(&mut self.months_of[doc as usize], months);
        self.calendar.set(doc, Some(before), months);
    }

    /// Takes note of who leads a story, and of the months of its entries: those of their first articles.
    pub fn place(&mut self, story: &Story) {
        let own = |index: &Index, id: &ArticleId| Some(index.months_of[*index.numbers.get(id)? as usize].own);
        let founded = story.members.first().and_then(|id| own(self, id));
        let mut withdrawn = Vec::new();
        for member in &story.members {
            let Some(doc) = self.numbers.get(member).copied() else { continue };
            let mut months = self.months_of[doc as usize];
            self.calendar.touch(months);
            let entry = story.entries.iter().find(|entry| entry.lead == *member);
            months.entry = entry.and_then(|entry| own(self, &entry.entry)).unwrap_or(months.own);
            months.story = founded.unwrap_or(months.own);
            self.set_months(doc, months);
            self.calendar.touch(months);
            let leads = entry.is_some() && self.live.contains(doc);
            set(&mut self.leads, doc, leads);
            set(&mut self.several, doc, leads && story.entries.len() > 1);
            if self.dead.contains(doc) {
                withdrawn.push(doc);
            }
        }
        if withdrawn.is_empty() {
            self.withdrawn.remove(&story.id);
        } else {
            self.withdrawn.insert(story.id, withdrawn);
        }
        if story.members.len() > 1 {
            self.stories.insert(story.id, story.entries.clone().into_boxed_slice());
        } else {
            self.stories.remove(&story.id);
        }
    }

    /// How many articles it knows, withdrawn ones among them.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True for an index of nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The number of an article, which it keeps while the program runs.
    pub fn number(&self, id: ArticleId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// The documents of these sources.
    pub fn of_sources<'a>(&self, sources: impl Iterator<Item = &'a SourceId>) -> RoaringBitmap {
        self.sources.any(&sources.cloned().collect(), When::Now)
    }

    /// Every source that a document has.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.sources.values()
    }

    /// The article of a number.
    pub fn id(&self, number: u32) -> Option<ArticleId> {
        self.ids.get(number as usize).copied()
    }

    /// What filters ask of an article.
    pub fn tags(&self, id: ArticleId) -> Option<Tags> {
        let doc = self.number(id)?;
        Some(Tags {
            language: self.languages_of[doc as usize],
            source: self.sources.of(doc).into_iter().next()?,
            countries: self.countries.of(doc),
            themes: self.themes.of(doc),
        })
    }

    /// Where an article stands in the order of feeds.
    pub fn place_in_order(&self, id: ArticleId) -> Option<(Timestamp, ArticleId)> {
        Some(self.place_of(self.number(id)?))
    }

    /// What a filter selects.
    pub fn select(&self, filter: &Filter) -> Selection {
        let candidates = self.candidates(filter);
        let within = self.within(candidates.clone(), filter);
        let mut newest =
            self.newest(&within, None).filter(|(_, doc)| self.is_shown(*doc, &candidates, filter)).peekable();
        let mut ids = Vec::new();
        let mut day = None;
        let most = filter.limit.saturating_add(if filter.extend_day { MORE } else { 0 });
        while let Some(((at, id), _)) = newest.peek().copied() {
            let floor =
                *day.get_or_insert_with(|| at.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN));
            if ids.len() >= most || (ids.len() >= filter.limit && !(filter.extend_day && at >= floor)) {
                break;
            }
            ids.push(id);
            newest.next();
        }
        let complete = newest.peek().is_none();
        Selection { ids, complete, last_change: self.last_change(filter) }
    }

    /// The latest change among what a filter's facets match or matched.
    pub fn last_change(&self, filter: &Filter) -> Option<Timestamp> {
        let mut ever = self.everything();
        self.narrow(&mut ever, filter, When::Ever);
        self.changed.latest(&ever)
    }

    /// A part of all that a filter matches, of at most its limit, behind a place in it.
    pub fn part(&self, filter: &Filter, after: Option<(Timestamp, ArticleId)>) -> Part {
        let (docs, limit) = (self.matching(filter), filter.limit);
        let mut newest = self.newest(&docs.0, after);
        let places: Vec<(Timestamp, ArticleId)> = newest.by_ref().take(limit).map(|(place, _)| place).collect();
        let next = if newest.next().is_some() { places.last().copied() } else { None };
        Part { ids: places.into_iter().map(|(_, id)| id).collect(), total: docs.len(), next }
    }

    /// Every document that a filter matches.
    pub fn matching(&self, filter: &Filter) -> Matching {
        let candidates = self.candidates(filter);
        let within = self.within(candidates.clone(), filter);
        if filter.prefer.is_none() {
            return Matching(within);
        }
        // Only stories of several entries have one to prefer.
        let several = &within & &self.several;
        let others: RoaringBitmap = several.iter().filter(|doc| !self.is_shown(*doc, &candidates, filter)).collect();
        Matching(within - others)
    }

    /// True where a filter matches one of these articles.
    pub fn matches_any(&self, ids: &[ArticleId], filter: &Filter) -> bool {
        let docs = self.matching(filter).0;
        ids.iter().filter_map(|id| self.number(*id)).any(|doc| docs.contains(doc))
    }

    /// What a filter lets through, but for its dates, its words and which entry of a story it prefers.
    fn candidates(&self, filter: &Filter) -> RoaringBitmap {
        let mut docs = if filter.dedupe || filter.prefer.is_some() { self.leads.clone() } else { self.live.clone() };
        if !filter.include_no_news {
            docs &= &self.news;
        }
        self.narrow(&mut docs, filter, When::Now);
        docs
    }

    fn everything(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        all.insert_range(0..self.ids.len() as u32);
        all
    }

    /// Keeps what bears the values that a filter asks for.
    fn narrow(&self, docs: &mut RoaringBitmap, filter: &Filter, when: When) {
        if !filter.regions.is_empty() {
            let of_regions = Country::all().filter(|c| filter.regions.contains(&c.region())).collect();
            *docs &= self.countries.any(&of_regions, when);
        }
        if !filter.countries.is_empty() {
            *docs &= self.countries.any(&filter.countries, when);
        }
        if !filter.themes.is_empty() {
            *docs &= self.themes.any(&filter.themes, when);
        }
        if !filter.languages.is_empty() {
            *docs &= self.languages.any(&filter.languages, when);
        }
        if !filter.sources.is_empty() {
            *docs &= self.sources.any(&filter.sources, when);
        }
    }

    /// One a story, where a language is preferred: the lead in that language, else the story's first entry that matches.
    fn is_shown(&self, doc: u32, candidates: &RoaringBitmap, filter: &Filter) -> bool {
        let Some(language) = filter.prefer.filter(|_| self.several.contains(doc)) else { return true };
        let Some(entries) = self.stories.get(&self.stories_of[doc as usize]) else { return true };
        let matches = |entry: &StoryEntry| self.numbers.get(&entry.lead).is_some_and(|doc| candidates.contains(*doc));
        let preferred = entries
            .iter()
            .find(|entry| entry.language == language && matches(entry))
            .or_else(|| entries.iter().find(|entry| matches(entry)));
        preferred.is_none_or(|entry| entry.lead == self.ids[doc as usize])
    }

    /// Live stories by facet value.
    pub fn counts(&self) -> Counts {
        let shown = &(&self.live & &self.leads) & &self.news;
        fn count<K: Ord + Clone>(facet: &Facet<K>, shown: &RoaringBitmap) -> BTreeMap<K, u64> {
            facet.count(shown).filter(|(_, n)| *n > 0).collect()
        }
        Counts {
            countries: count(&self.countries, &shown),
            themes: count(&self.themes, &shown),
            languages: count(&self.languages, &shown),
            sources: self.sources.count(&self.live).collect(),
        }
    }
}

fn set(bits: &mut RoaringBitmap, doc: u32, is_in: bool) {
    if is_in {
        bits.insert(doc);
    } else {
        bits.remove(doc);
    }
}
