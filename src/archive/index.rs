//! Where each article's record lies: in memory a few words an article, on disk lines beside each file, which can be made
//! again from it. It never outlives its file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u32,
    pub(super) offset: u64,
    pub(super) length: u32,
    /// The hash that the store knows the content by.
    pub(super) hash: u64,
}

/// The latest record of each article, by the hash of its address: a reader checks the address itself.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<u64, Place>);

impl Index {
    pub(super) fn insert(&mut self, article: &str, place: Place) {
        self.0.insert(xxh3_64(article.as_bytes()), place);
    }

    pub(super) fn get(&self, article: &str) -> Option<Place> {
        self.0.get(&xxh3_64(article.as_bytes())).copied()
    }

    pub(super) fn forget(&mut self, file: u32) {
        self.0.retain(|_, place| place.file != file);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A line beside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) article: String,
    pub(super) hash: u64,
}

/// The lines beside a file, as far as they are whole and the file is as long as they say.
pub(super) fn read(path: &Path, size: u64) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut lines: Vec<Line> = Vec::new();
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else { break };
        let end = lines.last().map_or(0, |last| last.offset + u64::from(last.length));
        if line.offset < end || line.offset + u64::from(line.length) > size {
            break;
        }
        lines.push(line);
    }
    lines
}

/// Writes the lines anew, in one step.
pub(super) fn write(path: &Path, lines: &[Line]) -> std::io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    let fresh = path.with_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(fresh, path)
}
