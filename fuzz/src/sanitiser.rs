//! `SafeHtml`: untrusted markup made safe.

use depeche::article::SafeHtml;
use url::Url;

use super::promise;

/// Any markup.
pub fn check(data: &[u8]) {
    let untrusted = String::from_utf8_lossy(data);
    let Ok(base) = Url::parse("https://haiti.example/fr/news/") else { return };
    let clean = SafeHtml::sanitise(&untrusted, &base);
    assert_eq!(clean, SafeHtml::sanitise(&untrusted, &base), "the same markup was cleaned in two ways");
    promise::harmless(clean.as_str());
    // A reader parses once more, and may sanitise once more: nothing new may come of either.
    promise::harmless(SafeHtml::sanitise(clean.as_str(), &base).as_str());
    promise::harmless(&scraper::Html::parse_fragment(clean.as_str()).root_element().inner_html());
}
