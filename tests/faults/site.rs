//! A dozen sites on one loopback port that misbehave on purpose: what they do to a request is told by a seed, the host,
//! the path and how often it was asked, and each path answers well at least every third time. Each request is logged to a
//! file, from which [`super::proof`] shows how politely it was asked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use depeche::clock::Clock;
use depeche::net::{Lookup, Resolver};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use xxhash_rust::xxh3::xxh3_64;

use super::pages;

/// Sites.
pub const HOSTS: usize = 12;
/// Articles that a listing shows.
pub const SHOWN: usize = 30;

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    None,
    Reset,
    ResetInTheMiddle,
    Stall,
    StallInTheMiddle,
    Drip,
    TooManySeconds,
    TooManyDate,
    UnavailableSeconds,
    UnavailableDate,
    Unavailable,
    Error,
    GzipCut,
    LengthTooLong,
    LengthTooShort,
    RedirectLoop,
    RedirectOnce,
    Closed,
    Noise,
    HeaderFlood,
    Bomb,
}

const FAULTS: &[Fault] = &[
    Fault::Reset,
    Fault::ResetInTheMiddle,
    Fault::Stall,
    Fault::StallInTheMiddle,
    Fault::Drip,
    Fault::TooManySeconds,
    Fault::TooManyDate,
    Fault::UnavailableSeconds,
    Fault::UnavailableDate,
    Fault::Unavailable,
    Fault::Error,
    Fault::GzipCut,
    Fault::LengthTooLong,
    Fault::LengthTooShort,
    Fault::RedirectLoop,
    Fault::RedirectOnce,
    Fault::Closed,
    Fault::Noise,
    Fault::HeaderFlood,
    Fault::Bomb,
];

/// The sites.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    seed: u64,
    /// Requests in a hundred that something is done to.
    share: u64,
    clock: Clock,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    log: BufWriter<File>,
    asked: HashMap<String, u64>,
    lookups: HashMap<String, u64>,
    failed_lookups: u64,
    /// When each article of each site was published.
    published: Vec<Vec<Timestamp>>,
    /// Raised by an edit of articles.
    edition: u64,
}

impl Site {
    /// Serves on loopback; answers with the address.
    pub async fn open(seed: u64, share: u64, clock: Clock, log: &Path) -> (Site, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            log: BufWriter::new(File::create(log).unwrap()),
            asked: HashMap::new(),
            lookups: HashMap::new(),
            failed_lookups: 0,
            published: vec![Vec::new(); HOSTS],
            edition: 0,
        };
        let site = Site(Arc::new(Inner { seed, share, clock, begun: Instant::now(), state: Mutex::new(state) }));
        let own = site.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let site = own.clone();
                tokio::spawn(async move { site.connection(stream).await });
            }
        });
        (site, address)
    }

    /// A resolver that fails now and then, and sometimes names a dead address before the right one.
    pub fn resolver(&self, address: SocketAddr) -> Resolver {
        let site = self.clone();
        let lookup: Lookup = Arc::new(move |name: &str| {
            let n = {
                let mut state = site.lock();
                let n = state.lookups.entry(name.to_owned()).or_default();
                *n += 1;
                *n
            };
            match site.draw(&format!("dns {name} {n}")) % 20 {
                0..3 if n % 3 != 0 => {
                    site.lock().failed_lookups += 1;
                    Err(std::io::Error::other("the test resolver flaps"))
                }
                3..6 => Ok(vec![SocketAddr::from(([127, 0, 0, 1], 1)), address]),
                _ => Ok(vec![address]),
            }
        });
        Resolver::Given(lookup)
    }

    /// Every site publishes one more article.
    pub fn publish(&self) {
        let now = self.0.clock.now();
        self.lock().published.iter_mut().for_each(|articles| articles.push(now));
    }

    /// Some articles are edited.
    pub fn edit(&self) {
        self.lock().edition += 1;
    }

    /// Addresses of every article that was published and is there still.
    pub fn reachable(&self) -> Vec<String> {
        let state = self.lock();
        let of = |(host, all): (usize, &Vec<Timestamp>)| {
            let there = (0..all.len()).filter(|n| !pages::is_gone(*n, all.len()));
            there.map(move |n| pages::address(host, n)).collect::<Vec<_>>()
        };
        state.published.iter().enumerate().flat_map(of).collect()
    }

    /// Lookups that failed, and all lookups.
    pub fn lookups(&self) -> (u64, u64) {
        let mut state = self.lock();
        state.log.flush().unwrap();
        (state.failed_lookups, state.lookups.values().sum())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, what: &str) -> u64 {
        xxh3_64(format!("{} {what}", self.0.seed).as_bytes())
    }

    fn fault(&self, host: &str, path: &str) -> Fault {
        let key = format!("{host}{path}");
        let n = {
            let mut state = self.lock();
            let n = state.asked.entry(key.clone()).or_default();
            *n += 1;
            *n
        };
        let draw = self.draw(&format!("{key} {n}"));
        if n % 3 == 0 || draw % 100 >= self.0.share || path.starts_with("/loop") || path.starts_with("/moved") {
            return Fault::None;
        }
        let fault = FAULTS[(draw / 100) as usize % FAULTS.len()];
        // Half a robots.txt says something else than the whole, an empty one or one behind a loop allows all: nobody can tell.
        let silent = matches!(fault, Fault::LengthTooShort | Fault::RedirectLoop | Fault::Bomb);
        if path == "/robots.txt" && silent { Fault::Error } else { fault }
    }

    async fn connection(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        loop {
            head.clear();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) if head.len() < 16 << 10 => head.push(byte),
                    _ => return,
                }
            }
            let begun = Instant::now();
            let head = String::from_utf8_lossy(&head).into_owned();
            if !self.answer(&mut stream, &head, begun).await {
                return;
            }
        }
    }

    /// Answers one request; false where the connection ends.
    async fn answer(&self, stream: &mut TcpStream, head: &str, begun: Instant) -> bool {
        let field = |name: &str| {
            let of = |line: &str| {
                line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
            };
            head.lines().find_map(of)
        };
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let host = field("host").unwrap_or_default();
        let clock = self.0.clock.now();
        let fault = self.fault(&host, &path);
        let draw = self.draw(&format!("more {host}{path} {begun:?}"));
        let page = {
            let state = self.lock();
            pages::page(&host, &path, &state.published, state.edition)
        };
        let etag = format!("\"{:x}\"", xxh3_64(&page.body));
        let fresh = page.status == 200 && field("if-none-match").as_deref() == Some(etag.as_str());
        let mut log = Row { site: self, begun, clock, host, path, fault, status: 0, until: None };
        let wait = (30 + draw % 570) as i64;
        let later = |status: u16, value: String| plain(status, &format!("retry-after: {value}\r\n"), b"later");
        // Whole seconds, and not before the wait is over.
        let until = clock + SignedDuration::from_secs(wait);
        let date = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let close = draw.is_multiple_of(2);
        let connection = if close { "connection: close\r\n" } else { "" };
        let (status, bytes) = match fault {
            Fault::TooManySeconds => (429, later(429, wait.to_string())),
            Fault::TooManyDate => (429, later(429, date)),
            Fault::UnavailableSeconds => (503, later(503, wait.to_string())),
            Fault::UnavailableDate => (503, later(503, date)),
            Fault::Unavailable => (503, plain(503, "", b"busy")),
            Fault::Error => (500, plain(500, "", b"oops")),
            Fault::RedirectLoop => (302, plain(302, "location: /loop\r\n", b"")),
            Fault::RedirectOnce if log.path != "/robots.txt" => {
                (302, plain(302, &format!("location: /moved{}\r\n", log.path), b""))
            }
            Fault::HeaderFlood => {
                let flood: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
                (200, plain(200, &flood, &page.body))
            }
            Fault::Noise => (0, b"\x16\x03\x01 this is no HTTP\r\n\r\n".to_vec()),
            Fault::Closed => (0, Vec::new()),
            Fault::Bomb => (200, plain(200, "content-encoding: gzip\r\n", &pages::gzip(&vec![b' '; 900_000]))),
            Fault::GzipCut => {
                let packed = pages::gzip(&page.body);
                (200, plain(200, &format!("content-encoding: gzip\r\n{}", page.headers), &packed[..packed.len() / 2]))
            }
            Fault::LengthTooLong => (200, with_length(&page, page.body.len() + 1_000)),
            Fault::LengthTooShort => (page.status, with_length(&page, page.body.len() * 2 / 3)),
            _ if fresh => (304, format!("HTTP/1.1 304 X\r\netag: {etag}\r\n{connection}\r\n").into_bytes()),
            _ => {
                (page.status, plain(page.status, &format!("etag: {etag}\r\n{connection}{}", page.headers), &page.body))
            }
        };
        log.status = status;
        if matches!(
            fault,
            Fault::TooManySeconds | Fault::TooManyDate | Fault::UnavailableSeconds | Fault::UnavailableDate
        ) {
            log.until = Some(until);
        }
        let middle = bytes.len() / 2;
        match fault {
            Fault::Reset | Fault::ResetInTheMiddle => {
                stream.set_zero_linger().ok();
                log.end(false);
                if fault == Fault::ResetInTheMiddle {
                    stream.write_all(&bytes[..middle]).await.ok();
                }
                false
            }
            Fault::Stall | Fault::StallInTheMiddle => {
                if fault == Fault::StallInTheMiddle {
                    stream.write_all(&bytes[..middle]).await.ok();
                }
                // Until the other side gives up.
                stream.read_u8().await.ok();
                log.end(true);
                false
            }
            Fault::Drip => {
                for byte in &bytes {
                    let gone = tokio::time::timeout(Duration::from_millis(30), stream.read_u8()).await.is_ok();
                    if gone || stream.write_all(&[*byte]).await.is_err() {
                        break;
                    }
                }
                log.end(true);
                false
            }
            Fault::None | Fault::RedirectOnce => {
                log.end(false);
                let whole = stream.write_all(&bytes).await.is_ok();
                whole && !(close && fault == Fault::None)
            }
            _ => {
                // The end is noted before the other side can know of it.
                log.end(false);
                stream.write_all(&bytes).await.ok();
                stream.shutdown().await.ok();
                false
            }
        }
    }
}

/// A line of the log in the making.
struct Row<'a> {
    site: &'a Site,
    begun: Instant,
    clock: Timestamp,
    host: String,
    path: String,
    fault: Fault,
    status: u16,
    until: Option<Timestamp>,
}

impl Row<'_> {
    /// `left` where the other side gave up, so that the end is seen late.
    fn end(&self, left: bool) {
        let micros = |at: Instant| at.duration_since(self.site.0.begun).as_micros();
        let until = self.until.map_or(0, Timestamp::as_second);
        let (begun, ended, clock) = (micros(self.begun), micros(Instant::now()), self.clock.as_second());
        let Row { host, path, fault, status, .. } = self;
        writeln!(self.site.lock().log, "{begun} {ended} {left} {clock} {until} {status} {fault:?} {host} {path}")
            .unwrap();
    }
}

fn plain(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn with_length(page: &pages::Page, length: usize) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {} X\r\nconnection: close\r\n{}content-length: {length}\r\n\r\n", page.status, page.headers);
    [head.as_bytes(), &page.body].concat()
}
