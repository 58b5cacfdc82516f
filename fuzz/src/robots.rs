//! robots.txt.

use std::time::Duration;

use depeche::fetch::Rules;
use url::Url;

use super::line;

/// The first line is a path, the rest is robots.txt.
pub fn check(data: &[u8]) {
    let (path, text) = line(data);
    let base = Url::parse("https://haiti.example/");
    let Some(url) = base.ok().and_then(|base| base.join(&String::from_utf8_lossy(path)).ok()) else { return };
    let rules = Rules::read("depeche", text);
    let again = Rules::read("depeche", text);
    assert_eq!(rules.allows(&url), again.allows(&url), "the same rules allow and forbid {url}");
    assert_eq!(rules.crawl_delay(), again.crawl_delay());
    assert!(rules.crawl_delay() <= Duration::from_secs(3600));
}
