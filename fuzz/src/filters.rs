//! The query string of a feed: reading it, its one spelling, looking for its words.

use std::sync::LazyLock;

use depeche::index::text::{Numbers, Plan, Scope, Snapshot, Text};
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
    if let Some(filter) = filters.0 {
        // Looked for in an index of nothing: whatever is asked becomes terms, and no syntax of a library's.
        static WORDS: LazyLock<Snapshot> = LazyLock::new(|| {
            let text = Text::in_memory().expect("an index in memory");
            text.snapshot(&mut Numbers::new(), |ids| vec![None; ids.len()]).expect("a snapshot")
        });
        let found = WORDS.find(&Plan::of(&filter), Scope::Text);
        assert!(found.is_ok_and(|found| found.is_empty()), "{raw:?}");
    }
    if let (Some(since), Some(until)) = (&query.since, &query.until) {
        assert!(since.start() <= until.end());
    }
}
