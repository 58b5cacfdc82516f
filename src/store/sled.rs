//! The store on sled: one tree a kind of record, one transaction a put, a flush before the answer.
//! Closures of transactions are pure: sled may run them twice.

mod copy;
mod heading;
mod put;
mod repair;
mod tail;
mod transfer;
mod watch;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::tail::Tail;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::Tree;
use sled::transaction::{ConflictableTransactionError, TransactionError};
use uuid::Uuid;

use super::erase::{self, Gone};
use super::failure::{Failure, unwritable};
use super::floor::Floor;
use super::reached::Reached;
use super::record::{decode, encode};
use super::{Change, Head, PageMemory, Revision, SourceState, StoreError, VerifyReport, open, opened, record, verify};
use crate::article::{Article, ArticleId, SourceId, Story, StoryId};

/// A store in a folder.
#[derive(Clone)]
pub struct Sled {
    db: sled::Db,
    folder: Arc<Path>,
    epoch: Arc<ArcSwap<Uuid>>,
    pub(super) articles: Tree,
    pub(super) urls: Tree,
    pub(super) exact: Tree,
    pub(super) stories: Tree,
    pub(super) log: Tree,
    meta: Tree,
    pages: Tree,
    sources: Tree,
    leases: Tree,
    hosts: Tree,
    blocked: Tree,
    withdrawn: Tree,
    revisions: Tree,
    names: Tree,
    pub(super) headings: Tree,
    ledger: Tree,
    /// The last change that is on disk. Nobody is shown a later one: it could still be lost, and its number given again.
    durable: Arc<AtomicU64>,
    /// Held by a put, and by an export at its end.
    writer: Arc<Mutex<Tail>>,
    /// Held by an export: one at a time.
    exporter: Arc<Mutex<()>>,
    /// How far the log is, told outside of it.
    reached: Arc<Reached>,
    floor: Option<Arc<Floor>>,
    /// It closes the engine, so it is dropped after all of it that stands above.
    watch: Arc<Watch>,
    /// No other process works in this folder while this is open; dropped last, after all of the engine.
    _lock: Arc<File>,
}

const SEQ: &[u8] = b"seq";
const EPOCH: &[u8] = b"epoch";
/// Which change the headings are level with, and in which form they are.
const HEADINGS: &[u8] = b"headings";
/// Stands while an import is at work.
const IMPORTING: &[u8] = b"importing";

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> StoreError {
        match &error {
            sled::Error::Io(why) => match unwritable(why) {
                Some(why) => StoreError::Failed(why.to_owned()),
                None => StoreError::Engine(error.to_string()),
            },
            _ => StoreError::Engine(error.to_string()),
        }
    }
}

pub(super) use copy::Content;
pub(super) use watch::Watch;

/// What a walk over the whole store found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Bytes of keys and values.
    pub(super) live: u64,
    /// What is not as it should be.
    pub(super) damage: Option<String>,
    /// True when a later version of the program wrote it.
    pub(super) newer: bool,
}

/// How many of the last changes are read at opening.
const LAST: usize = 100;

type Answer<T> = Result<T, StoreError>;

impl Sled {
    pub(super) fn new(db: sled::Db, folder: &Path, lock: Arc<File>) -> Answer<Sled> {
        open::sign(folder);
        let watch = Watch::over(db.clone(), Arc::clone(&lock)).map_err(|why| StoreError::Engine(why.to_string()))?;
        // Dropped before the watch, wherever this ends: the watch closes the engine.
        let (watch, db) = (Arc::new(watch), db);
        let meta = db.open_tree("meta")?;
        if meta.contains_key(IMPORTING)? {
            tracing::warn!(folder = %folder.display(), "an import into this store did not end: it is emptied; import again");
            for name in db.tree_names() {
                db.open_tree(name)?.clear()?;
            }
            watch.flush(&db)?;
        }
        let epoch = match meta.get(EPOCH)? {
            Some(bytes) => Uuid::from_slice(&bytes)
                .map_err(|e| StoreError::Record { key: "epoch".to_owned(), why: e.to_string() })?,
            None => {
                let epoch = Uuid::new_v4();
                meta.insert(EPOCH, epoch.as_bytes())?;
                watch.flush(&db)?;
                epoch
            }
        };
        let tree = |name: &str| db.open_tree(name);
        // One process has the store at a time: a lease that stands in it now was held by a process that died.
        tree("leases")?.clear()?;
        Ok(Sled {
            epoch: Arc::new(ArcSwap::from_pointee(epoch)),
            articles: tree("articles")?,
            urls: tree("urls")?,
            exact: tree("exact")?,
            stories: tree("stories")?,
            log: tree("log")?,
            pages: tree("pages")?,
            sources: tree("sources")?,
            leases: tree("leases")?,
            hosts: tree("hosts")?,
            blocked: tree("blocked")?,
            withdrawn: tree("withdrawn")?,
            revisions: tree("revisions")?,
            names: tree("names")?,
            headings: tree("headings")?,
            ledger: tree("ledger")?,
            durable: Arc::new(AtomicU64::new(meta.get(SEQ)?.map_or(0, |bytes| number(&bytes)))),
            writer: Arc::default(),
            exporter: Arc::default(),
            reached: Arc::new(Reached::in_folder(folder)),
            floor: None,
            meta,
            folder: folder.into(),
            db,
            watch,
            _lock: lock,
        })
    }

    pub(super) fn with_floor(self, floor: Floor) -> Sled {
        Sled { floor: Some(Arc::new(floor)), ..self }
    }

    pub(super) fn floor(&self) -> Option<&Floor> {
        self.floor.as_deref()
    }

    /// Another epoch: what readers remember of the log no longer holds.
    pub(super) fn renew(&self) -> Answer<()> {
        let epoch = Uuid::new_v4();
        self.meta.insert(EPOCH, epoch.as_bytes())?;
        self.flush()?;
        self.epoch.store(Arc::new(epoch));
        Ok(())
    }

    /// Notes where the log stands, outside of it.
    pub(super) fn note_reached(&self) -> Answer<()> {
        self.reached.note(self.head()?);
        self.reached.sync();
        Ok(())
    }

    /// Reads every page of every tree, and looks whether the log is whole: what cannot be read is told at opening, not to
    /// a reader later.
    pub(super) fn walk(&self) -> Answer<Walk> {
        let mut walk = Walk::default();
        for name in self.db.tree_names() {
            for row in self.db.open_tree(name)?.iter() {
                let (key, value) = row?;
                walk.live += (key.len() + value.len()) as u64;
            }
        }
        let seq = self.durable.load(Ordering::Acquire);
        let mut due = 1;
        for key in self.log.iter().keys() {
            let key = number(&key?);
            if key != due {
                walk.damage = Some(format!("its log jumps to {key} where {due} is due"));
                return Ok(walk);
            }
            due += 1;
        }
        if due != seq + 1 {
            walk.damage = Some(format!("its log has {} changes, and should have {seq}", due - 1));
        }
        for row in self.log.iter().rev().take(LAST) {
            let (key, value) = row?;
            if record::is_newer(&value) {
                walk.newer = true;
            } else if let Err(error) = decode::<Change>(&format!("change {}", number(&key)), &value) {
                walk.damage = Some(error.to_string());
            }
        }
        Ok(walk)
    }

    fn epoch(&self) -> Uuid {
        **self.epoch.load()
    }

    pub(super) fn head(&self) -> Answer<Head> {
        Ok(Head { epoch: self.epoch(), seq: self.durable.load(Ordering::Acquire) })
    }

    pub(super) fn article(&self, id: ArticleId) -> Answer<Option<Article>> {
        get(&self.articles, id.0.as_bytes(), &id)
    }

    pub(super) fn articles(&self, ids: &[ArticleId]) -> Answer<Vec<Article>> {
        ids.iter().filter_map(|id| self.article(*id).transpose()).collect()
    }

    pub(super) fn by_url(&self, canonical: &str) -> Answer<Option<ArticleId>> {
        self.urls.get(canonical)?.map(|bytes| article_id(canonical, &bytes)).transpose()
    }

    pub(super) fn by_exact(&self, hash: u64) -> Answer<Option<ArticleId>> {
        let id = self.exact.get(hash.to_be_bytes())?.map(|bytes| article_id("exact hash", &bytes)).transpose()?;
        Ok(id.filter(|id| !self.withdrawn.contains_key(id.0.as_bytes()).unwrap_or(false)))
    }

    pub(super) fn story(&self, id: StoryId) -> Answer<Option<Story>> {
        get(&self.stories, id.0.as_bytes(), &id)
    }

    pub(super) fn changes(&self, after: u64, limit: usize) -> Answer<Vec<Change>> {
        let durable = self.durable.load(Ordering::Acquire);
        if after >= durable {
            return Ok(Vec::new());
        }
        let range = self.log.range((after + 1).to_be_bytes()..=durable.to_be_bytes());
        range
            .take(limit)
            .map(|row| {
                row.map_err(StoreError::from)
                    .and_then(|(key, value)| decode(&format!("change {}", number(&key)), &value))
            })
            .collect()
    }

    pub(super) fn scan(&self, after: Option<ArticleId>, limit: usize) -> Answer<Vec<Article>> {
        let range = match after {
            Some(id) => {
                self.articles.range((std::ops::Bound::Excluded(id.0.as_bytes().to_vec()), std::ops::Bound::Unbounded))
            }
            None => self.articles.iter(),
        };
        range
            .take(limit)
            .map(|row| {
                row.map_err(StoreError::from).and_then(|(key, value)| decode(&format!("article {key:?}"), &value))
            })
            .collect()
    }

    pub(super) fn withdrawn(&self, id: ArticleId) -> Answer<Option<Timestamp>> {
        let second = self.withdrawn.get(id.0.as_bytes())?.map(|bytes| number(&bytes) as i64);
        Ok(second.and_then(|second| Timestamp::from_second(second).ok()))
    }

    pub(super) fn withdrawals(&self) -> Answer<Vec<ArticleId>> {
        self.withdrawn.iter().keys().map(|key| article_id("withdrawn", &key?)).collect()
    }

    pub(super) fn erase_in_exports(&self, folder: &Path, gone: &Gone) -> Answer<usize> {
        // An export holds the same lock until its file has its name: none slips through with what is gone.
        let _exporter = self.exporter.lock().unwrap_or_else(PoisonError::into_inner);
        erase::in_exports(folder, gone)
    }

    pub(super) fn page(&self, url: &str) -> Answer<Option<PageMemory>> {
        get(&self.pages, url.as_bytes(), &url)
    }

    pub(super) fn save_page(&self, url: &str, page: &PageMemory) -> Answer<()> {
        self.save(&self.pages, url.as_bytes(), page)
    }

    pub(super) fn source(&self, id: &SourceId) -> Answer<Option<SourceState>> {
        get(&self.sources, id.as_str().as_bytes(), id)
    }

    pub(super) fn save_source(&self, id: &SourceId, state: &SourceState) -> Answer<()> {
        self.save(&self.sources, id.as_str().as_bytes(), state)
    }

    pub(super) fn sources(&self) -> Answer<Vec<(SourceId, SourceState)>> {
        let mut states = Vec::new();
        for row in self.sources.iter() {
            let (key, value) = row?;
            let name = String::from_utf8_lossy(&key).into_owned();
            let id = SourceId::new(&name).map_err(|e| StoreError::Record { key: name.clone(), why: e.to_string() })?;
            states.push((id, decode(&name, &value)?));
        }
        Ok(states)
    }

    pub(super) fn lease(&self, id: &SourceId, holder: Uuid, now: Timestamp, until: Timestamp) -> Answer<bool> {
        let key = id.as_str().as_bytes();
        let done = self.leases.transaction(|leases| {
            if let Some(held) = leases.get(key)?
                && held.get(..16) != Some(holder.as_bytes())
                && held.get(16..).is_some_and(|until| number(until) as i64 > now.as_second())
            {
                return Ok(false);
            }
            let mut value = holder.as_bytes().to_vec();
            value.extend(until.as_second().to_be_bytes());
            leases.insert(key, value)?;
            Ok::<bool, ConflictableTransactionError<()>>(true)
        });
        let taken = done.map_err(of_transaction)?;
        self.flush()?;
        Ok(taken)
    }

    pub(super) fn release(&self, id: &SourceId, holder: Uuid) -> Answer<()> {
        let key = id.as_str().as_bytes();
        if self.leases.get(key)?.is_some_and(|held| held.get(..16) == Some(holder.as_bytes().as_slice())) {
            self.leases.remove(key)?;
        }
        self.flush()
    }

    pub(super) fn hosts(&self) -> Answer<Vec<(String, Timestamp)>> {
        let mut hosts = Vec::new();
        for row in self.hosts.iter() {
            let (key, value) = row?;
            if let Ok(until) = Timestamp::from_second(number(&value) as i64) {
                hosts.push((String::from_utf8_lossy(&key).into_owned(), until));
            }
        }
        Ok(hosts)
    }

    pub(super) fn save_hosts(&self, hosts: &[(String, Timestamp)], now: Timestamp) -> Answer<()> {
        let mut changed = false;
        for (host, until) in self.hosts()? {
            // Only what is past: another round may have saved a host that this one knows nothing of.
            if until <= now {
                self.hosts.remove(host.as_bytes())?;
                changed = true;
            }
        }
        for (host, until) in hosts {
            let value = until.as_second().to_be_bytes();
            changed |= self.hosts.insert(host.as_bytes(), value.as_slice())?.is_none_or(|before| before != value);
        }
        if changed { self.flush() } else { Ok(()) }
    }

    pub(super) fn block(&self, canonical: &str, at: Timestamp) -> Answer<()> {
        self.blocked.insert(canonical, at.as_second().to_be_bytes().as_slice())?;
        self.flush()
    }

    pub(super) fn is_blocked(&self, canonical: &str) -> Answer<bool> {
        Ok(self.blocked.contains_key(canonical)?)
    }

    pub(super) fn unblock(&self, canonical: &str) -> Answer<()> {
        self.blocked.remove(canonical)?;
        self.flush()
    }

    pub(super) fn revisions(&self, id: ArticleId) -> Answer<Vec<Revision>> {
        let rows = self.revisions.scan_prefix(id.0.as_bytes());
        rows.map(|row| row.map_err(StoreError::from).and_then(|(_, value)| decode(&id, &value))).collect()
    }

    pub(super) fn names(&self) -> Answer<Vec<String>> {
        self.names.iter().keys().map(|key| Ok(text(&key?))).collect()
    }

    pub(super) fn ledger(&self, prefix: &str) -> Answer<Vec<(String, serde_json::Value)>> {
        let rows = self.ledger.scan_prefix(prefix);
        rows.map(|row| row.map_err(StoreError::from).and_then(|(k, v)| Ok((text(&k), decode(&text(&k), &v)?))))
            .collect()
    }

    pub(super) fn note(&self, rows: &[(String, Option<serde_json::Value>)]) -> Answer<()> {
        let mut batch = sled::Batch::default();
        for (key, value) in rows {
            match value {
                Some(value) => batch.insert(key.as_bytes(), encode(value)?),
                None => batch.remove(key.as_bytes()),
            }
        }
        self.ledger.apply_batch(batch)?;
        self.flush()
    }

    pub(super) fn verify(&self) -> Answer<VerifyReport> {
        let mut report = verify::sled(self)?;
        report.opening = opened::kept(&self.folder).map(|(opened, at)| format!("{at:.0}: {opened}"));
        Ok(report)
    }

    pub(super) fn flush(&self) -> Answer<()> {
        self.watch.flush(&self.db)
    }

    /// Whether it can still be written.
    pub(super) fn failure(&self) -> &Failure {
        self.watch.failure()
    }

    fn save<T: Serialize>(&self, tree: &Tree, key: &[u8], value: &T) -> Answer<()> {
        tree.insert(key, encode(value)?)?;
        self.flush()
    }
}

/// What failed a transaction that never gives up by itself.
fn of_transaction(error: TransactionError<()>) -> StoreError {
    match error {
        TransactionError::Storage(error) => error.into(),
        TransactionError::Abort(()) => StoreError::Engine("a transaction was given up".to_owned()),
    }
}

fn get<T: DeserializeOwned>(tree: &Tree, key: &[u8], name: &dyn std::fmt::Display) -> Answer<Option<T>> {
    tree.get(key)?.map(|bytes| decode(name, &bytes)).transpose()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn second(bytes: &[u8]) -> Timestamp {
    Timestamp::from_second(number(bytes) as i64).unwrap_or_default()
}

fn source_id(bytes: &[u8]) -> Answer<SourceId> {
    SourceId::new(&text(bytes)).map_err(|e| StoreError::Record { key: text(bytes), why: e.to_string() })
}

fn revision_key(id: ArticleId, seq: u64) -> Vec<u8> {
    [id.0.as_bytes().as_slice(), seq.to_be_bytes().as_slice()].concat()
}

pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

pub(super) fn article_id(key: &str, bytes: &[u8]) -> Answer<ArticleId> {
    Uuid::from_slice(bytes).map(ArticleId).map_err(|e| StoreError::Record { key: key.to_owned(), why: e.to_string() })
}
