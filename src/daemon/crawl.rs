//! The crawl loop: which source is due, as many at once as configured. It knows nothing of a round but how to start it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::TICK;
use crate::config::{Config, Source};
use crate::pipeline::{Line, Recheck, record};

/// How often the archive is looked at for what is too old.
const TIDY: Duration = Duration::from_secs(3600);

/// Starts a round of every source that is due, as many at once as configured.
pub(super) async fn crawl(config: Arc<Config>, line: Line, tasks: TaskTracker) {
    let places = Arc::new(tokio::sync::Semaphore::new(config.crawl.concurrency));
    let running = Arc::new(Mutex::new(std::collections::HashSet::new()));
    while !line.stop.is_cancelled() {
        // On a full disk no site is asked for anything; the store says so, once.
        let has_room = line.store.room().is_ok();
        for source in &config.sources {
            if !has_room || line.stop.is_cancelled() || !is_due(&line, source).await {
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

/// Keeps the archive within its age, also where nothing new comes for long.
pub(super) async fn tidy(line: Line) {
    while !line.stop.is_cancelled() {
        line.archive.tidy(line.clock.now()).await;
        tokio::select! { () = tokio::time::sleep(TIDY) => {}, () = line.stop.cancelled() => {} }
    }
}
