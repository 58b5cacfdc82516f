//! What an article becomes in the store: its record, what changed of it, its place in a story.
//! It never gives an article a second identity or a second publication date.

use jiff::Timestamp;

use super::{Line, difference};
use crate::article::{
    Article, ArticleId, Country, Language, Published, RawArticle, SourceId, Story, StoryEntry, StoryId, leads_inside,
};
use crate::dedup;
use crate::enrich::Enrichment;
use crate::store::{ChangeKind, StoreError};

/// What a record gets that is not on its page.
pub(super) struct Given {
    pub(super) id: ArticleId,
    pub(super) source: SourceId,
    /// The source's country.
    pub(super) office: Option<Country>,
    pub(super) canonical: String,
    pub(super) aliases: Vec<String>,
    pub(super) published: Published,
    pub(super) first_seen: Timestamp,
    pub(super) backfill: bool,
}

pub(super) fn article(raw: RawArticle, enrichment: Enrichment, given: Given) -> Article {
    let mut aliases = given.aliases;
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != given.canonical);
    Article {
        id: given.id,
        story: StoryId::founded_by(given.id),
        source: given.source,
        office: given.office,
        url: dedup::readable(&raw.url).into(),
        canonical: given.canonical,
        aliases,
        fingerprint: dedup::fingerprint(&raw.title, &raw.text),
        title: raw.title,
        html: raw.html,
        text: raw.text,
        summary: raw.summary,
        authors: raw.authors,
        image: raw.image.filter(|image| !leads_inside(&image.url, &raw.url)),
        attachments: raw.attachments,
        contact: raw.contact,
        credit: raw.credit,
        language: enrichment.language,
        countries: enrichment.countries,
        themes: enrichment.themes,
        news: enrichment.news,
        updated: given.published.at,
        published: given.published,
        first_seen: given.first_seen,
        by: raw.by,
        alternates: raw.alternates,
        node_id: raw.node_id,
        backfill: given.backfill,
        declared: Some(raw.declared),
    }
}

/// What is given once stays: identity, story, source, dates, and every address that ever led here.
pub(super) fn keep_identity(article: &mut Article, before: &Article) {
    article.id = before.id;
    article.story = before.story;
    article.source = before.source.clone();
    article.published = before.published.clone();
    article.first_seen = before.first_seen;
    article.updated = before.updated;
    article.backfill = before.backfill;
    let mut aliases = before.aliases.clone();
    aliases.push(article.canonical.clone());
    aliases.append(&mut article.aliases);
    article.canonical = before.canonical.clone();
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != before.canonical);
    article.aliases = aliases;
}

/// What changed of a stored article, if anything that is served did.
pub(super) fn compare(before: &Article, after: &Article) -> Option<ChangeKind> {
    let fields = difference::fields(before, after);
    if fields.is_empty() {
        return None;
    }
    Some(ChangeKind::Revised { fields, material: difference::is_material(before, after) })
}

/// Takes an article into a story. Its entry keeps its id for ever; who leads it is a matter of [`leads_over`].
pub(super) async fn admit(line: &Line, mut story: Story, article: &Article) -> Result<Story, StoreError> {
    if !story.members.contains(&article.id) {
        story.members.push(article.id);
    }
    let language = article.language.language;
    // An article whose language was judged anew leaves the entry that it led.
    for entry in story.entries.iter_mut().filter(|entry| entry.language != language && entry.lead == article.id) {
        entry.lead = next_lead(line, &story.members, article.id, entry.language).await?.unwrap_or(article.id);
    }
    story.entries.retain(|entry| entry.language == language || entry.lead != article.id);
    let Some(at) = story.entries.iter().position(|entry| entry.language == language) else {
        story.entries.push(StoryEntry { language, entry: article.id, lead: article.id });
        return Ok(story);
    };
    let lead = line.store.article(story.entries[at].lead).await?;
    if lead.is_none_or(|lead| lead.id != article.id && leads_over(article, &lead)) {
        story.entries[at].lead = article.id;
    }
    Ok(story)
}

/// Takes a withdrawn article out of the entries it leads: the next copy takes over, under the same entry id.
pub(super) async fn dismiss(line: &Line, mut story: Story, article: &Article) -> Result<Story, StoreError> {
    let mut kept = Vec::new();
    for mut entry in std::mem::take(&mut story.entries) {
        if entry.lead == article.id {
            let Some(next) = next_lead(line, &story.members, article.id, entry.language).await? else { continue };
            entry.lead = next;
        }
        kept.push(entry);
    }
    story.entries = kept;
    Ok(story)
}

/// The story without an article that leaves it for another. An entry keeps its id, unless the article needs it: it is
/// the article's own.
pub(super) async fn release(
    line: &Line,
    story: Story,
    article: &Article,
    needs_entry: bool,
) -> Result<Story, StoreError> {
    let mut story = dismiss(line, story, article).await?;
    story.members.retain(|member| *member != article.id);
    for entry in story.entries.iter_mut().filter(|entry| needs_entry && entry.entry == article.id) {
        entry.entry = entry.lead;
    }
    Ok(story)
}

async fn next_lead(
    line: &Line,
    members: &[ArticleId],
    without: ArticleId,
    language: Language,
) -> Result<Option<ArticleId>, StoreError> {
    let mut best: Option<Article> = None;
    for id in members.iter().filter(|id| **id != without) {
        if line.store.withdrawn(*id).await?.is_some() {
            continue;
        }
        let Some(copy) = line.store.article(*id).await? else { continue };
        if copy.language.language == language && best.as_ref().is_none_or(|best| leads_over(&copy, best)) {
            best = Some(copy);
        }
    }
    Ok(best.map(|article| article.id))
}

/// True where the first leads an entry and not the second: the country office's article, else what was published earlier.
/// Of two that are alike in both the one that leads goes on to.
pub(super) fn leads_over(article: &Article, lead: &Article) -> bool {
    match (is_office(article), is_office(lead)) {
        (true, false) => true,
        (false, true) => false,
        _ => article.published.at < lead.published.at,
    }
}

/// Parts a story: what it is without its members of one language, and those with their entry, under another name. Neither
/// loses an entry's id.
pub(super) fn part(story: &Story, leaving: &[ArticleId], language: Language, name: StoryId) -> (Story, Story) {
    let (mut rest, mut parted) = (story.clone(), Story { id: name, members: leaving.to_vec(), entries: Vec::new() });
    rest.members.retain(|member| !leaving.contains(member));
    (parted.entries, rest.entries) = rest.entries.into_iter().partition(|entry| entry.language == language);
    (rest, parted)
}

/// True for a country office's article about its own country.
fn is_office(article: &Article) -> bool {
    article.office.is_some() && article.office == article.primary_country()
}
