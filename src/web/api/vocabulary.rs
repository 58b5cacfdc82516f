//! The closed vocabularies that filters and fields use: countries, themes, sources.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::answer;
use super::super::{Problem, Shared};
use crate::article::{Country, Language, ThemeSlug};
use crate::edition::Edition;

/// A country with every name it goes by here.
pub(super) fn country_json(country: Country) -> Value {
    json!({
        "iso3": country.iso3(),
        "iso2": country.iso2(),
        "slug": country.slug(),
        "name": country.name(Language::EN),
        "name_fr": country.name(Language::FR),
    })
}

/// A theme with its ReliefWeb theme; one that left the configuration keeps its slug.
pub(super) fn theme_json(edition: &Edition, slug: &ThemeSlug) -> Value {
    let theme = edition.themes.get(slug.as_str());
    json!({
        "slug": slug,
        "name": theme.map_or(slug.as_str(), |t| t.name(Language::EN)),
        "name_fr": theme.map_or(slug.as_str(), |t| t.name(Language::FR)),
        "reliefweb_theme": theme.and_then(|t| t.reliefweb.as_ref()).map(|(id, name)| json!({"id": id, "name": name})),
    })
}

pub(in crate::web) async fn countries(State(site): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let counts = site.edition.counts();
    let data: Vec<Value> = Country::all()
        .map(|country| {
            let mut row = country_json(country);
            row["region"] = json!({"slug": country.region().slug(), "name": country.region().name(Language::EN), "name_fr": country.region().name(Language::FR)});
            row["stories"] = json!(counts.countries.get(&country).copied().unwrap_or(0));
            row
        })
        .collect();
    answer::json(&headers, &json!({"data": data}))
}

pub(in crate::web) async fn themes(State(site): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let counts = site.edition.counts();
    let mut slugs: Vec<ThemeSlug> = site.edition.themes.iter().map(|t| t.slug.clone()).collect();
    let former = site.edition.vocabulary().themes.into_iter().map(|slug| ThemeSlug::new(&slug));
    slugs.extend(former.filter(|slug| site.edition.themes.get(slug.as_str()).is_none()));
    let data: Vec<Value> = slugs
        .iter()
        .map(|slug| {
            let mut row = theme_json(&site.edition, slug);
            row["stories"] = json!(counts.themes.get(slug).copied().unwrap_or(0));
            row
        })
        .collect();
    answer::json(&headers, &json!({"data": data}))
}

pub(in crate::web) async fn sources(State(site): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let counts = site.edition.counts();
    let data: Vec<Value> = site
        .edition
        .sources()
        .map(|(id, card)| {
            json!({
                "id": id,
                "name": card.name,
                "url": card.url,
                "kind": card.kind,
                "country": card.country.map(country_json),
                "language": card.language,
                "articles": counts.sources.get(id).copied().unwrap_or(0),
            })
        })
        .collect();
    answer::json(&headers, &json!({"data": data}))
}
