//! The publication date of a page: the profile's place first, then what is declared, then what stands near the title.

use super::PageInput;
use super::date::Reader;
use super::page::{Page, text_of};
use super::profile::Profile;
use crate::article::PageDate;

/// Places where pages declare their date, the surest first: selector, attribute.
const DECLARED: &[(&str, &str)] = &[
    ("meta[property='article:published_time']", "content"),
    ("[itemprop=datePublished]", "content"),
    ("[itemprop=datePublished]", "datetime"),
    ("[property='dc:date']", "content"),
    ("meta[name='dcterms.date'], meta[name='DC.date.issued'], meta[name=date], meta[name=pubdate]", "content"),
    ("article time[datetime], main time[datetime]", "datetime"),
    ("time[datetime]", "datetime"),
];

pub(super) fn find(page: &Page<'_>, profile: Option<&Profile>, text: &str) -> Option<PageDate> {
    let reader = reader(&page.input, profile);
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
    if let Some(date) = json_ld(page, &reader) {
        return Some(date);
    }
    for (selector, attribute) in DECLARED {
        for element in page.all(selector) {
            if let Some(date) =
                element.value().attr(attribute).and_then(|value| reader.read(value, &format!("{selector} {attribute}")))
            {
                return Some(date);
            }
        }
    }
    // A dateline is the article's own; a date in the chrome may be another story's.
    let dateline: String = text.chars().take(120).collect();
    if let Some(date) = reader.read(&dateline, "dateline") {
        return Some(date);
    }
    for selector in [".submitted, .posted, .date, .post-date, .entry-date, .published", ".meta"] {
        for element in page.all(selector).into_iter().take(6) {
            let shown = text_of(element);
            if shown.chars().count() < 120
                && !is_update(&shown)
                && let Some(date) = reader.read(&shown, selector)
            {
                return Some(date);
            }
        }
    }
    None
}

pub(super) fn reader(input: &PageInput<'_>, profile: Option<&Profile>) -> Reader {
    Reader { order: profile.map(|p| p.rules().date_order).unwrap_or_default(), latest: input.latest }
}

fn json_ld(page: &Page<'_>, reader: &Reader) -> Option<PageDate> {
    for script in page.all("script[type='application/ld+json']") {
        let text: String = script.text().collect();
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
        let mut open = vec![&value];
        while let Some(value) = open.pop() {
            match value {
                serde_json::Value::Object(map) => {
                    if let Some(date) = map
                        .get("datePublished")
                        .and_then(|d| d.as_str())
                        .and_then(|d| reader.read(d, "json-ld datePublished"))
                    {
                        return Some(date);
                    }
                    open.extend(map.values());
                }
                serde_json::Value::Array(list) => open.extend(list),
                _ => {}
            }
        }
    }
    None
}

fn is_update(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    ["updated", "last updated", "modified", "mis à jour", "mise à jour", "dernière mise", "actualizado"]
        .iter()
        .any(|mark| text.starts_with(mark))
}
