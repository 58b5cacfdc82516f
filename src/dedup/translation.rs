//! Which articles of two languages tell one story. Slugs are translated, so contents are compared: certain marks
//! first, else a score of what two languages share. It never trusts one weak sign alone.

use std::collections::HashMap;

use url::Url;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Known;
use crate::article::{Alternate, Article, ArticleId, Image};

/// A pair is linked from this score on,
pub(super) const LEAST: f32 = 5.0;
/// when it leads the next story by this.
pub(super) const MARGIN: f32 = 1.0;
/// The score of a pair that certain marks link.
pub(super) const CERTAIN: f32 = f32::INFINITY;
/// Days between the two that still allow it.
pub(super) const MOST_DAYS: i64 = 10;

/// What links an article to its translations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its canonical addresses, aliases among them.
    pub addresses: Vec<String>,
    /// Canonical addresses that the page links as its other languages.
    pub alternates: Vec<String>,
    /// Host and node number of the content system.
    pub node: Option<String>,
    /// Host and path without the language prefix.
    pub path: String,
    /// The lead image's file name, less what styles and tokens add.
    pub image: Option<String>,
}

impl Marks {
    /// The marks of an article.
    pub fn of(article: &Article) -> Marks {
        let alternates = article.alternates.iter().map(|a: &Alternate| super::canonical(&a.url, true));
        let host = host_of(&article.canonical);
        Marks {
            addresses: std::iter::once(article.canonical.clone()).chain(article.aliases.iter().cloned()).collect(),
            alternates: alternates.collect(),
            node: article.node_id.as_ref().map(|node| format!("{host} {node}")),
            path: without_language(&article.canonical),
            image: article.image.as_ref().and_then(image_key),
        }
    }

    /// What can be told of an address alone.
    pub fn of_address(canonical: Option<&str>) -> Marks {
        Marks {
            addresses: canonical.map(str::to_owned).into_iter().collect(),
            path: canonical.map(without_language).unwrap_or_default(),
            ..Marks::default()
        }
    }
}

/// The file name of an image without folder, style and token.
pub fn image_key(image: &Image) -> Option<String> {
    let name = image.url.path_segments()?.next_back()?.to_ascii_lowercase();
    (name.len() > 4).then_some(name)
}

fn host_of(canonical: &str) -> String {
    Url::parse(canonical).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
}

/// `haiti.example/fr/news/x` and `haiti.example/news/x` are one path.
fn without_language(canonical: &str) -> String {
    let bare = canonical.trim_start_matches("https://");
    let Some((host, path)) = bare.split_once('/') else { return bare.to_owned() };
    match path.split_once('/') {
        Some((prefix, rest)) if prefix.len() == 2 && prefix.bytes().all(|b| b.is_ascii_lowercase()) => {
            format!("{host}/{rest}")
        }
        _ => format!("{host}/{path}"),
    }
}

/// The page itself links the other one, or the content system gives both one number.
pub(super) fn is_certain(a: &Known, b: &Known) -> bool {
    let links = |from: &Known, to: &Known| from.marks.alternates.iter().any(|url| to.marks.addresses.contains(url));
    links(a, b) || links(b, a) || (a.marks.node.is_some() && a.marks.node == b.marks.node)
}

/// Who holds each certain mark, so that nobody else is asked.
#[derive(Debug, Default)]
pub(super) struct Holders(HashMap<u64, Vec<ArticleId>>);

/// What an article's certain marks are found by: its addresses, its links, its node.
fn keys(marks: &Marks, addresses: u8, links: u8) -> impl Iterator<Item = u64> + '_ {
    let key = |kind: u8, text: &String| xxh3_64_with_seed(text.as_bytes(), u64::from(kind));
    let addresses = marks.addresses.iter().map(move |text| key(addresses, text));
    let links = marks.alternates.iter().map(move |text| key(links, text));
    addresses.chain(links).chain(marks.node.iter().map(move |text| key(NODE, text)))
}

const ADDRESS: u8 = 0;
const LINK: u8 = 1;
const NODE: u8 = 2;

impl Holders {
    pub(super) fn add(&mut self, known: &Known) {
        keys(&known.marks, ADDRESS, LINK).for_each(|key| self.0.entry(key).or_default().push(known.id));
    }

    pub(super) fn remove(&mut self, known: &Known) {
        for key in keys(&known.marks, ADDRESS, LINK) {
            if let Some(ids) = self.0.get_mut(&key) {
                ids.retain(|id| *id != known.id);
                if ids.is_empty() {
                    self.0.remove(&key);
                }
            }
        }
    }

    /// Those who may be certain translations of a candidate: they have the address that it links, or link its own.
    pub(super) fn of<'a>(&'a self, candidate: &'a Known) -> impl Iterator<Item = ArticleId> + 'a {
        keys(&candidate.marks, LINK, ADDRESS).filter_map(|key| self.0.get(&key)).flatten().copied()
    }
}

/// How often each mark stands in what is known: what is rare links, what is common does not.
#[derive(Debug, Default)]
pub(super) struct Counts {
    articles: i64,
    numbers: HashMap<u64, i32>,
    names: HashMap<u32, i32>,
    images: HashMap<String, i32>,
}

fn count<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, i32>, key: K, by: i32) {
    match counts.entry(key) {
        std::collections::hash_map::Entry::Occupied(mut entry) => {
            *entry.get_mut() += by;
            if *entry.get() <= 0 {
                entry.remove();
            }
        }
        std::collections::hash_map::Entry::Vacant(entry) if by > 0 => {
            entry.insert(by);
        }
        std::collections::hash_map::Entry::Vacant(_) => {}
    }
}

/// Before much is known, rarity is judged as if this many articles were.
const PRIOR: f32 = 1000.0;

impl Counts {
    pub(super) fn add(&mut self, known: &Known, by: i32) {
        self.articles += i64::from(by);
        known.fingerprint.numbers.iter().for_each(|number| count(&mut self.numbers, *number, by));
        known.fingerprint.names.iter().for_each(|name| count(&mut self.names, *name, by));
        known.marks.image.iter().for_each(|image| count(&mut self.images, image.clone(), by));
    }

    /// The score of a pair; [`LEAST`] links it.
    pub(super) fn score(&self, a: &Known, b: &Known) -> f32 {
        let mut score = 0.0;
        if !a.marks.path.is_empty() && a.marks.path == b.marks.path {
            score += 8.0;
        }
        if let (Some(image), Some(other)) = (&a.marks.image, &b.marks.image)
            && image == other
            && self.images.get(image).copied().unwrap_or(0) <= 4
        {
            score += 5.0;
        }
        let (x, y) = (&a.fingerprint.numbers, &b.fingerprint.numbers);
        let shared: Vec<u64> = x.iter().copied().filter(|n| y.binary_search(n).is_ok()).collect();
        score += shared.iter().map(|n| 0.45 * self.rarity_of_number(*n)).sum::<f32>().min(6.0);
        if x.len() >= 2 && y.len() >= 2 && 3 * shared.len() < x.len().min(y.len()) {
            score -= 4.0;
        }
        let names = a.fingerprint.names.iter().filter(|n| b.fingerprint.names.binary_search(n).is_ok());
        score += names.map(|n| 0.32 * self.rarity_of_name(*n)).sum::<f32>().min(4.0);
        match (a.primary, b.primary) {
            (Some(one), Some(other)) if one == other => score += 1.5,
            (Some(_), Some(_)) => score -= 4.0,
            _ => {}
        }
        score += match (super::day(a.published) - super::day(b.published)).abs() {
            0 => 1.5,
            1 => 1.0,
            2 => 0.6,
            3 => 0.4,
            4..=7 => -0.5,
            _ => -2.0,
        };
        let ratio = a.fingerprint.words.max(1) as f32 / b.fingerprint.words.max(1) as f32;
        if !(0.7..=1.43).contains(&ratio) && !(0.55..=1.8).contains(&ratio) {
            score -= 2.0;
        }
        score
    }

    fn rarity(&self, count: i32, likely: f32) -> f32 {
        let seen = (self.articles as f32 + PRIOR) / (1.0 + count.max(0) as f32);
        seen.min(1.0 / likely).max(1.0).ln()
    }

    /// Short and round numbers stand in many texts by chance.
    fn rarity_of_number(&self, number: u64) -> f32 {
        let digits = number.to_string();
        let zeros = digits.len() - digits.trim_end_matches('0').len();
        let chance = match digits.len() {
            2 => 0.05,
            3 => 0.01,
            4 => 0.001,
            _ => 0.0001,
        };
        let round = if 2 * zeros >= digits.len() { 5.0 } else { 1.0 };
        self.rarity(self.numbers.get(&number).copied().unwrap_or(0), chance * round)
    }

    fn rarity_of_name(&self, name: u32) -> f32 {
        self.rarity(self.names.get(&name).copied().unwrap_or(0), 0.02)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::article::{Fingerprint, Language, StoryId};

    fn known(n: usize, addresses: &[u8], alternates: &[u8], node: Option<u8>) -> Known {
        let id = ArticleId::of_canonical(&n.to_string());
        let text = |of: &[u8]| of.iter().map(|n| format!("https://office.example/{n}")).collect();
        let marks = Marks {
            addresses: text(addresses),
            alternates: text(alternates),
            node: node.map(|n| n.to_string()),
            ..Marks::default()
        };
        Known {
            id,
            story: StoryId::founded_by(id),
            language: Language::FR,
            primary: None,
            published: jiff::Timestamp::UNIX_EPOCH,
            stored: jiff::Timestamp::UNIX_EPOCH,
            title: String::new(),
            fingerprint: Fingerprint::default(),
            marks,
        }
    }

    type Made = (Vec<u8>, Vec<u8>, Option<u8>);

    fn made() -> impl Strategy<Value = Made> {
        (vec(0u8..12, 1..3), vec(0u8..12, 0..3), prop::option::of(0u8..6))
    }

    proptest! {
        #[test]
        fn who_is_certain_is_found_without_asking_everybody(all in vec(made(), 1..12), gone in vec(any::<bool>(), 12), candidate in made()) {
            let mut holders = Holders::default();
            let all: Vec<Known> = all.iter().enumerate().map(|(n, (a, l, node))| known(n, a, l, *node)).collect();
            all.iter().for_each(|known| holders.add(known));
            let gone = |n: usize| gone.get(n).copied().unwrap_or(false);
            all.iter().enumerate().filter(|(n, _)| gone(*n)).for_each(|(_, known)| holders.remove(known));
            let candidate = known(99, &candidate.0, &candidate.1, candidate.2);
            let mut found: Vec<ArticleId> = holders.of(&candidate).collect();
            found.sort_unstable();
            found.dedup();
            let left = all.iter().enumerate().filter(|(n, _)| !gone(*n)).map(|(_, known)| known);
            let mut expected: Vec<ArticleId> = left.filter(|known| is_certain(known, &candidate)).map(|known| known.id).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
