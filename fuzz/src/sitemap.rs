//! A sitemap or an index of sitemaps, gzip or not.

use depeche::extract::{Sitemap, sitemap};
use depeche::fetch::decode;
use url::Url;

use super::promise;

/// The bytes of a sitemap.
pub fn check(data: &[u8]) {
    let (text, _) = decode(data, None);
    let Ok(url) = Url::parse("https://haiti.example/sitemap.xml") else { return };
    let input = promise::page(&url, &text);
    let Ok(found) = sitemap(&input, data) else { return };
    assert_eq!(Ok(&found), sitemap(&input, data).as_ref(), "the same sitemap was read in two ways");
    match found {
        Sitemap::Index(parts) => {
            assert!(parts.len() <= 50_000);
            for (url, changed) in &parts {
                promise::web("a part", url);
                changed.iter().for_each(promise::date);
            }
        }
        Sitemap::Pages(pages) => {
            assert!(pages.len() <= 50_000);
            for page in &pages {
                promise::web("a page", &page.url);
                promise::clean("a page's title", &page.title);
                page.date.iter().for_each(promise::date);
            }
        }
    }
}
