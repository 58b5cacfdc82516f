//! The article's body on a page nobody described: every piece of the page is judged by the model, in the light of
//! the main container, of what the page says of itself, and of its neighbours. It never reads a profile.

use std::collections::HashSet;

use super::blocks::Block;
use super::facts::Facts;
use super::judge::{Patience, SIDE_BY_SIDE};
use super::page::Page;
use super::pieces::{Piece, Pieces};
use super::scene::Scene;
use super::weights::{LEAST_WORDS, THRESHOLD};
use super::{HostMemory, features, judge, marks, memory};

/// Marks of boxes whose pictures are not the article's.
const NOT_OURS: marks::Marks = marks::ADVERT
    | marks::RELATED
    | marks::PROMO
    | marks::SHARE
    | marks::BYLINE
    | marks::NAV
    | marks::COMMENT
    | marks::CHROME
    | marks::WIDGET;

/// The body's blocks in the order of the page, of all its pieces.
pub(super) fn blocks(page: &Page<'_>, facts: &Facts<'_>, pieces: &Pieces<'_>) -> Vec<Block> {
    let scene = Scene::new(pieces, facts);
    let mut kept = judged(&scene);
    if let Some(memory) = page.input.memory {
        drop_the_sites(pieces, memory, &mut kept);
    }
    keep_pictures(&scene, &mut kept);
    assemble(pieces, &kept)
}

/// Which pieces the model keeps; a long text only once. Every page is held to have an article: where next to
/// nothing is kept, the model is believed less and less.
fn judged(scene: &Scene<'_, '_>) -> Vec<bool> {
    let list = &scene.pieces.list;
    let words = |chances: &[f32], cut: f32| -> u32 {
        list.iter().zip(chances).filter(|(_, c)| **c > cut).map(|(p, _)| p.words).sum()
    };
    let mut cut = THRESHOLD;
    let mut of_pieces = chances(scene, Patience::Short);
    if words(&of_pieces, cut) < LEAST_WORDS {
        of_pieces = chances(scene, Patience::Long);
    }
    while cut > 0.05 && words(&of_pieces, cut) < LEAST_WORDS {
        cut *= 0.8;
    }
    if words(&of_pieces, cut) == 0 {
        // Nothing like an article: prose, or whatever is no link.
        let is_text = |p: &Piece| p.words > 3 && p.linked * 2 < p.words;
        return match scene.prose.contains(&true) {
            true => scene.prose.clone(),
            false => list.iter().map(is_text).collect(),
        };
    }
    let mut seen = HashSet::new();
    list.iter()
        .zip(&of_pieces)
        .map(|(p, chance)| *chance > cut && (p.text.len() <= 40 || seen.insert(p.text.as_str())))
        .collect()
}

/// The chance of each piece; a picture has none.
fn chances(scene: &Scene<'_, '_>, patience: Patience) -> Vec<f32> {
    let list = &scene.pieces.list;
    let mut chances = vec![0.0; list.len()];
    let texts: Vec<usize> = (0..list.len()).filter(|at| list.get(*at).is_some_and(|p| !p.text.is_empty())).collect();
    for some in texts.chunks(SIDE_BY_SIDE) {
        let mut rows = [judge::empty(); SIDE_BY_SIDE];
        for (at, row) in some.iter().zip(&mut rows) {
            features::row(scene, *at, row, None);
        }
        for (at, chance) in some.iter().zip(judge::chances(&rows, patience)) {
            if let Some(slot) = chances.get_mut(*at) {
                *slot = chance;
            }
        }
    }
    chances
}

/// Every piece of text with why it was left out; none for what was kept.
pub(super) fn reasons<'a>(
    page: &Page<'_>,
    facts: &Facts<'_>,
    pieces: &'a Pieces<'_>,
) -> Vec<(&'a Piece, Option<String>)> {
    let scene = Scene::new(pieces, facts);
    let judged = judged(&scene);
    let mut kept = judged.clone();
    if let Some(memory) = page.input.memory {
        drop_the_sites(pieces, memory, &mut kept);
    }
    let all = chances(&scene, Patience::Long);
    let why = |at: usize, piece: &Piece| match (judged[at], kept[at]) {
        (_, true) => None,
        (true, false) => Some("three pages of this site or more say it".to_owned()),
        (false, _) => {
            let chance = all.get(at).copied().unwrap_or_default();
            Some(match chance > THRESHOLD && piece.text.len() > 40 {
                true => "a repeat".to_owned(),
                false => format!("judged {:.0} % likely to be the article's", chance * 100.0),
            })
        }
    };
    let texts = pieces.list.iter().enumerate().filter(|(_, piece)| !piece.text.is_empty());
    texts.map(|(at, piece)| (piece, why(at, piece))).collect()
}

/// What other pages of the host say as well is dropped, unless that is most of it: then it is an article that the host
/// has under several addresses.
fn drop_the_sites(pieces: &Pieces<'_>, memory: &HostMemory, kept: &mut [bool]) {
    let is_the_sites = |piece: &Piece| memory::key(pieces, piece).is_some_and(|key| memory.is_the_sites(key));
    let (mut all, mut theirs) = (0, Vec::new());
    for (at, piece) in pieces.list.iter().enumerate().filter(|(at, _)| kept.get(*at) == Some(&true)) {
        all += piece.words;
        theirs.extend(is_the_sites(piece).then_some((at, piece.words)));
    }
    if theirs.iter().map(|(_, words)| words).sum::<u32>() * 2 > all {
        return;
    }
    for (at, _) in theirs {
        if let Some(slot) = kept.get_mut(at) {
            *slot = false;
        }
    }
}

/// Pictures that stand between kept pieces of the main container.
fn keep_pictures(scene: &Scene<'_, '_>, kept: &mut [bool]) {
    let Some(main) = scene.elem(scene.main) else { return };
    let (Some(first), Some(last)) = (kept.iter().position(|k| *k), kept.iter().rposition(|k| *k)) else { return };
    let above = scene.around.get(scene.main).map_or(0, |a| a.marks);
    for at in first.max(main.start)..last.min(main.end) {
        let Some(piece) = scene.pieces.list.get(at).filter(|p| p.text.is_empty()) else { continue };
        let around = scene.around.get(piece.elem).copied().unwrap_or_default();
        if (around.marks & !above) & NOT_OURS == 0
            && !around.is_hidden
            && let Some(slot) = kept.get_mut(at)
        {
            *slot = true;
        }
    }
}

/// Kept pieces as blocks: items of one list and rows of one table are one block.
fn assemble(pieces: &Pieces<'_>, kept: &[bool]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(usize, &str, usize)> = None;
    for (at, piece) in pieces.list.iter().enumerate().filter(|(at, _)| kept.get(*at) == Some(&true)) {
        let group = group(pieces, piece);
        if let (Some((elem, name)), Some((last, _, before))) = (group, open)
            && elem == last
            && before + 1 == at
            && let Some(block) = blocks.last_mut()
        {
            let end = block.html.len() - name.len() - 3;
            block.html.insert_str(end, &inner(piece, name));
            if !piece.text.is_empty() {
                block.lines.push(piece.text.clone());
            }
            open = Some((elem, name, at));
            continue;
        }
        let lines = if piece.text.is_empty() { Vec::new() } else { vec![piece.text.clone()] };
        let html = match group {
            Some((elem, name)) => {
                open = Some((elem, name, at));
                format!("<{name}>{}</{name}>", inner(piece, name))
            }
            None => {
                open = None;
                single(pieces, piece)
            }
        };
        blocks.push(Block { lines, html });
    }
    blocks
}

/// The list or table that a piece is an item or a row of.
fn group(pieces: &Pieces<'_>, piece: &Piece) -> Option<(usize, &'static str)> {
    let mut at = piece.elem;
    // An item's text stands in it or in one element of it, seldom deeper.
    for _ in 0..4 {
        let elem = pieces.elems.get(at)?;
        match elem.name {
            "ul" => return Some((at, "ul")),
            "ol" => return Some((at, "ol")),
            "table" if piece.cells > 1 => return Some((at, "table")),
            "li" | "p" | "tr" | "td" | "th" | "tbody" | "thead" => at = elem.parent,
            _ => return None,
        }
    }
    None
}

fn inner(piece: &Piece, group: &str) -> String {
    if group == "table" { format!("<tr>{}</tr>", piece.html) } else { format!("<li>{}</li>", piece.html) }
}

fn single(pieces: &Pieces<'_>, piece: &Piece) -> String {
    let name = pieces.elems.get(piece.elem).map_or("p", |e| e.name);
    let parent = pieces.elems.get(piece.elem).and_then(|e| pieces.elems.get(e.parent)).map_or("", |e| e.name);
    let html = piece.html.trim();
    match name {
        // The page's own first heading is the title.
        "h1" => format!("<h2>{html}</h2>"),
        "h2" | "h3" | "h4" | "h5" | "h6" | "pre" => format!("<{name}>{html}</{name}>"),
        "blockquote" => format!("<blockquote><p>{html}</p></blockquote>"),
        _ if parent == "blockquote" => format!("<blockquote><p>{html}</p></blockquote>"),
        _ if piece.text.is_empty() => format!("<figure>{html}</figure>"),
        _ => format!("<p>{html}</p>"),
    }
}

#[cfg(test)]
mod training {
    //! Prints the rows that `tests/train/` learns from: pages in, JSON lines out, by two environment variables. Without
    //! them it reads one fixture, and checks that every feature of a row has its name.

    use std::io::{BufRead, Write};

    use super::super::PageInput;
    use super::super::weights::FEATURES;
    use super::*;

    #[derive(serde::Deserialize)]
    struct Line {
        id: String,
        path: std::path::PathBuf,
        url: url::Url,
    }

    #[test]
    #[allow(clippy::unwrap_used)]
    fn rows() {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/haiti/cyclone.html");
        let lines: Vec<String> = match std::env::var("DEPECHE_PAGES") {
            Ok(path) => {
                std::io::BufReader::new(std::fs::File::open(path).unwrap()).lines().map(Result::unwrap).collect()
            }
            Err(_) => vec![serde_json::json!({"id": "own", "path": own, "url": "http://haiti.example/x"}).to_string()],
        };
        let mut to: Box<dyn Write> = match std::env::var("DEPECHE_ROWS") {
            Ok(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path).unwrap())),
            Err(_) => Box::new(std::io::sink()),
        };
        for line in lines {
            let line: Line = serde_json::from_str(&line).unwrap();
            let (html, _) = crate::fetch::decode(&std::fs::read(&line.path).unwrap(), None);
            let input = PageInput {
                url: &line.url,
                html: &html,
                content_language: None,
                source_language: None,
                latest: None,
                memory: None,
            };
            let Ok(page) = Page::parse_lean(&input, crate::article::Lean::Read) else { continue };
            let facts = Facts::read(&page);
            let pieces = super::super::pieces::read(&page, &Default::default());
            let scene = Scene::new(&pieces, &facts);
            let mut names = Vec::new();
            let all: Vec<(usize, &Piece)> =
                pieces.list.iter().enumerate().filter(|(_, p)| !p.text.is_empty()).collect();
            let rows: Vec<_> = all
                .iter()
                .map(|(at, _)| {
                    names.clear();
                    let mut row = judge::empty();
                    features::row(&scene, *at, &mut row, Some(&mut names));
                    row[..FEATURES].to_vec()
                })
                .collect();
            assert!(rows.len() > 5 && rows.iter().all(|row| row.len() == names.len()), "{} names", names.len());
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
