//! The query string of a feed: reading it, its one spelling, looking for its words.

use std::sync::LazyLock;

use depeche::index::text::Plan;
use depeche::query::{Query, TextFilter, Vocabulary};

/// The text behind `?`.
pub fn check(data: &[u8]) {
    static KNOWN: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary {
        themes: ["displacement", "protection", "health"].map(str::to_owned).into(),
        sources: ["haiti-fr", "kenya"].map(str::to_owned).into(),
    });
    let raw = String::from_utf8_lossy(data);
    let query = match Query::parse(&raw, &KNOWN) {
        Ok(query) => query,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let once = query.canonical();
    let again = match Query::parse(&once, &KNOWN) {
        Ok(again) => again,
        Err(error) => panic!("{raw:?} is accepted, its canonical form {once:?} is not: {error}"),
    };
    assert_eq!(again.canonical(), once, "{raw:?} has two canonical forms");
    // A default that was written out is left out: it says the same.
    let meant = |query: &Query| Query { dedupe: Some(query.effective_dedupe()), ..query.clone() };
    assert_eq!(meant(&again), meant(&query), "{raw:?} means something else than {once:?}");
    let filters = (TextFilter::of(&query), TextFilter::of(&again));
    assert_eq!(filters.0, filters.1);
    // Whatever is asked becomes terms to look up, and no syntax of anybody's.
    assert_eq!(filters.0.as_ref().map(Plan::of), filters.1.as_ref().map(Plan::of));
    if let (Some(since), Some(until)) = (&query.since, &query.until) {
        assert!(since.start() <= until.end());
    }
}
