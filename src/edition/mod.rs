//! An edition: what a query's feed holds right now, put together from the index and the store.
//! It follows the change log and never crawls; rendering it is [`crate::publish`]'s work.

mod asked;
mod ceiling;
mod entry;
mod follow;
mod history;
mod notice;
mod recent;
mod select;
mod settled;
mod topic;
mod wording;
mod words;

pub use asked::{ArchiveAt, Asked};
pub(crate) use ceiling::ceiling;
pub use notice::{Event, Notice};
pub use topic::{Topic, TopicError, is_news};
pub(crate) use wording::{Op, Piece, Rewording, rewordings};
pub use words::Words;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use lru::LruCache;
use url::Url;

use crate::article::{Article, ArticleId, Country, Language, SourceId, ThemeSlug, Themes};
use crate::config::{Config, FeedDefaults};
use crate::index::text::TextError;
use crate::index::{Archives, Counts, Gone, Index};
use crate::publish::{self, Entry, Feed, Format, Tombstone};
use crate::query::{Body, Query, Vocabulary};
use crate::store::{Store, StoreError};

/// What an edition says of a source.
#[derive(Debug, Clone)]
pub struct SourceCard {
    /// Its name for people.
    pub name: String,
    /// Its listing.
    pub url: String,
    /// The most that is shown of its texts.
    pub body: Body,
    /// `html`, `feed` or `sitemap`.
    pub kind: &'static str,
    /// The office's country.
    pub country: Option<Country>,
    /// The language it declares.
    pub language: Option<Language>,
}

/// What comes of asking for a feed.
#[derive(Debug)]
pub enum Issue {
    /// The feed, and when what it shows last changed.
    Feed(Box<Feed>, Option<Timestamp>),
    /// The archive has another version now.
    Moved(Box<Asked>),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index of words does not know yet what the facets know.
    #[error(
        "unable to search for words yet: the index of words is being brought level with the store; ask again in a few seconds, or leave out q and exclude"
    )]
    Behind,
    /// The index of words.
    #[error(transparent)]
    Words(#[from] TextError),
}

/// Puts editions together, and keeps the index level with the log.
pub struct Edition {
    store: Store,
    index: Arc<RwLock<Index>>,
    words: Arc<Words>,
    followed: Arc<AtomicU64>,
    /// Held by whoever follows the log: one at a time. True once the index is filled.
    following: Arc<tokio::sync::Mutex<bool>>,
    /// The months of queries, as they were told last.
    archives: Arc<Mutex<LruCache<String, Archives>>>,
    recent: Arc<RwLock<recent::Recent>>,
    /// Themes and sources that stored articles ever bore.
    borne: Arc<RwLock<BTreeSet<String>>>,
    /// The ceilings of sources as the store remembers them, for those that left the configuration.
    ceilings: Arc<RwLock<BTreeMap<SourceId, Body>>>,
    /// Since when the settings are in force, where others were before.
    settled: ArcSwapOption<Timestamp>,
    /// The address that readers use, with a slash at the end.
    pub public_url: Url,
    /// What feeds say of themselves.
    pub feed: FeedDefaults,
    /// The themes there are.
    pub themes: Themes,
    sources: BTreeMap<SourceId, SourceCard>,
}

impl Edition {
    /// An edition of nothing yet: [`Edition::follow`] fills it.
    pub fn new(store: Store, config: &Config) -> Edition {
        Edition {
            store,
            index: Arc::new(RwLock::new(Index::new())),
            words: Arc::new(Words::in_memory()),
            followed: Arc::default(),
            following: Arc::default(),
            archives: Arc::new(Mutex::new(LruCache::new(NonZeroUsize::MIN.saturating_add(history::REMEMBERED)))),
            recent: Arc::default(),
            borne: Arc::default(),
            ceilings: Arc::default(),
            settled: ArcSwapOption::empty(),
            public_url: config.server.public_url.clone(),
            feed: config.feed.clone(),
            themes: config.themes.clone(),
            sources: cards(config),
        }
    }

    /// The same edition with another index of words than one in memory.
    pub fn with(self, words: Words) -> Edition {
        Edition { words: Arc::new(words), ..self }
    }

    /// The same edition under other settings: what is known of the log is shared, and followed for both.
    pub fn under(&self, config: &Config) -> Edition {
        let left = self.sources.iter().map(|(id, card)| (id.clone(), card.body));
        self.ceilings.write().unwrap_or_else(PoisonError::into_inner).extend(left);
        Edition {
            store: self.store.clone(),
            index: Arc::clone(&self.index),
            words: Arc::clone(&self.words),
            followed: Arc::clone(&self.followed),
            following: Arc::clone(&self.following),
            archives: Arc::clone(&self.archives),
            recent: Arc::clone(&self.recent),
            borne: Arc::clone(&self.borne),
            ceilings: Arc::clone(&self.ceilings),
            settled: ArcSwapOption::empty(),
            public_url: config.server.public_url.clone(),
            feed: config.feed.clone(),
            themes: config.themes.clone(),
            sources: cards(config),
        }
    }

    /// Recalls what the store knows of sources and themes beyond the log.
    async fn recall(&self) -> Result<(), StoreError> {
        let names = self.store.names().await?;
        self.borne.write().unwrap_or_else(PoisonError::into_inner).extend(names);
        let states = self.store.sources().await?.into_iter();
        let ceilings = states.filter_map(|(id, state)| Some((id, state.body?)));
        self.ceilings.write().unwrap_or_else(PoisonError::into_inner).extend(ceilings);
        Ok(())
    }

    /// The sequence that the edition stands at: it moves whenever anything served may have changed.
    pub fn version(&self) -> u64 {
        self.followed.load(Ordering::Acquire)
    }

    /// True unless every change after this sequence is known to leave the query's feed alone.
    pub fn touched(&self, query: &Query, after: u64) -> bool {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).touched(query, after)
    }

    /// How many live stories each facet value has.
    pub fn counts(&self) -> Counts {
        self.index.read().unwrap_or_else(PoisonError::into_inner).counts()
    }

    /// The names that filters may use: what the configuration has, and what a stored article ever bore.
    pub fn vocabulary(&self) -> Vocabulary {
        let borne = self.borne.read().unwrap_or_else(PoisonError::into_inner);
        let of =
            |kind: &str| borne.iter().filter_map(|name| name.strip_prefix(kind)).map(str::to_owned).collect::<Vec<_>>();
        let themes = self.themes.iter().map(|t| t.slug.to_string()).chain(of("theme:"));
        let sources = self.sources.keys().map(ToString::to_string).chain(of("source:"));
        Vocabulary { themes: themes.collect(), sources: sources.collect() }
    }

    /// What a source is called.
    pub fn source(&self, id: &SourceId) -> SourceCard {
        self.sources.get(id).cloned().unwrap_or_else(|| SourceCard {
            name: id.to_string(),
            url: String::new(),
            body: self.allowed(id),
            kind: "html",
            country: None,
            language: None,
        })
    }

    /// The articles of a selection, as far as they may be shown.
    pub(crate) async fn articles(&self, ids: Vec<ArticleId>) -> Result<Vec<Article>, StoreError> {
        Ok(self.store.articles(ids).await?.into_iter().map(|article| self.shown(article)).collect())
    }

    /// The feed that is asked for, or an archive of it.
    pub async fn feed(&self, asked: &Asked, format: Format) -> Result<Issue, EditionError> {
        let filter = self.filter(&asked.query).await?;
        let history = self.history(asked, filter.clone());
        let (ids, gone, last_change, before) = match &asked.archive {
            None => {
                let selection = self.window(&asked.query, filter);
                let gone = self.gone(&history, &selection);
                (selection.ids, gone, selection.last_change, history.newest())
            }
            Some(archive) => {
                let version = history.version(archive.month);
                if archive.version.as_ref() != Some(&version) {
                    return Ok(Issue::Moved(Box::new(asked.at(archive.month, version))));
                }
                let volume = self.volume(&history, archive.month);
                (volume.ids, volume.gone, volume.changed, history.before(archive.month))
            }
        };
        let mut entries = Vec::with_capacity(ids.len());
        for article in self.articles(ids).await? {
            entries.push(self.entry(&article, asked).await?);
        }
        let path = format!("feed.{}", format.extension());
        let current = asked.current();
        let history = publish::History {
            current: asked.archive.as_ref().map(|_| self.address(&path, &current)),
            previous: before.map(|(month, version)| self.address(&path, &asked.at(month, version))),
            gone: gone.iter().map(|one| tombstone(one, asked)).collect(),
        };
        let ui = asked.interface();
        let title = self.title(&asked.query, ui);
        let french = ui == Language::FR;
        let about = match &self.feed.description {
            Some(text) => text,
            None if french => "réunies par depeche depuis les pages mêmes des éditeurs",
            None => "gathered by depeche from the publishers' own pages",
        };
        let languages: Vec<Language> = asked.query.languages.iter().copied().collect();
        let feed = Feed {
            id: self.address("feed.atom", &current),
            description: format!("{title}{} {about}", if french { " :" } else { ":" }),
            title,
            ui,
            home_url: self.address("", &current),
            self_url: self.address(&path, asked),
            // An archive never changes: there is nothing to subscribe to.
            hubs: if asked.archive.is_none() { self.hubs(asked) } else { Vec::new() },
            language: if let [one] = languages[..] { Some(one) } else { None },
            updated: entries.iter().map(|e: &Entry| e.updated).max().unwrap_or(Timestamp::UNIX_EPOCH),
            rights: self.feed.rights.clone(),
            author: self.feed.title.clone(),
            history,
            entries,
        };
        Ok(Issue::Feed(Box::new(feed), self.changed(last_change)))
    }

    /// Every source of the configuration.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceId, &SourceCard)> {
        self.sources.iter()
    }

    /// The title of a query's feed: the configured one, and what narrows it.
    pub fn title(&self, query: &Query, ui: Language) -> String {
        let mut parts: Vec<String> = query.countries.iter().map(|c| c.name(ui).to_owned()).collect();
        parts.extend(query.regions.iter().map(|r| r.name(ui).to_owned()));
        let theme = |t: &ThemeSlug| self.themes.get(t.as_str()).map_or(t.as_str(), |t| t.name(ui)).to_owned();
        parts.extend(query.themes.iter().map(theme));
        parts.extend(query.sources.iter().map(|s| self.source(s).name));
        parts.extend(query.languages.iter().map(|l| l.name(ui).to_owned()));
        parts.extend(query.q.iter().map(|q| if ui == Language::FR { format!("« {q} »") } else { format!("“{q}”") }));
        if parts.is_empty() { self.feed.title.clone() } else { format!("{} – {}", self.feed.title, parts.join(", ")) }
    }
}

/// A withdrawn entry under the id that it had in the feed asked for.
fn tombstone(gone: &Gone, asked: &Asked) -> Tombstone {
    let id = if asked.query.prefer.is_some() { gone.story.urn() } else { gone.article.urn() };
    Tombstone { id, at: gone.at }
}

fn cards(config: &Config) -> BTreeMap<SourceId, SourceCard> {
    let card = |s: &crate::config::Source| SourceCard {
        name: s.name.clone(),
        url: s.url.to_string(),
        body: s.body,
        kind: s.kind.name(),
        country: s.country,
        language: s.language,
    };
    config.sources.iter().map(|s| (s.id.clone(), card(s))).collect()
}
