//! The headings of a store on disk: read, made anew where they are missing or of another form, and held against the
//! articles. All but what an article bore once follows from the articles, their stories and the log.

use sled::{Batch, Tree};

use super::{Answer, HEADINGS, Sled, article_id, hex, number};
use crate::article::{Article, ArticleId, Heading, Story, StoryId};
use crate::store::record;
use crate::store::{Change, StoreError, heading};

/// Headings that are written at once.
const AT_ONCE: usize = 500;

/// What stands in the store where the headings are level with a change.
pub(super) fn mark(seq: u64) -> Vec<u8> {
    let mut mark = vec![heading::VERSION];
    mark.extend(seq.to_be_bytes());
    mark
}

impl Sled {
    pub(in crate::store) fn heading(&self, id: ArticleId) -> Answer<Option<Heading>> {
        self.headings.get(id.0.as_bytes())?.map(|bytes| heading::decode(&id, &bytes)).transpose()
    }

    pub(in crate::store) fn headings(&self, after: Option<ArticleId>, limit: usize) -> Answer<Vec<Heading>> {
        let begin = after.map_or(std::ops::Bound::Unbounded, |id| std::ops::Bound::Excluded(id.0.as_bytes().to_vec()));
        let rows = self.headings.range((begin, std::ops::Bound::Unbounded));
        rows.take(limit)
            .map(|row| row.map_err(StoreError::from).and_then(|(key, value)| heading::decode(&hex(&key), &value)))
            .collect()
    }

    pub(in crate::store) fn stories(&self, ids: &[StoryId]) -> Answer<Vec<Story>> {
        ids.iter().filter_map(|id| self.story(*id).transpose()).collect()
    }

    /// Makes the headings anew where a store of before, or a program of before, left none or not all.
    pub(in crate::store) fn level_headings(&self) -> Answer<()> {
        if self.meta.get(HEADINGS)?.as_deref() == Some(&mark(self.head()?.seq)) {
            return Ok(());
        }
        if !self.articles.is_empty() {
            tracing::info!(folder = %self.folder.display(), "headings are made from the articles; that is done once");
        }
        self.make_headings().map(|_| ())
    }

    /// Makes every heading anew, and gives how many were missing, wrong, or of no article. The caller holds the writer's
    /// lock, or has the store alone.
    pub(in crate::store) fn make_headings(&self) -> Answer<usize> {
        let mut anew = heading::Anew::default();
        for row in self.log.iter() {
            let (key, value) = row?;
            // What cannot be read is told by the walk and by `verify`; here as below it is passed over.
            record::decode::<Change>(&number(&key), &value).iter().for_each(|change| anew.saw(change));
        }
        let mut changed = Written::default();
        for row in self.articles.iter() {
            let (key, value) = row?;
            let Ok(article) = record::decode::<Article>(&hex(&key), &value) else { continue };
            let before = self.heading(article.id).ok().flatten();
            let story = self.story(article.story).ok().flatten();
            let withdrawn = self.withdrawn.contains_key(article.id.0.as_bytes())?;
            if let Some(made) = anew.make(&article, story.as_ref(), withdrawn, before.as_ref()) {
                changed.write(&self.headings, &made)?;
            }
        }
        anew.rest().try_for_each(|made| changed.write(&self.headings, &made))?;
        for key in self.headings.iter().keys() {
            let key = key?;
            if !self.articles.contains_key(&key)? {
                self.headings.remove(&key)?;
                changed.count += 1;
            }
        }
        self.headings.apply_batch(changed.batch)?;
        self.flush()?;
        self.meta.insert(HEADINGS, mark(self.head()?.seq))?;
        self.flush()?;
        Ok(changed.count)
    }

    /// What is wrong with the headings, in words; `article` tells what of each article they must hold.
    pub(in crate::store) fn check_heading(&self, article: &Article) -> Answer<Option<String>> {
        let id = article.id;
        let found = match self.heading(id) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Some(format!("the article {id} has no heading"))),
            Err(error) => return Ok(Some(error.to_string())),
        };
        let story = self.story(article.story).ok().flatten();
        let withdrawn = self.withdrawn.contains_key(id.0.as_bytes())?;
        let due = heading::told(article, story.as_ref(), withdrawn, found.changed, Some(&found));
        let is_sane = found.changed.seq <= self.head()?.seq;
        Ok((due != found || !is_sane).then(|| format!("the heading of the article {id} says something else")))
    }

    /// Headings of articles that are not there.
    pub(in crate::store) fn stray_headings(&self) -> Answer<Vec<String>> {
        let mut strays = Vec::new();
        for key in self.headings.iter().keys() {
            let key = key?;
            if !self.articles.contains_key(&key)? {
                let id = article_id("heading", &key).map_or_else(|_| hex(&key), |id| id.to_string());
                strays.push(format!("there is a heading of the article {id}, which is not there"));
            }
        }
        Ok(strays)
    }
}

/// Headings on their way to the disk.
#[derive(Default)]
struct Written {
    batch: Batch,
    waiting: usize,
    /// How many differ from what was there.
    count: usize,
}

impl Written {
    fn write(&mut self, tree: &Tree, heading: &Heading) -> Answer<()> {
        let (key, value) = (heading.id.0.as_bytes(), heading::encode(heading)?);
        if tree.get(key)?.is_some_and(|before| before == value) {
            return Ok(());
        }
        self.batch.insert(key, value);
        (self.waiting, self.count) = (self.waiting + 1, self.count + 1);
        if self.waiting >= AT_ONCE {
            self.waiting = 0;
            tree.apply_batch(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }
}
