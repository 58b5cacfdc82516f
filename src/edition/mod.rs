//! An edition: what a query's feed holds right now, put together from the index and the store.
//! It follows the change log and never crawls; rendering it is [`crate::publish`]'s work.

mod ceiling;
mod entry;
mod recent;
mod select;

pub(crate) use ceiling::ceiling;
pub use select::Part;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use url::Url;

use crate::article::{Article, ArticleId, Country, Language, SourceId, Themes};
use crate::config::{Config, FeedDefaults};
use crate::index::{Counts, Facts, Index};
use crate::publish::{Entry, Feed, Format};
use crate::query::{Body, Query, Vocabulary};
use crate::store::{ChangeKind, Store, StoreError};

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

/// Puts editions together, and keeps the index level with the log.
pub struct Edition {
    store: Store,
    index: RwLock<Index>,
    followed: AtomicU64,
    recent: RwLock<recent::Recent>,
    /// Themes and sources that stored articles ever bore.
    borne: RwLock<BTreeSet<String>>,
    /// The ceilings of sources as the store remembers them, for those that left the configuration.
    ceilings: RwLock<BTreeMap<SourceId, Body>>,
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
        let card = |s: &crate::config::Source| SourceCard {
            name: s.name.clone(),
            url: s.url.to_string(),
            body: s.body,
            kind: s.kind.name(),
            country: s.country,
            language: s.language,
        };
        Edition {
            store,
            index: RwLock::new(Index::new()),
            followed: AtomicU64::new(0),
            recent: RwLock::default(),
            borne: RwLock::default(),
            ceilings: RwLock::default(),
            public_url: config.server.public_url.clone(),
            feed: config.feed.clone(),
            themes: config.themes.clone(),
            sources: config.sources.iter().map(|s| (s.id.clone(), card(s))).collect(),
        }
    }

    /// Applies every change since the last call; returns the sequence that the edition now stands at.
    pub async fn follow(&self) -> Result<u64, StoreError> {
        if self.version() == 0 {
            let names = self.store.names().await?;
            self.borne.write().unwrap_or_else(PoisonError::into_inner).extend(names);
            let states = self.store.sources().await?.into_iter();
            let ceilings = states.filter_map(|(id, state)| Some((id, state.body?)));
            self.ceilings.write().unwrap_or_else(PoisonError::into_inner).extend(ceilings);
        }
        loop {
            let after = self.followed.load(Ordering::Acquire);
            let changes = self.store.changes(after, 500).await?;
            let Some(last) = changes.last().map(|change| change.seq) else { return Ok(after) };
            for change in changes {
                let article = self.store.article(change.article_id).await?;
                let story = match &article {
                    Some(article) => self.store.story(article.story).await?,
                    None => self.store.story(change.story_id).await?,
                };
                let withdrawn = self.store.withdrawn(change.article_id).await?.is_some();
                if let Some(article) = &article {
                    let mut borne = self.borne.write().unwrap_or_else(PoisonError::into_inner);
                    borne.extend(article.themes.iter().map(|tag| format!("theme:{}", tag.theme)));
                    borne.insert(format!("source:{}", article.source));
                }
                let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
                let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
                // What it was, what it is, and those whose place in the story may move with it.
                index.get(change.article_id).into_iter().for_each(|was| recent.note(change.seq, was));
                for member in story.iter().flat_map(|story| &story.members) {
                    index.get(*member).into_iter().for_each(|facts| recent.note(change.seq, facts));
                }
                match (article, story) {
                    (Some(article), Some(story)) if !withdrawn && change.kind != ChangeKind::Withdrawn => {
                        let facts = facts(&article, change.at);
                        recent.note(change.seq, &facts);
                        index.put(facts, &story);
                    }
                    (_, story) => index.withdraw(change.article_id, change.at, story.as_ref()),
                }
            }
            self.followed.store(last, Ordering::Release);
        }
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
            body: self
                .ceilings
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(id)
                .copied()
                .unwrap_or(Body::Summary),
            kind: "html",
            country: None,
            language: None,
        })
    }

    /// The articles of a selection, as far as they may be shown.
    pub(crate) async fn articles(&self, ids: Vec<ArticleId>) -> Result<Vec<Article>, StoreError> {
        Ok(self.store.articles(ids).await?.into_iter().map(|article| self.shown(article)).collect())
    }

    /// The feed of a query, and when it last changed.
    pub async fn feed(&self, query: &Query, format: Format) -> Result<(Feed, Option<Timestamp>), StoreError> {
        let selection = self.select(query).await?;
        let mut entries = Vec::with_capacity(selection.ids.len());
        for article in self.articles(selection.ids).await? {
            entries.push(self.entry(&article, query).await?);
        }
        let with_query = |path: &str| self.address(path, query);
        let languages: Vec<Language> = query.languages.iter().copied().collect();
        let newest = entries.iter().map(|e: &Entry| e.updated).max();
        let feed = Feed {
            id: with_query("feed.atom"),
            title: self.title(query),
            description: match &self.feed.description {
                Some(text) => format!("{}: {text}", self.title(query)),
                None => format!("{}: gathered by depeche from the publishers' own pages", self.title(query)),
            },
            home_url: with_query(""),
            self_url: with_query(&format!("feed.{}", format.extension())),
            hub: None,
            language: if let [one] = languages[..] { Some(one) } else { None },
            updated: newest.unwrap_or(Timestamp::UNIX_EPOCH),
            rights: self.feed.rights.clone(),
            author: self.feed.title.clone(),
            entries,
        };
        Ok((feed, selection.last_change))
    }

    /// The public address of something under a query.
    pub fn address(&self, path: &str, query: &Query) -> String {
        let canonical = query.canonical();
        let question = if canonical.is_empty() { "" } else { "?" };
        format!("{}{path}{question}{canonical}", self.public_url)
    }

    /// Every source of the configuration.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceId, &SourceCard)> {
        self.sources.iter()
    }

    /// The title of a query's feed: the configured one, and what narrows it.
    pub fn title(&self, query: &Query) -> String {
        let mut parts: Vec<String> = query.countries.iter().map(|c| c.name(Language::EN).to_owned()).collect();
        parts.extend(query.regions.iter().map(|r| r.name(Language::EN).to_owned()));
        parts.extend(
            query
                .themes
                .iter()
                .map(|t| self.themes.get(t.as_str()).map_or_else(|| t.to_string(), |t| t.name_en.clone())),
        );
        parts.extend(query.sources.iter().map(|s| self.source(s).name));
        parts.extend(query.languages.iter().map(|l| l.name(Language::EN).to_owned()));
        parts.extend(query.q.iter().map(|q| format!("“{q}”")));
        if parts.is_empty() { self.feed.title.clone() } else { format!("{} – {}", self.feed.title, parts.join(", ")) }
    }
}

fn facts(article: &Article, changed: Timestamp) -> Facts {
    Facts {
        id: article.id,
        story: article.story,
        language: article.language.language,
        source: article.source.clone(),
        countries: article.countries.iter().map(|t| t.country).collect(),
        themes: article.themes.iter().map(|t| t.theme.clone()).collect(),
        news: article.news,
        published: article.published.at,
        changed,
    }
}
