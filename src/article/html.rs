//! Markup that is safe to hand to a reader.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{is_too_wild, is_xml_char, leads_inside};

/// Sanitised HTML. [`SafeHtml::sanitise`] is its only constructor; the store reads back what it wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

/// Elements that carry an article's meaning. Everything else is unwrapped, its text kept;
/// scripts, styles and foreign content go with what they hold.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// The rules. A builder owns its base address, so each call makes one: some dozens of small hash entries.
fn cleaner(base: &Url) -> ammonia::Builder<'static> {
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(HashSet::from([
            "script", "style", "noscript", "iframe", "object", "template", "svg", "math",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "hreflang"])),
            ("img", HashSet::from(["src", "alt", "width", "height"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .generic_attributes(HashSet::from(["lang", "dir"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // A reader's program asks for pictures unseen: none may stand in its own network.
        .attribute_filter({
            let base = base.clone();
            move |element, attribute, value| match (element, attribute) {
                ("img", "src") if base.join(value).is_ok_and(|url| leads_inside(&url, &base)) => None,
                _ => Some(value.into()),
            }
        })
        .link_rel(Some("noopener noreferrer"))
        .url_relative(ammonia::UrlRelative::RewriteWithBase(base.clone()))
        .strip_comments(true);
    builder
}

impl SafeHtml {
    /// Sanitises untrusted markup. Relative links are resolved against `base`; schemes other than http, https
    /// and mailto are dropped, and so is every character that XML 1.0 cannot carry. Of markup that is too wild to be
    /// parsed nothing is left; extraction refuses such pages before.
    pub fn sanitise(untrusted: &str, base: &Url) -> SafeHtml {
        if is_too_wild(untrusted) {
            return SafeHtml::default();
        }
        let legal: String = untrusted.chars().filter(|&c| is_xml_char(c)).collect();
        let clean = cleaner(base).clean(&legal).to_string();
        // Character references such as `&#8;` become characters only now.
        SafeHtml(if clean.chars().all(is_xml_char) {
            clean
        } else {
            clean.chars().filter(|&c| is_xml_char(c)).collect()
        })
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_picture_asks_inside_the_network_of_a_reader() {
        let base = "https://office.example/news/1".parse().unwrap();
        let markup = r#"<img src="http://192.168.1.1/reboot" alt="a"><img src="//router/x" alt="b"><img src="/c.jpg" alt="c"><a href="http://10.0.0.1/">d</a>"#;
        assert_eq!(
            SafeHtml::sanitise(markup, &base).as_str(),
            r#"<img alt="a"><img alt="b"><img src="https://office.example/c.jpg" alt="c"><a href="http://10.0.0.1/" rel="noopener noreferrer">d</a>"#
        );
    }
}
