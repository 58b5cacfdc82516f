//! A parsed page within limits, and the small look-ups that every part of extraction makes.
//!
//! Limits are checked before anything recursive sees the page. Nothing here decides what is content.

use std::collections::HashSet;

use ego_tree::Tree;
use html5ever::ParseOpts;
use html5ever::tendril::TendrilSink;
use scraper::{ElementRef, Html, HtmlTreeSink, Node, Selector};
use url::Url;

use super::{ExtractError, PageInput};
use crate::article::{Lean, clean_line, lean};

/// Bytes of markup.
pub(super) const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Nodes of the tree.
pub(super) const MAX_NODES: usize = 250_000;

/// A parsed page.
pub(super) struct Page<'a> {
    pub input: PageInput<'a>,
    pub html: Html,
    /// What relative links are resolved against.
    pub base: Url,
}

impl<'a> Page<'a> {
    /// Parses, or refuses what is too large, too deep or too many.
    pub fn parse(input: &PageInput<'a>) -> Result<Page<'a>, ExtractError> {
        Page::parse_lean(input, Lean::Code)
    }

    /// Parses what is going to be read.
    pub fn parse_lean(input: &PageInput<'a>, how: Lean) -> Result<Page<'a>, ExtractError> {
        if input.html.len() > MAX_BYTES {
            return Err(ExtractError::TooLarge { bytes: input.html.len() });
        }
        // Code is nothing to read, and often half of the page.
        let lean = lean(input.html, how).ok_or(ExtractError::TooDeep)?;
        let html = parse(lean);
        let nodes = html.tree.values().count();
        if nodes > MAX_NODES {
            return Err(ExtractError::TooManyNodes { nodes });
        }
        let mut page = Page { input: *input, html, base: input.url.clone() };
        let elements = page.html.root_element().descendants().filter_map(ElementRef::wrap);
        let href = elements.filter(|e| e.value().name() == "base").find_map(|base| base.attr("href"));
        if let Some(base) = href.and_then(|href| input.url.join(href.trim()).ok()).filter(is_web) {
            page.base = base;
        }
        Ok(page)
    }

    /// The first element that matches. The selector is one of ours.
    pub fn first(&self, selector: &str) -> Option<ElementRef<'_>> {
        self.html.select(&Selector::parse(selector).ok()?).next()
    }

    /// Every element that matches. The selector is one of ours.
    pub fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        Selector::parse(selector).map(|selector| self.html.select(&selector).collect()).unwrap_or_default()
    }

    /// An absolute web address without fragment and userinfo.
    pub fn link(&self, href: &str) -> Option<Url> {
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let mut url = self.base.join(href).ok().filter(is_web)?;
        url.set_fragment(None);
        if !url.username().is_empty() || url.password().is_some() {
            url.set_username("").ok()?;
            url.set_password(None).ok()?;
        }
        Some(url)
    }
}

/// The tree of a page, with room for it from the start: growing it would copy it several times.
fn parse(lean: String) -> Html {
    const BYTES_A_NODE: usize = 32;
    let mut html = Html::new_document();
    html.tree = Tree::with_capacity(Node::Document, lean.len() / BYTES_A_NODE);
    html5ever::parse_document(HtmlTreeSink::new(html), ParseOpts::default()).one(lean)
}

/// An address that a browser opens.
pub(super) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host().is_some()
}

/// Two addresses on one site: the same host, `www.` ignored.
pub(super) fn same_host(a: &Url, b: &Url) -> bool {
    bare_host(a) == bare_host(b)
}

/// The host without `www.`.
pub(super) fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

/// Elements, in the order of the page, less those that stand in others of them.
pub(super) fn outermost(elements: Vec<ElementRef<'_>>) -> Vec<ElementRef<'_>> {
    let all: HashSet<_> = elements.iter().map(|e| e.id()).collect();
    elements.into_iter().filter(|e| !e.ancestors().any(|above| all.contains(&above.id()))).collect()
}

/// An element's text on one line; scripts and styles left out.
pub(super) fn text_of(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    let mut skipped = None;
    for edge in element.traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                scraper::Node::Text(text) if skipped.is_none() => out.push_str(&text[..]),
                scraper::Node::Element(e) if skipped.is_none() => match e.name() {
                    "script" | "style" | "noscript" | "template" | "svg" => skipped = Some(node.id()),
                    "br" | "p" | "div" | "li" | "td" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => out.push(' '),
                    _ => {}
                },
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if skipped == Some(node.id()) {
                    skipped = None;
                }
                if matches!(node.value(), scraper::Node::Element(e) if matches!(e.name(), "p" | "div" | "li" | "td")) {
                    out.push(' ');
                }
            }
        }
    }
    clean_line(&out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn input<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
        PageInput { url, html, content_language: None, source_language: None, latest: None, memory: None }
    }

    #[test]
    fn limits_hold() {
        let url = Url::parse("http://haiti.example/").unwrap();
        let deep = "<div>".repeat(200_000);
        assert_eq!(Page::parse(&input(&url, &deep)).err(), Some(ExtractError::TooDeep));
        let large = "x".repeat(MAX_BYTES + 1);
        assert!(matches!(Page::parse(&input(&url, &large)).err(), Some(ExtractError::TooLarge { .. })));
        let many = "<br>".repeat(MAX_NODES + 1);
        assert!(matches!(Page::parse(&input(&url, &many)).err(), Some(ExtractError::TooManyNodes { .. })));
    }

    #[test]
    fn links_lose_userinfo_and_fragment() {
        let url = Url::parse("http://haiti.example/fr/news?page=1").unwrap();
        let page = Page::parse(&input(&url, "")).unwrap();
        assert_eq!(page.link("http://name@haiti.example/a#b").unwrap().as_str(), "http://haiti.example/a");
        assert_eq!(page.link("?page=2").unwrap().as_str(), "http://haiti.example/fr/news?page=2");
        assert!(page.link("").is_none() && page.link("mailto:a@b.example").is_none() && page.link("#x").is_none());
    }
}
