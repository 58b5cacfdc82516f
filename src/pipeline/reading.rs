//! From what was fetched to a raw article, and from that to a record: the one way there is. A crawl and a run over the
//! archive both take it, so that the same page and rules give the same article.
//! It reads nothing but what the archive keeps, and never asks the clock.

use std::sync::Arc;

use http::header;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::settle::{self, Given};
use crate::archive::{Capture, Content, Notes};
use crate::article::{Article, Language, PageDate, PageKind, RawArticle};
use crate::config::{Kind, Source};
use crate::dedup;
use crate::enrich::{Enricher, Input};
use crate::extract::{self, BlockKey, Candidate, ExtractError, HostMemory, Matched, PageInput, Profile};
use crate::fetch::{self, Page};
use crate::health::{ArticlesSeen, Tally};
use crate::store::StoredCandidate;

/// How a source's pages are read.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    profile: Option<Arc<Profile>>,
    language: Option<Language>,
    kind: Kind,
    /// What is remembered of the page's site.
    memory: Option<Arc<HostMemory>>,
}

impl Rules {
    pub(super) fn of(source: &Source, memory: Option<Arc<HostMemory>>) -> Rules {
        Rules { profile: source.profile.clone(), language: source.language, kind: source.kind, memory }
    }
}

/// What came of reading a capture.
#[derive(Debug)]
pub(super) struct Read {
    /// None: a page of a sitemap that is no article.
    pub(super) raw: Option<RawArticle>,
    /// What its page showed.
    pub(super) shown: ArticlesSeen,
    /// Its blocks, for the memory of its site; of none where there is no such memory.
    pub(super) blocks: Vec<BlockKey>,
}

/// A fetched page with what its listing says of it. `article` is filled in once it is known.
pub(super) fn page(page: &Page, source: &Source, candidate: &StoredCandidate, hash: u64, now: Timestamp) -> Capture {
    let notes = Notes {
        requested: page.requested.clone(),
        hops: page.hops.clone(),
        charset: Some(page.charset.to_owned()),
        page: dedup::canonical(&page.url, source.drop_query()),
        ..notes(source, candidate, &page.url, hash)
    };
    let content = Content::Page { status: page.status, headers: page.headers.clone(), body: page.bytes.clone() };
    Capture { url: page.url.clone(), at: now, notes, content }
}

/// What a listing or feed says by itself. Its hash is that of what it makes, which the caller sets.
pub(super) fn entry(source: &Source, candidate: &StoredCandidate, url: &url::Url, now: Timestamp) -> Capture {
    let entry = candidate.entry.as_deref().cloned().unwrap_or_default();
    Capture { url: url.clone(), at: now, notes: notes(source, candidate, url, 0), content: Content::Entry(entry) }
}

fn notes(source: &Source, candidate: &StoredCandidate, url: &url::Url, hash: u64) -> Notes {
    Notes {
        article: String::new(),
        source: source.id.clone(),
        requested: url.clone(),
        hops: Vec::new(),
        charset: None,
        page: dedup::canonical(url, source.drop_query() && !candidate.no_page),
        hash,
        title: candidate.title.clone(),
        date: candidate.date.clone().or_else(|| changed(candidate)),
        language: candidate.language,
        no_page: candidate.no_page,
    }
}

/// Reads a capture. `Ok(None)`: a page of a sitemap that is no article.
pub(super) fn read(capture: &Capture, rules: &Rules) -> Result<Option<RawArticle>, ExtractError> {
    read_telling(capture, rules).map(|read| read.raw)
}

/// Reads a capture, and tells what its page showed.
pub(super) fn read_telling(capture: &Capture, rules: &Rules) -> Result<Read, ExtractError> {
    let notes = &capture.notes;
    let (headers, body) = match &capture.content {
        Content::Page { headers, body, .. } => (headers, body),
        Content::Entry(entry) => {
            let given = Candidate {
                url: capture.url.clone(),
                title: notes.title.clone(),
                date: notes.date.clone(),
                language: notes.language,
                modified: None,
                has_page: !notes.no_page,
                entry: None,
            };
            let raw = extract::entry(&given, entry, rules.language)?;
            return Ok(Read { raw: Some(raw), shown: ArticlesSeen::default(), blocks: Vec::new() });
        }
    };
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let (html, _) = fetch::decode(body, text(header::CONTENT_TYPE));
    let input = PageInput {
        url: &capture.url,
        html: &html,
        content_language: text(header::CONTENT_LANGUAGE),
        source_language: rules.language,
        latest: Some(TimeZone::UTC.to_datetime(capture.at).date()),
        memory: rules.memory.as_deref(),
    };
    let extract::Reading { mut raw, matched, blocks } = extract::read(&input, rules.profile.as_deref())?;
    let describes_body = rules.profile.as_ref().is_some_and(|profile| profile.describes_body());
    if rules.kind == Kind::Sitemap && !extract::is_article(&raw, describes_body) {
        return Ok(Read { raw: None, shown: shown(&raw, matched), blocks: Vec::new() });
    }
    if let Some(listed) = &notes.date
        && raw.published.as_ref().is_none_or(|date| gives_way(date, listed))
    {
        raw.published = Some(listed.clone());
    }
    raw.declared.item = notes.language.or(raw.declared.item);
    let shown = shown(&raw, matched);
    Ok(Read { raw: Some(raw), shown, blocks })
}

/// The listing's date is the article's own; one that merely stands near the headline may be another's. Of one day the
/// date that has the hour says more. A sitemap knows changes alone, which is better than nothing.
fn gives_way(date: &PageDate, listed: &PageDate) -> bool {
    let is_told = listed.from != LASTMOD;
    let has_hour = date.date == listed.date && date.time.is_none() && listed.time.is_some();
    is_told && (extract::is_weak(date) || has_hour)
}

/// When a page changed last, as the sitemap says: it was published no later.
fn changed(candidate: &StoredCandidate) -> Option<PageDate> {
    let at = TimeZone::UTC.to_datetime(candidate.modified?);
    Some(PageDate { date: at.date(), time: Some(at.time()), offset_minutes: Some(0), from: LASTMOD.to_owned() })
}

/// Where that date is from.
const LASTMOD: &str = "sitemap lastmod";

/// What was found of an article, for what is usual.
fn shown(raw: &RawArticle, matched: Matched) -> ArticlesSeen {
    let one = |hit: bool| Tally { hits: u32::from(hit), of: 1 };
    let asked = |hit: Option<bool>| hit.map(one).unwrap_or_default();
    ArticlesSeen {
        titled: asked(matched.title),
        dated: one(raw.published.is_some()),
        bodied: one(raw.kind == PageKind::Article),
        by_profile: asked(matched.body),
        dated_by_profile: asked(matched.date),
    }
}

/// Judges a raw article, and makes the record of it.
pub(super) fn make(enricher: &Enricher, raw: RawArticle, given: Given) -> Article {
    let enrichment = enricher.enrich(&Input {
        title: &raw.title,
        text: &raw.text,
        declared: raw.declared,
        source_country: given.office,
    });
    settle::article(raw, enrichment, given)
}
