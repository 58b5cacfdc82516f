//! Conditional requests (RFC 9110 section 13) and content codings (section 12.5.3). It never touches the store.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

/// A content coding that bodies are prepared in, the preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Zstd,
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
            Coding::Identity => "identity",
        }
    }

    /// The best coding that the client accepts: the highest weight, and ours first among equals.
    pub(super) fn choose(headers: &HeaderMap) -> Coding {
        let accepted: Vec<(String, f32)> = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|item| {
                let mut parts = item.split(';');
                let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
                let weight =
                    parts.find_map(|p| p.trim().strip_prefix("q=").or(p.trim().strip_prefix("Q=")).map(str::to_owned));
                (name, weight.map_or(1.0, |w| w.trim().parse().unwrap_or(0.0)))
            })
            .collect();
        let weight = |name: &str| {
            accepted
                .iter()
                .find(|(n, _)| n == name)
                .or_else(|| accepted.iter().find(|(n, _)| n == "*"))
                .map_or(0.0, |(_, w)| *w)
        };
        let mut best = (Coding::Identity, 0.0);
        for coding in [Coding::Zstd, Coding::Brotli, Coding::Gzip] {
            let own = weight(coding.name());
            if own > best.1 {
                best = (coding, own);
            }
        }
        best.0
    }
}

/// True when the client's copy is fresh: `If-None-Match` decides alone where it is sent (weak comparison, lists,
/// `*`), `If-Modified-Since` only where it is not.
pub(super) fn is_fresh(headers: &HeaderMap, etag: &str, last_modified: Option<Timestamp>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // Tags of others may hold bytes beyond ASCII; ours is found among them all the same.
        return tags.any(|value| value.as_bytes().trim_ascii() == b"*" || has_tag(value.as_bytes(), etag.as_bytes()));
    }
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| httpdate::parse_http_date(v).ok());
    match (since.and_then(|at| Timestamp::try_from(at).ok()), last_modified) {
        (Some(since), Some(changed)) => changed.as_second() <= since.as_second(),
        _ => false,
    }
}

/// Looks for a tag in a list; tags are quoted and may hold commas.
fn has_tag(list: &[u8], etag: &[u8]) -> bool {
    let quote = |rest: &[u8]| rest.iter().position(|byte| *byte == b'"');
    let mut rest = list;
    while let Some(start) = quote(rest) {
        let Some(length) = quote(&rest[start + 1..]) else { return false };
        if &rest[start..start + length + 2] == etag {
            return true;
        }
        rest = &rest[start + length + 2..];
    }
    false
}

/// RFC 9110 section 5.6.7.
pub(super) fn http_date(at: Timestamp) -> String {
    let since = Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default());
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(name, value.parse().unwrap_or_else(|_| unreachable!()));
        map
    }

    #[test]
    fn codings_by_weight_then_by_ours() {
        for (accept, want) in [
            ("gzip", Coding::Gzip),
            ("gzip, br", Coding::Brotli),
            ("gzip;q=1.0, br;q=0.5", Coding::Gzip),
            ("identity", Coding::Identity),
            ("*", Coding::Zstd),
            ("gzip;q=0", Coding::Identity),
            ("zstd;q=x, GZIP", Coding::Gzip),
            ("", Coding::Identity),
        ] {
            assert_eq!(Coding::choose(&headers(header::ACCEPT_ENCODING, accept)), want, "{accept}");
        }
    }

    #[test]
    fn tags_compare_weakly_in_lists() {
        for (sent, fresh) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"x,y\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("\"a", false),
            ("\"é\", \"a\"", true),
        ] {
            assert_eq!(is_fresh(&headers(header::IF_NONE_MATCH, sent), "\"a\"", None), fresh, "{sent}");
        }
    }

    #[test]
    fn a_date_counts_only_without_a_tag() {
        let changed = Timestamp::from_second(784_111_777).ok();
        assert!(is_fresh(&headers(header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"), "\"a\"", changed));
        assert!(!is_fresh(&headers(header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:36 GMT"), "\"a\"", changed));
        assert!(!is_fresh(&headers(header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"), "\"a\"", None));
        let mut both = headers(header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT");
        both.insert(header::IF_NONE_MATCH, header::HeaderValue::from_static("\"b\""));
        assert!(!is_fresh(&both, "\"a\"", changed));
    }
}
