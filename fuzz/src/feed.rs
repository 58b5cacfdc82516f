//! A feed of others, repaired first, and the articles that its entries make by themselves.

use std::collections::HashSet;

use depeche::extract::{DateOrder, entry, feed};
use depeche::fetch::decode;
use url::Url;

use super::promise;

/// The bytes of a feed.
pub fn check(data: &[u8]) {
    let (text, _) = decode(data, None);
    let Ok(url) = Url::parse("https://haiti.example/rss.xml") else { return };
    let input = promise::page(&url, &text);
    let found = feed(&input, DateOrder::Dmy);
    let Ok(found) = found else { return };
    assert_eq!(Ok(&found), feed(&input, DateOrder::Dmy).as_ref(), "the same feed gave two lists");
    let mut seen = HashSet::new();
    for candidate in &found.candidates {
        assert!(seen.insert(&candidate.url), "{} stands twice in the list", candidate.url);
        promise::bare("an item", &candidate.url);
        promise::clean("an item's title", &candidate.title);
        candidate.date.iter().for_each(promise::date);
        let Some(own) = &candidate.entry else { continue };
        own.authors.iter().for_each(|author| promise::clean("an author", author));
        own.image.iter().for_each(|image| promise::web("an image", &image.url));
        let Ok(raw) = entry(candidate, own, None) else { continue };
        promise::clean("the title", &raw.title);
        promise::legal("the text", &raw.text);
        promise::harmless(raw.html.as_str());
    }
    found.next.iter().for_each(|next| promise::bare("the next page", next));
}
