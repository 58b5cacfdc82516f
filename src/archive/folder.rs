//! The files of an archive: appended to, begun anew by day and size, dropped whole when they are too old or too many.
//! A write that was cut off leaves at most a torn last member; opening cuts that off. It never edits what stands.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::index::{self, Index, Line, Place};
use super::record::{self, Record};
use super::{ArchiveError, ArchiveSettings, Capture};

/// A file is ended at this size, so that dropping one costs little and reading one whole is cheap.
const LARGEST_FILE: u64 = 32 << 20;
/// With a small cap a file is this part of it.
const PARTS: u64 = 8;

/// An archive's folder, open. One process has it at a time.
pub(super) struct Folder {
    pub(super) settings: ArchiveSettings,
    /// By number; None where a file was dropped.
    files: Vec<Option<Known>>,
    index: Index,
    /// The newest file, once something was written to it.
    current: Option<File>,
    /// Held for as long as the folder is open.
    _lock: File,
}

/// A file as far as it is whole.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) path: PathBuf,
    day: Date,
    size: u64,
    lines: u64,
}

impl Known {
    pub(super) fn lines(&self) -> PathBuf {
        lines_of(&self.path)
    }
}

/// The lines beside a file.
pub(super) fn lines_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{}.index.jsonl", name.trim_end_matches(".warc.gz")))
}

/// Names the file in an error.
pub(super) fn disk<'a>(what: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> ArchiveError + 'a {
    move |why| ArchiveError::Disk { what, path: path.display().to_string(), why }
}

impl Folder {
    pub(super) fn open(settings: ArchiveSettings, now: Timestamp) -> Result<Folder, ArchiveError> {
        let dir = settings.dir.clone();
        fs::create_dir_all(&dir).map_err(disk("write", &dir))?;
        let path = dir.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(disk("write", &path))?;
        lock.try_lock().map_err(|_| ArchiveError::Held { path: dir.display().to_string() })?;
        let mut folder = Folder { settings, files: Vec::new(), index: Index::default(), current: None, _lock: lock };
        let mut names: Vec<(PathBuf, Date)> = Vec::new();
        for entry in fs::read_dir(&dir).map_err(disk("read", &dir))? {
            let path = entry.map_err(disk("read", &dir))?.path();
            match day_of(&path) {
                Some(day) => names.push((path, day)),
                // Left by a rewriting that was cut off: what it was to replace still stands.
                None if path.extension().is_some_and(|e| e == "new") => {
                    fs::remove_file(&path).map_err(disk("remove", &path))?;
                }
                None => {}
            }
        }
        names.sort();
        let newest = names.len().saturating_sub(1);
        for (number, (path, day)) in names.into_iter().enumerate() {
            folder.load(path, day, number == newest)?;
        }
        folder.drop_old(now)?;
        Ok(folder)
    }

    /// Takes in a file: its lines, and by reading it what they do not tell.
    fn load(&mut self, path: PathBuf, day: Date, newest: bool) -> Result<(), ArchiveError> {
        let mut size = fs::metadata(&path).map_err(disk("read", &path))?.len();
        let beside = lines_of(&path);
        let mut lines = index::read(&beside, size);
        let told = lines.len();
        // After a loss of power the last record may be there in name only.
        if newest && lines.last().is_some_and(|last| read_at(&path, last.offset, last.length).is_err()) {
            lines.pop();
        }
        let end = lines.last().map_or(0, |last| last.offset + u64::from(last.length));
        let known = lines.len();
        if end < size {
            let bytes = fs::read(&path).map_err(disk("read", &path))?;
            let whole = scan(&bytes, end as usize, |offset, length, record| {
                if let Record::Capture(capture) = record {
                    lines.push(Line {
                        offset: offset as u64,
                        length: length as u32,
                        article: capture.notes.article,
                        hash: capture.notes.hash,
                    });
                }
            });
            if (whole as u64) < size && newest {
                tracing::warn!(file = %path.display(), bytes = size - whole as u64, "the end of the archive's newest file is torn and is cut off");
                let file = OpenOptions::new().write(true).open(&path).map_err(disk("write", &path))?;
                file.set_len(whole as u64).map_err(disk("write", &path))?;
                size = whole as u64;
            }
        }
        if lines.len() != known || known != told {
            index::write(&beside, &lines).map_err(disk("write", &beside))?;
        }
        let file = self.files.len() as u32;
        for line in &lines {
            let place = Place { file, offset: line.offset, length: line.length, hash: line.hash };
            self.index.insert(&line.article, place);
        }
        let lines = fs::metadata(&beside).map_or(0, |m| m.len());
        self.files.push(Some(Known { path, day, size, lines }));
        Ok(())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().flatten().map(|file| file.size + file.lines).sum()
    }

    pub(super) fn files(&self) -> usize {
        self.files.iter().flatten().count()
    }

    pub(super) fn articles(&self) -> usize {
        self.index.len()
    }

    /// Every file, the oldest first.
    pub(super) fn each(&self) -> impl Iterator<Item = &Known> {
        self.files.iter().flatten()
    }

    pub(super) fn place(&self, article: &str) -> Option<Place> {
        self.index.get(article)
    }

    /// The latest record of an article.
    pub(super) fn find(&self, article: &str) -> Result<Option<Capture>, ArchiveError> {
        let Some(place) = self.index.get(article) else { return Ok(None) };
        let Some(file) = self.files.get(place.file as usize).and_then(Option::as_ref) else { return Ok(None) };
        let capture = read_at(&file.path, place.offset, place.length)?;
        Ok(capture.filter(|capture| capture.notes.article == article).map(|capture| *capture))
    }

    /// Keeps a capture, unless the latest one of the article has the same hash; false then.
    pub(super) fn append(&mut self, capture: &Capture) -> Result<bool, ArchiveError> {
        if self.index.get(&capture.notes.article).is_some_and(|place| place.hash == capture.notes.hash) {
            return Ok(false);
        }
        self.turn(capture.at)?;
        let number = self.files.len() - 1;
        let (Some(file), Some(Some(known))) = (&mut self.current, self.files.last_mut()) else { return Ok(false) };
        let member = record::encode(capture).map_err(disk("write", &known.path))?;
        write(file, &known.path, known.size, &member)?;
        let place =
            Place { file: number as u32, offset: known.size, length: member.len() as u32, hash: capture.notes.hash };
        known.size += member.len() as u64;
        let line = Line {
            offset: place.offset,
            length: place.length,
            article: capture.notes.article.clone(),
            hash: place.hash,
        };
        let beside = known.lines();
        known.lines += append_line(&beside, &line).map_err(disk("write", &beside))?;
        self.index.insert(&capture.notes.article, place);
        self.drop_old(capture.at)?;
        Ok(true)
    }

    /// Sees that there is a file to write to: of today, and not full.
    fn turn(&mut self, at: Timestamp) -> Result<(), ArchiveError> {
        let today = TimeZone::UTC.to_datetime(at).date();
        let limit = LARGEST_FILE.min(self.settings.max_size / PARTS);
        let newest = self.files.last().and_then(Option::as_ref);
        // A clock that went back does not begin a file that would sort before the newest.
        if let Some(newest) = newest.filter(|newest| newest.day >= today && newest.size < limit) {
            if self.current.is_none() {
                let file = OpenOptions::new().append(true).open(&newest.path).map_err(disk("write", &newest.path))?;
                self.current = Some(file);
            }
            return Ok(());
        }
        if let (Some(file), Some(newest)) = (self.current.take(), newest) {
            file.sync_all().map_err(disk("write", &newest.path))?;
        }
        let day = newest.map_or(today, |newest| newest.day.max(today));
        let number = newest.filter(|newest| newest.day == day).and_then(|newest| number_of(&newest.path)).unwrap_or(0);
        let name = format!("depeche-{}-{:04}.warc.gz", day.strftime("%Y%m%d"), number + 1);
        let path = self.settings.dir.join(&name);
        let mut file = OpenOptions::new().create_new(true).append(true).open(&path).map_err(disk("write", &path))?;
        let head = record::warcinfo(&name, at).map_err(disk("write", &path))?;
        write(&mut file, &path, 0, &head)?;
        self.files.push(Some(Known { path, day, size: head.len() as u64, lines: 0 }));
        self.current = Some(file);
        Ok(())
    }

    /// Drops whole files that are too old, then the oldest until the rest fits. The newest always stays.
    pub(super) fn drop_old(&mut self, now: Timestamp) -> Result<(), ArchiveError> {
        let keep = SignedDuration::try_from(self.settings.keep).unwrap_or(SignedDuration::MAX);
        let last = self.files.len().saturating_sub(1);
        for number in 0..last {
            let Some(known) = &self.files[number] else { continue };
            let ended =
                known.day.tomorrow().and_then(|day| Offset::UTC.to_timestamp(day.to_datetime(Time::midnight())));
            let too_old = ended.is_ok_and(|ended| now.duration_since(ended) > keep);
            if !too_old && self.bytes() <= self.settings.max_size {
                continue;
            }
            // The lines last: without them the file would be read again, without the file they say nothing.
            fs::remove_file(&known.path).map_err(disk("remove", &known.path))?;
            let beside = known.lines();
            if let Err(why) = fs::remove_file(&beside)
                && why.kind() != std::io::ErrorKind::NotFound
            {
                return Err(disk("remove", &beside)(why));
            }
            tracing::info!(file = %known.path.display(), too_old, "an old file of the archive was dropped");
            self.files[number] = None;
            self.index.forget(number as u32);
        }
        Ok(())
    }
}

/// One write a member, so that what is cut off is cut off in one place; what failed is taken back.
fn write(file: &mut File, path: &Path, size: u64, member: &[u8]) -> Result<(), ArchiveError> {
    if let Err(why) = file.write_all(member) {
        file.set_len(size).ok();
        return Err(disk("write", path)(why));
    }
    Ok(())
}

fn append_line(path: &Path, line: &Line) -> std::io::Result<u64> {
    let text = format!("{}\n", serde_json::to_string(line)?);
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())?;
    Ok(text.len() as u64)
}

/// The record at a place; none where what stands there is no article's.
fn read_at(path: &Path, offset: u64, length: u32) -> Result<Option<Box<Capture>>, ArchiveError> {
    use std::os::unix::fs::FileExt;
    let file = File::open(path).map_err(disk("read", path))?;
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, offset).map_err(disk("read", path))?;
    match record::decode(&bytes) {
        Ok((Record::Capture(capture), _)) => Ok(Some(capture)),
        Ok((Record::Other, _)) => Ok(None),
        Err(why) => Err(ArchiveError::Record { path: path.display().to_string(), offset, why }),
    }
}

/// Walks the members from a byte on. What is broken between two whole ones is stepped over. Gives the end of the last
/// whole one.
pub(super) fn scan(bytes: &[u8], from: usize, mut each: impl FnMut(usize, usize, Record)) -> usize {
    const HEAD: [u8; 3] = [0x1f, 0x8b, 8];
    let (mut at, mut whole) = (from, from);
    while at < bytes.len() {
        match record::decode(&bytes[at..]) {
            Ok((record, length)) => {
                each(at, length, record);
                at += length;
                whole = at;
            }
            Err(_) => {
                let next = bytes[at + 1..].windows(HEAD.len()).position(|window| window == HEAD);
                let Some(next) = next else { break };
                at += 1 + next;
            }
        }
    }
    whole
}

fn parts(path: &Path) -> Option<(&str, &str)> {
    path.file_name()?.to_str()?.strip_prefix("depeche-")?.strip_suffix(".warc.gz")?.split_once('-')
}

fn day_of(path: &Path) -> Option<Date> {
    Date::strptime("%Y%m%d", parts(path)?.0).ok()
}

fn number_of(path: &Path) -> Option<u32> {
    parts(path)?.1.parse().ok()
}
