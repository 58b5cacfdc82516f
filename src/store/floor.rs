//! How much room the disk below a store must keep. Under that floor the store takes nothing in until there is room again:
//! a disk that is full to the last byte may cost more than a few articles. It never frees room itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::StoreError;

/// Asks how many bytes are free for us where a folder lies.
type Free = dyn Fn(&Path) -> io::Result<u64> + Send + Sync;

/// The least that must stay free where a store lies.
#[derive(Clone)]
pub struct Floor {
    folder: PathBuf,
    least: u64,
    free: Arc<Free>,
    /// What was found last: once it was too little, a tenth more than the floor is asked for, or it would come and go.
    is_low: Arc<AtomicBool>,
}

/// What room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that are free; unknown where the system does not say.
    pub free: Option<u64>,
    /// Bytes that must be.
    pub floor: u64,
    /// True while the store takes nothing in.
    pub read_only: bool,
}

impl Floor {
    /// A floor under a folder, on the real disk. Zero is none.
    pub fn new(folder: &Path, least: u64) -> Floor {
        Floor::of(folder, least, free_bytes)
    }

    /// The same, where something else says how much is free.
    pub fn of(folder: &Path, least: u64, free: impl Fn(&Path) -> io::Result<u64> + Send + Sync + 'static) -> Floor {
        Floor { folder: folder.to_owned(), least, free: Arc::new(free), is_low: Arc::default() }
    }

    pub(super) fn space(&self) -> Space {
        let free = match (self.free)(&self.folder) {
            Ok(free) => free,
            Err(error) => {
                tracing::warn!(folder = %self.folder.display(), %error, "unable to learn how much room the disk has");
                return Space { free: None, floor: self.least, read_only: false };
            }
        };
        let was_low = self.is_low.load(Ordering::Acquire);
        let least = if was_low { self.least.saturating_add(self.least / 10) } else { self.least };
        let read_only = free < least;
        if self.is_low.swap(read_only, Ordering::AcqRel) != read_only {
            let (folder, free, floor) = (self.folder.display(), Bytes(free), Bytes(self.least));
            if read_only {
                tracing::error!(%folder, %free, %floor, "the disk is nearly full: nothing is crawled or stored until there is room again");
            } else {
                tracing::info!(%folder, %free, %floor, "the disk has room again: crawling goes on");
            }
        }
        Space { free: Some(free), floor: self.least, read_only }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.space() {
            Space { read_only: true, free: Some(free), .. } => Err(StoreError::Full {
                folder: self.folder.display().to_string(),
                free: Bytes(free),
                floor: Bytes(self.least),
            }),
            _ => Ok(()),
        }
    }
}

/// What is free for us where a folder lies.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A number of bytes as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes < 1 << 20 => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{} MiB", bytes >> 20),
        }
    }
}
