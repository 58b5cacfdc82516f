//! A request to take something down: the address and its copies go, and stay out for ever.
//! It never forgets a block by itself; only an admin lifts it.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Line, put};
use crate::article::Article;
use crate::dedup;
use crate::store::StoreError;

/// What was taken down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Addresses of the articles that were served until now.
    pub withdrawn: Vec<String>,
    /// Canonical addresses that are kept out from now on.
    pub blocked: Vec<String>,
    /// True when the texts were erased, too.
    pub erased: bool,
}

impl Line {
    /// Withdraws the article behind an address and its copies in the same language, and blocks all their addresses
    /// and their text. An address that nothing is stored of is blocked all the same.
    pub async fn withdraw(&self, url: &Url, erase: bool) -> Result<Withdrawal, StoreError> {
        let mut report = Withdrawal { erased: erase, ..Withdrawal::default() };
        let spellings = [dedup::canonical(url, false), dedup::canonical(url, true)];
        report.blocked.push(spellings[0].clone());
        for article in self.copies_of(&spellings).await? {
            report.blocked.push(article.canonical.clone());
            report.blocked.extend(article.aliases.iter().cloned());
            // First the block, then the withdrawal: a crawl in between must not bring it back.
            self.store.block(&text_key(&article), self.clock.now()).await?;
            self.block_all(&mut report).await?;
            if self.store.withdrawn(article.id).await?.is_none() || erase {
                put::withdraw(self, &article, None, erase).await?;
                report.withdrawn.push(article.url.clone());
            }
        }
        self.block_all(&mut report).await?;
        Ok(report)
    }

    async fn block_all(&self, report: &mut Withdrawal) -> Result<(), StoreError> {
        report.blocked.sort();
        report.blocked.dedup();
        for canonical in &report.blocked {
            self.store.block(canonical, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Lets an address in again; what it leads to is stored anew by the next round that meets it.
    pub async fn lift(&self, url: &Url) -> Result<Withdrawal, StoreError> {
        let mut report = Withdrawal::default();
        let spellings = [dedup::canonical(url, false), dedup::canonical(url, true)];
        let mut keys = spellings.to_vec();
        for article in self.copies_of(&spellings).await? {
            keys.push(text_key(&article));
            keys.push(article.canonical.clone());
            keys.extend(article.aliases);
        }
        keys.sort();
        keys.dedup();
        for key in keys {
            if self.store.is_blocked(&key).await? {
                self.store.unblock(&key).await?;
                report.blocked.push(key);
            }
        }
        Ok(report)
    }

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
}

/// The block that a text is known by, wherever it turns up.
pub(super) fn text_key(article: &Article) -> String {
    format!("text:{:016x}", article.fingerprint.exact)
}
