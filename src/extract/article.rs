//! One article page to a raw article: profile first, generic second, marked which.

use std::cell::OnceCell;
use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::blocks::{self, Body};
use super::facts::Facts;
use super::page::{Page, outermost, same_host, text_of};
use super::profile::{Alternatives, Profile};
use super::{BlockKey, ExtractError, PageInput, error_page, generic, memory, pieces, published, scripts, title};
use crate::article::{
    Alternate, Attachment, DeclaredLanguages, ExtractedBy, Image, Language, Lean, PageKind, RawArticle, SafeHtml,
    clean_line, fold,
};

/// A body shorter than this is no article's.
const LEAST_TEXT: usize = 80;

/// Which of the profile's selectors found something; none where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matched {
    /// `article.title`
    pub title: Option<bool>,
    /// `article.date`
    pub date: Option<bool>,
    /// `article.body`
    pub body: Option<bool>,
}

/// What an article page gives.
#[derive(Debug)]
pub struct Reading {
    /// The article.
    pub raw: RawArticle,
    /// Which selectors found something.
    pub matched: Matched,
    /// The page's blocks, for the memory of its host; none for a page that was read without one.
    pub blocks: Vec<BlockKey>,
}

/// Reads an article page.
pub fn article(input: &PageInput<'_>, profile: Option<&Profile>) -> Result<RawArticle, ExtractError> {
    read(input, profile).map(|reading| reading.raw)
}

/// Reads an article page, and tells what else it gives.
pub fn read(input: &PageInput<'_>, profile: Option<&Profile>) -> Result<Reading, ExtractError> {
    // A profile's selectors may ask for any attribute.
    let page = Page::parse_lean(input, if profile.is_some() { Lean::Code } else { Lean::Read })?;
    let facts = Facts::read(&page);
    let removed: HashSet<NodeId> =
        profile.iter().flat_map(|p| &p.remove).flat_map(|s| page.html.select(s)).map(|e| e.id()).collect();
    let pieces = OnceCell::new();
    let pieces = || pieces.get_or_init(|| pieces::read(&page, &removed));
    let (mut body, by) = match by_profile(&page, profile, &removed) {
        Some(found) => found,
        None => (blocks::finish(generic::blocks(&page, &facts, pieces())), ExtractedBy::Generic),
    };
    let title = title::find(&page, &facts, profile);
    // The headline is no part of the body that follows it.
    let is_title = |block: &blocks::Block| block.lines.len() == 1 && fold(&block.lines[0]) == fold(&title);
    if body.blocks.len() > 1 && body.blocks.first().is_some_and(is_title) {
        body.blocks.remove(0);
    }
    let text = body.text();
    if (text.chars().count() < LEAST_TEXT || title.is_empty()) && scripts::makes(&page) {
        return Err(ExtractError::NeedsJavascript);
    }
    if text.is_empty() || title.is_empty() {
        return Err(ExtractError::Empty);
    }
    if error_page::is_one(&title, &text) {
        return Err(ExtractError::ErrorPage { title });
    }
    let published = published::find(&page, &facts, profile, &title, &text);
    let modified = facts
        .meta("article:modified_time")
        .and_then(|text| published::reader(input, profile).read(text, "article:modified_time"));
    // Separators of lines inside markup would break readers that go by lines.
    let markup = body.html().replace(['\u{85}', '\u{2028}', '\u{2029}'], " ");
    let html = SafeHtml::sanitise(&markup, &page.base);
    let kind = kind(&text, &html);
    let asked = |selectors: fn(&Profile) -> &Alternatives| profile.map(selectors).filter(|s| !s.is_empty());
    let matched = Matched {
        title: asked(|p| &p.article_title)
            .map(|all| all.iter().flat_map(|s| page.html.select(s)).any(|e| !text_of(e).is_empty())),
        date: asked(|p| &p.article_date)
            .map(|_| published.as_ref().is_some_and(|date| date.from.starts_with("article.date"))),
        body: asked(|p| &p.article_body).map(|_| matches!(by, ExtractedBy::Profile(_))),
    };
    let raw = RawArticle {
        url: input.url.clone(),
        canonical: facts
            .links
            .iter()
            .filter(|e| e.value().attr("rel") == Some("canonical"))
            .find_map(|e| page.link(e.value().attr("href")?))
            .filter(|url| same_host(url, input.url)),
        summary: summary(&text),
        authors: authors(&facts),
        published,
        modified,
        image: image(&page, &facts, profile),
        attachments: attachments(&page, &html),
        contact: body.contact.clone(),
        credit: body.credit.clone(),
        declared: declared(&page, &facts),
        alternates: alternates(&page, &facts),
        node_id: facts.node_id.map(str::to_owned),
        title,
        html,
        text,
        by,
        kind,
    };
    let blocks = if input.memory.is_some() { memory::keys(pieces()) } else { Vec::new() };
    Ok(Reading { raw, matched, blocks })
}

/// The body where the profile says; none where it says nothing, or next to nothing is there.
fn by_profile(page: &Page<'_>, profile: Option<&Profile>, removed: &HashSet<NodeId>) -> Option<(Body, ExtractedBy)> {
    let profile = profile?;
    let bodies = profile.article_body.iter().map(|s| blocks::read(&outermost(page.html.select(s).collect()), removed));
    let body = bodies.into_iter().find(|body| body.text().chars().count() >= LEAST_TEXT)?;
    Some((body, ExtractedBy::Profile(profile.rules().name.clone())))
}

fn image(page: &Page<'_>, facts: &Facts<'_>, profile: Option<&Profile>) -> Option<Image> {
    let of = |e: ElementRef<'_>| {
        Some(Image {
            url: page.link(e.value().attr("src")?)?,
            alt: clean_line(e.value().attr("alt").unwrap_or_default()),
        })
    };
    let by_profile = profile.iter().flat_map(|p| &p.article_image).flat_map(|s| page.html.select(s)).find_map(of);
    let by_meta = || {
        let names = ["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"];
        let url = names.iter().filter_map(|name| facts.meta(name)).find_map(|href| page.link(href))?;
        let alt = facts.meta("og:image:alt").or_else(|| facts.meta("twitter:image:alt")).unwrap_or_default();
        Some(Image { url, alt: clean_line(alt) })
    };
    // An address, an object with one, or a list of either.
    let by_json = || {
        facts.json_values("image").into_iter().find_map(|value| {
            let one = value.get(0).unwrap_or(value);
            let href = one.as_str().or_else(|| one.get("url")?.as_str())?;
            Some(Image { url: page.link(href)?, alt: String::new() })
        })
    };
    by_profile.or_else(by_meta).or_else(by_json)
}

/// Names as the page gives them: structured data first, then what is marked.
fn authors(facts: &Facts<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut keep = |name: &str| {
        let name = clean_line(name);
        let lower = name.to_lowercase();
        let start = ["by ", "par ", "por ", "von "].iter().find(|by| lower.starts_with(**by)).map_or(0, |by| by.len());
        let name = name.get(start..).unwrap_or_default().trim().to_owned();
        let is_name = !name.is_empty() && name.chars().count() < 80 && !name.contains("://") && !name.starts_with('@');
        if is_name && names.len() < 5 && names.iter().all(|known| !known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    };
    for value in facts.json_values("author").into_iter().take(1) {
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        list.iter().filter_map(|one| one.as_str().or_else(|| one.get("name")?.as_str())).for_each(&mut keep);
    }
    for name in ["author", "article:author", "parsely-author", "dc.creator", "sailthru.author"] {
        facts.metas.iter().filter(|(key, _)| key == name).for_each(|(_, content)| keep(content));
    }
    let marked = facts.props.iter().filter(|e| e.value().attr("itemprop") == Some("author"));
    marked.chain(&facts.authors).for_each(|e| keep(&text_of(*e)));
    names
}

/// A body that is too short is no article's; one half of which is links is a list of them.
fn kind(text: &str, html: &SafeHtml) -> PageKind {
    let characters = text.chars().count();
    if characters < LEAST_TEXT {
        return PageKind::Other;
    }
    if blocks::linked(html.as_str()) >= 0.5 { PageKind::Listing } else { PageKind::Article }
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

/// The document at an address, told by its ending; without one that is known, none.
pub fn attachment(url: &Url, name: &str) -> Option<Attachment> {
    let path = url.path().to_ascii_lowercase();
    let (_, media_type) = DOCUMENTS.iter().find(|(ending, _)| path.ends_with(ending))?;
    Some(Attachment { url: url.clone(), name: name.to_owned(), media_type: (*media_type).to_owned() })
}

fn attachments(page: &Page<'_>, html: &SafeHtml) -> Vec<Attachment> {
    let mut found: Vec<Attachment> = Vec::new();
    // Most bodies link to no document: those need no parser.
    let lower = html.as_str().to_ascii_lowercase();
    if !DOCUMENTS.iter().any(|(ending, _)| lower.contains(ending)) {
        return found;
    }
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

fn declared(page: &Page<'_>, facts: &Facts<'_>) -> DeclaredLanguages {
    let parse = |tag: &str| Language::parse(tag).ok();
    let prefix = page.input.url.path_segments().and_then(|mut s| s.next()).filter(|p| p.len() == 2).and_then(parse);
    let html = page.html.root_element().value().attr("lang").and_then(parse);
    let locale = facts.meta("og:locale").and_then(parse);
    DeclaredLanguages {
        item: prefix,
        page: html.or(locale).or_else(|| page.input.content_language.and_then(parse)),
        source: page.input.source_language,
    }
}

/// Language links that lead to another page of this site.
fn alternates(page: &Page<'_>, facts: &Facts<'_>) -> Vec<Alternate> {
    let mut found: Vec<Alternate> = Vec::new();
    let is_language = |e: &ElementRef<'_>| match e.value().name() {
        "link" => e.value().attr("rel") == Some("alternate"),
        _ => e.value().classes().any(|class| class == "language-link"),
    };
    for e in facts.links.iter().filter(|e| is_language(e)) {
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
pub(super) fn summary(text: &str) -> String {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_an_article_a_list_or_neither() {
        let url = Url::parse("https://office.example/a").unwrap();
        let told =
            "<p>Teams reached 1,204 families in the hills, where wells had been dry for three years.</p>".repeat(4);
        let listed: String = (0..9)
            .map(|n| format!("<p><a href=\"/news/{n}\">Wells are opened again in hill village number {n}</a></p>"))
            .collect();
        for (body, want) in [
            (told.clone(), PageKind::Article),
            (format!("{told}<p><a href=\"/b\">The earlier report</a></p>"), PageKind::Article),
            (listed, PageKind::Listing),
            ("<p>Closed today.</p>".to_owned(), PageKind::Other),
        ] {
            let html = format!("<html><body><main><h1>Wells in the hills</h1>{body}</main></body></html>");
            let input = PageInput {
                url: &url,
                html: &html,
                content_language: None,
                source_language: None,
                latest: None,
                memory: None,
            };
            assert_eq!(article(&input, None).unwrap().kind, want, "{body}");
        }
    }
}
