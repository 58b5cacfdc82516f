//! Removal of an address's records: every file that has one is written anew without it, in one step each.
//! It never leaves a file half written, and never keeps what it cannot read.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;

use serde::{Deserialize, Serialize};

use super::folder::{Folder, disk, lines_of, scan};
use super::record::Record;
use super::{ArchiveError, Notes};

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Records.
    pub records: usize,
    /// Files that were written anew.
    pub files: usize,
}

impl Folder {
    pub(super) fn erase(&mut self, urls: &[String]) -> Result<Erased, ArchiveError> {
        let urls: BTreeSet<&str> = urls.iter().map(String::as_str).collect();
        let mut erased = Erased::default();
        for known in self.each() {
            let path = &known.path;
            let bytes = fs::read(path).map_err(disk("read", path))?;
            let mut kept: Vec<(usize, usize)> = Vec::new();
            let mut removed = 0;
            scan(&bytes, 0, |offset, length, record| {
                let goes = match &record {
                    Record::Capture(capture) => concerns(&capture.notes, capture.url.as_str(), &urls),
                    Record::Other => false,
                };
                if goes { removed += 1 } else { kept.push((offset, length)) }
            });
            // What cannot be read may be of these addresses as well as of any other.
            let readable: usize = kept.iter().map(|(_, length)| length).sum();
            if removed == 0 && readable == bytes.len() {
                continue;
            }
            let fresh = path.with_extension("new");
            let mut file = File::create(&fresh).map_err(disk("write", &fresh))?;
            for (offset, length) in kept {
                file.write_all(&bytes[offset..offset + length]).map_err(disk("write", &fresh))?;
            }
            file.sync_all().map_err(disk("write", &fresh))?;
            // The lines go first: they would point into the old file. They are made again from the new one.
            let beside = lines_of(path);
            if let Err(why) = fs::remove_file(&beside)
                && why.kind() != std::io::ErrorKind::NotFound
            {
                return Err(disk("remove", &beside)(why));
            }
            fs::rename(&fresh, path).map_err(disk("write", path))?;
            erased.records += removed;
            erased.files += 1;
        }
        if erased.files > 0 {
            let dir = &self.settings.dir;
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(disk("write", dir))?;
        }
        Ok(erased)
    }
}

/// True when any address of a record is one of these.
fn concerns(notes: &Notes, url: &str, urls: &BTreeSet<&str>) -> bool {
    let own = [url, notes.article.as_str(), notes.page.as_str(), notes.requested.as_str()];
    own.into_iter().chain(notes.hops.iter().map(|hop| hop.as_str())).any(|address| urls.contains(address))
}
