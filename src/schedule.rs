//! When a source is due: pure arithmetic on instants it is handed. It never reads the clock and does no I/O.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

/// The first wait after a failure; it doubles with each further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(30);
/// Doubling stops here.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(6 * 3600);

/// When a source is due again after a round that ended at `ended`. Without failures that is `every` later, as
/// written; with them, back-off grows from 30 s, with full jitter, and never comes
/// sooner than the host allows.
pub fn next_due(
    id: &str,
    ended: Timestamp,
    every: Duration,
    failures: u32,
    max_every: Duration,
    not_before: Option<Timestamp>,
) -> Timestamp {
    let wait = if failures == 0 { every } else { back_off(id, failures, ended).min(max_every.max(every)) };
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

/// The wait after so many failures in a row: 30 s, doubled with each further one, at most 6 h; of that any share (full
/// jitter), told by the name and the instant, so that what failed together does not return together. At least a second.
pub fn back_off(id: &str, failures: u32, at: Timestamp) -> Duration {
    let full = FIRST_BACK_OFF.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_BACK_OFF);
    let share = (xxh3_64(format!("{id}/{failures}/{}", at.as_second()).as_bytes()) % 1000) as f64 / 999.0;
    full.mul_f64(share).max(Duration::from_secs(1))
}

/// When what failed so many times in a row is tried again: after its back-off, or after as long as the other side asked for,
/// if that is more.
pub fn next_try(id: &str, failures: u32, asked: Option<Duration>, now: Timestamp) -> Timestamp {
    let pause = back_off(id, failures, now).max(asked.unwrap_or_default());
    SignedDuration::try_from(pause).map_or(now, |pause| now + pause)
}

/// Retry-After (RFC 9110 section 10.2.3): seconds or a date. Negative, past and odd values say nothing.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for a number still mean a long time, which the caller caps.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = Timestamp::try_from(httpdate::parse_http_date(value).ok()?).ok()?;
    Duration::try_from(at.duration_since(now)).ok()
}

/// True when a page that answers 404 or 410 since `since` is asked for again: a day after the last time, then ever more
/// rarely, and no more after a month.
pub fn gone_due(since: Timestamp, last_fetch: Timestamp, now: Timestamp) -> bool {
    let gone = last_fetch.duration_since(since);
    gone <= SignedDuration::from_hours(30 * 24)
        && now.duration_since(last_fetch) >= gone.max(SignedDuration::from_hours(24))
}

/// How long after a round the next one is due, by what the source published: a tenth of the middle gap, or of the silence
/// since it last brought something new where that is shorter; never sooner than `every` and never later than `max_every`.
/// So a source that publishes often, or just did, is asked at `every`. Fewer than three gaps tell nothing.
pub fn adaptive(every: Duration, max_every: Duration, gaps: &[Duration], silence: Duration) -> Duration {
    if gaps.len() < 3 {
        return every;
    }
    let mut gaps = gaps.to_vec();
    gaps.sort_unstable();
    (gaps[gaps.len() / 2].min(silence) / 10).clamp(every, max_every.max(every))
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
        let longest = |failures| {
            (0..2_000)
                .map(|at| back_off("a", failures, Timestamp::from_second(at).unwrap_or_default()).as_secs_f64())
                .fold((f64::MAX, 0.0_f64), |(least, most), wait| (least.min(wait), most.max(wait)))
        };
        for (failures, full) in
            [(0, 30.0), (1, 30.0), (2, 60.0), (5, 480.0), (40, 6.0 * 3600.0), (u32::MAX, 6.0 * 3600.0)]
        {
            let (least, most) = longest(failures);
            assert!(least >= 1.0 && least < full * 0.1, "{failures}: {least}");
            assert!(most <= full && most > full * 0.9, "{failures}: {most}");
        }
    }

    #[test]
    fn the_interval_follows_the_gap_observed_within_its_bounds() {
        let hours = |n: u64| Duration::from_secs(n * 3600);
        let long = hours(9_000);
        for (every, gaps, silence, expected) in [
            (hours(1), vec![], long, hours(1)),
            (hours(1), vec![hours(400); 2], long, hours(1)),
            (hours(1), vec![hours(1), hours(120), hours(9_000)], long, hours(12)),
            (hours(1), vec![Duration::ZERO; 9], long, hours(1)),
            (hours(1), vec![Duration::MAX; 9], long, DAY),
            (hours(48), vec![hours(9_000); 9], long, hours(48)),
            // It just brought something, or is silent for a while.
            (hours(1), vec![hours(168); 9], Duration::ZERO, hours(1)),
            (hours(1), vec![hours(168); 9], hours(50), hours(5)),
            (hours(1), vec![hours(100); 9], hours(168), hours(10)),
        ] {
            assert_eq!(adaptive(every, DAY, &gaps, silence), expected, "{gaps:?} {silence:?}");
        }
    }

    #[test]
    fn what_is_gone_is_asked_for_ever_more_rarely_and_not_for_ever() {
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap_or_default();
        let mut asked = vec![0];
        for hour in 0..20_000 {
            if gone_due(at(0), at(asked[asked.len() - 1]), at(hour)) {
                asked.push(hour);
            }
        }
        assert_eq!(asked, [0, 24, 48, 96, 192, 384, 768]);
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
