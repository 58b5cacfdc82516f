//! Opening sled by a ladder: torn snapshots first removed, a corrupt store copied aside and tried without its snapshots.
//! It never deletes what it could not copy, and never starts empty over a store that fails to open.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::{Sled, StoreError};

/// Half of what the process may use at 100,000 articles goes elsewhere.
const CACHE: u64 = 64 << 20;

pub(super) fn open(folder: &Path) -> Result<Sled, StoreError> {
    let wrong = |why: String| StoreError::Open { folder: folder.display().to_string(), why };
    fs::create_dir_all(folder).map_err(|e| wrong(e.to_string()))?;
    remove(folder, |name| name.starts_with("snap.") && name.ends_with(".generating"))?;
    let first = match attempt(folder) {
        Ok(db) => return Sled::new(db, folder),
        Err(Failure::Held) => {
            return Err(StoreError::Held { folder: folder.display().to_string(), holder: holder(folder) });
        }
        Err(Failure::Broken(why)) => why,
    };
    tracing::error!(folder = %folder.display(), why = %first, "the store does not open; it is copied aside and tried without its snapshots");
    let aside = aside(folder)?;
    remove(folder, |name| name.starts_with("snap."))?;
    match attempt(folder) {
        Ok(db) => Sled::new(db, folder),
        Err(Failure::Held) => Err(StoreError::Held { folder: folder.display().to_string(), holder: holder(folder) }),
        Err(Failure::Broken(why)) => Err(wrong(format!(
            "{why}; a copy as it was found is in {}; restore a backup of the folder, or move it away to start anew",
            aside.display()
        ))),
    }
}

enum Failure {
    Held,
    Broken(String),
}

/// sled panics on some torn files, so a panic counts as a failure to open.
fn attempt(folder: &Path) -> Result<sled::Db, Failure> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE).mode(sled::Mode::HighThroughput);
    let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
    match opened {
        Ok(Ok(db)) => Ok(db),
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
            tracing::warn!(file = %entry.path().display(), "a snapshot is removed; the log holds all of it");
            fs::remove_file(entry.path()).map_err(wrong)?;
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
            } else {
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
