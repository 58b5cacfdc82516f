//! RSS 2.0, with the namespaces atom, content, dc, fh and media. Titles are plain text, escaped once. It has no tombstones:
//! what is withdrawn is only gone. No `enclosure` either, since nothing is downloaded and so no length is known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rss::extension::{Extension, ExtensionMap};
use rss::{CategoryBuilder, ChannelBuilder, GuidBuilder, Item, ItemBuilder};

use super::{ATOM, Entry, Feed, HISTORY, MEDIA, as_html, directed, legal};
use crate::article::Language;

pub(super) fn render(feed: &Feed) -> Vec<u8> {
    let namespaces = [
        ("atom", ATOM),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("fh", HISTORY),
        ("media", MEDIA),
    ];
    let link =
        |rel, href: &str| element("atom:link", &[("href", href), ("rel", rel), ("type", "application/rss+xml")], None);
    let mut links = vec![link("self", &feed.self_url)];
    links.extend(feed.hubs.iter().map(|hub| element("atom:link", &[("href", hub), ("rel", "hub")], None)));
    links.extend(feed.history.current.iter().map(|current| link("current", current)));
    links.extend(feed.history.previous.iter().map(|previous| link("prev-archive", previous)));
    let mut extensions = ExtensionMap::default();
    extensions.insert("atom".to_owned(), BTreeMap::from([("link".to_owned(), links)]));
    if feed.history.current.is_some() {
        let archive = vec![element("fh:archive", &[], None)];
        extensions.insert("fh".to_owned(), BTreeMap::from([("archive".to_owned(), archive)]));
    }
    let channel = ChannelBuilder::default()
        .namespaces(namespaces.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>())
        .title(legal(&feed.title))
        .link(feed.home_url.clone())
        .description(legal(&feed.description))
        .language(feed.language.filter(|l| *l != Language::UND).map(|l| l.tag().to_owned()))
        .copyright(feed.rights.as_ref().map(|r| legal(r).into_owned()))
        // An empty feed was built from nothing, at no time.
        .last_build_date((!feed.entries.is_empty()).then(|| rfc822(feed.updated)))
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
    let mut tell = |name: &str, values: Vec<&str>| {
        if !values.is_empty() {
            let elements = values.iter().map(|value| element(&format!("dc:{name}"), &[], Some(&legal(value))));
            dc.insert(name.to_owned(), elements.collect());
        }
    };
    tell("creator", entry.authors.iter().map(String::as_str).collect());
    // A category has a code or a label: the code, with its vocabulary, is the category's, the label is the subject's.
    tell("subject", entry.categories.iter().map(|c| c.label.as_str()).collect());
    tell("rights", entry.rights.iter().map(String::as_str).collect());
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
        // An empty description makes some readers refuse the whole feed.
        if !legal(&image.alt).trim().is_empty() {
            content.children.insert(
                "description".to_owned(),
                vec![element("media:description", &[("type", "plain")], Some(&legal(&image.alt)))],
            );
        }
        let thumbnail = element("media:thumbnail", &[("url", image.url.as_str())], None);
        let media = [("content".to_owned(), vec![content]), ("thumbnail".to_owned(), vec![thumbnail])];
        extensions.insert("media".to_owned(), BTreeMap::from(media));
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
        // A description is markup to every reader, so plain text is escaped once more than its XML.
        .description(entry.summary.as_ref().map(|summary| as_html(summary, entry.language)))
        .content(entry.content.as_ref().map(|html| directed(html.as_str(), entry.language)))
        .source(
            Some(rss::Source { url: entry.source.url.clone(), title: Some(legal(&entry.source.name).into_owned()) })
                .filter(|s| !s.url.is_empty()),
        )
        .categories(categories.collect::<Vec<_>>())
        .extensions(extensions)
        .build()
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
