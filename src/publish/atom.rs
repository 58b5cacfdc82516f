//! Atom 1.0 (RFC 4287): one `rel=alternate` an entry, translations as `rel=related hreflang`, a language on each entry;
//! archives marked by RFC 5005, tombstones by RFC 6721.

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{ATOM, Entry, Feed, HISTORY, MEDIA, TOMBSTONES, as_html, directed, legal};
use crate::article::Image;

type Out = Writer<Vec<u8>>;
type Done = std::io::Result<()>;

pub(super) fn render(feed: &Feed) -> std::io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let mut root = BytesStart::new("feed");
    for (name, space) in [("xmlns", ATOM), ("xmlns:at", TOMBSTONES), ("xmlns:fh", HISTORY), ("xmlns:media", MEDIA)] {
        root.push_attribute((name, space));
    }
    if let Some(language) = feed.language {
        root.push_attribute(("xml:lang", language.tag()));
    }
    out.write_event(Event::Start(root))?;
    // Titles are in the language of the interface, which need not be the entries'.
    let named = if feed.language == Some(feed.ui) { &[][..] } else { &[("xml:lang", feed.ui.tag())][..] };
    text(&mut out, "id", &[], &feed.id)?;
    text(&mut out, "title", named, &feed.title)?;
    text(&mut out, "subtitle", named, &feed.description)?;
    text(&mut out, "updated", &[], &time(feed.updated))?;
    author(&mut out, &feed.author)?;
    link(&mut out, &[("rel", "self"), ("type", "application/atom+xml"), ("href", &feed.self_url)])?;
    link(&mut out, &[("rel", "alternate"), ("type", "text/html"), ("href", &feed.home_url)])?;
    for hub in &feed.hubs {
        link(&mut out, &[("rel", "hub"), ("href", hub)])?;
    }
    if let Some(current) = &feed.history.current {
        empty(&mut out, "fh:archive", &[])?;
        link(&mut out, &[("rel", "current"), ("type", "application/atom+xml"), ("href", current)])?;
    }
    if let Some(previous) = &feed.history.previous {
        link(&mut out, &[("rel", "prev-archive"), ("type", "application/atom+xml"), ("href", previous)])?;
    }
    if let Some(rights) = &feed.rights {
        text(&mut out, "rights", &[], rights)?;
    }
    text(&mut out, "generator", &[("version", env!("CARGO_PKG_VERSION"))], "depeche")?;
    for gone in &feed.history.gone {
        empty(&mut out, "at:deleted-entry", &[("ref", &gone.id), ("when", &time(gone.at))])?;
    }
    for one in &feed.entries {
        entry(&mut out, one)?;
    }
    out.write_event(Event::End(BytesEnd::new("feed")))?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn entry(out: &mut Out, entry: &Entry) -> Done {
    let mut start = BytesStart::new("entry");
    start.push_attribute(("xml:lang", entry.language.tag()));
    out.write_event(Event::Start(start))?;
    text(out, "id", &[], &entry.id)?;
    text(out, "title", &[], &entry.title)?;
    link(
        out,
        &[("rel", "alternate"), ("type", "text/html"), ("hreflang", entry.language.tag()), ("href", &entry.url)],
    )?;
    for translation in &entry.translations {
        link(out, &[("rel", "related"), ("hreflang", translation.language.tag()), ("href", translation.url.as_str())])?;
    }
    for other in &entry.also {
        link(out, &[("rel", "via"), ("title", &other.name), ("href", &other.url)])?;
    }
    text(out, "published", &[], &time(entry.published))?;
    text(out, "updated", &[], &time(entry.updated))?;
    for name in &entry.authors {
        author(out, name)?;
    }
    for category in &entry.categories {
        empty(out, "category", &[("term", &category.term), ("scheme", &category.scheme), ("label", &category.label)])?;
    }
    if let Some(rights) = &entry.rights {
        text(out, "rights", &[], rights)?;
    }
    if !entry.source.url.is_empty() {
        out.write_event(Event::Start(BytesStart::new("source")))?;
        text(out, "id", &[], &entry.source.url)?;
        text(out, "title", &[], &entry.source.name)?;
        text(out, "updated", &[], &time(entry.updated))?;
        author(out, &entry.source.name)?;
        link(out, &[("rel", "alternate"), ("type", "text/html"), ("href", &entry.source.url)])?;
        out.write_event(Event::End(BytesEnd::new("source")))?;
    }
    if let Some(summary) = &entry.summary {
        // Plain text cannot say in which direction it runs.
        if entry.language.is_rtl() {
            text(out, "summary", &[("type", "html")], &as_html(summary, entry.language))?;
        } else {
            text(out, "summary", &[], summary)?;
        }
    }
    if let Some(content) = &entry.content {
        text(out, "content", &[("type", "html")], &directed(content.as_str(), entry.language))?;
    }
    if let Some(image) = &entry.image {
        picture(out, image)?;
    }
    out.write_event(Event::End(BytesEnd::new("entry")))
}

/// Media RSS: the lead image with its alternative text.
fn picture(out: &mut Out, image: &Image) -> Done {
    let url = ("url", image.url.as_str());
    let content = start("media:content", &[url, ("medium", "image")]);
    // An empty description makes some readers refuse the whole feed.
    if legal(&image.alt).trim().is_empty() {
        out.write_event(Event::Empty(content))?;
    } else {
        out.write_event(Event::Start(content))?;
        text(out, "media:description", &[("type", "plain")], &image.alt)?;
        out.write_event(Event::End(BytesEnd::new("media:content")))?;
    }
    empty(out, "media:thumbnail", &[url])
}

fn author(out: &mut Out, name: &str) -> Done {
    out.write_event(Event::Start(BytesStart::new("author")))?;
    text(out, "name", &[], name)?;
    out.write_event(Event::End(BytesEnd::new("author")))
}

fn link(out: &mut Out, attributes: &[(&str, &str)]) -> Done {
    empty(out, "link", attributes)
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, legal(value).as_ref()));
    }
    start
}

fn empty(out: &mut Out, name: &str, attributes: &[(&str, &str)]) -> Done {
    out.write_event(Event::Empty(start(name, attributes)))
}

fn text(out: &mut Out, name: &str, attributes: &[(&str, &str)], value: &str) -> Done {
    out.write_event(Event::Start(start(name, attributes)))?;
    out.write_event(Event::Text(BytesText::new(&legal(value))))?;
    out.write_event(Event::End(BytesEnd::new(name)))
}

fn time(at: Timestamp) -> String {
    at.to_string()
}
