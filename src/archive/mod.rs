//! Raw pages, kept so that extraction can be run again: WARC 1.1 (ISO 28500), each record a gzip member of its own.
//! Derived and droppable: a missing record is no error, and trouble with the disk never fails a crawl, but is told.
//! It never fetches a page, and never keeps one for longer or in more room than the configuration allows.

mod erase;
mod folder;
mod index;
mod record;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::article::{FeedEntry, Language, PageDate, SourceId};

pub use erase::Erased;
use folder::Folder;

/// Where, for how long, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSettings {
    /// The folder; it is made when the first page is kept.
    pub dir: PathBuf,
    /// How long a file is kept.
    pub keep: Duration,
    /// Bytes of all files together; zero keeps nothing at all.
    pub max_size: u64,
}

/// What an article was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The address that answered.
    pub url: Url,
    /// When.
    pub at: Timestamp,
    /// What is needed beside it to read it again.
    pub notes: Notes,
    /// The thing itself.
    pub content: Content,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A page, its content codings undone.
    Page {
        /// The status.
        status: u16,
        /// The headers as they came.
        headers: HeaderMap,
        /// The body, decompressed.
        body: Bytes,
    },
    /// A feed's own entry, used because its page could not be had.
    Entry(FeedEntry),
}

/// What a listing or feed said of an article, and how the store knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// The canonical address of the article: what the record is found by.
    pub article: String,
    /// The source that brought it.
    pub source: SourceId,
    /// The address asked for.
    pub requested: Url,
    /// The addresses between that one and the one that answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Url>,
    /// The charset that the bytes were read in, for people; reading finds it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// What the store remembers the page under.
    pub page: String,
    /// The hash it remembers it by: a record whose hash is another one is not what the article was made of.
    pub hash: u64,
    /// The listing's title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The listing's date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<PageDate>,
    /// The language that a feed or sitemap gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// True for a feed's item without a link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_page: bool,
}

/// Why the archive did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The disk.
    #[error("unable to {what} the archive's {path}: {why}; is the disk full, failing, or not ours to write?")]
    Disk {
        /// `read`, `write` or `remove`.
        what: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// Somebody else.
    #[error("unable to use the archive {path}: another process has it; give each store an archive.dir of its own")]
    Held {
        /// The folder.
        path: String,
    },
    /// A record that is none.
    #[error("unable to read the record at byte {offset} of the archive's {path}: {why}")]
    Record {
        /// The file.
        path: String,
        /// Where.
        offset: u64,
        /// Why.
        why: String,
    },
    /// The task.
    #[error("unable to finish the archive's work: {0}")]
    Task(String),
}

/// How the archive is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ArchiveState {
    /// False where the configuration wants none.
    pub on: bool,
    /// Files.
    pub files: usize,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Articles with a page in it.
    pub articles: usize,
    /// Why the last page could not be kept.
    pub trouble: Option<String>,
}

/// The archive. Cloning it is cheap; it touches the disk when first used.
#[derive(Clone, Default)]
pub struct Archive(Option<Arc<Mutex<Inner>>>);

struct Inner {
    settings: ArchiveSettings,
    /// None until first used, and again after trouble: what is on disk is then looked at anew.
    folder: Option<Folder>,
    trouble: Option<String>,
}

impl Archive {
    /// An archive that keeps nothing.
    pub fn off() -> Archive {
        Archive::default()
    }

    /// The archive that a configuration describes.
    pub fn new(settings: ArchiveSettings) -> Archive {
        if settings.max_size == 0 {
            return Archive::off();
        }
        Archive(Some(Arc::new(Mutex::new(Inner { settings, folder: None, trouble: None }))))
    }

    /// Takes over other caps, for a configuration that was edited. False where it names another folder, or turns the
    /// archive on or off: that needs another archive, and only one has a folder at a time.
    pub fn adjust(&self, settings: &ArchiveSettings) -> bool {
        let Some(inner) = &self.0 else { return settings.max_size == 0 };
        let mut inner = lock(inner);
        if settings.max_size == 0 || settings.dir != inner.settings.dir {
            return false;
        }
        inner.settings = settings.clone();
        if let Some(folder) = &mut inner.folder {
            folder.settings = settings.clone();
        }
        true
    }

    /// Keeps what an article was made of, unless it is what was kept of it last. It never fails a crawl: trouble is
    /// logged, counted, and told by [`Archive::state`] until a page can be kept again.
    pub async fn keep(&self, capture: Capture) {
        let kept = self.work(move |inner| inner.folder(capture.at)?.append(&capture)).await;
        self.note(kept.map(|_| ()));
    }

    /// Drops what is too old, where nothing new is kept that would do so. Trouble is told as [`Archive::keep`] does.
    pub async fn tidy(&self, now: Timestamp) {
        let tidied = self.work(move |inner| inner.folder(now)?.drop_old(now)).await;
        self.note(tidied);
    }

    fn note(&self, done: Result<(), ArchiveError>) {
        let Some(inner) = &self.0 else { return };
        let mut inner = lock(inner);
        match done {
            Ok(()) => {
                if inner.trouble.take().is_some() {
                    tracing::info!("the archive can be used again");
                }
            }
            Err(error) => {
                metrics::counter!("depeche_archive_failures_total").increment(1);
                if inner.trouble.is_none() {
                    tracing::error!(%error, "the archive cannot be used; crawling goes on without it");
                }
                inner.trouble = Some(error.to_string());
                inner.folder = None;
            }
        }
    }

    /// True when something is kept of an article. Trouble counts as no.
    pub async fn holds(&self, article: &str, now: Timestamp) -> bool {
        let article = article.to_owned();
        self.work(move |inner| Ok(inner.folder(now)?.place(&article).is_some())).await.unwrap_or(false)
    }

    /// What was kept of an article last. A record that cannot be read is as good as none, and told in the log.
    pub async fn find(&self, article: &str, now: Timestamp) -> Result<Option<Capture>, ArchiveError> {
        let article = article.to_owned();
        self.work(move |inner| match inner.folder(now)?.find(&article) {
            Err(error @ ArchiveError::Record { .. }) => {
                tracing::warn!(%error, "an archived page is left out");
                Ok(None)
            }
            other => other,
        })
        .await
    }

    /// Removes every record of these addresses: canonical or as asked for, redirects among them. The files are written
    /// anew without them, each in one step; what cannot be read in them goes, too. For a takedown: call it with every
    /// address of every copy.
    pub async fn erase(&self, urls: &[String], now: Timestamp) -> Result<Erased, ArchiveError> {
        let urls = urls.to_vec();
        self.work(move |inner| {
            let erased = inner.folder(now)?.erase(&urls);
            // What stands on disk is looked at anew: the records have moved.
            inner.folder = None;
            erased
        })
        .await
    }

    /// How it is.
    pub fn state(&self) -> ArchiveState {
        let Some(inner) = &self.0 else { return ArchiveState::default() };
        let inner = lock(inner);
        let folder = inner.folder.as_ref();
        ArchiveState {
            on: true,
            files: folder.map_or(0, Folder::files),
            bytes: folder.map_or(0, Folder::bytes),
            articles: folder.map_or(0, Folder::articles),
            trouble: inner.trouble.clone(),
        }
    }

    /// Works off the async threads. An archive that is off answers with nothing.
    async fn work<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let Some(inner) = self.0.clone() else { return Ok(T::default()) };
        let done = tokio::task::spawn_blocking(move || {
            let mut inner = lock(&inner);
            let done = work(&mut inner);
            inner.measure();
            done
        });
        let done = done.await;
        done.unwrap_or_else(|error| Err(ArchiveError::Task(error.to_string())))
    }
}

impl Inner {
    fn measure(&self) {
        if let Some(folder) = &self.folder {
            metrics::gauge!("depeche_archive_bytes").set(folder.bytes() as f64);
            metrics::gauge!("depeche_archive_files").set(folder.files() as f64);
        }
    }

    fn folder(&mut self, now: Timestamp) -> Result<&mut Folder, ArchiveError> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => Folder::open(self.settings.clone(), now)?,
        };
        Ok(self.folder.insert(folder))
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
