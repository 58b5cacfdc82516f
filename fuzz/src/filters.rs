//! The query string of a feed: reading it, its one spelling, matching its words.

use std::sync::LazyLock;

use depeche::query::{Query, TextFilter, Vocabulary};

const TITLE: &str = "Haïti : l’eau potable manque";
const TEXT: &str = "Port-au-Prince – Des déplacés ont été accueillis. 1 204 familles ont reçu des abris.";

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
        assert_eq!(filter.matches(TITLE, TEXT), filter.matches(TITLE, TEXT));
    }
    if let (Some(since), Some(until)) = (&query.since, &query.until) {
        assert!(since.start() <= until.end());
    }
}
