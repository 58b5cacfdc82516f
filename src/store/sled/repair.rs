//! Puts right what can be derived from the articles: keys, stories, the log. It removes no article, no text and no entry
//! of the log that can be read, and says each thing that it did.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::{Answer, SEQ, Sled, article_id, hex, number, text};
use crate::article::{Article, ArticleId, Language, Story, StoryEntry, StoryId};
use crate::store::record::{decode, encode};
use crate::store::{Change, ChangeKind, StoreError, names_of};

/// How far a number may lie beyond the rest of the log and still be believed.
const MOST: u64 = 1 << 24;

/// What is kept in mind of an article that can be read.
struct Brief {
    story: StoryId,
    language: Language,
    exact: u64,
    first_seen: Timestamp,
    is_office: bool,
    is_withdrawn: bool,
}

type Briefs = BTreeMap<ArticleId, Brief>;

impl Sled {
    /// Repairs what can be derived, and says each thing that it did. Puts wait meanwhile; readers do not.
    pub(in crate::store) fn repair(&self) -> Answer<Vec<String>> {
        // An export must not see half of it.
        let _exporter = self.exporter.lock().unwrap_or_else(PoisonError::into_inner);
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = Vec::new();
        self.mend_ids(&mut done)?;
        let known = self.briefs()?;
        self.drop_dangling(&known, &mut done)?;
        self.mend_keys(&known, &mut done)?;
        let changed = self.mend_stories(&known, &mut done)?;
        self.flush()?;
        done.extend(self.mend_log(&changed)?);
        match self.make_headings()? {
            0 => {}
            mended => done.push(format!("{mended} headings follow from their articles again")),
        }
        Ok(done)
    }

    /// An article under another id than its own moves to its own, if that is free.
    fn mend_ids(&self, done: &mut Vec<String>) -> Answer<()> {
        for row in self.articles.iter() {
            let (key, value) = row?;
            let Ok(article) = decode::<Article>(&hex(&key), &value) else { continue };
            let own = article.id.0.as_bytes();
            if key.as_ref() != own && !self.articles.contains_key(own)? {
                self.articles.insert(own, value)?;
                self.articles.remove(&key)?;
                done.push(format!(
                    "the article {} is stored under its own id again, not under {}",
                    article.id,
                    hex(&key)
                ));
            }
        }
        Ok(())
    }

    fn briefs(&self) -> Answer<Briefs> {
        let mut briefs = Briefs::new();
        for row in self.articles.iter() {
            let (key, value) = row?;
            match decode::<Article>(&hex(&key), &value) {
                Ok(article) => {
                    let brief = Brief {
                        story: article.story,
                        language: article.language.language,
                        exact: article.fingerprint.exact,
                        first_seen: article.first_seen,
                        is_office: article.office.is_some() && article.office == article.primary_country(),
                        is_withdrawn: self.withdrawn(article.id)?.is_some(),
                    };
                    briefs.insert(article.id, brief);
                }
                Err(error) => tracing::error!(%error, "this record cannot be read; it stays as it is"),
            }
        }
        Ok(briefs)
    }

    /// Keys that lead nowhere go. Those of an article that cannot be read stay: it is there.
    fn drop_dangling(&self, known: &Briefs, done: &mut Vec<String>) -> Answer<()> {
        for row in self.urls.iter() {
            let (key, value) = row?;
            if article_id("", &value).is_err() || !self.articles.contains_key(&value)? {
                self.urls.remove(&key)?;
                done.push(format!("the address {} led to no article: forgotten", text(&key)));
            }
        }
        for row in self.exact.iter() {
            let (key, value) = row?;
            let brief = article_id("", &value).ok().and_then(|id| known.get(&id));
            let is_right = brief.map_or(self.articles.contains_key(&value)?, |brief| brief.exact == number(&key));
            if !is_right {
                self.exact.remove(&key)?;
                done.push(format!("the exact hash {:016x} led to no article of that hash: forgotten", number(&key)));
            }
        }
        Ok(())
    }

    /// Every address, exact hash and name of every article has its key.
    fn mend_keys(&self, known: &Briefs, done: &mut Vec<String>) -> Answer<()> {
        let mut oldest: Vec<(&ArticleId, &Brief)> = known.iter().collect();
        oldest.sort_by_key(|(id, brief)| (brief.first_seen, **id));
        for (id, brief) in oldest {
            let Some(article) = self.article(*id)? else { continue };
            // The first to claim a spelling keeps it, but its canonical address is an article's own.
            let own = self.urls.get(&article.canonical)?.is_some_and(|to| to == id.0.as_bytes());
            let missing = article.aliases.iter().map(|url| Ok((url, !self.urls.contains_key(url)?)));
            let missing: Vec<(&String, bool)> = missing.collect::<Answer<_>>()?;
            for (url, _) in
                missing.into_iter().chain([(&article.canonical, !own)]).filter(|(_, is_missing)| *is_missing)
            {
                self.urls.insert(url, id.0.as_bytes())?;
                done.push(format!("the address {url} leads to the article {id} again"));
            }
            let key = brief.exact.to_be_bytes();
            if !self.exact.contains_key(key)? {
                self.exact.insert(key, id.0.as_bytes())?;
                done.push(format!("the exact hash {:016x} leads to the article {id} again", brief.exact));
            }
            for name in names_of(&article) {
                if !self.names.contains_key(&name)? {
                    self.names.insert(&name, b"")?;
                    done.push(format!("the name {name} is known again"));
                }
            }
        }
        Ok(())
    }

    /// Stories and members agree. Gives the articles whose story is another now.
    fn mend_stories(&self, known: &Briefs, done: &mut Vec<String>) -> Answer<Vec<ArticleId>> {
        let mut wanted: BTreeMap<StoryId, Vec<ArticleId>> = BTreeMap::new();
        for (id, brief) in known {
            wanted.entry(brief.story).or_default().push(*id);
        }
        let mut changed = Vec::new();
        for row in self.stories.iter() {
            let (key, value) = row?;
            let story = decode::<Story>(&hex(&key), &value).ok().filter(|story| story.id.0.as_bytes() == key.as_ref());
            let Some(story) = story else {
                // Made anew below, if any article names it.
                self.stories.remove(&key)?;
                done.push(format!("the story {} could not be read: removed", hex(&key)));
                continue;
            };
            let named = wanted.remove(&story.id).unwrap_or_default();
            if let Some(mended) = self.mended(&story, named, known)? {
                changed.extend(mended.members.iter().filter(|id| known.contains_key(id)));
                if mended.members.is_empty() {
                    self.stories.remove(&key)?;
                    done.push(format!("the story {} has no member left: removed", story.id));
                } else {
                    self.stories.insert(&key, encode(&mended)?)?;
                    done.push(format!("the story {} and its {} members agree again", story.id, mended.members.len()));
                }
            }
        }
        for (id, members) in wanted {
            let empty = Story { id, members: Vec::new(), entries: Vec::new() };
            let Some(story) = self.mended(&empty, members, known)? else { continue };
            changed.extend(&story.members);
            self.stories.insert(id.0.as_bytes(), encode(&story)?)?;
            done.push(format!("the story {id} is there again, with {} members", story.members.len()));
        }
        Ok(changed)
    }

    /// A story as the articles that name it want it; none where it is that already.
    fn mended(&self, story: &Story, mut named: Vec<ArticleId>, known: &Briefs) -> Answer<Option<Story>> {
        let mut mended = story.clone();
        let mut strangers = Vec::new();
        for member in &story.members {
            let is_stranger = match known.get(member) {
                Some(brief) => brief.story != story.id,
                // One that cannot be read is a member still.
                None => !self.articles.contains_key(member.0.as_bytes())?,
            };
            if is_stranger {
                strangers.push(*member);
            }
        }
        mended.members.retain(|member| !strangers.contains(member));
        named.retain(|id| !mended.members.contains(id));
        // Its founder first, whose entry keeps that id.
        named.sort_by_key(|id| (StoryId::founded_by(*id) != story.id, known.get(id).map(|b| b.first_seen), *id));
        mended.members.extend(named);
        let of = |language: Language| {
            let members: Vec<ArticleId> = mended.members.clone();
            let live = members.into_iter().filter_map(|id| Some((id, known.get(&id)?)));
            live.filter(|(_, b)| b.language == language && !b.is_withdrawn).collect::<Vec<_>>()
        };
        let lead_of = |language: Language| {
            let live = of(language);
            live.iter().find(|(_, brief)| brief.is_office).or(live.first()).map(|(id, _)| *id)
        };
        let mut entries = Vec::new();
        for mut entry in story.entries.clone() {
            if !mended.members.contains(&entry.lead) {
                let Some(lead) = lead_of(entry.language) else { continue };
                entry.lead = lead;
            }
            entries.push(entry);
        }
        if mended.members == story.members && entries == story.entries {
            return Ok(None);
        }
        for member in &mended.members {
            let Some(language) = known.get(member).filter(|b| !b.is_withdrawn).map(|b| b.language) else { continue };
            if entries.iter().all(|entry| entry.language != language)
                && let (Some((first, _)), Some(lead)) = (of(language).first(), lead_of(language))
            {
                entries.push(StoryEntry { language, entry: *first, lead });
            }
        }
        mended.entries = entries;
        Ok(Some(mended))
    }

    /// The log has every number once and names every article. What is missing is filled up in its place, so that every
    /// entry that can be read keeps its number; where something had to be filled up a new epoch begins. Articles that the
    /// log lacks, and `changed` ones, are named behind its end. The caller holds the writer's lock, or has the store alone.
    pub(in crate::store) fn mend_log(&self, changed: &[ArticleId]) -> Answer<Vec<String>> {
        let known = self.briefs()?;
        let mut done = Vec::new();
        let (mut told, mut holes, mut due) = (HashMap::<ArticleId, Change>::new(), Vec::new(), 1u64);
        for row in self.log.iter() {
            let (key, value) = row?;
            let seq = number(&key);
            if key.len() != 8 || seq < due || seq - due > MOST {
                self.log.remove(&key)?;
                done.push(format!("the log had an entry under {}, which is no number of its own: removed", hex(&key)));
                continue;
            }
            holes.extend(due..seq);
            due = seq + 1;
            match decode::<Change>(&seq, &value) {
                Ok(change) if change.seq == seq && self.articles.contains_key(change.article_id.0.as_bytes())? => {
                    told.insert(change.article_id, change);
                }
                _ => holes.push(seq),
            }
        }
        // A former text bears the number of the change that ended it: that number must not be given a second time.
        let ended = self.revisions.iter().keys().map(|key| Ok(number(key?.get(16..).unwrap_or_default())));
        let ended = ended.collect::<Answer<Vec<u64>>>()?.into_iter().max().unwrap_or(0);
        let head = self.head()?.seq;
        let is_sane = |seq: &u64| *seq >= due && *seq - due <= MOST;
        if let Some(top) = [head, ended].into_iter().filter(is_sane).max() {
            holes.extend(due..=top);
            due = top + 1;
        }
        let mut untold: Vec<ArticleId> = known.keys().copied().filter(|id| !told.contains_key(id)).collect();
        untold.sort_by_key(|id| known.get(id).map(|brief| (brief.first_seen, *id)));
        let withdrawn = |id: &&ArticleId| known.get(id).is_some_and(|brief| brief.is_withdrawn);
        let is_told = |id: &ArticleId| told.get(id).is_some_and(|change| change.kind == ChangeKind::Withdrawn);
        // Where entries were lost a withdrawal may be among them.
        let turned = known.keys().filter(|id| told.contains_key(id) && is_told(id) != withdrawn(id)).copied();
        let turned = turned.filter(|_| !holes.is_empty());
        let mut seen = HashSet::new();
        let behind = untold.iter().copied().chain(turned).chain(changed.iter().copied());
        let behind: Vec<ArticleId> = behind.filter(|id| seen.insert(*id)).collect();

        // Any article may stand in a hole: whoever reads the entry looks at the article as it is.
        let readable = told.values().filter(|change| known.contains_key(&change.article_id));
        let filler = readable.min_by_key(|change| change.seq).map(|change| (change.article_id, change.at));
        let filler = filler.or_else(|| untold.first().and_then(|id| Some((*id, known.get(id)?.first_seen))));
        match filler {
            Some((id, at)) => {
                for seq in &holes {
                    self.log_again(*seq, id, ChangeKind::Merged, at)?;
                }
                done.extend(runs(&holes).map(|run| format!("the log had no entry {run} that can be read: filled up")));
            }
            None if due > 1 || head > 0 => {
                self.log.clear()?;
                due = 1;
                done.push("the log named no article, and there is none: emptied".to_owned());
            }
            None => {}
        }
        for id in &behind {
            let gone = self.withdrawn(*id)?;
            let kind = match gone {
                Some(_) => ChangeKind::Withdrawn,
                None if told.contains_key(id) => ChangeKind::Merged,
                None => ChangeKind::Created,
            };
            let seen = known.get(id).map(|brief| brief.first_seen).unwrap_or_default();
            self.log_again(due, *id, kind, gone.or(told.get(id).map(|change| change.at)).unwrap_or(seen))?;
            done.push(format!("the log names the article {id} again, as change {due}"));
            due += 1;
        }
        let is_moved = head != due - 1;
        if is_moved {
            self.meta.insert(SEQ, &(due - 1).to_be_bytes())?;
            if behind.is_empty() {
                done.push(format!("the head said {head}, and the log goes to {}: set right", due - 1));
            }
        }
        self.flush()?;
        self.durable.store(due - 1, Ordering::Release);
        if !holes.is_empty() || due - 1 < head {
            self.renew()?;
            done.push("a new epoch began: readers' cursors begin anew".to_owned());
        }
        self.note_reached()?;
        Ok(done)
    }

    fn log_again(&self, seq: u64, id: ArticleId, kind: ChangeKind, at: Timestamp) -> Answer<()> {
        let article = self.article(id)?;
        let article =
            article.ok_or_else(|| StoreError::Record { key: id.to_string(), why: "it is not there".to_owned() })?;
        let change = Change { seq, kind, article_id: id, story_id: article.story, url: article.url, at };
        self.log.insert(seq.to_be_bytes(), encode(&change)?)?;
        Ok(())
    }
}

/// `3`, or `5 to 9`, for numbers in a row.
fn runs(numbers: &[u64]) -> impl Iterator<Item = String> + '_ {
    let row = numbers.chunk_by(|a, b| *b == *a + 1);
    row.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(first.to_string()),
        (first, last) => Some(format!("{first} to {last}")),
    })
}
