//! The article half of a proposal: where title, body, date and picture stand that the generic rules found, on all of the
//! pages that are shown.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::selector::{Spot, first_match, names};
use crate::article::{RawArticle, fold};
use crate::extract::ProfileRules;
use crate::extract::page::{Page, text_of};
use crate::extract::published::reader;

/// Elements that hold one line of a text.
const LINES: &[&str] = &["p", "li", "h2", "h3", "h4", "blockquote", "td", "figcaption"];
/// A line shorter than this stands in too many places to prove anything.
const SHORTEST_LINE: usize = 25;
/// A text longer than this is no date.
const LONGEST_DATE: usize = 160;
/// Selectors of what is left out of a body, at most.
const MOST_REMOVED: usize = 8;

pub(super) fn propose(pages: &[(Page<'_>, RawArticle)], rules: &mut ProfileRules) {
    let spots = |find: &dyn for<'a> Fn(&'a Page<'_>, &RawArticle) -> Option<ElementRef<'a>>| {
        let found: Option<Vec<Spot<'_>>> = pages
            .iter()
            .map(|(page, raw)| Some(Spot { within: page.html.root_element(), element: find(page, raw)? }))
            .collect();
        found.and_then(|spots| first_match(&spots))
    };
    rules.article_title = spots(&title);
    rules.article_body = spots(&body);
    rules.article_date = spots(&date);
    rules.article_image = spots(&image);
    rules.remove = removed(pages);
}

fn title<'a>(page: &'a Page<'_>, raw: &RawArticle) -> Option<ElementRef<'a>> {
    let wanted = fold(&raw.title);
    page.all("h1, h2, [itemprop=headline], .title").into_iter().find(|e| fold(&text_of(*e)) == wanted)
}

/// The innermost element in which nine lines of ten stand.
fn body<'a>(page: &'a Page<'_>, raw: &RawArticle) -> Option<ElementRef<'a>> {
    let lines: Vec<ElementRef<'a>> = lines(page.html.root_element())
        .filter(|(line, _)| line.chars().count() >= SHORTEST_LINE && raw.text.contains(line.as_str()))
        .map(|(_, element)| element)
        .collect();
    let mut holds: HashMap<NodeId, usize> = HashMap::new();
    for above in lines.iter().flat_map(|line| line.ancestors()) {
        *holds.entry(above.id()).or_default() += 1;
    }
    let first = lines.first()?;
    let enough = |e: &ElementRef<'a>| holds.get(&e.id()).is_some_and(|count| 10 * count >= 9 * lines.len());
    first.ancestors().filter_map(ElementRef::wrap).find(enough).filter(|e| !matches!(e.value().name(), "html" | "body"))
}

/// Lines of a part of a page, each with its element.
fn lines<'a>(within: ElementRef<'a>) -> impl Iterator<Item = (String, ElementRef<'a>)> {
    let all = within.descendants().filter_map(ElementRef::wrap).filter(|e| LINES.contains(&e.value().name()));
    all.map(|e| (text_of(e), e)).filter(|(line, _)| !line.is_empty())
}

/// The innermost element that reads as the date that was found.
fn date<'a>(page: &'a Page<'_>, raw: &RawArticle) -> Option<ElementRef<'a>> {
    let wanted = raw.published.as_ref()?.date;
    let reader = reader(&page.input, None);
    let reads = |e: &ElementRef<'a>| {
        let text = text_of(*e);
        text.chars().count() <= LONGEST_DATE
            && reader.read(&text, "article.date").is_some_and(|read| read.date == wanted)
    };
    let elements = page.html.root_element().descendants().filter_map(ElementRef::wrap);
    let found: Vec<ElementRef<'a>> = elements.filter(reads).collect();
    let innermost =
        |e: &&ElementRef<'a>| !found.iter().any(|other| other.ancestors().any(|above| above.id() == e.id()));
    let mut innermost = found.iter().filter(innermost);
    innermost.clone().find(|e| e.value().name() == "time").or_else(|| innermost.next()).copied()
}

fn image<'a>(page: &'a Page<'_>, raw: &RawArticle) -> Option<ElementRef<'a>> {
    let wanted = &raw.image.as_ref()?.url;
    page.all("img[src]")
        .into_iter()
        .find(|img| img.value().attr("src").and_then(|src| page.link(src)).as_ref() == Some(wanted))
}

/// What stands inside the body and is none of it: parts whose lines the article has not, by a name that no part with
/// lines of it bears.
fn removed(pages: &[(Page<'_>, RawArticle)]) -> Vec<String> {
    let (mut out, mut kept): (Vec<String>, Vec<String>) = Default::default();
    for (page, raw) in pages {
        let Some(body) = body(page, raw) else { continue };
        for part in body.descendants().skip(1).filter_map(ElementRef::wrap) {
            let Some(name) = names(part).into_iter().find(|name| name.contains(['.', '#'])) else { continue };
            let (has, lacks) = lines(part).fold((0, 0), |(has, lacks), (line, _)| {
                if raw.text.contains(line.as_str()) { (has + 1, lacks) } else { (has, lacks + 1) }
            });
            match (has, lacks) {
                (0, 0) => {}
                (0, _) => out.push(name),
                _ => kept.push(name),
            }
        }
    }
    out.sort();
    out.dedup();
    out.retain(|name| !kept.contains(name));
    out.truncate(MOST_REMOVED);
    out
}
