//! The engine's files never shrink: a store whose files are far larger than what it holds is copied to fresh ones at its
//! opening, and these take its place. The log and its epoch stay as they are. Whatever goes wrong, the store as it was is
//! used; a kill at any step leaves one whole store (see [`super::swap`]).

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::floor::{Bytes, free_bytes};
use super::open::{attempt, engine};
use super::sled::{Content, Watch};
use super::{Sled, StoreError, opened, swap};

/// When a store is copied to fresh files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Files of fewer bytes are left alone.
    pub least: u64,
    /// Files of so many times the bytes that the store holds are too large.
    pub times: u64,
}

impl Default for Compaction {
    fn default() -> Compaction {
        Compaction { least: 64 << 20, times: 3 }
    }
}

/// A copy must be worth its while: files that doubled since the last one. What is small stays large in proportion.
const GROWN: u64 = 2;
/// Free bytes that a copy needs, for each byte that it holds.
const ROOM: u64 = 3;

/// The store in fresh files where that is due, else as it is. `live` is what it holds, in bytes.
pub(super) fn if_due(folder: &Path, store: Sled, live: u64, when: Compaction) -> Result<Sled, StoreError> {
    let size = match bytes_of(folder) {
        Ok(size) => size,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "unable to learn how large the store's files are");
            return Ok(store);
        }
    };
    let asked = store.is_compaction_asked()?;
    let grown = size > store.compacted_to()?.saturating_mul(GROWN);
    if !(asked || size > when.least && size > live.saturating_mul(when.times) && grown) {
        return Ok(store);
    }
    let (before, live_bytes) = (Bytes(size), Bytes(live));
    tracing::info!(folder = %folder.display(), %before, live = %live_bytes, "the store is copied to fresh files");
    if let Err(why) = copy(folder, &store, live) {
        fs::remove_dir_all(swap::beside(folder, swap::BUILDING)).ok();
        tracing::warn!(folder = %folder.display(), %why, "unable to copy the store to fresh files: it goes on with the old ones");
        return Ok(store);
    }
    let (lock, building) = (store.lock(), swap::beside(folder, swap::BUILDING));
    drop(store);
    let old = swap::beside(folder, swap::OLD);
    let fresh = match swap::take(&building).and_then(|fresh| swap::replace(folder, &old).map(|()| fresh)) {
        Ok(fresh) => Arc::new(fresh),
        Err(error) if folder.exists() => {
            tracing::warn!(folder = %folder.display(), %error, "unable to put the store's fresh files in place: it goes on with the old ones");
            lock
        }
        Err(error) => return Err(StoreError::Open { folder: folder.display().to_string(), why: error.to_string() }),
    };
    let found = attempt(folder, &fresh, &mut None)?;
    let store = found.map(|found| found.store).ok_or_else(|| StoreError::Open {
        folder: folder.display().to_string(),
        why: format!("its fresh files do not open; the old ones are {}", old.display()),
    })?;
    if old.exists() {
        fs::remove_dir_all(&old).map_err(|error| StoreError::Open {
            folder: folder.display().to_string(),
            why: format!("unable to remove its old files, {}: {error}", old.display()),
        })?;
    }
    let after = bytes_of(folder).unwrap_or(0);
    store.note_compacted(after)?;
    tracing::info!(folder = %folder.display(), %before, after = %Bytes(after), "the store was copied to fresh files");
    Ok(store)
}

/// Copies all of a store into `.depeche-building`, reads it there, and closes it.
fn copy(folder: &Path, store: &Sled, live: u64) -> Result<(), String> {
    if folder.is_symlink() {
        return Err("it is a symbolic link, and cannot be replaced".to_owned());
    }
    let free = free_bytes(folder).map_err(|error| error.to_string())?;
    if free < live.saturating_mul(ROOM) {
        return Err(format!("{} are free, and it may take {}", Bytes(free), Bytes(live.saturating_mul(ROOM))));
    }
    let (building, lock) = swap::build(folder).map_err(|error| error.to_string())?;
    let lock = Arc::new(lock);
    // The engine panics on some failures to write.
    let copied = catch_unwind(AssertUnwindSafe(|| {
        let db = engine(&building).open()?;
        let watch = Watch::over(db.clone(), Arc::clone(&lock)).map_err(|why| StoreError::Engine(why.to_string()))?;
        // Dropped before the watch, which closes the engine.
        let (_watch, db) = (watch, db);
        store.copy_into(&db)
    }));
    let wanted: Content = copied.map_err(|_| "the engine panicked".to_owned())?.map_err(|error| error.to_string())?;
    let found = attempt(&building, &lock, &mut None).map_err(|error| error.to_string())?;
    let found = found.ok_or("the copy does not open")?;
    let read = found.store.content().map_err(|error| error.to_string())?;
    if let Some(damage) = found.walk.damage {
        return Err(format!("the copy is damaged: {damage}"));
    }
    if read != wanted || found.store.head().ok() != store.head().ok() {
        return Err("the copy holds something else".to_owned());
    }
    found.store.note_reached().map_err(|error| error.to_string())?;
    opened::carry(folder, &building).map_err(|error| error.to_string())
}

/// What the files of a folder take on the disk.
pub(super) fn bytes_of(folder: &Path) -> io::Result<u64> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.metadata()? {
                file if file.is_dir() => folders.push(entry.path()),
                file => bytes += file.blocks() * 512,
            }
        }
    }
    Ok(bytes)
}
