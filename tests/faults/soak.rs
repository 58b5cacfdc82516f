//! The daemon on twelve sites that misbehave on purpose, for as many minutes as asked: `tests/soak 30`. Its clock runs
//! sixty times as fast, so that half an hour holds a day of back-off, Retry-After, robots.txt and rechecks; pauses between
//! requests are real. At the end it says what the log of the sites proves, and how memory went.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod pages;
mod proof;
mod site;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon::{self, Role};
use depeche::fetch::Fetcher;
use depeche::net::{Client, NetSettings};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use site::Site;

const CRAWL: &str =
    "every = \"5m\"\nmax_every = \"1h\"\nper_host_delay = \"150ms\"\ntimeout = \"2s\"\nmax_body = \"1MiB\"";
/// How much faster than ours the daemon's clock runs.
const SPEED: i64 = 60;
/// As in the program itself.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::main]
async fn main() {
    let minutes: f64 = std::env::args().nth(1).map_or(30.0, |text| text.parse().expect("minutes"));
    let whole = Duration::from_secs_f64(minutes * 60.0);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(info);
    }));
    let folder = tempfile::tempdir().unwrap();
    let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let (clock, log) = (Clock::fixed(start), folder.path().join("requests.log"));
    let (site, address) = Site::open(11, 30, clock.clone(), &log).await;
    let config = Arc::new(Config::parse(&pages::config(CRAWL), folder.path(), &[]).unwrap());
    let store = daemon::open_store(&config).await.unwrap();
    let stop = CancellationToken::new();
    let mut line = daemon::line(&config, store.clone(), HashMap::new(), clock.clone(), stop.clone()).await.unwrap();
    let net = NetSettings { resolver: site.resolver(address), ..daemon::net_settings(&config, HashMap::new()) };
    line.fetcher = Arc::new(Fetcher::new(Client::new(net).unwrap(), daemon::fetch_settings(&config), clock.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = listener.local_addr().unwrap();
    let daemon = tokio::spawn(daemon::run(Arc::clone(&config), line, daemon::Plan::new(Role::All, Some(listener))));

    let begun = Instant::now();
    let ticking = {
        let (clock, stop) = (clock.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                let passed = begun.elapsed().as_millis() as i64 * SPEED;
                clock.set(start + SignedDuration::from_millis(passed));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let reader = tokio::spawn(read(served, stop.clone()));
    let (mut memory, mut news) = (Vec::new(), 0u64);
    while begun.elapsed() < whole {
        let passed = begun.elapsed();
        // News for the first half, sixty a site in half an hour; then only what is due again.
        if passed < whole / 2 && passed.as_secs_f64() >= news as f64 * whole.as_secs_f64() / 120.0 {
            site.publish();
            news += 1;
            if news % 10 == 0 {
                site.edit();
            }
        }
        memory.push((passed.as_secs_f64(), resident()));
        if memory.len() % 60 == 0 {
            let stored = store.head().await.unwrap().seq;
            println!("{:6.0} s  {} kB  {news} a site published, {stored} changes", passed.as_secs_f64(), resident());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stop.cancel();
    daemon.await.unwrap().unwrap();
    ticking.await.unwrap();
    let reads = reader.await.unwrap();

    // Is it stored, and is it served?
    let look = async |address: &str| {
        let canonical = depeche::dedup::canonical(&address.parse().unwrap(), false);
        let id = store.by_url(&canonical).await.unwrap();
        (id.is_some(), matches!(id, Some(id) if store.withdrawn(id).await.unwrap().is_none()))
    };
    let (mut served, mut missing) = (0, Vec::new());
    let reachable = site.reachable();
    for address in &reachable {
        if look(address).await.1 { served += 1 } else { missing.push(address) }
    }
    let (failed, lookups) = site.lookups();
    let proof = proof::prove(&log, 150.0, 400.0);
    let mut kept = Vec::new();
    for address in &proof.gone {
        if look(address).await.1 {
            kept.push(address);
        }
    }
    let problems = store.verify().await.unwrap().problems;
    let late = memory.len() / 2;
    println!("minutes             {minutes}");
    println!("requests            {}", proof.requests);
    println!("by fault            {:?}", proof.faults);
    println!("by status           {:?}", proof.statuses);
    println!("lookups             {lookups}, of which {failed} failed");
    println!("articles            {} reachable, {served} of them stored and served", reachable.len());
    println!("missing             {missing:?}");
    println!("gone                {} were told by 410, served all the same: {kept:?}", proof.gone.len());
    println!(
        "least pause         {:.2} ms (150 wanted), {:.2} ms under Crawl-delay (400 wanted)",
        proof.spacing.0, proof.spacing.1
    );
    println!("Retry-After         {} times", proof.patience);
    println!("impolite            {} {:?}", proof.wrong.len(), &proof.wrong[..proof.wrong.len().min(20)]);
    println!("feeds read          {reads}");
    println!("store               {problems:?}");
    println!("panics              {}", PANICS.load(Ordering::Relaxed));
    println!(
        "resident            {} kB at most; slope {:.1} kB a minute over all, {:.1} over the second half",
        memory.iter().map(|(_, kb)| *kb as u64).max().unwrap_or(0),
        slope(&memory) * 60.0,
        slope(&memory[late..]) * 60.0
    );
    let stored = missing.is_empty() && kept.is_empty() && problems.is_empty();
    let clean = stored && proof.wrong.is_empty() && PANICS.load(Ordering::Relaxed) == 0;
    std::process::exit(i32::from(!clean));
}

/// Readers go on reading meanwhile.
async fn read(served: std::net::SocketAddr, stop: CancellationToken) -> usize {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut reads = 0;
    while !stop.is_cancelled() {
        for path in ["/feed.atom?limit=200", "/feed.json?lang=en", "/health/sources", "/?ui=fr"] {
            let Ok(mut stream) = tokio::net::TcpStream::connect(served).await else { return reads };
            let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.ok();
            assert!(answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.1 30"), "{path}");
            reads += 1;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    reads
}

/// Resident memory in kB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

/// By least squares, in kB a second.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (mut above, mut below) = (0.0, 0.0);
    for point in points {
        above += (point.0 - x) * (point.1 - y);
        below += (point.0 - x) * (point.0 - x);
    }
    if below > 0.0 { above / below } else { 0.0 }
}
