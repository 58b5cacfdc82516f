//! What was taken down, taken out of kept exports and lists of candidates. An export is written anew beside itself and
//! renamed: it is always whole, and never holds less than before but for what is gone.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use url::Url;

use super::export::{self, Row, failed};
use super::{Head, SourceState, StoreError};
use crate::article::ArticleId;
use crate::dedup::canonical;

/// What was taken down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Articles.
    pub articles: HashSet<ArticleId>,
    /// What is kept out: canonical addresses, and texts by their hash.
    pub blocked: HashSet<String>,
    /// Since when.
    pub at: Timestamp,
}

impl Gone {
    /// True for an address that is kept out, in either spelling.
    fn covers(&self, url: &str) -> bool {
        Url::parse(url)
            .is_ok_and(|url| [false, true].into_iter().any(|bare| self.blocked.contains(&canonical(&url, bare))))
    }

    /// Takes what is gone out of what is remembered of a source, which holds titles, and what a feed said. True where there
    /// was something.
    pub fn forget(&self, state: &mut SourceState) -> bool {
        let before = state.candidates.len();
        state.candidates.retain(|candidate| !self.covers(&candidate.url));
        let good = state.health.last_good.take_if(|good| self.covers(&good.url));
        good.is_some() || state.candidates.len() < before
    }

    /// True for a row that speaks of what is gone.
    fn concerns(&self, row: &Row) -> bool {
        match row {
            Row::Article { article } => self.articles.contains(&article.id),
            Row::Revision { id, .. } => self.articles.contains(id),
            Row::Source { state, .. } => self.forget(&mut state.clone()),
            _ => false,
        }
    }

    /// A row without what is gone; nothing is left of some.
    fn purge(&self, row: Row) -> Option<Row> {
        match row {
            Row::Article { article } if self.articles.contains(&article.id) => Some(Row::article(article.erased())),
            Row::Revision { id, .. } if self.articles.contains(&id) => None,
            // Written once, behind everything else.
            Row::Withdrawn { id, .. } if self.articles.contains(&id) => None,
            Row::Blocked { url, .. } if self.blocked.contains(&url) => None,
            Row::Story(mut story) => {
                story.entries.retain(|entry| !self.articles.contains(&entry.lead));
                Some(Row::Story(story))
            }
            Row::Source { id, mut state } => {
                self.forget(&mut state);
                Some(Row::Source { id, state })
            }
            row => Some(row),
        }
    }

    /// What an export made before must say, too: restored, it must not bring back what is gone.
    fn rows(&self, there: &HashSet<ArticleId>) -> Vec<Row> {
        let mut blocked: Vec<&String> = self.blocked.iter().collect();
        let mut articles: Vec<&ArticleId> = self.articles.intersection(there).collect();
        blocked.sort();
        articles.sort();
        let withdrawn = articles.into_iter().map(|id| Row::Withdrawn { id: *id, at: self.at });
        withdrawn.chain(blocked.into_iter().map(|url| Row::Blocked { url: url.clone(), at: self.at })).collect()
    }
}

/// Rewrites every export in a folder that holds something of what is gone; gives how many.
pub(super) fn in_exports(folder: &Path, gone: &Gone) -> Result<usize, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed("read", folder)(error)),
    };
    let (mut rewritten, mut trouble) = (0, None);
    for entry in entries {
        let path = entry.map_err(failed("read", folder))?.path();
        let done = match path.extension().and_then(|e| e.to_str()) {
            Some("depeche") => in_export(&path, gone),
            // Left by an export that was cut off: of no use to anybody, and it may hold what is gone.
            Some("part") => fs::remove_file(&path).map_err(failed("write", &path)).map(|()| true),
            _ => Ok(false),
        };
        // One that is damaged keeps its text, which is said; the others are cleaned all the same.
        match done {
            Ok(done) => rewritten += usize::from(done),
            Err(error) => trouble = Some(error),
        }
    }
    trouble.map_or(Ok(rewritten), Err)
}

fn in_export(path: &Path, gone: &Gone) -> Result<bool, StoreError> {
    let mut concerned = false;
    let report = export::read(path, |row| {
        concerned |= gone.concerns(&row);
        Ok(())
    })?;
    if !concerned {
        return Ok(false);
    }
    let head = Head { epoch: report.epoch, seq: report.seq };
    export::write_from(path, head, |out| {
        let mut there = HashSet::new();
        export::read(path, |row| {
            if let Row::Article { article } = &row {
                there.insert(article.id);
            }
            gone.purge(row).map_or(Ok(()), &mut *out)
        })?;
        gone.rows(&there).into_iter().try_for_each(out).map(|()| head.seq)
    })?;
    Ok(true)
}
