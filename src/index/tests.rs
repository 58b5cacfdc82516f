//! The index held against a model that looks at everything each time, over any puts, withdrawals and filters; filled at
//! once, followed, and both.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::article::{Former, Mark, Tags};

/// What is known of every article, and nothing prepared.
#[derive(Default)]
struct Model {
    headings: BTreeMap<ArticleId, Heading>,
    /// Members in the order in which they came.
    members: BTreeMap<StoryId, Vec<ArticleId>>,
    seq: u64,
}

/// A put: which article, and what becomes of it.
#[derive(Debug, Clone)]
struct Step {
    article: u8,
    story: u8,
    language: u8,
    country: u8,
    theme: u8,
    published: u8,
    stored: u8,
    withdrawn: bool,
    news: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let numbers = (0u8..14, 0u8..9, 0u8..3, 0u8..4, 0u8..3, 0u8..60, 0u8..5);
    (numbers, proptest::bool::weighted(0.2), proptest::bool::weighted(0.9)).prop_map(
        |((article, story, language, country, theme, published, stored), withdrawn, news)| Step {
            article,
            story,
            language,
            country,
            theme,
            published,
            stored,
            withdrawn,
            news,
        },
    )
}

fn language(n: u8) -> Language {
    [Language::FR, Language::EN, Language::ES][usize::from(n)]
}

fn country(n: u8) -> Country {
    ["HTI", "KEN", "NER", "BDI"].map(|code| Country::parse(code).unwrap())[usize::from(n)]
}

fn theme(n: u8) -> ThemeSlug {
    ThemeSlug::new(["health", "shelter", "return"][usize::from(n)])
}

/// Six hours each, so that a day's window holds a few.
fn hours(n: u8) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + i64::from(n) * 21_600).unwrap()
}

impl Model {
    fn story(&self, id: StoryId) -> Story {
        let members = self.members.get(&id).cloned().unwrap_or_default();
        let mut entries: Vec<StoryEntry> = Vec::new();
        for member in &members {
            let heading = &self.headings[member];
            let language = heading.tags.language;
            if !heading.withdrawn && entries.iter().all(|entry| entry.language != language) {
                let first = members.iter().find(|id| self.headings[*id].tags.language == language);
                entries.push(StoryEntry { language, entry: first.copied().unwrap_or(*member), lead: *member });
            }
        }
        Story { id, members, entries }
    }

    /// Takes a step, and gives the headings that it changes, and the stories.
    fn take(&mut self, step: &Step) -> (Vec<ArticleId>, Vec<StoryId>) {
        let id = ArticleId(uuid::Uuid::from_u128(u128::from(step.article) * 7 % 14));
        let story = StoryId(uuid::Uuid::from_u128(1_000 + u128::from(step.story)));
        self.seq += 1;
        let changed =
            Mark { seq: self.seq, at: hours(100).saturating_add(SignedDuration::from_secs(self.seq as i64)).unwrap() };
        let tags = Tags {
            language: language(step.language),
            source: SourceId::new(&format!("s{}", step.article % 2)).unwrap(),
            countries: (0..step.country).map(country).collect(),
            themes: vec![theme(step.theme)],
        };
        let before = self.headings.get(&id).cloned();
        let former = before.as_ref().map_or_else(Former::default, |before| {
            let gone = |list: Vec<Country>| list.into_iter().filter(|c| !tags.countries.contains(c)).collect();
            let mut former = before.former.clone();
            former.countries.extend(before.tags.countries.clone());
            former.countries = gone(former.countries);
            former.themes.extend(before.tags.themes.clone());
            former.themes.retain(|theme| !tags.themes.contains(theme));
            former.languages.push(before.tags.language);
            former.languages.retain(|language| *language != tags.language);
            former
        });
        let first_seen = before.as_ref().map_or_else(
            || {
                hours(step.stored * 12)
                    .saturating_add(SignedDuration::from_hours(24 * 30 * i64::from(step.stored)))
                    .unwrap()
            },
            |before| before.first_seen,
        );
        let heading = Heading {
            id,
            story,
            tags,
            former,
            news: step.news,
            withdrawn: step.withdrawn,
            has_page: true,
            alone: false,
            published: hours(step.published),
            first_seen,
            changed,
        };
        self.headings.insert(id, heading);
        let mut stories = vec![story];
        if let Some(old) = before.map(|before| before.story).filter(|old| *old != story) {
            self.members.get_mut(&old).unwrap().retain(|member| *member != id);
            stories.push(old);
        }
        let members = self.members.entry(story).or_default();
        if !members.contains(&id) {
            members.push(id);
        }
        let mut touched = vec![id];
        for story in &stories {
            for member in self.members[story].clone() {
                let heading = self.headings.get_mut(&member).unwrap();
                if !heading.withdrawn {
                    heading.changed = changed;
                    touched.push(member);
                }
            }
        }
        (touched, stories)
    }

    fn put(&self, index: &mut Index, touched: &[ArticleId], stories: &[StoryId]) {
        let before = index.len();
        touched.iter().for_each(|id| index.put(&self.headings[id]));
        for story in stories.iter().map(|id| self.story(*id)) {
            // What is new and alone need not be placed.
            if story.members.len() > 1 || index.len() == before || stories.len() > 1 {
                index.place(&story);
            }
        }
    }

    fn filled(&self) -> Index {
        let mut fill = Fill::default();
        self.headings.values().for_each(|heading| fill.add(heading));
        let mut index = fill.index();
        self.members.iter().filter(|(_, members)| members.len() > 1).for_each(|(id, _)| index.place(&self.story(*id)));
        index
    }

    fn bears(tags: &Tags, former: Option<&Former>, filter: &Filter) -> bool {
        let former = former.cloned().unwrap_or_default();
        let countries: Vec<Country> = tags.countries.iter().copied().chain(former.countries).collect();
        let is_of = |country: &Country| filter.regions.contains(&country.region());
        (filter.countries.is_empty() || countries.iter().any(|c| filter.countries.contains(c)))
            && (filter.regions.is_empty() || countries.iter().any(is_of))
            && (filter.themes.is_empty() || tags.themes.iter().chain(&former.themes).any(|t| filter.themes.contains(t)))
            && (filter.languages.is_empty()
                || filter.languages.contains(&tags.language)
                || former.languages.iter().any(|l| filter.languages.contains(l)))
            && (filter.sources.is_empty() || filter.sources.contains(&tags.source))
    }

    fn is_within(heading: &Heading, filter: &Filter) -> bool {
        filter.since.is_none_or(|since| heading.published >= since)
            && filter.until.is_none_or(|until| heading.published <= until)
    }

    /// Matching headings, the newest first.
    fn matching(&self, filter: &Filter) -> Vec<&Heading> {
        let leads: Vec<ArticleId> =
            self.members.keys().flat_map(|id| self.story(*id).entries).map(|entry| entry.lead).collect();
        let candidates: Vec<&Heading> = (self.headings.values())
            .filter(|h| !h.withdrawn && (h.news || filter.include_no_news) && Model::bears(&h.tags, None, filter))
            .filter(|h| !filter.dedupe || leads.contains(&h.id))
            .collect();
        let is_preferred = |heading: &&Heading| {
            let Some(language) = filter.prefer else { return true };
            let entries = self.story(heading.story).entries;
            let matching: Vec<&StoryEntry> =
                entries.iter().filter(|entry| candidates.iter().any(|h| h.id == entry.lead)).collect();
            let wanted = matching.iter().find(|entry| entry.language == language).or(matching.first());
            wanted.is_some_and(|entry| entry.lead == heading.id)
        };
        let mut found: Vec<&Heading> =
            candidates.iter().copied().filter(is_preferred).filter(|h| Model::is_within(h, filter)).collect();
        found.sort_by_key(|h| std::cmp::Reverse((h.published, h.id)));
        found
    }

    fn select(&self, filter: &Filter) -> Selection {
        let all = self.matching(filter);
        let day = SignedDuration::from_hours(24);
        let floor = all.first().map(|newest| newest.published.saturating_sub(day).unwrap());
        let is_more = |h: &Heading| filter.extend_day && floor.is_some_and(|floor| h.published >= floor);
        let shown = all.iter().enumerate().take_while(|(n, h)| *n < filter.limit || is_more(h));
        let ids: Vec<ArticleId> = shown.map(|(_, h)| h.id).collect();
        let ever = self.headings.values().filter(|h| Model::bears(&h.tags, Some(&h.former), filter));
        Selection { complete: ids.len() == all.len(), ids, last_change: ever.map(|h| h.changed.at).max() }
    }

    /// Withdrawn headings whose entry went with them.
    fn gone(&self, filter: &Filter) -> BTreeSet<ArticleId> {
        let takes_its_entry = |heading: &&Heading| {
            let story = self.story(heading.story);
            let same = |language: Language| filter.prefer.is_some() || language == heading.tags.language;
            let first =
                story.members.iter().map(|id| &self.headings[id]).find(|h| h.withdrawn && same(h.tags.language));
            !filter.dedupe
                || !story.entries.iter().any(|entry| same(entry.language)) && first.is_some_and(|h| h.id == heading.id)
        };
        (self.headings.values())
            .filter(|h| h.withdrawn && (h.news || filter.include_no_news) && Model::bears(&h.tags, None, filter))
            .filter(|h| Model::is_within(h, filter))
            .filter(takes_its_entry)
            .map(|h| h.id)
            .collect()
    }

    /// Entries by month.
    fn months(&self, filter: &Filter) -> BTreeMap<Month, u32> {
        let mut months = BTreeMap::new();
        for heading in self.matching(filter) {
            let story = self.story(heading.story);
            let of = if filter.prefer.is_some() {
                story.members[0]
            } else if filter.dedupe {
                story.entries.iter().find(|entry| entry.lead == heading.id).map_or(heading.id, |entry| entry.entry)
            } else {
                heading.id
            };
            *months.entry(Month::of(self.headings[&of].first_seen)).or_default() += 1;
        }
        months
    }

    fn agrees(&self, index: &Index, filter: &Filter, known: Option<&Archives>) -> Result<Archives, TestCaseError> {
        let matching: Vec<ArticleId> = self.matching(filter).iter().map(|h| h.id).collect();
        prop_assert_eq!(&index.ids(&index.matching(filter)), &matching);
        prop_assert_eq!(index.select(filter), self.select(filter));
        let gone: BTreeSet<ArticleId> = index.tell_gone(&index.gone(filter)).into_iter().map(|g| g.article).collect();
        prop_assert_eq!(&gone, &self.gone(filter));
        if let Some(last) = matching.last() {
            let place = |id: &ArticleId| (self.headings[id].published, *id);
            let since = index.tell_gone(&index.gone_since(filter, *last)).into_iter().map(|g| g.article).collect();
            let expected: BTreeSet<ArticleId> = gone.into_iter().filter(|id| place(id) >= place(last)).collect();
            prop_assert_eq!(expected, since);
        }
        let archives = index.archives(filter, known);
        let anew = index.archives(filter, None);
        prop_assert_eq!(archives.months(), anew.months());
        let entries: BTreeMap<Month, u32> =
            archives.months().iter().map(|(month, a)| (*month, a.entries)).filter(|(_, n)| *n > 0).collect();
        prop_assert_eq!(&entries, &self.months(filter));
        for (month, n) in entries {
            prop_assert_eq!(index.in_month(month, filter).len(), u64::from(n));
        }
        // Part by part it is the same.
        let (mut after, mut parts) = (None, Vec::new());
        loop {
            let part = index.part(&Filter { limit: 3, ..filter.clone() }, after);
            prop_assert_eq!(part.total, matching.len() as u64);
            parts.extend(part.ids);
            let Some(next) = part.next else { break };
            after = Some(next);
        }
        prop_assert_eq!(parts, matching);
        for (id, heading) in &self.headings {
            let tags = index.tags(*id).unwrap();
            prop_assert_eq!((tags.language, &tags.source), (heading.tags.language, &heading.tags.source));
            prop_assert_eq!(index.number(*id).and_then(|n| index.id(n)), Some(*id));
        }
        Ok(archives)
    }
}

fn filter() -> impl Strategy<Value = Filter> {
    let sets = (
        proptest::collection::btree_set(0u8..4, 0..3),
        proptest::collection::btree_set(0u8..3, 0..2),
        proptest::collection::btree_set(0u8..3, 0..2),
        proptest::option::weighted(0.2, 0u8..2),
        any::<bool>(),
    );
    let dates = (proptest::option::weighted(0.3, 0u8..60), proptest::option::weighted(0.3, 0u8..60));
    let ways = (0u8..3, 0u8..3, 0usize..6, any::<bool>(), any::<bool>());
    (sets, dates, ways).prop_map(|((countries, themes, languages, source, by_region), (since, until), ways)| {
        let (way, preferred, limit, extend_day, include_no_news) = ways;
        let countries: BTreeSet<Country> = countries.into_iter().map(country).collect();
        let regions = countries.iter().map(|country| country.region()).filter(|_| by_region).collect();
        Filter {
            countries: if by_region { BTreeSet::new() } else { countries },
            regions,
            themes: themes.into_iter().map(theme).collect(),
            languages: languages.into_iter().map(language).collect(),
            sources: source.map(|n| SourceId::new(&format!("s{n}")).unwrap()).into_iter().collect(),
            since: since.map(hours),
            until: until.map(hours),
            dedupe: way > 0,
            prefer: (way > 1).then(|| language(preferred)),
            limit,
            extend_day,
            include_no_news,
            holding: None,
        }
    })
}

proptest! {
    #[test]
    fn it_says_what_a_model_says(
        steps in proptest::collection::vec(step(), 1..50),
        at in 0usize..50,
        filters in proptest::collection::vec(filter(), 1..4),
    ) {
        let mut model = Model::default();
        let (mut followed, mut both) = (Index::new(), Index::new());
        let mut known: Vec<Option<Archives>> = vec![None; filters.len()];
        for (n, step) in steps.iter().enumerate() {
            let (touched, stories) = model.take(step);
            model.put(&mut followed, &touched, &stories);
            if n == at {
                both = model.filled();
            } else {
                model.put(&mut both, &touched, &stories);
            }
            // Archives that were told at any time before are as good as none.
            if n % 7 == 0 {
                for (filter, known) in filters.iter().zip(&mut known) {
                    *known = Some(followed.archives(filter, known.as_ref()));
                }
            }
        }
        for (filter, known) in filters.iter().zip(&known) {
            let one = model.agrees(&followed, filter, known.as_ref())?;
            let other = model.agrees(&both, filter, None)?;
            prop_assert_eq!(one.months(), other.months());
            let filled = model.agrees(&model.filled(), filter, None)?;
            prop_assert_eq!(one.months(), filled.months());
        }
    }
}
