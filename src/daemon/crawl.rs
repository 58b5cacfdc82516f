//! The crawl loop: which source is due, as many at once as configured. It knows nothing of a round but how to start it.

use std::sync::{Arc, Mutex};

use tokio_util::task::TaskTracker;

use super::TICK;
use crate::config::{Config, Source};
use crate::pipeline::{Line, Recheck, record};

/// Starts a round of every source that is due, as many at once as configured.
pub(super) async fn crawl(config: Arc<Config>, line: Line, tasks: TaskTracker) {
    let places = Arc::new(tokio::sync::Semaphore::new(config.crawl.concurrency));
    let running = Arc::new(Mutex::new(std::collections::HashSet::new()));
    while !line.stop.is_cancelled() {
        for source in &config.sources {
            if line.stop.is_cancelled() || !is_due(&line, source).await {
                continue;
            }
            if !running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(source.id.clone()) {
                continue;
            }
            let (config, line, source) = (Arc::clone(&config), line.clone(), Arc::clone(source));
            let (places, running) = (Arc::clone(&places), Arc::clone(&running));
            tasks.spawn(async move {
                if let Ok(_place) = places.acquire().await
                    && !line.stop.is_cancelled()
                {
                    let round = line.check(&source, Recheck::Due, &config.crawl).await;
                    record(&source, &round);
                }
                running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&source.id);
            });
        }
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = line.stop.cancelled() => {} }
    }
}

async fn is_due(line: &Line, source: &Source) -> bool {
    match line.store.source(&source.id).await {
        Ok(state) => state.and_then(|s| s.next_due).is_none_or(|due| due <= line.clock.now()),
        Err(error) => {
            tracing::error!(source = %source.id, %error, "unable to read the state of a source");
            false
        }
    }
}
