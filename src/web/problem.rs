//! Errors as `application/problem+json` (RFC 9457). They name what is allowed and never reflect markup.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::edition::EditionError;

/// An error answer.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    wait: Option<u32>,
    extra: serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// A problem with no more to say than its detail.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, title, detail: detail.into(), wait: None, extra: serde_json::Map::new() }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Says after how many seconds asking again makes sense.
    pub fn after(self, seconds: u32) -> Problem {
        Problem { wait: Some(seconds), ..self }
    }

    /// Adds a member, such as the parameter that is wrong.
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Problem {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = serde_json::json!({"type": "about:blank", "title": self.title, "status": self.status.as_u16(), "detail": self.detail});
        if let Some(object) = body.as_object_mut() {
            object.extend(self.extra);
        }
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        // Markup that came with a request stands in strings alone, where JSON may write it so that nothing takes it for markup.
        let inert = body.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let mut response = (self.status, headers, format!("{inert}\n")).into_response();
        if let Some(seconds) = self.wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Problem {
        tracing::error!(%error, "the store failed a reader");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer",
            "unable to read the store; try again in a minute",
        )
        .after(60)
    }
}

/// How long whoever searches is asked to wait for the index of words.
pub(super) const WORDS_WAIT: u32 = 5;

impl From<EditionError> for Problem {
    fn from(error: EditionError) -> Problem {
        match error {
            EditionError::Store(error) => Problem::from(error),
            EditionError::Behind => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready to search", error.to_string())
                    .after(WORDS_WAIT)
            }
            EditionError::Words(error) => {
                tracing::error!(%error, "a search failed");
                let detail =
                    "unable to search for words; the index of words is looked through, ask again in a few seconds";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the search failed", detail).after(WORDS_WAIT)
            }
        }
    }
}

impl From<crate::query::QueryError> for Problem {
    fn from(error: crate::query::QueryError) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "unknown filter or value", error.to_string())
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no such page",
        "unable to find this address; the feeds are /feed.rss, /feed.atom and /feed.json, and / links everything",
    )
}

pub(super) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method not allowed",
        "unable to do that here: this address answers GET and HEAD",
    )
}
