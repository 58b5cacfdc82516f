//! Several sources checked at once, and how each round went into log and metrics. It never runs more at once than allowed.

use std::sync::Arc;

use futures::StreamExt;

use super::{Line, Recheck, Round};
use crate::config::{Crawl, Source};
use crate::store::StoreError;

/// Hosts that are greeted at once.
const GREETED: usize = 64;
/// How long a crawl that was asked for waits for a source that somebody else is checking.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

impl Line {
    /// Checks these sources once, some at a time; answers in the order asked.
    pub async fn check_all(
        &self,
        sources: &[Arc<Source>],
        crawl: &Crawl,
    ) -> Vec<(Arc<Source>, Result<Option<Round>, StoreError>)> {
        // Hosts that cannot be reached cost nobody anything but our time, so many are tried at once; a round of one that
        // answers takes one of the few places.
        let places = tokio::sync::Semaphore::new(crawl.concurrency);
        futures::stream::iter(sources.iter().cloned())
            .map(|source| async {
                let reached = self.fetcher.greet(&source.url).await.is_ok();
                let _place = if reached { places.acquire().await.ok() } else { None };
                let round = self.check_in_turn(&source, crawl).await;
                record(&source, &round);
                (source, round)
            })
            .buffered(GREETED.max(crawl.concurrency))
            .collect()
            .await
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
