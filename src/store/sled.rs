//! The store on sled: one tree a kind of record, one transaction a put, a flush before the answer.
//! Closures of transactions are pure: sled may run them twice.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::transaction::{ConflictableTransactionError, TransactionError};
use sled::{Transactional, Tree};
use uuid::Uuid;

use super::erase::{self, Gone};
use super::export::{self, ExportReport, Row};
use super::record::{decode, encode};
use super::{
    Change, ChangeKind, Head, PageMemory, Put, PutOutcome, Revision, SourceState, StoreError, VerifyReport, names_of,
    open, verify,
};
use crate::article::{Article, ArticleId, SourceId, Story, StoryId};

/// A store in a folder.
#[derive(Clone)]
pub struct Sled {
    db: sled::Db,
    epoch: Uuid,
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
    ledger: Tree,
    /// The last change that is on disk. Nobody is shown a later one: it could still be lost, and its number given again.
    durable: Arc<AtomicU64>,
    /// Held by a put, and by an export for as long as it reads.
    writer: Arc<Mutex<()>>,
}

const SEQ: &[u8] = b"seq";
const EPOCH: &[u8] = b"epoch";

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> StoreError {
        StoreError::Engine(error.to_string())
    }
}

/// The transaction's own answer: the log moved.
struct Moved(u64);

type Answer<T> = Result<T, StoreError>;

impl Sled {
    pub(super) fn new(db: sled::Db, folder: &Path) -> Answer<Sled> {
        open::sign(folder);
        let meta = db.open_tree("meta")?;
        let epoch = match meta.get(EPOCH)? {
            Some(bytes) => Uuid::from_slice(&bytes)
                .map_err(|e| StoreError::Record { key: "epoch".to_owned(), why: e.to_string() })?,
            None => {
                let epoch = Uuid::new_v4();
                meta.insert(EPOCH, epoch.as_bytes())?;
                meta.flush()?;
                epoch
            }
        };
        let tree = |name: &str| db.open_tree(name);
        // One process has the store at a time: a lease that stands in it now was held by a process that died.
        tree("leases")?.clear()?;
        Ok(Sled {
            epoch,
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
            ledger: tree("ledger")?,
            durable: Arc::new(AtomicU64::new(meta.get(SEQ)?.map_or(0, |bytes| number(&bytes)))),
            writer: Arc::default(),
            meta,
            db,
        })
    }

    pub(super) fn head(&self) -> Answer<Head> {
        Ok(Head { epoch: self.epoch, seq: self.durable.load(Ordering::Acquire) })
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

    pub(super) fn put(&self, put: &Put) -> Answer<PutOutcome> {
        if put.head.epoch != self.epoch {
            return Ok(PutOutcome::Conflict(self.head()?));
        }
        let (article, id) = (&put.article, put.article.id);
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = put.changes();
        let last = changes.last().map_or(put.head.seq, |change| change.seq);
        let record = encode(article)?;
        let members = std::iter::once(&put.story).chain(&put.left);
        let members = members.map(|story| Ok((story.id, encode(story)?))).collect::<Answer<Vec<_>>>()?;
        let entries = changes.iter().map(|c| Ok((c.seq, encode(c)?))).collect::<Answer<Vec<_>>>()?;
        let others = put.others.iter().map(|o| Ok((o.id, encode(o)?))).collect::<Answer<Vec<_>>>()?;
        let page = put.page.as_ref().map(|(url, page)| Ok::<_, StoreError>((url, encode(page)?))).transpose()?;
        let old = self.article(id)?;
        let former: Vec<sled::IVec> = if put.erase {
            self.revisions.scan_prefix(id.0.as_bytes()).keys().collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        let revision = put.revision(old.as_ref()).map(|r| Ok::<_, StoreError>((r.seq, encode(&r)?))).transpose()?;
        let trees = (
            &self.articles,
            &self.urls,
            &self.exact,
            &self.stories,
            &self.log,
            &self.meta,
            &self.pages,
            &self.withdrawn,
            &self.revisions,
            &self.names,
        );
        let done =
            trees.transaction(|(articles, urls, exact, stories, log, meta, pages, withdrawn, revisions, names)| {
                let seq = meta.get(SEQ)?.map_or(0, |bytes| number(&bytes));
                if seq != put.head.seq {
                    return Err(ConflictableTransactionError::Abort(Moved(seq)));
                }
                articles.insert(id.0.as_bytes().as_slice(), record.as_slice())?;
                urls.insert(article.canonical.as_bytes(), id.0.as_bytes().as_slice())?;
                for alias in &article.aliases {
                    if urls.get(alias.as_bytes())?.is_none() {
                        urls.insert(alias.as_bytes(), id.0.as_bytes().as_slice())?;
                    }
                }
                let key = article.fingerprint.exact.to_be_bytes();
                if let Some(old) = old.as_ref().filter(|old| old.fingerprint.exact != article.fingerprint.exact) {
                    let key = old.fingerprint.exact.to_be_bytes();
                    if exact.get(key)?.is_some_and(|holder| holder == id.0.as_bytes()) {
                        exact.remove(&key)?;
                    }
                }
                if exact.get(key)?.is_none() {
                    exact.insert(&key, id.0.as_bytes().as_slice())?;
                }
                for (story, record) in &members {
                    stories.insert(story.0.as_bytes().as_slice(), record.as_slice())?;
                }
                for gone in &put.dissolved {
                    stories.remove(gone.0.as_bytes().as_slice())?;
                }
                for (other, record) in &others {
                    articles.insert(other.0.as_bytes().as_slice(), record.as_slice())?;
                }
                for (seq, entry) in &entries {
                    log.insert(&seq.to_be_bytes(), entry.as_slice())?;
                }
                meta.insert(SEQ, last.to_be_bytes().as_slice())?;
                if let Some((seq, revision)) = &revision {
                    revisions.insert(revision_key(id, *seq), revision.as_slice())?;
                }
                for key in &former {
                    revisions.remove(key)?;
                }
                for name in names_of(article) {
                    names.insert(name.as_bytes(), b"".as_slice())?;
                }
                if let Some((url, page)) = &page {
                    pages.insert(url.as_bytes(), page.as_slice())?;
                }
                if put.kind == ChangeKind::Withdrawn {
                    withdrawn.insert(id.0.as_bytes().as_slice(), put.at.as_second().to_be_bytes().as_slice())?;
                } else {
                    withdrawn.remove(id.0.as_bytes().as_slice())?;
                }
                Ok(())
            });
        match done {
            Ok(()) => {
                self.db.flush()?;
                self.durable.store(last, Ordering::Release);
                Ok(PutOutcome::Stored(changes))
            }
            Err(TransactionError::Abort(Moved(seq))) => Ok(PutOutcome::Conflict(Head { epoch: self.epoch, seq })),
            Err(TransactionError::Storage(error)) => Err(error.into()),
        }
    }

    pub(super) fn alias(&self, canonical: &str, id: ArticleId) -> Answer<()> {
        let Some(mut article) = self.article(id)? else { return Ok(()) };
        if self.urls.get(canonical)?.is_some() || article.canonical == canonical {
            return Ok(());
        }
        article.aliases.push(canonical.to_owned());
        let record = encode(&article)?;
        let done = (&self.articles, &self.urls).transaction(|(articles, urls)| {
            articles.insert(id.0.as_bytes().as_slice(), record.as_slice())?;
            urls.insert(canonical.as_bytes(), id.0.as_bytes().as_slice())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        done.map_err(|error| StoreError::Engine(format!("{error:?}")))?;
        self.flush()
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
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
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
        let taken = done.map_err(|error| StoreError::Engine(format!("{error:?}")))?;
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

    pub(super) fn export(&self, path: &Path) -> Answer<ExportReport> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        fn rows<'a>(
            tree: &'a Tree,
            row: impl Fn(&[u8], &[u8]) -> Answer<Row> + 'a,
        ) -> impl Iterator<Item = Answer<Row>> + 'a {
            tree.iter().map(move |found| found.map_err(StoreError::from).and_then(|(k, v)| row(&k, &v)))
        }
        let all = rows(&self.articles, |k, v| Ok(Row::article(decode(&hex(k), v)?)))
            .chain(rows(&self.stories, |k, v| Ok(Row::Story(decode(&hex(k), v)?))))
            .chain(rows(&self.log, |k, v| Ok(Row::Change(decode(&number(k), v)?))))
            .chain(rows(&self.revisions, |k, v| {
                let id = article_id("revision", k.get(..16).unwrap_or_default())?;
                Ok(Row::Revision { id, revision: decode(&id, v)? })
            }))
            .chain(rows(&self.withdrawn, |k, v| Ok(Row::Withdrawn { id: article_id("withdrawn", k)?, at: second(v) })))
            .chain(rows(&self.blocked, |k, v| Ok(Row::Blocked { url: text(k), at: second(v) })))
            .chain(rows(&self.pages, |k, v| Ok(Row::Page { url: text(k), page: decode(&text(k), v)? })))
            .chain(rows(&self.sources, |k, v| {
                Ok(Row::Source { id: source_id(k)?, state: Box::new(decode(&text(k), v)?) })
            }))
            .chain(rows(&self.hosts, |k, v| Ok(Row::Host { host: text(k), until: second(v) })))
            .chain(rows(&self.names, |k, _| Ok(Row::Name { name: text(k) })))
            .chain(rows(&self.ledger, |k, v| Ok(Row::Ledger { key: text(k), value: decode(&text(k), v)? })));
        export::write(path, self.head()?, all)
    }

    pub(super) fn import(&self, path: &Path) -> Answer<ExportReport> {
        let report = export::check(path)?;
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.articles.is_empty() {
            return Err(StoreError::NotEmpty { articles: self.articles.len() as u64 });
        }
        let mut last = 0;
        export::read(path, |row| {
            match row {
                Row::Article { article } => {
                    let id = article.id.0;
                    self.articles.insert(id.as_bytes(), encode(&article)?)?;
                    self.urls.insert(&article.canonical, id.as_bytes())?;
                    for alias in article.aliases.iter().filter(|alias| !self.urls.contains_key(alias).unwrap_or(false))
                    {
                        self.urls.insert(alias, id.as_bytes())?;
                    }
                    let key = article.fingerprint.exact.to_be_bytes();
                    if !self.exact.contains_key(key)? {
                        self.exact.insert(key, id.as_bytes())?;
                    }
                }
                Row::Story(story) => {
                    self.stories.insert(story.id.0.as_bytes(), encode(&story)?)?;
                }
                Row::Change(change) => {
                    last = last.max(change.seq);
                    self.log.insert(change.seq.to_be_bytes(), encode(&change)?)?;
                }
                Row::Revision { id, revision } => {
                    self.revisions.insert(revision_key(id, revision.seq), encode(&revision)?)?;
                }
                Row::Withdrawn { id, at } => {
                    self.withdrawn.insert(id.0.as_bytes(), &at.as_second().to_be_bytes())?;
                }
                Row::Blocked { url, at } => {
                    self.blocked.insert(url, &at.as_second().to_be_bytes())?;
                }
                Row::Page { url, page } => {
                    self.pages.insert(url, encode(&page)?)?;
                }
                Row::Source { id, state } => {
                    self.sources.insert(id.as_str(), encode(&state)?)?;
                }
                Row::Host { host, until } => {
                    self.hosts.insert(host, &until.as_second().to_be_bytes())?;
                }
                Row::Name { name } => {
                    self.names.insert(name, b"")?;
                }
                Row::Ledger { key, value } => {
                    self.ledger.insert(key, encode(&value)?)?;
                }
            }
            Ok(())
        })?;
        self.meta.insert(SEQ, &last.to_be_bytes())?;
        self.flush()?;
        self.durable.store(last, Ordering::Release);
        Ok(report)
    }

    pub(super) fn verify(&self) -> Answer<VerifyReport> {
        verify::sled(self)
    }

    pub(super) fn flush(&self) -> Answer<()> {
        self.db.flush()?;
        Ok(())
    }

    fn save<T: Serialize>(&self, tree: &Tree, key: &[u8], value: &T) -> Answer<()> {
        tree.insert(key, encode(value)?)?;
        self.flush()
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
