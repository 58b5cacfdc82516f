//! Where an article goes: into a story, with what that moves. Nothing is written here; one put writes all of it.
//! It never leaves two stories where a new article shows that they are one, nor gives an entry a second id.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::entry::Outcome;
use super::{Line, known, settle};
use crate::article::{Article, ArticleId, Story, StoryId};
use crate::dedup::{self, Judgement};
use crate::store::StoreError;

/// Where an article goes, and whom that touches.
pub(super) struct Place {
    pub(super) story: Story,
    pub(super) moves: Moves,
}

/// What a put changes besides the article and its story.
#[derive(Default)]
pub(super) struct Moves {
    /// Members of other stories that move, and those whose entries show something else: each is logged.
    pub(super) others: Vec<Article>,
    /// A second story that is written: one that lost members, or that they left for.
    pub(super) left: Option<Story>,
    pub(super) dissolved: Vec<StoryId>,
}

/// Adds the translations that the page itself links and that were stored too long ago to be remembered. One whose story
/// is told in the article's language already has its translation.
pub(super) async fn link_old(line: &Line, article: &Article, judgement: &mut Judgement) -> Result<(), StoreError> {
    let candidate = known(article);
    for alternate in &article.alternates {
        let Some(id) = line.store.by_url(&dedup::canonical(&alternate.url, true)).await? else { continue };
        let is_judged = line.memory.lock().unwrap_or_else(PoisonError::into_inner).judges(id, &candidate);
        if is_judged || judgement.joins().any(|of| of == id) || line.store.withdrawn(id).await?.is_some() {
            continue;
        }
        let Some(other) = line.store.article(id).await? else { continue };
        let Some(story) = line.store.story(other.story).await? else { continue };
        if story.entries.iter().all(|entry| entry.language != article.language.language) {
            judgement.translations.push(id);
        }
    }
    Ok(())
}

/// Puts a new article into the story that its judgement names, or founds one. A copy of one story that translates
/// another, or that is surely a copy of two, shows that they are one.
pub(super) async fn join(
    line: &Line,
    article: &mut Article,
    judgement: &Judgement,
) -> Result<(Place, Outcome), StoreError> {
    let mut stories: Vec<Story> = Vec::new();
    for of in judgement.joins() {
        let Some(of) = line.store.article(of).await? else { continue };
        if let Some(story) = line.store.story(of.story).await?
            && stories.iter().all(|s| s.id != story.id)
        {
            stories.push(story);
        }
    }
    let mut moves = Moves::default();
    let taken = match judgement.taken {
        Some(taken) => take(line, article, taken, &stories, &mut moves).await?,
        None => Taken::Nothing,
    };
    let parted = match taken {
        Taken::Story(story) => {
            stories.push(story);
            None
        }
        Taken::Members(parted) => Some(parted),
        Taken::Nothing => None,
    };
    let mut stories = stories.into_iter();
    let mut story = stories.next();
    for other in stories {
        story = match story {
            Some(story) => Some(merge(line, story, other, &mut moves).await?),
            None => Some(other),
        };
    }
    let story = match (story, parted) {
        (Some(story), Some(parted)) => absorb(line, story, parted, &mut moves).await?,
        (Some(story), None) | (None, Some(story)) => story,
        (None, None) => {
            article.story = StoryId::founded_by(article.id);
            return Ok((Place { story: Story::founded_by(article), moves }, Outcome::New));
        }
    };
    article.story = story.id;
    Ok((take_in(line, story, article, moves).await?, Outcome::SameStory))
}

/// What an article gets of a story that it parts.
enum Taken {
    /// The story itself, without those who leave it.
    Story(Story),
    /// Those who leave it.
    Members(Story),
    Nothing,
}

/// A story whose member the article translates better than the one that stood there: the two part. Those who are of the
/// founder's language stay, since a story goes by its founder.
async fn take(
    line: &Line,
    article: &Article,
    taken: ArticleId,
    joined: &[Story],
    moves: &mut Moves,
) -> Result<Taken, StoreError> {
    let Some(taken) = line.store.article(taken).await? else { return Ok(Taken::Nothing) };
    let Some(story) = line.store.story(taken.story).await? else { return Ok(Taken::Nothing) };
    let members = line.store.articles(story.members.clone()).await?;
    let (ours, theirs) = (article.language.language, taken.language.language);
    let stays = members.first().is_some_and(|founder| founder.language.language == theirs);
    let leaving = if stays { ours } else { theirs };
    let moved: Vec<Article> = members.into_iter().filter(|member| member.language.language == leaving).collect();
    let ids: Vec<ArticleId> = moved.iter().map(|member| member.id).collect();
    if ids.is_empty() || joined.iter().any(|joined| joined.id == story.id) {
        return Ok(Taken::Nothing);
    }
    let founder = if stays { ids.first().copied() } else { None };
    let mut name = StoryId::founded_by(founder.unwrap_or(article.id));
    while line.store.story(name).await?.is_some() {
        name = StoryId::founded_by(ArticleId(name.0));
    }
    let (rest, parted) = settle::part(&story, &ids, leaving, name);
    moves.others.extend(moved.into_iter().map(|member| Article { story: name, ..member }));
    // Those who stay show other translations from now on.
    for entry in &rest.entries {
        touch(line, entry.lead, moves).await?;
    }
    let (left, taken) = if stays { (parted, Taken::Story(rest)) } else { (rest, Taken::Members(parted)) };
    moves.left = Some(left);
    Ok(taken)
}

/// Two stories that turn out to be one: the older one's id and entries survive.
async fn merge(line: &Line, a: Story, b: Story, moves: &mut Moves) -> Result<Story, StoreError> {
    let founded = async |story: &Story| {
        let founder = match story.members.first() {
            Some(id) => line.store.article(*id).await?,
            None => None,
        };
        Ok::<_, StoreError>(founder.map(|f| (f.first_seen, f.id)))
    };
    let (older, younger) = if founded(&a).await? <= founded(&b).await? { (a, b) } else { (b, a) };
    moves.dissolved.push(younger.id);
    absorb(line, older, younger, moves).await
}

/// A story with the members of another; where both have an entry the better lead leads the story's own.
async fn absorb(line: &Line, story: Story, other: Story, moves: &mut Moves) -> Result<Story, StoreError> {
    let mut story = story;
    for id in &other.members {
        touch(line, *id, moves).await?;
    }
    for moved in moves.others.iter_mut().filter(|moved| other.members.contains(&moved.id)) {
        moved.story = story.id;
    }
    story.members.extend(other.members);
    for entry in other.entries {
        let Some(own) = story.entries.iter_mut().find(|own| own.language == entry.language) else {
            story.entries.push(entry);
            continue;
        };
        touch(line, own.lead, moves).await?;
        let find = |id: ArticleId| moves.others.iter().find(|other| other.id == id);
        if let (Some(lead), Some(other)) = (find(own.lead), find(entry.lead))
            && settle::leads_over(other, lead)
        {
            own.lead = entry.lead;
        }
    }
    Ok(story)
}

/// The story with the article in it, and the other articles whose entries now show something else.
pub(super) async fn take_in(
    line: &Line,
    story: Story,
    article: &Article,
    mut moves: Moves,
) -> Result<Place, StoreError> {
    let before = story.clone();
    let story = settle::admit(line, story, article).await?;
    for id in touched(&before, &story, article.id) {
        touch(line, id, &mut moves).await?;
    }
    Ok(Place { story, moves })
}

/// Has an article logged with the put, if it is not yet.
async fn touch(line: &Line, id: ArticleId, moves: &mut Moves) -> Result<(), StoreError> {
    if moves.others.iter().all(|other| other.id != id)
        && let Some(other) = line.store.article(id).await?
    {
        moves.others.push(other);
    }
    Ok(())
}

/// Leads of entries that show another set of members, or that lead no more.
pub(super) fn touched(before: &Story, after: &Story, article: ArticleId) -> BTreeSet<ArticleId> {
    if before == after {
        return BTreeSet::new();
    }
    let leads = before.entries.iter().chain(&after.entries).map(|entry| entry.lead);
    leads.filter(|lead| *lead != article).collect()
}
