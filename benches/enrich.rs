//! What judging costs on one core: language alone by the sentence, a whole article, and the verdict on it beside 100,000
//! stored ones (or as many as the first argument says) of four years, and then beside as many of the last 60 days, with
//! what these take in memory. Run with `cargo bench --bench enrich [-- N]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use depeche::article::{ArticleId, Country, DeclaredLanguages, Language, StoryId};
use depeche::dedup::{self, Known, Marks, Memory};
use depeche::enrich::{Enricher, Input};
use depeche::extract::{self, PageInput};
use depeche::{demo, fetch};
use jiff::{SignedDuration, Timestamp};

/// Title and text of every made-up story that is not a document.
fn stories() -> Vec<(String, String)> {
    let fixtures = demo::fixtures().unwrap();
    let pages = fixtures.iter().filter(|f| f.expect.is_some() && f.status == 200);
    let read = pages.filter_map(|fixture| {
        let (html, _) = fetch::decode(fixture.body, None);
        let input = PageInput {
            url: &fixture.url,
            html: &html,
            content_language: None,
            source_language: None,
            latest: None,
            memory: None,
        };
        let raw = extract::article(&input, None).ok()?;
        Some((raw.title, raw.text))
    });
    read.collect()
}

fn input<'a>(title: &'a str, text: &'a str) -> Input<'a> {
    Input { title, text, declared: DeclaredLanguages::default(), source_country: None }
}

/// Microseconds a call: the median of eleven runs over all.
fn micros<T>(items: &[T], mut work: impl FnMut(&T)) -> f64 {
    let mut runs: Vec<f64> = (0..11)
        .map(|_| {
            let begun = Instant::now();
            items.iter().for_each(&mut work);
            begun.elapsed().as_secs_f64() * 1e6 / items.len() as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// KiB that the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// A story like one of those, with figures and words of its own, of so many in so many days.
fn known(n: usize, stories: &[(String, String)], end: Timestamp, of: usize, days: i64) -> Known {
    let (title, text) = &stories[n % stories.len()];
    let text: String = text
        .split(' ')
        .enumerate()
        .map(|(at, word)| if (at + n).is_multiple_of(5) { format!("{word}{} ", n % 9_973) } else { format!("{word} ") })
        .collect();
    let canonical = format!("https://office.example/news/a-story-with-a-slug-of-some-words-{n}");
    let id = ArticleId::of_canonical(&canonical);
    let age = SignedDuration::from_secs(days * 86_400 * of.saturating_sub(n) as i64 / of as i64);
    let fingerprint = dedup::fingerprint(title, &text);
    Known {
        id,
        story: StoryId::founded_by(id),
        language: [Language::FR, Language::EN][n % 2],
        primary: Country::all().nth(n % 200),
        published: end.checked_sub(age).unwrap(),
        stored: end.checked_sub(age).unwrap(),
        title: format!("{title} {n}"),
        marks: Marks::of_address(Some(&canonical)),
        fingerprint,
    }
}

fn main() {
    let all: usize = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(100_000);
    let (stories, enricher) = (stories(), Enricher::new(&[]).unwrap());
    let sentences: Vec<&str> = stories
        .iter()
        .flat_map(|(_, text)| text.split_inclusive(['.', '!', '?', '\n']))
        .map(str::trim)
        .filter(|s| s.split(' ').count() >= 5)
        .collect();
    let each = micros(&sentences, |sentence| {
        black_box(enricher.language(&input("", sentence)));
    });
    println!(
        "language            {each:.1} µs a sentence, {:.0} sentences/s ({} of them)",
        1e6 / each,
        sentences.len()
    );
    let each = micros(&stories, |(title, text)| {
        black_box(enricher.enrich(&input(title, text)));
    });
    println!("a whole article     {each:.0} µs ({} of them)", stories.len());
    let fingerprinted = micros(&stories, |(title, text)| {
        black_box(dedup::fingerprint(title, text));
    });
    println!("its fingerprint     {fingerprinted:.0} µs");
    let end: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    // Four years as they are, and a flood: all of them within the days that are remembered.
    for (of, days) in [("of four years", 4 * 365), ("of the last 60 days", 60)] {
        let mut memory = Memory::new();
        let before = resident();
        (0..all).for_each(|n| memory.insert(known(n, &stories, end, all, days)));
        let held = resident().saturating_sub(before);
        let asked = (0..200).map(|n| known(all + n, &stories, end, all, days));
        let asked: Vec<Known> = asked.map(|known| Known { published: end, stored: end, ..known }).collect();
        let judged = micros(&asked, |known| {
            black_box(memory.judge(known, None));
        });
        println!("verdict             {judged:.0} µs beside {all} {of}; {held} KiB for what is remembered of them");
        println!("together            {:.2} ms an article", (each + fingerprinted + judged) / 1e3);
    }
}
