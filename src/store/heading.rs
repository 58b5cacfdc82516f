//! The headings that go with a put, and how they lie on disk: a version byte and postcard, since nothing in them is not in
//! the articles and the log as well, but for what an article bore once. It reads no tree.

use std::collections::{BTreeMap, HashMap};

use super::{Change, ChangeKind, Put, StoreError};
use crate::article::{Article, ArticleId, Heading, Mark, Story, StoryId};

/// Headings of another version are made anew, so it changes with every field.
pub(super) const VERSION: u8 = 1;

pub(super) fn encode(heading: &Heading) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(heading, vec![VERSION]).map_err(|why| StoreError::Engine(why.to_string()))
}

pub(super) fn decode(key: &dyn std::fmt::Display, bytes: &[u8]) -> Result<Heading, StoreError> {
    let wrong = |why: String| StoreError::Record { key: format!("heading {key}"), why };
    match bytes.split_first() {
        Some((&VERSION, packed)) => postcard::from_bytes(packed).map_err(|why| wrong(why.to_string())),
        Some((other, _)) => Err(wrong(format!("its version is {other}, and this program reads {VERSION}"))),
        None => Err(wrong("it is empty".to_owned())),
    }
}

/// True where a story is one article under its own entry, or one that is withdrawn: nothing more need be known of it.
pub(super) fn is_alone(story: &Story) -> bool {
    match (&story.members[..], &story.entries[..]) {
        ([_], []) => true,
        ([member], [entry]) => entry.entry == *member && entry.lead == *member,
        _ => false,
    }
}

/// Every heading that a put changes: those of the articles that its log entries name, and of all that are shown in the
/// same stories, since each entry tells of the others. `before` gives the headings that there are.
pub(super) fn of_put(
    put: &Put,
    changes: &[Change],
    before: impl Fn(ArticleId) -> Result<Option<Heading>, StoreError>,
) -> Result<Vec<Heading>, StoreError> {
    let mut made: BTreeMap<ArticleId, Heading> = BTreeMap::new();
    let named = std::iter::once(&put.article).chain(&put.others);
    for (article, change) in named.zip(changes) {
        let old = before(article.id)?;
        let mut heading = Heading::of(article, Mark { seq: change.seq, at: change.at }, old.as_ref());
        // Of the others none is withdrawn, or taken in again, by this.
        let was_withdrawn = old.as_ref().is_some_and(|old| old.withdrawn);
        heading.withdrawn =
            if article.id == put.article.id { put.kind == ChangeKind::Withdrawn } else { was_withdrawn };
        heading.alone = old.is_none_or(|old| old.alone);
        made.insert(article.id, heading);
    }
    let last = Mark { seq: changes.last().map_or(put.head.seq, |change| change.seq), at: put.at };
    for story in std::iter::once(&put.story).chain(&put.left) {
        let alone = is_alone(story);
        for member in &story.members {
            if !made.contains_key(member) {
                let Some(heading) = before(*member)? else { continue };
                made.insert(*member, heading);
            }
            if let Some(heading) = made.get_mut(member).filter(|heading| heading.story == story.id) {
                heading.alone = alone;
                if !heading.withdrawn {
                    heading.changed = last;
                }
            }
        }
    }
    Ok(made.into_values().collect())
}

/// Headings that are made anew from articles, stories and the log. What an article bore once is told by the heading that
/// was there before, if that can be read.
#[derive(Debug, Default)]
pub(super) struct Anew {
    /// Where the log last spoke of each article.
    marks: HashMap<ArticleId, Mark>,
    last: u64,
    /// Where it last spoke of any article of a story.
    stories: HashMap<StoryId, Mark>,
    /// Headings that wait for the rest of their stories.
    shared: Vec<Heading>,
}

impl Anew {
    /// Takes note of a change, the oldest first.
    pub(super) fn saw(&mut self, change: &Change) {
        self.marks.insert(change.article_id, Mark { seq: change.seq, at: change.at });
        self.last = self.last.max(change.seq);
    }

    /// The heading of an article; none where it waits for the rest of its story.
    pub(super) fn make(
        &mut self,
        article: &Article,
        story: Option<&Story>,
        withdrawn: bool,
        before: Option<&Heading>,
    ) -> Option<Heading> {
        let own = self.marks.get(&article.id).copied().unwrap_or(Mark { seq: 0, at: article.first_seen });
        let heading = told(article, story, withdrawn, own, before);
        let known = before.map(|before| before.changed).filter(|mark| mark.seq <= self.last);
        let heading = Heading { changed: heading.changed.max(known.unwrap_or_default()), ..heading };
        if heading.alone {
            return Some(heading);
        }
        let mark = self.stories.entry(heading.story).or_default();
        *mark = own.max(*mark);
        self.shared.push(heading);
        None
    }

    /// Those that waited: whatever is shown of a story changed with each of its articles.
    pub(super) fn rest(self) -> impl Iterator<Item = Heading> {
        self.shared.into_iter().map(move |heading| {
            let of_story = self.stories.get(&heading.story).copied().filter(|_| !heading.withdrawn);
            Heading { changed: heading.changed.max(of_story.unwrap_or_default()), ..heading }
        })
    }
}

/// The heading that an article and its story tell of.
pub(super) fn told(
    article: &Article,
    story: Option<&Story>,
    withdrawn: bool,
    changed: Mark,
    before: Option<&Heading>,
) -> Heading {
    let heading = Heading::of(article, changed, before);
    Heading { withdrawn, alone: story.is_some_and(is_alone), ..heading }
}
