//! Promises that several parsers make of what they hand on.

use depeche::article::{PageDate, Published, is_xml_char};
use depeche::dedup;
use depeche::extract::PageInput;
use jiff::Timestamp;
use jiff::civil::Date;
use scraper::Html;
use url::Url;

/// The day that checks are made on.
pub const TODAY: Date = jiff::civil::date(2026, 11, 20);

/// A page that says nothing of itself but its text, as parsers are handed it.
pub fn page<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
    PageInput { url, html, content_language: None, source_language: None, latest: Some(TODAY), memory: None }
}

/// Every character is one that XML 1.0 can carry.
pub fn legal(what: &str, text: &str) {
    assert!(text.chars().all(is_xml_char), "{what} holds a character that XML cannot carry: {text:?}");
}

/// One line of clean text.
pub fn clean(what: &str, text: &str) {
    legal(what, text);
    assert!(!text.contains(['\n', '\r', '\t']), "{what} is not one line: {text:?}");
    assert_eq!(text, text.trim(), "{what} is not trimmed");
}

/// An address that a browser opens, without fragment and userinfo.
pub fn web(what: &str, url: &Url) {
    assert!(matches!(url.scheme(), "http" | "https"), "{what} is no web address: {url}");
    assert!(url.host_str().is_some_and(|host| !host.is_empty()), "{what} has no host: {url}");
    let canonical = dedup::canonical(url, false);
    match Url::parse(&canonical) {
        Ok(again) => assert_eq!(dedup::canonical(&again, false), canonical, "{what} has two canonical forms: {url}"),
        Err(why) => panic!("{what} has a canonical form that is no address: {url} -> {canonical}: {why}"),
    }
}

/// An address as listings give it.
pub fn bare(what: &str, url: &Url) {
    web(what, url);
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{what}: {url}");
}

/// A date that can be shown, stored, and is not in the future.
pub fn date(found: &PageDate) {
    let last = TODAY.tomorrow().unwrap_or(TODAY);
    assert!(found.date <= last, "a date in the future is believed: {found:?}");
    assert!((1000..=9999).contains(&found.date.year()), "{found:?}");
    let text = found.to_rfc3339();
    match found.time {
        Some(_) => assert!(text.parse::<Timestamp>().is_ok(), "{text:?} is no instant: {found:?}"),
        None => assert!(text.parse::<Date>().is_ok(), "{text:?} is no day: {found:?}"),
    }
    let seen: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let stored = Published::settle(Some(found), seen);
    assert!(stored.at <= seen, "{stored:?} is later than its first sighting");
}

/// Markup that a reader may be handed: nothing runs, nothing loads but pictures, no address but of the web.
pub fn harmless(html: &str) {
    legal("markup", html);
    let page = Html::parse_fragment(html);
    for node in page.tree.values() {
        let Some(element) = node.as_element() else { continue };
        let name = element.name();
        assert!(!FORBIDDEN.contains(&name), "<{name}> got through: {html:?}");
        for (attribute, value) in element.attrs() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{attribute} got through: {html:?}");
            if matches!(attribute, "href" | "src") {
                let url = Url::parse(value);
                assert!(
                    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto")),
                    "{attribute}={value:?} got through: {html:?}"
                );
            }
        }
    }
}

const FORBIDDEN: &[&str] = &[
    "script",
    "style",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "form",
    "input",
    "button",
    "select",
    "textarea",
    "svg",
    "math",
    "link",
    "meta",
    "base",
    "template",
    "noscript",
    "video",
    "audio",
    "source",
    "xmp",
    "plaintext",
    "noembed",
    "noframes",
    "title",
];
