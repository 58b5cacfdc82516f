//! One article page to a raw article: profile first, generic second, marked which.

use std::collections::HashSet;

use scraper::ElementRef;
use url::Url;

use super::blocks::{self, Body};
use super::facts::Facts;
use super::page::{Page, same_host, text_of};
use super::profile::Profile;
use super::{ExtractError, PageInput, generic, published};
use crate::article::{
    Alternate, Attachment, DeclaredLanguages, ExtractedBy, Image, Language, PageKind, RawArticle, SafeHtml, clean_line,
};

/// A body shorter than this is no article's.
const LEAST_TEXT: usize = 80;

/// Reads an article page.
pub fn article(input: &PageInput<'_>, profile: Option<&Profile>) -> Result<RawArticle, ExtractError> {
    let page = Page::parse(input)?;
    let facts = Facts::read(&page);
    let (body, by) = body(&page, &facts, profile);
    let text = body.text();
    let title = title(&page, profile);
    if text.is_empty() || title.is_empty() {
        return Err(ExtractError::Empty);
    }
    let published = published::find(&page, &facts, profile, &text);
    let modified = page
        .first("meta[property='article:modified_time']")
        .and_then(|e| published::reader(input, profile).read(e.value().attr("content")?, "article:modified_time"));
    let html = SafeHtml::sanitise(&body.html(), &page.base);
    let kind = if text.chars().count() < LEAST_TEXT { PageKind::Other } else { PageKind::Article };
    Ok(RawArticle {
        url: input.url.clone(),
        canonical: page
            .first("link[rel=canonical]")
            .and_then(|e| page.link(e.value().attr("href")?))
            .filter(|url| same_host(url, input.url)),
        summary: summary(&text),
        authors: page
            .all("meta[name=author], [itemprop=author] [itemprop=name], [rel=author]")
            .into_iter()
            .map(|e| e.value().attr("content").map_or_else(|| text_of(e), clean_line))
            .filter(|name| !name.is_empty() && name.chars().count() < 80)
            .take(5)
            .collect(),
        published,
        modified,
        image: image(&page, profile),
        attachments: attachments(&page, &html),
        contact: body.contact.clone(),
        credit: body.credit.clone(),
        declared: declared(&page),
        alternates: alternates(&page),
        node_id: page
            .first("[data-history-node-id]")
            .and_then(|e| e.value().attr("data-history-node-id"))
            .map(str::to_owned),
        title,
        html,
        text,
        by,
        kind,
    })
}

fn body(page: &Page<'_>, facts: &Facts<'_>, profile: Option<&Profile>) -> (Body, ExtractedBy) {
    let mut removed = HashSet::new();
    for selector in profile.iter().flat_map(|p| &p.remove) {
        removed.extend(page.html.select(selector).map(|e| e.id()));
    }
    if let Some(profile) = profile {
        for selector in &profile.article_body {
            let found: Vec<ElementRef<'_>> = page.html.select(selector).collect();
            let outer: Vec<ElementRef<'_>> = found
                .iter()
                .copied()
                .filter(|e| !e.ancestors().any(|a| found.iter().any(|f| f.id() == a.id())))
                .collect();
            let body = blocks::read(&outer, &removed);
            if body.text().chars().count() >= LEAST_TEXT {
                return (body, ExtractedBy::Profile(profile.rules().name.clone()));
            }
        }
    }
    (blocks::finish(generic::blocks(page, facts, &removed)), ExtractedBy::Generic)
}

fn title(page: &Page<'_>, profile: Option<&Profile>) -> String {
    let by_profile = profile
        .iter()
        .flat_map(|p| &p.article_title)
        .flat_map(|s| page.html.select(s))
        .map(text_of)
        .find(|t| !t.is_empty());
    let from_meta = || {
        page.first("meta[property='og:title']")
            .and_then(|e| e.value().attr("content"))
            .map(clean_line)
            .filter(|t| !t.is_empty())
    };
    let from_heading = || page.all("h1").into_iter().map(text_of).find(|t| !t.is_empty());
    // The document's title names the site behind the last bar.
    let from_title = || {
        page.first("title")
            .map(text_of)
            .map(|t| t.rsplit_once(" | ").map_or(t.clone(), |(head, _)| head.to_owned()))
            .filter(|t| !t.is_empty())
    };
    by_profile.or_else(from_meta).or_else(from_heading).or_else(from_title).unwrap_or_default()
}

fn image(page: &Page<'_>, profile: Option<&Profile>) -> Option<Image> {
    let of = |e: ElementRef<'_>| {
        Some(Image {
            url: page.link(e.value().attr("src")?)?,
            alt: clean_line(e.value().attr("alt").unwrap_or_default()),
        })
    };
    let by_profile = profile.iter().flat_map(|p| &p.article_image).flat_map(|s| page.html.select(s)).find_map(of);
    by_profile.or_else(|| {
        let meta = page.first("meta[property='og:image']")?;
        let alt =
            page.first("meta[property='og:image:alt']").and_then(|e| e.value().attr("content")).unwrap_or_default();
        Some(Image { url: page.link(meta.value().attr("content")?)?, alt: clean_line(alt) })
    })
}

const DOCUMENTS: &[(&str, &str)] = &[
    (".pdf", "application/pdf"),
    (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (".doc", "application/msword"),
    (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (".xls", "application/vnd.ms-excel"),
    (".csv", "text/csv"),
    (".zip", "application/zip"),
    (".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

fn attachments(page: &Page<'_>, html: &SafeHtml) -> Vec<Attachment> {
    let mut found: Vec<Attachment> = Vec::new();
    let body = scraper::Html::parse_fragment(html.as_str());
    let Ok(links) = scraper::Selector::parse("a[href]") else { return found };
    for a in body.select(&links) {
        let Some(url) = a.value().attr("href").and_then(|href| page.link(href)) else { continue };
        let path = url.path().to_ascii_lowercase();
        let Some((_, media_type)) = DOCUMENTS.iter().find(|(ending, _)| path.ends_with(ending)) else { continue };
        if found.iter().all(|known| known.url != url) {
            let name = Some(text_of(a))
                .filter(|t| !t.is_empty())
                .unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default().to_owned());
            found.push(Attachment { url, name, media_type: (*media_type).to_owned() });
        }
    }
    found
}

fn declared(page: &Page<'_>) -> DeclaredLanguages {
    let parse = |tag: &str| Language::parse(tag).ok();
    let prefix = page.input.url.path_segments().and_then(|mut s| s.next()).filter(|p| p.len() == 2).and_then(parse);
    let html = page.first("html[lang]").and_then(|e| parse(e.value().attr("lang")?));
    let locale = page.first("meta[property='og:locale']").and_then(|e| parse(e.value().attr("content")?));
    DeclaredLanguages {
        item: prefix,
        page: html.or(locale).or_else(|| page.input.content_language.and_then(parse)),
        source: page.input.source_language,
    }
}

/// Language links that lead to another page of this site.
fn alternates(page: &Page<'_>) -> Vec<Alternate> {
    let mut found: Vec<Alternate> = Vec::new();
    for e in page.all("link[rel=alternate][hreflang], a.language-link[hreflang]") {
        let (Some(language), Some(url)) = (
            e.value().attr("hreflang").and_then(|tag| Language::parse(tag).ok()),
            e.value().attr("href").and_then(|href| page.link(href)),
        ) else {
            continue;
        };
        if same(&url, page.input.url) || !same_host(&url, page.input.url) || found.iter().any(|known| known.url == url)
        {
            continue;
        }
        found.push(Alternate { language, url });
    }
    found
}

fn same(a: &Url, b: &Url) -> bool {
    a.path() == b.path() && a.query() == b.query()
}

/// The first real paragraph, or a clean cut at a sentence or a word; never in the middle of one.
fn summary(text: &str) -> String {
    const LONGEST: usize = 400;
    let first =
        text.lines().find(|line| line.chars().count() >= 60).or_else(|| text.lines().next()).unwrap_or_default();
    if first.chars().count() <= LONGEST {
        return first.to_owned();
    }
    let cut: String = first.chars().take(LONGEST).collect();
    let sentence = cut
        .char_indices()
        .filter(|(i, c)| matches!(c, '.' | '!' | '?' | '؟') && cut[i + c.len_utf8()..].starts_with(' '))
        .map(|(i, c)| i + c.len_utf8())
        .next_back();
    match sentence.filter(|end| *end > 80) {
        Some(end) => cut[..end].to_owned(),
        None => format!("{} …", cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head)),
    }
}
