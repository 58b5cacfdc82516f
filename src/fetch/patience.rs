//! How long a host is left alone: Retry-After, and the circuit that opens after failures in a row. Pure arithmetic; it
//! never reads a clock and never asks a host.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::schedule;

/// A 429 without a Retry-After that can be read.
pub(super) const TOO_MANY: Duration = Duration::from_secs(15 * 60);
/// So many failures in a row, and the host is left alone for a while; then one request decides.
pub(super) const FAILURES: u32 = 5;

/// Until when a host is left alone that failed so often in a row; `None` while the circuit is closed.
pub(super) fn circuit(host: &str, failures: u32, now: Timestamp) -> Option<Timestamp> {
    let opened = failures.checked_sub(FAILURES)?;
    let wait = schedule::back_off(host, opened.saturating_add(1), now);
    // Whole seconds, as the clock tells them and the store keeps them.
    Some(after(now, Duration::from_secs(wait.as_secs_f64().ceil() as u64)))
}

pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::retry_after;

    fn now() -> Timestamp {
        Timestamp::from_second(784_111_777).unwrap_or_default()
    }

    #[test]
    fn both_forms_are_read_and_odd_ones_say_nothing() {
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:59:37 GMT", Some(600)),
            ("Sunday, 06-Nov-94 08:59:37 GMT", Some(600)),
            ("Sun, 06 Nov 1994 08:39:37 GMT", None),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("1e3", None),
            ("soon", None),
            ("", None),
            ("٣", None),
        ] {
            assert_eq!(retry_after(value, now()), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn the_circuit_opens_at_the_fifth_failure_and_for_six_hours_at_most() {
        assert_eq!(circuit("a.example", FAILURES - 1, now()), None);
        for failures in FAILURES..200 {
            let wait = circuit("a.example", failures, now()).unwrap_or_default().duration_since(now());
            assert!((1..=6 * 3600).contains(&wait.as_secs()), "{failures}: {wait}");
        }
    }

    proptest::proptest! {
        #[test]
        fn retry_after_never_panics(value in ".{0,60}", now in -377_705_023_201i64..253_402_207_200) {
            retry_after(&value, Timestamp::from_second(now).unwrap_or_default());
        }

        #[test]
        fn dates_never_panic(day in 0u32..100, year in 0u32..99_999, hour in 0u32..100) {
            retry_after(&format!("Sun, {day:02} Nov {year:04} {hour:02}:49:37 GMT"), now());
        }
    }
}
