//! What a daemon does for its store unasked: an export as often as configured, of which the newest few are kept.
//! It never blocks readers, and removes nothing but exports that are named by their moment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{Live, Upkeep};
use crate::store::{Store, StoreError, exports_of};

/// How often it looks whether something is due.
const TICK: Duration = Duration::from_secs(60);
/// How long it waits after an export that failed: it would most likely fail again at once.
const RETRY: Duration = Duration::from_secs(600);
/// Names sort as their moments do.
const NAMED: &str = "%Y%m%dT%H%M%SZ";

/// The name of an export that is made now: the newest has the last name.
pub fn export_path(folder: &Path, now: Timestamp) -> PathBuf {
    exports_of(folder).join(format!("{}.depeche", now.strftime(NAMED)))
}

/// Looks after a store until it is told to stop.
pub async fn run(store: Store, folder: PathBuf, live: Live, clock: Clock, stop: CancellationToken) {
    note_last(&folder);
    while !stop.is_cancelled() {
        let done = export_if_due(&store, &folder, &live.get().config.upkeep, clock.now()).await;
        let pause = if done.is_ok() { TICK } else { RETRY };
        tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => {} }
    }
}

/// Exports where the newest export is old enough and the store holds anything, and removes what is one too many.
pub async fn export_if_due(
    store: &Store,
    folder: &Path,
    upkeep: &Upkeep,
    now: Timestamp,
) -> Result<Option<PathBuf>, StoreError> {
    let Some(every) = upkeep.export_every else { return Ok(None) };
    // Only what is longer than any time there is does not fit.
    let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
    // The newest name tells when, also after a restart. One from the future says nothing.
    let is_recent = |at: &Timestamp| *at <= now && now.duration_since(*at) < every;
    if exports(folder).iter().any(|(at, _)| is_recent(at)) {
        return Ok(None);
    }
    let path = export_path(folder, now);
    let done = export(store, &path).await;
    let result = match &done {
        Ok(None) => return Ok(None),
        Ok(Some(_)) => "ok",
        Err(error) => {
            tracing::error!(export = %path.display(), %error, "the store was not exported; it is tried again in {} min", RETRY.as_secs() / 60);
            "failed"
        }
    };
    metrics::counter!("depeche_exports_total", "result" => result).increment(1);
    done?;
    note_last(folder);
    // Only once the new one is whole may an old one go.
    let all = exports(folder);
    for (_, old) in &all[..all.len().saturating_sub(upkeep.keep_exports)] {
        if let Err(error) = std::fs::remove_file(old) {
            tracing::warn!(export = %old.display(), %error, "unable to remove an old export");
        }
    }
    Ok(Some(path))
}

/// Exports a store that holds anything. On a disk that is nearly full an export would take the last of it.
async fn export(store: &Store, path: &Path) -> Result<Option<()>, StoreError> {
    if store.head().await?.seq == 0 {
        return Ok(None);
    }
    store.room()?;
    let report = store.export(path).await?;
    tracing::info!(export = %path.display(), articles = report.articles, bytes = report.bytes, "exported the store");
    Ok(Some(()))
}

/// Says when the newest export was made, as seconds since 1970; zero where there is none.
fn note_last(folder: &Path) {
    let last = exports(folder).last().map_or(0, |(at, _)| at.as_second());
    metrics::gauge!("depeche_export_last_seconds").set(last as f64);
}

/// The exports whose names are moments, the oldest first: others belong to somebody who named them.
fn exports(folder: &Path) -> Vec<(Timestamp, PathBuf)> {
    let entries = std::fs::read_dir(exports_of(folder)).into_iter().flatten().flatten();
    let mut found: Vec<(Timestamp, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let name = path.file_name()?.to_str()?.strip_suffix(".depeche")?;
            let at = TimeZone::UTC.to_timestamp(DateTime::strptime(NAMED, name).ok()?).ok()?;
            Some((at, path))
        })
        .collect();
    found.sort();
    found
}
