//! An edition: what a query's feed holds right now, put together from the index and the store.
//! It follows the change log and never crawls; rendering it is [`crate::publish`]'s work.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use url::Url;

use crate::article::{Article, ArticleId, Language, SourceId, Themes};
use crate::config::{Config, FeedDefaults};
use crate::index::{Counts, Facts, Filter, Index, Selection};
use crate::publish::{Category, CategoryKind, Entry, Feed, Format, Origin};
use crate::query::{Body, Dedupe, Query, Vocabulary};
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
}

/// Puts editions together, and keeps the index level with the log.
pub struct Edition {
    store: Store,
    index: RwLock<Index>,
    followed: AtomicU64,
    /// The address that readers use, with a slash at the end.
    pub public_url: Url,
    /// What feeds say of themselves.
    pub feed: FeedDefaults,
    /// The themes there are.
    pub themes: Themes,
    sources: HashMap<SourceId, SourceCard>,
}

impl Edition {
    /// An edition of nothing yet: [`Edition::follow`] fills it.
    pub fn new(store: Store, config: &Config) -> Edition {
        let card =
            |s: &crate::config::Source| SourceCard { name: s.name.clone(), url: s.url.to_string(), body: s.body };
        Edition {
            store,
            index: RwLock::new(Index::new()),
            followed: AtomicU64::new(0),
            public_url: config.server.public_url.clone(),
            feed: config.feed.clone(),
            themes: config.themes.clone(),
            sources: config.sources.iter().map(|s| (s.id.clone(), card(s))).collect(),
        }
    }

    /// Applies every change since the last call; returns the sequence that the edition now stands at.
    pub async fn follow(&self) -> Result<u64, StoreError> {
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
                let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
                match (article, story) {
                    (Some(article), Some(story)) if !withdrawn && change.kind != ChangeKind::Withdrawn => {
                        index.put(facts(&article, change.at), &story);
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

    /// How many live stories each facet value has.
    pub fn counts(&self) -> Counts {
        self.index.read().unwrap_or_else(PoisonError::into_inner).counts()
    }

    /// The names that filters may use: what the configuration has, and what a stored article ever bore.
    pub fn vocabulary(&self) -> Vocabulary {
        let counts = self.counts();
        let themes =
            self.themes.iter().map(|t| t.slug.to_string()).chain(counts.themes.keys().map(ToString::to_string));
        let sources =
            self.sources.keys().map(ToString::to_string).chain(counts.sources.keys().map(ToString::to_string));
        Vocabulary { themes: themes.collect(), sources: sources.collect() }
    }

    /// What a source is called.
    pub fn source(&self, id: &SourceId) -> SourceCard {
        self.sources.get(id).cloned().unwrap_or_else(|| SourceCard {
            name: id.to_string(),
            url: String::new(),
            body: Body::Summary,
        })
    }

    /// The articles that a query selects, newest first.
    pub fn select(&self, query: &Query) -> Selection {
        let filter = Filter {
            countries: query.countries.clone(),
            regions: query.regions.clone(),
            themes: query.themes.clone(),
            languages: query.languages.clone(),
            sources: query.sources.clone(),
            since: query.since.as_ref().map(|b| b.start()),
            until: query.until.as_ref().map(|b| b.end()),
            dedupe: query.effective_dedupe() == Dedupe::Story,
            prefer: query.prefer,
            limit: query.limit.map_or(usize::from(self.feed.limit), usize::from),
            extend_day: true,
            include_no_news: false,
        };
        self.index.read().unwrap_or_else(PoisonError::into_inner).select(&filter)
    }

    /// The articles of a selection, as stored.
    pub async fn articles(&self, ids: Vec<ArticleId>) -> Result<Vec<Article>, StoreError> {
        self.store.articles(ids).await
    }

    /// The feed of a query, and when it last changed.
    pub async fn feed(&self, query: &Query, format: Format) -> Result<(Feed, Option<Timestamp>), StoreError> {
        let selection = self.select(query);
        let mut entries = Vec::with_capacity(selection.ids.len());
        for article in self.store.articles(selection.ids).await? {
            entries.push(self.entry(&article, query).await?);
        }
        let canonical = query.canonical();
        let with_query = |path: &str| {
            let mut url = self.public_url.to_string();
            url.push_str(path);
            if !canonical.is_empty() {
                url.push('?');
                url.push_str(&canonical);
            }
            url
        };
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

    async fn entry(&self, article: &Article, query: &Query) -> Result<Entry, StoreError> {
        let language = article.language.language;
        let story = self.store.story(article.story).await?;
        let mut id = article.id;
        let (mut also, mut translations) = (Vec::new(), Vec::new());
        if let Some(story) = story.filter(|_| query.effective_dedupe() == Dedupe::Story) {
            id = story.entries.iter().find(|e| e.lead == article.id).map_or(article.id, |e| e.entry);
            let others = story.members.iter().copied().filter(|m| *m != article.id).collect();
            for other in self.store.articles(others).await? {
                if self.store.withdrawn(other.id).await?.is_some() {
                    continue;
                }
                if other.language.language == language {
                    let card = self.source(&other.source);
                    also.push(Origin { id: other.source.to_string(), name: card.name, url: other.url });
                } else if let Ok(url) = Url::parse(&other.url) {
                    translations.push(crate::article::Alternate { language: other.language.language, url });
                }
            }
        }
        let card = self.source(&article.source);
        let body = ceiling(query.body.unwrap_or(self.feed.body), card.body);
        Ok(Entry {
            id: id.urn(),
            url: article.url.clone(),
            title: article.title.clone(),
            language,
            published: article.published.at,
            updated: article.updated,
            authors: article.authors.clone(),
            summary: (body != Body::None).then(|| article.summary.clone()),
            content: (body == Body::Full).then(|| article.html.clone()),
            categories: self.categories(article),
            image: article.image.clone(),
            attachments: article.attachments.clone(),
            source: Origin { id: article.source.to_string(), name: card.name, url: card.url },
            also,
            translations,
            rights: self.feed.rights.clone(),
            extension: self.extension(article, query.explain),
        })
    }

    fn categories(&self, article: &Article) -> Vec<Category> {
        let ui = article.language.language;
        let country = |tag: &crate::article::CountryTag| Category {
            kind: CategoryKind::Country,
            term: tag.country.iso3().to_owned(),
            scheme: "urn:iso:std:iso:3166".to_owned(),
            label: tag.country.name(ui).to_owned(),
        };
        let theme = |tag: &crate::article::ThemeTag| Category {
            kind: CategoryKind::Theme,
            term: tag.theme.to_string(),
            scheme: format!("{}api/v1/themes", self.public_url),
            label: self.themes.get(tag.theme.as_str()).map_or_else(|| tag.theme.to_string(), |t| t.name(ui).to_owned()),
        };
        article.countries.iter().map(country).chain(article.themes.iter().map(theme)).collect()
    }

    fn extension(&self, article: &Article, explain: bool) -> serde_json::Value {
        let reliefweb: BTreeSet<u32> = article
            .themes
            .iter()
            .filter_map(|t| Some(self.themes.get(t.theme.as_str())?.reliefweb.as_ref()?.0))
            .collect();
        let mut extension = serde_json::json!({
            "article_id": article.id,
            "story_id": article.story,
            "source": article.source,
            "countries": article.countries.iter().map(|t| t.country.iso3()).collect::<Vec<_>>(),
            "themes": article.themes.iter().map(|t| t.theme.as_str()).collect::<Vec<_>>(),
            "reliefweb_theme_ids": reliefweb,
            "date": {"day": article.published.day.to_string(), "precision": article.published.precision, "from": article.published.from},
            "first_seen": article.first_seen,
        });
        if explain {
            extension["evidence"] = serde_json::json!({"language": article.language, "countries": article.countries, "themes": article.themes, "by": article.by});
        }
        extension
    }
}

/// A source's own `body` is a ceiling.
fn ceiling(asked: Body, allowed: Body) -> Body {
    match (asked, allowed) {
        (Body::None, _) | (_, Body::None) => Body::None,
        (Body::Full, Body::Full) => Body::Full,
        _ => Body::Summary,
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
