//! OPML 2.0: feeds in folders, for readers that import a list. `type="rss"` stands for Atom as well, as readers expect.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::legal;
use crate::article::Language;

/// The media type.
pub const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";

/// A folder or a feed.
#[derive(Debug, Clone)]
pub enum Outline {
    /// A folder.
    Folder {
        /// Its name.
        text: String,
        /// What is in it.
        outlines: Vec<Outline>,
    },
    /// A feed.
    Feed {
        /// Its name.
        text: String,
        /// Where it is fetched.
        feed_url: String,
        /// Its page for people.
        home_url: String,
        /// Where all of it is in one.
        language: Option<Language>,
    },
}

/// Renders a list of feeds.
pub fn render(title: &str, outlines: &[Outline]) -> std::io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let mut root = BytesStart::new("opml");
    root.push_attribute(("version", "2.0"));
    out.write_event(Event::Start(root))?;
    out.write_event(Event::Start(BytesStart::new("head")))?;
    out.write_event(Event::Start(BytesStart::new("title")))?;
    out.write_event(Event::Text(BytesText::new(&legal(title))))?;
    out.write_event(Event::End(BytesEnd::new("title")))?;
    out.write_event(Event::End(BytesEnd::new("head")))?;
    out.write_event(Event::Start(BytesStart::new("body")))?;
    for outline in outlines {
        write(&mut out, outline)?;
    }
    out.write_event(Event::End(BytesEnd::new("body")))?;
    out.write_event(Event::End(BytesEnd::new("opml")))?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn write(out: &mut Writer<Vec<u8>>, outline: &Outline) -> std::io::Result<()> {
    let mut element = BytesStart::new("outline");
    match outline {
        Outline::Folder { text, outlines } => {
            element.push_attribute(("text", legal(text).as_ref()));
            element.push_attribute(("title", legal(text).as_ref()));
            out.write_event(Event::Start(element))?;
            for outline in outlines {
                write(out, outline)?;
            }
            out.write_event(Event::End(BytesEnd::new("outline")))
        }
        Outline::Feed { text, feed_url, home_url, language } => {
            element.push_attribute(("type", "rss"));
            element.push_attribute(("text", legal(text).as_ref()));
            element.push_attribute(("title", legal(text).as_ref()));
            element.push_attribute(("xmlUrl", feed_url.as_str()));
            element.push_attribute(("htmlUrl", home_url.as_str()));
            if let Some(language) = language {
                element.push_attribute(("language", language.tag()));
            }
            out.write_event(Event::Empty(element))
        }
    }
}
