//! The crawl loop: which source is due, as many at once as configured. It knows nothing of a round but how to start it.
//! A round keeps the settings that it began with; the next one has those in force by then.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::TICK;
use crate::article::SourceId;
use crate::config::{Live, Source};
use crate::pipeline::{Line, Recheck, record};

/// How often the archive is looked at for what is too old.
const TIDY: Duration = Duration::from_secs(3600);

/// Starts a round of every source that is due, as many at once as configured.
pub(super) async fn crawl(live: Live, line: Line, tasks: TaskTracker) {
    let mut known = live.get().config.clone();
    let mut size = known.crawl.concurrency;
    let places = Arc::new(Semaphore::new(size));
    let running: Arc<Mutex<HashSet<SourceId>>> = Arc::default();
    // Sources that an edit brought or changed: they do not wait for their next turn.
    let mut fresh: HashSet<SourceId> = HashSet::new();
    while !line.stop.is_cancelled() {
        let now = live.get();
        if !Arc::ptr_eq(&known, &now.config) {
            fresh.extend(now.config.fresh(&known).cloned());
            known = Arc::clone(&now.config);
            size = resize(&places, size, known.crawl.concurrency);
        }
        // On a full disk no site is asked for anything; the store says so, once.
        let has_room = line.store.room().is_ok();
        for source in &known.sources {
            if !has_room || line.stop.is_cancelled() || !(fresh.contains(&source.id) || is_due(&line, source).await) {
                continue;
            }
            if !running.lock().unwrap_or_else(PoisonError::into_inner).insert(source.id.clone()) {
                continue;
            }
            fresh.remove(&source.id);
            let (live, line, id) = (live.clone(), line.clone(), source.id.clone());
            let (places, running) = (Arc::clone(&places), Arc::clone(&running));
            tasks.spawn(async move {
                if let Ok(_place) = places.acquire().await
                    && !line.stop.is_cancelled()
                {
                    round(&live, line, &id).await;
                }
                running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            });
        }
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = line.stop.cancelled() => {} }
    }
}

/// One round under the settings in force now: while a source waited for its place, an edit may have changed or removed it.
async fn round(live: &Live, line: Line, id: &SourceId) {
    let now = live.get();
    let Some(source) = now.config.source(id.as_str()) else { return };
    let line = Line { enricher: Arc::clone(&now.enricher), ..line };
    let round = line.check(source, Recheck::Due, &now.config.crawl).await;
    record(source, &round);
}

/// More places at once, or fewer as rounds end.
fn resize(places: &Arc<Semaphore>, from: usize, to: usize) -> usize {
    if to > from {
        places.add_permits(to - from);
    } else if to < from {
        let (places, fewer) = (Arc::clone(places), (from - to) as u32);
        tokio::spawn(async move {
            if let Ok(taken) = places.acquire_many(fewer).await {
                taken.forget();
            }
        });
    }
    to
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
