//! Conditional requests (RFC 9110 section 13) and content codings (section 12.5.3). It never touches the store.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
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
        // What is said first of a coding counts; `*` stands for those of which nothing is said.
        let mut said: [(&str, Option<f32>); 5] = ["zstd", "br", "gzip", "identity", "*"].map(|name| (name, None));
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for item in lists.flat_map(|list| list.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let Some((_, weight)) = said.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let given = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            weight.get_or_insert(given.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0)));
        }
        let [zstd, brotli, gzip, identity, any] = said.map(|(_, weight)| weight);
        let any = any.unwrap_or(0.0);
        // Identity is acceptable unless it is excluded (RFC 9110 section 12.5.3); only a weight of its own lets it win.
        let mut best = (Coding::Identity, identity.unwrap_or(0.0));
        for (coding, own) in [(Coding::Gzip, gzip), (Coding::Brotli, brotli), (Coding::Zstd, zstd)] {
            let own = own.unwrap_or(any);
            if own > 0.0 && own >= best.1 {
                best = (coding, own);
            }
        }
        best.0
    }
}

/// What the preconditions of a request say, in the order of RFC 9110 section 13.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Nothing stands against the whole answer: 200.
    Holds,
    /// The client's copy is fresh: 304.
    Fresh,
    /// `If-Match` or `If-Unmodified-Since` asks for another state of this document: 412.
    Fails,
}

/// Evaluates the preconditions of a GET or HEAD against a strong entity tag.
pub(super) fn precondition(headers: &HeaderMap, etag: &str, last_modified: Option<Timestamp>) -> Precondition {
    let date = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        Timestamp::try_from(httpdate::parse_http_date(value).ok()?).ok()
    };
    let failed = match listed(headers, header::IF_MATCH, etag, Comparison::Strong) {
        Some(matches) => !matches,
        // A date is ignored where the document has none, or where the tag was asked for.
        None => match (date(header::IF_UNMODIFIED_SINCE), last_modified) {
            (Some(since), Some(changed)) => changed.as_second() > since.as_second(),
            _ => false,
        },
    };
    if failed {
        return Precondition::Fails;
    }
    let fresh = match listed(headers, header::IF_NONE_MATCH, etag, Comparison::Weak) {
        Some(matches) => matches,
        None => match (date(header::IF_MODIFIED_SINCE), last_modified) {
            (Some(since), Some(changed)) => changed.as_second() <= since.as_second(),
            _ => false,
        },
    };
    if fresh { Precondition::Fresh } else { Precondition::Holds }
}

/// True where a request asks conditionally, so that it may end in a 304.
pub(super) fn is_conditional(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_NONE_MATCH) || headers.contains_key(header::IF_MODIFIED_SINCE)
}

/// How tags are compared (RFC 9110 section 8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a header that lists tags lists this one; `None` where it is not sent. Tags of others may hold bytes beyond
/// ASCII; ours is found among them all the same.
fn listed(headers: &HeaderMap, name: HeaderName, etag: &str, how: Comparison) -> Option<bool> {
    let mut lists = headers.get_all(name).iter().map(HeaderValue::as_bytes).peekable();
    lists.peek()?;
    Some(lists.any(|list| list.trim_ascii() == b"*" || has_tag(list, etag.as_bytes(), how)))
}

/// Looks for a tag in a list; tags are quoted and may hold commas. A weak one never matches strongly.
fn has_tag(list: &[u8], etag: &[u8], how: Comparison) -> bool {
    let quote = |rest: &[u8]| rest.iter().position(|byte| *byte == b'"');
    let mut rest = list;
    while let Some(start) = quote(rest) {
        let Some(length) = quote(&rest[start + 1..]) else { return false };
        let weak = rest[..start].ends_with(b"W/");
        if &rest[start..start + length + 2] == etag && (how == Comparison::Weak || !weak) {
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
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip;q=0.5", Coding::Gzip),
            ("identity;q=0, gzip;q=0.1", Coding::Gzip),
            ("*;q=0", Coding::Identity),
            ("*", Coding::Zstd),
            ("gzip;q=0", Coding::Identity),
            ("zstd;q=x, GZIP", Coding::Gzip),
            ("", Coding::Identity),
        ] {
            assert_eq!(Coding::choose(&headers(header::ACCEPT_ENCODING, accept)), want, "{accept}");
        }
    }

    use Precondition::{Fails, Fresh, Holds};

    #[test]
    fn tags_compare_weakly_for_freshness_and_strongly_for_state() {
        for (sent, none_match, matches) in [
            ("\"a\"", Fresh, Holds),
            ("W/\"a\"", Fresh, Fails),
            ("\"x,y\", \"a\"", Fresh, Holds),
            ("W/\"x\",W/\"a\"", Fresh, Fails),
            ("W/\"a\", \"a\"", Fresh, Holds),
            (" * ", Fresh, Holds),
            ("\"b\"", Holds, Fails),
            ("\"a-gzip\"", Holds, Fails),
            ("a", Holds, Fails),
            ("\"a", Holds, Fails),
            ("\"é\", \"a\"", Fresh, Holds),
            ("", Holds, Fails),
        ] {
            assert_eq!(precondition(&headers(header::IF_NONE_MATCH, sent), "\"a\"", None), none_match, "{sent}");
            assert_eq!(precondition(&headers(header::IF_MATCH, sent), "\"a\"", None), matches, "{sent}");
        }
    }

    #[test]
    fn preconditions_are_taken_in_their_order() {
        let changed = Timestamp::from_second(784_111_777).ok();
        let (then, before) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT");
        let (if_none, since) = (header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE);
        let (if_match, unmodified) = (header::IF_MATCH, header::IF_UNMODIFIED_SINCE);
        for (sent, at, want) in [
            (vec![(&since, then)], changed, Fresh),
            (vec![(&since, before)], changed, Holds),
            (vec![(&since, then)], None, Holds),
            (vec![(&since, "yesterday")], changed, Holds),
            // A tag that is sent decides alone.
            (vec![(&since, then), (&if_none, "\"b\"")], changed, Holds),
            (vec![(&since, before), (&if_none, "\"a\"")], changed, Fresh),
            (vec![(&unmodified, before)], changed, Fails),
            (vec![(&unmodified, then)], changed, Holds),
            (vec![(&unmodified, before)], None, Holds),
            (vec![(&unmodified, before), (&if_match, "\"a\"")], changed, Holds),
            // A failed state comes before freshness.
            (vec![(&if_match, "\"b\""), (&if_none, "\"a\"")], changed, Fails),
            (vec![(&if_match, "\"a\""), (&if_none, "\"a\"")], changed, Fresh),
            (vec![(&if_none, "\"x\""), (&if_none, "\"a\"")], changed, Fresh),
            (vec![], changed, Holds),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &sent {
                map.append(*name, value.parse().unwrap_or_else(|_| unreachable!()));
            }
            assert_eq!(precondition(&map, "\"a\"", at), want, "{sent:?}");
        }
    }
}
