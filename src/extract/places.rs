//! Where a page shows dates: elements that are marked so, and short lines. It knows which are near the headline, which
//! speak of publication and which of a change; what is declared in the head is none of its matter.

use std::collections::HashSet;

use ego_tree::NodeId;
use foldhash::HashMap;
use scraper::ElementRef;

use super::date::Reader;
use super::facts::Facts;
use super::page::{Page, text_of};
use crate::article::PageDate;

/// Class words of elements that show a date, the surest first.
const SHOWN: &[&[&str]] = &[
    &["published", "pubdate", "publish", "posted", "submitted", "publication", "pub", "erstellt", "veroeffentlicht"],
    &["date", "datum", "fecha", "dateline", "datetime", "postdate", "timestamp", "data", "calendar"],
    &["time", "byline", "meta", "info", "infos", "postmetadata", "entry-meta"],
];
/// A line longer than this is no date line.
const LONGEST: usize = 160;

/// What dates are said to be from that nothing marks as the article's own.
const DATELINE: &str = "dateline";
const NEAR: &str = "near the headline";
const SAYS_SO: &str = "a line that says so";
const OF_ITS_OWN: &str = "a line of its own";
const OF_A_CHANGE: &str = "a line about a change";
/// All of these.
pub(super) const UNMARKED: &[&str] = &[DATELINE, NEAR, SAYS_SO, OF_ITS_OWN, OF_A_CHANGE];

/// An element that may show the date.
struct Place<'a> {
    element: ElementRef<'a>,
    text: String,
    /// Which row of `SHOWN` its class is of; past them for a bare `<time>`.
    rank: usize,
    /// Elements between it and the headline; those before it count double.
    distance: usize,
    is_update: bool,
    /// In a list of other stories.
    is_aside: bool,
}

/// All of a page.
#[derive(Default)]
pub(super) struct Places<'a> {
    list: Vec<Place<'a>>,
    /// Short lines after the headline.
    lines: Vec<String>,
    /// Short lines that speak of publication.
    spoken: Vec<String>,
    /// Short lines that are little more than a date.
    bare: Vec<String>,
    /// Short lines that speak of a change.
    changed: Vec<String>,
}

impl<'a> Places<'a> {
    pub fn read(page: &'a Page<'_>, facts: &Facts<'_>, title: &str) -> Places<'a> {
        const MOST: usize = 80;
        let is_title = |h: &&ElementRef<'_>| text_of(**h) == title;
        let headline = facts.headings.iter().find(is_title).or_else(|| facts.headings.first()).copied();
        let above: HashSet<NodeId> = headline.iter().flat_map(|h| h.ancestors()).map(|a| a.id()).collect();
        let mut places = Places::default();
        let mut order = 0usize;
        let mut at_headline = None;
        // Pages repeat their classes by the hundred.
        let mut ranks: HashMap<&str, usize> = HashMap::default();
        for node in page.html.root_element().descendants() {
            let Some(element) = ElementRef::wrap(node) else {
                if let scraper::Node::Text(text) = node.value()
                    && text.len() < LONGEST
                    && text.bytes().any(|b| b.is_ascii_digit())
                    && !node.parent().and_then(ElementRef::wrap).is_some_and(|e| is_code(e.value().name()))
                {
                    places.line(text.trim(), at_headline.is_some_and(|since| order < since + 40));
                }
                continue;
            };
            order += 1;
            if headline.is_some_and(|h| h.id() == node.id()) {
                at_headline = Some(order);
            }
            let class = class_of(element);
            let is_frame = matches!(element.value().name(), "body" | "html" | "main");
            let rank = if is_frame || class.is_empty() {
                SHOWN.len()
            } else {
                *ranks.entry(class).or_insert_with(|| rank(class))
            };
            if (element.value().name() != "time" && rank == SHOWN.len()) || places.list.len() >= MOST {
                continue;
            }
            let text = text_of(element);
            if text.len() > LONGEST {
                continue;
            }
            let is_update = is_update(&text) || class.contains("modif") || class.contains("updated");
            let is_aside = is_aside(element, &above);
            places.list.push(Place { element, rank, distance: order, is_update, is_aside, text });
        }
        let middle = at_headline.unwrap_or(0);
        for place in &mut places.list {
            place.distance =
                if place.distance >= middle { place.distance - middle } else { 2 * (middle - place.distance) };
        }
        places
    }

    fn line(&mut self, line: &str, is_near: bool) {
        const MOST: usize = 40;
        let list = if is_update(line) {
            &mut self.changed
        } else if is_near {
            &mut self.lines
        } else if is_spoken(line) {
            &mut self.spoken
        } else if line.len() < 36 && !line.contains('©') {
            &mut self.bare
        } else {
            return;
        };
        if list.len() < MOST {
            list.push(line.to_owned());
        }
    }

    /// Times, then lines that are marked as dates.
    pub fn shown(&self, reader: &Reader) -> Option<PageDate> {
        let mut times: Vec<&Place<'_>> =
            self.list.iter().filter(|p| p.element.value().name() == "time" && !p.is_aside).collect();
        times.sort_by_key(|place| (place.is_update, place.distance));
        let by_time = times.into_iter().find_map(|place| place.read(reader));
        by_time.or_else(|| self.by_class(reader, 0, false)).or_else(|| self.by_class(reader, 1, false))
    }

    /// The nearest date of the month that the address names.
    pub fn of_month(&self, reader: &Reader, (year, month): (i16, i8)) -> Option<PageDate> {
        let mut near: Vec<&Place<'_>> = self.list.iter().filter(|place| !place.is_update).collect();
        near.sort_by_key(|place| place.distance);
        let lines = [&self.lines, &self.spoken, &self.bare].into_iter().flatten();
        let of_lines = lines.filter_map(|line| reader.read(line, "a line of the month in the address"));
        let dates = near.into_iter().filter_map(|place| place.read(reader)).chain(of_lines);
        dates.into_iter().find(|date| (date.date.year(), date.date.month()) == (year, month))
    }

    /// What else readers see: the dateline, then lines near the headline and those that speak of publication.
    pub fn near(&self, reader: &Reader, text: &str) -> Option<PageDate> {
        // A dateline is the article's own; a date in the chrome may be another story's.
        let dateline: String = text.chars().take(120).collect();
        reader
            .read(&dateline, DATELINE)
            .or_else(|| self.by_class(reader, 2, false))
            .or_else(|| self.lines.iter().find_map(|line| reader.read(line, NEAR)))
            .or_else(|| self.spoken.iter().find_map(|line| reader.read(line, SAYS_SO)))
            .or_else(|| self.bare.iter().find_map(|line| reader.read(line, OF_ITS_OWN)))
    }

    fn by_class(&self, reader: &Reader, rank: usize, aside: bool) -> Option<PageDate> {
        let mut lines: Vec<&Place<'_>> =
            self.list.iter().filter(|p| p.rank == rank && !p.is_update && p.is_aside == aside).collect();
        lines.sort_by_key(|place| place.distance);
        lines.into_iter().find_map(|place| place.read(reader))
    }

    /// Dates of other boxes, and of changes: better than none.
    pub fn last_resort(&self, reader: &Reader) -> Option<PageDate> {
        let times = self.list.iter().filter(|p| p.element.value().name() == "time");
        times
            .min_by_key(|place| place.distance)
            .and_then(|place| place.read(reader))
            .or_else(|| self.by_class(reader, 0, true))
            .or_else(|| self.by_class(reader, 1, true))
            .or_else(|| self.changed.iter().find_map(|line| reader.read(line, OF_A_CHANGE)))
    }
}

impl Place<'_> {
    fn read(&self, reader: &Reader) -> Option<PageDate> {
        let from = format!("{} {}", self.element.value().name(), class_of(self.element));
        let names = ["datetime", "content", "title", "data-date", "data-datetime"];
        let machine = names
            .iter()
            .filter_map(|name| self.element.value().attr(name))
            .find_map(|value| reader.read(value, from.trim()));
        let shown = reader.read(&self.text, from.trim());
        // What programs are told may be the day of a change; what readers are told says what it is.
        let is_other = |a: &PageDate, b: &PageDate| (a.date - b.date).get_days().abs() > 1;
        match (machine, shown) {
            (Some(machine), Some(shown)) if is_spoken(&self.text) && is_other(&machine, &shown) => Some(shown),
            (machine, shown) => machine.or(shown),
        }
    }
}

fn is_spoken(line: &str) -> bool {
    let lower = line.to_lowercase();
    SPOKEN.iter().any(|word| lower.contains(word))
}

/// Words that a line about publication has.
const SPOKEN: &[&str] = &[
    "published",
    "posted",
    "publié",
    "posté",
    "publicado",
    "veröffentlicht",
    "erschienen",
    "erstellt",
    "gespeichert",
    "geschrieben",
    "pubblicato",
    "gepubliceerd",
    "publisert",
    "wurde am",
    "vom ",
    "نشر",
    "released",
    "issued",
    "date:",
    "datum:",
    "fecha:",
    "date :",
];

/// In a box of other stories, below what it shares with the headline.
fn is_aside(element: ElementRef<'_>, above: &HashSet<NodeId>) -> bool {
    const BOXES: &[&str] = &["related", "sidebar", "recent", "widget", "comment", "teaser", "latest", "footer"];
    element.ancestors().take_while(|a| !above.contains(&a.id())).take(8).filter_map(ElementRef::wrap).any(|e| {
        matches!(e.value().name(), "aside" | "footer" | "nav")
            || e.value().attr("class").is_some_and(|class| {
                let class = class.to_ascii_lowercase();
                BOXES.iter().any(|word| class.contains(word))
            })
    })
}

fn is_code(name: &str) -> bool {
    matches!(name, "script" | "style" | "noscript" | "template" | "h1")
}

fn class_of<'a>(element: ElementRef<'a>) -> &'a str {
    let (mut class, mut id) = (None, "");
    for (name, value) in element.value().attrs() {
        match name.as_bytes() {
            b"class" => class = Some(value),
            b"id" => id = value,
            _ => {}
        }
    }
    class.unwrap_or(id)
}

/// The row of `SHOWN` that a class is of, or one past the last.
fn rank(class: &str) -> usize {
    if class.is_empty() || class.len() > 300 {
        return SHOWN.len();
    }
    let lower = class.to_ascii_lowercase();
    SHOWN
        .iter()
        .position(|words| {
            lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
                words
                    .iter()
                    .any(|word| part == *word || (word.len() > 3 && (part.ends_with(word) || part.starts_with(word))))
            })
        })
        .unwrap_or(SHOWN.len())
}

/// Says that it is about a change.
pub(super) fn is_update(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    [
        "updated",
        "last updated",
        "last modified",
        "modified",
        "mis à jour",
        "mise à jour",
        "dernière mise",
        "actualizado",
        "última actualización",
        "aktualisiert",
        "atualizado",
        "aggiornato",
        "zuletzt",
        "letzte",
    ]
    .iter()
    .any(|mark| text.starts_with(mark))
}
