//! An index filled at once: documents get their numbers in the order of publication. It holds no heading whole.

use std::collections::HashMap;

use super::facet::{Gathered, bitmap};
use super::month::{Calendar, Month, Months};
use super::order::Order;
use super::{Changed, Index};
use crate::article::{ArticleId, Country, Heading, Language, Mark, SourceId, StoryId, ThemeSlug};

/// What an index is to be filled with, in any order.
#[derive(Debug, Default)]
pub struct Fill {
    ids: Vec<ArticleId>,
    stories: Vec<StoryId>,
    languages: Vec<Language>,
    published: Vec<jiff::Timestamp>,
    months: Vec<Month>,
    changed: Vec<Mark>,
    withdrawn: Vec<u32>,
    no_news: Vec<u32>,
    by_country: Gathered<Country>,
    by_theme: Gathered<ThemeSlug>,
    by_language: Gathered<Language>,
    by_source: Gathered<SourceId>,
}

impl Fill {
    /// Takes an article in; each must come once.
    pub fn add(&mut self, heading: &Heading) {
        let place = self.ids.len() as u32;
        let (tags, former) = (&heading.tags, &heading.former);
        self.ids.push(heading.id);
        self.stories.push(heading.story);
        self.languages.push(tags.language);
        self.published.push(heading.published);
        self.months.push(Month::of(heading.first_seen));
        self.changed.push(heading.changed);
        if heading.withdrawn {
            self.withdrawn.push(place);
        }
        if !heading.news {
            self.no_news.push(place);
        }
        self.by_country.add(place, &tags.countries, &former.countries);
        self.by_theme.add(place, &tags.themes, &former.themes);
        self.by_language.add(place, &[tags.language], &former.languages);
        self.by_source.add(place, std::slice::from_ref(&tags.source), &former.sources);
    }

    /// The index. Stories of more than one article are still to be placed.
    pub fn index(self) -> Index {
        let count = self.ids.len() as u32;
        let mut places: Vec<u32> = (0..count).collect();
        places.sort_unstable_by_key(|place| (self.published[*place as usize], self.ids[*place as usize]));
        let mut numbers = vec![0u32; places.len()];
        places.iter().zip(0..).for_each(|(place, doc)| numbers[*place as usize] = doc);
        let dead = bitmap(self.withdrawn.iter().copied(), &numbers);
        let mut all = roaring::RoaringBitmap::new();
        all.insert_range(0..count);
        let live = &all - &dead;
        let mut changed = Changed::default();
        let marks = in_order(self.changed, &places);
        marks.into_iter().zip(0..).for_each(|(mark, doc)| changed.set(doc, mark));
        let months = in_order(self.months, &places);
        let ids = in_order(self.ids, &places);
        let stories_of = in_order(self.stories, &places);
        let mut withdrawn: HashMap<StoryId, Vec<u32>> = HashMap::new();
        for doc in &dead {
            withdrawn.entry(stories_of[doc as usize]).or_default().push(doc);
        }
        Index {
            numbers: ids.iter().copied().zip(0..).collect(),
            ids,
            stories_of,
            languages_of: in_order(self.languages, &places),
            published: in_order(self.published, &places),
            changed,
            calendar: Calendar::of(&months),
            months_of: months.into_iter().map(Months::of).collect(),
            order: Order::of(count),
            news: all - bitmap(self.no_news.into_iter(), &numbers),
            leads: live.clone(),
            live,
            dead,
            several: roaring::RoaringBitmap::new(),
            countries: self.by_country.facet(&numbers),
            themes: self.by_theme.facet(&numbers),
            languages: self.by_language.facet(&numbers),
            sources: self.by_source.facet(&numbers),
            stories: HashMap::new(),
            withdrawn,
        }
    }
}

fn in_order<T: Copy>(values: Vec<T>, places: &[u32]) -> Vec<T> {
    places.iter().map(|place| values[*place as usize]).collect()
}
