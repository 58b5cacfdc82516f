//! When a source is due: pure arithmetic on instants it is handed. It never reads the clock and does no I/O.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

/// The first wait after a failure; it doubles with each further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(30);
/// Doubling stops here.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(6 * 3600);

/// When a source is due again after a round that ended at `ended`. Without failures that is `every` later, as
/// written; with them, back-off grows from 30 s, with jitter told by the source's name, and never comes
/// sooner than the host allows.
pub fn next_due(
    id: &str,
    ended: Timestamp,
    every: Duration,
    failures: u32,
    max_every: Duration,
    not_before: Option<Timestamp>,
) -> Timestamp {
    let wait = if failures == 0 { every } else { back_off(id, failures).min(max_every.max(every)) };
    let due = after(ended, wait);
    not_before.map_or(due, |host| due.max(host))
}

/// When a stored article is due for a recheck: often while it is young, rarely later, never after half a year.
pub fn recheck_due(first_seen: Timestamp, last_fetch: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(first_seen).as_hours();
    let pause = match age {
        ..6 => 1,
        6..48 => 6,
        48..168 => 24,
        168..720 => 168,
        720..4380 => 720,
        _ => return false,
    };
    now.duration_since(last_fetch) >= SignedDuration::from_hours(pause)
}

/// Full back-off with a jitter between half and all of it, so that sources that failed together do not return together.
fn back_off(id: &str, failures: u32) -> Duration {
    let full = FIRST_BACK_OFF.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_BACK_OFF);
    let share = 0.5 + (xxh3_64(format!("{id}/{failures}").as_bytes()) % 1000) as f64 / 2000.0;
    full.mul_f64(share)
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| at.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn every_is_honoured_as_written() {
        assert_eq!(next_due("a", Timestamp::UNIX_EPOCH, Duration::from_secs(60), 0, DAY, None).as_second(), 60);
    }

    #[test]
    fn back_off_grows_with_failures_and_is_capped() {
        let wait =
            |failures| next_due("a", Timestamp::UNIX_EPOCH, Duration::from_secs(60), failures, DAY, None).as_second();
        assert!((15..=30).contains(&wait(1)), "{}", wait(1));
        assert!((30..=60).contains(&wait(2)));
        assert!((3 * 3600..=6 * 3600).contains(&wait(40)));
    }

    #[test]
    fn a_host_that_said_later_is_not_asked_sooner() {
        let host = Timestamp::from_second(5_000).ok();
        assert_eq!(
            next_due("a", Timestamp::UNIX_EPOCH, Duration::from_secs(60), 0, DAY, host),
            host.unwrap_or_default()
        );
    }

    #[test]
    fn rechecks_grow_rare_with_age() {
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap_or_default();
        assert!(recheck_due(at(0), at(1), at(2)));
        assert!(!recheck_due(at(0), at(20), at(24)));
        assert!(recheck_due(at(0), at(18), at(24)));
        assert!(!recheck_due(at(0), at(0), at(9_000)));
    }
}
