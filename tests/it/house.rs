//! A house to test in: the made-up offices on loopback, a line on them, a clock that stands still.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon;
use depeche::demo::{self, Fixture, Replay};
use depeche::edition::{Asked, Edition, Issue};
use depeche::index::Month;
use depeche::pipeline::{Line, Round};
use depeche::publish::{self, Format};
use depeche::store::{Floor, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub struct House {
    pub config: Arc<Config>,
    pub replay: Replay,
    pub clock: Clock,
    pub hosts: HashMap<String, SocketAddr>,
    /// In place of the one that the configuration sets on the real disk.
    pub floor: Option<Floor>,
}

pub fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

impl House {
    /// The demo's offices; no pause between requests.
    pub async fn open(folder: &Path) -> House {
        let config = demo::config(folder, "127.0.0.1:0".parse().unwrap()).unwrap();
        House::of(&demo::fixtures().unwrap(), config).await
    }

    /// These pages under this configuration; no pause between requests.
    pub async fn of(fixtures: &[Fixture], mut config: Config) -> House {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let replay = Replay::of(fixtures);
        // A pause that robots.txt asks for is a matter of the fetcher's own tests.
        for fixture in fixtures.iter().filter(|f| f.url.path() == "/robots.txt" && f.status == 200) {
            let text = String::from_utf8_lossy(fixture.body);
            let quick: Vec<&str> =
                text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("crawl-delay")).collect();
            replay.answer(
                fixture.url.as_str(),
                200,
                &[("content-type".into(), "text/plain".into())],
                quick.join("\n").into_bytes(),
            );
        }
        tokio::spawn(demo::serve(listener, replay.clone()));
        config.crawl.per_host_delay = std::time::Duration::ZERO;
        // A daemon's own export would stand among those that a test counts.
        config.upkeep.export_every = None;
        config.server.public_url = "http://feeds.example/".parse().unwrap();
        House {
            config: Arc::new(config),
            replay,
            clock: Clock::fixed(noon()),
            hosts: demo::hosts(fixtures, address),
            floor: None,
        }
    }

    pub async fn line(&self, store: Store) -> Line {
        daemon::line(&self.config, store, self.hosts.clone(), self.clock.clone(), CancellationToken::new())
            .await
            .unwrap()
    }

    pub async fn store(&self) -> Store {
        let store = daemon::open_store(&self.config).await.unwrap();
        self.floor.clone().map_or(store.clone(), |floor| store.with_floor(floor))
    }

    /// One round of every source, in order, each by itself: the same order every time.
    pub async fn crawl(&self, line: &Line) -> Vec<(String, Round)> {
        self.crawl_some(line, "").await
    }

    /// One round of the sources whose id begins so.
    pub async fn crawl_some(&self, line: &Line, prefix: &str) -> Vec<(String, Round)> {
        let mut rounds = Vec::new();
        for source in self.config.sources.iter().filter(|s| s.id.as_str().starts_with(prefix)) {
            let round = line.check(source, depeche::pipeline::Recheck::All, &self.config.crawl).await.unwrap().unwrap();
            rounds.push((source.id.to_string(), round));
        }
        rounds
    }

    pub fn later(&self, hours: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_hours(hours));
    }

    /// A month of a feed, as it is now.
    pub async fn archive(&self, store: &Store, query: &str, month: Month, format: Format) -> String {
        let edition = Edition::new(store.clone(), &self.config);
        edition.follow().await.unwrap();
        let query = format!("archive={month}&{query}");
        let mut asked = Asked::parse(&query, &edition.vocabulary()).unwrap();
        let feed = loop {
            match edition.feed(&asked, format).await.unwrap() {
                Issue::Feed(feed, _) => break feed,
                Issue::Moved(now) => asked = *now,
            }
        };
        String::from_utf8(publish::render(&feed, format).unwrap()).unwrap()
    }

    pub async fn feed(&self, store: &Store, query: &str, format: Format) -> String {
        let edition = Edition::new(store.clone(), &self.config);
        edition.follow().await.unwrap();
        let asked = Asked::parse(query, &edition.vocabulary()).unwrap();
        let Issue::Feed(feed, _) = edition.feed(&asked, format).await.unwrap() else { panic!("{query}: moved") };
        String::from_utf8(publish::render(&feed, format).unwrap()).unwrap()
    }

    pub async fn feeds(&self, store: &Store) -> Vec<String> {
        let mut feeds = Vec::new();
        for format in [Format::Rss, Format::Atom, Format::Json] {
            for query in ["limit=200", "dedupe=none&limit=200", "country=HTI&lang=fr", "theme=displacement"] {
                feeds.push(self.feed(store, query, format).await);
            }
        }
        feeds
    }
}

/// What is logged on one thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes down what this thread logs, while the guard lives.
    pub fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_env_filter("debug,depeche=trace").with_ansi(false);
        tracing::subscriber::set_default(subscriber.with_writer(move || log.clone()).finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Adds up what a crawl did.
pub fn sum(rounds: &[(String, Round)]) -> (usize, usize, usize, usize) {
    let add = |f: fn(&Round) -> usize| rounds.iter().map(|(_, r)| f(r)).sum();
    (add(|r| r.found), add(|r| r.stored), add(|r| r.duplicate), add(|r| r.failed.len()))
}
