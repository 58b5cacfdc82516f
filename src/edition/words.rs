//! The words of queries: the index of words, kept level with the log beside the facets, and what it finds. A query with
//! words is answered from an index that knows all that the facets know, or not at all.
//! It never searches what a source does not allow to be shown: a search that found a word there would tell that it stands there.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use roaring::RoaringBitmap;
use tokio::sync::Mutex;

use super::{Edition, EditionError};
use crate::article::{Article, ArticleId, SourceId};
use crate::index::Index;
use crate::index::text::{Numbers, Plan, Scope, Snapshot, Text, TextError, text_of};
use crate::query::{Body, Query, TextFilter};
use crate::store::{Head, Store};

/// Changes read at once.
const BATCH: usize = 500;
/// Changes taken in before they are written, while there is much to catch up with: a crash costs no more than these.
const WRITTEN: u64 = 20_000;

/// How often what came meanwhile is caught up with before the task looks after itself again.
const CHASES: u32 = 20;

/// The index of words of an edition.
pub struct Words {
    /// Where it is; in memory without one.
    folder: Option<PathBuf>,
    /// True where a task brings it level, and nobody waits for that; else whoever asks first does it.
    tended: bool,
    /// The index and its writer, once somebody needed them; none again after any failure, so that it is opened anew.
    kept: Mutex<Option<Kept>>,
    /// What is searched, and up to which change it is level.
    shown: Arc<Shown>,
}

/// A state, and the last change that it knows.
type Shown = RwLock<Option<(u64, Arc<Snapshot>)>>;

struct Kept {
    text: Text,
    numbers: Numbers,
}

/// Changes that are taken in at once.
struct Batch {
    /// As they are now.
    articles: Vec<Article>,
    /// Articles that are no more.
    missing: HashSet<ArticleId>,
    /// The last of them.
    seq: u64,
    /// Written at once, or with later ones.
    written: bool,
}

impl Words {
    /// In memory, for whoever asks a little.
    pub fn in_memory() -> Words {
        Words { folder: None, tended: false, kept: Mutex::default(), shown: Arc::default() }
    }

    /// Beside a store that is on disk in a folder; in memory for one that is there, too.
    pub fn of(store: &Store, folder: &Path) -> Words {
        match store {
            Store::Memory(_) => Words::in_memory(),
            Store::Sled(_) => Words { folder: Some(text_of(folder)), ..Words::in_memory() },
        }
    }

    /// The same, where a task calls [`Edition::tend_words`].
    pub fn tended(self) -> Words {
        Words { tended: true, ..self }
    }

    fn level(&self) -> u64 {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |(seq, _)| *seq)
    }

    fn snapshot(&self, least: u64) -> Option<Arc<Snapshot>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.as_ref().filter(|(seq, _)| *seq >= least).map(|(_, snapshot)| Arc::clone(snapshot))
    }

    async fn open(&self, head: Head) -> Result<Kept, TextError> {
        let folder = self.folder.clone();
        let text = blocking(move || match folder {
            Some(folder) => Text::open(&folder, head),
            None => Text::in_memory(),
        });
        Ok(Kept { text: text.await?, numbers: Numbers::new() })
    }
}

/// The library blocks, and may panic on a file that somebody damaged.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TextError> + Send + 'static,
) -> Result<T, TextError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| TextError::Died(error.to_string()))?
}

impl Kept {
    fn take_in(&mut self, batch: &Batch) -> Result<(), TextError> {
        batch.missing.iter().for_each(|id| self.text.remove(*id));
        batch.articles.iter().try_for_each(|article| self.text.put(article))?;
        if batch.written { self.text.commit(batch.seq) } else { Ok(()) }
    }

    /// Has its present state searched, under the numbers of the facets; what was erased leaves the files. Where the facets
    /// have no numbers yet, what was searched goes on being searched, unless it holds what was erased.
    fn show(&mut self, index: Option<&RwLock<Index>>, words: &Shown) -> Result<(), TextError> {
        match (self.text.is_unclean(), index) {
            (true, _) => self.text.rewrite()?,
            (false, None) => return Ok(()),
            (false, Some(_)) => {}
        }
        let shown = index.map(|index| {
            let number = |ids: &[ArticleId]| {
                let index = index.read().unwrap_or_else(PoisonError::into_inner);
                ids.iter().map(|id| index.number(*id)).collect()
            };
            self.text.snapshot(&mut self.numbers, number)
        });
        let shown = shown.transpose()?.map(|snapshot| (self.text.head().seq, Arc::new(snapshot)));
        *words.write().unwrap_or_else(PoisonError::into_inner) = shown;
        if self.text.is_unclean() { self.text.sweep() } else { Ok(()) }
    }
}

impl Edition {
    /// True where queries with words are answered: the index of words knows all that the facets know.
    pub fn words_are_level(&self) -> bool {
        self.words.snapshot(self.version()).is_some()
    }

    /// How many changes the index of words has to catch up with.
    pub fn words_behind(&self) -> u64 {
        self.version().saturating_sub(self.words.level())
    }

    /// Brings the index of words level with the facets, if it is not: the work of the task that tends it.
    pub async fn tend_words(&self) -> Result<(), EditionError> {
        // The log goes on meanwhile; once it is level following keeps it so.
        for _ in 0..CHASES {
            if self.words_are_level() {
                break;
            }
            self.store.room()?;
            self.bring_words(self.version(), true).await?;
        }
        Ok(())
    }

    /// Takes what was erased out of the index of words on disk, where there is one.
    pub async fn clean_words(&self) -> Result<(), EditionError> {
        if self.words.folder.as_ref().is_some_and(|folder| folder.exists()) {
            let head = self.store.head().await?.seq;
            self.bring_words(head, self.version() >= head).await?;
        }
        Ok(())
    }

    /// With the facets: where the index of words was level before these changes, it is so after them.
    pub(super) async fn words_follow(&self, before: u64, upto: u64) {
        if !self.words.tended || self.words.snapshot(before).is_none() {
            return;
        }
        if let Err(error) = self.bring_words(upto, true).await {
            tracing::error!(%error, "the index of words does not follow; queries with words wait");
        }
    }

    /// Takes in what changed, up to a change that the facets know, and has it searched (or, without `show`, nothing).
    async fn bring_words(&self, upto: u64, show: bool) -> Result<(), EditionError> {
        let mut place = self.words.kept.lock().await;
        let mut kept = match place.take() {
            Some(kept) => kept,
            None => self.words.open(self.store.head().await?).await?,
        };
        let mut reached = kept.text.head().seq;
        while reached < upto {
            let mut changes = self.store.changes(reached, BATCH).await?;
            changes.retain(|change| change.seq <= upto);
            let Some(last) = changes.last().map(|change| change.seq) else { break };
            let mut missing: HashSet<ArticleId> = changes.into_iter().map(|change| change.article_id).collect();
            let articles = self.store.articles(missing.iter().copied().collect()).await?;
            missing.retain(|id| articles.iter().all(|article| article.id != *id));
            let written = last >= upto || last - kept.text.head().seq >= WRITTEN;
            let batch = Batch { articles, missing, seq: last, written };
            kept = blocking(move || kept.take_in(&batch).map(|()| kept)).await?;
            reached = last;
        }
        // Articles that the facets do not know yet have no numbers.
        let index = (show && kept.text.head().seq <= upto).then(|| Arc::clone(&self.index));
        let shown = Arc::clone(&self.words.shown);
        kept = blocking(move || kept.show(index.as_deref(), &shown).map(|()| kept)).await?;
        *place = Some(kept);
        Ok(())
    }

    /// The documents that hold what a query's words ask for; nothing where it has none.
    pub(super) async fn holding(&self, query: &Query) -> Result<Option<Arc<RoaringBitmap>>, EditionError> {
        let Some(filter) = TextFilter::of(query) else { return Ok(None) };
        if !self.words.tended && !self.words_are_level() {
            self.bring_words(self.version(), true).await?;
        }
        let snapshot = self.words.snapshot(self.version()).ok_or(EditionError::Behind)?;
        let scopes = self.scopes();
        let found = blocking(move || {
            let plan = Plan::of(&filter);
            let mut found = RoaringBitmap::new();
            for (scope, documents) in scopes {
                let of_scope = snapshot.find(&plan, scope)?;
                found |= documents.map_or(of_scope.clone(), |documents| of_scope & documents);
            }
            Ok(found)
        });
        match found.await {
            Ok(found) => Ok(Some(Arc::new(found))),
            Err(error) => {
                // Its files are looked through when it is opened again.
                *self.words.shown.write().unwrap_or_else(PoisonError::into_inner) = None;
                *self.words.kept.lock().await = None;
                Err(error.into())
            }
        }
    }

    /// How much of a text may be searched, and of which documents; of all, where it is the same for every source.
    fn scopes(&self) -> Vec<(Scope, Option<RoaringBitmap>)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut sources: BTreeMap<u8, Vec<&SourceId>> = BTreeMap::new();
        for source in index.sources() {
            sources.entry(self.allowed(source) as u8).or_default().push(source);
        }
        let one = sources.len() == 1;
        let scopes = [(Body::Full, Scope::Text), (Body::Summary, Scope::Summary), (Body::None, Scope::Title)];
        let of = |(body, scope): (Body, Scope)| {
            let sources = sources.get(&(body as u8))?;
            Some((scope, (!one).then(|| index.of_sources(sources.iter().copied()))))
        };
        scopes.into_iter().filter_map(of).collect()
    }
}
