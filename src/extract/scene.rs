//! A page measured once: sums over any range of pieces, the main container, what the page says of itself. What the
//! features of a piece are read from; nothing is judged here.

use foldhash::{HashMap, HashSet};
use std::cell::RefCell;

use super::facts::{self, Facts};
use super::marks::{self, Marks};
use super::phrases;
use super::pieces::{Elem, Piece, Pieces};

/// Totals of a range of pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub pieces: f32,
    pub words: f32,
    pub linked: f32,
    /// Words of pieces that read like prose.
    pub prose: f32,
}

/// What every piece of a page is seen against.
pub(super) struct Scene<'p, 'a> {
    pub pieces: &'p Pieces<'a>,
    sums: Vec<Sums>,
    /// Ancestors' marks, and names, gathered downwards.
    pub around: Vec<Around>,
    /// The smallest element that holds most of the prose.
    pub main: usize,
    /// The smallest element that holds most of the words outside links.
    pub bulk: usize,
    pub prose: Vec<bool>,
    pub phrases: Vec<[u8; phrases::GROUPS]>,
    /// Prose by the shape of its element and the two around it.
    pub by_shape: HashMap<u64, f32>,
    /// For each element, how many of its shape are under its parent.
    pub alike: Vec<u32>,
    /// The logarithm of the words of each piece.
    pub lengths: Vec<f32>,
    /// First and last piece of a text, by its hash.
    pub seen: HashMap<u64, (usize, usize)>,
    /// How often a text stands on the page.
    pub times: HashMap<u64, u32>,
    pub witness: HashSet<u64>,
    pub description: HashSet<u64>,
    pub title: HashSet<u64>,
    /// The piece of the headline.
    pub headline: Option<usize>,
    /// What boxes say, as far as somebody asked.
    boxes: RefCell<HashMap<usize, [u8; phrases::GROUPS]>>,
    pub has_body: bool,
    pub has_body_mark: bool,
}

/// What stands around an element.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    pub names: u32,
    pub marks: Marks,
    pub in_body: bool,
    pub is_hidden: bool,
}

pub(super) const NAMES: &[&str] = &[
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "figure",
    "figcaption",
    "ul",
    "table",
    "article",
    "main",
    "blockquote",
    "ol",
    "section",
    "dl",
];

/// Bits of `nav`, `footer` and `aside`.
const CHROME: u32 = 0b1101;

impl<'p, 'a> Scene<'p, 'a> {
    pub fn new(pieces: &'p Pieces<'a>, facts: &Facts<'_>) -> Scene<'p, 'a> {
        let mut around: Vec<Around> = Vec::with_capacity(pieces.elems.len());
        let mut siblings: HashMap<(usize, u64), u32> = HashMap::default();
        let mut words = vec![0];
        words.extend(pieces.list.iter().scan(0, |sum, piece| {
            *sum += piece.words;
            Some(*sum)
        }));
        let within = |elem: &Elem<'_>| words.get(elem.end).zip(words.get(elem.start)).map_or(0, |(b, a)| b - a);
        let whole = words.last().copied().unwrap_or_default();
        for (at, elem) in pieces.elems.iter().enumerate() {
            // What holds most of the page says nothing about a part of it.
            let is_part = within(elem) * 5 < whole * 3;
            let outer = if at == 0 { Around::default() } else { around.get(elem.parent).copied().unwrap_or_default() };
            let name = NAMES.iter().position(|n| *n == elem.name).map_or(0, |bit| 1 << bit);
            let is_chrome = CHROME & name != 0 && !is_part;
            around.push(Around {
                names: outer.names | if is_chrome { 0 } else { name },
                marks: outer.marks | if is_part { elem.marks } else { elem.marks & marks::BODY_MARK },
                in_body: outer.in_body || elem.is_body,
                is_hidden: outer.is_hidden || (elem.is_hidden && is_part),
            });
            *siblings.entry((elem.parent, elem.shape)).or_insert(0) += 1;
        }
        let mut sums = vec![Sums::default()];
        let mut total = Sums::default();
        let (mut prose, mut seen, mut times) = (Vec::new(), HashMap::default(), HashMap::default());
        let mut by_shape = HashMap::default();
        for (at, piece) in pieces.list.iter().enumerate() {
            let is_prose = is_prose(piece, around.get(piece.elem).copied().unwrap_or_default());
            prose.push(is_prose);
            total.pieces += f32::from(u8::from(!piece.text.is_empty()));
            total.words += piece.words as f32;
            total.linked += piece.linked as f32;
            if is_prose {
                total.prose += piece.words as f32;
                *by_shape.entry(shape(pieces, piece.elem)).or_insert(0.0) += piece.words as f32;
            }
            sums.push(total);
            if piece.words > 3 {
                *times.entry(piece.hash).or_insert(0) += 1;
                seen.entry(piece.hash).and_modify(|s: &mut (usize, usize)| s.1 = at).or_insert((at, at));
            }
        }
        let set = |text: &str| facts::runs(text).into_iter().collect::<HashSet<u64>>();
        let description = ["og:description", "description", "twitter:description"];
        let headlines: Vec<String> = facts.headings.iter().map(|h| super::page::text_of(*h)).collect();
        let og = facts.meta("og:title").unwrap_or_default();
        let mut scene = Scene {
            main: 0,
            bulk: 0,
            has_body: pieces.elems.iter().any(|e| e.is_body),
            has_body_mark: pieces.elems.iter().any(|e| e.marks & marks::BODY_MARK != 0),
            headline: pieces
                .list
                .iter()
                .position(|p| pieces.elems.get(p.elem).is_some_and(|e| e.name == "h1") && same_words(&p.text, og))
                .or_else(|| pieces.list.iter().position(|p| pieces.elems.get(p.elem).is_some_and(|e| e.name == "h1"))),
            witness: facts.json_body().map(set).unwrap_or_default(),
            description: description.iter().filter_map(|n| facts.meta(n)).flat_map(set).collect(),
            title: headlines.iter().map(String::as_str).chain([og]).flat_map(set).collect(),
            phrases: pieces
                .list
                .iter()
                .map(|p| if p.words <= 50 { phrases::read(&p.text) } else { Default::default() })
                .collect(),
            pieces,
            sums,
            around,
            prose,
            by_shape,
            alike: pieces.elems.iter().map(|e| siblings.get(&(e.parent, e.shape)).copied().unwrap_or(0)).collect(),
            lengths: pieces.list.iter().map(|p| (p.words as f32).ln_1p()).collect(),
            seen,
            times,
            boxes: RefCell::default(),
        };
        scene.main = scene.heaviest(|sums| sums.prose);
        scene.bulk = scene.heaviest(|sums| sums.words - sums.linked);
        scene
    }

    /// Totals of an element.
    pub fn sums(&self, elem: usize) -> Sums {
        let Some(elem) = self.pieces.elems.get(elem) else { return Sums::default() };
        self.range(elem.start, elem.end)
    }

    /// Totals of pieces from `start` to before `end`.
    pub fn range(&self, start: usize, end: usize) -> Sums {
        let (Some(a), Some(b)) = (self.sums.get(start), self.sums.get(end.max(start))) else { return Sums::default() };
        Sums {
            pieces: b.pieces - a.pieces,
            words: b.words - a.words,
            linked: b.linked - a.linked,
            prose: b.prose - a.prose,
        }
    }

    /// The smallest element that holds most of a weight: from the root down, the heaviest child while it has 65 %.
    fn heaviest(&self, weight: impl Fn(Sums) -> f32) -> usize {
        let mut at = 0;
        let whole = weight(self.sums(0));
        // Elements stand in the order of the page, so a parent always comes before its children.
        for (index, elem) in self.pieces.elems.iter().enumerate().skip(1) {
            if elem.parent == at && weight(self.sums(index)) > 0.65 * whole && elem.name != "p" {
                at = index;
            }
        }
        at
    }

    /// The phrases of every piece in an element; none of large ones.
    pub fn said(&self, at: usize) -> [u8; phrases::GROUPS] {
        const LARGEST: usize = 40;
        let Some(elem) = self.elem(at).filter(|e| e.end - e.start <= LARGEST) else { return Default::default() };
        *self.boxes.borrow_mut().entry(at).or_insert_with(|| {
            let mut all = [0; phrases::GROUPS];
            for found in self.phrases.get(elem.start..elem.end).into_iter().flatten() {
                for (a, b) in all.iter_mut().zip(found) {
                    *a = (*a).max(*b);
                }
            }
            all
        })
    }

    pub fn elem(&self, at: usize) -> Option<&Elem<'a>> {
        self.pieces.elems.get(at)
    }
}

/// Reads like prose, and stands where prose stands.
fn is_prose(piece: &Piece, around: Around) -> bool {
    piece.words >= 12
        && piece.linked * 3 < piece.words
        && around.names & CHROME == 0
        && around.marks & marks::COMMENT == 0
        && !around.is_hidden
        && piece.text.contains(['.', ',', '!', '?', '،', '。', '、', '؟'])
}

/// A hash of an element's shape and of the two around it.
pub(super) fn shape(pieces: &Pieces<'_>, elem: usize) -> u64 {
    let mut at = elem;
    let mut all = 0u64;
    for _ in 0..3 {
        let Some(elem) = pieces.elems.get(at) else { break };
        all = all.rotate_left(11) ^ elem.shape;
        at = elem.parent;
    }
    all
}

/// One holds the words of the other.
fn same_words(a: &str, b: &str) -> bool {
    !a.is_empty() && !b.is_empty() && (b.starts_with(a) || a.starts_with(b))
}
