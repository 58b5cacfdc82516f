//! The date that stands beside a link: what is marked as a time, else a short line that is a date and nothing else. A
//! date within a sentence is that of an event, and no concern of a list; of several none is taken.

use ego_tree::iter::Edge;
use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};

use crate::article::{PageDate, fold};
use crate::extract::DateOrder;
use crate::extract::calendar;
use crate::extract::date::Reader;
use crate::extract::page::text_of;
use crate::extract::places::is_update;

/// Nodes of an item that are looked at.
const MOST_NODES: usize = 400;
/// Characters of a line that may be a date.
const LONGEST: usize = 48;
/// Nodes of a line that may be a date.
const MOST_IN_LINE: usize = 40;
/// Characters of text straight in an element that make it a paragraph.
const PARAGRAPH: usize = 60;
/// Words beside a date that a line may have: a place, a kind of article.
const MOST_WORDS: usize = 2;

/// What could be an item's date.
#[derive(Default)]
pub(super) struct Stamps {
    marked: Vec<String>,
    shown: Vec<String>,
}

impl Stamps {
    /// Gathers them from some nodes; the title's element is not looked into.
    pub fn gather<'a>(roots: impl Iterator<Item = NodeRef<'a, Node>>, title: NodeId) -> Stamps {
        let mut stamps = Stamps::default();
        let mut skipped = None;
        for edge in roots.flat_map(|root| root.traverse()).take(2 * MOST_NODES) {
            match edge {
                Edge::Close(node) if skipped == Some(node.id()) => skipped = None,
                Edge::Open(node) if skipped.is_none() => {
                    let is_read = node.id() != title && stamps.add(node);
                    skipped = (!is_read).then_some(node.id());
                }
                _ => {}
            }
        }
        stamps
    }

    /// False for what is not to be looked into.
    fn add(&mut self, node: NodeRef<'_, Node>) -> bool {
        if let Node::Text(text) = node.value() {
            self.show(text);
        }
        let Some(element) = ElementRef::wrap(node) else { return true };
        let value = element.value();
        let is_date = |names: &str| names.contains("datePublished") || names.contains("dc:date");
        let marked = ["itemprop", "property"].iter().filter_map(|key| value.attr(key)).any(is_date);
        match value.name() {
            "script" | "style" | "noscript" | "template" | "svg" => return false,
            "time" if !value.classes().any(|class| matches!(class, "updated" | "modified")) => {
                let text = text_of(element);
                if !is_update(&text) {
                    self.marked.push(value.attr("datetime").map_or(text, str::to_owned));
                }
                return false;
            }
            "time" => return false,
            _ if marked => self.marked.push(value.attr("content").map_or_else(|| text_of(element), str::to_owned)),
            _ => {}
        }
        let own = element.children().filter_map(|child| child.value().as_text().map(|text| text.trim().len()));
        if own.sum::<usize>() > PARAGRAPH {
            return false;
        }
        let mut line = String::new();
        for (at, node) in element.descendants().enumerate() {
            line.push_str(node.value().as_text().map_or("", |text| &text[..]));
            if line.len() > 4 * LONGEST || at > MOST_IN_LINE {
                return true;
            }
        }
        self.show(&line);
        true
    }

    fn show(&mut self, text: &str) {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if is_line(&line) && !self.shown.contains(&line) {
            self.shown.push(line);
        }
    }

    /// The only date that they name.
    pub fn read(&self, reader: &Reader) -> Option<PageDate> {
        let of = |texts: &[String]| {
            let mut dates: Vec<PageDate> = Vec::new();
            for date in texts.iter().filter_map(|text| reader.read(text, "listing")) {
                if dates.iter().all(|known| known.date != date.date) {
                    dates.push(date);
                }
            }
            dates
        };
        let marked = of(&self.marked);
        let mut dates = if marked.is_empty() { of(&self.shown) } else { marked };
        (dates.len() == 1).then(|| dates.remove(0))
    }
}

/// How a list writes its dates in numbers: a number beyond twelve tells it.
pub(super) fn order(stamps: &[Stamps]) -> DateOrder {
    let pairs: Vec<(u8, u8)> = stamps.iter().flat_map(|s| &s.shown).filter_map(|text| pair(text)).collect();
    let is_month_first = pairs.iter().any(|(_, second)| *second > 12) && pairs.iter().all(|(first, _)| *first <= 12);
    if is_month_first { DateOrder::Mdy } else { DateOrder::default() }
}

/// The two numbers before a year.
fn pair(text: &str) -> Option<(u8, u8)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let (first, second, year) = (numbers.next()?, numbers.next()?, numbers.next()?);
    (year.len() == 4).then_some((first.parse().ok()?, second.parse().ok()?))
}

/// True for a text that is a date and no title.
pub(super) fn is_only_a_date(text: &str) -> bool {
    is_line(text) && Reader { order: DateOrder::default(), latest: None }.read(text, "listing").is_some()
}

/// True for a line that has a number, one year at most, and few words that are none of a date.
fn is_line(text: &str) -> bool {
    const OTHERS: &[&str] =
        &["deadline", "clos", "expir", "until", "limit", "clotur", "cierre", "plazo", "vence", "apply"];
    if text.chars().nth(LONGEST).is_some() || !text.chars().any(char::is_numeric) || is_update(text) {
        return false;
    }
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 3);
    let years = folded.split(|c: char| !c.is_numeric()).filter(|number| number.chars().count() == 4);
    let others = words.clone().filter(|word| calendar::month(word).is_none() && !calendar::is_weekday(word));
    years.count() <= 1
        && others.count() <= MOST_WORDS
        && !words.into_iter().any(|w| OTHERS.iter().any(|o| w.starts_with(o)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_date_or_it_is_none() {
        for text in [
            "3 October 2026",
            "Juba | 3 October 2026",
            "نشر في ٢٠ نوفمبر ٢٠٢٦",
            "发布时间：2026年11月20日",
            "Fri, 01/22/2021 - 03:19",
        ] {
            assert!(is_only_a_date(text), "{text}");
        }
        for text in [
            "Deadline: 3 October 2026",
            "Updated 3 October 2026",
            "12 May 2026 – 14 May 2026",
            "The bridge fell on 3 October 2026 in Juba",
            "May",
            "12",
            "",
        ] {
            assert!(!is_only_a_date(text), "{text}");
        }
    }
}
