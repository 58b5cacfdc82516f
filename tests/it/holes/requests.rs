//! Hostile requests, byte by byte: answered or refused, reflected nowhere, leading nowhere, changing nothing.

use std::sync::Arc;

use super::{Said, ask, request, routes, send};
use crate::serving::Server;

const CSP: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What proxies and frameworks elsewhere believe.
const LIES: &str = "x-forwarded-host: evil.example\r\nx-forwarded-proto: javascript\r\nx-forwarded-port: 666\r\nx-forwarded-prefix: //evil.example\r\n\
     forwarded: for=1;host=evil.example;proto=javascript\r\nx-original-url: //evil.example/admin\r\nx-rewrite-url: //evil.example/admin\r\n\
     x-http-method-override: DELETE\r\norigin: https://evil.example\r\nreferer: https://evil.example/\r\nuser-agent: <script>evil.example</script>\r\n\
     cookie: session=evil.example\r\nauthorization: Basic ZXZpbC5leGFtcGxl\r\nrange: bytes=0-0,-1,evil.example\r\naccept-language: evil.example\r\n";

const PATHS: &[&str] = &[
    "//evil.example/",
    "//evil.example/feed.rss?country=ht",
    "//evil.example/%2e%2e/feed.rss",
    "///evil.example//",
    "/\\evil.example/",
    "/%5cevil.example/",
    "/%2f%2fevil.example/",
    "/%09/evil.example/",
    "/.evil.example",
    "/@evil.example/",
    "/feed.rss//evil.example",
    "/feed.rss/..//evil.example",
    "/feed.rss;evil.example",
    "/articles/evil.example",
    "/articles//evil.example",
    "/articles/%3Cscript%3Eevil.example",
    "/articles/<script>evil.example</script>",
    "/<script>evil.example</script>",
    "/%3Cimg%20src=x%20onerror=evil.example%3E",
    "/evil.example%00.html",
    "/evil.example%0d%0aX-Injected:%20yes",
    "/evil.example%ff%fe",
    "/http://evil.example/",
    "/proxy?url=http://169.254.169.254/latest/meta-data/",
    "http://evil.example/nothing",
    "http://169.254.169.254/latest/meta-data/",
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/articles/..%2f..%2fconfig.toml",
    "/articles/%2e%2e",
    "/api/v1/articles/../../../config.toml",
    "/api/v1/articles/..%5c..%5cconfig.toml",
    "/config.toml",
    "/data/db",
    "/.env",
    "/.git/config",
    "/admin",
    "/admin/",
    "/metrics/..;/admin",
    "/debug/pprof/",
    "/server-status",
    "/actuator/env",
    "/hub",
    "/wp-login.php",
];

const QUERIES: &[&str] = &[
    "x=%0d%0aX-Injected:%20yes",
    "%0d%0aX-Injected:%20yes=1",
    "country=ht%0d%0aX-Injected:%20yes",
    "lang=fr%0aSet-Cookie:%20a=b",
    "q=a%0d%0aSet-Cookie:%20a=b",
    "q=a%E5%98%8A%E5%98%8DSet-Cookie:a=b",
    "q=%3Cscript%3Ealert(1)%3C/script%3E",
    "q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "q=%27%20onfocus=%27alert(1)",
    "ui=%3Cscript%3E",
    "ui=fr%22%3E%3Cscript%3E",
    "source=%3Cscript%3E",
    "theme=%3C/title%3E%3Cscript%3E",
    "since=%3Cscript%3E",
    "fields=%3Cscript%3E",
    "page_after=%3Cscript%3E",
    "page_after=http://127.0.0.1/?page_after=%3Cscript%3E",
    "after=%3Cscript%3E",
    "archive=%3Cscript%3E",
    "archive=2025-10&v=%3Cscript%3E",
    "<script>alert(1)</script>",
    "limit=5&limit=6",
    "limit=99999999999999999999",
    "limit=-1",
    "country=ht&country=HTI",
    "q=%00",
    "q=a%00b",
    "%00=1",
    "%",
    "q=%zz",
    "q=%e9",
    "q=%F0%9F%92%A9",
    "&&&=&=&",
    "url=http://169.254.169.254/latest/meta-data/",
    "source=http://127.0.0.1:22/",
    "next=//elsewhere.example",
    "return_to=https://elsewhere.example/",
    "callback=alert",
];

async fn open() -> Server {
    Server::with(&["kenya"], |house| {
        Arc::make_mut(&mut house.config).server.public_url = "https://h.example/depeche/".parse().unwrap();
    })
    .await
}

async fn id_of(server: &Server) -> String {
    server.json("/feed.json").await["items"][0]["_depeche"]["article_id"].as_str().unwrap().to_owned()
}

/// What holds of every answer, whatever was asked.
fn is_harmless(asked: &str, said: &Said) {
    let Said { status, head, body } = said;
    assert!((200..500).contains(status), "{asked}: {status} {body}");
    for line in head.lines().map(str::to_ascii_lowercase) {
        assert!(!line.starts_with("x-injected") && !line.starts_with("set-cookie"), "{asked}: {head}");
    }
    if let Some(location) = said.header("location") {
        let rest = ["rss", "atom", "json"].iter().find_map(|f| location.strip_prefix(&format!("/depeche/feed.{f}")));
        let rest = rest.unwrap_or_else(|| panic!("{asked} leads to {location}"));
        let plain = |c: char| c.is_ascii_alphanumeric() || "=&,%:._~-".contains(c);
        assert!(rest.is_empty() || rest.starts_with('?') && rest[1..].chars().all(plain), "{asked}: {location}");
    }
    assert!(!body.to_ascii_lowercase().contains("<script"), "{asked}: {body}");
    assert!(!body.contains("<img src=x"), "{asked}: {body}");
    // What hyper itself refuses has neither type nor body.
    if said.header("content-type").is_some() {
        assert_eq!(said.header("x-content-type-options"), Some("nosniff"), "{asked}");
        assert_eq!(said.header("content-security-policy"), Some(CSP), "{asked}");
    }
    if said.header("content-type").is_some_and(|kind| kind.contains("problem+json")) && !body.is_empty() {
        assert!(!body.contains(['<', '>', '&']), "{asked}: {body}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{asked}: {e}: {body}"));
        assert_eq!(problem["status"], *status, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_or_a_path_of_evil_leads_nowhere_and_is_said_nowhere() {
    let server = open().await;
    let id = id_of(&server).await;
    server.house.replay.take_asked();
    for route in routes(&id) {
        for target in [route.clone(), format!("/depeche{route}"), format!("{route}?country=ht")] {
            // The liar asks first: what it is given must be what everybody gets after it.
            let lying = request("GET", &target, LIES);
            let lying = String::from_utf8(lying).unwrap().replace("host: feeds.example", "host: evil.example");
            let lied = send(server.address, "127.0.0.1", lying.as_bytes()).await;
            let plain = ask(server.address, "GET", &target, "").await;
            is_harmless(&target, &lied);
            for text in [&lied.head, &lied.body, &plain.head, &plain.body] {
                assert!(!text.contains("evil.example") && !text.contains("javascript"), "{target}: {text}");
            }
            // How much room the disk has moves by itself.
            if route != "/metrics" && route != "/health/ready" {
                assert_eq!((lied.status, &lied.body), (plain.status, &plain.body), "{target}");
            }
            for name in ["location", "etag", "cache-control", "vary", "last-modified"] {
                assert_eq!(lied.header(name), plain.header(name), "{target}: {name}");
            }
        }
    }
    for path in PATHS {
        let below = if path.starts_with('/') { format!("/depeche{path}") } else { (*path).to_owned() };
        for target in [(*path).to_owned(), below] {
            let said = ask(server.address, "GET", &target, "").await;
            is_harmless(&target, &said);
            let is_hub = target.ends_with("/hub") && said.status == 405;
            assert!(matches!(said.status, 400 | 404) || is_hub, "{target}: {}", said.status);
            for word in ["evil.example", "root:", "passwd", "169.254", "[source]", "onerror"] {
                assert!(!said.body.contains(word) && !said.head.contains(word), "{target}: {}", said.body);
            }
        }
    }
    assert_eq!(server.house.replay.take_asked(), vec![], "no request makes us ask anybody");
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_read_by_its_vocabulary_and_carries_nothing_through() {
    let server = open().await;
    let id = id_of(&server).await;
    server.house.replay.take_asked();
    let long = [format!("q={}", "a".repeat(5_000)), "country=HT&".repeat(1_000), format!("{}=1", "x".repeat(5_000))];
    for route in routes(&id) {
        for query in QUERIES.iter().copied().chain(long.iter().map(String::as_str)) {
            let target = format!("{route}?{query}");
            is_harmless(&target, &ask(server.address, "GET", &target, "").await);
        }
    }
    for (query, status) in [("limit=5&limit=6", 400), ("country=ht&country=HTI", 308), (&long[0], 400), (&long[1], 400)]
    {
        assert_eq!(ask(server.address, "GET", &format!("/feed.rss?{query}"), "").await.status, status, "{query:.40}");
    }
    // No pattern is anything but the words in it.
    let count = async |q: &str| server.json(&format!("/api/v1/articles?q={q}")).await["total"].as_u64().unwrap();
    assert!(count("kakuma").await > 0);
    for pattern in
        ["k.kuma", "kakum%5Ba-z%5D", "kaku.*", "kak%2Ama", "%5Ekakumaa", "kakuma%7Cnosuchword", "k_kuma", "kakum%25"]
    {
        assert_eq!(count(pattern).await, 0, "{pattern}");
    }
    assert_eq!(count("(a%2B)%2B%24").await, count("a").await);
    assert_eq!(server.house.replay.take_asked(), vec![], "no request makes us ask anybody");
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_get_and_head_are_answered_and_they_change_nothing() {
    let server = open().await;
    let id = id_of(&server).await;
    let head = server.line.store.head().await.unwrap().seq;
    for route in routes(&id) {
        let got = ask(server.address, "GET", &route, "").await;
        let headed = ask(server.address, "HEAD", &route, "").await;
        assert_eq!((headed.status, headed.body.as_str()), (got.status, ""), "{route}");
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "QUOKKA"] {
            let said = ask(server.address, method, &route, "x-quokka: quokkamark\r\ncontent-length: 0\r\n").await;
            is_harmless(&format!("{method} {route}"), &said);
            // The hub takes forms, and this is none.
            let refused = if method == "POST" && route == "/hub" { 415 } else { 405 };
            assert_eq!(said.status, refused, "{method} {route}");
            assert!(!said.head.contains("quokka") && !said.body.contains("quokka"), "{method} echoes");
        }
        let options = ask(server.address, "OPTIONS", &route, "x-quokka: quokkamark\r\n").await;
        assert!((200..500).contains(&options.status) && !options.body.contains("quokka"), "{route}");
    }
    // A body behind a GET is no second request.
    let two = "GET /health/live HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n";
    let said = send(server.address, "127.0.0.1", format!("{two}\0").as_bytes()).await;
    assert!(matches!(said.status, 200 | 400), "{} {}", said.status, said.body);
    assert_eq!(server.line.store.head().await.unwrap().seq, head);
    server.line.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_no_http_is_refused_and_the_server_lives() {
    let server = open().await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let tags = format!("if-none-match: {}\"end\"\r\n", "\"quokka\", ".repeat(5_000));
    for (name, bytes, allowed) in [
        ("200 headers", request("GET", "/", &many), &[0, 400, 431][..]),
        ("a header of 1 MB", request("GET", "/", &format!("x: {}\r\n", "a".repeat(1_000_000))), &[0, 400, 431]),
        ("an address of 100 kB", request("GET", &format!("/?q={}", "a".repeat(100_000)), ""), &[0, 400, 414, 431]),
        ("50 kB of entity tags", request("GET", "/feed.rss", &tags), &[200, 431]),
        (
            "codings",
            request("GET", "/feed.rss", &format!("accept-encoding: {}\r\n", "gzip;q=0.1,".repeat(3_000))),
            &[200, 431],
        ),
        ("a NUL in a header", request("GET", "/", "x: a\0b\r\n"), &[0, 400]),
        ("a NUL in the address", request("GET", "/a\0b", ""), &[0, 400]),
        ("a bare return in a header", request("GET", "/", "x: a\rset-cookie: b\r\n"), &[0, 400]),
        ("a name with a space", request("GET", "/", "x y: a\r\n"), &[0, 400]),
        ("another version", b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[0, 400, 505]),
        ("no HTTP", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 quokka\r\n\r\n".to_vec(), &[0, 400]),
        ("two lengths", request("POST", "/", "content-length: 1\r\ncontent-length: 2\r\n"), &[0, 400]),
    ] {
        let said = send(server.address, "127.0.0.1", &bytes).await;
        assert!(allowed.contains(&said.status), "{name}: {} {}", said.status, said.body);
        assert!(!said.head.contains("quokka") && !said.body.contains("quokka"), "{name}");
        assert_eq!(ask(server.address, "GET", "/health/live", "").await.status, 200, "after {name}");
    }
    server.line.stop.cancel();
}
