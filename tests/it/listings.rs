//! Listings read by their structure alone: made-up pages of many makes in `tests/listings`, lists and pages that are none,
//! and the offices' own listings without their profiles.

use std::fmt::Write as _;

use depeche::config::{Kind, Source};
use depeche::demo;
use depeche::extract::{self, Candidate, Listing, PageInput};
use depeche::fetch;
use url::Url;

fn input<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
    PageInput {
        url,
        html,
        content_language: None,
        source_language: None,
        latest: Some("2026-11-30".parse().unwrap()),
        memory: None,
    }
}

fn shown(listing: &Listing) -> String {
    let mut out = String::new();
    for found in &listing.candidates {
        let date = found.date.as_ref().map_or("no date".to_owned(), |date| date.to_rfc3339());
        writeln!(out, "  {date:20} {} {:?}", found.url, found.title).unwrap();
    }
    if listing.candidates.is_empty() {
        writeln!(out, "  none: {}", listing.left_out).unwrap();
    }
    out
}

#[test]
fn lists_of_many_makes_give_their_articles_and_other_pages_none() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 18, "only {} pages", files.len());
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for file in files {
        let html = std::fs::read_to_string(&file).unwrap();
        let address = html.lines().next().unwrap().trim_start_matches("<!-- ").trim_end_matches(" -->");
        let url = Url::parse(address).unwrap();
        let listing = extract::listing(&input(&url, &html), None).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if listing.candidates.is_empty() != name.starts_with("none") {
            wrong.push(name.clone());
        }
        writeln!(out, "{name} ({url})\n{}", shown(&listing)).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:?} in\n{out}");
    insta::assert_snapshot!(out);
}

/// What the reading by structure finds of what the profile finds, what else it finds, and where their dates differ.
#[test]
fn the_offices_listings_are_read_without_their_profiles_as_with_them() {
    let config = demo::config(std::path::Path::new("."), "127.0.0.1:0".parse().unwrap()).unwrap();
    let fixtures = demo::fixtures().unwrap();
    let (mut out, mut all, mut missed, mut more, mut same) = (String::new(), 0, 0, 0, 0);
    for fixture in fixtures.iter().filter(|f| f.name.contains("/listing-") && f.status == 200) {
        let near = |s: &&std::sync::Arc<Source>| s.kind == Kind::Html && s.url.host() == fixture.url.host();
        let Some(source) = config.sources.iter().find(near) else { continue };
        let html = fetch::decode(fixture.body, fixture.headers.get("content-type").map(String::as_str)).0;
        let input = input(&fixture.url, &html);
        let by_profile = extract::listing(&input, source.profile.as_deref()).unwrap().candidates;
        let found = extract::listing(&input, None).unwrap().candidates;
        let twin = |of: &Candidate, among: &[Candidate]| among.iter().find(|c| c.url == of.url).cloned();
        writeln!(out, "{}: {} by the profile, {} by structure", fixture.name, by_profile.len(), found.len()).unwrap();
        for candidate in &by_profile {
            all += 1;
            let Some(twin) = twin(candidate, &found) else {
                missed += 1;
                writeln!(out, "  missed {} {:?}", candidate.url, candidate.title).unwrap();
                continue;
            };
            let days = [candidate, &twin].map(|c| c.date.as_ref().map(|date| date.date.to_string()));
            same += usize::from(days[0] == days[1]);
            if days[0] != days[1] {
                writeln!(out, "  date {:?}, by structure {:?}: {}", days[0], days[1], twin.url).unwrap();
            }
        }
        for candidate in found.iter().filter(|c| twin(c, &by_profile).is_none()) {
            more += 1;
            writeln!(out, "  more {} {:?}", candidate.url, candidate.title).unwrap();
        }
    }
    writeln!(out, "of {all}: {missed} missed, {more} more, {same} with the same date").unwrap();
    insta::assert_snapshot!(out);
}
