//! The store in memory: the reference that the durable ones are held against. Nothing of it survives the process.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use super::erase::{self, Gone};
use super::export::{self, ExportReport, Row};
use super::{
    Change, ChangeKind, Head, PageMemory, Put, PutOutcome, Revision, SourceState, StoreError, VerifyReport, heading,
    names_of,
};
use crate::article::{Article, ArticleId, Heading, SourceId, Story, StoryId};

/// A store that ends with the process.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

struct Inner {
    epoch: Uuid,
    articles: BTreeMap<ArticleId, Article>,
    urls: HashMap<String, ArticleId>,
    exact: HashMap<u64, ArticleId>,
    stories: HashMap<StoryId, Story>,
    log: Vec<Change>,
    pages: HashMap<String, PageMemory>,
    sources: BTreeMap<SourceId, SourceState>,
    leases: HashMap<SourceId, (Uuid, Timestamp)>,
    hosts: BTreeMap<String, Timestamp>,
    blocked: HashMap<String, Timestamp>,
    withdrawn: HashMap<ArticleId, Timestamp>,
    revisions: BTreeMap<(ArticleId, u64), Revision>,
    names: std::collections::BTreeSet<String>,
    headings: BTreeMap<ArticleId, Heading>,
    ledger: BTreeMap<String, serde_json::Value>,
}

impl Default for Inner {
    fn default() -> Inner {
        Inner {
            epoch: Uuid::new_v4(),
            articles: BTreeMap::new(),
            urls: HashMap::new(),
            exact: HashMap::new(),
            stories: HashMap::new(),
            log: Vec::new(),
            pages: HashMap::new(),
            sources: BTreeMap::new(),
            leases: HashMap::new(),
            hosts: BTreeMap::new(),
            blocked: HashMap::new(),
            withdrawn: HashMap::new(),
            revisions: BTreeMap::new(),
            names: std::collections::BTreeSet::new(),
            headings: BTreeMap::new(),
            ledger: BTreeMap::new(),
        }
    }
}

type Answer<T> = Result<T, StoreError>;

impl Inner {
    fn head(&self) -> Head {
        Head { epoch: self.epoch, seq: self.log.len() as u64 }
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn head(&self) -> Answer<Head> {
        Ok(self.lock().head())
    }

    pub(super) fn article(&self, id: ArticleId) -> Answer<Option<Article>> {
        Ok(self.lock().articles.get(&id).cloned())
    }

    pub(super) fn articles(&self, ids: &[ArticleId]) -> Answer<Vec<Article>> {
        let inner = self.lock();
        Ok(ids.iter().filter_map(|id| inner.articles.get(id).cloned()).collect())
    }

    pub(super) fn by_url(&self, canonical: &str) -> Answer<Option<ArticleId>> {
        Ok(self.lock().urls.get(canonical).copied())
    }

    pub(super) fn by_exact(&self, hash: u64) -> Answer<Option<ArticleId>> {
        let inner = self.lock();
        Ok(inner.exact.get(&hash).copied().filter(|id| !inner.withdrawn.contains_key(id)))
    }

    pub(super) fn story(&self, id: StoryId) -> Answer<Option<Story>> {
        Ok(self.lock().stories.get(&id).cloned())
    }

    pub(super) fn put(&self, put: &Put) -> Answer<PutOutcome> {
        let mut inner = self.lock();
        let head = inner.head();
        if put.head != head {
            return Ok(PutOutcome::Conflict(head));
        }
        let (article, id) = (&put.article, put.article.id);
        let headings = heading::of_put(put, &put.changes(), |id| Ok(inner.headings.get(&id).cloned()))?;
        inner.headings.extend(headings.into_iter().map(|heading| (heading.id, heading)));
        let old = inner.articles.insert(id, article.clone());
        if let Some(revision) = put.revision(old.as_ref()) {
            inner.revisions.insert((id, revision.seq), revision);
        }
        if put.erase {
            inner.revisions.retain(|(of, _), _| *of != id);
        }
        inner.names.extend(names_of(article));
        let old = old.map(|old| old.fingerprint.exact);
        inner.urls.insert(article.canonical.clone(), id);
        for alias in &article.aliases {
            inner.urls.entry(alias.clone()).or_insert(id);
        }
        if let Some(old) = old.filter(|old| *old != article.fingerprint.exact && inner.exact.get(old) == Some(&id)) {
            inner.exact.remove(&old);
        }
        inner.exact.entry(article.fingerprint.exact).or_insert(id);
        for story in std::iter::once(&put.story).chain(&put.left) {
            inner.stories.insert(story.id, story.clone());
        }
        for story in &put.dissolved {
            inner.stories.remove(story);
        }
        for other in &put.others {
            inner.articles.insert(other.id, other.clone());
        }
        let changes = put.changes();
        inner.log.extend(changes.iter().cloned());
        if let Some((url, page)) = &put.page {
            inner.pages.insert(url.clone(), page.clone());
        }
        if put.kind == ChangeKind::Withdrawn {
            inner.withdrawn.insert(id, put.at);
        } else {
            inner.withdrawn.remove(&id);
        }
        Ok(PutOutcome::Stored(changes))
    }

    pub(super) fn alias(&self, canonical: &str, id: ArticleId) -> Answer<()> {
        let mut inner = self.lock();
        if inner.urls.contains_key(canonical) || !inner.articles.contains_key(&id) {
            return Ok(());
        }
        inner.urls.insert(canonical.to_owned(), id);
        if let Some(article) = inner.articles.get_mut(&id) {
            article.aliases.push(canonical.to_owned());
        }
        Ok(())
    }

    pub(super) fn changes(&self, after: u64, limit: usize) -> Answer<Vec<Change>> {
        Ok(self.lock().log.iter().skip(after as usize).take(limit).cloned().collect())
    }

    pub(super) fn scan(&self, after: Option<ArticleId>, limit: usize) -> Answer<Vec<Article>> {
        let inner = self.lock();
        Ok(inner.articles.values().filter(|a| after.is_none_or(|after| a.id > after)).take(limit).cloned().collect())
    }

    pub(super) fn heading(&self, id: ArticleId) -> Answer<Option<Heading>> {
        Ok(self.lock().headings.get(&id).cloned())
    }

    pub(super) fn headings(&self, after: Option<ArticleId>, limit: usize) -> Answer<Vec<Heading>> {
        let inner = self.lock();
        Ok(inner.headings.values().filter(|h| after.is_none_or(|after| h.id > after)).take(limit).cloned().collect())
    }

    pub(super) fn stories(&self, ids: &[StoryId]) -> Answer<Vec<Story>> {
        let inner = self.lock();
        Ok(ids.iter().filter_map(|id| inner.stories.get(id).cloned()).collect())
    }

    pub(super) fn withdrawn(&self, id: ArticleId) -> Answer<Option<Timestamp>> {
        Ok(self.lock().withdrawn.get(&id).copied())
    }

    pub(super) fn withdrawals(&self) -> Answer<Vec<ArticleId>> {
        Ok(self.lock().withdrawn.keys().copied().collect())
    }

    pub(super) fn erase_in_exports(&self, folder: &Path, gone: &Gone) -> Answer<usize> {
        let _inner = self.lock();
        erase::in_exports(folder, gone)
    }

    pub(super) fn page(&self, url: &str) -> Answer<Option<PageMemory>> {
        Ok(self.lock().pages.get(url).cloned())
    }

    pub(super) fn save_page(&self, url: &str, page: &PageMemory) -> Answer<()> {
        self.lock().pages.insert(url.to_owned(), page.clone());
        Ok(())
    }

    pub(super) fn source(&self, id: &SourceId) -> Answer<Option<SourceState>> {
        Ok(self.lock().sources.get(id).cloned())
    }

    pub(super) fn save_source(&self, id: &SourceId, state: &SourceState) -> Answer<()> {
        self.lock().sources.insert(id.clone(), state.clone());
        Ok(())
    }

    pub(super) fn sources(&self) -> Answer<Vec<(SourceId, SourceState)>> {
        Ok(self.lock().sources.iter().map(|(id, state)| (id.clone(), state.clone())).collect())
    }

    pub(super) fn lease(&self, id: &SourceId, holder: Uuid, now: Timestamp, until: Timestamp) -> Answer<bool> {
        let mut inner = self.lock();
        let free = inner.leases.get(id).is_none_or(|(by, ends)| *by == holder || *ends <= now);
        if free {
            inner.leases.insert(id.clone(), (holder, until));
        }
        Ok(free)
    }

    pub(super) fn release(&self, id: &SourceId, holder: Uuid) -> Answer<()> {
        let mut inner = self.lock();
        if inner.leases.get(id).is_some_and(|(by, _)| *by == holder) {
            inner.leases.remove(id);
        }
        Ok(())
    }

    pub(super) fn hosts(&self) -> Answer<Vec<(String, Timestamp)>> {
        Ok(self.lock().hosts.iter().map(|(host, until)| (host.clone(), *until)).collect())
    }

    pub(super) fn save_hosts(&self, hosts: &[(String, Timestamp)], now: Timestamp) -> Answer<()> {
        let mut inner = self.lock();
        inner.hosts.retain(|_, until| *until > now);
        inner.hosts.extend(hosts.iter().cloned());
        Ok(())
    }

    pub(super) fn block(&self, canonical: &str, at: Timestamp) -> Answer<()> {
        self.lock().blocked.insert(canonical.to_owned(), at);
        Ok(())
    }

    pub(super) fn is_blocked(&self, canonical: &str) -> Answer<bool> {
        Ok(self.lock().blocked.contains_key(canonical))
    }

    pub(super) fn unblock(&self, canonical: &str) -> Answer<()> {
        self.lock().blocked.remove(canonical);
        Ok(())
    }

    pub(super) fn revisions(&self, id: ArticleId) -> Answer<Vec<Revision>> {
        Ok(self.lock().revisions.range((id, 0)..=(id, u64::MAX)).map(|(_, revision)| revision.clone()).collect())
    }

    pub(super) fn names(&self) -> Answer<Vec<String>> {
        Ok(self.lock().names.iter().cloned().collect())
    }

    pub(super) fn ledger(&self, prefix: &str) -> Answer<Vec<(String, serde_json::Value)>> {
        let inner = self.lock();
        let found = inner.ledger.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    pub(super) fn note(&self, rows: &[(String, Option<serde_json::Value>)]) -> Answer<()> {
        let mut inner = self.lock();
        for (key, value) in rows {
            match value {
                Some(value) => inner.ledger.insert(key.clone(), value.clone()),
                None => inner.ledger.remove(key),
            };
        }
        Ok(())
    }

    pub(super) fn export(&self, path: &Path) -> Answer<ExportReport> {
        let inner = self.lock();
        let rows = (inner.articles.values().cloned().map(Row::article))
            .chain(inner.stories.values().cloned().map(Row::Story))
            .chain(inner.log.iter().cloned().map(Row::Change))
            .chain(inner.revisions.iter().map(|((id, _), r)| Row::Revision { id: *id, revision: r.clone() }))
            .chain(inner.withdrawn.iter().map(|(id, at)| Row::Withdrawn { id: *id, at: *at }))
            .chain(inner.blocked.iter().map(|(url, at)| Row::Blocked { url: url.clone(), at: *at }))
            .chain(inner.pages.iter().map(|(url, page)| Row::Page { url: url.clone(), page: page.clone() }))
            .chain(inner.sources.iter().map(|(id, s)| Row::Source { id: id.clone(), state: Box::new(s.clone()) }))
            .chain(inner.hosts.iter().map(|(host, until)| Row::Host { host: host.clone(), until: *until }))
            .chain(inner.names.iter().map(|name| Row::Name { name: name.clone() }))
            .chain(inner.ledger.iter().map(|(key, v)| Row::Ledger { key: key.clone(), value: v.clone() }));
        export::write(path, inner.head(), rows.map(Ok))
    }

    pub(super) fn import(&self, path: &Path) -> Answer<ExportReport> {
        let report = export::check(path)?;
        let mut inner = self.lock();
        if !inner.articles.is_empty() {
            return Err(StoreError::NotEmpty { articles: inner.articles.len() as u64 });
        }
        *inner = Inner::default();
        export::read(path, |row| {
            match row {
                Row::Article { article } => {
                    if let Some(before) = inner.articles.get(&article.id).map(|before| before.fingerprint.exact)
                        && inner.exact.get(&before) == Some(&article.id)
                    {
                        inner.exact.remove(&before);
                    }
                    inner.urls.insert(article.canonical.clone(), article.id);
                    for alias in &article.aliases {
                        inner.urls.entry(alias.clone()).or_insert(article.id);
                    }
                    inner.exact.entry(article.fingerprint.exact).or_insert(article.id);
                    inner.articles.insert(article.id, *article);
                }
                Row::Story(story) => {
                    inner.stories.insert(story.id, story);
                }
                Row::Dissolved { id } => {
                    inner.stories.remove(&id);
                }
                Row::Change(change) => inner.log.push(change),
                Row::Revision { id, revision } => {
                    inner.revisions.insert((id, revision.seq), revision);
                }
                Row::Withdrawn { id, at } => {
                    inner.withdrawn.insert(id, at);
                }
                Row::Blocked { url, at } => {
                    inner.blocked.insert(url, at);
                }
                Row::Page { url, page } => {
                    inner.pages.insert(url, page);
                }
                Row::Source { id, state } => {
                    inner.sources.insert(id, *state);
                }
                Row::Host { host, until } => {
                    inner.hosts.insert(host, until);
                }
                Row::Name { name } => {
                    inner.names.insert(name);
                }
                Row::Ledger { key, value } => {
                    inner.ledger.insert(key, value);
                }
            }
            Ok(())
        })?;
        let mut anew = heading::Anew::default();
        inner.log.iter().for_each(|change| anew.saw(change));
        let make = |article: &Article| {
            let story = inner.stories.get(&article.story);
            anew.make(article, story, inner.withdrawn.contains_key(&article.id), None)
        };
        let alone: Vec<Heading> = inner.articles.values().filter_map(make).collect();
        inner.headings = alone.into_iter().chain(anew.rest()).map(|heading| (heading.id, heading)).collect();
        Ok(report)
    }

    /// One map's entries cannot disagree with themselves, so only the counts are told.
    pub(super) fn verify(&self) -> Answer<VerifyReport> {
        let inner = self.lock();
        Ok(VerifyReport {
            articles: inner.articles.len() as u64,
            stories: inner.stories.len() as u64,
            changes: inner.log.len() as u64,
            opening: None,
            problems: Vec::new(),
            repaired: Vec::new(),
        })
    }

    /// Nothing here can disagree with itself.
    pub(super) fn repair(&self) -> Answer<Vec<String>> {
        Ok(Vec::new())
    }

    /// There are no files.
    pub(super) fn ask_compaction(&self) -> Answer<()> {
        Ok(())
    }

    pub(super) fn flush(&self) -> Answer<()> {
        Ok(())
    }
}
