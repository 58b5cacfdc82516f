//! Copies of a store that did not open whole, kept beside it as `.broken-N`: whole or not at all. The newest two are kept;
//! an older one goes once the store opens whole again without its help.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::compact::bytes_of;
use super::floor::Bytes;
use super::swap;

/// How many are kept.
const KEPT: usize = 2;

/// The copies of a store, the oldest first, with their numbers.
fn numbered(folder: &Path) -> Vec<(u32, PathBuf)> {
    let start = swap::beside(folder, "broken-").file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = folder.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let mut copies: Vec<(u32, PathBuf)> = beside
        .filter_map(|entry| {
            let number = entry.file_name().to_string_lossy().strip_prefix(&start)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    copies.sort();
    copies
}

/// The copies of a store, the oldest first.
pub(super) fn copies(folder: &Path) -> Vec<PathBuf> {
    numbered(folder).into_iter().map(|(_, path)| path).collect()
}

/// Where the next copy goes: a later one has a higher number, whatever was removed.
pub(super) fn next(folder: &Path) -> PathBuf {
    let last = numbered(folder).last().map_or(0, |(number, _)| *number);
    swap::beside(folder, &format!("broken-{}", last.saturating_add(1)))
}

/// Copies the folder beside itself, and gives where. `free` asks how much room there is.
pub(super) fn keep(folder: &Path, free: impl Fn(&Path) -> io::Result<u64>) -> Result<PathBuf, StoreError> {
    let parent = folder.parent().unwrap_or(folder);
    let no = |why: String| StoreError::Open {
        folder: folder.display().to_string(),
        why: format!("it is damaged, and unable to keep a copy of it first: {why}; it stays as it is"),
    };
    let no_room = |free: u64, needed: u64| {
        let (parent, free, needed) = (parent.display(), Bytes(free), Bytes(needed));
        no(format!(
            "no space left in {parent}: {free} are free, and it takes {needed}; make room there and start again"
        ))
    };
    let needed = bytes_of(folder).map_err(|e| no(e.to_string()))?;
    let room = free(parent).map_err(|e| no(e.to_string()))?;
    if room < needed {
        return Err(no_room(room, needed));
    }
    let target = next(folder);
    copy(folder, &target).map_err(|error| {
        // Half a copy is none, and takes room.
        fs::remove_dir_all(&target).ok();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => no_room(free(parent).unwrap_or(0), needed),
            _ => no(error.to_string()),
        }
    })?;
    Ok(target)
}

fn copy(folder: &Path, target: &Path) -> io::Result<()> {
    let mut folders = vec![(folder.to_owned(), target.to_owned())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            if from.is_dir() {
                folders.push((from, to));
            } else if from.is_file() {
                fs::copy(&from, &to)?;
            }
        }
    }
    Ok(())
}

/// Puts a copy in the place of what was tried on since it was made.
pub(super) fn put_back(folder: &Path, copy: &Path) -> io::Result<()> {
    let old = swap::beside(folder, swap::OLD);
    fs::rename(folder, &old)?;
    fs::rename(copy, folder)?;
    fs::remove_dir_all(&old)
}

/// Removes all but the newest copies of a store that just opened whole.
pub(super) fn prune(folder: &Path) {
    let copies = copies(folder);
    for old in &copies[..copies.len().saturating_sub(KEPT)] {
        match fs::remove_dir_all(old) {
            Ok(()) => {
                tracing::warn!(copy = %old.display(), "removed: the store opened whole, and two newer copies are kept")
            }
            Err(error) => tracing::warn!(copy = %old.display(), %error, "unable to remove an old copy of the store"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn without_room_nothing_is_copied_and_that_is_said() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        fs::create_dir_all(data.join("blobs")).unwrap();
        fs::write(data.join("db"), vec![7; 3 << 20]).unwrap();
        let error = keep(&data, |_| Ok(1 << 20)).unwrap_err().to_string();
        for said in ["unable to keep a copy", "no space left in", "1 MiB are free", "takes 3 MiB", "start again"] {
            assert!(error.contains(said), "{said}: {error}");
        }
        assert_eq!(copies(&data), Vec::<PathBuf>::new());
        let copy = keep(&data, |_| Ok(u64::MAX)).unwrap();
        assert_eq!(fs::read(copy.join("db")).unwrap(), vec![7; 3 << 20]);
        fs::write(data.join("db"), b"tried").unwrap();
        put_back(&data, &copy).unwrap();
        assert_eq!(fs::read(data.join("db")).unwrap(), vec![7; 3 << 20]);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_newest_two_are_kept_and_numbers_go_up() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        for number in [1, 2, 9, 10] {
            fs::create_dir_all(swap::beside(&data, &format!("broken-{number}"))).unwrap();
        }
        fs::create_dir_all(swap::beside(&data, "broken-by-hand")).unwrap();
        prune(&data);
        assert_eq!(copies(&data), [9, 10].map(|n| swap::beside(&data, &format!("broken-{n}"))));
        assert_eq!(next(&data), swap::beside(&data, "broken-11"));
        assert!(swap::beside(&data, "broken-by-hand").exists());
    }
}
