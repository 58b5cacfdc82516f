//! Manners: what a host sees of us. A small real server on loopback keeps the log; the clock stands still until it is set.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use depeche::clock::Clock;
use depeche::fetch::{FetchError, FetchSettings, Fetched, Fetcher, Validators};
use depeche::net::{Client, NetError, NetSettings};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::house::noon;

const DELAY: Duration = Duration::from_millis(30);
const HOSTS: [&str; 4] = ["a.example", "www.a.example", "b.example", "c.example"];

/// One request: `host/path`, its start and its end.
type Seen = (String, Instant, Instant);

struct Site {
    answers: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    log: Arc<Mutex<Vec<Seen>>>,
    fetcher: Arc<Fetcher>,
    clock: Clock,
}

fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

impl Site {
    async fn open(answers: &[(&str, Vec<u8>)]) -> Site {
        let answers: HashMap<String, Vec<u8>> = answers.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let (answers, log) = (Arc::new(Mutex::new(answers)), Arc::new(Mutex::new(Vec::new())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (known, seen) = (Arc::clone(&answers), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (known, seen) = (Arc::clone(&known), Arc::clone(&seen));
                tokio::spawn(async move {
                    let began = Instant::now();
                    let mut head = vec![0; 8192];
                    let n = stream.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..n]).to_ascii_lowercase();
                    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                    let host = head.split("host: ").nth(1).and_then(|h| h.lines().next()).unwrap_or_default();
                    let key = format!("{host}{path}");
                    let answer = known.lock().unwrap().get(&key).cloned();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    seen.lock().unwrap().push((key, began, Instant::now()));
                    // An empty answer closes the connection without a word.
                    stream.write_all(&answer.unwrap_or_else(|| reply(404, "", ""))).await.ok();
                });
            }
        });
        let clock = Clock::fixed(noon());
        let net = NetSettings {
            user_agent: "depeche-test".to_owned(),
            allow_private: false,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(5),
            max_body: 1 << 20,
            max_ratio: 100,
            hosts: HOSTS.iter().map(|host| ((*host).to_owned(), address)).collect(),
            resolver: Default::default(),
        };
        let settings = FetchSettings {
            per_host_delay: DELAY,
            max_crawl_delay: Duration::from_millis(200),
            max_retry_after: Duration::from_secs(86_400),
            max_redirects: 5,
            robots_agent: "depeche".to_owned(),
        };
        let fetcher = Arc::new(Fetcher::new(Client::new(net).unwrap(), settings, clock.clone()));
        Site { answers, log, fetcher, clock }
    }

    async fn get(&self, address: &str) -> Result<Fetched, FetchError> {
        self.fetcher.fetch(&Url::parse(&format!("http://{address}")).unwrap(), &Validators::default()).await
    }

    fn put(&self, address: &str, answer: Vec<u8>) {
        self.answers.lock().unwrap().insert(address.to_owned(), answer);
    }

    fn pass(&self, seconds: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
    }

    fn asked(&self, address: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|(key, ..)| key == address).count()
    }

    fn seen(&self) -> Vec<Seen> {
        let mut seen = self.log.lock().unwrap().clone();
        seen.sort_by_key(|(_, began, _)| *began);
        seen
    }

    fn wait(&self, host: &str) -> Option<i64> {
        self.fetcher.not_before(host).map(|until| until.duration_since(self.clock.now()).as_secs())
    }
}

fn page() -> Vec<u8> {
    reply(200, "content-type: text/html\r\n", "<p>x")
}

fn to(address: &str) -> Vec<u8> {
    reply(302, &format!("location: {address}\r\n"), "")
}

#[tokio::test]
async fn requests_to_one_host_are_spaced_and_never_overlap_www_or_not() {
    let site = Site::open(&[("a.example/1", page()), ("www.a.example/2", page())]).await;
    let (one, two) = tokio::join!(site.get("a.example/1"), site.get("www.a.example/2"));
    assert!(one.is_ok() && two.is_ok());
    let seen = site.seen();
    assert_eq!(seen.len(), 4);
    for pair in seen.windows(2) {
        assert!(pair[1].1 >= pair[0].2, "overlap");
        assert!(pair[1].1 - pair[0].2 >= DELAY, "too close: the pause counts from the end of an answer");
    }
}

#[tokio::test]
async fn two_hosts_are_asked_side_by_side_and_a_crawl_delay_is_capped() {
    let slow = reply(200, "", "User-agent: *\nCrawl-delay: 3000\n");
    let site = Site::open(&[("a.example/robots.txt", slow), ("a.example/1", page()), ("b.example/1", page())]).await;
    let began = Instant::now();
    let (one, two) = tokio::join!(site.get("a.example/1"), site.get("b.example/1"));
    assert!(one.is_ok() && two.is_ok());
    assert!(began.elapsed() < Duration::from_secs(4));
    let seen = site.seen();
    let at = |key: &str| seen.iter().find(|(k, ..)| k == key).unwrap().1;
    assert!(at("a.example/1") - at("a.example/robots.txt") >= Duration::from_millis(190));
    assert!(at("b.example/1") < at("a.example/1"));
}

#[tokio::test]
async fn robots_by_its_status() {
    let nothing = "User-agent: *\nDisallow: /";
    for (name, robots, verdict) in [
        ("200 that allows", reply(200, "", ""), "page"),
        ("200 that disallows", reply(200, "", nothing), "robots"),
        ("404", reply(404, "", nothing), "page"),
        ("403", reply(403, "", nothing), "page"),
        ("500", reply(500, "", ""), "unavailable"),
        ("503", reply(503, "", ""), "unavailable"),
        ("429", reply(429, "", ""), "refused"),
        ("closed", Vec::new(), "unavailable"),
        ("elsewhere", to("http://b.example/rules"), "robots"),
        ("a private address", to("http://192.168.0.1/robots.txt"), "unavailable"),
        ("round and round", to("/robots.txt"), "page"),
    ] {
        let site = Site::open(&[
            ("a.example/robots.txt", robots),
            ("a.example/1", page()),
            ("b.example/rules", reply(200, "", nothing)),
        ])
        .await;
        let got = match site.get("a.example/1").await {
            Ok(_) => "page",
            Err(FetchError::Robots { .. }) => "robots",
            Err(FetchError::RobotsUnavailable { .. }) => "unavailable",
            Err(FetchError::Refused { .. }) => "refused",
            Err(_) => "other",
        };
        assert_eq!(got, verdict, "{name}");
        // The next candidate of the round asks for it no second time.
        let asked = site.asked("a.example/robots.txt");
        site.get("a.example/1").await.ok();
        assert_eq!(site.asked("a.example/robots.txt"), asked, "{name}");
        assert!(asked <= 6, "{name}: {asked}");
    }
}

#[tokio::test]
async fn robots_is_kept_a_day_and_an_older_copy_serves_while_it_is_away() {
    let site = Site::open(&[
        ("a.example/robots.txt", reply(200, "", "User-agent: *\nDisallow: /no")),
        ("a.example/1", page()),
    ])
    .await;
    site.get("a.example/1").await.unwrap();
    site.pass(86_000);
    site.get("a.example/1").await.unwrap();
    assert_eq!(site.asked("a.example/robots.txt"), 1);
    site.put("a.example/robots.txt", reply(500, "", ""));
    site.pass(1_000);
    site.get("a.example/1").await.unwrap();
    assert!(matches!(site.get("a.example/no").await, Err(FetchError::Robots { .. })));
    assert_eq!(site.asked("a.example/robots.txt"), 2);
    site.put("a.example/robots.txt", reply(200, "", "User-agent: *\nDisallow: /1"));
    site.pass(301);
    assert!(matches!(site.get("a.example/1").await, Err(FetchError::Robots { .. })));
}

#[tokio::test]
async fn a_long_robots_is_read_to_its_cap() {
    let long = format!("User-agent: *\nDisallow: /no\n{}", "# filler\n".repeat(200_000));
    let site = Site::open(&[("a.example/robots.txt", reply(200, "", &long)), ("a.example/1", page())]).await;
    site.get("a.example/1").await.unwrap();
    assert!(matches!(site.get("a.example/no").await, Err(FetchError::Robots { .. })));
}

#[tokio::test]
async fn retry_after_is_obeyed_in_both_forms_and_capped() {
    for (status, header, wait) in [
        (429, "retry-after: 120\r\n", Some(120)),
        (503, "retry-after: 120\r\n", Some(120)),
        (429, "retry-after: Fri, 20 Nov 2026 12:10:00 GMT\r\n", Some(600)),
        (429, "retry-after: 99999999999999999999999\r\n", Some(86_400)),
        (503, "retry-after: Fri, 20 Nov 2099 12:10:00 GMT\r\n", Some(86_400)),
        (429, "", Some(900)),
        (429, "retry-after: -5\r\n", Some(900)),
        (429, "retry-after: soon\r\n", Some(900)),
        (503, "retry-after: -5\r\n", None),
        (503, "retry-after: Fri, 20 Nov 2020 12:10:00 GMT\r\n", None),
        (404, "retry-after: 120\r\n", None),
    ] {
        let site = Site::open(&[("a.example/1", reply(status, header, ""))]).await;
        site.get("a.example/1").await.ok();
        assert_eq!(site.wait("a.example"), wait, "{status} {header}");
        assert_eq!(site.wait("www.a.example"), wait);
        if let Some(wait) = wait {
            assert!(matches!(site.get("www.a.example/2").await, Err(FetchError::Later { .. })));
            site.pass(wait);
            assert!(!matches!(site.get("a.example/2").await, Err(FetchError::Later { .. })));
        }
    }
}

#[tokio::test]
async fn patience_is_charged_to_the_host_that_asked_for_it_across_a_redirect() {
    let site = Site::open(&[
        ("a.example/1", to("http://b.example/1")),
        ("a.example/2", page()),
        ("b.example/1", reply(429, "retry-after: 60\r\n", "")),
    ])
    .await;
    assert!(
        matches!(site.get("a.example/1").await, Err(FetchError::Refused { host, status: 429 }) if host == "b.example")
    );
    assert_eq!((site.wait("a.example"), site.wait("b.example")), (None, Some(60)));
    site.get("a.example/2").await.unwrap();
}

#[tokio::test]
async fn patience_outlives_the_fetcher_and_a_far_one_is_capped() {
    let site = Site::open(&[("a.example/1", page())]).await;
    site.fetcher.restore("www.a.example", noon() + SignedDuration::from_secs(90));
    site.fetcher.restore("a.example", noon() + SignedDuration::from_secs(10));
    site.fetcher.restore("b.example", Timestamp::MAX);
    assert!(matches!(site.get("a.example/1").await, Err(FetchError::Later { .. })));
    assert!(site.seen().is_empty());
    assert_eq!((site.wait("a.example"), site.wait("b.example")), (Some(90), Some(86_400)));
    let again = Site::open(&[]).await;
    for (host, until) in site.fetcher.all_not_before() {
        again.fetcher.restore(&host, until);
    }
    assert_eq!(again.wait("a.example"), Some(90));
    site.pass(90);
    site.get("a.example/1").await.unwrap();
}

#[tokio::test]
async fn refusals_name_the_host() {
    for status in [401, 403, 429, 444, 451] {
        let site = Site::open(&[("a.example/1", reply(status, "", ""))]).await;
        assert!(matches!(site.get("a.example/1").await, Err(FetchError::Refused { status: s, .. }) if s == status));
    }
}

#[tokio::test]
async fn five_failures_open_the_circuit_and_one_probe_decides() {
    let site = Site::open(&[("a.example/1", reply(500, "", ""))]).await;
    for _ in 0..5 {
        assert!(matches!(site.get("a.example/1").await, Err(FetchError::Status { status: 500, .. })));
    }
    let first = site.wait("a.example").unwrap();
    assert!((1..=30).contains(&first));
    assert!(matches!(site.get("a.example/1").await, Err(FetchError::Later { .. })));
    assert_eq!(site.asked("a.example/1"), 5);
    // Three wait at the door: one asks, and its failure sends the others home.
    site.pass(first);
    tokio::join!(site.get("a.example/1"), site.get("a.example/1"), site.get("a.example/1")).0.ok();
    assert_eq!(site.asked("a.example/1"), 6);
    site.pass(site.wait("a.example").unwrap());
    site.put("a.example/1", page());
    site.get("a.example/1").await.unwrap();
    site.put("a.example/1", reply(500, "", ""));
    site.get("a.example/1").await.ok();
    assert_eq!(site.wait("a.example"), None);
}

#[tokio::test]
async fn redirects_end_and_lead_to_no_private_address() {
    let site = Site::open(&[
        ("a.example/round", to("/round")),
        ("a.example/ftp", to("ftp://b.example/")),
        ("a.example/file", to("file:///etc/passwd")),
        ("a.example/data", to("data:text/html,x")),
        ("a.example/user", to("http://me:secret@b.example/")),
        ("a.example/meta", to("http://169.254.169.254/latest")),
        ("a.example/decimal", to("http://2130706433/")),
        ("a.example/octal", to("http://0177.0.0.1/")),
        ("a.example/mapped", to("http://[::ffff:127.0.0.1]/")),
        ("a.example/nat64", to("http://[64:ff9b::7f00:1]/")),
        ("a.example/port", to("http://elsewhere.example:6379/")),
        ("a.example/name", to("http://localhost/")),
        ("a.example/1", page()),
    ])
    .await;
    assert!(matches!(site.get("a.example/round").await, Err(FetchError::Redirects { limit: 5, .. })));
    assert_eq!(site.asked("a.example/round"), 6);
    for path in ["ftp", "file", "data", "user", "meta", "decimal", "octal", "mapped", "nat64", "port", "name"] {
        let error = site.get(&format!("a.example/{path}")).await.unwrap_err();
        assert!(matches!(error, FetchError::Net(NetError::Refused { .. })), "{path}: {error}");
    }
    // A bad redirect of one page says nothing against its host.
    site.get("a.example/1").await.unwrap();
}

#[tokio::test]
async fn broken_answers_are_errors_and_charsets_are_read() {
    let latin = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 7\r\ncontent-type: text/html; charset=iso-8859-1\r\n\r\nd\xe9plac\xe9".to_vec();
    let site = Site::open(&[
        ("a.example/reset", Vec::new()),
        ("a.example/short", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec()),
        ("a.example/noise", b"\x00\x01\x02 no HTTP at all\r\n\r\n".to_vec()),
        ("a.example/latin", latin),
    ])
    .await;
    for path in ["reset", "short", "noise"] {
        let error = site.get(&format!("a.example/{path}")).await.unwrap_err();
        assert!(matches!(error, FetchError::Net(NetError::Broken { .. })), "{path}: {error}");
    }
    match site.get("a.example/latin").await.unwrap() {
        Fetched::Page(page) => assert_eq!(page.text, "déplacé"),
        other => panic!("{other:?}"),
    }
}
