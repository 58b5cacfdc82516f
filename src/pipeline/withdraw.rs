//! A request to take something down: the address and its copies go, and stay out for ever, later copies as well.
//! It never forgets a block by itself; only an admin lifts it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Line, known, put};
use crate::article::{Article, ArticleId};
use crate::config::Source;
use crate::dedup;
use crate::store::{Gone, PageMemory, SourceState, StoreError};

/// What was taken down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Addresses of the articles that were served until now.
    pub withdrawn: Vec<String>,
    /// Canonical addresses, and texts by their hash, that are kept out from now on.
    pub blocked: Vec<String>,
    /// True when the texts were erased, too.
    pub erased: bool,
    /// Kept exports that were written anew without them.
    #[serde(default)]
    pub exports: usize,
    /// Pages that left the archive.
    #[serde(default)]
    pub pages: usize,
    /// Where the text may still be, and what to do about it.
    #[serde(default)]
    pub left: Vec<String>,
    /// The articles, for whoever erases more of them.
    #[serde(skip)]
    gone: HashSet<ArticleId>,
}

impl Line {
    /// Withdraws the article behind an address and its copies in the same language, and blocks all their addresses and
    /// their texts. An address that nothing is stored of is blocked all the same.
    pub async fn withdraw(&self, url: &Url, erase: bool, sources: &[Arc<Source>]) -> Result<Withdrawal, StoreError> {
        let mut report = Withdrawal { erased: erase, ..Withdrawal::default() };
        let spellings = spellings(url, sources);
        let mut blocked: HashSet<String> = spellings.iter().cloned().collect();
        // A round in hand may store a copy while this goes on. A withdrawal moves the log, and whoever judges again meets
        // the block, so that looking until there is nothing new to take down finds them all.
        loop {
            let copies = self.copies_of(&spellings).await?;
            let fresh: Vec<Article> = copies.into_iter().filter(|copy| report.gone.insert(copy.id)).collect();
            for article in &fresh {
                blocked.extend(keys_of(article));
            }
            // First the block, then the withdrawal: a crawl in between must not bring it back.
            for key in &blocked {
                self.store.block(key, self.clock.now()).await?;
            }
            for article in &fresh {
                self.memory.lock().unwrap_or_else(PoisonError::into_inner).keep_out(known(article));
                if self.store.withdrawn(article.id).await?.is_none() || erase {
                    put::withdraw(self, article, None, erase).await?;
                    report.withdrawn.push(article.url.clone());
                }
            }
            if fresh.is_empty() {
                break;
            }
        }
        report.blocked = blocked.into_iter().collect();
        report.blocked.sort();
        self.forget_listed(&self.gone(&report)).await?;
        if erase {
            let addresses: Vec<String> = report.blocked.iter().chain(&report.withdrawn).cloned().collect();
            match self.archive.erase(&addresses, self.clock.now()).await {
                Ok(erased) => report.pages = erased.records,
                Err(error) => report.left.push(error.to_string()),
            }
        }
        Ok(report)
    }

    /// Takes what a withdrawal erased out of the exports in a folder, too.
    pub async fn erase_in_exports(&self, folder: &Path, report: &mut Withdrawal) {
        match self.store.erase_in_exports(folder, self.gone(report)).await {
            Ok(exports) => report.exports = exports,
            Err(error) => report.left.push(format!("{error}; delete it by hand")),
        }
    }

    /// Lets an address in again; what it leads to is stored anew by the next round that meets it.
    pub async fn lift(&self, url: &Url, sources: &[Arc<Source>]) -> Result<Withdrawal, StoreError> {
        let mut report = Withdrawal::default();
        let spellings = spellings(url, sources);
        let mut keys: HashSet<String> = spellings.iter().cloned().collect();
        for article in self.copies_of(&spellings).await? {
            keys.extend(keys_of(&article));
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).let_in(article.id);
        }
        for key in keys {
            if self.store.is_blocked(&key).await? {
                self.store.unblock(&key).await?;
                report.blocked.push(key);
            }
        }
        report.blocked.sort();
        self.read_anew(sources).await?;
        Ok(report)
    }

    /// Lets every listing be read whole once more: its list of candidates lacks what was taken out of it.
    async fn read_anew(&self, sources: &[Arc<Source>]) -> Result<(), StoreError> {
        for source in sources {
            let Some(state) = self.store.source(&source.id).await? else { continue };
            let parts: HashSet<String> = state.candidates.into_iter().filter_map(|c| c.part).collect();
            for page in parts.into_iter().chain([source.url.to_string()]) {
                if self.store.page(&page).await?.is_some() {
                    self.store.save_page(&page, PageMemory::default()).await?;
                }
            }
        }
        Ok(())
    }

    /// The article of an address and its copies in the same language.
    async fn copies_of(&self, spellings: &[String]) -> Result<Vec<Article>, StoreError> {
        for spelling in spellings {
            let Some(id) = self.store.by_url(spelling).await? else { continue };
            let Some(article) = self.store.article(id).await? else { continue };
            let story = self.store.story(article.story).await?;
            let members = story.map(|story| story.members).unwrap_or_else(|| vec![id]);
            let mut copies = self.store.articles(members).await?;
            copies.retain(|copy| copy.id == id || copy.language.language == article.language.language);
            return Ok(copies);
        }
        Ok(Vec::new())
    }

    fn gone(&self, report: &Withdrawal) -> Gone {
        let blocked = report.blocked.iter().cloned().collect();
        Gone { articles: report.gone.clone(), blocked, at: self.clock.now() }
    }

    /// Takes what is gone out of what is remembered of every source.
    async fn forget_listed(&self, gone: &Gone) -> Result<(), StoreError> {
        for (id, mut state) in self.store.sources().await? {
            if gone.forget(&mut state) {
                self.store.shrink_source(&id, state).await?;
            }
        }
        Ok(())
    }

    /// Saves what a round leaves of a source. What was taken down while the round went on is taken out after that: a
    /// withdrawal that comes later still finds it saved.
    pub(super) async fn save_state(&self, source: &Source, mut state: SourceState) -> Result<(), StoreError> {
        self.store.save_source(&source.id, state.clone()).await?;
        let mut blocked = HashSet::new();
        let listed = state.candidates.iter().map(|c| (c.url.as_str(), source.drop_query() && !c.no_page));
        let good = state.health.last_good.iter().map(|good| (good.url.as_str(), source.drop_query()));
        for (url, drop_query) in listed.chain(good) {
            let Ok(url) = Url::parse(url) else { continue };
            let canonical = dedup::canonical(&url, drop_query);
            if self.store.is_blocked(&canonical).await? {
                blocked.insert(canonical);
            }
        }
        let gone = Gone { blocked, ..Gone::default() };
        if gone.forget(&mut state) {
            self.store.save_source(&source.id, state).await?;
        }
        Ok(())
    }

    /// True when a text is one that was taken down, or nearly.
    pub(super) async fn is_kept_out(&self, article: &Article) -> Result<bool, StoreError> {
        if self.store.is_blocked(&text_key(article)).await? {
            return Ok(true);
        }
        Ok(self.memory.lock().unwrap_or_else(PoisonError::into_inner).is_kept_out(&known(article)))
    }
}

/// The canonical forms that an address may be known by: without its query where a source of that site drops it.
fn spellings(url: &Url, sources: &[Arc<Source>]) -> Vec<String> {
    let site = |url: &Url| super::host_of(url.as_str());
    let dropped = sources.iter().any(|source| source.drop_query() && site(&source.url) == site(url));
    let mut spellings = vec![dedup::canonical(url, false)];
    if dropped {
        spellings.push(dedup::canonical(url, true));
        spellings.dedup();
    }
    spellings
}

/// What is blocked of an article: every address of it, and its text.
fn keys_of(article: &Article) -> Vec<String> {
    let mut keys = article.aliases.clone();
    keys.extend([article.canonical.clone(), text_key(article)]);
    keys
}

/// The block that a text is known by, wherever it turns up.
pub(super) fn text_key(article: &Article) -> String {
    format!("text:{:016x}", article.fingerprint.exact)
}
