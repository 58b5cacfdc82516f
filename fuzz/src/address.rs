//! Canonical addresses: the identity of an article.

use depeche::dedup::{canonical, readable};
use url::Url;

use super::promise;

/// An address.
pub fn check(data: &[u8]) {
    let Ok(url) = Url::parse(&String::from_utf8_lossy(data)) else { return };
    if !matches!(url.scheme(), "http" | "https") {
        return;
    }
    promise::web("the address", &url);
    for drop_query in [false, true] {
        let once = canonical(&url, drop_query);
        let shown = readable(&url);
        assert_eq!(canonical(&shown, drop_query), once, "{url} is another article as {shown}");
        match Url::parse(&once) {
            Ok(again) => assert_eq!(canonical(&again, drop_query), once, "{url} has two canonical forms"),
            Err(why) => panic!("{url} has a canonical form that is no address: {once}: {why}"),
        }
    }
}
