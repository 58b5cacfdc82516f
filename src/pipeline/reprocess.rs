//! Stored articles made again from their archived pages, under the rules of now. What rules alone change is no news:
//! ids, dates, `updated` and story stay, the log calls it immaterial, and a second run finds nothing to do.
//! It never fetches, never touches what was withdrawn, and never lets an older page overwrite a newer text.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::reading::{self, Rules};
use super::settle::Given;
use super::{Failure, FieldChange, Line, Step, difference, known, put, settle};
use crate::archive::Capture;
use crate::article::{Article, ArticleId, DeclaredLanguages, PageKind, RawArticle, SourceId};
use crate::config::Source;
use crate::dedup;
use crate::store::{ChangeKind, PutOutcome, StoreError};

/// Articles read again at once.
const AT_ONCE: usize = 4;
/// Articles looked at between two steps of progress.
const PAGE: usize = 100;

/// Which articles, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Of these sources; of all where none is named.
    pub sources: Vec<String>,
    /// Only tells what would change.
    pub dry_run: bool,
    /// Forms the stories of all sources anew, too.
    #[serde(default)]
    pub stories: bool,
}

/// What an article would become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which.
    pub id: ArticleId,
    /// Its address.
    pub url: String,
    /// Its source.
    pub source: SourceId,
    /// False where no page of it is archived: then its stored text was judged again.
    pub from_page: bool,
    /// What changes.
    pub fields: Vec<FieldChange>,
}

/// How it went.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reprocessed {
    /// True when nothing was to be changed.
    pub dry_run: bool,
    /// Articles looked at.
    pub looked_at: usize,
    /// Those that come out differently: stored so, unless it was a dry run.
    pub changed: usize,
    /// How many differ in each field that is shown.
    pub fields: BTreeMap<String, usize>,
    /// Articles that belong to another story by the rules of now.
    pub regrouped: usize,
    /// Those that come out as they are.
    pub unchanged: usize,
    /// Looked at without their page, which is not archived: their text stays, what is judged of it may not.
    pub without_page: usize,
    /// Withdrawn ones, which are left alone.
    pub withdrawn: usize,
    /// Those that could not be made again and stay as they are, with the reason.
    pub left: Vec<Failure>,
    /// True when it was stopped before the end. Running it again goes on.
    pub interrupted: bool,
}

/// What is to be done about an article.
enum Plan {
    Withdrawn,
    Same { from_page: bool },
    Differs { article: Box<Article>, kind: ChangeKind, difference: Box<Difference> },
    Left(String),
}

impl Line {
    /// Makes the wanted articles again, as the sources given say.
    pub async fn reprocess(&self, sources: &[Arc<Source>], wanted: &Wanted) -> Result<Reprocessed, StoreError> {
        let sources: HashMap<SourceId, Arc<Source>> =
            sources.iter().map(|source| (source.id.clone(), Arc::clone(source))).collect();
        let is_wanted = |article: &Article| {
            wanted.sources.is_empty() || wanted.sources.iter().any(|id| id == article.source.as_str())
        };
        let mut report = Reprocessed { dry_run: wanted.dry_run, ..Reprocessed::default() };
        let mut planned = HashMap::new();
        let mut after = None;
        loop {
            let page = self.store.scan(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            let chosen: Vec<Article> = page.into_iter().filter(is_wanted).collect();
            let looked = chosen.len();
            let mut plans = futures::stream::iter(chosen)
                .map(async |before| {
                    let plan = self.plan(&before, &sources).await;
                    (before, plan)
                })
                .buffered(AT_ONCE);
            while let Some((before, plan)) = plans.next().await {
                if self.stop.is_cancelled() {
                    report.interrupted = true;
                    return Ok(report);
                }
                report.looked_at += 1;
                let plan = plan?;
                if let (true, true, Plan::Differs { article, .. }) = (wanted.stories, wanted.dry_run, &plan) {
                    planned.insert(article.id, known(article));
                }
                self.carry_out(before, plan, &sources, &mut report).await?;
            }
            self.tell(Step::Looked(looked));
        }
        if wanted.stories {
            self.regroup(&mut report, &planned).await?;
        }
        Ok(report)
    }

    /// Shows what would change, then changes it. If the log moved meanwhile the article is made again.
    async fn carry_out(
        &self,
        before: Article,
        plan: Plan,
        sources: &HashMap<SourceId, Arc<Source>>,
        report: &mut Reprocessed,
    ) -> Result<(), StoreError> {
        let (mut before, mut plan, mut told) = (before, plan, false);
        loop {
            let (article, kind, difference) = match plan {
                Plan::Withdrawn => {
                    report.withdrawn += 1;
                    return Ok(());
                }
                Plan::Left(why) => {
                    report.left.push(Failure { url: before.url.clone(), why });
                    return Ok(());
                }
                Plan::Same { from_page } => {
                    report.unchanged += 1;
                    report.without_page += usize::from(!from_page);
                    return Ok(());
                }
                Plan::Differs { article, kind, difference } => (article, kind, difference),
            };
            let from_page = difference.from_page;
            if !told {
                for change in &difference.fields {
                    *report.fields.entry(change.field.clone()).or_default() += 1;
                }
                self.tell(Step::Differs(difference));
                told = true;
            }
            if report.dry_run {
                report.changed += 1;
                report.without_page += usize::from(!from_page);
                return Ok(());
            }
            let head = self.store.head().await?;
            if self.store.article(before.id).await?.as_ref() == Some(&before)
                && let PutOutcome::Stored(_) = put::revise(self, head, &article, kind).await?
            {
                self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(known(&article));
                report.changed += 1;
                report.without_page += usize::from(!from_page);
                return Ok(());
            }
            let Some(now) = self.store.article(before.id).await? else { return Ok(()) };
            plan = self.plan(&now, sources).await?;
            before = now;
        }
    }

    /// What an article comes out as under the rules of now.
    async fn plan(&self, before: &Article, sources: &HashMap<SourceId, Arc<Source>>) -> Result<Plan, StoreError> {
        if self.store.withdrawn(before.id).await?.is_some() {
            return Ok(Plan::Withdrawn);
        }
        let capture = self.captured(before).await?;
        let own = sources.get(&before.source).cloned();
        let reader = capture.as_ref().and_then(|c| sources.get(&c.notes.source)).or(own.as_ref()).cloned();
        // How the pages of a source were read that left the configuration, nobody knows any more.
        let capture = match capture.zip(reader) {
            Some((capture, source)) => {
                let memory = self.memory_of(&source, &capture.url).await?;
                Some((capture, Rules::of(&source, memory)))
            }
            None => None,
        };
        let from_page = capture.is_some();
        let (enricher, was) = (Arc::clone(&self.enricher), before.clone());
        let work = tokio::task::spawn_blocking(move || {
            let raw = match capture {
                Some((capture, rules)) => match reading::read(&capture, &rules) {
                    Ok(Some(raw)) => raw,
                    Ok(None) => return Err("its page is no article by the rules of now; it stays as it is".to_owned()),
                    Err(why) => return Err(format!("{why}; it stays as it is")),
                },
                None => raw_of(&was, own.as_deref())?,
            };
            let given = Given {
                id: was.id,
                source: was.source.clone(),
                office: own.as_ref().map_or(was.office, |source| source.country),
                canonical: was.canonical.clone(),
                aliases: Vec::new(),
                published: was.published.clone(),
                first_seen: was.first_seen,
                backfill: was.backfill,
            };
            let mut article = reading::make(&enricher, raw, given);
            settle::keep_identity(&mut article, &was);
            article.aliases.clone_from(&was.aliases);
            Ok(article)
        });
        let article = match work.await {
            Ok(Ok(article)) => article,
            Ok(Err(why)) => return Ok(Plan::Left(why)),
            Err(_) => {
                return Ok(Plan::Left("the parser failed on it; this is a defect, please report the page".into()));
            }
        };
        if self.is_kept_out(&article).await? {
            return Ok(Plan::Left("its text would be one that was taken down; it stays as it is".to_owned()));
        }
        let Some(ChangeKind::Revised { fields, .. }) = settle::compare(before, &article) else {
            return Ok(Plan::Same { from_page });
        };
        let difference = Difference {
            id: before.id,
            url: before.url.clone(),
            source: before.source.clone(),
            from_page,
            fields: difference::brief(before, &article),
        };
        // Rules alone changed it: nobody is told that the office did.
        let kind = ChangeKind::Revised { fields, material: false };
        Ok(Plan::Differs { article: Box::new(article), kind, difference: Box::new(difference) })
    }

    /// True when an article differs from what is stored because the rules do: the page that it was made of says the same
    /// by the rules of now. Without that page nobody can tell, and the office is believed to have edited it.
    pub(super) async fn differs_by_rules_alone(
        &self,
        before: &Article,
        after: &Article,
        source: &Source,
    ) -> Result<bool, StoreError> {
        let Some(capture) = self.captured(before).await? else { return Ok(false) };
        let rules = Rules::of(source, self.memory_of(source, &capture.url).await?);
        let read = tokio::task::spawn_blocking(move || reading::read(&capture, &rules)).await;
        let Ok(Ok(Some(raw))) = read else { return Ok(false) };
        let fingerprint = dedup::fingerprint(&raw.title, &raw.text);
        let was = Article { fingerprint, title: raw.title, text: raw.text, ..before.clone() };
        Ok(!difference::is_material(&was, after))
    }

    /// What an article was made of, if it is archived and still is what it was made of.
    async fn captured(&self, article: &Article) -> Result<Option<Capture>, StoreError> {
        let found = match self.archive.find(&article.canonical, self.clock.now()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, article = %article.url, "the archive is left out");
                None
            }
        };
        let Some(capture) = found else { return Ok(None) };
        let page = self.store.page(&capture.notes.page).await?;
        Ok(page.filter(|page| page.hash == capture.notes.hash).map(|_| capture))
    }
}

/// A stored article as if it had just been read: its text stays, what is judged of it is judged again.
fn raw_of(article: &Article, source: Option<&Source>) -> Result<RawArticle, String> {
    // An older record does not say what was declared of it: what was judged then is the best hint.
    let declared = article.declared.unwrap_or(DeclaredLanguages {
        item: None,
        page: Some(article.language.language),
        source: None,
    });
    let url = article.url.parse().map_err(|why| format!("unable to use its address: {why}; it stays as it is"))?;
    Ok(RawArticle {
        url,
        canonical: None,
        title: article.title.clone(),
        html: article.html.clone(),
        text: article.text.clone(),
        summary: article.summary.clone(),
        authors: article.authors.clone(),
        published: None,
        modified: None,
        image: article.image.clone(),
        attachments: article.attachments.clone(),
        contact: article.contact.clone(),
        credit: article.credit.clone(),
        declared: DeclaredLanguages { source: source.map_or(declared.source, |source| source.language), ..declared },
        alternates: article.alternates.clone(),
        node_id: article.node_id.clone(),
        by: article.by.clone(),
        kind: PageKind::Article,
    })
}
