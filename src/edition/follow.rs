//! How an edition comes level with the log: filled from the store's headings at first, then change by change. What it knows
//! of an article is what its heading says, so that following and filling end at the same.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Edition;
use crate::article::StoryId;
use crate::index::Fill;
use crate::store::{Change, StoreError};

/// Changes that are read at once.
const CHANGES: usize = 500;
/// Headings, or stories, that are read at once.
const AT_ONCE: usize = 4_096;

impl Edition {
    /// Applies every change since the last call; returns the sequence that the edition now stands at.
    pub async fn follow(&self) -> Result<u64, StoreError> {
        let mut is_filled = self.following.lock().await;
        if self.version() == 0 {
            self.recall().await?;
        }
        // Once, though there may be nothing yet: what comes from then on is followed, and told to whoever asks what it touched.
        if !*is_filled {
            self.fill().await?;
            *is_filled = true;
        }
        loop {
            let after = self.version();
            let changes = self.store.changes(after, CHANGES).await?;
            let Some(last) = changes.last().map(|change| change.seq) else { return Ok(after) };
            for change in changes {
                self.apply(&change).await?;
            }
            self.words_follow(after, last).await;
            self.followed.store(last, Ordering::Release);
        }
    }

    /// Fills the index with all that the store holds.
    async fn fill(&self) -> Result<(), StoreError> {
        // What comes in meanwhile is met a second time, by following.
        let seq = self.store.head().await?.seq;
        let (mut fill, mut shared, mut after) = (Fill::default(), HashSet::<StoryId>::new(), None);
        loop {
            let headings = self.store.headings(after, AT_ONCE).await?;
            let Some(last) = headings.last() else { break };
            after = Some(last.id);
            for heading in &headings {
                fill.add(heading);
                if !heading.alone {
                    shared.insert(heading.story);
                }
            }
        }
        let mut index = fill.index();
        let shared: Vec<StoryId> = shared.into_iter().collect();
        for some in shared.chunks(AT_ONCE) {
            self.store.stories(some.to_vec()).await?.iter().for_each(|story| index.place(story));
        }
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        self.recent.write().unwrap_or_else(PoisonError::into_inner).begin(seq);
        self.followed.store(seq, Ordering::Release);
        Ok(())
    }

    async fn apply(&self, change: &Change) -> Result<(), StoreError> {
        let Some(heading) = self.store.heading(change.article_id).await? else { return Ok(()) };
        let story = self.store.story(heading.story).await?;
        let mut headings = Vec::new();
        for member in story.iter().flat_map(|story| &story.members).filter(|member| **member != heading.id) {
            headings.extend(self.store.heading(*member).await?);
        }
        headings.push(heading);
        let mut borne = self.borne.write().unwrap_or_else(PoisonError::into_inner);
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for heading in headings {
            // What it was, and what it is; its place in the story may move as well.
            recent.note(change.seq, index.tags(heading.id));
            borne.extend(heading.tags.themes.iter().map(|theme| format!("theme:{theme}")));
            borne.insert(format!("source:{}", heading.tags.source));
            index.put(&heading);
            recent.note(change.seq, Some(heading.tags));
        }
        story.iter().for_each(|story| index.place(story));
        Ok(())
    }
}
