//! Is it alive, is it ready, and the metrics. Asking never triggers a fetch.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;

use super::{Door, Problem, Shared, Site};
use crate::article::SourceId;
use crate::health::Outage;
use crate::store::{SourceState, Space};

pub(super) async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({"status": "live"})))
}

/// Ready once the facets are level with the log that stood at start; searches for words may have to wait longer.
pub(super) async fn ready(State(site): Shared, Extension(door): Extension<Door>) -> Response {
    if site.ready.load(Ordering::Acquire) {
        (
            [(header::CACHE_CONTROL, "no-store")],
            Json(serde_json::json!({
                "status": "ready",
                "seq": site.edition.version(),
                "words": {"ready": site.edition.words_are_level(), "behind": site.edition.words_behind()},
                "archive": site.archive.state(),
                "store": store(&site),
                "config": config(&site, door),
            })),
        )
            .into_response()
    } else {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", "unable to serve yet: the index is being built")
            .after(2)
            .into_response()
    }
}

/// Whether the store takes anything in, and the room that decides it.
fn store(site: &Site) -> serde_json::Value {
    let failure = site.store.failure();
    match site.store.space() {
        Some(Space { free, floor, read_only }) => {
            serde_json::json!({"read_only": read_only || failure.is_some(), "free": free, "floor": floor, "failure": failure})
        }
        None => serde_json::json!({"read_only": failure.is_some(), "failure": failure}),
    }
}

/// A source as it is served.
#[derive(serde::Serialize)]
struct Row<'a> {
    id: &'a SourceId,
    name: &'a str,
    #[serde(flatten)]
    health: crate::health::Report<'a>,
    last_round: Option<Timestamp>,
    last_new: Option<Timestamp>,
    next_due: Option<Timestamp>,
    failures: u32,
    found: u32,
    articles: u64,
}

/// The state of every source of the configuration, and whether our own network is up.
pub(super) async fn sources(State(site): Shared, Extension(door): Extension<Door>) -> Result<Response, Problem> {
    let states = states(&site).await?;
    let row = |(id, name, state): &(SourceId, String, SourceState)| {
        serde_json::json!(Row {
            id,
            name,
            health: state.health.report(),
            last_round: state.last_round,
            last_new: state.last_new,
            next_due: state.next_due,
            failures: state.failures,
            found: state.found,
            articles: state.stored,
        })
    };
    let rows: Vec<serde_json::Value> = states.iter().map(row).collect();
    let body = serde_json::json!({"sources": rows, "network": network(&site), "config": config(&site, door)});
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Whether our own network is up, as far as the hosts asked lately tell.
fn network(site: &Site) -> serde_json::Value {
    match site.network.outage() {
        None => serde_json::json!({"state": "ok", "since": null, "reason": null}),
        Some(outage) => serde_json::json!({
            "state": "down",
            "since": outage.since,
            "reason": outage.reason().en,
            "advice": Outage::advice(),
            "failing": outage.failing,
            "tried": outage.tried,
        }),
    }
}

pub(super) async fn states(site: &Site) -> Result<Vec<(SourceId, String, SourceState)>, Problem> {
    let mut kept: HashMap<SourceId, SourceState> = site.store.sources().await?.into_iter().collect();
    let of = |(id, card): (&SourceId, &crate::edition::SourceCard)| {
        (id.clone(), card.name.clone(), kept.remove(id).unwrap_or_default())
    };
    Ok(site.edition.sources().map(of).collect())
}

/// The metrics; the states of sources are read at this moment, so that what recovered leaves no stale gauge behind.
pub(super) async fn metrics(State(site): Shared) -> Result<Response, Problem> {
    metrics::gauge!("depeche_log_sequence").set(site.edition.version() as f64);
    metrics::gauge!("depeche_words_behind").set(site.edition.words_behind() as f64);
    metrics::gauge!("depeche_network_up").set(if site.network.outage().is_none() { 1.0 } else { 0.0 });
    let failed = site.store.failure().is_some();
    metrics::gauge!("depeche_store_failed").set(if failed { 1.0 } else { 0.0 });
    if let Some(space) = site.store.space() {
        metrics::gauge!("depeche_store_read_only").set(if space.read_only || failed { 1.0 } else { 0.0 });
        if let Some(free) = space.free {
            metrics::gauge!("depeche_store_free_bytes").set(free as f64);
        }
    }
    let now = site.clock.now();
    let states = states(&site).await?;
    let configured: HashSet<&str> = states.iter().map(|(id, ..)| id.as_str()).collect();
    for (id, _, state) in &states {
        for name in crate::health::State::ALL {
            let is = if state.health.state == name { 1.0 } else { 0.0 };
            metrics::gauge!("depeche_source_state", "source" => id.to_string(), "state" => name.name()).set(is);
        }
        if let Some(last) = state.last_new {
            let seconds = now.duration_since(last).as_secs_f64();
            metrics::gauge!("depeche_source_last_new_seconds", "source" => id.to_string()).set(seconds);
        }
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")],
        without_removed(&site.metrics.render(), &configured),
    )
        .into_response())
}

/// A recorder forgets no series: those of sources that left the configuration are left out here.
fn without_removed(text: &str, configured: &HashSet<&str>) -> String {
    let of = |line: &str| line.split_once("source=\"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
    let stays = |line: &&str| line.starts_with('#') || of(line).is_none_or(|id| configured.contains(id.as_str()));
    text.split_inclusive('\n').filter(stays).collect()
}

/// How the last edit of the configuration went. At an address of readers alone its mistakes are only counted; elsewhere
/// they are told without the addresses in them, which may carry secrets. The log has all of it.
fn config(site: &Site, door: Door) -> serde_json::Value {
    let edit = site.live.edit().without_addresses();
    let mut value = serde_json::json!({"state": edit.state, "since": edit.since});
    if door == Door::Readers {
        value["mistakes"] = edit.mistakes.len().into();
    } else {
        value["mistakes"] = edit.mistakes.into();
        value["needs_restart"] = edit.needs_restart.into();
    }
    value
}
