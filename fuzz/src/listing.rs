//! A listing page, by profile or by structure.

use std::collections::HashSet;

use depeche::extract::{Container, listing};
use url::Url;

use super::{profile, promise};

/// The first byte picks the profile, the rest is the page.
pub fn check(data: &[u8]) {
    let Some((pick, page)) = data.split_first() else { return };
    let html = String::from_utf8_lossy(page);
    let Ok(url) = Url::parse("https://haiti.example/fr/news") else { return };
    let input = promise::page(&url, &html);
    let found = listing(&input, profile(*pick));
    assert_eq!(found, listing(&input, profile(*pick)), "the same page gave two listings");
    let Ok(found) = found else { return };
    if found.container == Container::Missing {
        assert!(found.fallback || found.candidates.is_empty(), "candidates without their container, and no mark");
    }
    let mut seen = HashSet::new();
    for candidate in &found.candidates {
        assert!(seen.insert(&candidate.url), "{} stands twice in the list", candidate.url);
        promise::bare("a candidate", &candidate.url);
        promise::clean("a candidate's title", &candidate.title);
        candidate.date.iter().for_each(promise::date);
    }
    found.next.iter().for_each(|next| promise::bare("the next page", next));
}
