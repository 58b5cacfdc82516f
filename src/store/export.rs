//! A store as a file that depends on no engine: zstd JSON lines, a header first, a count and a checksum last.
//! It never hands out a row of a file that was not found whole.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

use super::{Change, Head, PageMemory, Revision, SourceState, StoreError, ledger};
use crate::article::{Article, ArticleId, SourceId, Story, StoryId};

/// The version of the form.
const VERSION: u32 = 1;

/// A line of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Row {
    /// A record.
    Article {
        /// It.
        article: Box<Article>,
    },
    /// A story.
    Story(Story),
    /// An entry of the log.
    Change(Change),
    /// A former text.
    Revision {
        /// Whose.
        id: ArticleId,
        /// It.
        revision: Revision,
    },
    /// A withdrawal.
    Withdrawn {
        /// Of what.
        id: ArticleId,
        /// Since when.
        at: Timestamp,
    },
    /// An address that is kept out.
    Blocked {
        /// Its canonical form.
        url: String,
        /// Since when.
        at: Timestamp,
    },
    /// A story that another one absorbed while the export was written.
    Dissolved {
        /// It.
        id: StoryId,
    },
    /// What is remembered of a page.
    Page {
        /// Its address.
        url: String,
        /// It.
        page: PageMemory,
    },
    /// A source's state.
    Source {
        /// Which.
        id: SourceId,
        /// It.
        state: Box<SourceState>,
    },
    /// A host that asked for patience.
    Host {
        /// Which.
        host: String,
        /// Until when.
        until: Timestamp,
    },
    /// A theme or source that was borne.
    Name {
        /// `theme:slug` or `source:id`.
        name: String,
    },
    /// What was said of alarms, and what is still to be delivered.
    Ledger {
        /// Its key.
        key: String,
        /// It.
        value: serde_json::Value,
    },
}

impl Row {
    pub(super) fn article(article: Article) -> Row {
        Row::Article { article: Box::new(article) }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    depeche_export: u32,
    epoch: Uuid,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    rows: u64,
    xxh3: String,
    /// The last change, where the log moved on since the header was written.
    #[serde(default)]
    seq: Option<u64>,
}

/// What was written or read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Records.
    pub articles: u64,
    /// Entries of the log.
    pub changes: u64,
    /// Lines of every kind.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The epoch that was exported.
    pub epoch: Uuid,
    /// Its last change.
    pub seq: u64,
}

pub(super) fn failed<'a, E: std::fmt::Display>(what: &'static str, path: &'a Path) -> impl Fn(E) -> StoreError + 'a {
    move |why| StoreError::Export { what, path: path.display().to_string(), why: why.to_string() }
}

/// Writes rows as [`write_from`] does.
pub(super) fn write(
    path: &Path,
    head: Head,
    mut rows: impl Iterator<Item = Result<Row, StoreError>>,
) -> Result<ExportReport, StoreError> {
    write_from(path, head, |out| rows.try_for_each(|row| out(row?)).map(|()| head.seq))
}

/// Takes one row.
pub(super) type Out<'a> = dyn FnMut(Row) -> Result<(), StoreError> + 'a;

/// Writes beside the file first and renames it into place, flushed: a file of that name is always a whole one.
/// What fills it gives the last change that it holds.
pub(super) fn write_from(
    path: &Path,
    head: Head,
    fill: impl FnOnce(&mut Out<'_>) -> Result<u64, StoreError>,
) -> Result<ExportReport, StoreError> {
    let part = path.with_extension("part");
    let done = write_part(&part, path, head, fill);
    if done.is_err() {
        // What is left of a failed attempt is of no use; that it may stay behind is no second error.
        std::fs::remove_file(&part).ok();
    }
    done
}

fn write_part(
    part: &Path,
    path: &Path,
    head: Head,
    fill: impl FnOnce(&mut Out<'_>) -> Result<u64, StoreError>,
) -> Result<ExportReport, StoreError> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed("write", path))?;
    }
    let file = File::create(part).map_err(failed("write", path))?;
    let mut out = zstd::stream::write::Encoder::new(BufWriter::new(file), 6).map_err(failed("write", path))?;
    out.include_checksum(true).map_err(failed("write", path))?;
    let mut report = ExportReport { epoch: head.epoch, seq: head.seq, ..ExportReport::default() };
    let mut hash = Xxh3::new();
    let mut line = serde_json::to_vec(&Header { depeche_export: VERSION, epoch: head.epoch, seq: head.seq })
        .map_err(failed("write", path))?;
    line.push(b'\n');
    hash.update(&line);
    out.write_all(&line).map_err(failed("write", path))?;
    let seq = fill(&mut |row| {
        if matches!(&row, Row::Ledger { key, .. } if !ledger::is_exported(key)) {
            return Ok(());
        }
        match &row {
            Row::Article { .. } => report.articles += 1,
            Row::Change(_) => report.changes += 1,
            _ => {}
        }
        report.rows += 1;
        line.clear();
        serde_json::to_writer(&mut line, &row).map_err(failed("write", path))?;
        line.push(b'\n');
        hash.update(&line);
        out.write_all(&line).map_err(failed("write", path))
    })?;
    let footer = Footer { rows: report.rows, xxh3: format!("{:016x}", hash.digest()), seq: Some(seq) };
    report.seq = seq;
    serde_json::to_writer(&mut out, &footer).map_err(failed("write", path))?;
    let file =
        out.finish().map_err(failed("write", path))?.into_inner().map_err(|e| failed("write", path)(e.into_error()))?;
    file.sync_all().map_err(failed("write", path))?;
    report.bytes = file.metadata().map_err(failed("write", path))?.len();
    std::fs::rename(part, path).map_err(failed("write", path))?;
    Ok(report)
}

/// What the header says, without reading the rest: cheap, and no proof that the file is whole.
pub(super) fn peek(path: &Path) -> Option<Head> {
    let mut line = Vec::new();
    BufReader::new(zstd::stream::read::Decoder::new(File::open(path).ok()?).ok()?).read_until(b'\n', &mut line).ok()?;
    let header: Header = serde_json::from_slice(&line).ok()?;
    Some(Head { epoch: header.epoch, seq: header.seq })
}

/// Reads the whole file for its checksum and its count, and keeps nothing of it.
pub(super) fn check(path: &Path) -> Result<ExportReport, StoreError> {
    walk(path, |_| Ok(()))
}

/// Hands out every row. Call [`check`] first: what was handed out before an error stays handed out.
pub(super) fn read(path: &Path, each: impl FnMut(Row) -> Result<(), StoreError>) -> Result<ExportReport, StoreError> {
    walk(path, each)
}

fn walk(path: &Path, mut each: impl FnMut(Row) -> Result<(), StoreError>) -> Result<ExportReport, StoreError> {
    let wrong = |why: &str| StoreError::Export { what: "read", path: path.display().to_string(), why: why.to_owned() };
    let file = File::open(path).map_err(failed("read", path))?;
    let bytes = file.metadata().map_err(failed("read", path))?.len();
    let mut lines = BufReader::new(zstd::stream::read::Decoder::new(file).map_err(failed("read", path))?);
    let mut line = Vec::new();
    let mut hash = Xxh3::new();
    lines.read_until(b'\n', &mut line).map_err(failed("read", path))?;
    let header: Header = serde_json::from_slice(&line).map_err(|_| wrong("it is no export of depeche"))?;
    if header.depeche_export != VERSION {
        return Err(wrong(&format!("its version is {}, and this program reads {VERSION}", header.depeche_export)));
    }
    let mut report = ExportReport { bytes, epoch: header.epoch, seq: header.seq, ..ExportReport::default() };
    loop {
        hash.update(&line);
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(failed("read", path))? == 0 {
            return Err(wrong("it ends too early"));
        }
        if line.last() != Some(&b'\n') {
            let footer: Footer = serde_json::from_slice(&line).map_err(|_| wrong("it ends too early"))?;
            if footer.rows != report.rows || footer.xxh3 != format!("{:016x}", hash.digest()) {
                return Err(wrong("its checksum does not fit: it was changed or damaged"));
            }
            report.seq = footer.seq.unwrap_or(report.seq);
            return Ok(report);
        }
        let row: Row = serde_json::from_slice(&line).map_err(failed("read", path))?;
        match &row {
            Row::Article { .. } => report.articles += 1,
            Row::Change(_) => report.changes += 1,
            _ => {}
        }
        report.rows += 1;
        each(row)?;
    }
}
