//! What changes while an export reads without holding up anybody, so that its end can make good for it.
//! It is kept under the writer's lock, and empty while no export is at work.

use std::collections::BTreeSet;

use crate::article::{ArticleId, StoryId};
use crate::store::Put;

/// Keys that were written since an export began.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) exporting: bool,
    pub(super) articles: BTreeSet<ArticleId>,
    pub(super) stories: BTreeSet<StoryId>,
    pub(super) pages: BTreeSet<String>,
    /// A text was taken down that the file may hold already.
    pub(super) erased: bool,
}

impl Tail {
    pub(super) fn begin(&mut self) {
        *self = Tail { exporting: true, ..Tail::default() };
    }

    pub(super) fn saw(&mut self, put: &Put) {
        if !self.exporting {
            return;
        }
        self.articles.insert(put.article.id);
        self.articles.extend(put.others.iter().map(|other| other.id));
        self.stories.insert(put.story.id);
        self.stories.extend(put.left.iter().map(|left| left.id));
        self.stories.extend(&put.dissolved);
        self.pages.extend(put.page.iter().map(|(url, _)| url.clone()));
        self.erased |= put.erase;
    }

    pub(super) fn saw_article(&mut self, id: ArticleId) {
        if self.exporting {
            self.articles.insert(id);
        }
    }
}
