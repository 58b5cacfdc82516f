//! Replays fixtures by Host and path. Tests may put other answers in their place, and read what was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use xxhash_rust::xxh3::xxh3_64;

use super::office::Fixture;

/// What the server answers, and what it was asked.
#[derive(Clone, Default)]
pub struct Replay(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    answers: HashMap<String, Answer>,
    asked: Vec<(String, u16)>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Replay {
    /// A server of these fixtures.
    pub fn of(fixtures: &[Fixture]) -> Replay {
        let replay = Replay::default();
        for fixture in fixtures {
            let headers: Vec<_> = fixture.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            for url in std::iter::once(&fixture.url).chain(&fixture.also) {
                replay.answer(url.as_str(), fixture.status, &headers, fixture.body.to_vec());
            }
        }
        replay
    }

    /// Puts an answer in place of whatever stood there.
    pub fn answer(&self, url: &str, status: u16, headers: &[(String, String)], body: Vec<u8>) {
        let answer = Answer { status, headers: headers.to_vec(), body };
        self.lock().answers.insert(key(url), answer);
    }

    /// Every request so far, with the status it got; the list begins anew.
    pub fn take_asked(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.lock().asked)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Userinfo never reaches a server, so it is no part of what tells answers apart.
fn key(url: &str) -> String {
    url::Url::parse(url).map_or_else(
        |_| url.to_owned(),
        |url| {
            format!(
                "{}{}{}",
                url.host_str().unwrap_or_default(),
                url.path(),
                url.query().map(|q| format!("?{q}")).unwrap_or_default()
            )
        },
    )
}

/// Serves until the listener's runtime ends.
pub async fn serve(listener: TcpListener, replay: Replay) -> std::io::Result<()> {
    axum::serve(listener, Router::new().fallback(answer).with_state(replay)).await
}

async fn answer(State(replay): State<Replay>, request: Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let url = format!("http://{}{}", host.split(':').next().unwrap_or_default(), request.uri());
    let mut inner = replay.lock();
    let found = inner.answers.get(&key(&url)).cloned();
    let (status, response) = match found {
        None => (
            404,
            Response::builder()
                .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
                .body(Body::from("<h1>404</h1>")),
        ),
        Some(found) => {
            let etag = format!("\"{:016x}\"", xxh3_64(&found.body));
            let fresh = found.status == 200
                && request.headers().get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == etag.as_bytes());
            let status = if fresh { 304 } else { found.status };
            let builder =
                found.headers.iter().fold(Response::builder(), |b, (k, v)| b.header(k, v)).header(header::ETAG, etag);
            (status, builder.body(if fresh { Body::empty() } else { Body::from(found.body) }))
        }
    };
    inner.asked.push((url, status));
    let mut response = response.unwrap_or_default();
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
