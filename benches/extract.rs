//! One page from bytes to text, here and in dom_smoothie, in one run over the same pages: single thread, taking turns.
//! Run with `cargo bench --bench extract [-- FOLDER [ROUNDS]]`; without a folder of HTML files the pages of `fixtures/`
//! are read. Both sides get their pages decoded by us. Sanitising, which the peer does not do, is shown apart: it is
//! timed again on the body's markup and taken off.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use depeche::article::SafeHtml;
use depeche::extract::{self, PageInput};
use depeche::fetch;
use url::Url;

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn pages(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            pages(&path, into);
        } else if path.extension().is_some_and(|e| e == "html" || e == "htm") {
            into.push(path);
        }
    }
}

/// How long a call takes, and whether it found a text.
fn timed(work: impl FnOnce() -> bool) -> (Duration, bool) {
    let begun = Instant::now();
    let found = work();
    (begun.elapsed(), found)
}

fn page_of<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
    PageInput { url, html, content_language: None, source_language: None, latest: None, memory: None }
}

fn ours(bytes: &[u8], url: &Url) -> bool {
    let (html, _) = fetch::decode(bytes, None);
    let input = page_of(url, &html);
    black_box(extract::article(&input, None)).is_ok_and(|article| !article.text.is_empty())
}

fn theirs(bytes: &[u8], url: &Url) -> bool {
    let (html, _) = fetch::decode(bytes, None);
    let read = dom_smoothie::Readability::new(html, Some(url.as_str()), None).and_then(|mut page| page.parse());
    black_box(read).is_ok_and(|article| !article.text_content.is_empty())
}

/// The body's markup, to be sanitised once more.
fn markup(bytes: &[u8], url: &Url) -> String {
    let (html, _) = fetch::decode(bytes, None);
    let input = page_of(url, &html);
    extract::article(&input, None).map(|article| article.html.as_str().to_owned()).unwrap_or_default()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Milliseconds a page: mean, median, and how far the slowest go.
fn line(name: &str, times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    println!(
        "{name:<28} {mean:7.2} {:7.2} {:7.2} {:7.2} {:9.0}",
        at(0.5),
        at(0.99),
        sorted.last().unwrap(),
        1e3 / mean
    );
    mean
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let folder = arguments.next().map(PathBuf::from);
    let rounds: usize = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(7);
    let mut paths = Vec::new();
    pages(&folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")), &mut paths);
    let url = Url::parse("https://office.example/news/story").unwrap();
    let (mut here, mut there, mut sanitising) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bytes, mut found) = (0, (0, 0));
    for path in &paths {
        let page = std::fs::read(path).unwrap();
        let markup = markup(&page, &url);
        let mut times: [Vec<Duration>; 3] = Default::default();
        let mut has = (false, false);
        // The first round warms up; who begins changes with each.
        for round in 0..=rounds {
            for side in [round % 2, (round + 1) % 2] {
                let (time, text) = timed(|| if side == 0 { ours(&page, &url) } else { theirs(&page, &url) });
                if side == 0 {
                    has.0 = text
                } else {
                    has.1 = text
                }
                if round > 0 {
                    times[side].push(time);
                }
            }
            let (time, _) = timed(|| !black_box(SafeHtml::sanitise(&markup, &url)).is_empty());
            times[2].push(time);
        }
        let [of_us, of_them, of_sanitising] = times.each_mut().map(|times| median(times));
        here.push(of_us);
        there.push(of_them);
        sanitising.push(of_sanitising);
        bytes += page.len();
        found = (found.0 + usize::from(has.0), found.1 + usize::from(has.1));
    }
    println!(
        "{} pages of {} kB on average, {rounds} rounds; a text found on {} here, on {} there",
        paths.len(),
        bytes / paths.len() / 1000,
        found.0,
        found.1
    );
    println!("{:<28} {:>7} {:>7} {:>7} {:>7} {:>9}", "ms a page", "mean", "p50", "p99", "max", "pages/s");
    let all = line("depeche, sanitised", &here);
    let bare: Vec<f64> = here.iter().zip(&sanitising).map(|(all, part)| all - part).collect();
    let alone = line("depeche, without that", &bare);
    line("sanitising alone", &sanitising);
    let peer = line("dom_smoothie", &there);
    let mut ratios: Vec<f64> = bare.iter().zip(&there).map(|(a, b)| b / a).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "as fast as dom_smoothie: {:.2} times in all, {:.2} on the median page; sanitised {:.2} in all",
        peer / alone,
        ratios[ratios.len() / 2],
        peer / all
    );
}
