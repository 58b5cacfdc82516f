//! robots.txt (RFC 9309), read once a day. A parser that fails on it means that everything is disallowed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use texting_robots::Robot;
use url::Url;

/// RFC 9309 section 2.5 asks for at least this much.
const LONGEST: usize = 500 << 10;

pub(super) struct Rules(Kind);

enum Kind {
    All,
    Nothing,
    Robot(Box<Robot>),
}

impl Rules {
    pub(super) fn all_allowed() -> Rules {
        Rules(Kind::All)
    }

    pub(super) fn read(agent: &str, bytes: &[u8]) -> Rules {
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        match catch_unwind(AssertUnwindSafe(|| Robot::new(agent, bytes))) {
            Ok(Ok(robot)) => Rules(Kind::Robot(Box::new(robot))),
            _ => Rules(Kind::Nothing),
        }
    }

    pub(super) fn allows(&self, url: &Url) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Nothing => false,
            Kind::Robot(robot) => catch_unwind(AssertUnwindSafe(|| robot.allowed(url.as_str()))).unwrap_or(false),
        }
    }

    pub(super) fn crawl_delay(&self) -> Duration {
        match &self.0 {
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
