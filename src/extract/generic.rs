//! Where an article's body is on a page nobody described: known marks first, then the element whose paragraphs weigh most.

use std::collections::HashMap;

use scraper::ElementRef;

use super::page::{Page, text_of};

/// Marks of a body, the surest first.
const MARKS: &[&str] = &[
    "[itemprop=articleBody]",
    ".field--name-body, .field-name-body",
    ".field--type-text-with-summary, .field--type-text-long",
    ".article-body, .article__body, .entry-content, .post-content, .story-body",
];
/// A mark with less text than this is a teaser.
const LEAST: usize = 140;

pub(super) fn containers<'a>(page: &'a Page<'_>) -> Vec<ElementRef<'a>> {
    for mark in MARKS {
        let found: Vec<ElementRef<'a>> = page.all(mark).into_iter().filter(|e| !inside_chrome(*e)).collect();
        let outer: Vec<ElementRef<'a>> =
            found.iter().copied().filter(|e| !e.ancestors().any(|a| found.iter().any(|f| f.id() == a.id()))).collect();
        if outer.iter().map(|e| text_of(*e).chars().count()).sum::<usize>() >= LEAST {
            return outer;
        }
    }
    heaviest(page).into_iter().collect()
}

/// Every paragraph gives its weight to its parent, and half of it to the one above.
fn heaviest<'a>(page: &'a Page<'_>) -> Option<ElementRef<'a>> {
    let mut weights = HashMap::new();
    for paragraph in page.all("p, pre, blockquote") {
        let text = text_of(paragraph);
        let characters = text.chars().count();
        if characters < 40 || inside_chrome(paragraph) {
            continue;
        }
        let links: usize = paragraph
            .descendants()
            .filter_map(ElementRef::wrap)
            .filter(|e| e.value().name() == "a")
            .map(|a| text_of(a).chars().count())
            .sum();
        let weight = (characters.saturating_sub(2 * links)) as f32 + 20.0 * text.matches([',', '،']).count() as f32;
        for (ancestor, share) in paragraph.ancestors().filter_map(ElementRef::wrap).zip([1.0, 0.5]) {
            *weights.entry(ancestor.id()).or_insert(0.0) += weight * share;
        }
    }
    let all = page.all("body *, body");
    let mut best: Option<(f32, ElementRef<'a>)> = None;
    for element in all {
        let Some(weight) = weights.get(&element.id()) else { continue };
        if best.as_ref().is_none_or(|(most, _)| weight > most) {
            best = Some((*weight, element));
        }
    }
    best.map(|(_, element)| element)
}

fn inside_chrome(element: ElementRef<'_>) -> bool {
    element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|e| matches!(e.value().name(), "nav" | "header" | "footer" | "aside" | "form"))
}
