//! The only truth: article records and the change log behind them, on one async surface.
//! It never acknowledges what was not flushed, and knows no page, feed or web.

mod aside;
mod compact;
mod erase;
mod export;
mod failure;
mod floor;
mod heading;
mod ledger;
mod memory;
mod open;
mod opened;
mod reached;
mod record;
mod sled;
mod swap;
mod verify;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::article::{Article, ArticleId, FeedEntry, Heading, Language, PageDate, SourceId, Story, StoryId};
use crate::health::Health;
use crate::query::Body;

pub use compact::Compaction;
pub use erase::Gone;
pub use export::{ExportReport, Row};
pub use floor::{Bytes, Floor, Space};
pub use ledger::{LedgerRow, PRIVATE, row};
pub use memory::Memory;
pub use opened::Opened;
pub use sled::Sled;
pub use verify::VerifyReport;

/// Where exports of the store in a folder are kept: beside it.
pub fn exports_of(folder: &Path) -> std::path::PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!("{name}-exports"))
}

/// Copies of a store that did not open whole, which stand beside it, the oldest first.
pub fn broken_copies_of(folder: &Path) -> Vec<std::path::PathBuf> {
    aside::copies(folder)
}

/// A store: the reference in memory, or sled on disk. Cloning it is cheap.
#[derive(Clone)]
pub enum Store {
    /// Nothing survives the process; the reference that others are held against.
    Memory(Memory),
    /// The default: embedded, durable.
    Sled(Box<Sled>),
}

/// Where the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Changes when a store is restored.
    pub epoch: Uuid,
    /// The last change's number; zero before the first.
    pub seq: u64,
}

/// What is to be stored, and the log head that its verdict saw.
#[derive(Debug, Clone)]
pub struct Put {
    /// The head that the verdict saw.
    pub head: Head,
    /// The record.
    pub article: Article,
    /// Its story, with the article in it.
    pub story: Story,
    /// What the log says of it.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// What is remembered of the page, saved in the same transaction.
    pub page: Option<(String, PageMemory)>,
    /// Other members whose story or links changed with it: each is written, and logged as merged.
    pub others: Vec<Article>,
    /// Another story that lost members by this, or that is what they left for.
    pub left: Option<Story>,
    /// Stories that this one absorbed.
    pub dissolved: Vec<StoryId>,
    /// Also removes every former text of the article.
    pub erase: bool,
}

/// What became of a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is on disk.
    Stored(Vec<Change>),
    /// The log moved since the verdict: judge again.
    Conflict(Head),
}

/// What happened to an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new, or back.
    Created,
    /// It was edited.
    Revised {
        /// Which fields.
        fields: Vec<String>,
        /// True when a reader should be told.
        material: bool,
    },
    /// Its story's members or links changed.
    Merged,
    /// It is gone.
    Withdrawn,
}

/// An entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number: one more than the one before.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// To which article.
    pub article_id: ArticleId,
    /// In which story.
    pub story_id: StoryId,
    /// The article's address.
    pub url: String,
    /// When.
    pub at: Timestamp,
}

/// What is remembered of a fetched page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageMemory {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its Last-Modified.
    pub last_modified: Option<String>,
    /// Hash of its bytes.
    pub hash: u64,
    /// When it was asked for last.
    pub fetched: Timestamp,
    /// Since when it answers 404 or 410.
    pub gone_since: Option<Timestamp>,
}

/// What is remembered of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// When its last round ended.
    pub last_round: Option<Timestamp>,
    /// When the next is due.
    pub next_due: Option<Timestamp>,
    /// Rounds that failed in a row.
    pub failures: u32,
    /// True once a whole round went through.
    pub first_round_done: bool,
    /// The last list of candidates.
    pub candidates: Vec<StoredCandidate>,
    /// What it was read by: a hash of the source's address, kind and rules. Stores of before have none.
    pub read_by: Option<u64>,
    /// True where the feed that gave it ended before its end.
    pub cut: bool,
    /// When it last brought something new.
    pub last_new: Option<Timestamp>,
    /// How it is, since when, and why.
    #[serde(flatten)]
    pub health: Health,
    /// Candidates in the last round.
    pub found: u32,
    /// Articles it ever brought.
    pub stored: u64,
    /// The most that was to be shown of its texts: it holds when the source leaves the configuration, too.
    pub body: Option<Body>,
}

/// A candidate as it is kept between rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCandidate {
    /// Its address.
    pub url: String,
    /// The listing's title for it.
    pub title: String,
    /// The listing's date for it.
    pub date: Option<PageDate>,
    /// The language that a feed or sitemap gives it.
    #[serde(default)]
    pub language: Option<Language>,
    /// When a sitemap says that it changed last.
    #[serde(default)]
    pub modified: Option<Timestamp>,
    /// The part of a sitemap that names it.
    #[serde(default)]
    pub part: Option<String>,
    /// True for a feed's item without a link.
    #[serde(default)]
    pub no_page: bool,
    /// What a feed carries of it.
    #[serde(default)]
    pub entry: Option<Box<FeedEntry>>,
}

/// A text that an article had before it was revised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The change that put an end to it.
    pub seq: u64,
    /// When.
    pub until: Timestamp,
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("unable to open the store {folder}: {holder} holds it; end that process first, or use its web address")]
    Held {
        /// The folder.
        folder: String,
        /// Who.
        holder: String,
    },
    /// The folder cannot be used.
    #[error("unable to open the store {folder}: {why}")]
    Open {
        /// The folder.
        folder: String,
        /// Why.
        why: String,
    },
    /// sled failed.
    #[error("unable to use the store: {0}; is the disk full or failing?")]
    Engine(String),
    /// sled failed to write.
    #[error(
        "unable to write to the store: {0}; nothing more is stored: make room on its disk, or mend it, and start again"
    )]
    Failed(String),
    /// Our own work on it ended in the middle.
    #[error("unable to finish a task of the store: {0}; this is a defect, please report it")]
    Task(String),
    /// The disk is nearly full.
    #[error(
        "unable to write to the store {folder}: {free} are free there, and store.floor is {floor}; free some room, and it goes on by itself"
    )]
    Full {
        /// The store's folder.
        folder: String,
        /// What is free.
        free: Bytes,
        /// What must be.
        floor: Bytes,
    },
    /// An export cannot be written or read.
    #[error("unable to {what} the export {path}: {why}")]
    Export {
        /// `write` or `read`.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A store that is not empty.
    #[error(
        "unable to import: the store holds {articles} articles already; move its folder away first, or name another with store.url"
    )]
    NotEmpty {
        /// How many.
        articles: u64,
    },
    /// A record cannot be read.
    #[error("unable to read the record {key} of the store: {why}; run `depeche verify`")]
    Record {
        /// Which.
        key: String,
        /// Why.
        why: String,
    },
}

impl Put {
    /// What the log gets: the change itself, then one for every other member that it touches.
    fn changes(&self) -> Vec<Change> {
        let entry = |seq, kind, article: &Article| Change {
            seq,
            kind,
            article_id: article.id,
            story_id: article.story,
            url: article.url.clone(),
            at: self.at,
        };
        let mut changes = vec![entry(self.head.seq + 1, self.kind.clone(), &self.article)];
        for (other, seq) in self.others.iter().zip(self.head.seq + 2..) {
            changes.push(entry(seq, ChangeKind::Merged, other));
        }
        changes
    }

    /// The text that this puts an end to, if it is another one.
    fn revision(&self, before: Option<&Article>) -> Option<Revision> {
        if self.erase {
            return None;
        }
        let before = before.filter(|b| b.title != self.article.title || b.text != self.article.text)?;
        Some(Revision {
            seq: self.head.seq + 1,
            until: self.at,
            title: before.title.clone(),
            text: before.text.clone(),
        })
    }
}

/// What an article bears that filters may name for ever.
fn names_of(article: &Article) -> impl Iterator<Item = String> + '_ {
    let themes = article.themes.iter().map(|tag| format!("theme:{}", tag.theme));
    themes.chain(std::iter::once(format!("source:{}", article.source)))
}

/// Calls the same method on whichever store it is.
macro_rules! dispatch {
    ($self:ident . $method:ident ( $($arg:expr),* )) => {
        match $self {
            Store::Memory(store) => store.$method($($arg),*),
            Store::Sled(store) => { let store = store.clone(); on_disk(move || store.$method($($arg),*)).await }
        }
    };
}

/// The same for what writes, which is refused once the store failed.
macro_rules! change {
    ($self:ident . $method:ident ( $($arg:expr),* )) => {
        match $self {
            Store::Memory(store) => store.$method($($arg),*),
            Store::Sled(store) => {
                let work = store.clone();
                store.failure().guard(on_disk(move || work.$method($($arg),*))).await
            }
        }
    };
}

/// sled blocks; the async threads must not.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Task(error.to_string())),
    }
}

impl Store {
    /// A store in memory.
    pub fn memory() -> Store {
        Store::Memory(Memory::default())
    }

    /// Opens the store in a folder, or makes one.
    pub async fn open(folder: &Path) -> Result<Store, StoreError> {
        let folder = folder.to_owned();
        on_disk(move || open::open(&folder, Compaction::default())).await.map(|(store, _)| Store::Sled(Box::new(store)))
    }

    /// Opens the store in a folder, and tells what that took.
    pub async fn open_telling(folder: &Path) -> Result<(Store, Opened), StoreError> {
        let folder = folder.to_owned();
        on_disk(move || open::open(&folder, Compaction::default()))
            .await
            .map(|(store, how)| (Store::Sled(Box::new(store)), how))
    }

    /// The same, under other limits than the usual ones for files that are too large.
    pub async fn open_compacting(folder: &Path, when: Compaction) -> Result<Store, StoreError> {
        let folder = folder.to_owned();
        on_disk(move || open::open(&folder, when)).await.map(|(store, _)| Store::Sled(Box::new(store)))
    }

    /// Opens the store in a folder that something is to be imported into: a folder without a store stays empty, though
    /// there are exports beside it.
    pub async fn open_for_import(folder: &Path) -> Result<Store, StoreError> {
        let folder = folder.to_owned();
        on_disk(move || open::open_for_import(&folder)).await.map(|(store, _)| Store::Sled(Box::new(store)))
    }

    /// The same store with a floor under it: while the disk has less room, it takes in nothing but withdrawals.
    pub fn with_floor(self, floor: Floor) -> Store {
        match self {
            Store::Sled(store) => Store::Sled(Box::new(store.with_floor(floor))),
            memory => memory,
        }
    }

    /// What room there is; none where no floor is set.
    pub fn space(&self) -> Option<Space> {
        match self {
            Store::Memory(_) => None,
            Store::Sled(store) => store.floor().map(Floor::space),
        }
    }

    /// Refuses where the store failed, or the disk has too little room left. What asks sites for something asks this first.
    pub fn room(&self) -> Result<(), StoreError> {
        match self {
            Store::Memory(_) => Ok(()),
            Store::Sled(store) => {
                store.failure().check()?;
                store.floor().map_or(Ok(()), Floor::check)
            }
        }
    }

    /// Why nothing is written any more, where that is so: only a new opening of the store ends it.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Store::Memory(_) => None,
            Store::Sled(store) => store.failure().why(),
        }
    }

    /// Waits until the store cannot be written any more.
    pub async fn failed(&self) {
        match self {
            Store::Memory(_) => std::future::pending().await,
            Store::Sled(store) => store.failure().told().await,
        }
    }

    /// Where the log stands.
    pub async fn head(&self) -> Result<Head, StoreError> {
        dispatch!(self.head())
    }

    /// A record, withdrawn or not.
    pub async fn article(&self, id: ArticleId) -> Result<Option<Article>, StoreError> {
        dispatch!(self.article(id))
    }

    /// Records in the order asked; missing ones are left out.
    pub async fn articles(&self, ids: Vec<ArticleId>) -> Result<Vec<Article>, StoreError> {
        dispatch!(self.articles(&ids))
    }

    /// The article that an address leads to.
    pub async fn by_url(&self, canonical: &str) -> Result<Option<ArticleId>, StoreError> {
        let canonical = canonical.to_owned();
        dispatch!(self.by_url(&canonical))
    }

    /// The first stored article with this exact hash.
    pub async fn by_exact(&self, hash: u64) -> Result<Option<ArticleId>, StoreError> {
        dispatch!(self.by_exact(hash))
    }

    /// A story.
    pub async fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        dispatch!(self.story(id))
    }

    /// Record, keys, story and log entry in one transaction; it is on disk when this answers.
    pub async fn put(&self, put: Put) -> Result<PutOutcome, StoreError> {
        if put.kind != ChangeKind::Withdrawn {
            self.room()?;
        }
        change!(self.put(&put))
    }

    /// Another spelling of a stored article's address. The first article that claims a spelling keeps it.
    pub async fn alias(&self, canonical: &str, id: ArticleId) -> Result<(), StoreError> {
        self.room()?;
        let canonical = canonical.to_owned();
        change!(self.alias(&canonical, id))
    }

    /// Changes after a sequence number, the oldest first.
    pub async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        dispatch!(self.changes(after, limit))
    }

    /// Records in the order of their ids.
    pub async fn scan(&self, after: Option<ArticleId>, limit: usize) -> Result<Vec<Article>, StoreError> {
        dispatch!(self.scan(after, limit))
    }

    /// What is indexed of an article.
    pub async fn heading(&self, id: ArticleId) -> Result<Option<Heading>, StoreError> {
        dispatch!(self.heading(id))
    }

    /// Headings in the order of their ids.
    pub async fn headings(&self, after: Option<ArticleId>, limit: usize) -> Result<Vec<Heading>, StoreError> {
        dispatch!(self.headings(after, limit))
    }

    /// Stories in the order asked; missing ones are left out.
    pub async fn stories(&self, ids: Vec<StoryId>) -> Result<Vec<Story>, StoreError> {
        dispatch!(self.stories(&ids))
    }

    /// Since when an article is withdrawn.
    pub async fn withdrawn(&self, id: ArticleId) -> Result<Option<Timestamp>, StoreError> {
        dispatch!(self.withdrawn(id))
    }

    /// Every article that is withdrawn.
    pub async fn withdrawals(&self) -> Result<Vec<ArticleId>, StoreError> {
        dispatch!(self.withdrawals())
    }

    /// Takes what is gone out of every export in a folder, and gives how many were written anew. No export is made meanwhile.
    pub async fn erase_in_exports(&self, folder: &Path, gone: Gone) -> Result<usize, StoreError> {
        let folder = folder.to_owned();
        dispatch!(self.erase_in_exports(&folder, &gone))
    }

    /// What is remembered of a page.
    pub async fn page(&self, url: &str) -> Result<Option<PageMemory>, StoreError> {
        let url = url.to_owned();
        dispatch!(self.page(&url))
    }

    /// Remembers a page.
    pub async fn save_page(&self, url: &str, page: PageMemory) -> Result<(), StoreError> {
        self.room()?;
        let url = url.to_owned();
        change!(self.save_page(&url, &page))
    }

    /// What is remembered of a source.
    pub async fn source(&self, id: &SourceId) -> Result<Option<SourceState>, StoreError> {
        let id = id.clone();
        dispatch!(self.source(&id))
    }

    /// Remembers a source's state.
    pub async fn save_source(&self, id: &SourceId, state: SourceState) -> Result<(), StoreError> {
        self.room()?;
        let id = id.clone();
        change!(self.save_source(&id, &state))
    }

    /// Remembers what is left of a source's state after a takedown, however little room there is.
    pub async fn shrink_source(&self, id: &SourceId, state: SourceState) -> Result<(), StoreError> {
        let id = id.clone();
        change!(self.save_source(&id, &state))
    }

    /// Every source with a state.
    pub async fn sources(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        dispatch!(self.sources())
    }

    /// Takes a source for a holder until an instant, if nobody else has it.
    pub async fn lease(
        &self,
        id: &SourceId,
        holder: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.room()?;
        let id = id.clone();
        change!(self.lease(&id, holder, now, until))
    }

    /// Gives a source back.
    pub async fn release(&self, id: &SourceId, holder: Uuid) -> Result<(), StoreError> {
        let id = id.clone();
        change!(self.release(&id, holder))
    }

    /// Hosts that asked for patience, and until when.
    pub async fn hosts(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        dispatch!(self.hosts())
    }

    /// Remembers them, and forgets those whose time is over.
    pub async fn save_hosts(&self, hosts: Vec<(String, Timestamp)>, now: Timestamp) -> Result<(), StoreError> {
        self.room()?;
        change!(self.save_hosts(&hosts, now))
    }

    /// Keeps an address out for ever.
    pub async fn block(&self, canonical: &str, at: Timestamp) -> Result<(), StoreError> {
        let canonical = canonical.to_owned();
        change!(self.block(&canonical, at))
    }

    /// True when an address is kept out.
    pub async fn is_blocked(&self, canonical: &str) -> Result<bool, StoreError> {
        let canonical = canonical.to_owned();
        dispatch!(self.is_blocked(&canonical))
    }

    /// Lets an address in again.
    pub async fn unblock(&self, canonical: &str) -> Result<(), StoreError> {
        let canonical = canonical.to_owned();
        change!(self.unblock(&canonical))
    }

    /// The texts that an article had before, the oldest first.
    pub async fn revisions(&self, id: ArticleId) -> Result<Vec<Revision>, StoreError> {
        dispatch!(self.revisions(id))
    }

    /// What was noted in the ledger under keys that begin so, in the order of the keys.
    pub async fn ledger(&self, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, StoreError> {
        let prefix = prefix.to_owned();
        dispatch!(self.ledger(&prefix))
    }

    /// Notes values in the ledger, or strikes them out; all of them or none, and on disk when this answers.
    pub async fn note(&self, rows: Vec<(String, Option<serde_json::Value>)>) -> Result<(), StoreError> {
        change!(self.note(&rows))
    }

    /// Every theme and source that a stored article ever bore, as `theme:slug` and `source:id`.
    pub async fn names(&self) -> Result<Vec<String>, StoreError> {
        dispatch!(self.names())
    }

    /// Writes everything to a file, in a form that depends on no engine. On disk, puts wait for its end alone, and readers never.
    pub async fn export(&self, path: &Path) -> Result<ExportReport, StoreError> {
        let path = path.to_owned();
        dispatch!(self.export(&path))
    }

    /// Takes over an export into an empty store, under a new epoch. The file is checked whole before anything is written.
    pub async fn import(&self, path: &Path) -> Result<ExportReport, StoreError> {
        self.room()?;
        let path = path.to_owned();
        change!(self.import(&path))
    }

    /// Every article has all its keys and the reverse; the log is whole; stories and members agree.
    pub async fn verify(&self) -> Result<VerifyReport, StoreError> {
        dispatch!(self.verify())
    }

    /// Puts right what can be derived from the articles, and says each thing that it did. It removes no article, no text
    /// and no entry of the log that can be read.
    pub async fn repair(&self) -> Result<Vec<String>, StoreError> {
        change!(self.repair())
    }

    /// Wants the store copied to fresh files at its next opening: what was deleted is gone from the disk then.
    pub async fn ask_compaction(&self) -> Result<(), StoreError> {
        change!(self.ask_compaction())
    }

    /// Waits until everything is on disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        change!(self.flush())
    }
}
