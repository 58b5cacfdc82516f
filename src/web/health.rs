//! Is it alive, is it ready, and the metrics. Asking never triggers a fetch.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Problem, Shared};

pub(super) async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({"status": "live"})))
}

/// Ready once the index is level with the log that stood at start.
pub(super) async fn ready(State(site): Shared) -> Response {
    if site.ready.load(Ordering::Acquire) {
        (
            [(header::CACHE_CONTROL, "no-store")],
            Json(serde_json::json!({"status": "ready", "seq": site.edition.version()})),
        )
            .into_response()
    } else {
        let problem =
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", "unable to serve yet: the index is being built");
        ([(header::RETRY_AFTER, "2")], problem).into_response()
    }
}

pub(super) async fn metrics(State(site): Shared) -> impl IntoResponse {
    metrics::gauge!("depeche_log_sequence").set(site.edition.version() as f64);
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")],
        site.metrics.render(),
    )
}
