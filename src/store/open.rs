//! Opening sled by a ladder: torn snapshots first removed, a corrupt store copied aside and tried without its snapshots.
//! Then the newest export; only then an empty store, loudly. It never deletes what it could not copy.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::{Sled, StoreError};

/// Half of what the process may use at 100,000 articles goes elsewhere.
const CACHE: u64 = 64 << 20;

/// What opening a store had to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing out of the ordinary.
    Whole,
    /// Its snapshots were of no use; the log gave everything.
    WithoutSnapshots,
    /// It could not be read: the newest export was taken over.
    Restored {
        /// The export.
        from: PathBuf,
        /// The last change that it holds; what came after is lost.
        seq: u64,
        /// Where the broken store lies.
        aside: PathBuf,
    },
    /// It could not be read, and there is no export.
    Empty {
        /// Where the broken store lies.
        aside: PathBuf,
    },
}

pub(super) fn open(folder: &Path) -> Result<(Sled, Opened), StoreError> {
    let wrong = |why: String| StoreError::Open { folder: folder.display().to_string(), why };
    let held = || StoreError::Held { folder: folder.display().to_string(), holder: holder(folder) };
    fs::create_dir_all(folder).map_err(|e| wrong(e.to_string()))?;
    remove(folder, |name| name.starts_with("snap.") && name.ends_with(".generating"))?;
    let first = match attempt(folder) {
        Ok(store) => return Ok((store, Opened::Whole)),
        Err(Failure::Held) => return Err(held()),
        Err(Failure::Broken(why)) => why,
    };
    tracing::error!(folder = %folder.display(), why = %first, "the store does not open; it is copied aside and tried without its snapshots");
    let aside = aside(folder)?;
    remove(folder, |name| name.starts_with("snap."))?;
    match attempt(folder) {
        Ok(store) => return Ok((store, Opened::WithoutSnapshots)),
        Err(Failure::Held) => return Err(held()),
        Err(Failure::Broken(why)) => {
            tracing::error!(folder = %folder.display(), %why, aside = %aside.display(), "the store does not open without its snapshots either");
        }
    }
    // What is here was copied whole, so the folder may be emptied.
    remove(folder, |_| true)?;
    for export in exports(folder) {
        let store = match attempt(folder) {
            Ok(store) => store,
            Err(Failure::Held) => return Err(held()),
            Err(Failure::Broken(why)) => return Err(wrong(format!("{why}, in an empty folder"))),
        };
        match store.import(&export) {
            Ok(report) => {
                tracing::error!(export = %export.display(), seq = report.seq, aside = %aside.display(), "the store was restored from its newest export; every later change is lost");
                return Ok((store, Opened::Restored { from: export, seq: report.seq, aside }));
            }
            Err(error) => {
                tracing::error!(%error, "this export is of no use; an older one is tried");
                drop(store);
                remove(folder, |_| true)?;
            }
        }
    }
    match attempt(folder) {
        Ok(store) => {
            tracing::error!(aside = %aside.display(), "there is no export to restore: the store begins EMPTY; the broken one is kept aside");
            Ok((store, Opened::Empty { aside }))
        }
        Err(Failure::Held) => Err(held()),
        Err(Failure::Broken(why)) => Err(wrong(format!("{why}, in an empty folder"))),
    }
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

enum Failure {
    Held,
    Broken(String),
}

/// sled panics on some torn files, so a panic counts as a failure to open. A store whose last change cannot be read is
/// no open one either: a cut-off log opens, and has forgotten.
fn attempt(folder: &Path) -> Result<Sled, Failure> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE).mode(sled::Mode::HighThroughput);
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let db = config.open()?;
        Sled::new(db, folder).map_err(|error| sled::Error::Unsupported(error.to_string()))
    }));
    match opened {
        Ok(Ok(store)) => Ok(store),
        Ok(Err(sled::Error::Io(why)))
            if why.to_string().contains("lock") || why.kind() == std::io::ErrorKind::WouldBlock =>
        {
            Err(Failure::Held)
        }
        Ok(Err(why)) => Err(Failure::Broken(why.to_string())),
        Err(_) => Err(Failure::Broken("the engine panicked on its files".to_owned())),
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

/// Copies the folder beside itself, under the first free name.
fn aside(folder: &Path) -> Result<PathBuf, StoreError> {
    let wrong = |why: std::io::Error| StoreError::Open {
        folder: folder.display().to_string(),
        why: format!("it is corrupt and cannot be copied aside: {why}"),
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let target = (1u32..)
        .map(|n| folder.with_file_name(format!("{name}.broken-{n}")))
        .find(|path| !path.exists())
        .unwrap_or_default();
    let mut folders = vec![(folder.to_owned(), target.clone())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to).map_err(wrong)?;
        for entry in fs::read_dir(&from).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            if from.is_dir() {
                folders.push((from, to));
            } else if from.is_file() {
                fs::copy(&from, &to).map_err(wrong)?;
            }
        }
    }
    Ok(target)
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
