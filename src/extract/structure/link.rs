//! The links of a page that could lead to an article: on its host, outside of its menus and sentences. What they lead to
//! is nobody's concern here.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use ego_tree::NodeId;
use scraper::{ElementRef, Node, Selector};
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use super::{LeftOut, stamp};
use crate::extract::marks;
use crate::extract::page::{Page, same_host, text_of};

/// Links of a page that are looked at.
const MOST_LINKS: usize = 10_000;
/// Characters before a link, in its line, that make it part of a sentence.
const SENTENCE: usize = 40;
/// Nodes before a link that are looked at, and texts of each.
const MOST_BEFORE: usize = 60;
const MOST_TEXTS: usize = 20;
/// A title is no longer than this, in characters.
const LONGEST_TITLE: usize = 300;
/// Characters of a title at least, by their weight.
const LEAST_WEIGHT: usize = 10;

/// A link that may be one of an article.
pub(super) struct Link<'a> {
    pub element: ElementRef<'a>,
    pub url: Url,
    /// Its own title,
    pub title: Option<String>,
    /// and the element that shows it.
    pub shown_by: ElementRef<'a>,
    /// How it stands: links of one list have one kind.
    pub kind: u64,
    /// Its place in the page's order.
    pub at: usize,
}

/// The links of some areas, in their order.
pub(super) fn links<'a>(page: &Page<'_>, areas: &[ElementRef<'a>], left: &mut LeftOut) -> Vec<Link<'a>> {
    let Ok(any) = Selector::parse("a[href]") else { return Vec::new() };
    let mut chrome = Chrome::default();
    let mut links = Vec::new();
    for element in areas.iter().flat_map(|area| area.select(&any)).take(MOST_LINKS) {
        left.links += 1;
        let url = element.value().attr("href").and_then(|href| page.link(href));
        let Some(url) = url.filter(|url| !is_own(url, page.input.url)) else {
            left.to_itself += 1;
            continue;
        };
        if !same_host(&url, page.input.url) {
            left.elsewhere += 1;
        } else if is_label(element) || chrome.holds(element) {
            left.in_menus += 1;
        } else if is_in_sentence(element) {
            left.in_sentences += 1;
        } else {
            let (title, shown_by) = title(element);
            links.push(Link { element, url, title, shown_by, kind: kind(element), at: left.links });
        }
    }
    links
}

/// The page itself, another page of the list, or another order of it. Behind one path, an id tells articles apart.
fn is_own(url: &Url, own: &Url) -> bool {
    let ids = |url: &Url| {
        let is_id = |key: &str| key.ends_with("id") || matches!(key, "p" | "article" | "news" | "story" | "slug");
        let pairs = url.query_pairs().filter(|(key, _)| is_id(key));
        pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect::<Vec<_>>()
    };
    let bare = |url: &Url| url.path().trim_end_matches('/').to_owned();
    bare(url) == bare(own) && (ids(url).is_empty() || ids(url) == ids(own))
}

/// The title that a link shows: its heading, what is called a title in it, or all of it.
fn title(link: ElementRef<'_>) -> (Option<String>, ElementRef<'_>) {
    let inside = || link.descendants().filter_map(ElementRef::wrap).skip(1).take(60);
    let named = |e: &ElementRef<'_>| e.value().attr("class").is_some_and(|class| class.contains("title"));
    let shown_by = inside().find(|e| is_heading(*e)).or_else(|| inside().find(named)).unwrap_or(link);
    let text = text_of(shown_by);
    (is_title(&text).then_some(text), shown_by)
}

pub(super) fn is_heading(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Words and letters enough for a title, and no date.
pub(super) fn is_title(text: &str) -> bool {
    weight(text) >= LEAST_WEIGHT
        && words(text) >= 2
        && text.chars().nth(LONGEST_TITLE).is_none()
        && !stamp::is_only_a_date(text)
}

/// Letters of a text, and what stands between them; a letter of a script that needs few counts as three.
pub(super) fn weight(text: &str) -> usize {
    text.chars().map(|c| if is_dense(c) { 3 } else { 1 }).sum()
}

/// Words of a text; where a script writes none apart, two characters are one.
pub(super) fn words(text: &str) -> usize {
    let is_unspaced = |c: &char| matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}');
    let unspaced = text.chars().filter(is_unspaced).count();
    let spaced = text.split_whitespace().filter(|w| w.chars().any(|c| c.is_alphabetic() && !is_unspaced(&c))).count();
    spaced + unspaced / 2
}

/// Chinese, Japanese, Korean and the like say much in few letters.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
}

/// The names of a link and the three around it, and the classes of it and the one around it that are not its alone.
fn kind(link: ElementRef<'_>) -> u64 {
    let mut hash = Xxh3::new();
    let around = link.ancestors().filter_map(ElementRef::wrap).take(3);
    for (at, e) in std::iter::once(link).chain(around).enumerate() {
        e.value().name().hash(&mut hash);
        let classes = e.value().classes().filter(|class| at < 2 && !is_of_one(class));
        classes.for_each(|class| class.hash(&mut hash));
        at.hash(&mut hash);
    }
    hash.finish()
}

/// A class that says what one item is, not what all of them are.
fn is_of_one(class: &str) -> bool {
    const STATES: &[&str] = &["odd", "even", "first", "last", "active", "sticky", "featured", "visited"];
    const GROUPS: &[&str] = &["category-", "tag-", "has-", "no-", "is-", "status-", "format-"];
    class.bytes().any(|b| b.is_ascii_digit())
        || STATES.contains(&class)
        || GROUPS.iter().any(|start| class.starts_with(start))
}

/// A link to a tag, an author, or another page of the list, by its own word.
fn is_label(link: ElementRef<'_>) -> bool {
    const RELATIONS: &[&str] = &["tag", "author", "next", "prev", "category"];
    link.value().attr("rel").is_some_and(|rel| rel.split_whitespace().any(|word| RELATIONS.contains(&word)))
}

/// True where more of a sentence stands before a link in its line than a date or a label has.
fn is_in_sentence(link: ElementRef<'_>) -> bool {
    let is_inline =
        |e: ElementRef<'_>| matches!(e.value().name(), "span" | "b" | "strong" | "em" | "i" | "u" | "font" | "small");
    let mut before = 0;
    let mut at = link;
    loop {
        for sibling in at.prev_siblings().take(MOST_BEFORE) {
            match (sibling.value(), ElementRef::wrap(sibling)) {
                (Node::Text(text), _) => before += length(text),
                (_, Some(e)) if is_inline(e) => before += e.text().take(MOST_TEXTS).map(length).sum::<usize>(),
                (_, Some(e)) if e.value().name() != "a" => return before > SENTENCE,
                _ => {}
            }
            if before > SENTENCE {
                return true;
            }
        }
        match at.parent().and_then(ElementRef::wrap).filter(|above| is_inline(*above)) {
            Some(above) => at = above,
            None => return false,
        }
    }
}

/// Characters of a text's words, as far as they tell a sentence: what stands before a thousand links is not counted whole
/// for each.
fn length(text: &str) -> usize {
    let bytes = 8 * SENTENCE;
    let start = text.char_indices().map(|(at, _)| at).find(|at| text.len() - at <= bytes).unwrap_or(text.len());
    text[start..].split_whitespace().map(|word| word.chars().count() + 1).sum()
}

/// Tells links in menus, headers, footers and the like. A card may have a header and a footer of its own.
#[derive(Default)]
struct Chrome<'a> {
    reader: marks::Reader<'a>,
    /// What was told of an element, come to from inside a card or not: a thousand links may stand in one frame.
    known: HashMap<(NodeId, bool), bool>,
}

impl<'a> Chrome<'a> {
    fn holds(&mut self, link: ElementRef<'a>) -> bool {
        let (mut in_card, mut is_chrome, mut passed) = (false, false, Vec::new());
        for e in link.ancestors().filter_map(ElementRef::wrap) {
            // What a page's own frame is called says nothing of what stands in it.
            if matches!(e.value().name(), "html" | "body") || is_main(e) {
                break;
            }
            if let Some(known) = self.known.get(&(e.id(), in_card)) {
                is_chrome = *known;
                break;
            }
            passed.push((e.id(), in_card));
            in_card |= is_card(e);
            if self.is_chrome(e, in_card) {
                is_chrome = true;
                break;
            }
        }
        self.known.extend(passed.into_iter().map(|key| (key, is_chrome)));
        is_chrome
    }

    fn is_chrome(&mut self, e: ElementRef<'a>, in_card: bool) -> bool {
        const ANYWHERE: marks::Marks = marks::NAV | marks::SHARE | marks::ADVERT | marks::COMMENT;
        let element = e.value();
        let names = || ["class", "id", "role"].iter().filter_map(|name| element.attr(name));
        let marks = names().fold(0, |marks, names| marks | self.reader.read(names));
        let is_frame = matches!(element.name(), "header" | "footer") || names().any(|names| names.contains("footer"));
        // A list of results is what a search is for.
        let is_named = !in_card && marks & marks::CHROME != 0 && marks & marks::LIST == 0;
        matches!(element.name(), "nav" | "aside")
            || is_beside(e)
            || marks & ANYWHERE != 0
            || ((is_frame || is_named) && !is_of_card(e))
    }
}

fn is_card(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "article" | "li")
}

fn is_of_card(element: ElementRef<'_>) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|e| is_card(e) || is_main(e))
}

pub(super) fn is_main(element: ElementRef<'_>) -> bool {
    element.value().name() == "main" || element.value().attr("role") == Some("main")
}

/// True for a side column, not for a page that has one.
fn is_beside(element: ElementRef<'_>) -> bool {
    const OF_PAGES: &[&str] = &["has", "with", "no", "without", "both", "wrap", "layout", "main"];
    let names = element.value().attr("class").or_else(|| element.value().attr("id")).unwrap_or_default();
    let is_side = |name: &str| {
        let words = || name.split(['-', '_']);
        name.contains("sidebar") && !words().any(|word| OF_PAGES.contains(&word))
    };
    matches!(element.value().attr("role"), Some("complementary" | "contentinfo"))
        || names.split_whitespace().any(|name| is_side(name) || name.starts_with("tagcloud") || name == "tag-cloud")
}
