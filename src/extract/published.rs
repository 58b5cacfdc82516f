//! The publication date of a page: the profile's place first, then what is declared, then what stands near the title.

use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use super::PageInput;
use super::date::Reader;
use super::facts::Facts;
use super::page::{Page, text_of};
use super::places::{Places, UNMARKED, is_update};
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
    "article_date_original",
    "originalpublicationdate",
    "bt:pubdate",
    "datecreated",
    "article:post_date",
];
/// Names of meta elements that hold a date of some kind: as often that of a change, or of the day the page was made.
const DATED: &[&str] =
    &["dcterms.date", "dc.date", "dc:date", "date", "search.date", "gentime", "timestamp", "last-modified-date"];
/// What the date of a change in structured data is said to be from.
const CHANGED: &str = "json-ld dateModified";
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
/// True for a date that may be another story's, or that of a change: what a listing or a feed says outweighs it.
pub fn is_weak(date: &PageDate) -> bool {
    let from = date.from.as_str();
    from == CHANGED || [UNMARKED, MODIFIED, DATED].iter().any(|names| names.contains(&from))
}

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
    let places = OnceCell::new();
    let places = || places.get_or_init(|| Places::read(page, facts, title));
    // Where the site's readers are a day off, the day that they see.
    let local = |date: PageDate| {
        if !is_foreign(&date) {
            return date;
        }
        let local = address.clone().or_else(|| places().shown(&reader));
        local.filter(|local| is_neighbour(&date, local)).unwrap_or(date)
    };
    // Where the address names a month, a date that is shown should be of that month.
    let shown = || {
        let shown = places().shown(&reader);
        let of = |date: &PageDate| (date.date.year(), date.date.month());
        match month_of(page) {
            Some(month) if shown.as_ref().map(of) != Some(month) => places().of_month(&reader, month).or(shown),
            _ => shown,
        }
    };
    // What readers see outweighs a date of some kind; where both mean one day, that one may have the hour.
    let dated = |date: PageDate| shown().filter(|shown| shown.date != date.date || date.time.is_none()).unwrap_or(date);
    let mut properties = by_property(facts, &reader).take(10);
    let property = properties.next();
    let is_sole = properties.all(|other| property.as_ref().is_some_and(|first| first.date == other.date));
    declared(facts, &reader)
        .or_else(|| property.clone().filter(|_| is_sole))
        .map(local)
        .or_else(|| address.clone())
        .or_else(|| by_meta(facts, DATED, &reader).map(|date| dated(local(date))))
        .or_else(|| property.clone().map(local))
        .or_else(|| by_script(page, &reader))
        .or_else(shown)
        .or_else(|| places().near(&reader, text))
        .or_else(|| by_modified(facts, &reader))
        .or_else(|| places().last_resort(&reader))
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
    let first = [by_profile(page, profile, &reader), declared(facts, &reader)].into_iter().flatten();
    let others = [
        by_url(page, &reader),
        by_meta(facts, DATED, &reader),
        by_script(page, &reader),
        places.shown(&reader),
        month_of(page).and_then(|month| places.of_month(&reader, month)),
        places.near(&reader, text),
        by_modified(facts, &reader),
        places.last_resort(&reader),
    ];
    let all = first.chain(by_property(facts, &reader).take(4)).chain(others.into_iter().flatten());
    let mut dates: Vec<PageDate> = Vec::new();
    for date in all {
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
    by_json("datePublished").or_else(|| by_meta(facts, PUBLISHED, reader)).or_else(|| by_json("dateCreated"))
}

/// The first of the names that a meta element has a date for.
fn by_meta(facts: &Facts<'_>, names: &[&str], reader: &Reader) -> Option<PageDate> {
    names.iter().find_map(|name| {
        facts.metas.iter().filter(|(key, _)| key == name).find_map(|(_, content)| reader.read(content, name))
    })
}

/// What elements of the page are marked with, in its order. Several days are those of a list of stories.
fn by_property<'a>(facts: &'a Facts<'_>, reader: &'a Reader) -> impl Iterator<Item = PageDate> + 'a {
    const NAMES: &[&str] = &["datePublished", "dc:date", "dateCreated", "dc:issued", "schema:datePublished"];
    facts.props.iter().filter_map(|element| {
        let name = element.value().attr("itemprop").or_else(|| element.value().attr("property")).unwrap_or_default();
        if !NAMES.contains(&name) {
            return None;
        }
        let machine = ["content", "datetime", "title"].iter().filter_map(|a| element.value().attr(a));
        let date = machine.filter_map(|value| reader.read(value, name)).next();
        date.or_else(|| reader.read(&text_of(*element), name))
    })
}

/// What scripts carry: data of the page's own framework.
fn by_script(page: &Page<'_>, reader: &Reader) -> Option<PageDate> {
    ["\"datePublished\"", "\"publishedDate\"", "\"publishDate\"", "\"published_at\"", "\"publicationDate\""]
        .iter()
        .find_map(|key| {
            let at = memchr::memmem::find(page.input.html.as_bytes(), key.as_bytes())?;
            let value: String = page.input.html[at + key.len()..].chars().take(40).collect();
            value.trim_start().starts_with(':').then(|| reader.read(&value, key.trim_matches('"'))).flatten()
        })
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

static MONTH_IN_ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"/((?:19|20)\d{2})/(0?[1-9]|1[0-2])/").ok());

/// The year and the month that the address names.
fn month_of(page: &Page<'_>) -> Option<(i16, i8)> {
    let found = MONTH_IN_ADDRESS.as_ref()?.captures(page.input.url.path())?;
    Some((found[1].parse().ok()?, found[2].parse().ok()?))
}

/// The last resort: when the page was changed.
fn by_modified(facts: &Facts<'_>, reader: &Reader) -> Option<PageDate> {
    facts
        .json_values("dateModified")
        .into_iter()
        .filter_map(|v| v.as_str())
        .find_map(|text| reader.read(text, CHANGED))
        .or_else(|| by_meta(facts, MODIFIED, reader))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(path: &str, html: &str) -> String {
        let url = url::Url::parse(&format!("https://office.example{path}")).unwrap();
        let input =
            PageInput { url: &url, html, content_language: None, source_language: None, latest: None, memory: None };
        let page = Page::parse(&input).unwrap();
        let facts = Facts::read(&page);
        let date = find(&page, &facts, None, "A well for Kati", "People drink from it.");
        date.map(|date| date.to_rfc3339()).unwrap_or_default()
    }

    #[test]
    fn what_readers_see_outweighs_a_date_of_some_kind() {
        let page =
            |meta: &str, shown: &str| format!("<head>{meta}</head><h1>A well for Kati</h1>{shown}<p>People drink.</p>");
        let dated = "<meta name='date' content='2024-05-09T08:00:00+02:00'>";
        let published = "<meta property='article:published_time' content='2024-05-09T08:00:00+02:00'>";
        for (path, html, want) in [
            // The day that a page was made, and the day that it shows.
            ("/a", page(dated, "<p class='news-date'>3 May 2024</p>"), "2024-05-03"),
            ("/a", page(published, "<p class='news-date'>3 May 2024</p>"), "2024-05-09T08:00:00+02:00"),
            // One day: the one with the hour.
            ("/a", page(dated, "<p class='news-date'>9 May 2024</p>"), "2024-05-09T08:00:00+02:00"),
            ("/a", page(dated, ""), "2024-05-09T08:00:00+02:00"),
            ("/2024/05/02/a", page(dated, "<p class='news-date'>3 May 2024</p>"), "2024-05-02"),
            // A machine is told the day of a change, readers that of publication.
            ("/a", page("", "<time datetime='2024-05-09T08:00:00Z'>Publié le 3 mai 2024</time>"), "2024-05-03"),
            ("/a", page("", "<time datetime='2024-05-09T08:00:00Z'>3 May 2024</time>"), "2024-05-09T08:00:00Z"),
            // Of several days the one in the month that the address names.
            (
                "/2023/11/a",
                page("", "<span class='date'>3 May 2024</span><span class='date'>7 Nov 2023</span>"),
                "2023-11-07",
            ),
            (
                "/2023/10/a",
                page("", "<span class='date'>3 May 2024</span><span class='date'>7 Nov 2023</span>"),
                "2024-05-03",
            ),
            // Cards of other stories are marked alike.
            (
                "/a",
                page(dated, "<b itemprop='datePublished'>1 June 2024</b><b itemprop='datePublished'>2 June 2024</b>"),
                "2024-05-09T08:00:00+02:00",
            ),
            ("/a", page(dated, "<b itemprop='datePublished'>1 June 2024</b>"), "2024-06-01"),
        ] {
            assert_eq!(day(path, &html), want, "{path} {html}");
        }
    }
}
