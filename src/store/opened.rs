//! What opening a store took, and what was lost with it: said in words, and kept in the folder for whoever asks later.
//! It decides nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What opening a store had to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "opened", rename_all = "snake_case")]
pub enum Opened {
    /// Nothing out of the ordinary.
    Whole,
    /// Its snapshots were of no use; the log gave everything.
    WithoutSnapshots,
    /// It opens, and its log ends too early: no export holds more.
    CutOff {
        /// The last change that it holds.
        seq: u64,
        /// How many changes it held after that one, as far as is known.
        lost: u64,
        /// What else is wrong with it.
        damage: Option<String>,
        /// Where the broken store lies, if there was more to it than an early end.
        aside: Option<PathBuf>,
    },
    /// It could not be read, or held less: the newest export was taken over.
    Restored {
        /// The export.
        from: PathBuf,
        /// The last change that it holds; what came after is lost.
        seq: u64,
        /// How many changes came after it, as far as is known.
        lost: u64,
        /// Where the broken store lies.
        aside: PathBuf,
    },
    /// It could not be read, and there is no export.
    Empty {
        /// Where the broken store lies.
        aside: PathBuf,
        /// How many changes it held, as far as is known.
        lost: u64,
    },
}

impl Opened {
    /// How many changes are lost.
    pub fn lost(&self) -> u64 {
        match self {
            Opened::Whole | Opened::WithoutSnapshots => 0,
            Opened::CutOff { lost, .. } | Opened::Restored { lost, .. } | Opened::Empty { lost, .. } => *lost,
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Opened::Whole => write!(f, "the store opened whole"),
            Opened::WithoutSnapshots => {
                write!(f, "the store's snapshots were of no use and were removed; its log gave everything")
            }
            Opened::CutOff { seq, lost, damage, aside } => {
                write!(f, "the store was damaged and no export holds more: {lost} changes after {seq} are lost")?;
                if let Some(damage) = damage {
                    write!(f, "; {damage}")?;
                }
                aside.as_ref().map_or(Ok(()), |aside| write!(f, "; it was copied to {}", aside.display()))
            }
            Opened::Restored { from, seq, lost, aside } => write!(
                f,
                "the store was damaged and was restored from {}: {lost} changes after {seq} are lost; the damaged one is {}",
                from.display(),
                aside.display()
            ),
            Opened::Empty { aside, lost } => write!(
                f,
                "the store could not be read and there is no export: it began EMPTY, {lost} changes are lost; the damaged one is {}",
                aside.display()
            ),
        }
    }
}

const NAME: &str = "opening.json";

/// Keeps an outcome that somebody must hear of.
pub(super) fn keep(folder: &Path, opened: &Opened) {
    let text = serde_json::to_string(opened).unwrap_or_default();
    if let Err(error) = std::fs::write(folder.join(NAME), text) {
        tracing::warn!(%error, "unable to keep how the store was opened");
    }
}

/// Keeps it with a copy of the store, too: the same file under a second name, so that its time stays.
pub(super) fn carry(from: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(from.join(NAME), to.join(NAME)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// The last outcome that was kept, and when that was: the file's own time.
pub(super) fn kept(folder: &Path) -> Option<(Opened, Timestamp)> {
    let path = folder.join(NAME);
    let opened = serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()?;
    let at = Timestamp::try_from(path.metadata().and_then(|m| m.modified()).ok()?).ok()?;
    Some((opened, at))
}
