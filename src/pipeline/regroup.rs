//! Stories formed anew: every stored article judged again in the order of its arrival, as if it came now. An article that
//! belongs elsewhere by the rules of now moves there, one transaction each. It never gives a story that stays another id.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use super::reprocess::{Difference, Reprocessed};
use super::{FieldChange, Line, Step, known, put, settle};
use crate::article::{ArticleId, Story, StoryId};
use crate::dedup::{Known, Memory, Verdict};
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
        let groups = tokio::task::spawn_blocking(move || group(arrived)).await;
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
            let mut touched = put::touched(&before, &story, id);
            touched.extend(put::touched(&from, &left, id));
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

/// Judges each article against those before it, as a crawl does.
fn group(arrived: Vec<Known>) -> Vec<Vec<ArticleId>> {
    let mut memory = Memory::new();
    let mut all: HashMap<ArticleId, Known> = HashMap::new();
    let mut exact: HashMap<u64, ArticleId> = HashMap::new();
    let mut groups: Vec<Vec<ArticleId>> = Vec::new();
    let mut of: HashMap<ArticleId, usize> = HashMap::new();
    for mut known in arrived {
        let twin = exact.get(&known.fingerprint.exact).copied();
        let judgement = memory.judge(&known, twin);
        let same = match judgement.same {
            Some(Verdict::Duplicate { of } | Verdict::Version { of } | Verdict::Translation { of }) => Some(of),
            Some(Verdict::New) | None => None,
        };
        let mut found: Vec<usize> =
            [same, judgement.translation].into_iter().flatten().filter_map(|id| of.get(&id).copied()).collect();
        found.sort_unstable();
        found.dedup();
        let at = match found[..] {
            [] => {
                groups.push(Vec::new());
                groups.len() - 1
            }
            [one] => one,
            // A copy of one that translates another: the two are one, under the older.
            [older, younger, ..] => {
                for id in std::mem::take(&mut groups[younger]) {
                    of.insert(id, older);
                    groups[older].push(id);
                    if let Some(moved) = all.get_mut(&id) {
                        moved.story = provisional(&groups[older], moved.id);
                        memory.insert(moved.clone());
                    }
                }
                older
            }
        };
        groups[at].push(known.id);
        of.insert(known.id, at);
        known.story = provisional(&groups[at], known.id);
        exact.entry(known.fingerprint.exact).or_insert(known.id);
        memory.insert(known.clone());
        all.insert(known.id, known);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The name that a group has while it is formed.
fn provisional(group: &[ArticleId], fallback: ArticleId) -> StoryId {
    StoryId::founded_by(group.first().copied().unwrap_or(fallback))
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
