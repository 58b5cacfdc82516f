//! Is it alive, is it ready, and the metrics. Asking never triggers a fetch.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Problem, Shared, Site};
use crate::article::{Language, SourceId};
use crate::publish::{self, Entry, Feed, Format, Origin};
use crate::store::SourceState;

pub(super) async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({"status": "live"})))
}

/// Ready once the index is level with the log that stood at start.
pub(super) async fn ready(State(site): Shared) -> Response {
    if site.ready.load(Ordering::Acquire) {
        (
            [(header::CACHE_CONTROL, "no-store")],
            Json(serde_json::json!({
                "status": "ready",
                "seq": site.edition.version(),
                "archive": site.archive.state(),
            })),
        )
            .into_response()
    } else {
        let problem =
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", "unable to serve yet: the index is being built");
        ([(header::RETRY_AFTER, "2")], problem).into_response()
    }
}

/// The state of every source of the configuration.
pub(super) async fn sources(State(site): Shared) -> Result<Response, Problem> {
    let states = states(&site).await?;
    let rows: Vec<serde_json::Value> = states
        .into_iter()
        .map(|(id, name, state)| {
            serde_json::json!({
                "id": id,
                "name": name,
                "state": state.health.state,
                "since": state.health.since,
                "reason": state.health.reason,
                "last_round": state.last_round,
                "last_new": state.last_new,
                "next_due": state.next_due,
                "failures": state.failures,
                "found": state.found,
                "articles": state.stored,
            })
        })
        .collect();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({"sources": rows}))).into_response())
}

/// Sources that are not well, as a feed: one entry a source and state.
pub(super) async fn sources_atom(State(site): Shared) -> Result<Response, Problem> {
    let mut entries = Vec::new();
    for (id, name, state) in states(&site).await? {
        let health = state.health;
        let since = health.since.unwrap_or_default();
        if !health.state.needs_a_look() {
            continue;
        }
        let own = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{id} {} {since}", health.state).as_bytes());
        entries.push(Entry {
            id: own.urn().to_string(),
            url: format!("{}health/sources", site.edition.public_url),
            title: format!("{name}: {}", health.state),
            language: Language::EN,
            published: since,
            updated: since,
            authors: Vec::new(),
            summary: health.reason,
            content: None,
            categories: Vec::new(),
            image: None,
            attachments: Vec::new(),
            source: Origin { id: id.to_string(), name, url: String::new() },
            also: Vec::new(),
            translations: Vec::new(),
            rights: None,
            extension: serde_json::Value::Null,
        });
    }
    entries.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
    let address = format!("{}health/sources.atom", site.edition.public_url);
    let feed = Feed {
        id: address.clone(),
        title: format!("{} – sources", site.edition.feed.title),
        description: "sources that need a look".to_owned(),
        home_url: site.edition.public_url.to_string(),
        self_url: address,
        hub: None,
        language: Some(Language::EN),
        updated: entries.first().map_or_else(Default::default, |entry| entry.updated),
        rights: None,
        author: site.edition.feed.title.clone(),
        entries,
    };
    let bytes = publish::render(&feed, Format::Atom)
        .map_err(|error| super::answer::internal("the feed could not be written", &error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, Format::Atom.content_type()), (header::CACHE_CONTROL, "no-store")], bytes)
        .into_response())
}

async fn states(site: &Site) -> Result<Vec<(SourceId, String, SourceState)>, Problem> {
    let mut kept: HashMap<SourceId, SourceState> = site.store.sources().await?.into_iter().collect();
    let of = |(id, card): (&SourceId, &crate::edition::SourceCard)| {
        (id.clone(), card.name.clone(), kept.remove(id).unwrap_or_default())
    };
    Ok(site.edition.sources().map(of).collect())
}

pub(super) async fn metrics(State(site): Shared) -> impl IntoResponse {
    metrics::gauge!("depeche_log_sequence").set(site.edition.version() as f64);
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")],
        site.metrics.render(),
    )
}
