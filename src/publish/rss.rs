//! RSS 2.0, with the namespaces atom, content, dc and media. Titles are plain text, escaped once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rss::extension::{Extension, ExtensionMap};
use rss::{CategoryBuilder, ChannelBuilder, GuidBuilder, Item, ItemBuilder};

use super::{Entry, Feed, directed, legal};

pub(super) fn render(feed: &Feed) -> Vec<u8> {
    let namespaces = [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("media", "http://search.yahoo.com/mrss/"),
    ];
    let mut links =
        vec![element("atom:link", &[("href", &feed.self_url), ("rel", "self"), ("type", "application/rss+xml")], None)];
    if let Some(hub) = &feed.hub {
        links.push(element("atom:link", &[("href", hub), ("rel", "hub")], None));
    }
    let mut extensions = ExtensionMap::default();
    extensions.insert("atom".to_owned(), BTreeMap::from([("link".to_owned(), links)]));
    let channel = ChannelBuilder::default()
        .namespaces(namespaces.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>())
        .title(legal(&feed.title))
        .link(feed.home_url.clone())
        .description(legal(&feed.description))
        .language(feed.language.map(|l| l.tag().to_owned()))
        .copyright(feed.rights.as_ref().map(|r| legal(r).into_owned()))
        .last_build_date(Some(rfc822(feed.updated)))
        .generator(Some("depeche".to_owned()))
        .items(feed.entries.iter().map(item).collect::<Vec<_>>())
        .extensions(extensions)
        .build();
    let mut bytes = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec();
    let text = channel.to_string();
    bytes.extend(
        text.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").unwrap_or(&text).trim_start().as_bytes(),
    );
    bytes.push(b'\n');
    bytes
}

fn item(entry: &Entry) -> Item {
    let mut dc =
        BTreeMap::from([("language".to_owned(), vec![element("dc:language", &[], Some(entry.language.tag()))])]);
    let authors: Vec<Extension> =
        entry.authors.iter().map(|name| element("dc:creator", &[], Some(&legal(name)))).collect();
    if !authors.is_empty() {
        dc.insert("creator".to_owned(), authors);
    }
    let mut extensions = ExtensionMap::default();
    extensions.insert("dc".to_owned(), dc);
    let related: Vec<Extension> = entry
        .translations
        .iter()
        .map(|t| {
            element("atom:link", &[("href", t.url.as_str()), ("hreflang", t.language.tag()), ("rel", "related")], None)
        })
        .chain(
            entry
                .also
                .iter()
                .map(|o| element("atom:link", &[("href", &o.url), ("rel", "via"), ("title", &legal(&o.name))], None)),
        )
        .collect();
    if !related.is_empty() {
        extensions.insert("atom".to_owned(), BTreeMap::from([("link".to_owned(), related)]));
    }
    if let Some(image) = &entry.image {
        let mut content = element("media:content", &[("medium", "image"), ("url", image.url.as_str())], None);
        if !image.alt.is_empty() {
            content.children.insert(
                "description".to_owned(),
                vec![element("media:description", &[("type", "plain")], Some(&legal(&image.alt)))],
            );
        }
        extensions.insert("media".to_owned(), BTreeMap::from([("content".to_owned(), vec![content])]));
    }
    let categories = entry
        .categories
        .iter()
        .map(|c| CategoryBuilder::default().name(legal(&c.term)).domain(Some(c.scheme.clone())).build());
    ItemBuilder::default()
        .title(Some(legal(&entry.title).into_owned()))
        .link(Some(entry.url.clone()))
        .guid(Some(GuidBuilder::default().value(entry.id.clone()).permalink(false).build()))
        .pub_date(Some(rfc822(entry.published)))
        .description(entry.summary.as_ref().map(|s| escape(&legal(s))))
        .content(entry.content.as_ref().map(|html| directed(html.as_str(), entry.language)))
        .source(
            Some(rss::Source { url: entry.source.url.clone(), title: Some(legal(&entry.source.name).into_owned()) })
                .filter(|s| !s.url.is_empty()),
        )
        .categories(categories.collect::<Vec<_>>())
        .extensions(extensions)
        .build()
}

/// A description is HTML to every reader, so plain text is escaped once more than its XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn element(name: &str, attributes: &[(&str, &str)], value: Option<&str>) -> Extension {
    Extension {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        attrs: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        children: BTreeMap::new(),
    }
}

fn rfc822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
