//! A page as one flat list of pieces of text, in order, with the elements they stand in. One walk, no recursion;
//! nothing is judged, and only what never holds text to read (scripts, styles, controls) is left out.

use scraper::node::Element;
use scraper::{ElementRef, Node};

use super::marks::{self, Marks};
use super::page::Page;
use crate::article::clean_line;

/// An element of the page's block structure.
#[derive(Debug)]
pub(super) struct Elem<'a> {
    /// The index of the block element around it; the first element's is itself.
    pub parent: usize,
    pub name: &'a str,
    /// Its own class and id.
    pub marks: Marks,
    /// A hash of its name and classes: siblings made by one template share it.
    pub shape: u64,
    /// Where it says so itself, as `itemprop=articleBody`.
    pub is_body: bool,
    /// Not shown to readers.
    pub is_hidden: bool,
    /// Its pieces: from this one,
    pub start: usize,
    /// to before this one.
    pub end: usize,
}

/// A paragraph, heading, item, row, or a run of loose text.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// The innermost block element around it.
    pub elem: usize,
    /// One line; empty for a picture.
    pub text: String,
    /// A hash of the text.
    pub hash: u64,
    /// Its markup, inline elements only.
    pub html: String,
    pub words: u32,
    /// Words inside links.
    pub linked: u32,
    pub links: u32,
    /// Words inside bold or italic text.
    pub strong: u32,
    /// Class marks of inline elements that it begins in.
    pub inline: Marks,
    /// Table cells.
    pub cells: u32,
    /// It begins in a `<time>`.
    pub is_time: bool,
}

/// The whole page.
#[derive(Debug, Default)]
pub(super) struct Pieces<'a> {
    pub elems: Vec<Elem<'a>>,
    pub list: Vec<Piece>,
}

/// What an element does to the text around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Skipped,
    Inline,
    Break,
    Picture,
    Cell,
    Block,
}

fn role(name: &str) -> Role {
    // Matched as bytes, which is a few steps where texts are compared one by one.
    match name.as_bytes() {
        b"script" | b"style" | b"noscript" | b"template" | b"svg" | b"iframe" | b"select" | b"object" | b"textarea"
        | b"canvas" | b"video" | b"audio" | b"head" | b"button" | b"map" | b"datalist" | b"math" | b"input"
        | b"embed" => Role::Skipped,
        b"a" | b"span" | b"b" | b"strong" | b"i" | b"em" | b"u" | b"s" | b"small" | b"sub" | b"sup" | b"mark"
        | b"cite" | b"code" | b"q" | b"abbr" | b"time" | b"font" | b"label" | b"wbr" | b"ins" | b"del" | b"tt"
        | b"var" | b"kbd" | b"bdi" | b"bdo" | b"data" | b"dfn" | b"big" | b"strike" | b"acronym" | b"samp"
        | b"nobr" | b"ruby" | b"rt" | b"rp" | b"rb" | b"rtc" => Role::Inline,
        b"br" | b"hr" => Role::Break,
        b"img" => Role::Picture,
        b"td" | b"th" => Role::Cell,
        _ => Role::Block,
    }
}

/// Reads a page, less the elements that `removed` names.
pub(super) fn read<'a>(page: &'a Page<'_>, removed: &std::collections::HashSet<ego_tree::NodeId>) -> Pieces<'a> {
    let mut walk = Walk::default();
    let mut skipped = None;
    for edge in page.html.root_element().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                _ if skipped.is_some() => {}
                Node::Text(text) => walk.text(text),
                Node::Element(element) => {
                    let role = role(element.name());
                    if role == Role::Skipped || (!removed.is_empty() && removed.contains(&node.id())) {
                        skipped = Some(node.id());
                        // A control between two words still parts them.
                        walk.space();
                    } else {
                        walk.open(element, role);
                    }
                }
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if skipped.is_some() {
                    if skipped == Some(node.id()) {
                        skipped = None;
                    }
                } else if let Some(element) = ElementRef::wrap(node) {
                    walk.close(element.value());
                }
            }
        }
    }
    walk.flush();
    if let Some(root) = walk.pieces.elems.first_mut() {
        root.end = walk.pieces.list.len();
    }
    walk.pieces
}

#[derive(Default)]
struct Walk<'a> {
    pieces: Pieces<'a>,
    marks: marks::Reader<'a>,
    /// Open block elements.
    open: Vec<usize>,
    /// Open inline elements: name and opening tag.
    inline: Vec<(&'a str, String, Marks)>,
    raw: String,
    /// The markup of the piece that is being read.
    html: String,
    has_picture: bool,
    now: Piece,
    links_open: u32,
    strong_open: u32,
    breaks: u32,
}

impl<'a> Walk<'a> {
    fn text(&mut self, text: &str) {
        if text.trim().is_empty() {
            self.space();
            return;
        }
        if self.raw.trim().is_empty() {
            self.now.elem = self.open.last().copied().unwrap_or_default();
            self.now.inline = self.inline.iter().fold(0, |all, (_, _, marks)| all | marks);
            self.now.is_time |= self.inline.iter().any(|(name, ..)| *name == "time");
        } else if self.breaks > 1 || (self.breaks == 1 && ends_sentence(&self.raw)) {
            self.flush();
            return self.text(text);
        }
        self.breaks = 0;
        let words = words_in(text);
        self.now.words += words;
        if self.links_open > 0 {
            self.now.linked += words;
        }
        if self.strong_open > 0 {
            self.now.strong += words;
        }
        self.raw.push_str(text);
        push_escaped(&mut self.html, text);
    }

    fn space(&mut self) {
        if !self.raw.is_empty() && !self.raw.ends_with(' ') {
            self.raw.push(' ');
            self.html.push(' ');
        }
    }

    fn open(&mut self, element: &'a Element, role: Role) {
        match role {
            Role::Inline => {
                let name = element.name();
                let (mut tag, mut marks) = (String::new(), 0);
                for (attribute, value) in element.attrs() {
                    match attribute {
                        "href" if name == "a" => {
                            tag.push_str("<a href=\"");
                            push_attribute(&mut tag, value);
                            tag.push_str("\">");
                        }
                        "class" => marks = self.marks.read(value),
                        _ => {}
                    }
                }
                if !matches!(name, "a" | "span" | "font" | "label" | "time" | "wbr" | "data" | "nobr") {
                    tag.push('<');
                    tag.push_str(name);
                    tag.push('>');
                }
                self.html.push_str(&tag);
                if name == "a" {
                    self.links_open += 1;
                    self.now.links += 1;
                }
                if is_strong(name) {
                    self.strong_open += 1;
                }
                self.inline.push((name, tag, marks));
            }
            Role::Break => {
                self.space();
                self.breaks += if element.name() == "hr" { 2 } else { 1 };
                self.html.push_str("<br>");
            }
            Role::Picture => self.picture(element),
            Role::Cell => {
                self.space();
                self.html.push_str("<td>");
                self.now.cells += 1;
                self.push(element);
            }
            Role::Block | Role::Skipped => {
                self.flush();
                self.push(element);
            }
        }
    }

    fn push(&mut self, element: &'a Element) {
        let parent = self.open.last().copied().unwrap_or_default();
        let mut class = "";
        let (mut marks, mut is_body, mut is_hidden) = (0, false, false);
        // One look at each attribute: asking for them by name costs more than the rest of the walk.
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    class = value;
                    marks |= self.marks.read(value);
                }
                "id" => marks |= self.marks.read(value),
                "itemprop" => is_body |= value.split_whitespace().any(|n| n == "articleBody"),
                "property" => is_body |= value.ends_with("articleBody"),
                "hidden" => is_hidden = true,
                "aria-hidden" => is_hidden |= value == "true",
                "style" => {
                    is_hidden |=
                        ["display:none", "display: none", "visibility:hidden"].iter().any(|s| value.contains(s))
                }
                _ => {}
            }
        }
        let mut shape = xxhash_rust::xxh3::xxh3_64_with_seed(class.as_bytes(), 1);
        shape = xxhash_rust::xxh3::xxh3_64_with_seed(element.name().as_bytes(), shape);
        let start = self.pieces.list.len();
        self.pieces.elems.push(Elem {
            parent,
            name: element.name(),
            marks,
            shape,
            is_body,
            is_hidden,
            start,
            end: start,
        });
        self.open.push(self.pieces.elems.len() - 1);
    }

    fn close(&mut self, element: &'a Element) {
        let name = element.name();
        match role(name) {
            Role::Inline => {
                // The tree is well formed: what closes is what was opened last.
                if let Some((name, tag, _)) = self.inline.pop() {
                    if !tag.is_empty() {
                        close_tag(&mut self.html, name);
                    }
                    if name == "a" {
                        self.links_open = self.links_open.saturating_sub(1);
                    }
                    if is_strong(name) {
                        self.strong_open = self.strong_open.saturating_sub(1);
                    }
                }
            }
            Role::Cell => {
                self.space();
                self.html.push_str("</td>");
                self.pop();
            }
            Role::Block => {
                self.flush();
                self.pop();
            }
            Role::Break | Role::Picture | Role::Skipped => {}
        }
    }

    fn pop(&mut self) {
        let end = self.pieces.list.len();
        if let Some(elem) = self.open.pop().and_then(|at| self.pieces.elems.get_mut(at)) {
            elem.end = end;
        }
    }

    fn picture(&mut self, element: &Element) {
        let lazy = ["data-src", "data-lazy-src", "data-original"].iter().find_map(|name| element.attr(name));
        let source = element.attr("src").filter(|src| !src.starts_with("data:") && !src.is_empty()).or(lazy);
        if let Some(source) = source {
            let alt = element.attr("alt").unwrap_or_default();
            self.html.push_str("<img src=\"");
            push_attribute(&mut self.html, source);
            self.html.push_str("\" alt=\"");
            push_attribute(&mut self.html, alt);
            self.html.push_str("\">");
            self.has_picture = true;
        }
    }

    /// Ends the piece, if there is one.
    fn flush(&mut self) {
        self.breaks = 0;
        let text = clean_line(&self.raw);
        self.raw.clear();
        let mut piece = std::mem::take(&mut self.now);
        if text.is_empty() && !std::mem::take(&mut self.has_picture) {
            self.html.clear();
            self.reopen();
            return;
        }
        for (name, ..) in self.inline.iter().rev().filter(|(_, tag, _)| !tag.is_empty()) {
            close_tag(&mut self.html, name);
        }
        if text.is_empty() {
            piece.elem = self.open.last().copied().unwrap_or_default();
        }
        self.has_picture = false;
        piece.hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        piece.text = text;
        // One piece of memory of the right size, where growing would take several.
        piece.html = self.html.as_str().to_owned();
        self.html.clear();
        self.pieces.list.push(piece);
        self.reopen();
    }

    /// Inline elements go on in the next piece.
    fn reopen(&mut self) {
        for (name, tag, _) in &self.inline {
            self.html.push_str(tag);
            if *name == "a" {
                self.now.links += 1;
            }
        }
    }
}

fn close_tag(into: &mut String, name: &str) {
    into.push_str("</");
    into.push_str(name);
    into.push('>');
}

fn is_strong(name: &str) -> bool {
    matches!(name, "b" | "strong" | "i" | "em")
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '!', '?', ':', '»', '”', '"', '…', '؟', '。'])
}

/// Words by white space; a script that has none counts two characters as one.
pub(super) fn words_in(text: &str) -> u32 {
    if text.is_ascii() {
        let is_gap = |b: u8| matches!(b, b' ' | b'\t'..=b'\r');
        let starts = std::iter::once(b' ').chain(text.bytes()).zip(text.bytes());
        return starts.filter(|(before, b)| is_gap(*before) && !is_gap(*b)).count() as u32;
    }
    let mut words = 0;
    let mut dense = 0;
    for word in text.split_whitespace() {
        words += 1;
        if word.len() > 24 {
            dense += word.chars().filter(|c| ('\u{2E80}'..='\u{9FFF}').contains(c)).count();
        }
    }
    words + (dense / 2) as u32
}

/// Text as markup. What needs no change goes over in whole runs.
fn push_escaped(into: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| {
        matches!(c, '&' | '<' | '>') || (c.is_whitespace() && !matches!(c, ' ' | '\u{A0}' | '\u{202F}' | '\n'))
    }) {
        into.push_str(&rest[..at]);
        let c = rest[at..].chars().next().unwrap_or(' ');
        into.push_str(match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            // Line and paragraph separators break readers that go by lines.
            _ => " ",
        });
        rest = &rest[at + c.len_utf8()..];
    }
    into.push_str(rest);
}

/// A value as it stands between quotation marks.
fn push_attribute(into: &mut String, value: &str) {
    if value.bytes().all(|b| matches!(b, b'!'..=b'~') && !matches!(b, b'&' | b'"' | b'<')) {
        return into.push_str(value);
    }
    into.push_str(&clean_line(value).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;"));
}
