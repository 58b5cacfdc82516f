//! Links that stand alike, each with the item around it that holds no other of them; and how much such a group looks
//! like a list of articles.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};
use url::Url;

use super::link::{Link, is_heading, is_main, is_title, words};
use super::stamp::{self, Stamps};
use crate::article::PageDate;
use crate::extract::date::Reader;
use crate::extract::page::text_of;

/// Elements around a link that may be its item.
const MOST_AROUND: usize = 12;
/// Siblings beside a bare title that may belong to it.
const MOST_BESIDE: usize = 6;
/// Nodes of an item that are looked at.
const MOST_NODES: usize = 400;
/// Characters beside its title that make a teaser.
const TEASER: usize = 40;

/// A link of a group.
pub(super) struct Member<'a> {
    pub link: &'a Link<'a>,
    pub title: String,
    pub date: Option<PageDate>,
    pub item: ElementRef<'a>,
}

/// Links that stand alike, one an address.
pub(super) struct Group<'a> {
    pub members: Vec<Member<'a>>,
    /// How much it looks like a list of articles.
    pub points: i32,
    /// How most of its addresses are made; none where that says nothing.
    pub pattern: Option<String>,
    /// True where most lead below the listing's own path.
    pub is_deeper: bool,
}

impl<'a> Group<'a> {
    /// None: fewer than two titles.
    pub fn of(links: &[&'a Link<'a>], own: &str, reader: Reader) -> Option<Group<'a>> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let titles = links.iter().zip(items(links)).filter_map(|(link, item)| {
            let own = link.title.clone();
            Some(Member { link, title: own.or_else(|| heading_of(item))?, date: None, item })
        });
        let titles: Vec<Member<'a>> = titles.collect();
        let mut known: HashSet<&Url> = HashSet::new();
        let mut leads_to: HashMap<String, &Url> = HashMap::new();
        let mut repeated: HashSet<String> = HashSet::new();
        for member in titles {
            // What several links say is "read more", in whatever language.
            if *leads_to.entry(member.title.clone()).or_insert(&member.link.url) != &member.link.url {
                repeated.insert(member.title.clone());
            }
            if known.insert(&member.link.url) {
                members.push(member);
            }
        }
        members.retain(|member| !repeated.contains(&member.title) || words(&member.title) > 4);
        if members.len() < 2 {
            return None;
        }
        date(&mut members, reader);
        let (pattern, alike) = commonest(&members);
        let deeper = members.iter().filter(|m| is_deeper(&m.link.url, own)).count();
        let is_deeper = 2 * deeper >= members.len();
        let mut group =
            Group { points: 0, pattern: pattern.filter(|_| 5 * alike >= 3 * members.len()), is_deeper, members };
        group.points = group.weigh();
        Some(group)
    }

    fn weigh(&self) -> i32 {
        let all = self.members.len();
        let most = |count: usize, points: i32| if 2 * count >= all { points } else { 0 };
        let (mut headed, mut pictured, mut teased, mut framed, mut related) = (0, 0, 0, 0, 0);
        for member in &self.members {
            let item = Item::look(member);
            headed += usize::from(item.has_heading);
            pictured += usize::from(item.has_picture);
            teased += usize::from(item.has_teaser);
            let above = || member.item.ancestors().filter_map(ElementRef::wrap).take(MOST_AROUND);
            framed += usize::from(above().any(is_main));
            related += usize::from(above().take(4).any(|e| e.value().attr("class").is_some_and(is_related)));
        }
        let dated = self.members.iter().filter(|m| m.date.is_some()).count();
        // Halves of words: the mean of a menu is two, of titles seven.
        let mean = 2 * self.members.iter().map(|m| words(&m.title)).sum::<usize>() / all;
        let length = match mean {
            0..6 => -2,
            6..8 => 0,
            8..11 => 1,
            _ => 2,
        };
        let number = match all {
            2 if !self.is_deeper && dated < 2 => -2,
            2 => 0,
            3..5 => 1,
            _ => 2,
        };
        let address = i32::from(self.pattern.is_some()) + if self.is_deeper { 3 } else { 0 };
        length
            + number
            + address
            + most(dated, 3)
            + most(headed, 2)
            + most(pictured, 1)
            + most(teased, 1)
            + most(framed, 1)
            + most(related, -2)
    }

    /// What decides between groups.
    pub fn rank(&self) -> i32 {
        2 * self.points + i32::try_from(self.members.len().min(10)).unwrap_or_default()
    }
}

/// What an item shows.
#[derive(Default)]
struct Item {
    has_heading: bool,
    has_picture: bool,
    has_teaser: bool,
}

impl Item {
    fn look(member: &Member<'_>) -> Item {
        let mut item = Item::default();
        let mut text = 0;
        for node in member.item.descendants().take(MOST_NODES) {
            if let Node::Text(line) = node.value() {
                text += line.trim().chars().count();
            }
            if let Some(element) = ElementRef::wrap(node) {
                item.has_heading |= is_heading(element);
                item.has_picture |= matches!(element.value().name(), "img" | "picture");
            }
        }
        let around = member.link.element.ancestors().filter_map(ElementRef::wrap).take(2);
        item.has_heading |= around.into_iter().any(is_heading);
        item.has_teaser = text > member.title.chars().count() + TEASER;
        item
    }
}

/// The item of each link: the widest element around it that holds no other link of them. One that stands apart from all
/// others has none but itself.
pub(super) fn items<'a>(links: &[&Link<'a>]) -> Vec<ElementRef<'a>> {
    let mut held: HashMap<NodeId, Option<&Url>> = HashMap::new();
    let around = |link: &Link<'a>| link.element.ancestors().filter_map(ElementRef::wrap).take(MOST_AROUND);
    for link in links {
        for above in around(link) {
            let one = held.entry(above.id()).or_insert(Some(&link.url));
            *one = one.filter(|url| **url == link.url);
        }
    }
    let item = |link: &&Link<'a>| {
        let mut item = link.element;
        for above in around(link) {
            if held.get(&above.id()).is_some_and(Option::is_none) {
                return item;
            }
            item = above;
        }
        link.element
    };
    links.iter().map(item).collect()
}

/// The heading of an item, where it has one and its link only says that there is more.
fn heading_of(item: ElementRef<'_>) -> Option<String> {
    let elements = item.descendants().take(MOST_NODES).filter_map(ElementRef::wrap);
    let headings: Vec<ElementRef<'_>> = elements.filter(|e| is_heading(*e)).collect();
    match headings.as_slice() {
        [heading] => Some(text_of(*heading)).filter(|text| is_title(text)),
        _ => None,
    }
}

/// Dates the members: by what stands in their items, or beside them where these are bare.
pub(super) fn date(members: &mut [Member<'_>], reader: Reader) {
    let read = |stamps: Vec<Stamps>| -> Vec<Option<PageDate>> {
        let reader = Reader { order: stamp::order(&stamps), ..reader };
        stamps.iter().map(|stamps| stamps.read(&reader)).collect()
    };
    let count = |dates: &[Option<PageDate>]| dates.iter().flatten().count();
    let title = |m: &Member<'_>| m.link.shown_by.id();
    let within = read(members.iter().map(|m| Stamps::gather(std::iter::once(*m.item), title(m))).collect());
    let dates = if count(&within) > 0 {
        within
    } else {
        let mut held: HashSet<NodeId> = HashSet::new();
        for member in members.iter() {
            held.extend(member.item.ancestors().take(MOST_AROUND).map(|above| above.id()));
            held.insert(member.item.id());
        }
        let beside = |after: bool| {
            read(members.iter().map(|m| Stamps::gather(beside(m.item, after, &held), title(m))).collect())
        };
        let (before, after) = (beside(false), beside(true));
        match count(&before).cmp(&count(&after)) {
            std::cmp::Ordering::Less => after,
            std::cmp::Ordering::Greater => before,
            std::cmp::Ordering::Equal => return,
        }
    };
    for (member, date) in members.iter_mut().zip(dates) {
        member.date = date;
    }
}

/// What stands beside an item, up to the next one.
fn beside<'a, 'b>(
    item: ElementRef<'a>,
    after: bool,
    held: &'b HashSet<NodeId>,
) -> impl Iterator<Item = NodeRef<'a, Node>> + use<'a, 'b> {
    let step = move |node: &NodeRef<'a, Node>| if after { node.next_sibling() } else { node.prev_sibling() };
    let siblings = std::iter::successors(step(&item), step);
    siblings.take_while(|node| !held.contains(&node.id())).filter(|node| !is_gap(node)).take(MOST_BESIDE)
}

fn is_gap(node: &NodeRef<'_, Node>) -> bool {
    match node.value() {
        Node::Text(text) => text.trim().is_empty(),
        Node::Element(_) => false,
        _ => true,
    }
}

/// What the members' items hold, and what stands beside them as theirs.
pub(super) fn inside(members: &[Member<'_>]) -> HashSet<NodeId> {
    let items: HashSet<NodeId> = members.iter().map(|m| m.item.id()).collect();
    let mut inside = items.clone();
    for member in members {
        inside.extend(beside(member.item, true, &items).map(|node| node.id()));
    }
    inside
}

/// Words for lists of what else there is.
fn is_related(names: &str) -> bool {
    names.split_whitespace().any(|name| {
        name.split(['-', '_'])
            .any(|word| matches!(word, "related" | "similar" | "popular" | "recommended" | "trending" | "connexes"))
    })
}

/// True for what leads below the listing's own path, if that is one.
pub(super) fn is_deeper(url: &Url, own: &str) -> bool {
    let below = url.path().trim_end_matches('/').strip_prefix(own);
    !own.is_empty() && below.is_some_and(|below| below.starts_with('/') && below.len() > 1)
}

/// How most addresses are made, and how many are.
fn commonest(members: &[Member<'_>]) -> (Option<String>, usize) {
    let mut counts: HashMap<Option<String>, usize> = HashMap::new();
    members.iter().for_each(|m| *counts.entry(pattern(&m.link.url)).or_default() += 1);
    let most = counts.into_iter().filter(|(pattern, _)| pattern.is_some()).max_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    most.unwrap_or_default()
}

/// How an address is made: its folders, numbers as such, and the names in its query. None for what any page has.
pub(super) fn pattern(url: &Url) -> Option<String> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let (last, folders) = parts.split_last()?;
    // A language is no folder.
    let folders = folders.strip_prefix(&["index.php"]).unwrap_or(folders);
    let folders = if folders.first().is_some_and(|first| first.len() == 2) { folders.get(1..)? } else { folders };
    let mut names: Vec<String> = url.query_pairs().map(|(key, _)| key.into_owned()).collect();
    names.sort_unstable();
    if folders.is_empty() && names.is_empty() && !is_number(last) {
        return None;
    }
    let folders = folders.iter().map(|part| if is_number(part) { "#" } else { part });
    let last = if is_number(last) { "#" } else { "*" };
    Some(format!("{}/{last}?{}", folders.collect::<Vec<_>>().join("/"), names.join("&")))
}
