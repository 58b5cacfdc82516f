//! Conditional requests and content codings, through the router.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, header};

use super::served::{Answer, ask};

const PATHS: &[&str] = &["/feed.rss", "/feed.atom", "/feed.json", "/opml", "/api/v1/articles", "/api/v1/changes"];

/// A byte that picks path and method; then lines: Accept-Encoding, If-None-Match (`@` stands for the tag that this coding
/// has), If-Modified-Since. An empty line: no such header.
pub fn check(data: &[u8]) {
    let Some((pick, rest)) = data.split_first() else { return };
    let path = PATHS[usize::from(*pick) % PATHS.len()];
    let method = if pick & 0x40 == 0 { Method::GET } else { Method::HEAD };
    let mut lines = rest.splitn(3, |b| *b == b'\n');
    let mut value = || HeaderValue::from_bytes(lines.next().unwrap_or_default()).ok();
    let (Some(accept), Some(tags), Some(since)) = (value(), value(), value()) else { return };
    let plain = ask(request(Method::GET, path, &[]));
    let full = ask(request(Method::GET, path, &[(header::ACCEPT_ENCODING, &accept)]));
    assert_eq!(full.status, 200, "{accept:?}");
    assert_eq!(unpacked(&full), plain.body, "{accept:?} changes what is sent");
    let coding = text(&full, header::CONTENT_ENCODING);
    let accepted = String::from_utf8_lossy(accept.as_bytes()).to_ascii_lowercase();
    assert!(coding.is_empty() || accepted.contains(&coding) || accepted.contains('*'), "{coding} for {accept:?}");
    let etag = text(&full, header::ETAG);
    let tags = String::from_utf8_lossy(tags.as_bytes()).replace('@', &etag);
    let Ok(tags) = HeaderValue::from_str(&tags) else { return };
    let asked =
        [(header::ACCEPT_ENCODING, &accept), (header::IF_NONE_MATCH, &tags), (header::IF_MODIFIED_SINCE, &since)];
    let answer = ask(request(method.clone(), path, &asked));
    assert_eq!(text(&answer, header::ETAG), etag, "the tag depends on the condition");
    match answer.status.as_u16() {
        304 => {
            assert!(answer.body.is_empty(), "304 with a body");
            let sent = String::from_utf8_lossy(tags.as_bytes());
            let named = sent.contains(&etag) || sent.trim() == "*";
            assert!(named || (tags.is_empty() && !since.is_empty()), "304 for {tags:?} and {since:?}");
        }
        200 if method == Method::HEAD => assert!(answer.body.is_empty(), "HEAD with a body"),
        200 => {
            assert_eq!(answer.body, full.body);
            assert!(tags.as_bytes().trim_ascii() != etag.as_bytes(), "200 for the very tag");
        }
        other => panic!("{other} for {asked:?}"),
    }
}

fn request(method: Method, path: &str, headers: &[(header::HeaderName, &HeaderValue)]) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap_or_default();
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request.headers_mut().insert(name, (*value).clone());
    }
    request
}

fn text(answer: &Answer, name: header::HeaderName) -> String {
    answer.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    let body = answer.body.as_ref();
    let read = match text(answer, header::CONTENT_ENCODING).as_str() {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain),
        "zstd" => zstd::stream::copy_decode(body, &mut plain).map(|()| plain.len()),
        _ => {
            plain.extend_from_slice(body);
            Ok(plain.len())
        }
    };
    read.unwrap_or_else(|error| panic!("a coded body is broken: {error}"));
    plain
}
