//! A million made headings (or as many as the first argument says) in the index, without a store: how long it takes to fill
//! it, what it holds resident, and how long the newest 50 of any filter and the months of a feed take.
//! Run with `cargo bench --bench facets [-- N]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "made/dice.rs"]
mod dice;

use std::hint::black_box;
use std::time::{Duration, Instant};

use depeche::article::{
    ArticleId, Country, Former, Heading, Language, Mark, SourceId, Story, StoryEntry, StoryId, Tags, ThemeSlug, Themes,
};
use depeche::index::{Fill, Filter, Index};
use jiff::{SignedDuration, Timestamp};

use self::dice::Dice;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Ten years.
const SPAN: i64 = 10 * 365 * 86_400;
/// Times that each thing is measured.
const TIMES: usize = 300;

/// Few get most of it.
fn roll_low(dice: &mut Dice, sides: usize) -> usize {
    dice.roll(sides).min(dice.roll(sides)).min(dice.roll(sides))
}

struct World {
    countries: Vec<Country>,
    themes: Vec<ThemeSlug>,
    languages: Vec<Language>,
    sources: Vec<SourceId>,
    begin: Timestamp,
    of: usize,
}

impl World {
    fn id(n: usize) -> ArticleId {
        ArticleId(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &n.to_le_bytes()))
    }

    /// Every fourth story has a translation, which is the article behind it.
    fn story(n: usize) -> usize {
        if n % 5 == 4 { n - 1 } else { n }
    }

    fn heading(&self, n: usize) -> Heading {
        let mut dice = Dice(0x9E37_79B9 ^ (World::story(n) as u64 + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
        (0..8).for_each(|_| {
            dice.roll(2);
        });
        let countries =
            (0..1 + roll_low(&mut dice, 3)).map(|_| self.countries[roll_low(&mut dice, self.countries.len())]);
        let countries: Vec<Country> = countries.collect();
        let themes =
            (0..1 + dice.roll(2)).map(|_| self.themes[roll_low(&mut dice, self.themes.len())].clone()).collect();
        let mut language = self.languages[roll_low(&mut dice, self.languages.len())];
        if n != World::story(n) {
            language = if language == Language::FR { Language::EN } else { Language::FR };
        }
        let at = self.begin + SignedDuration::from_secs(SPAN * n as i64 / self.of as i64 + dice.roll(20_000) as i64);
        // One source fell silent after the first years.
        let busy = if n < self.of / 3 { self.sources.len() } else { self.sources.len() - 1 };
        let source = if dice.roll(20) == 0 { busy - 1 } else { roll_low(&mut dice, busy) };
        Heading {
            id: World::id(n),
            story: StoryId::founded_by(World::id(World::story(n))),
            tags: Tags { language, source: self.sources[source].clone(), countries, themes },
            former: Former::default(),
            news: dice.roll(50) != 0,
            withdrawn: dice.roll(100) == 0,
            has_page: true,
            alone: n % 5 < 3,
            published: at,
            first_seen: at,
            changed: Mark { seq: n as u64 + 1, at },
        }
    }

    fn place(&self, index: &mut Index, n: usize) {
        let (one, other) = (self.heading(n), self.heading(n + 1));
        let entry =
            |heading: &Heading| StoryEntry { language: heading.tags.language, entry: heading.id, lead: heading.id };
        let entries = [&one, &other].into_iter().filter(|heading| !heading.withdrawn).map(entry).collect();
        index.place(&Story { id: one.story, members: vec![one.id, other.id], entries });
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

fn main() {
    let of = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000usize) / 5 * 5;
    let world = World {
        countries: Country::all().take(200).collect(),
        themes: Themes::builtin().iter().map(|t| t.slug.clone()).collect(),
        languages: ["en", "fr", "es", "ar", "pt", "ru", "uk", "it"].map(|l| Language::parse(l).unwrap()).to_vec(),
        sources: (0..300).map(|n| SourceId::new(&format!("s{n}")).unwrap()).collect(),
        begin: "2016-11-20T00:00:00Z".parse().unwrap(),
        of,
    };
    let before = resident();
    let clock = Instant::now();
    let mut fill = Fill::default();
    (0..of).for_each(|n| fill.add(&world.heading(n)));
    let made = clock.elapsed();
    let mut index = fill.index();
    (0..of).filter(|n| n % 5 == 3).for_each(|n| world.place(&mut index, n));
    println!(
        "{of} headings: filled in {:.2} s, {:.2} s of it to make and gather them",
        clock.elapsed().as_secs_f64(),
        made.as_secs_f64()
    );
    println!("resident: {} MiB more than the {before} MiB before", resident() - before);

    let (c, t, s) = (&world.countries, &world.themes, &world.sources);
    let story = Filter { dedupe: true, limit: 50, extend_day: true, ..Filter::default() };
    let country = |n: usize| [c[n]].into_iter().collect();
    let regions = |n: usize| Filter { regions: c[..n].iter().map(|c| c.region()).collect(), ..story.clone() };
    let years = |from: i64, to: i64| Filter {
        since: Some(world.begin + SignedDuration::from_secs(from * 365 * 86_400)),
        until: Some(world.begin + SignedDuration::from_secs(to * 365 * 86_400)),
        ..story.clone()
    };
    let theme = |n: usize| [t[n].clone()].into_iter().collect();
    let lang = |l: Language| [l].into_iter().collect();
    let filters = [
        ("everything", story.clone()),
        ("every article", Filter { dedupe: false, ..story.clone() }),
        ("a large country", Filter { countries: country(0), ..story.clone() }),
        ("a small country", Filter { countries: country(190), ..story.clone() }),
        ("a region", regions(1)),
        ("most regions", regions(60)),
        ("a theme", Filter { themes: theme(0), ..story.clone() }),
        ("every theme", Filter { themes: t.iter().cloned().collect(), ..story.clone() }),
        ("a language", Filter { languages: lang(Language::FR), ..story.clone() }),
        (
            "country, theme, language",
            Filter { countries: country(1), themes: theme(2), languages: lang(Language::FR), ..story.clone() },
        ),
        (
            "region, theme, two languages",
            Filter { themes: theme(3), languages: [Language::FR, Language::EN].into_iter().collect(), ..regions(20) },
        ),
        ("a busy source", Filter { dedupe: false, sources: [s[0].clone()].into_iter().collect(), ..story.clone() }),
        (
            "a source silent for years",
            Filter { dedupe: false, sources: [s[299].clone()].into_iter().collect(), ..story.clone() },
        ),
        ("a year long ago", years(2, 3)),
        ("half of all time", years(1, 6)),
        ("a day", Filter { until: Some(world.begin + SignedDuration::from_hours(24 * 700)), ..years(1, 2) }),
        ("prefer=fr", Filter { prefer: Some(Language::FR), ..story.clone() }),
        ("prefer=fr in a region", Filter { prefer: Some(Language::FR), ..regions(3) }),
        (
            "nothing",
            Filter { countries: country(3), themes: [ThemeSlug::new("none")].into_iter().collect(), ..story.clone() },
        ),
    ];
    println!(
        "{:30} {:>9} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "matching", "select", "p99", "months", "again", "p99"
    );
    let mut all = Vec::new();
    let mut next = of;
    for (name, filter) in filters {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let clock = Instant::now();
            black_box(index.select(&filter));
            times.push(clock.elapsed());
        }
        all.extend(times.iter().copied());
        let clock = Instant::now();
        let mut archives = index.archives(&filter, None);
        let first = clock.elapsed();
        let mut again = Vec::new();
        for _ in 0..TIMES / 3 {
            // What a feed has to do after an article came.
            index.put(&world.heading(next));
            next += 5;
            let clock = Instant::now();
            archives = index.archives(&filter, Some(&archives));
            again.push(clock.elapsed());
        }
        let matching = index.matching(&filter).len();
        println!(
            "{name:30} {matching:>9} {:>10.2?} {:>10.2?} {first:>10.2?} {:>10.2?} {:>10.2?}",
            percentile(&mut times, 50),
            percentile(&mut times, 99),
            percentile(&mut again, 50),
            percentile(&mut again, 99)
        );
    }
    println!(
        "the newest 50 of any of these: median {:.2?}, p99 {:.2?}",
        percentile(&mut all, 50),
        percentile(&mut all, 99)
    );
    let clock = Instant::now();
    black_box(index.counts());
    println!("counts of every value: {:.2?}", clock.elapsed());
    println!("resident at the end: {} MiB", resident());
}
