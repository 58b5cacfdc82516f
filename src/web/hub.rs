//! `POST /hub`: takes requests to subscribe and unsubscribe (W3C WebSub). It judges what can be judged at once, and asks no
//! callback: whether a request is meant is proven afterwards. What is wrong is told as plain text, as WebSub wants it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use crate::deliver::websub::{Ask, Intent, Mode};
use crate::edition::{Asked, Edition, Topic};
use crate::net::NetError;
use crate::publish::Format;

/// Bytes of a request.
pub(super) const MOST: usize = 16 << 10;

/// `Link`: where a feed is pushed from, our own hub first, and the address that it is subscribed to by. Archives have none.
pub fn feed_links(edition: &Edition, asked: &Asked, format: Format) -> Option<HeaderValue> {
    if asked.archive.is_some() {
        return None;
    }
    let topic = edition.topic_url(&Topic { asked: asked.clone(), format });
    let hubs: String = edition.hubs(asked).iter().map(|hub| format!("<{hub}>; rel=\"hub\", ")).collect();
    HeaderValue::from_str(&format!("{hubs}<{topic}>; rel=\"self\"")).ok()
}

pub(super) async fn ask(State(site): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let why = "unable to read this request: its Content-Type must be application/x-www-form-urlencoded";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    let ask = match Ask::parse(&body) {
        Ok(ask) => ask,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let subscribes = matches!(ask.mode, Mode::Subscribe { .. });
    let topic = match site.edition.topic(&ask.topic) {
        Ok(topic) => Some(topic),
        // Whoever subscribed under former settings can leave under the present ones.
        Err(_) if !subscribes => None,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    // The rest of the guard knows the addresses behind a name, and stands at every request to it.
    if let Err(error) = site.hub.client().vet(&ask.callback) {
        let why = match error {
            NetError::Refused { why, .. } => why.to_string(),
            _ => "it cannot be asked".to_owned(),
        };
        return refuse(StatusCode::BAD_REQUEST, &format!("unable to use hub.callback: {why}"));
    }
    if subscribes && let Err(error) = site.store.room() {
        tracing::warn!(%error, "a subscription is turned away");
        return wait("unable to take subscriptions: this server is short of disk; try again later");
    }
    if let Err(full) = site.hub.book().ask(Intent { ask, topic }) {
        return wait(&full.to_string());
    }
    site.hub.asked.notify_one();
    metrics::counter!("depeche_websub_requests_total", "result" => "accepted").increment(1);
    plain(StatusCode::ACCEPTED, "accepted: the callback is asked next whether this request is its own")
}

/// Every other method.
pub(super) async fn wrong_method() -> Response {
    let mut response = refuse(
        StatusCode::METHOD_NOT_ALLOWED,
        "unable to do that here: this is a WebSub hub, which answers POST; subscribe with hub.mode, hub.callback and hub.topic",
    );
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn wait(why: &str) -> Response {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, why);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    response
}

fn refuse(status: StatusCode, why: &str) -> Response {
    metrics::counter!("depeche_websub_requests_total", "result" => "refused").increment(1);
    plain(status, why)
}

fn plain(status: StatusCode, text: &str) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, format!("{text}\n")).into_response()
}
