//! What the whole daemon holds resident, over a store of 100,000 made articles (or as many as the first argument says): once
//! it is level, and after it has answered feeds of every kind. The articles were stored over years or, with `--young`, within
//! the last month, so that all of them are remembered as what near copies are sought among.
//! Run with `cargo bench --bench resident [-- N] [--young]`. It asks loopback alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod made;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use depeche::article::{Article, Country, How, Language, SafeHtml, SourceId, Story, ThemeSlug, ThemeTag, Themes};
use depeche::store::{ChangeKind, Put, PutOutcome, Store};
use jiff::{SignedDuration, Timestamp};

use self::made::dice::Dice;
use self::made::percentile;

const TEXT: &str = include_str!("../ARCHITECTURE.md");
const SOURCES: usize = 40;

struct World {
    words: Vec<&'static str>,
    countries: Vec<Country>,
    themes: Vec<ThemeSlug>,
    begin: Timestamp,
    step: SignedDuration,
}

fn article(n: usize, world: &World) -> Article {
    let mut dice = made::dice(n);
    let country = world.countries[dice.roll(world.countries.len())];
    let language = [Language::FR, Language::EN, Language::ES, Language::AR][dice.roll(4)];
    let mut text = String::new();
    while text.len() < 3_500 {
        match dice.roll(40) {
            0 => text.push_str(&format!("Zor{}", dice.roll(10_000))),
            1 => text.push_str(&format!("{}", dice.roll(100_000))),
            _ => text.push_str(world.words[dice.roll(world.words.len())]),
        }
        text.push(if dice.roll(60) == 0 { '\n' } else { ' ' });
    }
    let theme = world.themes[dice.roll(world.themes.len())].clone();
    let theme = ThemeTag { theme, confidence: 80, how: How::Title, evidence: Vec::new() };
    let html = format!("<p>{}</p>", text.replace('\n', "</p><p>"));
    let title = format!("Story {n} of {}", country.name(Language::EN));
    let seen = world.begin + SignedDuration::from_millis(world.step.as_millis() as i64 * n as i64);
    Article {
        source: SourceId::new(&format!("s{}", dice.roll(SOURCES))).unwrap(),
        html: SafeHtml::sanitise(&html, &"http://a.example/".parse().unwrap()),
        fingerprint: depeche::dedup::fingerprint(&title, &text),
        title,
        countries: vec![made::tag(country)],
        themes: vec![theme],
        first_seen: seen,
        ..made::article(n, world.begin, format!("https://{}.example/news/story-{n}", country.slug()), language, text)
    }
}

/// Fills a store, in a process of its own, whose memory is not the daemon's.
async fn fill(folder: &Path, wanted: usize, young: bool) {
    let span = if young { SignedDuration::from_hours(30 * 24) } else { SignedDuration::from_hours(10 * 365 * 24) };
    let now = Timestamp::now();
    let world = World {
        words: TEXT.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).collect(),
        countries: Country::all().take(150).collect(),
        themes: Themes::builtin().iter().map(|theme| theme.slug.clone()).collect(),
        begin: now - span,
        step: span / wanted as i32,
    };
    let store = Store::open(folder).await.unwrap();
    for n in 0..wanted {
        let article = article(n, &world);
        let (story, at, head) = (Story::founded_by(&article), article.first_seen, store.head().await.unwrap());
        let kind = ChangeKind::Created;
        let (page, others, left, dissolved, erase) = (None, vec![], None, vec![], false);
        let put = Put { head, article, story, kind, at, page, others, left, dissolved, erase };
        assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    }
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Daemon {
    fn resident(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
        };
        format!("{} MiB resident, {} of them files; at most {} MiB", of("VmRSS"), of("RssFile"), of("VmHWM"))
    }
}

/// The status of an answer, 0 where there is none, and its body.
fn ask(address: &str, path: &str) -> (u16, String) {
    let mut answer = Vec::new();
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        stream.read_to_end(&mut answer)
    });
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.filter(|_| asked.is_ok()).unwrap_or(0), body.to_owned())
}

fn measure(folder: &Path, wanted: usize) {
    // A port that is free now.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let config = folder.join("config.toml");
    let text = "[store]\nexport_every = \"0\"\n[server]\nrequests_per_minute = 0\n[[source]]\nid = \"s0\"\nurl = \"http://127.0.0.1:9/\"\nevery = \"1d\"\n[crawl]\nallow_private_networks = true\n";
    fs::write(&config, text).unwrap();
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_depeche"));
    command.args(["run", "--config"]).arg(&config).env("DEPECHE_SERVER__LISTEN", &address);
    let begun = Instant::now();
    let daemon = Daemon(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let mut served = None;
    loop {
        let (status, text) = ask(&address, "/health/ready");
        if status == 200 && served.is_none() {
            served = Some(begun.elapsed());
            println!(
                "{wanted} articles: all but words served after {:.1} s; {}",
                begun.elapsed().as_secs_f64(),
                daemon.resident()
            );
        }
        let ready: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if ready["words"]["ready"] == true {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("words level after {:.0} s; {}", begun.elapsed().as_secs_f64(), daemon.resident());
    let mut dice = Dice(7);
    let countries: Vec<Country> = Country::all().take(150).collect();
    let mut times = Vec::new();
    for n in 0..400 {
        let country = countries[dice.roll(countries.len())].iso3();
        let format = ["atom", "rss", "json"][n % 3];
        let filter = match n % 5 {
            0 => String::new(),
            1 => format!("?country={country}"),
            2 => format!("?country={country}&lang=fr&limit=200"),
            3 => format!("?q=Zor{}", dice.roll(10_000)),
            _ => format!("?limit={}&prefer=fr", 1 + dice.roll(200)),
        };
        let clock = Instant::now();
        let (status, _) = ask(&address, &format!("/feed.{format}{filter}"));
        times.push(clock.elapsed());
        assert_eq!(status, 200, "{filter}");
    }
    let (median, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("after 400 feeds, made and sent in {median:.1?}, p99 {p99:.1?}: {}", daemon.resident());
    drop(daemon);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(100_000usize);
    let young = arguments.iter().any(|a| a == "--young");
    if let Some(place) = arguments.iter().position(|a| a == "--fill") {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(fill(Path::new(&arguments[place + 1]), wanted, young));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(wanted.to_string()).arg("--fill").arg(folder.path().join("data"));
    command.args(young.then_some("--young"));
    assert!(command.status().unwrap().success());
    for start in ["first start", "second start"] {
        println!("-- {start}");
        measure(folder.path(), wanted);
    }
}
