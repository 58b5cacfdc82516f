//! Stories formed anew: every stored article judged again in the order of its arrival, as if it came now. An article that
//! belongs elsewhere by the rules of now moves there, one transaction each. It never gives a story that stays another id.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use super::reprocess::{Difference, Reprocessed};
use super::{FieldChange, Line, Step, known, place, settle};
use crate::article::{ArticleId, Story, StoryId};
use crate::dedup::{Groups, Known};
use crate::store::{ChangeKind, Put, PutOutcome, StoreError};

/// Entries of the log that are read at once.
const PAGE: usize = 1_000;

impl Line {
    /// Moves articles to the stories that they belong to by the rules of now; a dry run only tells which.
    /// `planned` are articles as they would be after that run.
    pub(super) async fn regroup(
        &self,
        report: &mut Reprocessed,
        planned: &HashMap<ArticleId, Known>,
    ) -> Result<(), StoreError> {
        let mut arrived = self.in_order_of_arrival().await?;
        for known in &mut arrived {
            if let Some(planned) = planned.get(&known.id) {
                known.clone_from(planned);
            }
        }
        let stories: HashMap<ArticleId, StoryId> = arrived.iter().map(|known| (known.id, known.story)).collect();
        let formed = tokio::task::spawn_blocking(move || {
            let mut groups = Groups::new();
            arrived.into_iter().for_each(|known| {
                groups.take_in(known);
            });
            groups.into_members()
        });
        let groups = formed.await;
        let groups = groups.map_err(|error| StoreError::Engine(format!("the judge of stories died: {error}")))?;
        for (id, story) in named(&groups, &stories) {
            if self.stop.is_cancelled() {
                report.interrupted = true;
                return Ok(());
            }
            if stories.get(&id) == Some(&story) {
                continue;
            }
            let Some(article) = self.store.article(id).await? else { continue };
            let fields = vec![FieldChange {
                field: "story".into(),
                before: article.story.to_string(),
                after: story.to_string(),
            }];
            let (url, source) = (article.url, article.source);
            self.tell(Step::Differs(Box::new(Difference { id, url, source, from_page: true, fields })));
            report.regrouped += 1;
            if !report.dry_run {
                self.move_to(id, story).await?;
            }
        }
        Ok(())
    }

    /// What is served, in the order in which it was created.
    async fn in_order_of_arrival(&self) -> Result<Vec<Known>, StoreError> {
        let mut order: HashMap<ArticleId, u64> = HashMap::new();
        let mut after = 0;
        loop {
            let changes = self.store.changes(after, PAGE).await?;
            let Some(last) = changes.last() else { break };
            after = last.seq;
            for change in changes.iter().filter(|change| change.kind == ChangeKind::Created) {
                order.entry(change.article_id).or_insert(change.seq);
            }
        }
        let mut arrived = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.scan(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for article in &page {
                if self.store.withdrawn(article.id).await?.is_none() {
                    arrived.push(known(article));
                }
            }
        }
        arrived.sort_by_key(|known| (order.get(&known.id).copied().unwrap_or_default(), known.id));
        Ok(arrived)
    }

    /// Takes an article out of the story that it is in and into another, in one transaction.
    async fn move_to(&self, id: ArticleId, to: StoryId) -> Result<(), StoreError> {
        loop {
            let head = self.store.head().await?;
            let Some(mut article) = self.store.article(id).await? else { return Ok(()) };
            if article.story == to || self.store.withdrawn(id).await?.is_some() {
                return Ok(());
            }
            let from = self.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(&article));
            article.story = to;
            let before =
                self.store.story(to).await?.unwrap_or(Story { id: to, members: Vec::new(), entries: Vec::new() });
            let story = settle::admit(self, before.clone(), &article).await?;
            let needs_entry = story.entries.iter().any(|entry| entry.entry == id);
            let left = settle::release(self, from.clone(), &article, needs_entry).await?;
            let mut touched = place::touched(&before, &story, id);
            touched.extend(place::touched(&from, &left, id));
            let others = self.store.articles(touched.into_iter().collect()).await?;
            let dissolved = if left.members.is_empty() { vec![left.id] } else { Vec::new() };
            let put = Put {
                head,
                article: article.clone(),
                story,
                kind: ChangeKind::Merged,
                at: self.clock.now(),
                page: None,
                others,
                left: (!left.members.is_empty()).then_some(left),
                dissolved,
                erase: false,
            };
            if let PutOutcome::Stored(_) = self.store.put(put).await? {
                self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(known(&article));
                return Ok(());
            }
        }
    }
}

/// Each article's story: of the stories that a group's members are in, the first that no earlier group has taken.
fn named(groups: &[Vec<ArticleId>], stories: &HashMap<ArticleId, StoryId>) -> Vec<(ArticleId, StoryId)> {
    let mut taken: HashSet<StoryId> = HashSet::new();
    let mut answer = Vec::new();
    for group in groups {
        let own = group.iter().filter_map(|id| stories.get(id).copied());
        let founded = group.iter().map(|id| StoryId::founded_by(*id));
        // Where an older article stands in the story that this one founded, the name is made of that name.
        let further = founded.clone().map(|story| StoryId::founded_by(ArticleId(story.0)));
        let Some(story) = own.chain(founded).chain(further).find(|story| !taken.contains(story)) else { continue };
        taken.insert(story);
        answer.extend(group.iter().map(|id| (*id, story)));
    }
    answer
}
