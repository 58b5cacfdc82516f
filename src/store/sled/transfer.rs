//! The store to one file and back. An import that did not end is begun anew at the next opening.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use sled::Tree;

use super::tail::Tail;
use super::{Answer, IMPORTING, SEQ, Sled, article_id, hex, revision_key, second, source_id, text};
use crate::store::export::{self, ExportReport, Row, failed};
use crate::store::record::{decode, encode};
use crate::store::{Head, StoreError};

/// How often an export is begun anew because of texts that were erased meanwhile.
const ATTEMPTS: u32 = 3;

impl Sled {
    /// Reads without holding up puts; what these changed meanwhile is written again at the end, and counts there.
    pub(in crate::store) fn export(&self, path: &Path) -> Answer<ExportReport> {
        let _one = self.exporter.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            let start = {
                let mut writer = self.writer();
                writer.begin();
                self.head()?
            };
            let done = self.export_from(path, start);
            let tail = std::mem::take(&mut *self.writer());
            let report = done?;
            if !tail.erased {
                return Ok(report);
            }
            // A text that was taken down must not live on in a file that was written at that very moment.
            tracing::info!("a text was erased meanwhile: the export is written anew");
            std::fs::remove_file(path).map_err(failed("write", path))?;
        }
        Err(failed("write", path)("texts were erased all the while; try again later"))
    }

    fn writer(&self) -> MutexGuard<'_, Tail> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn export_from(&self, path: &Path, start: Head) -> Answer<ExportReport> {
        export::write_from(path, start, |out| {
            for row in rows(&self.articles, article_row)
                .chain(rows(&self.stories, story_row))
                .chain(rows(&self.revisions, revision_row))
                .chain(rows(&self.pages, page_row))
            {
                out(row?)?;
            }
            for change in self.changes(0, usize::MAX)?.into_iter().filter(|change| change.seq <= start.seq) {
                out(Row::Change(change))?;
            }
            let (tail, seq) = self.tail_rows(start)?;
            tail.into_iter().try_for_each(out).map(|()| seq)
        })
    }

    /// What puts changed since the start, and the small things whole; puts wait while this is read, and for no more.
    fn tail_rows(&self, start: Head) -> Answer<(Vec<Row>, u64)> {
        let writer = self.writer();
        let mut tail = Vec::new();
        for id in &writer.articles {
            tail.extend(self.article(*id)?.map(Row::article));
            tail.extend(self.revisions(*id)?.into_iter().map(|revision| Row::Revision { id: *id, revision }));
        }
        for id in &writer.stories {
            tail.push(self.story(*id)?.map_or(Row::Dissolved { id: *id }, Row::Story));
        }
        for url in &writer.pages {
            tail.extend(self.page(url)?.map(|page| Row::Page { url: url.clone(), page }));
        }
        tail.extend(self.changes(start.seq, usize::MAX)?.into_iter().map(Row::Change));
        for row in rows(&self.withdrawn, |k, v| Ok(Row::Withdrawn { id: article_id("withdrawn", k)?, at: second(v) }))
            .chain(rows(&self.blocked, |k, v| Ok(Row::Blocked { url: text(k), at: second(v) })))
            .chain(rows(&self.sources, |k, v| {
                Ok(Row::Source { id: source_id(k)?, state: Box::new(decode(&text(k), v)?) })
            }))
            .chain(rows(&self.hosts, |k, v| Ok(Row::Host { host: text(k), until: second(v) })))
            .chain(rows(&self.names, |k, _| Ok(Row::Name { name: text(k) })))
            .chain(rows(&self.ledger, |k, v| Ok(Row::Ledger { key: text(k), value: decode(&text(k), v)? })))
        {
            tail.push(row?);
        }
        Ok((tail, self.head()?.seq))
    }

    pub(in crate::store) fn import(&self, path: &Path) -> Answer<ExportReport> {
        let report = export::check(path)?;
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.articles.is_empty() {
            return Err(StoreError::NotEmpty { articles: self.articles.len() as u64 });
        }
        self.meta.insert(IMPORTING, b"")?;
        self.flush()?;
        let mut last = 0;
        export::read(path, |row| {
            match row {
                Row::Article { article } => {
                    let id = article.id.0;
                    // An export tells an article twice that changed while it was written: the later one counts.
                    if let Some(before) = self.article(article.id)? {
                        let key = before.fingerprint.exact.to_be_bytes();
                        if self.exact.get(key)?.is_some_and(|holder| holder == id.as_bytes()) {
                            self.exact.remove(key)?;
                        }
                    }
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
                Row::Dissolved { id } => {
                    self.stories.remove(id.0.as_bytes())?;
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
                Row::Ledger { key, value } => {
                    self.ledger.insert(key, encode(&value)?)?;
                }
                Row::Name { name } => {
                    self.names.insert(name, b"")?;
                }
            }
            Ok(())
        })?;
        self.durable.store(last, Ordering::Release);
        self.make_headings()?;
        // Every row is on disk before the mark is gone; the two keys go together.
        self.flush()?;
        let mut end = sled::Batch::default();
        end.insert(SEQ, &last.to_be_bytes());
        end.remove(IMPORTING);
        self.meta.apply_batch(end)?;
        self.flush()?;
        self.reached.note(Head { epoch: self.epoch(), seq: last });
        Ok(report)
    }
}

fn rows<'a>(tree: &'a Tree, row: impl Fn(&[u8], &[u8]) -> Answer<Row> + 'a) -> impl Iterator<Item = Answer<Row>> + 'a {
    tree.iter().map(move |found| found.map_err(StoreError::from).and_then(|(k, v)| row(&k, &v)))
}

fn article_row(key: &[u8], value: &[u8]) -> Answer<Row> {
    Ok(Row::article(decode(&hex(key), value)?))
}

fn story_row(key: &[u8], value: &[u8]) -> Answer<Row> {
    Ok(Row::Story(decode(&hex(key), value)?))
}

fn revision_row(key: &[u8], value: &[u8]) -> Answer<Row> {
    let id = article_id("revision", key.get(..16).unwrap_or_default())?;
    Ok(Row::Revision { id, revision: decode(&id, value)? })
}

fn page_row(key: &[u8], value: &[u8]) -> Answer<Row> {
    Ok(Row::Page { url: text(key), page: decode(&text(key), value)? })
}
