//! The candidates of a listing by its structure alone: links that stand alike, each in an item of its own with a title.
//! The group that looks most like news is taken, and with it what has addresses of the same make. It names what it left
//! out, and takes nothing where nothing looks like a list: every candidate is fetched.

mod group;
mod left_out;
mod link;
mod stamp;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Selector};
use url::Url;

use super::date::Reader;
use super::page::{Page, text_of};
use super::published::reader;
use super::{Candidate, MOST_CANDIDATES};
use group::{Group, Member};
pub use left_out::LeftOut;
use link::Link;

/// Groups that are looked at, the largest ones.
const MOST_GROUPS: usize = 40;
/// A group with fewer points is no list of articles.
const ENOUGH: i32 = 5;
/// Characters of a title, and of an address below the listing's own, that need no group to be believed.
const LONG_TITLE: usize = 20;
const LONG_SLUG: usize = 8;
/// Paragraphs of so many words each, and words of them all, make a page one to read.
const LONG_PARAGRAPH: usize = 20;
const MUCH_TEXT: usize = 150;

/// Where the links of some areas lead that bear a title of their own.
pub(super) fn titled(page: &Page<'_>, areas: &[ElementRef<'_>]) -> HashSet<Url> {
    let links = link::links(page, areas, &mut LeftOut::default());
    links.into_iter().filter(|link| link.title.is_some()).map(|link| link.url).collect()
}

/// Reads the areas of a page.
pub(super) fn read(page: &Page<'_>, areas: &[ElementRef<'_>]) -> (Vec<Candidate>, LeftOut) {
    let mut left = LeftOut::default();
    let links = link::links(page, areas, &mut left);
    let mut by_kind: HashMap<u64, Vec<&Link<'_>>> = HashMap::new();
    links.iter().for_each(|link| by_kind.entry(link.kind).or_default().push(link));
    let mut kinds: Vec<Vec<&Link<'_>>> = by_kind.into_values().collect();
    kinds.sort_by_key(|links| (Reverse(links.len()), links.first().map(|link| link.at)));
    let reader = reader(&page.input, None);
    let own = folder(page.input.url);
    let kinds = kinds.iter().take(MOST_GROUPS);
    let mut groups: Vec<Group<'_>> = kinds.filter_map(|links| Group::of(links, &own, reader)).collect();
    let titled: HashSet<usize> = groups.iter().flat_map(|group| &group.members).map(|m| m.link.at).collect();
    groups.retain(|group| group.points >= ENOUGH);
    groups.sort_by_key(|group| (Reverse(group.rank()), group.members.first().map(|m| m.link.at)));
    let taken = match groups.first() {
        Some(best) if !best.is_deeper && is_text(areas, best) => Vec::new(),
        Some(_) => with_alike(groups, &links, &own, reader),
        None => below(&links, page.input.url, reader),
    };
    let known: HashSet<&Url> = taken.iter().map(|member| &member.link.url).collect();
    for link in links.iter().filter(|link| !known.contains(&link.url)) {
        let has_title = link.title.is_some() || titled.contains(&link.at);
        *(if has_title { &mut left.scattered } else { &mut left.untitled }) += 1;
    }
    (taken.into_iter().map(|m| Candidate::of_page(m.link.url.clone(), m.title, m.date)).collect(), left)
}

/// The listing's own folder. That of a home page, in whatever language, tells no article from another page.
fn folder(url: &Url) -> String {
    let path = url.path().trim_end_matches('/');
    let path = path.rsplit_once('/').filter(|(_, file)| file.starts_with("index.")).map_or(path, |(folder, _)| folder);
    let path = [".html", ".htm", ".php", ".aspx"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    if path.split('/').all(|part| part.len() < 3) { String::new() } else { path.to_owned() }
}

/// The best group, those whose addresses are made like its own, and links that stand alone with such an address.
fn with_alike<'a>(groups: Vec<Group<'a>>, links: &'a [Link<'a>], own: &str, reader: Reader) -> Vec<Member<'a>> {
    let Some((pattern, is_deeper)) = groups.first().map(|best| (best.pattern.clone(), best.is_deeper)) else {
        return Vec::new();
    };
    let is_alike = |url: &Url| {
        let is_long = || url.path().trim_end_matches('/').len() > own.len() + LONG_SLUG;
        (pattern.is_some() && group::pattern(url) == pattern) || (is_deeper && group::is_deeper(url, own) && is_long())
    };
    let mut known: HashSet<Url> = HashSet::new();
    let mut taken: Vec<Member<'a>> = Vec::new();
    for (at, group) in groups.into_iter().enumerate() {
        let is_whole = at == 0 || (pattern.is_some() && group.pattern == pattern);
        for member in group.members {
            if (is_whole || is_alike(&member.link.url)) && known.insert(member.link.url.clone()) {
                taken.push(member);
            }
        }
    }
    let is_long = |link: &&Link<'_>| link.title.as_ref().is_some_and(|title| link::weight(title) >= LONG_TITLE);
    let others = links.iter().filter(is_long).filter(|link| is_alike(&link.url) && !known.contains(&link.url));
    alone(taken, others.collect(), reader)
}

/// Where no group is a list: titles that lead below the listing's own path, if there are two.
fn below<'a>(links: &'a [Link<'a>], own: &Url, reader: Reader) -> Vec<Member<'a>> {
    let folder = folder(own);
    let is_below = |link: &&Link<'_>| {
        let path = link.url.path().trim_end_matches('/');
        let is_long = link.title.as_ref().is_some_and(|title| link::weight(title) >= LONG_TITLE);
        is_long && path.strip_prefix(&folder).is_some_and(|slug| slug.len() > LONG_SLUG)
    };
    let found: Vec<&Link<'_>> = if folder.is_empty() { Vec::new() } else { links.iter().filter(is_below).collect() };
    let several = found.iter().any(|link| found.first().is_some_and(|first| first.url != link.url));
    if several { alone(Vec::new(), found, reader) } else { Vec::new() }
}

/// Adds links that are of no group, each with the date of what holds it and no other of them all; in the page's order.
fn alone<'a>(mut taken: Vec<Member<'a>>, others: Vec<&'a Link<'a>>, reader: Reader) -> Vec<Member<'a>> {
    let all: Vec<&Link<'_>> = taken.iter().map(|member| member.link).chain(others).collect();
    let (mut added, mut known): (Vec<Member<'a>>, HashSet<&Url>) = Default::default();
    for (link, item) in all.iter().zip(group::items(&all)).skip(taken.len()) {
        if let Some(title) = link.title.clone()
            && known.insert(&link.url)
        {
            added.push(Member { link, title, date: None, item });
        }
    }
    group::date(&mut added, reader);
    taken.extend(added);
    taken.sort_by_key(|member| member.link.at);
    taken.truncate(MOST_CANDIDATES);
    taken
}

/// True for a page that is there to be read: more text stands outside of the group than in it.
fn is_text(areas: &[ElementRef<'_>], group: &Group<'_>) -> bool {
    let Ok(paragraphs) = Selector::parse("p") else { return false };
    let inside = group::inside(&group.members);
    let (mut outside, mut within) = (0, 0);
    for paragraph in areas.iter().flat_map(|area| area.select(&paragraphs)) {
        let count = link::words(&text_of(paragraph));
        let is_inside = || paragraph.ancestors().any(|above| inside.contains(&above.id()));
        if inside.contains(&paragraph.id()) || is_inside() {
            within += count;
        } else if count >= LONG_PARAGRAPH {
            outside += count;
        }
    }
    outside >= MUCH_TEXT && outside > within
}
