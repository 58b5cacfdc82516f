//! The only truth: article records and the change log behind them, on one async surface.
//! It never acknowledges what was not flushed, and knows no page, feed or web.

mod aside;
mod change;
mod compact;
mod erase;
mod error;
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
mod state;
mod swap;
mod verify;

use std::path::Path;

use jiff::Timestamp;
use uuid::Uuid;

use crate::article::{Article, ArticleId, Heading, SourceId, Story, StoryId};

pub use change::{Change, ChangeKind, Head, Put, PutOutcome, Revision};
pub use compact::Compaction;
pub use erase::Gone;
pub use error::StoreError;
pub use export::{ExportReport, Row};
pub use floor::{Bytes, Floor, Space};
pub use ledger::{LedgerRow, PRIVATE, row};
pub use memory::Memory;
pub use opened::Opened;
pub use sled::Sled;
pub use state::{PageMemory, SourceState, StoredCandidate};
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
