//! 100,000 made articles (or as many as the first argument says), half French, half English, through the index of words:
//! time, disk, memory, and how long the newest 50 take for a rare word, a common one, a phrase, an exclusion, with facets.
//! Run with `cargo bench --bench text [-- N]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod made;

use std::path::Path;
use std::time::Instant;

use depeche::article::{Article, Country, Fingerprint, Language, SourceId, Story};
use depeche::config::Config;
use depeche::edition::{Edition, Words};
use depeche::index::text::text_of;
use depeche::query::{Body, Query};
use depeche::store::{ChangeKind, Put, PutOutcome, SourceState, Store};
use jiff::Timestamp;

use self::made::dice::Dice;
use self::made::percentile;

/// As words are in a language: the second half as often as the first, and so on.
fn word<'a>(dice: &mut Dice, words: &[&'a str]) -> &'a str {
    let share = dice.roll(1 << 20) as f64 / f64::from(1 << 20);
    words[((words.len() as f64).powf(share) as usize).min(words.len() - 1)]
}

const ENGLISH: &str = include_str!("../ARCHITECTURE.md");
const FRENCH: &str =
    concat!(include_str!("../fixtures/burundi/rapatries.html"), include_str!("../fixtures/burundi/gatumba.html"),);
const SOURCES: usize = 40;

fn words(text: &str) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    text.split(|c: char| !c.is_alphabetic()).filter(|w| w.len() > 1 && seen.insert(*w)).collect()
}

/// Two languages' words, the frequent ones first, and names that stand in few articles.
struct Lexicon {
    french: Vec<&'static str>,
    english: Vec<&'static str>,
    countries: Vec<Country>,
}

fn article(n: usize, lexicon: &Lexicon, begin: Timestamp) -> Article {
    let mut dice = made::dice(n);
    let (language, words) =
        if dice.roll(2) == 0 { (Language::FR, &lexicon.french) } else { (Language::EN, &lexicon.english) };
    let mut text = String::new();
    while text.len() < 3_500 {
        if dice.roll(40) == 0 {
            // A name: each stands in some fifty articles.
            text.push_str(&format!("Zor{} ", dice.roll(10_000)));
        }
        text.push_str(word(&mut dice, words));
        text.push(if dice.roll(60) == 0 { '\n' } else { ' ' });
    }
    let country = lexicon.countries[dice.roll(lexicon.countries.len())];
    Article {
        source: SourceId::new(&format!("s{}", dice.roll(SOURCES))).unwrap(),
        title: text.chars().take(70).collect(),
        fingerprint: Fingerprint { exact: n as u64, ..Fingerprint::default() },
        countries: vec![made::tag(country)],
        ..made::article(n, begin, format!("https://bench.example/news/story-{n}"), language, text)
    }
}

/// All that is resident in MiB, and how much of it belongs to files that may be dropped at any moment.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    format!("{} MiB resident, {} of them files", of("VmRSS"), of("RssFile"))
}

fn size(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().flatten().map(|e| e.metadata().unwrap().len()).sum()
}

fn main() {
    let wanted = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(100_000usize);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(run(wanted));
}

async fn run(wanted: usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let lexicon =
        Lexicon { french: words(FRENCH), english: words(ENGLISH), countries: Country::all().take(120).collect() };
    println!(
        "articles: {wanted}, of {} French and {} English words and names",
        lexicon.french.len(),
        lexicon.english.len()
    );
    let store = Store::open(&data).await.unwrap();
    let begin: Timestamp = "2010-01-01T00:00:00Z".parse().unwrap();
    for n in 0..wanted {
        let article = article(n, &lexicon, begin);
        let (story, at, head) = (Story::founded_by(&article), article.first_seen, store.head().await.unwrap());
        let kind = ChangeKind::Created;
        let put = Put {
            head,
            article,
            story,
            kind,
            at,
            page: None,
            others: vec![],
            left: None,
            dissolved: vec![],
            erase: false,
        };
        assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    }
    for n in 0..SOURCES {
        let id = SourceId::new(&format!("s{n}")).unwrap();
        store.save_source(&id, SourceState { body: Some(Body::Full), ..SourceState::default() }).await.unwrap();
    }
    let config = Config::parse(include_str!("../config.toml"), folder.path(), &[]).unwrap();
    let open = || Edition::new(store.clone(), &config).with(Words::of(&store, &data).tended());
    let edition = open();
    edition.follow().await.unwrap();
    println!("before: {}", resident());
    let clock = Instant::now();
    edition.tend_words().await.unwrap();
    println!(
        "words indexed: {:.1} s, {} MiB on disk; {}",
        clock.elapsed().as_secs_f64(),
        size(&text_of(&data)) >> 20,
        resident()
    );
    drop(edition);
    let edition = open();
    edition.follow().await.unwrap();
    println!("all of it dropped, the facets built again: {}", resident());
    let clock = Instant::now();
    edition.tend_words().await.unwrap();
    println!("words opened again and looked through: {:.2} s; {}", clock.elapsed().as_secs_f64(), resident());

    let mut dice = Dice(42);
    for kind in ["rare", "common", "two common", "phrase", "common phrase", "exclude", "everything else"] {
        let (mut select, mut found) = (Vec::new(), 0);
        for _ in 0..400 {
            let (words, begun) = (if dice.roll(2) == 0 { &lexicon.french } else { &lexicon.english }, dice.roll(8));
            let (first, second) = (words[begun], words[begun + 1 + dice.roll(8)]);
            let name = format!("Zor{}", dice.roll(10_000));
            let q = match kind {
                "rare" => format!("q={name}"),
                "common" => format!("q={first}"),
                "two common" => format!("q={first}%20{second}"),
                "phrase" => format!("q=%22{name}%20{}%22", word(&mut dice, words)),
                "common phrase" => format!("q=%22{first}%20{second}%22"),
                "exclude" => format!("exclude={first}"),
                _ => format!("q={}%20-{second}", word(&mut dice, words)),
            };
            let country = lexicon.countries[dice.roll(lexicon.countries.len())].iso3();
            let facet = ["", "&lang=fr", &format!("&country={country}"), "&since=2010-06-01"][dice.roll(4)].to_owned();
            let query = Query::parse(&format!("{q}{facet}"), &edition.vocabulary()).unwrap();
            let clock = Instant::now();
            edition.select(&query).await.unwrap();
            select.push(clock.elapsed());
            found += edition.part(&query, None).await.unwrap().total;
        }
        println!(
            "newest 50, {kind}: median {:.2?}, p99 {:.2?} ({} found on average)",
            percentile(&mut select, 50),
            percentile(&mut select, 99),
            found / 400
        );
    }
    println!("at the end: {}", resident());

    let last = article(wanted - 1, &lexicon, begin);
    let (story, head) = (Story::founded_by(&last), store.head().await.unwrap());
    let (article, kind, at) = (last.erased(), ChangeKind::Withdrawn, begin);
    let put =
        Put { head, article, story, kind, at, page: None, others: vec![], left: None, dissolved: vec![], erase: true };
    assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    let clock = Instant::now();
    edition.follow().await.unwrap();
    assert!(edition.words_are_level());
    println!(
        "one article erased from the files: {:.2} s, {} MiB on disk",
        clock.elapsed().as_secs_f64(),
        size(&text_of(&data)) >> 20
    );
}
