//! Feeds as they are met: each file of tests/feeds is read twice, and its candidates are held against a snapshot.

use std::fmt::Write as _;

use depeche::extract::{self, DateOrder, ExtractError, Listing, PageInput};
use depeche::fetch;
use proptest::prelude::*;
use url::Url;

fn read(bytes: &[u8]) -> Result<Listing, ExtractError> {
    let url = Url::parse("http://office.example/feeds/news.xml").unwrap();
    let (text, _) = fetch::decode(bytes, None);
    let input = PageInput {
        url: &url,
        html: &text,
        content_language: None,
        source_language: None,
        latest: Some("2026-11-20".parse().unwrap()),
        memory: None,
    };
    extract::feed(&input, DateOrder::Mdy)
}

fn shown(read: &Result<Listing, ExtractError>) -> String {
    let listing = match read {
        Ok(listing) => listing,
        Err(error) => return format!("error: {error}"),
    };
    let mut out = format!("{} of {} items", listing.candidates.len(), listing.items_matched);
    for found in &listing.candidates {
        let date = found.date.as_ref().map_or("no date".to_owned(), |date| date.to_rfc3339());
        let language = found.language.map_or("no language".to_owned(), |language| language.tag().to_owned());
        let page = if found.has_page { "page" } else { "no page" };
        write!(out, "\n{}\n    {:?}, {date}, {language}, {page}", found.url, found.title).unwrap();
    }
    out
}

fn files() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn every_feed_gives_its_candidates() {
    let files = files();
    assert!(files.len() >= 28, "only {} feeds", files.len());
    for (name, bytes) in files {
        let first = read(&bytes);
        assert_eq!(first, read(&bytes), "{name}: another reading, other candidates");
        insta::assert_snapshot!(format!("feed_{}", name.replace('.', "_")), shown(&first));
    }
}

/// Bytes put in place of a part of a real feed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let files = files();
    let junk = prop::collection::vec(any::<u8>(), 0..12);
    let marks = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "]]>",
        "<![CDATA[",
        "<item>",
        "</item>",
        "<!--",
        "&#0;",
        "\"",
        "{",
        "]",
    ]);
    (0..files.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), junk, marks, any::<bool>()).prop_map(
        move |(file, start, length, junk, mark, text)| {
            let mut bytes = files[file].1.clone();
            let at = start.index(bytes.len() + 1);
            let end = (at + length.index(40)).min(bytes.len());
            bytes.splice(at..end, if text { mark.as_bytes().to_vec() } else { junk });
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(read(&bytes), read(&bytes));
    }

    #[test]
    fn mutated_feeds_never_panic(bytes in mutated()) {
        prop_assert_eq!(read(&bytes), read(&bytes));
    }
}
