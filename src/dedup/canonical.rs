//! The canonical form of an article's address: the identity of the article. It never looks at a page.

use url::Url;

/// Parameters that never tell one article from another: campaign marks, click ids, and junk seen in the wild.
const JUNK: &[&str] = &[
    "fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "os", "close", "_ga", "_gl",
    "ref_src", "spm", "amp",
];

fn is_junk(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || JUNK.contains(&name.as_str())
}

/// The canonical form: https, `www.` folded, no userinfo, default port, fragment or trailing `;`, junk parameters
/// dropped and the others kept, unless `drop_query` drops them all. Canonical forms stay as they are.
pub fn canonical(url: &Url, drop_query: bool) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = without_www(host);
    let port = match (url.port(), url.scheme()) {
        (None | Some(443 | 80), _) => String::new(),
        (Some(port), _) => format!(":{port}"),
    };
    let mut settled = url.clone();
    // A semicolon may hide a slash, or dots that mean the folder above, and the other way round.
    while let path = settled.path()
        && path != "/"
        && let shorter = trim_path(path).trim_end_matches('/')
        && shorter.len() < path.len()
    {
        let shorter = shorter.to_owned();
        settled.set_path(&shorter);
    }
    let path = settled.path();
    // Short links such as `/?p=7` have nothing but their query.
    let query = if drop_query && path != "/" { String::new() } else { kept_query(url) };
    format!("https://{host}{port}{path}{query}")
}

/// The host without any `www.` before it, as long as what stays is a host by itself and not, say, a number.
fn without_www(host: &str) -> &str {
    let mut host = host;
    while let Some(rest) = host.strip_prefix("www.")
        && url::Host::parse(rest).is_ok_and(|parsed| parsed == url::Host::Domain(rest.to_owned()))
    {
        host = rest;
    }
    host
}

/// The address that a reader opens: as given, less userinfo, fragment, trailing `;` and junk parameters.
pub fn readable(url: &Url) -> Url {
    let mut readable = url.clone();
    // Both fail only on addresses that cannot carry them, and then there is nothing to remove.
    readable.set_username("").ok();
    readable.set_password(None).ok();
    readable.set_fragment(None);
    readable.set_path(trim_path(url.path()));
    let query = kept_query(url);
    readable.set_query(query.strip_prefix('?'));
    readable
}

fn trim_path(path: &str) -> &str {
    let mut path = path;
    while let Some(shorter) =
        path.strip_suffix(';').or_else(|| path.strip_suffix("%3B")).or_else(|| path.strip_suffix("%3b"))
    {
        path = shorter;
    }
    path
}

fn kept_query(url: &Url) -> String {
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_junk(pair.split('=').next().unwrap_or_default()))
        .collect();
    if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_address() {
        for (given, want) in [
            ("http://www.haiti.example/news/a", "https://haiti.example/news/a"),
            ("https://name@haiti.example/news/a", "https://haiti.example/news/a"),
            ("https://haiti.example/news/a%3B", "https://haiti.example/news/a"),
            ("https://haiti.example/news/a;", "https://haiti.example/news/a"),
            ("https://haiti.example:443/news/a/#top", "https://haiti.example/news/a"),
            ("https://haiti.example/news/a?os=fuzzsc", "https://haiti.example/news/a"),
            ("https://haiti.example/news/a?utm_source=x&id=7", "https://haiti.example/news/a?id=7"),
            ("http://127.0.0.1:8123/news/a", "https://127.0.0.1:8123/news/a"),
            ("http://haiti.example", "https://haiti.example/"),
            ("http://www.www.haiti.example/a", "https://haiti.example/a"),
            ("http://haiti.example/news/..;/", "https://haiti.example/"),
            ("http://www./a", "https://www./a"),
            ("http://www.1x.example/a", "https://1x.example/a"),
        ] {
            assert_eq!(canonical(&Url::parse(given).unwrap(), false), want, "{given}");
        }
        assert_eq!(canonical(&Url::parse("https://a.example/x?id=7").unwrap(), true), "https://a.example/x");
        assert_eq!(canonical(&Url::parse("https://a.example/?p=7").unwrap(), true), "https://a.example/?p=7");
        assert_eq!(
            readable(&Url::parse("http://u:p@a.example/x;?os=1&b=2#f").unwrap()).as_str(),
            "http://a.example/x?b=2"
        );
    }

    proptest! {
        #[test]
        fn canonical_forms_stay_as_they_are(path in "[a-zA-Z0-9/%;._-]{0,30}", query in "[a-z0-9=&;_%]{0,30}") {
            if let Ok(url) = Url::parse(&format!("http://www.a.example/{path}?{query}")) {
                let once = canonical(&url, false);
                prop_assert_eq!(&canonical(&Url::parse(&once).unwrap(), false), &once);
            }
        }
    }
}
