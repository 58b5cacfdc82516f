//! The guard, rule by rule: which addresses are never asked, on whatever hop they turn up; how much of an answer is read;
//! what documents may do to a parser. Images, WebSub callbacks and webhooks are no hops here: images are linked, never
//! fetched, and what is delivered goes through the same client, whose own tests walk the addresses again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use depeche::article::SafeHtml;
use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon;
use depeche::demo::{self, Replay};
use depeche::extract::{self, DateOrder, MOST_CANDIDATES, PageInput};
use depeche::fetch::{Fetcher, Validators};
use depeche::net::{Client, Lookup, NetError, NetSettings, Resolver};
use depeche::pipeline::{Line, Recheck, Round};
use depeche::store::Store;
use http::HeaderMap;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::house::noon;

/// Addresses of no public host, as a page may write them. Names ending in `.lie` are answered by a resolver that lies.
const FORBIDDEN: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://127.0.0.1./",
    "http://%31%32%37.0.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http:\\\\127.0.0.1\\",
    "http://0/",
    "http://10.0.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://loopback.lie/",
    "http://private.lie/",
    "http://mixed.lie/",
    "http://mapped.lie/",
    "http://nat64.lie/",
    "http://LOOPBACK.LIE./",
    "http://public.lie:6379/",
    "http://public.lie:22/",
    "https://public.lie:8443/",
    "ftp://good.example/",
    "file:///etc/passwd",
    "gopher://good.example/",
    "data:text/html,<h1>x</h1>",
    "javascript:alert(1)",
];

fn lies(truth: std::net::SocketAddr, asked: Arc<AtomicUsize>) -> Resolver {
    let lookup: Lookup = Arc::new(move |name: &str| {
        asked.fetch_add(1, Ordering::Relaxed);
        let of =
            |all: &[&str]| all.iter().map(|a| std::net::SocketAddr::new(a.parse().unwrap(), truth.port())).collect();
        match name.trim_end_matches('.') {
            "loopback.lie" | "localhost" => Ok(vec![truth]),
            "private.lie" => Ok(of(&["10.0.0.1"])),
            "mixed.lie" => Ok(of(&["93.184.216.34", "127.0.0.1"])),
            "mapped.lie" => Ok(of(&["::ffff:127.0.0.1"])),
            "nat64.lie" => Ok(of(&["64:ff9b::7f00:1"])),
            _ => Err(std::io::Error::other("no such name")),
        }
    });
    Resolver::Given(lookup)
}

/// One good host under the guard, and a line that watches it in four ways.
struct Site {
    replay: Replay,
    line: Line,
    config: Config,
    lookups: Arc<AtomicUsize>,
}

const CONFIG: &str = r#"
[store]
url = "sled:data"
[archive]
max_size = "0B"
[crawl]
per_host_delay = "0ms"
timeout = "5s"
[[profile]]
name = "p"
listing.container = "ul"
listing.item = "li"
listing.link = "a"
listing.next = "a.next"
[[source]]
id = "list"
name = "L"
url = "http://good.example/news"
profile = "p"
pages = 7
[[source]]
id = "feed"
name = "F"
kind = "feed"
url = "http://good.example/feed"
pages = 7
[[source]]
id = "map"
name = "M"
kind = "sitemap"
url = "http://good.example/map"
"#;

impl Site {
    async fn open() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let replay = Replay::default();
        tokio::spawn(demo::serve(listener, replay.clone()));
        let config = Config::parse(CONFIG, std::path::Path::new("."), &[]).unwrap();
        let clock = Clock::fixed(noon());
        let mut line = daemon::line(&config, Store::memory(), HashMap::new(), clock.clone(), CancellationToken::new())
            .await
            .unwrap();
        let lookups = Arc::new(AtomicUsize::new(0));
        let hosts = HashMap::from([("good.example".to_owned(), address)]);
        let net = NetSettings { resolver: lies(address, Arc::clone(&lookups)), ..daemon::net_settings(&config, hosts) };
        line.fetcher = Arc::new(Fetcher::new(Client::new(net).unwrap(), daemon::fetch_settings(&config), clock));
        Site { replay, line, config, lookups }
    }

    fn put(&self, path: &str, media_type: &str, body: String) {
        let headers = [("content-type".to_owned(), media_type.to_owned())];
        self.replay.answer(&format!("http://good.example{path}"), 200, &headers, body.into_bytes());
    }

    fn redirect(&self, path: &str, to: &str) {
        // As it is written; only what no header can carry is encoded, which a parser undoes.
        let to: String = to
            .chars()
            .map(|c| {
                if c.is_ascii() {
                    c.to_string()
                } else {
                    url::form_urlencoded::byte_serialize(c.to_string().as_bytes()).collect()
                }
            })
            .collect();
        self.replay.answer(&format!("http://good.example{path}"), 302, &[("location".to_owned(), to)], Vec::new());
    }

    async fn round(&self, id: &str) -> Round {
        let source = self.config.source(id).unwrap();
        self.line.check(source, Recheck::All, &self.config.crawl).await.unwrap().unwrap()
    }

    /// Every request that arrived, whoever it was for.
    fn asked(&self) -> Vec<String> {
        self.replay.take_asked().into_iter().map(|(url, _)| url).collect()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hop_leads_to_an_address_of_no_public_host() {
    let site = Site::open().await;
    let mut refused = 0;
    for target in FORBIDDEN {
        let link = escaped(target);
        // A source, asked as it stands in the configuration; some of these are no address at all.
        if let Ok(url) = Url::parse(target) {
            let error = site.line.fetcher.fetch(&url, &Validators::default()).await.unwrap_err();
            assert!(
                error.to_string().contains("unable to ask") || error.to_string().contains("cannot be had"),
                "{target}: {error}"
            );
            refused += 1;
        }
        // A redirect of a page, and of robots.txt.
        site.redirect("/r", target);
        let url = Url::parse("http://good.example/r").unwrap();
        assert!(site.line.fetcher.fetch(&url, &Validators::default()).await.is_err(), "{target}");
        // A listing's links and its pager.
        site.put("/news", "text/html", format!("<ul><li><a href=\"{link}\">A title that is long enough</a></li></ul><a class=next href=\"{link}\">n</a>"));
        let list = site.round("list").await;
        assert_eq!((list.stored, list.error), (0, None), "{target}");
        // A feed's items, and its pages.
        site.put("/feed", "application/xml", format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><link rel='next' href=\"{link}\"/><entry><title>A title</title><link href=\"{link}\"/></entry></feed>"));
        let feed = site.round("feed").await;
        assert!(feed.failed.iter().all(|f| f.why.contains("unable to")), "{target}: {feed:?}");
        // A sitemap's parts, and its pages.
        for body in [
            format!("<sitemapindex><sitemap><loc>{link}</loc></sitemap></sitemapindex>"),
            format!("<urlset><url><loc>{link}</loc></url></urlset>"),
        ] {
            site.put("/map", "application/xml", body);
            assert_eq!(site.round("map").await.stored, 0, "{target}");
        }
        // The page of an item redirects.
        site.put("/news", "text/html", "<ul><li><a href=\"/r\">A title that is long enough</a></li></ul>".to_owned());
        site.round("list").await;
        let asked = site.asked();
        assert!(asked.iter().all(|url| url.starts_with("http://good.example/")), "{target}: {asked:?}");
        // Each target is another day's: what failed is not asked for twice in one.
        site.line.clock.set(site.line.clock.now() + jiff::SignedDuration::from_hours(49));
    }
    assert!(refused > 40, "{refused}");
    assert!(site.lookups.load(Ordering::Relaxed) > 10, "the lies were told");
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_that_lead_to_a_private_address_mean_no() {
    for target in FORBIDDEN.iter().filter(|t| t.starts_with("http")) {
        let site = Site::open().await;
        site.redirect("/robots.txt", target);
        site.put("/x", "text/html", "<p>x".to_owned());
        let url = Url::parse("http://good.example/x").unwrap();
        let got = site.line.fetcher.fetch(&url, &Validators::default()).await;
        let asked = site.asked();
        // What is no address counts as no robots.txt at all; whatever is one is refused, and that means no.
        assert!(Url::parse(target).is_err() || got.is_err(), "{target}");
        assert!(asked.iter().all(|url| url.starts_with("http://good.example/")), "{target}: {asked:?}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_once_for_a_request_and_vetted_each_time() {
    // Rebinding: the name answers one address when it is vetted, another one right after.
    let listeners = [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let addresses = [listeners[0].local_addr().unwrap(), listeners[1].local_addr().unwrap()];
    let served = Arc::new(Mutex::new(Vec::new()));
    for (n, listener) in listeners.into_iter().enumerate() {
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            while let Ok((mut stream, _)) = listener.accept().await {
                if stream.read(&mut [0; 4096]).await.unwrap_or(0) == 0 {
                    continue;
                }
                served.lock().unwrap().push(n);
                stream.write_all(b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx").await.ok();
            }
        });
    }
    let lookups = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lookups);
    let lookup: Lookup = Arc::new(move |_| Ok(vec![addresses[count.fetch_add(1, Ordering::Relaxed) % 2]]));
    let config = Config::parse("[crawl]\nallow_private_networks = true\n", std::path::Path::new("."), &[]).unwrap();
    let open = daemon::net_settings(&config, HashMap::new());
    let client = Client::new(NetSettings { resolver: Resolver::Given(Arc::clone(&lookup)), ..open.clone() }).unwrap();
    let url = Url::parse("http://rebind.lie/").unwrap();
    for _ in 0..4 {
        client.get(&url, &HeaderMap::new()).await.unwrap();
    }
    assert_eq!((lookups.load(Ordering::Relaxed), served.lock().unwrap().clone()), (4, vec![0, 1, 0, 1]));

    // Under the guard each answer is refused, the first as the hundredth.
    let client = Client::new(NetSettings { allow_private: false, resolver: Resolver::Given(lookup), ..open }).unwrap();
    for _ in 0..3 {
        assert!(matches!(client.get(&url, &HeaderMap::new()).await, Err(NetError::Refused { .. })));
    }
    assert_eq!((lookups.load(Ordering::Relaxed), served.lock().unwrap().len()), (7, 4));
}

/// What a server does with a connection, and what the client says of it.
enum Answer {
    Bytes(Vec<u8>),
    /// A beginning, then this for ever, with a pause between.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

fn answer(headers: &str, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    Answer::Bytes([head.as_bytes(), body].concat())
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn br(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut out, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_within_its_limits() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let blank = vec![b' '; 50 << 20];
    let zstd = zstd::encode_all(blank.as_slice(), 3).unwrap();
    let noise: Vec<u8> = (0..400_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let ok = b"HTTP/1.1 200 OK\r\n".to_vec();
    let soon = Duration::from_millis(20);
    let now = Duration::ZERO;
    let many: String = (0..150).map(|n| format!("x-{n}: y\r\n")).collect();
    let large = format!("x: {}\r\n", "y".repeat(100 << 10));
    let cases: Vec<(&str, Answer, &str)> = vec![
        ("gzip bomb", answer("content-encoding: gzip\r\n", &gzip(&blank)), "its body"),
        ("brotli bomb", answer("content-encoding: br\r\n", &br(&blank)), "its body"),
        ("zstd bomb", answer("content-encoding: zstd\r\n", &zstd), "its body"),
        ("double bomb", answer("content-encoding: gzip, gzip\r\n", &gzip(&gzip(&blank))), "its body"),
        (
            "bomb in two headers",
            answer("content-encoding: br\r\ncontent-encoding: gzip\r\n", &gzip(&br(&blank))),
            "its body",
        ),
        ("triple", answer("content-encoding: gzip, gzip, gzip\r\n", b"x"), "3 times over"),
        (
            "plain bomb within the ratio",
            answer("content-encoding: gzip\r\n", &gzip(&noise)),
            "larger than 1048576 bytes",
        ),
        ("too long by its length", answer("", &noise), "larger than 1048576 bytes"),
        (
            "too long by itself",
            Answer::Endless([ok.clone(), b"\r\n".to_vec()].concat(), vec![b'x'; 9_000], now),
            "unable to read",
        ),
        (
            "endless chunks",
            Answer::Endless(
                [ok.clone(), b"transfer-encoding: chunked\r\n\r\n".to_vec()].concat(),
                b"5\r\nxxxxx\r\n".repeat(900),
                now,
            ),
            "unable to read",
        ),
        (
            "empty chunk extensions",
            Answer::Endless(
                [ok.clone(), b"transfer-encoding: chunked\r\n\r\n1;".to_vec()].concat(),
                vec![b'x'; 9_000],
                now,
            ),
            "unable to read",
        ),
        ("slow headers", Answer::Endless(ok.clone(), b"x: y\r\n".to_vec(), soon), "unable to read"),
        (
            "one endless header",
            Answer::Endless([ok.clone(), b"x: ".to_vec()].concat(), vec![b'y'; 9_000], now),
            "unable to read",
        ),
        ("endless headers", Answer::Endless(ok.clone(), b"x: y\r\n".repeat(900), now), "unable to read"),
        (
            "endless early hints",
            Answer::Endless(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), soon),
            "unable to read",
        ),
        (
            "slow body",
            Answer::Endless([ok.clone(), b"content-length: 999999\r\n\r\n".to_vec()].concat(), b"x".to_vec(), soon),
            "in time",
        ),
        (
            "no body at all",
            Answer::Endless([ok.clone(), b"content-length: 9\r\n\r\n".to_vec()].concat(), Vec::new(), soon),
            "in time",
        ),
        ("no answer at all", Answer::Endless(Vec::new(), Vec::new(), soon), "in time"),
        ("many headers", answer(&many, b"x"), "unable to read"),
        ("large headers", answer(&large, b"x"), "headers are more than 100 or larger than 64 KiB"),
        ("unknown coding", answer("content-encoding: rot13\r\n", b"x"), "is unknown"),
        ("broken gzip", answer("content-encoding: gzip\r\n", b"not gzip"), "gzip body is broken"),
    ];
    let config = Config::parse(
        "[crawl]\nallow_private_networks = true\nmax_body = \"1MiB\"\ntimeout = \"700ms\"\n",
        std::path::Path::new("."),
        &[],
    )
    .unwrap();
    let client = Client::new(daemon::net_settings(&config, HashMap::new())).unwrap();
    for (name, answer, says) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if stream.read(&mut [0; 4096]).await.unwrap_or(0) == 0 {
                    continue;
                }
                match &answer {
                    Answer::Bytes(bytes) => {
                        stream.write_all(bytes).await.ok();
                    }
                    Answer::Endless(begin, more, pause) => {
                        stream.write_all(begin).await.ok();
                        while stream.write_all(more).await.is_ok() {
                            tokio::time::sleep(*pause).await;
                        }
                    }
                }
            }
        });
        let error = client.get(&url, &HeaderMap::new()).await.unwrap_err().to_string();
        assert!(error.contains(says), "{name}: {error}");
        server.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pager_and_an_index_end() {
    let site = Site::open().await;
    // It grows for ever; it goes round; it leads back to itself.
    for (name, next) in [("grows", None), ("round", Some("/news?page=2")), ("itself", Some("/news"))] {
        for n in 0..60 {
            let path = if n == 0 { "/news".to_owned() } else { format!("/news?page={n}") };
            let next = next.map_or_else(|| format!("/news?page={}", n + 1), str::to_owned);
            site.put(&path, "text/html", format!("<ul></ul><a class=next href='{next}'>next {name}</a>"));
        }
        site.round("list").await;
        let asked = site.asked().iter().filter(|url| url.contains("/news")).count();
        assert_eq!(
            asked,
            match name {
                "grows" => 7,
                "round" => 2,
                _ => 1,
            },
            "{name}"
        );
    }
    // Too many links: the first ones are taken. Each answers 404, once.
    let links: String = (0..30_000).map(|n| format!("<li><a href=/a/{n}>A title that is long enough</a>")).collect();
    site.put("/news", "text/html", format!("<ul>{links}</ul>"));
    assert_eq!(site.round("list").await.found, MOST_CANDIDATES);
    site.asked();
    // Too many parts: fifty are read.
    let parts: String = (0..60_000).map(|n| format!("<sitemap><loc>/part{n}</loc></sitemap>")).collect();
    site.put("/map", "application/xml", format!("<sitemapindex>{parts}</sitemapindex>"));
    let part: String = (0..2_000).map(|n| format!("<url><loc>/b/{n}/</loc></url>")).collect();
    (0..60).for_each(|n| site.put(&format!("/part{n}"), "application/xml", format!("<urlset>{part}</urlset>")));
    let stop = site.line.stop.clone();
    // Only the list is of interest: the round ends before it asks for a page.
    stop.cancel();
    let round = site.round("map").await;
    assert_eq!((round.found, site.asked().iter().filter(|url| url.contains("/part")).count()), (1_000, 50));
    // An index inside an index is not followed.
    site.put("/map", "application/xml", "<sitemapindex><sitemap><loc>/map</loc></sitemap></sitemapindex>".to_owned());
    site.round("map").await;
    assert!(site.asked().len() <= 2);
}

/// Runs on a thread with the stack that every worker has.
fn on_a_usual_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

fn input<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
    PageInput { url, html, content_language: None, source_language: None, latest: None, memory: None }
}

/// A page whose structured data has this headline.
fn structured(headline: &str) -> String {
    let json = serde_json::json!({"@type": "NewsArticle", "headline": headline});
    format!("<script type='application/ld+json'>{json}</script><h1>x")
}

#[test]
fn wild_markup_overflows_no_stack_and_keeps_no_parser_busy() {
    let wide: String = (0..100_000).map(|n| format!(" a{n}=b")).collect();
    let formatting: String = (0..3_000).map(|n| format!("<b id=x{n}>")).collect();
    let mut pages: Vec<String> = Vec::new();
    for name in [
        "div",
        "b",
        "table",
        "svg",
        "a",
        "blockquote",
        "span",
        "select",
        "ul><li",
        "font color=x",
        "button",
        "math",
        "template",
        "object",
        "p><table",
    ] {
        for depth in if name.len() < 6 { vec![100_000] } else { vec![1_000, 100_000] } {
            pages.push(format!("<{name}>").repeat(depth));
            pages.push(format!("<!--<script>-->{}", format!("<{name}>").repeat(depth)));
        }
    }
    pages.extend([
        format!("<p{wide}>x"),
        format!("<p>{formatting}{}", "<p>x".repeat(100_000)),
        "<br>".repeat(300_000),
        "</p>".repeat(300_000),
        // Each of these takes minutes where each mark is looked at again for each other.
        "<".repeat(1_000_000),
        "<!".repeat(500_000),
        "<?".repeat(500_000),
        "<![CDATA[".repeat(100_000),
        "<!--".repeat(400_000),
        "&".repeat(4_000_000),
        "&amp;".repeat(800_000),
        "\u{AB}</i>".repeat(500_000),
        format!("<p><img alt='{}'>", "&".repeat(4_000_000)),
        "<a href=x>".repeat(50_000),
        format!("<title>{}</title><h1>x", "<b>".repeat(200_000)),
        format!("<title>{}</title><h1>x", "&lt;b&gt;".repeat(20_000)),
        structured(&"<b>".repeat(100_000)),
        structured(&"<".repeat(1_000_000)),
        structured(&"&".repeat(4_000_000)),
        format!("<script type='application/ld+json'>{}</script><h1>x", "[".repeat(1_000_000)),
        // Elements that a profile's selectors match, in elements that they match, and side by side.
        format!("{}{}", "<div>".repeat(1_000), "<p>x".repeat(10_000)),
        "<div class=a>x</div>".repeat(30_000),
    ]);
    // A menu's worth of classes around each of many links.
    let classes = format!("<div class='{}'>", "a-".repeat(180)).repeat(900);
    let link = |n: usize| format!("<li><a href=/news/{n}-of-many>A title of twenty letters</a>");
    pages.extend([format!("{classes}{}", (0..12_000).map(link).collect::<String>())]);
    on_a_usual_stack(move || {
        let url = Url::parse("http://good.example/news").unwrap();
        let rules = extract::ProfileRules {
            name: "p".into(),
            container: Some("div".into()),
            item: Some("div, li".into()),
            link: Some("a[href]".into()),
            article_body: Some("div, p".into()),
            ..Default::default()
        };
        let profile = extract::Profile::compile(&rules).unwrap();
        for page in &pages {
            let input = input(&url, page);
            extract::listing(&input, Some(&profile)).ok();
            extract::listing(&input, None).ok();
            extract::probe_listing(&input, &profile).ok();
            extract::probe_article(&input, &profile).ok();
            for profile in [None, Some(&profile)] {
                if let Ok(raw) = extract::article(&input, profile) {
                    extract::is_article(&raw, true);
                    if let Some(profile) = profile {
                        extract::dropped(&input, profile, &raw).ok();
                    }
                }
            }
            SafeHtml::sanitise(page, &url);
            // As a feed's item, and as a feed.
            let item = escaped(page);
            for feed in [
                format!(
                    "<rss version='2.0'><channel><item><title>{item}</title><link>http://good.example/1</link><description>{item}</description></item></channel></rss>"
                ),
                format!(
                    "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>t</title><content type='xhtml'>{page}</content></entry></feed>"
                ),
                page.clone(),
            ] {
                let input = PageInput { html: &feed, ..input };
                let Ok(listing) = extract::feed(&input, DateOrder::Dmy) else { continue };
                for candidate in &listing.candidates {
                    extract::entry(candidate, candidate.entry.as_deref().unwrap(), None).ok();
                }
            }
            extract::sitemap(&input, page.as_bytes()).ok();
        }
    });
}

#[test]
fn huge_feeds_are_capped_and_entities_mean_nothing() {
    on_a_usual_stack(|| {
        let url = Url::parse("http://good.example/feed").unwrap();
        let item = |n: usize| format!("<item><link>/{n}</link></item>");
        let rss = format!("<rss version='2.0'><channel>{}</channel></rss>", (0..200_000).map(item).collect::<String>());
        let listing = extract::feed(&input(&url, &rss), DateOrder::Dmy).unwrap();
        assert_eq!((listing.candidates.len(), listing.cut), (MOST_CANDIDATES, false));
        assert_eq!(listing.candidates[0].url.path(), "/0", "the first ones");
        let empty = format!("<rss version='2.0'><channel>{}{}</channel></rss>", "<item/>".repeat(500_000), item(7));
        assert_eq!(extract::feed(&input(&url, &empty), DateOrder::Dmy).unwrap().candidates.len(), 1);
        let json = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[{}]}}",
            (0..100_000)
                .map(|n| format!("{{\"id\":\"{n}\",\"url\":\"http://good.example/{n}\"}}"))
                .collect::<Vec<_>>()
                .join(",")
        );
        assert_eq!(extract::feed(&input(&url, &json), DateOrder::Dmy).unwrap().candidates.len(), MOST_CANDIDATES);
        let deep = format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":{}", "[".repeat(1_000_000));
        assert!(extract::feed(&input(&url, &deep), DateOrder::Dmy).is_err());

        let laughs: String =
            (1..12).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
        for kind in [
            format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>"),
            "<!DOCTYPE x [<!ENTITY l11 SYSTEM \"file:///etc/passwd\">]>".to_owned(),
            "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://good.example/dtd\"> %p;]>".to_owned(),
            "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">".to_owned(),
            format!("<!DOCTYPE x [<!ENTITY l11 \"{}\">]>", "x".repeat(1_000_000)),
        ] {
            let bomb = format!(
                "{kind}<rss version='2.0'><channel><item><title>T {}</title><link>/1</link></item></channel></rss>",
                "&l11;".repeat(100)
            );
            if let Ok(listing) = extract::feed(&input(&url, &bomb), DateOrder::Dmy) {
                let title = &listing.candidates[0].title;
                assert!(title.len() < 1_000 && !title.contains("root:"), "{title}");
            }
            let bomb = format!("{kind}<urlset><url><loc>/a{}</loc></url></urlset>", "&l11;".repeat(100));
            if let Ok(extract::Sitemap::Pages(pages)) = extract::sitemap(&input(&url, &bomb), bomb.as_bytes()) {
                assert!(pages.iter().all(|p| p.url.as_str().len() < 1_000), "{pages:?}");
            }
        }
        let rows: String = (0..200_000).map(|n| format!("<url><loc>/{n}</loc></url>")).collect();
        let long = format!("<urlset>{rows}</urlset>");
        let Ok(extract::Sitemap::Pages(pages)) = extract::sitemap(&input(&url, &long), long.as_bytes()) else {
            panic!()
        };
        assert_eq!(pages.len(), 50_000);
        let packed = gzip(&vec![b' '; 80 << 20]);
        assert!(extract::sitemap(&input(&url, ""), &packed).unwrap_err().to_string().contains("larger than"));
        let cut = "<urlset><url><loc>/1</loc></url><url><loc>/2";
        assert!(
            extract::sitemap(&input(&url, cut), cut.as_bytes()).unwrap_err().to_string().contains("before its end")
        );
    });
}
