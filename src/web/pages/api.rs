//! `/api`: what scripts can ask, for people to read.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use maud::html;

use super::{interface, layout, texts};
use crate::article::Language;
use crate::web::Shared;

/// Path, what it gives in English, and in French.
const PATHS: &[(&str, &str, &str)] = &[
    ("feed.atom", "the filtered feed; also feed.rss and feed.json", "le flux filtré ; aussi feed.rss et feed.json"),
    (
        "opml",
        "every country and theme feed, for import into a reader",
        "tous les flux par pays et par thème, à importer dans un lecteur",
    ),
    (
        "api/v1/articles",
        "articles with every field; next leads on",
        "les articles avec tous leurs champs ; next mène à la suite",
    ),
    (
        "api/v1/changes",
        "every change exactly once: keep next, send it as since",
        "chaque changement une seule fois : garder next, l’envoyer comme since",
    ),
    ("api/v1/countries", "countries and IOM regions", "pays et régions de l’OIM"),
    ("api/v1/themes", "themes with their ReliefWeb ids", "thèmes avec leurs identifiants ReliefWeb"),
    ("api/v1/sources", "sources", "sources"),
    ("health/sources", "the state of every source; also as Atom", "l’état de chaque source ; aussi en Atom"),
    ("api/openapi.json", "all of it as OpenAPI 3.1", "le tout en OpenAPI 3.1"),
];

pub(in crate::web) async fn api(State(site): Shared, uri: Uri, headers: HeaderMap) -> axum::response::Response {
    let (ui, _) = interface(&uri, &headers);
    let t = texts(ui);
    let root = site.edition.public_url.path();
    let body = html! {
        h1 { "API" }
        p { (t.api) }
        table { @for (path, en, fr) in PATHS {
            tr { th { a href={ (root) (path) } { "/" (path) } } td { @if ui == Language::FR { (fr) } @else { (en) } } }
        } }
    };
    layout(&site, ui, "API", "api", "", body)
}
