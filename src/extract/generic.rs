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

#[cfg(test)]
mod training {
    //! Prints the rows that `tests/train/` learns from: pages in, JSON lines out, by two environment variables.

    use std::io::{BufRead, Write};

    use super::super::{PageInput, facts::Facts, features, page::Page, pieces, scene::Scene};

    #[derive(serde::Deserialize)]
    struct Line {
        id: String,
        path: std::path::PathBuf,
        url: url::Url,
    }

    #[test]
    #[ignore = "a developer's path: run by tests/train/train.py"]
    #[allow(clippy::unwrap_used)]
    fn rows() {
        let from = std::fs::File::open(std::env::var("DEPECHE_PAGES").unwrap()).unwrap();
        let mut to = std::io::BufWriter::new(std::fs::File::create(std::env::var("DEPECHE_ROWS").unwrap()).unwrap());
        for line in std::io::BufReader::new(from).lines() {
            let line: Line = serde_json::from_str(&line.unwrap()).unwrap();
            let (html, _) = crate::fetch::decode(&std::fs::read(&line.path).unwrap(), None);
            let input =
                PageInput { url: &line.url, html: &html, content_language: None, source_language: None, latest: None };
            let Ok(page) = Page::parse(&input) else { continue };
            let facts = Facts::read(&page);
            let pieces = pieces::read(&page, &Default::default());
            let scene = Scene::new(&pieces, &facts);
            let mut names = Vec::new();
            let all: Vec<(usize, &pieces::Piece)> =
                pieces.list.iter().enumerate().filter(|(_, p)| !p.text.is_empty()).collect();
            let rows: Vec<_> = all
                .iter()
                .map(|(at, _)| {
                    names.clear();
                    features::row(&scene, *at, Some(&mut names))
                })
                .collect();
            let texts: Vec<&str> = all.iter().map(|(_, p)| p.text.as_str()).collect();
            let elems: Vec<usize> = all.iter().map(|(_, p)| p.elem).collect();
            let parents: Vec<(usize, &str)> = pieces.elems.iter().map(|e| (e.parent, e.name)).collect();
            let row = serde_json::json!({
                "id": line.id, "names": names, "rows": rows, "texts": texts, "elems": elems, "parents": parents,
                "main": scene.main,
            });
            writeln!(to, "{row}").unwrap();
        }
    }
}
