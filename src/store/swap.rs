//! Puts a store that was built beside another in its place, so that a crash at any step leaves one whole store.
//! `.depeche-building` is never whole, `.depeche-fresh` always is, `.depeche-old` is what a fresh one took the place of.
//! The names are ours alone: a person who moves a store out of the way calls it `.old`.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Endings of a folder's neighbours.
pub(super) const BUILDING: &str = "depeche-building";
pub(super) const FRESH: &str = "depeche-fresh";
pub(super) const OLD: &str = "depeche-old";

const LOCK: &str = "lock";
/// A store that was closed a moment ago, or a process that is just being started, holds a lock a little longer.
pub(super) const TRIES: u32 = 40;
pub(super) const PAUSE: Duration = Duration::from_millis(25);

/// A folder's neighbour with something more to its name.
pub(super) fn beside(folder: &Path, more: &str) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!("{name}.{more}"))
}

/// Finishes or undoes a swap that a crash cut short, and takes the folder for this process.
/// Nothing where another process has it.
pub(super) fn settle(folder: &Path) -> io::Result<Option<File>> {
    let (building, fresh, old) = (beside(folder, BUILDING), beside(folder, FRESH), beside(folder, OLD));
    let which = [folder, &fresh, &old].into_iter().find(|path| path.exists()).unwrap_or(folder);
    fs::create_dir_all(which)?;
    let Some(lock) = lock(which)? else { return Ok(None) };
    if which != folder {
        tracing::warn!(from = %which.display(), to = %folder.display(), "a swap of stores was cut short; it is finished");
        fs::rename(which, folder)?;
        sync_parent(folder)?;
    }
    // The folder stands, so none of these is needed any more.
    for rest in [building, fresh, old].iter().filter(|path| path.exists()) {
        fs::remove_dir_all(rest)?;
    }
    Ok(Some(lock))
}

/// A new empty folder to build a store in, taken for this process.
pub(super) fn build(folder: &Path) -> io::Result<(PathBuf, File)> {
    let building = beside(folder, BUILDING);
    if building.exists() {
        fs::remove_dir_all(&building)?;
    }
    fs::create_dir_all(&building)?;
    let lock = take(&building)?;
    Ok((building, lock))
}

/// Takes a folder for this process.
pub(super) fn take(folder: &Path) -> io::Result<File> {
    lock(folder)?.ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock))
}

/// Puts what was built and closed in the folder's place; what was there goes to `aside`.
pub(super) fn replace(folder: &Path, aside: &Path) -> io::Result<()> {
    let (building, fresh) = (beside(folder, BUILDING), beside(folder, FRESH));
    fs::rename(building, &fresh)?;
    sync_parent(folder)?;
    fs::rename(folder, aside)?;
    fs::rename(fresh, folder)?;
    sync_parent(folder)
}

fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

fn sync_parent(folder: &Path) -> io::Result<()> {
    folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
