//! One host: whose turn it is, and its robots.txt. Requests to it never overlap and start at least its delay apart.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

use super::robots::Rules;

#[derive(Default)]
pub(super) struct Host {
    /// When the next request may start. Held for the whole request, so requests never overlap.
    next: tokio::sync::Mutex<Option<Instant>>,
    crawl_delay: Mutex<Duration>,
    /// The rules, and until when they are believed.
    pub(super) rules: tokio::sync::Mutex<Option<(Arc<Rules>, Timestamp)>>,
}

impl Host {
    /// Waits for a turn; the host is ours until the guard is dropped.
    pub(super) async fn turn(&self, least: Duration, most: Duration) -> MutexGuard<'_, Option<Instant>> {
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep_until(at).await;
        }
        let asked = *self.crawl_delay.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(Instant::now() + asked.min(most).max(least));
        next
    }

    pub(super) fn crawl_delay(&self, delay: Duration) {
        *self.crawl_delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }
}
