//! 50,000 made articles (or as many as the first argument says) through the store: durable articles a second, memory,
//! disk, time to reopen, and how long a feed of any filter takes. Run with `cargo bench --bench store [-- N]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod made;

use std::time::Instant;

use depeche::article::{Article, Country, How, Language, SafeHtml, SourceId, Story, ThemeSlug, ThemeTag, Themes};
use depeche::config::Config;
use depeche::edition::{Edition, Issue};
use depeche::publish::{self, Format};
use depeche::query::Query;
use depeche::store::{ChangeKind, PageMemory, Put, PutOutcome, Store};
use jiff::Timestamp;

use self::made::dice::Dice;
use self::made::percentile;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn article(n: usize, words: &[&str], countries: &[Country], themes: &[ThemeSlug], begin: Timestamp) -> Article {
    let mut dice = made::dice(n);
    let country = countries[dice.roll(countries.len())];
    let language = [Language::FR, Language::EN, Language::ES, Language::AR][dice.roll(4)];
    let mut text = String::new();
    while text.len() < 4_000 {
        text.push_str(words[dice.roll(words.len())]);
        text.push(if dice.roll(60) == 0 { '\n' } else { ' ' });
    }
    let theme = themes[dice.roll(themes.len())].clone();
    let theme = ThemeTag { theme, confidence: 80, how: How::Title, evidence: Vec::new() };
    let html = format!("<p>{}</p>", text.replace('\n', "</p><p>"));
    Article {
        source: SourceId::new(&format!("s{}", dice.roll(40))).unwrap(),
        office: Some(country),
        aliases: vec![format!("https://a.example/node/{n}")],
        title: format!("Story {n} of {}", country.name(Language::EN)),
        html: SafeHtml::sanitise(&html, &"http://a.example/".parse().unwrap()),
        fingerprint: depeche::dedup::fingerprint("", &text),
        countries: vec![made::tag(country), made::tag(countries[dice.roll(countries.len())])],
        themes: vec![theme],
        ..made::article(n, begin, format!("https://{}.example/news/story-{n}", country.slug()), language, text)
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn size(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

fn main() {
    let wanted = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(50_000usize);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(run(wanted));
}

async fn run(wanted: usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let lexicon = include_str!("../fixtures/README.md");
    let words: Vec<&str> = lexicon.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2).collect();
    let countries: Vec<Country> = Country::all().take(120).collect();
    let themes: Vec<ThemeSlug> = Themes::builtin().iter().map(|t| t.slug.clone()).collect();
    let begin: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let made: Vec<Article> = (0..wanted).map(|n| article(n, &words, &countries, &themes, begin)).collect();
    println!("articles: {wanted}");
    println!("resident before, with all articles made: {} MiB", resident());

    let store = Store::open(&data).await.unwrap();
    let clock = Instant::now();
    for article in made {
        let page = Some((article.canonical.clone(), PageMemory::default()));
        let (story, at) = (Story::founded_by(&article), article.first_seen);
        let put = Put {
            head: store.head().await.unwrap(),
            article,
            story,
            kind: ChangeKind::Created,
            at,
            page,
            others: Vec::new(),
            left: None,
            dissolved: Vec::new(),
            erase: false,
        };
        assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    }
    println!("durable articles a second, one flush each: {:.0}", wanted as f64 / clock.elapsed().as_secs_f64());
    println!("disk: {} MiB", size(&data) >> 20);
    drop(store);

    let clock = Instant::now();
    let store = Store::open(&data).await.unwrap();
    println!("reopen: {:.2} s", clock.elapsed().as_secs_f64());
    let config = Config::parse(include_str!("../config.toml"), folder.path(), &[]).unwrap();
    let edition = Edition::new(store.clone(), &config);
    let before = resident();
    let clock = Instant::now();
    edition.follow().await.unwrap();
    println!("index built: {:.2} s, {} MiB more", clock.elapsed().as_secs_f64(), resident().saturating_sub(before));

    let mut dice = Dice(42);
    let mut queries = vec![String::new(), "limit=200".into(), "prefer=fr".into(), "lang=fr".into()];
    for _ in 0..200 {
        let mut parts = Vec::new();
        if dice.roll(2) == 0 {
            parts.push(format!("country={}", countries[dice.roll(countries.len())].iso3()));
        }
        if dice.roll(2) == 0 {
            parts.push(format!("theme={}", themes[dice.roll(themes.len())]));
        }
        if dice.roll(2) == 0 {
            parts.push(format!("lang={}", ["fr", "en", "es", "ar"][dice.roll(4)]));
        }
        queries.push(parts.join("&"));
    }
    let (mut select, mut feed, mut render) = (Vec::new(), Vec::new(), Vec::new());
    for raw in queries {
        let query = Query::parse(&raw, &edition.vocabulary()).unwrap();
        let clock = Instant::now();
        edition.select(&query).await.unwrap();
        select.push(clock.elapsed());
        let clock = Instant::now();
        let Issue::Feed(made, _) = edition.feed(&query.into(), Format::Atom).await.unwrap() else { continue };
        feed.push(clock.elapsed());
        let clock = Instant::now();
        publish::render(&made, Format::Atom).unwrap();
        render.push(clock.elapsed());
    }
    for (name, times) in
        [("select the newest 50", &mut select), ("put the feed together", &mut feed), ("render it", &mut render)]
    {
        println!("{name}: median {:.2?}, p99 {:.2?}", percentile(times, 50), percentile(times, 99));
    }
    let clock = Instant::now();
    let query = Query::parse("q=mega+menu", &edition.vocabulary()).unwrap();
    let found = edition.select(&query).await.unwrap();
    println!("q=mega menu: {} found in {:.0?}", found.ids.len(), clock.elapsed());
    println!("resident at the end: {} MiB", resident());
    let clock = Instant::now();
    let report = store.verify().await.unwrap();
    println!("verify: {} problems, {:.2} s", report.problems.len(), clock.elapsed().as_secs_f64());
    let clock = Instant::now();
    let report = store.export(&folder.path().join("all.depeche")).await.unwrap();
    println!("export: {:.2} s, {} MiB", clock.elapsed().as_secs_f64(), report.bytes >> 20);
}
