//! JSON Feed 1.1, with `_depeche` for codes and evidence. `next_url` leads through the archives, the newest first.

use serde_json::{Map, Value, json};

use super::{Entry, Feed, as_html, directed};

pub(super) fn render(feed: &Feed) -> serde_json::Result<Vec<u8>> {
    let mut document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.self_url,
        "description": feed.description,
        "authors": [{"name": feed.author}],
        "items": feed.entries.iter().map(item).collect::<Vec<_>>(),
    });
    if let Some(language) = feed.language {
        document["language"] = json!(language);
    }
    if !feed.hubs.is_empty() {
        document["hubs"] = feed.hubs.iter().map(|hub| json!({"type": "WebSub", "url": hub})).collect();
    }
    if let Some(next) = &feed.history.previous {
        document["next_url"] = json!(next);
    }
    if let Some(current) = &feed.history.current {
        document["_depeche"] = json!({"archive": true, "current_url": current});
    }
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// An entry as an item.
pub(super) fn item(entry: &Entry) -> Value {
    let mut item = Map::new();
    let mut set = |name: &str, value: Value| item.insert(name.to_owned(), value);
    set("id", json!(entry.id));
    set("url", json!(entry.url));
    set("title", json!(entry.title));
    set("language", json!(entry.language));
    set("date_published", json!(entry.published));
    set("date_modified", json!(entry.updated));
    if !entry.authors.is_empty() {
        set("authors", entry.authors.iter().map(|name| json!({"name": name})).collect());
    }
    if let Some(summary) = &entry.summary {
        set("summary", json!(summary));
    }
    // An item must have one of the two; without a full text it is the summary, or the title.
    let short = entry.summary.as_ref().unwrap_or(&entry.title);
    match &entry.content {
        Some(html) => set("content_html", json!(directed(html.as_str(), entry.language))),
        // Plain text cannot say in which direction it runs.
        None if entry.language.is_rtl() => set("content_html", json!(as_html(short, entry.language))),
        None => set("content_text", json!(short)),
    };
    if let Some(image) = &entry.image {
        set("image", json!(image.url));
    }
    set("tags", entry.categories.iter().map(|c| json!(c.label)).collect());
    let mut extension = entry.extension.clone();
    if let Value::Object(extension) = &mut extension {
        extension.insert("source_name".to_owned(), json!(entry.source.name));
        extension.insert("source_url".to_owned(), json!(entry.source.url));
        extension.insert(
            "also".to_owned(),
            entry.also.iter().map(|o| json!({"source": o.id, "name": o.name, "url": o.url})).collect(),
        );
        extension.insert(
            "translations".to_owned(),
            entry.translations.iter().map(|t| json!({"language": t.language, "url": t.url})).collect(),
        );
        extension.insert("attachments".to_owned(), entry.attachments.iter().map(|a| json!(a)).collect());
        extension.insert("rights".to_owned(), json!(entry.rights));
    }
    set("_depeche", extension);
    Value::Object(item)
}
