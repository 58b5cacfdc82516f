//! How far the log was, in a small file that is none of the engine's: a log that was cut off opens, and has forgotten.
//! It is written after the flush and before the acknowledgement, so it never says more than was on disk.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::Head;

const NAME: &str = "head";
/// A lost power supply may take this many changes from the file's knowledge; the end of a process takes none.
const SYNCED_EVERY: u64 = 64;

/// The file, open.
pub(super) struct Reached {
    file: Option<File>,
    failed: AtomicBool,
}

/// What the file of a folder says; nothing where it is missing or damaged.
pub(super) fn read(folder: &Path) -> Option<Head> {
    let text = std::fs::read_to_string(folder.join(NAME)).ok()?;
    let (told, sum) = text.trim_end().rsplit_once(' ')?;
    if sum != format!("{:016x}", xxh3_64(told.as_bytes())) {
        tracing::warn!(file = %folder.join(NAME).display(), "damaged: it cannot tell how far the log was");
        return None;
    }
    let (epoch, seq) = told.split_once(' ')?;
    Some(Head { epoch: Uuid::parse_str(epoch).ok()?, seq: seq.parse().ok()? })
}

impl Reached {
    pub(super) fn in_folder(folder: &Path) -> Reached {
        let path = folder.join(NAME);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.inspect_err(|error| tracing::warn!(file = %path.display(), %error, "unable to note how far the log is: a log that is cut off may go unnoticed"));
        Reached { file: file.ok(), failed: AtomicBool::new(false) }
    }

    /// Notes it. All lines have one length, so that a new one covers the old one whole.
    pub(super) fn note(&self, head: Head) {
        let Some(file) = &self.file else { return };
        let told = format!("{} {:020}", head.epoch, head.seq);
        let line = format!("{told} {:016x}\n", xxh3_64(told.as_bytes()));
        if let Err(error) = file.write_all_at(line.as_bytes(), 0)
            && !self.failed.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(%error, "unable to note how far the log is: a log that is cut off may go unnoticed");
        }
        if head.seq.is_multiple_of(SYNCED_EVERY) {
            self.sync();
        }
    }

    pub(super) fn sync(&self) {
        if let Some(Err(error)) = self.file.as_ref().map(File::sync_data) {
            tracing::warn!(%error, "unable to bring to disk how far the log is");
        }
    }
}
