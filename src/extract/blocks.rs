//! A container as blocks in the order of the page: paragraphs, lists, tables, quotes, headings, figures.
//! It drops chrome that sites put inside bodies, and stops where the body proper ends.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::page::text_of;
use crate::article::{clean_line, fold};

/// A block: its text, a line each paragraph or item, and its markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub lines: Vec<String>,
    pub html: String,
}

/// Blocks of the body, and what was found behind it.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub blocks: Vec<Block>,
    pub contact: Option<String>,
    pub credit: Option<String>,
}

/// Nested deeper than this, markup is unwrapped no further.
const DEEPEST: usize = 256;
/// Elements that are never part of a body.
const NEVER: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "iframe", "form", "nav", "button", "aside", "select", "object",
    "footer",
];
/// Class words of chrome inside bodies.
const CHROME: &[&str] = &[
    "share",
    "social",
    "related",
    "newsletter",
    "breadcrumb",
    "comment",
    "credit",
    "caption",
    "pager",
    "tags",
    "advert",
    "promo",
];

impl Block {
    fn size(&self) -> usize {
        self.lines.iter().map(String::len).sum()
    }
}

impl Body {
    pub fn text(&self) -> String {
        self.blocks.iter().flat_map(|b| &b.lines).cloned().collect::<Vec<_>>().join("\n")
    }

    pub fn html(&self) -> String {
        self.blocks.iter().map(|b| b.html.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Reads a profile's containers, less what it excludes.
pub(super) fn read(containers: &[ElementRef<'_>], removed: &HashSet<NodeId>) -> Body {
    let mut all = Vec::new();
    for container in containers {
        descend(*container, removed, 0, &mut all);
    }
    finish(all)
}

fn descend(element: ElementRef<'_>, removed: &HashSet<NodeId>, depth: usize, into: &mut Vec<Block>) {
    let (mut loose_text, mut loose_html) = (String::new(), String::new());
    let flush = |text: &mut String, html: &mut String, into: &mut Vec<Block>| {
        let line = clean_line(text);
        if !line.is_empty() {
            into.push(Block { lines: vec![line], html: format!("<p>{html}</p>") });
        }
        text.clear();
        html.clear();
    };
    for child in element.children() {
        let Some(inner) = ElementRef::wrap(child) else {
            if let Node::Text(text) = child.value() {
                loose_text.push_str(text);
                loose_html.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
            }
            continue;
        };
        let name = inner.value().name();
        if NEVER.contains(&name) || removed.contains(&inner.id()) || is_chrome(inner) {
            continue;
        }
        match name {
            "p" | "ul" | "ol" | "dl" | "table" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" => {
                flush(&mut loose_text, &mut loose_html, into);
                let lines = lines_of(inner);
                if !lines.is_empty() {
                    into.push(Block { lines, html: inner.html() });
                }
            }
            "figure" => {
                flush(&mut loose_text, &mut loose_html, into);
                into.push(Block { lines: Vec::new(), html: inner.html() });
            }
            "br" | "hr" => flush(&mut loose_text, &mut loose_html, into),
            "div" | "section" | "article" | "main" | "header" | "center" if depth < DEEPEST => {
                flush(&mut loose_text, &mut loose_html, into);
                descend(inner, removed, depth + 1, into);
            }
            _ => {
                loose_text.push_str(&text_of(inner));
                loose_html.push_str(&inner.html());
            }
        }
    }
    flush(&mut loose_text, &mut loose_html, into);
}

fn lines_of(element: ElementRef<'_>) -> Vec<String> {
    let parts: Vec<ElementRef<'_>> = match element.value().name() {
        "ul" | "ol" | "dl" => element
            .descendants()
            .filter_map(ElementRef::wrap)
            .filter(|e| matches!(e.value().name(), "li" | "dt" | "dd"))
            .collect(),
        "table" => element
            .descendants()
            .filter_map(ElementRef::wrap)
            .filter(|e| matches!(e.value().name(), "tr" | "caption"))
            .collect(),
        "blockquote" => {
            element.descendants().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "p").collect()
        }
        _ => Vec::new(),
    };
    let parts = if parts.is_empty() { vec![element] } else { parts };
    parts.into_iter().map(text_of).filter(|line| !line.is_empty()).collect()
}

fn is_chrome(element: ElementRef<'_>) -> bool {
    element.value().attr("class").is_some_and(|class| {
        class.split_whitespace().any(|word| {
            let word = word.to_ascii_lowercase();
            CHROME.iter().any(|chrome| word.split(['-', '_']).any(|part| part == *chrome))
        })
    })
}

/// Drops repeats and debris, sets contact and credit apart, and cuts where the body ends.
pub(super) fn finish(all: Vec<Block>) -> Body {
    let mut body = Body::default();
    let mut seen = HashSet::new();
    let whole: usize = all.iter().map(Block::size).sum();
    let (mut passed, mut ended) = (0, false);
    for mut block in all {
        let first = block.lines.first().cloned().unwrap_or_default();
        let folded = fold(&first);
        // A row of stars may also part two sections: only a short rest is behind the body.
        let is_late = passed * 10 >= whole * 6;
        passed += block.size();
        if is_contact(&folded) {
            body.contact.get_or_insert(block.lines.join("\n"));
            ended |= is_late;
            continue;
        }
        if is_credit(&first) {
            body.credit.get_or_insert(first);
            continue;
        }
        if is_late && block.lines.len() == 1 && is_footnote(&first, &body.blocks) {
            continue;
        }
        if !first.is_empty() && (is_stars(&first) || is_related_heading(&folded)) {
            ended |= is_late;
            continue;
        }
        if ended || (block.lines.len() == 1 && leads_away(&folded, &block.html)) {
            continue;
        }
        if is_debris(&first) {
            let Some(rest) =
                first.rsplit_once('>').map(|(_, rest)| clean_line(rest)).filter(|rest| rest.chars().count() > 40)
            else {
                continue;
            };
            block.html = format!("<p>{}</p>", rest.replace('&', "&amp;").replace('<', "&lt;"));
            block.lines[0] = rest;
        }
        if block.lines.len() == 1 && first.chars().count() > 60 && !seen.insert(folded) {
            continue;
        }
        block.lines.retain(|line| !is_stars(line));
        body.blocks.push(block);
    }
    body
}

fn is_stars(line: &str) -> bool {
    line.len() >= 2
        && line.chars().all(|c| matches!(c, '*' | ' ' | '\u{A0}' | '#' | '_'))
        && line.contains(['*', '#', '_'])
}

/// A line behind a star that marks a word of the text before.
fn is_footnote(line: &str, before: &[Block]) -> bool {
    // Straight behind a word or its full stop, and no pair around it.
    let ends = |text: &str| text.ends_with(|c: char| !c.is_whitespace() && c != '*');
    let marks = |line: &String| line.rsplit_once('*').is_some_and(|(head, _)| ends(head));
    let rest = line.strip_prefix('*').filter(|rest| !rest.contains('*') && rest.chars().count() < 300);
    rest.is_some() && before.iter().flat_map(|block| &block.lines).any(marks)
}

fn is_related_heading(folded: &str) -> bool {
    matches!(
        folded.trim_end_matches([':', ' ', '\u{A0}']),
        "connexes"
            | "related"
            | "related content"
            | "related news"
            | "read also"
            | "a lire aussi"
            | "lire aussi"
            | "contenu connexe"
            | "relacionados"
            | "ver tambien"
    )
}

/// A line in the middle of a body that leads to another story: "Read also: …". Without a colon it has to be a link.
fn leads_away(folded: &str, html: &str) -> bool {
    const OPENINGS: &[&str] = &[
        "read also",
        "also read",
        "see also",
        "a lire",
        "lire aussi",
        "lire egalement",
        "voir aussi",
        "lea tambien",
        "lee tambien",
        "leer tambien",
        "vea tambien",
        "ver tambien",
        "leia tambem",
        "veja tambem",
        "leggi anche",
        "lesen sie auch",
        "li tou",
        "اقرا ايضا",
        "читаите также",
    ];
    if folded.chars().count() > 200 {
        return false;
    }
    OPENINGS.iter().filter_map(|opening| folded.strip_prefix(opening)).any(|rest| {
        let rest = rest.strip_prefix(" aussi").or_else(|| rest.strip_prefix(" egalement")).unwrap_or(rest);
        let is_whole = !rest.starts_with(char::is_alphanumeric);
        is_whole && (rest.trim_start().starts_with(':') || linked(html) > 0.6)
    })
}

/// The share of a markup's text that stands in links.
pub(super) fn linked(html: &str) -> f32 {
    let (mut inside, mut of_links, mut all) = (false, 0, 0);
    for part in html.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        inside = (inside || tag.starts_with("a ")) && tag != "/a";
        all += text.len();
        of_links += if inside { text.len() } else { 0 };
    }
    of_links as f32 / all.max(1) as f32
}

fn is_contact(folded: &str) -> bool {
    const OPENINGS: &[&str] = &[
        "for more information",
        "for further information",
        "pour plus d'information",
        "pour de plus amples informations",
        "pour toute information",
        "para mas informacion",
        "para mayor informacion",
        "pou plis enfomasyon",
        "media contact",
        "contact presse",
        "contacts presse",
        "contacts medias",
        "contact medias",
        "لمزيد من المعلومات",
    ];
    // "Contact: a name, an address".
    let is_label = ["contact", "contacts", "contacto"]
        .iter()
        .filter_map(|label| folded.strip_prefix(label))
        .any(|rest| rest.trim_start_matches([' ', '\u{A0}']).starts_with(':'));
    folded.chars().count() < 600 && (is_label || OPENINGS.iter().any(|opening| folded.starts_with(opening)))
}

fn is_credit(line: &str) -> bool {
    let short = line.chars().count() < 120;
    let start = line.trim_start_matches(['(', '[']);
    short
        && (start.starts_with('©')
            || ["Photo:", "Photo :", "Photo\u{A0}:", "Foto:", "Crédit photo", "Photo credit", "Photos:"]
                .iter()
                .any(|p| start.starts_with(p)))
}

/// Style text that an old platform left in bodies, and footnotes.
fn is_debris(line: &str) -> bool {
    (line.contains("margin:") || line.contains("border:") || line.contains("rgb("))
        && line.contains("pt")
        && line.contains([';', '>'])
        && line.chars().count() < 300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_lead_to_another_story_go() {
        let kept = |line: &str, html: &str| {
            let block = |line: &str, html: &str| Block { lines: vec![line.to_owned()], html: html.to_owned() };
            let body = finish(vec![block("Les familles sont rentrées.", "<p>…</p>"), block(line, html)]);
            body.blocks.len() == 2
        };
        for (line, html) in [
            ("À lire aussi : Le retour de Yankhoba", "<p>…</p>"),
            ("Lire aussi\u{A0}: la suite", "<p>…</p>"),
            ("READ ALSO: Wells for Turkana", "<p>…</p>"),
            ("Lea también: El pozo de Tucurú", "<p>…</p>"),
            ("Leia também: O poço", "<p>…</p>"),
            ("إقرأ أيضاً: العودة", "<p>…</p>"),
            ("See also the wells", "<p><a href=\"/wells\">See also the wells</a></p>"),
            ("Contact : Yacine, presse@office.example", "<p>…</p>"),
            ("Voir aussi La pirogue", "<p>Voir aussi <a href=\"/pirogue\"><em>La pirogue de Nouadhibou</em></a></p>"),
        ] {
            assert!(!kept(line, html), "{line}");
        }
        for (line, html) in [
            ("Read more than once, the letter: was it his?", "<p>…</p>"),
            ("À lire ces lettres, on comprend : elles partiront.", "<p>…</p>"),
            ("Read alsoever: a word of its own", "<p>…</p>"),
            ("See also the <a>annex</a> for the figures of May", "<p>See also the <a href=\"/a\">annex</a> for …</p>"),
        ] {
            assert!(kept(line, html), "{line}");
        }
    }

    #[test]
    fn a_footnote_goes_where_its_star_stands_in_the_text() {
        let lines = |lines: &[&str]| {
            let block = |line: &&str| Block { lines: vec![(*line).to_owned()], html: "<p>…</p>".to_owned() };
            finish(lines.iter().map(block).collect()).text()
        };
        let long = "Some 5 000* carpenters were trained for a week and then paid for a month of work on the roofs.";
        let plain = "Some 5 000 carpenters were trained for a week and then paid for a month of work on the roofs.";
        assert_eq!(lines(&[long, "* As of 20 November."]), long);
        assert_eq!(lines(&[plain, "* As of 20 November."]), format!("{plain}\n* As of 20 November."));
        assert_eq!(
            lines(&["* First", "* Second, and longer", plain]),
            format!("* First\n* Second, and longer\n{plain}")
        );
    }
}
