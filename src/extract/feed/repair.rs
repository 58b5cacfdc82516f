//! What feeds get wrong, put right before the parser sees them; and what the parser drops, read here.
//! It never repairs a document that is no XML at all: the parser says so better.

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

use super::super::MOST_CANDIDATES;
use crate::article::is_xml_char;

/// Nesting beyond which a document is read no further.
const DEEPEST: usize = 256;
/// Attributes of an element that are read.
const MOST_ATTRIBUTES: usize = 64;

/// What the parser drops of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extra {
    /// `dc:language`, `xml:lang`, or `language` of a JSON item; the feed's own where the item says nothing.
    pub language: Option<String>,
    /// The date as written, with its own zone.
    pub published: Option<String>,
    /// When it changed last, as written.
    pub updated: Option<String>,
}

/// A repaired document.
pub(super) struct Repaired {
    pub text: String,
    /// One an item, in the order of the document.
    pub extras: Vec<Extra>,
    /// True where the document ended before its end.
    pub cut: bool,
}

/// Older Atom, which is read as empty, and its names for what has another one today.
const ATOM_03: &str = "http://purl.org/atom/ns#";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const RENAMED: &[(&str, &str)] =
    &[("issued", "published"), ("modified", "updated"), ("tagline", "subtitle"), ("copyright", "rights")];
/// Elements whose text is an item's date.
const DATES: &[&str] = &["pubDate", "published", "issued", "date", "created"];

/// Repairs an XML feed: a root without version, an odd `type`, Atom 0.3, a document type that could define entities,
/// characters that XML cannot carry, `&` and `<` that nobody escaped, an end that is missing.
pub(super) fn xml(text: &str) -> Repaired {
    let legal: String = text.chars().filter(|c| is_xml_char(*c)).collect();
    let start = legal.find('<').unwrap_or(0);
    match walk(&escape_less_than(&legal[start..])) {
        Some(repaired) => repaired,
        None => Repaired { text: legal, extras: Vec::new(), cut: false },
    }
}

struct Open {
    /// With its prefix, as it is written.
    full: String,
    name: String,
    /// Where the output stood before it.
    at: usize,
    language: Option<String>,
    item: bool,
}

fn walk(text: &str) -> Option<Repaired> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut out = Writer::new(Vec::with_capacity(text.len()));
    let mut open: Vec<Open> = Vec::new();
    let mut extras: Vec<Extra> = Vec::new();
    let mut channel_language: Option<String> = None;
    let mut old_atom = false;
    let (mut cut, mut full) = (false, false);
    loop {
        // What cannot be read ends the document: what came whole before it counts.
        let Ok(event) = reader.read_event() else {
            cut = true;
            break;
        };
        match event {
            Event::Eof => break,
            // The document is UTF-8 by now whatever it says, and its entities are nobody's business.
            Event::Decl(_) | Event::DocType(_) => {}
            Event::Start(start) => {
                let name = local(&start);
                if open.is_empty() {
                    old_atom = name == "feed" && start.attributes_raw().contains(ATOM_03);
                }
                let language = attribute(&start, "xml:lang").or_else(|| open.last().and_then(|o| o.language.clone()));
                let item = matches!(name.as_str(), "item" | "entry");
                // Later items are not read at all: a feed is newest first, and this one is an accident or an attack.
                if item && extras.len() == MOST_CANDIDATES && open.iter().all(|o| !o.item) {
                    full = true;
                    break;
                }
                if open.len() == DEEPEST {
                    cut = true;
                    break;
                }
                if item {
                    extras.push(Extra { language: language.clone(), ..Extra::default() });
                }
                let at = out.get_ref().len();
                let new = mended(&start, open.is_empty(), old_atom);
                let written = new.name().as_ref().to_owned();
                out.write_event(Event::Start(new)).ok()?;
                open.push(Open { full: written, name, at, language, item });
            }
            // An item with nothing in it is none.
            Event::Empty(start) if matches!(local(&start).as_str(), "item" | "entry") => {}
            Event::Empty(start) => {
                out.write_event(Event::Empty(mended(&start, open.is_empty(), old_atom))).ok()?;
            }
            Event::End(end) => {
                let name = end.name().as_ref().to_owned();
                let full = renamed(&name, old_atom);
                // An end without a start goes; a start without an end gets one.
                let Some(depth) = open.iter().rposition(|o| o.full == full) else { continue };
                close(&mut out, open.drain(depth..))?;
            }
            Event::Text(text) => {
                // References are events of their own: what is left of `&` is a plain one.
                let value = text.to_string();
                note(&open, &mut extras, &mut channel_language, &value);
                out.write_event(Event::Text(BytesText::from_escaped(value.replace('&', "&amp;")))).ok()?;
            }
            Event::GeneralRef(reference) => {
                if !reference.is_char_ref() || reference.resolve_char_ref().ok().flatten().is_some_and(is_xml_char) {
                    out.write_event(Event::GeneralRef(reference)).ok()?;
                }
            }
            Event::CData(text) => {
                let value = text.to_string();
                note(&open, &mut extras, &mut channel_language, &value);
                out.write_event(Event::CData(text)).ok()?;
            }
            other => out.write_event(other).ok()?,
        }
    }
    let mut written = out;
    if let Some(first) = open.iter().position(|o| o.item) {
        // The item that the end is missing of is no item yet.
        cut = true;
        extras.pop();
        written.get_mut().truncate(open[first].at);
        open.truncate(first);
    }
    if cut && extras.is_empty() {
        return None;
    }
    cut |= !full && !open.is_empty();
    close(&mut written, open.drain(..))?;
    for extra in &mut extras {
        extra.language = extra.language.take().or_else(|| channel_language.clone());
    }
    Some(Repaired { text: String::from_utf8(written.into_inner()).ok()?, extras, cut })
}

/// Writes the ends of what is open, the innermost first.
fn close(out: &mut Writer<Vec<u8>>, open: impl DoubleEndedIterator<Item = Open>) -> Option<()> {
    for element in open.rev() {
        out.write_event(Event::End(BytesEnd::new(element.full))).ok()?;
    }
    Some(())
}

/// Escapes each `<` that opens no markup. Comments and character data stay as they are.
fn escape_less_than(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match rest {
            _ if rest.starts_with("<![CDATA[") => rest.find("]]>").map_or(rest.len(), |end| end + 3),
            _ if rest.starts_with("<!--") => rest.find("-->").map_or(rest.len(), |end| end + 3),
            _ => 1,
        };
        let opens = rest[1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?' | '_' | ':'));
        if opens {
            out.push_str(&rest[..end]);
        } else {
            out.push_str("&lt;");
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Escapes each `&` of an attribute that begins no reference.
fn escape_ampersands(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(rest.len());
        out.push_str(if end > 0 && rest[end..].starts_with(';') { "&" } else { "&amp;" });
    }
    out.push_str(rest);
    out
}

/// Notes the text of a date or a language where it belongs to the item that is open.
fn note(open: &[Open], extras: &mut [Extra], channel: &mut Option<String>, text: &str) {
    let text = text.trim();
    let [.., parent, element] = open else { return };
    if text.is_empty() {
        return;
    }
    if parent.item {
        let Some(extra) = extras.last_mut() else { return };
        if element.name == "language" {
            extra.language = Some(text.to_owned());
        } else if DATES.contains(&element.name.as_str()) && extra.published.is_none() {
            extra.published = Some(text.to_owned());
        } else if matches!(element.name.as_str(), "updated" | "modified") && extra.updated.is_none() {
            extra.updated = Some(text.to_owned());
        }
    } else if parent.name == "channel" && element.name == "language" {
        *channel = Some(text.to_owned());
    }
}

fn mended(start: &BytesStart<'_>, root: bool, old_atom: bool) -> BytesStart<'static> {
    let name = start.name().as_ref().to_owned();
    let mut new = BytesStart::new(renamed(&name, old_atom).to_owned());
    let mut version = None;
    for attribute in start.attributes().with_checks(false).flatten().take(MOST_ATTRIBUTES) {
        let key = attribute.key.as_ref().to_owned();
        let raw: &str = &attribute.value;
        if root && key == "version" {
            version = Some(raw.to_owned());
            continue;
        }
        if key == "type" && !is_type(raw) {
            continue;
        }
        let value = if raw == ATOM_03 { ATOM } else { raw };
        // The value is written as it was read, escaped already.
        new.push_attribute(quick_xml::events::attributes::Attribute {
            key: quick_xml::name::QName(&key),
            value: escape_ampersands(value).into(),
        });
    }
    if root && name == "rss" {
        let known = version.as_deref().filter(|v| matches!(*v, "0.91" | "0.92" | "2.0"));
        new.push_attribute(("version", known.unwrap_or("2.0")));
    }
    new
}

fn renamed(name: &str, old_atom: bool) -> &str {
    RENAMED.iter().find(|(old, _)| old_atom && *old == name).map_or(name, |(_, new)| *new)
}

/// `text`, `html`, `xhtml`, or a media type of two parts.
fn is_type(value: &str) -> bool {
    let bare = value.split(';').next().unwrap_or_default().trim();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    matches!(bare, "text" | "html" | "xhtml")
        || bare.split_once('/').is_some_and(|(a, b)| token(a) && token(b) && bare.len() == value.trim().len())
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?;
    Some(found.value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// What feed-rs drops of a JSON Feed.
pub(super) fn json(text: &str) -> Vec<Extra> {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let string = |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let feed = string(&document, "language");
    let items = document.get("items").and_then(|v| v.as_array());
    items
        .into_iter()
        .flatten()
        .map(|item| Extra {
            language: string(item, "language").or_else(|| feed.clone()),
            published: string(item, "date_published"),
            updated: string(item, "date_modified"),
        })
        .collect()
}
