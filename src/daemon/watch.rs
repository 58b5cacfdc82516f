//! Watches the configuration's file: whichever way it is changed, its settled text comes out. It judges nothing.
//!
//! It looks at the file twice a second rather than asking the system to be told: that sees a rename, a write in place
//! and a swapped link anywhere on the way to the file, on network file systems as well, and costs one `stat`.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A file that was the same twice, so far apart, is taken for written to its end.
const SETTLE: Duration = Duration::from_millis(150);
/// How often that is tried before whoever writes it is taken for slow and waited for.
const TRIES: u32 = 8;

/// What tells one state of a file from another without reading it: where it really is, and what the system notes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    real: PathBuf,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// None where there is no file.
    async fn of(path: &Path) -> Option<Stamp> {
        let real = tokio::fs::canonicalize(path).await.ok()?;
        let meta = tokio::fs::metadata(&real).await.ok()?;
        Some(Stamp {
            real,
            inode: meta.ino(),
            length: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }
}

/// What became of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It says this.
    Text(String),
    /// There is no file, or nothing can be read of it.
    Missing(String),
}

/// Watches one file.
pub(super) struct Watcher {
    path: PathBuf,
    stamp: Option<Stamp>,
    last: Option<Seen>,
    hangup: Option<Signal>,
}

impl Watcher {
    /// `text` is what the file said when it was read at start.
    pub(super) fn new(path: PathBuf, text: String) -> Watcher {
        let hangup = signal(SignalKind::hangup());
        if let Err(error) = &hangup {
            tracing::warn!(%error, "SIGHUP is not heard; edits of the configuration are seen all the same");
        }
        // No stamp yet: the first look compares the text, so an edit made while the daemon started is seen.
        Watcher { path, stamp: None, last: Some(Seen::Text(text)), hangup: hangup.ok() }
    }

    /// The next change; after SIGHUP what there is, changed or not. None once stopped.
    pub(super) async fn next(&mut self, stop: &CancellationToken) -> Option<Seen> {
        let mut told = false;
        loop {
            let stamp = Stamp::of(&self.path).await;
            if (told || stamp.is_none() || stamp != self.stamp)
                && let Some(seen) = self.settled().await
            {
                self.stamp = stamp;
                if std::mem::take(&mut told) || self.last.as_ref() != Some(&seen) {
                    self.last = Some(seen.clone());
                    return Some(seen);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = heard(&mut self.hangup) => told = true,
                () = stop.cancelled() => return None,
            }
        }
    }

    /// The text once it stands still. None while somebody is still writing.
    async fn settled(&self) -> Option<Seen> {
        let mut before = self.read().await;
        for _ in 0..TRIES {
            tokio::time::sleep(SETTLE).await;
            let after = self.read().await;
            // A file that is empty or gone is more likely on its way than meant: it gets all the tries there are.
            if after == before && matches!(&after, Seen::Text(text) if !text.trim().is_empty()) {
                return Some(after);
            }
            before = after;
        }
        let last = self.read().await;
        (last == before).then_some(last)
    }

    async fn read(&self) -> Seen {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => Seen::Text(text),
            Err(why) => Seen::Missing(why.to_string()),
        }
    }
}

async fn heard(hangup: &mut Option<Signal>) {
    match hangup {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
