//! The pages for people, in English and French. They load nothing from elsewhere and set no cookie.

mod api;
mod article;
mod bot;
mod health;

pub(super) use api::api;
pub(super) use article::article;
pub use bot::Bot;
pub(super) use bot::bot;
pub(super) use health::health;

use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::problem::WORDS_WAIT;
use super::{Problem, Shared, Site};
use crate::article::{Article, Country, Language};
use crate::edition::{Asked, EditionError};
use crate::index::Counts;
use crate::query::Query;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:0 auto;padding:1rem;color:#1b2733;background:#fff}\
a{color:#0033a0}header,footer{border-bottom:1px solid #d5dbe1;padding:.5rem 0;display:flex;gap:1rem;flex-wrap:wrap;justify-content:space-between}\
footer{border:0;border-top:1px solid #d5dbe1;margin-top:2rem;color:#5a6673;font-size:.9rem}h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.2rem 0 .2rem}\
article{border-bottom:1px solid #eceff2;padding:.6rem 0}table{border-collapse:collapse}th,td{text-align:start;vertical-align:top;padding:.2rem .8rem .2rem 0}img{max-width:100%;height:auto}\
.meta{color:#5a6673;font-size:.9rem}.tag{background:#eef2f8;border-radius:3px;padding:0 .35rem;margin-right:.3rem;display:inline-block;max-width:100%;font-size:.85rem}\
form{display:flex;gap:.6rem;flex-wrap:wrap;align-items:end;background:#f6f8fa;padding:.8rem;border-radius:6px}label{display:block;font-size:.85rem;color:#5a6673}\
select,input,button{font:inherit;padding:.25rem;max-width:16rem}.feeds{background:#f6f8fa;padding:.6rem .8rem;border-radius:6px;margin:.8rem 0;overflow-wrap:anywhere}\
.health{width:100%;font-size:.92rem}.health th,.health td{border-bottom:1px solid #eceff2;padding:.5rem .7rem .5rem 0}.health td{overflow-wrap:anywhere}.health tr:target{background:#fff7d6}\
.state{border-radius:3px;padding:0 .4rem;white-space:nowrap;background:#e3f3e6;color:#14532d}.state.quiet{background:#eef2f8;color:#3b4754}.state.degraded{background:#fdf0c8;color:#6b4a00}.state.broken,.state.blocked{background:#fbdcda;color:#8a1410}\
.wording{white-space:pre-line}del{background:#fbdcda;color:#5c0d0a}ins{background:#e3f3e6;color:#14532d;text-decoration:none;border-bottom:2px solid}\
.alarm{background:#fbdcda;color:#5c0d0a;border-radius:6px;padding:.8rem;margin:.8rem 0}\
@media(max-width:40rem){.health thead{display:none}.health,.health tbody,.health tr,.health td{display:block}.health tr{border-bottom:1px solid #d5dbe1;padding:.5rem 0}.health td{border:0;padding:.2rem 0}.health td:empty{display:none}.health td::before{content:attr(data-label);display:block;color:#5a6673;font-size:.8rem}}\
@media(prefers-color-scheme:dark){del{background:#4a1c1a;color:#ffd9d6}ins{background:#15361f;color:#bfe8c9}.health th,.health td,.health tr{border-color:#2b3641}.health tr:target{background:#2d2a18}.alarm,.state.broken,.state.blocked{background:#4a1c1a;color:#ffd9d6}.state{background:#15361f;color:#bfe8c9}.state.quiet{background:#1d2630;color:#b7c2cc}.state.degraded{background:#43350f;color:#ffe6a3}body{background:#12181f;color:#e3e8ed}a{color:#8ab4ff}form,.feeds,.tag{background:#1d2630}header,footer,article{border-color:#2b3641}.meta,footer,label{color:#9aa7b4}}";

/// The texts of one language of the interface.
struct Texts {
    latest: &'static str,
    country: &'static str,
    theme: &'static str,
    language: &'static str,
    all: &'static str,
    show: &'static str,
    words: &'static str,
    since: &'static str,
    subscribe: &'static str,
    nothing: &'static str,
    first_sighting: &'static str,
    about: &'static str,
    other: (&'static str, &'static str),
    home: &'static str,
    bad_filter: &'static str,
    not_yet: &'static str,
    not_yet_text: &'static str,
    withdrawn: &'static str,
    withdrawn_text: &'static str,
    original: &'static str,
    attachments: &'static str,
    facts: &'static str,
    published: &'static str,
    also: &'static str,
    translations: &'static str,
    revisions: &'static str,
    until: &'static str,
    details: &'static str,
    health: &'static str,
    api: &'static str,
}

const EN: Texts = Texts {
    latest: "Latest stories",
    country: "Country",
    theme: "Theme",
    language: "Language",
    all: "all",
    show: "Show",
    words: "Words",
    since: "Since",
    subscribe: "Subscribe to what is shown here:",
    nothing: "No story matches. The feed is valid all the same, and fills when one does.",
    first_sighting: "seen first",
    about: "About our crawler",
    other: ("fr", "Français"),
    home: "All stories",
    bad_filter: "This filter cannot be used",
    not_yet: "Searching is not possible yet",
    not_yet_text: "The texts are being indexed. Try again in a few seconds, or leave out the words.",
    withdrawn: "Withdrawn",
    withdrawn_text: "This article was withdrawn and is not served any more.",
    original: "Read the original",
    attachments: "Documents",
    facts: "What is known of it",
    published: "Published",
    also: "Also published by",
    translations: "In other languages",
    revisions: "Former texts",
    until: "until",
    details: "details",
    health: "State of the sources",
    api: "No key is needed. Countries are ISO 3166-1 alpha-3, themes map to ReliefWeb ids, times are RFC 3339 in UTC. Filters are those of the feeds; a comma means OR. Ask conditionally: every answer carries an entity tag.",
};

const FR: Texts = Texts {
    latest: "Dernières nouvelles",
    country: "Pays",
    theme: "Thème",
    language: "Langue",
    all: "tous",
    show: "Afficher",
    words: "Mots",
    since: "Depuis",
    subscribe: "S’abonner à ce qui est affiché ici :",
    nothing: "Aucune nouvelle ne correspond. Le flux est valide malgré tout et se remplira dès qu’il y en aura une.",
    first_sighting: "vu la première fois",
    about: "À propos de notre robot",
    other: ("en", "English"),
    home: "Toutes les nouvelles",
    bad_filter: "Ce filtre ne peut pas être utilisé",
    not_yet: "La recherche n’est pas encore possible",
    not_yet_text: "Les textes sont en cours d’indexation. Réessayez dans quelques secondes, ou retirez les mots.",
    withdrawn: "Retiré",
    withdrawn_text: "Cet article a été retiré et n’est plus diffusé.",
    original: "Lire l’original",
    attachments: "Documents",
    facts: "Ce que l’on en sait",
    published: "Publié",
    also: "Publié aussi par",
    translations: "Dans d’autres langues",
    revisions: "Textes antérieurs",
    until: "jusqu’au",
    details: "détails",
    health: "État des sources",
    api: "Aucune clé n’est nécessaire. Les pays sont en ISO 3166-1 alpha-3, les thèmes renvoient aux identifiants ReliefWeb, les heures sont en RFC 3339 UTC. Les filtres sont ceux des flux ; une virgule signifie OU. Demandez sous condition : chaque réponse porte une étiquette d’entité.",
};

/// The page's own parameter `ui`, taken out of the query; else what the browser prefers.
fn interface(uri: &Uri, headers: &HeaderMap) -> (Language, String) {
    let mut asked = None;
    // A form sends every field: what was left empty is no filter.
    let rest: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| match part.split_once('=') {
            Some(("ui", value)) => {
                asked = Some(value == "fr");
                false
            }
            Some((_, value)) => !value.is_empty(),
            None => !part.is_empty(),
        })
        .collect();
    let french = asked.unwrap_or_else(|| {
        headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.trim_start().to_ascii_lowercase().starts_with("fr"))
    });
    (if french { Language::FR } else { Language::EN }, rest.join("&"))
}

fn texts(ui: Language) -> &'static Texts {
    if ui == Language::FR { &FR } else { &EN }
}

fn layout(
    site: &Site,
    ui: Language,
    title: &str,
    here: &str,
    canonical: &str,
    body: Markup,
) -> axum::response::Response {
    let t = texts(ui);
    let root = site.edition.public_url.path();
    let separator = if canonical.is_empty() { "" } else { "&" };
    // A French page advertises the feed with French titles and labels, in that feed's one spelling.
    let mut pairs: Vec<&str> = canonical.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.extend((ui == Language::FR).then_some("ui=fr"));
    pairs.sort_unstable();
    let question = if pairs.is_empty() { "" } else { "?" };
    let feed = |format: &str| format!("{root}feed.{format}{question}{}", pairs.join("&"));
    let name = if canonical.is_empty() { &site.edition.feed.title } else { title };
    let page = html! {
        (DOCTYPE)
        html lang=(ui.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="alternate" type="application/atom+xml" title={ (name) " (Atom)" } href=(feed("atom"));
                link rel="alternate" type="application/rss+xml" title={ (name) " (RSS)" } href=(feed("rss"));
                link rel="alternate" type="application/feed+json" title={ (name) " (JSON Feed)" } href=(feed("json"));
                @if here == "health" { link rel="alternate" type="application/atom+xml" title=(t.health) href={ (root) "health/sources.atom?ui=" (ui.tag()) }; }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a href={ (root) "?ui=" (ui.tag()) } { strong { (site.edition.feed.title) } }
                    a href={ (root) (here) "?" (canonical) (separator) "ui=" (t.other.0) } lang=(t.other.0) hreflang=(t.other.0) { (t.other.1) }
                }
                main { (body) }
                footer { a href={ (root) "?ui=" (ui.tag()) } { (t.home) } a href={ (root) "opml?ui=" (ui.tag()) } { "OPML" } a href={ (root) "api?ui=" (ui.tag()) } { "API" } a href={ (root) "health?ui=" (ui.tag()) } { (t.health) } a href={ (root) "about/bot?ui=" (ui.tag()) } { (t.about) } }
            }
        }
    };
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::VARY, "Accept-Language"),
            (header::CACHE_CONTROL, "public, max-age=60"),
        ],
        page.into_string(),
    )
        .into_response()
}

pub(super) async fn home(
    State(site): Shared,
    uri: Uri,
    headers: HeaderMap,
) -> Result<axum::response::Response, Problem> {
    let (ui, raw) = interface(&uri, &headers);
    let t = texts(ui);
    let query = match Query::parse(&raw, &site.edition.vocabulary()) {
        Ok(query) => query,
        Err(error) => {
            let body = html! { h1 { (t.bad_filter) } p { (error) } };
            let page = layout(&site, ui, t.bad_filter, "", "", body);
            return Ok((axum::http::StatusCode::BAD_REQUEST, page).into_response());
        }
    };
    let canonical = query.canonical();
    let selection = match site.edition.select(&query).await {
        Ok(selection) => selection,
        Err(EditionError::Behind) => {
            let body = html! { h1 { (t.not_yet) } p { (t.not_yet_text) } };
            let mut page = layout(&site, ui, t.not_yet, "", &canonical, body);
            page.headers_mut().insert(header::RETRY_AFTER, WORDS_WAIT.into());
            page.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            return Ok((axum::http::StatusCode::SERVICE_UNAVAILABLE, page).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let articles = site.edition.articles(selection.ids).await?;
    let counts = site.edition.counts();
    let asked = Asked { ui: (ui == Language::FR).then_some(ui), ..Asked::from(query.clone()) };
    let feed = |format: &str| site.edition.address(&format!("feed.{format}"), &asked);
    let body = html! {
        h1 { (t.latest) }
        (filters(&site, ui, &query, &counts))
        div.feeds {
            (t.subscribe) " "
            @for format in ["atom", "rss", "json"] { a href=(feed(format)) { (format) } " " }
            br; code { (feed("atom")) }
        }
        @if articles.is_empty() { p { (t.nothing) } }
        @for article in &articles { (card(&site, ui, article)) }
    };
    Ok(layout(&site, ui, &site.edition.title(&query, ui), "", &canonical, body))
}

fn filters(site: &Site, ui: Language, query: &Query, counts: &Counts) -> Markup {
    let t = texts(ui);
    let mut countries: Vec<(Country, u64)> = counts.countries.iter().map(|(c, n)| (*c, *n)).collect();
    countries.sort_by_key(|(c, _)| crate::article::fold(c.name(ui)));
    html! {
        form action=(site.edition.public_url.path()) method="get" {
            input type="hidden" name="ui" value=(ui.tag());
            div { label for="country" { (t.country) } select #country name="country" {
                option value="" { (t.all) }
                @for (c, n) in countries { option value=(c.iso3()) selected[query.countries.contains(&c)] { (c.name(ui)) " (" (n) ")" } }
            } }
            div { label for="theme" { (t.theme) } select #theme name="theme" {
                option value="" { (t.all) }
                @for theme in site.edition.themes.iter() { @if let Some(n) = counts.themes.get(&theme.slug) {
                    option value=(theme.slug) selected[query.themes.contains(&theme.slug)] { (theme.name(ui)) " (" (n) ")" }
                } }
            } }
            div { label for="lang" { (t.language) } select #lang name="lang" {
                option value="" { (t.all) }
                @for (language, n) in &counts.languages { option value=(language.tag()) selected[query.languages.contains(language)] { (language.name(ui)) " (" (n) ")" } }
            } }
            div { label for="q" { (t.words) } input #q name="q" type="search" value=[query.q.as_deref()]; }
            div { label for="since" { (t.since) } input #since name="since" type="date" value=[query.since.as_ref().map(crate::query::Bound::text)]; }
            div { button type="submit" { (t.show) } }
        }
    }
}

fn card(site: &Site, ui: Language, article: &Article) -> Markup {
    let t = texts(ui);
    let language = article.language.language;
    let rtl = if language.is_rtl() { "rtl" } else { "ltr" };
    html! {
        article {
            h2 lang=(language.tag()) dir=(rtl) { a href=(article.url) rel="noopener noreferrer" { (article.title) } }
            div.meta {
                @if article.published.from.starts_with("first sighting") { (t.first_sighting) " " }
                time datetime=(article.published.day) { (article.published.day) }
                " · " (site.edition.source(&article.source).name) " · " (language.name(ui)) " · "
                a href={ (site.edition.public_url.path()) "articles/" (article.id) "?ui=" (ui.tag()) } { (t.details) }
            }
            @if !article.summary.is_empty() { p lang=(language.tag()) dir=(rtl) { (article.summary) } }
            div {
                @for tag in &article.countries { span.tag { (tag.country.name(ui)) } }
                @for tag in &article.themes { span.tag { (site.edition.themes.get(tag.theme.as_str()).map_or(tag.theme.as_str(), |x| x.name(ui))) } }
            }
        }
    }
}
