//! Opening sled by a ladder: torn snapshots first removed, a corrupt store copied aside and tried without its snapshots.
//! Then whichever holds more of the log: what opens, or the newest export; only then an empty store, loudly.
//! What is lost is told, and readers' cursors are reset. It never deletes what it could not copy.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::unwritable;
use super::floor::free_bytes;
use super::sled::Walk;
use super::{Compaction, Head, Opened, Sled, StoreError, aside, compact, export, opened, reached, swap};

/// By the engine's own count; what it holds is about twice that.
const CACHE: u64 = 32 << 20;

/// Opens the store in a folder, whatever that takes.
pub(super) fn open(folder: &Path, when: Compaction) -> Result<(Sled, Opened), StoreError> {
    climb(folder, true, when)
}

/// The same, where exports beside a folder without a store are not looked at.
pub(super) fn open_for_import(folder: &Path) -> Result<(Sled, Opened), StoreError> {
    climb(folder, false, Compaction::default())
}

/// Where the system lets nothing be written, nothing is given up: neither a copy nor an export nor an empty store would be
/// of use, and with room it may open whole.
fn climb(folder: &Path, restore: bool, when: Compaction) -> Result<(Sled, Opened), StoreError> {
    let folder = &std::path::absolute(folder).map_err(|e| wrong(folder, e))?;
    let mut copied = None;
    let done = rungs(folder, restore, when, &mut copied);
    let Err(StoreError::Failed(why)) = done else { return done };
    // What was copied before anything was tried on it goes back, or each start would copy it once more.
    if let Some(copy) = copied {
        aside::put_back(folder, &copy)
            .map_err(|e| wrong(folder, format!("{why}; it was copied to {}: {e}", copy.display())))?;
    }
    Err(wrong(folder, format!("{why}; make room there, or mend it, and start again: the store stays as it is")))
}

fn rungs(
    folder: &Path,
    restore: bool,
    when: Compaction,
    copied: &mut Option<PathBuf>,
) -> Result<(Sled, Opened), StoreError> {
    let lock = swap::settle(folder).map_err(|e| stuck(folder, e))?.ok_or_else(|| held(folder))?;
    let lock = Arc::new(lock);
    remove(folder, |name| name.starts_with("snap.") && name.ends_with(".generating"))?;
    let noted = reached::read(folder);
    let exports = if restore || noted.is_some() || folder.join("db").exists() { exports(folder) } else { Vec::new() };

    let mut how = Opened::Whole;
    let mut copy = None;
    let mut found = attempt(folder, &lock, &mut copy)?;
    if found.as_ref().is_none_or(|found| found.walk.damage.is_some()) {
        // Where the engine read all it has, and that is as far as the log ever was, no snapshot stands in the way; and sled
        // may wait for ever when a store that was whole to it is read again without them.
        let behind = found.as_ref().is_none_or(|f| noted.is_some_and(|head| f.head.seq < head.seq));
        drop(found);
        let kept = aside::keep(folder, free_bytes)?;
        *copied = Some(kept.clone());
        tracing::error!(folder = %folder.display(), why = copy.take().unwrap_or_default(), aside = %kept.display(), "the store does not open whole; it is copied aside and tried again");
        if behind {
            found = without_snapshots(folder, &lock)?;
            how = Opened::WithoutSnapshots;
        } else {
            found = attempt(folder, &lock, &mut None)?;
        }
        copy = Some(kept.display().to_string());
    }
    let aside = copy.map(PathBuf::from);
    let seq = found.as_ref().map_or(0, |found| found.head.seq);
    let epoch = found.as_ref().map(|found| found.head.epoch);
    // An export of this very log, or of any where the log is empty, is a witness too.
    let witness = |head: &Head| seq == 0 || Some(head.epoch) == epoch;
    let seen = exports.iter().filter_map(|path| export::peek(path)).filter(witness).map(|head| head.seq);
    let known = seen.chain(noted.map(|head| head.seq)).max().unwrap_or(0);

    let damage = found.as_ref().and_then(|found| found.walk.damage.clone());
    if let Some(found) = found {
        if damage.is_none() && seq >= known {
            // The log gave everything, so the copy is of no more use.
            if let Some(aside) = aside {
                *copied = None;
                fs::remove_dir_all(aside).map_err(|e| wrong(folder, e))?;
            }
            let store = compact::if_due(folder, found.store, found.walk.live, when)?;
            return finish(folder, store, how);
        }
        let better = |path: &&PathBuf| damage.is_some() || export::peek(path).is_some_and(|head| head.seq > seq);
        let exports: Vec<&PathBuf> = exports.iter().filter(better).collect();
        if exports.iter().all(|path| export::check(path).is_err()) {
            let store = found.store;
            store.renew()?;
            if damage.is_some() {
                // Else the next opening would find the same, and copy the store aside again.
                store.mend_log(&[])?.iter().for_each(|done| tracing::error!("{done}"));
            }
            return finish(folder, store, Opened::CutOff { seq, lost: known.saturating_sub(seq), damage, aside });
        }
        drop(found.store);
        return rebuild(folder, &exports, known, aside);
    }
    rebuild(folder, &exports.iter().collect::<Vec<_>>(), known, aside)
}

/// Tries without the newest snapshot, then without the one before, at last without any and without the engine's own
/// settings: an older snapshot that is whole spares the engine the reading of its whole log, in which a kill can do harm.
fn without_snapshots(folder: &Path, lock: &Arc<File>) -> Result<Option<Found>, StoreError> {
    loop {
        let entries = fs::read_dir(folder).map_err(|e| wrong(folder, e))?.flatten();
        let newest = entries.filter_map(|e| e.file_name().into_string().ok()).filter(|n| n.starts_with("snap.")).max();
        remove(folder, |name| newest.as_deref().unwrap_or("conf") == name)?;
        let found = attempt(folder, lock, &mut None)?;
        if newest.is_none() || found.as_ref().is_some_and(|found| found.walk.damage.is_none()) {
            return Ok(found);
        }
    }
}

/// Says what opening took, keeps it, and notes where the log stands now.
fn finish(folder: &Path, store: Sled, how: Opened) -> Result<(Sled, Opened), StoreError> {
    if how == Opened::Whole {
        aside::prune(folder);
    } else {
        tracing::error!(folder = %folder.display(), lost = how.lost(), "{how}");
        opened::keep(folder, &how);
    }
    store.level_headings()?;
    store.note_reached()?;
    Ok((store, how))
}

/// A new store from the first export that is whole, or an empty one, put in the place of the broken one.
fn rebuild(
    folder: &Path,
    exports: &[&PathBuf],
    known: u64,
    copy: Option<PathBuf>,
) -> Result<(Sled, Opened), StoreError> {
    let (building, lock) = swap::build(folder).map_err(|e| stuck(folder, e))?;
    let lock = Arc::new(lock);
    let mut from = None;
    {
        let found = attempt(&building, &lock, &mut None)?;
        let store = found.ok_or_else(|| wrong(folder, "the engine does not open an empty folder"))?.store;
        for path in exports {
            match store.import(path) {
                Ok(report) => {
                    from = Some(((*path).clone(), report.seq));
                    break;
                }
                Err(error @ StoreError::Failed(_)) => return Err(error),
                Err(error) => tracing::error!(%error, "this export is of no use; an older one is tried"),
            }
        }
        store.note_reached()?;
    }
    let (aside, was_copied) = match copy {
        Some(copy) => (copy, true),
        None => (aside::next(folder), false),
    };
    // The copy was made before anything was tried on it, so it is the better one to keep.
    let old = if was_copied { swap::beside(folder, swap::OLD) } else { aside.clone() };
    swap::replace(folder, &old)
        .map_err(|e| wrong(folder, format!("{e}; the folder must be one that can be renamed")))?;
    if was_copied {
        fs::remove_dir_all(&old).map_err(|e| wrong(folder, e))?;
    }
    let found = attempt(folder, &lock, &mut None)?;
    let store = found.ok_or_else(|| wrong(folder, "the store that was just built does not open"))?.store;
    let how = match from {
        Some((from, seq)) => Opened::Restored { from, seq, lost: known.saturating_sub(seq), aside },
        None => Opened::Empty { aside, lost: known },
    };
    finish(folder, store, how)
}

fn wrong(folder: &Path, why: impl ToString) -> StoreError {
    StoreError::Open { folder: folder.display().to_string(), why: why.to_string() }
}

/// The same, told apart from a system that lets nothing be written.
fn stuck(folder: &Path, error: io::Error) -> StoreError {
    unwritable(&error).map_or_else(|| wrong(folder, error), |why| StoreError::Failed(why.to_owned()))
}

fn held(folder: &Path) -> StoreError {
    StoreError::Held { folder: folder.display().to_string(), holder: holder(folder) }
}

/// The exports of a store, the newest first: their names are their moments.
fn exports(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(super::exports_of(folder)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "depeche")).collect();
    found.sort();
    found.reverse();
    found
}

/// A store that opened, and what a walk over it found.
pub(super) struct Found {
    pub(super) store: Sled,
    head: Head,
    pub(super) walk: Walk,
}

/// How the engine is used.
pub(super) fn engine(folder: &Path) -> sled::Config {
    sled::Config::new().path(folder).cache_capacity(CACHE).mode(sled::Mode::HighThroughput)
}

/// Opens and reads all of it. sled panics on some torn files, so a panic counts as a failure to open, which gives nothing
/// and says why. A store that another process holds, that a newer program wrote, or that the system lets nobody write is an
/// error: nothing may touch it.
pub(super) fn attempt(folder: &Path, lock: &Arc<File>, why: &mut Option<String>) -> Result<Option<Found>, StoreError> {
    let config = engine(folder);
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let is_held = |error: &sled::Error| matches!(error, sled::Error::Io(e) if e.to_string().contains("lock") || e.kind() == std::io::ErrorKind::WouldBlock);
        let mut db = config.open();
        // This process has the folder's own lock, so whoever holds the engine's is about to let go of it.
        for _ in 0..swap::TRIES {
            if !db.as_ref().is_err_and(is_held) {
                break;
            }
            std::thread::sleep(swap::PAUSE);
            db = config.open();
        }
        let db = db.map_err(|error| if is_held(&error) { held(folder) } else { StoreError::from(error) })?;
        let store = Sled::new(db, folder, Arc::clone(lock))?;
        let (walk, head) = (store.walk()?, store.head()?);
        Ok::<_, StoreError>(Found { store, head, walk })
    }));
    match opened {
        Ok(Ok(found)) if found.walk.newer => {
            Err(wrong(folder, "a newer version of depeche wrote it; use that version, nothing was changed"))
        }
        Ok(Ok(found)) => {
            why.clone_from(&found.walk.damage);
            Ok(Some(found))
        }
        Ok(Err(error @ (StoreError::Held { .. } | StoreError::Failed(_)))) => Err(error),
        Ok(Err(error)) => {
            *why = Some(error.to_string());
            Ok(None)
        }
        Err(_) => {
            *why = Some("the engine panicked on its files".to_owned());
            Ok(None)
        }
    }
}

fn remove(folder: &Path, which: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    let wrong = |why: std::io::Error| StoreError::Open { folder: folder.display().to_string(), why: why.to_string() };
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().to_str().is_some_and(&which) {
            tracing::warn!(file = %entry.path().display(), "removed: the log or the copy aside holds all of it");
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.map_err(wrong)?;
        }
    }
    Ok(())
}

const HOLDER: &str = "holder.pid";

pub(super) fn sign(folder: &Path) {
    // The file only makes a message better, so failing to write it is no reason to fail.
    if let Err(error) = fs::write(folder.join(HOLDER), std::process::id().to_string()) {
        tracing::debug!(%error, "unable to note who holds the store");
    }
}

fn holder(folder: &Path) -> String {
    fs::read_to_string(folder.join(HOLDER))
        .map_or_else(|_| "another process".to_owned(), |pid| format!("process {}", pid.trim()))
}
