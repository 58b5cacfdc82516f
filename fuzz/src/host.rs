//! Any request target, with any Host: the router answers, and what it answers never depends on Host.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri, header};

use super::served::{article_id, ask};

const NAMES: &[&str] = &["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url"];

/// Lines: the request target (`@` stands for an article's id), then the values of Host and its kin.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|b| *b == b'\n');
    let target = String::from_utf8_lossy(lines.next().unwrap_or_default()).replace('@', &article_id().to_string());
    let Ok(uri) = target.parse::<Uri>() else { return };
    // The counters count: the one page that is another at every call.
    if uri.path() == "/metrics" {
        return;
    }
    let request = |uri: &Uri| {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri.clone();
        request
    };
    let mut lying = request(&uri);
    for (name, value) in NAMES.iter().zip(lines) {
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        lying.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(bare) = format!("{}{query}", uri.path()).parse::<Uri>() else { return };
    let (said, plain) = (ask(lying), ask(request(&bare)));
    assert!(!plain.status.is_server_error(), "{} for {target:?}: {:?}", plain.status, plain.body);
    assert_eq!((said.status, &said.body), (plain.status, &plain.body), "Host changes the answer to {target:?}");
    assert_eq!(said.headers.get(header::LOCATION), plain.headers.get(header::LOCATION));
    if let Some(kind) = plain.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) {
        let text = String::from_utf8_lossy(&plain.body);
        if kind.contains("json") {
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "broken JSON for {target:?}: {text}");
        } else if kind.contains("xml") {
            assert!(text.chars().all(depeche::article::is_xml_char), "broken XML for {target:?}");
        } else if kind.contains("html") {
            assert!(!text.contains("<script"), "a script for {target:?}: {text}");
        }
    }
}
