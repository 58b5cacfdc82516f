//! For `depeche preview`: what every signal of a page says of each field, which of them the article has, and what it beat;
//! and what the generic extractor left out of the body, and why. It decides nothing: the extractor does.

use std::collections::HashSet;

use serde::Serialize;

use super::facts::Facts;
use super::page::{Page, text_of};
use super::profile::Profile;
use super::{Dropped, ExtractError, PageInput, generic, pieces, published, title};
use crate::article::{ExtractedBy, RawArticle};

/// Characters of a value that are shown.
const SHOWN: usize = 100;
/// Lines that are shown at most of what was left out.
const MOST_DROPPED: usize = 200;
/// Where bodies are looked for besides, so that one sees what the choice was made from.
const PLACES: &[&str] = &["[itemprop=articleBody]", "article", "main", "[role=main]"];

/// What one signal says of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rival {
    /// `title`, `published`, `image` or `body`.
    pub field: &'static str,
    /// A selector of the profile, or what the page declares or shows.
    pub signal: String,
    /// What it says, in brief.
    pub value: String,
    /// True for what the article has.
    pub won: bool,
}

/// What all signals say, field by field, those that won first.
pub fn rivals(
    input: &PageInput<'_>,
    profile: Option<&Profile>,
    article: &RawArticle,
) -> Result<Vec<Rival>, ExtractError> {
    let page = Page::parse(input)?;
    let facts = Facts::read(&page);
    let mut all = Vec::new();
    let mut field = |field: &'static str, mut found: Vec<Rival>| {
        // One signal gave it: what says the same besides agrees, and did not win.
        if let Some(at) = found.iter().position(|rival| rival.won) {
            found[at + 1..].iter_mut().for_each(|rival| rival.won = false);
            found[..=at].rotate_right(1);
        }
        found.iter_mut().for_each(|rival| rival.field = field);
        all.append(&mut found);
    };
    let rival = |signal: String, value: &str, won: bool| {
        let value = value.chars().take(SHOWN).collect();
        Rival { field: "", signal, value, won }
    };
    let titles = title::signals(&page, &facts, profile).into_iter();
    field("title", titles.map(|(signal, text)| rival(signal, &text, text == article.title)).collect());
    let dates = published::signals(&page, &facts, profile, &article.title, &article.text).into_iter();
    field(
        "published",
        dates
            .map(|date| rival(date.from.clone(), &date.to_rfc3339(), article.published.as_ref() == Some(&date)))
            .collect(),
    );
    field(
        "image",
        images(&page, &facts, profile, article).map(|(signal, url, won)| rival(signal, &url, won)).collect(),
    );
    let mut bodies = Vec::new();
    let by_profile = matches!(article.by, ExtractedBy::Profile(_));
    let words = |text: &str| text.split_whitespace().count();
    let brief = |text: &str| format!("{} words: {text}", words(text));
    let mut taken = false;
    for (selector, written) in profile.iter().flat_map(|p| {
        p.article_body.iter().zip(super::profile::split(p.rules().article_body.as_deref().unwrap_or_default()))
    }) {
        let text = page.html.select(selector).map(text_of).collect::<Vec<_>>().join(" ");
        let won = by_profile && !taken && !text.is_empty();
        taken |= won;
        bodies.push(rival(format!("article.body {}", written.trim()), &brief(&text), won));
    }
    if !by_profile {
        bodies.push(rival("judged block by block".to_owned(), &brief(&article.text.replace('\n', " ")), true));
    }
    for place in PLACES {
        let Ok(selector) = scraper::Selector::parse(place) else { continue };
        let found = page.html.select(&selector).map(text_of).max_by_key(|text| text.len());
        bodies.extend(found.map(|text| rival((*place).to_owned(), &brief(&text), false)));
    }
    let structured = facts.json_values("articleBody").into_iter().find_map(|value| value.as_str());
    bodies.extend(structured.map(|text| rival("json-ld articleBody".to_owned(), &brief(text), false)));
    field("body", bodies);
    Ok(all)
}

fn images<'a>(
    page: &'a Page<'_>,
    facts: &'a Facts<'_>,
    profile: Option<&'a Profile>,
    article: &'a RawArticle,
) -> impl Iterator<Item = (String, String, bool)> {
    let is_taken = |href: &str| page.link(href).is_some_and(|url| article.image.as_ref().is_some_and(|i| i.url == url));
    let by_profile = profile.into_iter().flat_map(|p| &p.article_image).flat_map(|s| page.html.select(s));
    let by_profile = by_profile.filter_map(|e| e.value().attr("src")).map(|src| ("article.image".to_owned(), src));
    let names = ["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"];
    let by_meta = names.into_iter().filter_map(|name| Some((name.to_owned(), facts.meta(name)?)));
    let by_json = facts.json_values("image").into_iter().filter_map(|value| {
        let one = value.get(0).unwrap_or(value);
        Some(("json-ld image".to_owned(), one.as_str().or_else(|| one.get("url")?.as_str())?))
    });
    let all: Vec<_> = by_profile.chain(by_meta).chain(by_json).collect();
    all.into_iter().map(move |(signal, href)| (signal, href.to_owned(), is_taken(href)))
}

/// What the generic extractor left out of a body that it judged block by block: lines of six words or more, the first ones.
pub fn left_out(input: &PageInput<'_>, article: &RawArticle) -> Result<Vec<Dropped>, ExtractError> {
    let page = Page::parse(input)?;
    let facts = Facts::read(&page);
    let pieces = pieces::read(&page, &HashSet::new());
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for (piece, why) in generic::reasons(&page, &facts, &pieces) {
        if piece.words < 6 || !known.insert(piece.text.as_str()) || article.text.contains(&piece.text) {
            continue;
        }
        let why = match why {
            _ if article.contact.as_deref().is_some_and(|text| text.contains(&piece.text)) => {
                "kept apart as contact".to_owned()
            }
            _ if article.credit.as_deref().is_some_and(|text| text.contains(&piece.text)) => {
                "kept apart as credit".to_owned()
            }
            Some(why) => why,
            None => "behind the end of the body, or a line like those around it".to_owned(),
        };
        found.push(Dropped { line: piece.text.clone(), why });
        if found.len() == MOST_DROPPED {
            break;
        }
    }
    Ok(found)
}
