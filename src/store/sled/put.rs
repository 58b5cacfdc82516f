//! What a put writes: record, keys, heading, story, log entry and page in one transaction, flushed before the answer.
//! Closures of transactions are pure: sled may run them twice.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use sled::Transactional;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use super::{Answer, HEADINGS, SEQ, Sled, number, of_transaction, revision_key};
use crate::article::ArticleId;
use crate::store::record::encode;
use crate::store::{ChangeKind, Head, Put, PutOutcome, StoreError, heading, names_of};

/// The transaction's own answer: the log moved.
struct Moved(u64);

impl Sled {
    pub(in crate::store) fn put(&self, put: &Put) -> Answer<PutOutcome> {
        if put.head.epoch != self.epoch() {
            return Ok(PutOutcome::Conflict(self.head()?));
        }
        let (article, id) = (&put.article, put.article.id);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
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
        let headings = heading::of_put(put, &changes, |id| self.heading(id))?;
        let headings = headings.iter().map(|h| Ok((h.id, heading::encode(h)?))).collect::<Answer<Vec<_>>>()?;
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
            &self.headings,
        );
        let done = trees.transaction(
            |(articles, urls, exact, stories, log, meta, pages, withdrawn, revisions, names, heads)| {
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
                for (of, heading) in &headings {
                    heads.insert(of.0.as_bytes().as_slice(), heading.as_slice())?;
                }
                meta.insert(SEQ, last.to_be_bytes().as_slice())?;
                meta.insert(HEADINGS, super::heading::mark(last))?;
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
            },
        );
        match done {
            Ok(()) => {
                self.flush()?;
                self.reached.note(Head { epoch: self.epoch(), seq: last });
                self.durable.store(last, Ordering::Release);
                writer.saw(put);
                Ok(PutOutcome::Stored(changes))
            }
            Err(TransactionError::Abort(Moved(seq))) => Ok(PutOutcome::Conflict(Head { epoch: self.epoch(), seq })),
            Err(TransactionError::Storage(error)) => Err(error.into()),
        }
    }

    pub(in crate::store) fn alias(&self, canonical: &str, id: ArticleId) -> Answer<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
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
        done.map_err(of_transaction)?;
        writer.saw_article(id);
        self.flush()
    }
}
