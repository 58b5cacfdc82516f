//! The publication date of a page: the profile's place first, then what is declared, then what stands near the title.

use std::collections::HashSet;
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::ElementRef;

use super::PageInput;
use super::date::Reader;
use super::facts::Facts;
use super::page::{Page, text_of};
use super::profile::Profile;
use crate::article::PageDate;

/// Names of meta elements that hold a publication date, the surest first.
const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "article.published",
    "publish-date",
    "publish_date",
    "publication_date",
    "publication-date",
    "publicationdate",
    "published-date",
    "pub_date",
    "pubdate",
    "citation_publication_date",
    "citation_date",
    "date.created",
    "rnews:datepublished",
    "ptime",
    "vr:published_time",
    "last-modified-date",
    "dcterms.date",
    "dc.date",
    "dc:date",
    "date",
    "article_date_original",
    "originalpublicationdate",
    "search.date",
    "bt:pubdate",
    "gentime",
    "timestamp",
    "datecreated",
    "article:post_date",
];
/// Names of meta elements that hold the date of a change: better than nothing.
const MODIFIED: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
    "revised",
    "article:modified",
    "utime",
];
/// Class words of elements that show a date, the surest first.
const SHOWN: &[&[&str]] = &[
    &["published", "pubdate", "publish", "posted", "submitted", "publication", "pub", "erstellt", "veroeffentlicht"],
    &["date", "datum", "fecha", "dateline", "datetime", "postdate", "timestamp", "data", "calendar"],
    &["time", "byline", "meta", "info", "infos", "postmetadata", "entry-meta"],
];
/// A line longer than this is no date line.
const LONGEST: usize = 160;

pub(super) fn find(
    page: &Page<'_>,
    facts: &Facts<'_>,
    profile: Option<&Profile>,
    title: &str,
    text: &str,
) -> Option<PageDate> {
    let reader = reader(&page.input, profile);
    if let Some(date) = by_profile(page, profile, &reader) {
        return Some(date);
    }
    let address = by_url(page, &reader);
    if let Some(date) = declared(facts, &reader).or_else(|| by_property(facts, &reader)) {
        if !is_foreign(&date) {
            return Some(date);
        }
        let local = address.or_else(|| Places::read(page, facts, title).shown(&reader));
        return Some(local.filter(|local| is_neighbour(&date, local)).unwrap_or(date));
    }
    address
        .or_else(|| by_script(page, &reader))
        .or_else(|| near(page, facts, &reader, title, text))
        .or_else(|| by_modified(facts, &reader))
        .or_else(|| Places::read(page, facts, title).last_resort(&reader))
}

/// The date of each signal that gives one: for whoever asks what a date was chosen from.
pub(super) fn signals(
    page: &Page<'_>,
    facts: &Facts<'_>,
    profile: Option<&Profile>,
    title: &str,
    text: &str,
) -> Vec<PageDate> {
    let reader = reader(&page.input, profile);
    let places = Places::read(page, facts, title);
    let all = [
        by_profile(page, profile, &reader),
        declared(facts, &reader),
        by_property(facts, &reader),
        by_url(page, &reader),
        by_script(page, &reader),
        places.shown(&reader),
        near(page, facts, &reader, title, text),
        by_modified(facts, &reader),
        places.last_resort(&reader),
    ];
    let mut dates: Vec<PageDate> = Vec::new();
    for date in all.into_iter().flatten() {
        if !dates.contains(&date) {
            dates.push(date);
        }
    }
    dates
}

/// A time in UTC may be of another day than the one that the site's readers have.
fn is_foreign(date: &PageDate) -> bool {
    date.time.is_some() && date.offset_minutes == Some(0)
}

/// The same moment may be that day somewhere: the evening before in the west, the morning after in the east.
fn is_neighbour(utc: &PageDate, local: &PageDate) -> bool {
    let hour = utc.time.map_or(12, |time| time.hour());
    (hour >= 10 && utc.date.tomorrow().is_ok_and(|next| next == local.date))
        || (hour <= 12 && utc.date.yesterday().is_ok_and(|before| before == local.date))
}

pub(super) fn reader(input: &PageInput<'_>, profile: Option<&Profile>) -> Reader {
    Reader { order: profile.map(|p| p.rules().date_order).unwrap_or_default(), latest: input.latest }
}

fn by_profile(page: &Page<'_>, profile: Option<&Profile>, reader: &Reader) -> Option<PageDate> {
    for selector in profile.iter().flat_map(|p| &p.article_date) {
        for element in page.html.select(selector).take(4) {
            let from = format!("article.date {}", element.value().attr("class").unwrap_or(element.value().name()));
            let machine = element.value().attr("content").or_else(|| element.value().attr("datetime"));
            let shown = text_of(element);
            if is_update(&shown) {
                continue;
            }
            if let Some(date) = machine.and_then(|m| reader.read(m, &from)).or_else(|| reader.read(&shown, &from)) {
                return Some(date);
            }
        }
    }
    None
}

/// Structured data, then meta elements.
fn declared(facts: &Facts<'_>, reader: &Reader) -> Option<PageDate> {
    let by_json = |key: &str| {
        let from = format!("json-ld {key}");
        facts.json_values(key).into_iter().filter_map(|v| v.as_str()).find_map(|text| reader.read(text, &from))
    };
    let by_meta = |names: &[&str]| {
        names.iter().find_map(|name| {
            facts.metas.iter().filter(|(key, _)| key == name).find_map(|(_, content)| reader.read(content, name))
        })
    };
    by_json("datePublished").or_else(|| by_meta(PUBLISHED)).or_else(|| by_json("dateCreated"))
}

/// What elements of the page are marked with.
fn by_property(facts: &Facts<'_>, reader: &Reader) -> Option<PageDate> {
    for element in &facts.props {
        let name = element.value().attr("itemprop").or_else(|| element.value().attr("property")).unwrap_or_default();
        if !matches!(name, "datePublished" | "dc:date" | "dateCreated" | "dc:issued" | "schema:datePublished") {
            continue;
        }
        let machine = ["content", "datetime", "title"].iter().filter_map(|a| element.value().attr(a));
        if let Some(date) = machine
            .filter_map(|value| reader.read(value, name))
            .next()
            .or_else(|| reader.read(&text_of(*element), name))
        {
            return Some(date);
        }
    }
    None
}

/// What scripts carry: data of the page's own framework.
fn by_script(page: &Page<'_>, reader: &Reader) -> Option<PageDate> {
    ["\"datePublished\"", "\"publishedDate\"", "\"publishDate\"", "\"published_at\"", "\"publicationDate\""]
        .iter()
        .find_map(|key| {
            let at = page.input.html.find(key)?;
            let value: String = page.input.html[at + key.len()..].chars().take(40).collect();
            value.trim_start().starts_with(':').then(|| reader.read(&value, key.trim_matches('"'))).flatten()
        })
}

/// What readers see: times and date lines, those near the headline before others; then the dateline.
fn near(page: &Page<'_>, facts: &Facts<'_>, reader: &Reader, title: &str, text: &str) -> Option<PageDate> {
    let places = Places::read(page, facts, title);
    // A dateline is the article's own; a date in the chrome may be another story's.
    let dateline: String = text.chars().take(120).collect();
    places
        .shown(reader)
        .or_else(|| reader.read(&dateline, "dateline"))
        .or_else(|| places.by_class(reader, 2, false))
        .or_else(|| places.lines.iter().find_map(|line| reader.read(line, "near the headline")))
        .or_else(|| places.spoken.iter().find_map(|line| reader.read(line, "a line that says so")))
        .or_else(|| places.bare.iter().find_map(|line| reader.read(line, "a line of its own")))
}

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

#[derive(Default)]
struct Places<'a> {
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
    fn read(page: &'a Page<'_>, facts: &Facts<'_>, title: &str) -> Places<'a> {
        const MOST: usize = 80;
        let is_title = |h: &&ElementRef<'_>| text_of(**h) == title;
        let headline = facts.headings.iter().find(is_title).or_else(|| facts.headings.first()).copied();
        let above: HashSet<NodeId> = headline.iter().flat_map(|h| h.ancestors()).map(|a| a.id()).collect();
        let mut places = Places::default();
        let mut order = 0usize;
        let mut at_headline = None;
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
            let rank = rank(element);
            if (element.value().name() != "time" && rank == SHOWN.len()) || places.list.len() >= MOST {
                continue;
            }
            let text = text_of(element);
            if text.len() > LONGEST {
                continue;
            }
            let class = class_of(element);
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
        let lower = line.to_lowercase();
        let list = if is_update(line) {
            &mut self.changed
        } else if is_near {
            &mut self.lines
        } else if SPOKEN.iter().any(|word| lower.contains(word)) {
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
    fn shown(&self, reader: &Reader) -> Option<PageDate> {
        let mut times: Vec<&Place<'_>> =
            self.list.iter().filter(|p| p.element.value().name() == "time" && !p.is_aside).collect();
        times.sort_by_key(|place| (place.is_update, place.distance));
        let by_time = times.into_iter().find_map(|place| place.read(reader));
        by_time.or_else(|| self.by_class(reader, 0, false)).or_else(|| self.by_class(reader, 1, false))
    }

    fn by_class(&self, reader: &Reader, rank: usize, aside: bool) -> Option<PageDate> {
        let mut lines: Vec<&Place<'_>> =
            self.list.iter().filter(|p| p.rank == rank && !p.is_update && p.is_aside == aside).collect();
        lines.sort_by_key(|place| place.distance);
        lines.into_iter().find_map(|place| place.read(reader))
    }

    /// Dates of other boxes, and of changes: better than none.
    fn last_resort(&self, reader: &Reader) -> Option<PageDate> {
        let times = self.list.iter().filter(|p| p.element.value().name() == "time");
        times
            .min_by_key(|place| place.distance)
            .and_then(|place| place.read(reader))
            .or_else(|| self.by_class(reader, 0, true))
            .or_else(|| self.by_class(reader, 1, true))
            .or_else(|| self.changed.iter().find_map(|line| reader.read(line, "a line about a change")))
    }
}

impl Place<'_> {
    fn read(&self, reader: &Reader) -> Option<PageDate> {
        let from = format!("{} {}", self.element.value().name(), class_of(self.element));
        let machine = ["datetime", "content", "title", "data-date", "data-datetime"];
        machine
            .iter()
            .filter_map(|name| self.element.value().attr(name))
            .find_map(|value| reader.read(value, from.trim()))
            .or_else(|| reader.read(&self.text, from.trim()))
    }
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

fn class_of(element: ElementRef<'_>) -> &str {
    element.value().attr("class").or_else(|| element.value().attr("id")).unwrap_or_default()
}

fn rank(element: ElementRef<'_>) -> usize {
    let class = class_of(element);
    if class.is_empty() || class.len() > 300 || matches!(element.value().name(), "body" | "html" | "main") {
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

static IN_ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9])((?:19|20)\d{2})(?:[/_.-](\d{1,2})[/_.-](\d{1,2})|(\d{2})(\d{2}))(?:[^0-9]|$)").ok()
});

/// A full date in the address; of an archive's copy, in the address that it is a copy of.
fn by_url(page: &Page<'_>, reader: &Reader) -> Option<PageDate> {
    let path = page.input.url.path();
    let path = path.rsplit_once("http").map_or(path, |(_, inner)| inner);
    IN_ADDRESS.iter().flat_map(|pattern| pattern.captures_iter(path)).find_map(|found| {
        let part = |a: usize, b: usize| found.get(a).or_else(|| found.get(b)).map(|m| m.as_str());
        reader.read(&format!("{}-{:0>2}-{:0>2}", &found[1], part(2, 4)?, part(3, 5)?), "address")
    })
}

/// The last resort: when the page was changed.
fn by_modified(facts: &Facts<'_>, reader: &Reader) -> Option<PageDate> {
    facts
        .json_values("dateModified")
        .into_iter()
        .filter_map(|v| v.as_str())
        .find_map(|text| reader.read(text, "json-ld dateModified"))
        .or_else(|| {
            MODIFIED.iter().find_map(|name| {
                facts.metas.iter().filter(|(key, _)| key == name).find_map(|(_, content)| reader.read(content, name))
            })
        })
}

fn is_update(text: &str) -> bool {
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
