//! One host: whose turn it is, and how often it failed in a row. Requests to it never overlap, and its delay lies between
//! the end of one and the start of the next. It never sends a request itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;
use url::Url;

use super::robots::Rules;

/// A host as its machine sees it: http and https, with `www.` and without, on whatever port, are one.
#[derive(Default)]
pub(super) struct Host(Mutex<Turn>);

/// Held for a whole request, so requests never overlap.
#[derive(Default)]
pub(super) struct Turn {
    /// When the last request ended; when it started, if it was dropped in the middle.
    last: Option<Instant>,
    /// Failures in a row.
    pub(super) failures: u32,
}

impl Host {
    /// The host is ours until the guard is dropped.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().await
    }

    /// True when nobody is at it, its pause is over, and no failure of the last while is counted.
    pub(super) fn is_idle(&self, pause: Duration, failures: Duration) -> bool {
        let Ok(turn) = self.0.try_lock() else { return false };
        let kept = if turn.failures > 0 { failures } else { pause };
        turn.last.is_none_or(|last| last.elapsed() >= kept)
    }
}

impl Turn {
    /// Waits until `delay` has passed since the last request, and starts.
    pub(super) async fn start(&mut self, delay: Duration) {
        if let Some(last) = self.last {
            tokio::time::sleep_until(last + delay).await;
        }
        self.last = Some(Instant::now());
    }

    /// The request ended. Counted from here, the pause that the host sees is no shorter than the delay, however long
    /// the look-up and the connection of one request took and those of the next did not.
    pub(super) fn end(&mut self) {
        self.last = Some(Instant::now());
    }
}

/// What is known of an origin's robots.txt: scheme, host and port have one each (RFC 9309 section 2.3).
#[derive(Default)]
pub(super) struct Origin(pub(super) Mutex<Known>);

#[derive(Default)]
pub(super) struct Known {
    /// The last copy that was had.
    pub(super) rules: Option<Arc<Rules>>,
    /// Why it could not be had the last time.
    pub(super) why: Option<String>,
    /// When it is asked for again.
    pub(super) until: Option<Timestamp>,
}

/// The name that turns and patience are kept under.
pub(super) fn key(host: &str) -> String {
    let lower = host.trim_end_matches('.').to_ascii_lowercase();
    match lower.strip_prefix("www.") {
        // "www.org" is a name of its own.
        Some(bare) if bare.contains('.') => bare.to_owned(),
        _ => lower,
    }
}

/// The name that an address's host is known by: `www.` makes no difference.
pub fn key_of(url: &Url) -> String {
    key(url.host_str().unwrap_or_default())
}
