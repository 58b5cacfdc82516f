//! Several sources checked at once, and how each round went into log and metrics. It never runs more at once than allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::{Line, Recheck, Round};
use crate::config::{Crawl, Source};
use crate::store::StoreError;

/// Places that hosts which cannot be reached may add to those of `crawl.concurrency`.
const MOST_MORE: usize = 56;
/// How long a crawl that was asked for waits for a source that somebody else is checking.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

impl Line {
    /// Checks these sources once, some at a time; answers in the order asked.
    pub async fn check_all(
        &self,
        sources: &[Arc<Source>],
        crawl: &Crawl,
    ) -> Vec<(Arc<Source>, Result<Option<Round>, StoreError>)> {
        // A host that cannot be reached costs nobody anything but our time, five seconds of it: each makes room for one
        // more, so that hundreds end soon, and each that answers takes that room again.
        let (places, more) = (tokio::sync::Semaphore::new(crawl.concurrency), AtomicUsize::new(0));
        let rounds = sources.iter().map(|source| async {
            let place = places.acquire().await;
            let reached = self.fetcher.greet(&source.url).await.is_ok();
            if !reached && more.fetch_update(Relaxed, Relaxed, |n| (n < MOST_MORE).then_some(n + 1)).is_ok() {
                places.add_permits(1);
            }
            let round = self.check_in_turn(source, crawl).await;
            record(source, &round);
            if let Ok(place) = place
                && reached
                && more.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok()
            {
                place.forget();
            }
            (Arc::clone(source), round)
        });
        futures::future::join_all(rounds).await
    }

    /// A source that is being checked at this moment is checked after that.
    async fn check_in_turn(&self, source: &Source, crawl: &Crawl) -> Result<Option<Round>, StoreError> {
        let begun = tokio::time::Instant::now();
        loop {
            let round = self.check(source, Recheck::All, crawl).await?;
            if round.is_some() || begun.elapsed() > PATIENCE || self.stop.is_cancelled() {
                return Ok(round);
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    }
}

/// Notes a round in log and metrics.
pub fn record(source: &Source, round: &Result<Option<Round>, StoreError>) {
    let result = match round {
        Ok(None) => return,
        Ok(Some(round)) => {
            metrics::counter!("depeche_articles_stored_total", "source" => source.id.to_string())
                .increment((round.stored + round.duplicate) as u64);
            match &round.error {
                None => {
                    tracing::info!(source = %source.id, found = round.found, stored = round.stored, revised = round.revised, duplicate = round.duplicate, failed = round.failed.len(), "round ended");
                    "ok"
                }
                Some(error) => {
                    tracing::warn!(source = %source.id, %error, "round failed");
                    "failed"
                }
            }
        }
        Err(error) => {
            tracing::error!(source = %source.id, %error, "the store failed a round");
            "store"
        }
    };
    metrics::counter!("depeche_rounds_total", "source" => source.id.to_string(), "result" => result).increment(1);
}
