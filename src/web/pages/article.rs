//! The page of one article: where it comes from, what was judged of it and why, what it said before.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};

use super::health::time;
use super::{Texts, interface, layout, texts};
use crate::article::{Article, Evidence, Language, Story};
use crate::edition::{Op, Piece, ceiling};
use crate::query::Body;
use crate::web::{Problem, Shared, Site, find, reworded};

pub(in crate::web) async fn article(
    State(site): Shared,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (ui, _) = interface(&uri, &headers);
    let t = texts(ui);
    let here = format!("articles/{id}");
    let article = match find(&site, &id).await {
        Ok(article) => article,
        Err(problem) if problem.status() == StatusCode::GONE => {
            let page =
                layout(&site, ui, t.withdrawn, &here, "", html! { h1 { (t.withdrawn) } p { (t.withdrawn_text) } });
            return Ok((StatusCode::GONE, page).into_response());
        }
        Err(problem) => return Err(problem),
    };
    let body = body(&site, ui, t, &article).await?;
    Ok(layout(&site, ui, &article.title, &here, "", body))
}

async fn body(site: &Site, ui: Language, t: &Texts, article: &Article) -> Result<Markup, Problem> {
    let language = article.language.language;
    let direction = if language.is_rtl() { "rtl" } else { "ltr" };
    let card = site.edition.source(&article.source);
    let full = ceiling(Body::Full, card.body) == Body::Full;
    let story = site.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(article));
    let (also, translations) = site.edition.relatives(article, &story).await?;
    let revisions = site.edition.former(article).await?;
    let changes = reworded(&revisions, article).await?;
    let root = site.edition.public_url.path();
    Ok(html! {
        article lang=(language.tag()) dir=(direction) {
            h1 { (article.title) }
            @if full { (PreEscaped(article.html.as_str())) } @else if !article.summary.is_empty() { p { (article.summary) } }
        }
        p { a href=(article.url) rel="noopener noreferrer" { (t.original) } " – " (card.name) }
        @if !article.attachments.is_empty() {
            h2 { (t.attachments) }
            ul { @for file in &article.attachments { li { a href=(file.url) rel="noopener noreferrer" { (file.name) } " (" (file.media_type) ")" } } }
        }
        h2 { (t.facts) }
        table {
            tr { th { (t.published) } td { time datetime=(article.published.day) { (article.published.day) } " – " (article.published.from) } }
            tr { th { (t.first_sighting) } td { (time(article.first_seen)) } }
            tr { th { (t.language) } td { (language.name(ui)) " (" (article.language.confidence) " %) " span.meta { (article.language.evidence.iter().map(|said| told(said, ui)).collect::<Vec<_>>().join(", ")) } } }
            @for tag in &article.countries {
                tr { th { (t.country) } td { a href={ (root) "?country=" (tag.country.iso3()) "&ui=" (ui.tag()) } { (tag.country.name(ui)) } " (" (tag.confidence) " %) " (words(&tag.evidence, ui)) } }
            }
            @for tag in &article.themes {
                @let name = site.edition.themes.get(tag.theme.as_str()).map_or(tag.theme.as_str(), |x| x.name(ui)).to_owned();
                tr { th { (t.theme) } td { a href={ (root) "?theme=" (tag.theme) "&ui=" (ui.tag()) } { (name) } " (" (tag.confidence) " %) " (words(&tag.evidence, ui)) } }
            }
            tr { th { "id" } td { code { (article.id) } } }
        }
        @if !also.is_empty() {
            h2 { (t.also) }
            ul { @for other in &also { li { a href=(other.url) rel="noopener noreferrer" { (other.name) } } } }
        }
        @if !translations.is_empty() {
            h2 { (t.translations) }
            ul { @for (id, other) in &translations { li { a href={ (root) "articles/" (id) "?ui=" (ui.tag()) } hreflang=(other.language.tag()) { (other.language.name(ui)) } } } }
        }
        @if !revisions.is_empty() {
            h2 { (t.revisions) }
            @for (n, former) in revisions.iter().enumerate().rev() {
                @let change = n.checked_sub(revisions.len() - changes.len()).map(|n| &changes[n]);
                details open[n + 1 == revisions.len()] lang=(language.tag()) dir=(direction) {
                    summary { (t.until) " " (time(former.until)) }
                    @match change {
                        Some(change) => {
                            @if changed(&change.title) { p { strong { (marked(&change.title)) } } }
                            @if full && changed(&change.text) { div.wording { (marked(&change.text)) } }
                        }
                        None => { p { strong { (former.title) } } @for line in former.text.lines() { p { (line) } } }
                    }
                }
            }
        }
    })
}

/// The words that a judgement rests on, each with where it stands.
fn words(evidence: &[Evidence], ui: Language) -> Markup {
    let quoted =
        |words: &str| if ui == Language::FR { format!("«\u{A0}{words}\u{A0}»") } else { format!("“{words}”") };
    let shown: Vec<String> = evidence.iter().map(|e| told(&format!("{}: {}", e.field, quoted(&e.words)), ui)).collect();
    html! { span.meta { (shown.join(", ")) } }
}

/// Evidence in the reader's language: what it was found in stands before its colon.
fn told(evidence: &str, ui: Language) -> String {
    let Some((place, said)) = evidence.split_once(": ").filter(|_| ui == Language::FR) else {
        return evidence.to_owned();
    };
    let place = match place {
        "title" => "titre",
        "body" => "texte",
        "dateline" => "lieu et date",
        "no known language" => "aucune langue connue",
        "too few small words" => "trop peu de mots-outils",
        "declared by the item" => "indiquée par l’article",
        "declared by the page" => "indiquée par la page",
        "declared by the source" => "indiquée par la source",
        other => other,
    };
    format!("{place}\u{A0}: {said}")
}

/// Words that are the same on both sides of a change and yet shown: more are left out.
const AROUND: usize = 12;

fn changed(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| piece.op != Op::Same)
}

/// What a change took out and put in, each in its place; the space before a word is not marked.
fn marked(pieces: &[Piece]) -> Markup {
    let last = pieces.len().saturating_sub(1);
    html! {
        @for (n, piece) in pieces.iter().enumerate() {
            @let word = piece.text.trim_start();
            @match piece.op {
                Op::Removed => { (piece.text[..piece.text.len() - word.len()]) del { (word) } },
                Op::Added => { (piece.text[..piece.text.len() - word.len()]) ins { (word) } },
                Op::Same => (unchanged(&piece.text, n == 0, n == last)),
            }
        }
    }
}

/// Of a stretch that did not change, what stands beside a change.
fn unchanged(text: &str, first: bool, last: bool) -> String {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let (before, after) = (if first { 0 } else { AROUND }, if last { 0 } else { AROUND });
    if words.len() <= before + after + 1 {
        return text.to_owned();
    }
    format!("{} … {}", words[..before].concat(), words[words.len() - after..].concat())
}
