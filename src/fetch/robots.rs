//! robots.txt (RFC 9309), read once a day. A parser that fails on it means that everything is disallowed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use texting_robots::Robot;
use url::Url;

/// RFC 9309 section 2.5 asks for at least this much.
pub(super) const LONGEST: usize = 500 << 10;

/// Rules with `$` become patterns that cost memory and time; a file with more of them is an attack, and means no.
const MOST_PATTERNS: usize = 1_000;

/// What a site's robots.txt says to one agent.
pub struct Rules {
    kind: Kind,
    /// Bytes they were read from.
    size: usize,
}

enum Kind {
    All,
    Nothing,
    Robot(Box<Robot>),
}

impl Rules {
    pub(super) fn all_allowed() -> Rules {
        Rules { kind: Kind::All, size: 0 }
    }

    /// About how much of memory they take.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Reads a robots.txt for an agent; only its first 500 KiB count.
    pub fn read(agent: &str, bytes: &[u8]) -> Rules {
        let mut bytes = bytes;
        if bytes.len() >= LONGEST {
            // Half a line may say something else than the whole one.
            let end = bytes[..LONGEST].iter().rposition(|b| matches!(b, b'\n' | b'\r')).unwrap_or(0);
            bytes = &bytes[..end];
        }
        let size = bytes.len();
        if bytes.iter().filter(|b| **b == b'$').count() > MOST_PATTERNS {
            return Rules { kind: Kind::Nothing, size: 0 };
        }
        match catch_unwind(AssertUnwindSafe(|| Robot::new(agent, bytes))) {
            Ok(Ok(robot)) => Rules { kind: Kind::Robot(Box::new(robot)), size },
            _ => Rules { kind: Kind::Nothing, size: 0 },
        }
    }

    /// True when the agent may ask for this address.
    pub fn allows(&self, url: &Url) -> bool {
        match &self.kind {
            Kind::All => true,
            Kind::Nothing => false,
            Kind::Robot(robot) => catch_unwind(AssertUnwindSafe(|| robot.allowed(url.as_str()))).unwrap_or(false),
        }
    }

    /// The pause between requests that it asks for, an hour at most; zero where it asks for none.
    pub fn crawl_delay(&self) -> Duration {
        match &self.kind {
            Kind::Robot(robot) => robot
                .delay
                .filter(|s| s.is_finite() && *s > 0.0)
                .map_or(Duration::ZERO, |s| Duration::from_secs_f32(s.min(3600.0))),
            _ => Duration::ZERO,
        }
    }
}

pub(super) fn address(url: &Url) -> Url {
    let mut at = url.clone();
    at.set_path("/robots.txt");
    at.set_query(None);
    at.set_fragment(None);
    at
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        Rules::read("depeche", text.as_bytes()).allows(&Url::parse("https://a.example").unwrap().join(path).unwrap())
    }

    #[test]
    fn rules_are_read_as_rfc_9309_says() {
        for (text, path, allowed) in [
            ("", "/a", true),
            ("User-agent: *\nDisallow:", "/a", true),
            ("User-agent: *\nDisallow: /", "/a", false),
            ("User-agent: *\nDisallow: /", "/robots.txt", true),
            ("User-agent: other\nDisallow: /", "/a", true),
            ("User-agent: *\nDisallow: /\n\nUser-agent: depeche\nAllow: /", "/a", true),
            ("User-agent: DEPECHE\nDisallow: /a", "/a/b", false),
            ("User-agent: *\nDisallow: /a\nAllow: /a/news", "/a/news/1", true),
            ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", true),
            ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", false),
            ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", true),
            ("\u{feff}User-agent: *\r\nDisallow: /a # no\r\n", "/a", false),
            ("<!DOCTYPE html><html><body>Not found</body></html>", "/a", true),
        ] {
            assert_eq!(allows(text, path), allowed, "{text:?} {path}");
        }
    }

    #[test]
    fn the_line_that_the_cap_cuts_is_not_read() {
        let filler = "#".repeat(LONGEST - 31);
        assert!(allows(&format!("User-agent: *\n{filler}\nDisallow: /private"), "/public"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn never_panics(bytes: Vec<u8>, lines in proptest::collection::vec("(User-agent|Allow|Disallow|Crawl-delay): ?[*$/%a-z0-9.-]{0,12}", 0..12)) {
            let url = Url::parse("https://a.example/a/b.pdf?c=%C3%A9").unwrap();
            for bytes in [bytes, lines.join("\n").into_bytes()] {
                let rules = Rules::read("depeche", &bytes);
                rules.allows(&url);
                rules.crawl_delay();
            }
        }
    }
}
