//! Answers that are made anew: an entity tag of their bytes, 304 where the client has them, and a page's own parameters.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use xxhash_rust::xxh3::xxh3_128;

use super::Problem;
use super::conditional::{Precondition, precondition};
use crate::article::Language;
use crate::query::{Query, QueryError, Vocabulary, decode};

/// A query string, parted into a handler's own parameters and the filters.
pub(super) struct Parameters {
    own: Vec<(String, String)>,
    /// The filters, as they came.
    pub(super) rest: String,
}

impl Parameters {
    /// Takes the named parameters out; a filter that a form left empty is none.
    pub(super) fn of(uri: &Uri, names: &[&str]) -> Parameters {
        let (mut own, mut rest) = (Vec::new(), Vec::new());
        for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if names.contains(&name) {
                own.push((name.to_owned(), value.to_owned()));
            } else if !pair.ends_with('=') {
                rest.push(pair);
            }
        }
        Parameters { own, rest: rest.join("&") }
    }

    /// One of its own, decoded.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>, QueryError> {
        self.own.iter().find(|(n, _)| n == name).map(|(_, value)| decode(value)).transpose()
    }

    /// `ui`: English unless it says French.
    pub(super) fn interface(&self) -> Result<Language, Problem> {
        match self.get("ui")?.as_deref() {
            None | Some("en") => Ok(Language::EN),
            Some("fr") => Ok(Language::FR),
            Some(other) => Err(bad("ui", other, "allowed are en and fr")),
        }
    }

    /// The filters; anything that is neither a filter nor one of the handler's own is refused.
    pub(super) fn query(&self, known: &Vocabulary) -> Result<Query, QueryError> {
        Query::parse(&self.rest, known)
    }
}

/// A parameter that cannot be used, and what is allowed.
pub(super) fn bad(name: &'static str, value: &str, allowed: &str) -> Problem {
    Problem::from(QueryError::Value { name, value: value.to_owned(), allowed: allowed.to_owned() })
}

/// Our own fault, said in the log.
pub(super) fn internal(title: &'static str, why: &str) -> Problem {
    tracing::error!(why, "{title}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, "unable to answer this; the log says why")
}

/// `If-Match` or `If-Unmodified-Since` asked for another state than the present one (RFC 9110 section 15.5.13).
pub(super) fn changed() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "it changed meanwhile",
        "unable to answer: this document is in another state than If-Match or If-Unmodified-Since asks for; leave them out to get it as it is",
    )
}

/// JSON with an entity tag.
pub(super) fn json(headers: &HeaderMap, value: &serde_json::Value) -> Result<Response, Problem> {
    let mut bytes =
        serde_json::to_vec(value).map_err(|e| internal("the answer could not be written", &e.to_string()))?;
    bytes.push(b'\n');
    document(headers, "application/json; charset=utf-8", bytes)
}

/// A document with an entity tag.
pub(super) fn document(headers: &HeaderMap, content_type: &str, bytes: Vec<u8>) -> Result<Response, Problem> {
    let etag = format!("\"{:032x}\"", xxh3_128(&bytes));
    let response = Response::builder()
        .header(header::ETAG, &etag)
        .header(header::VARY, "Accept-Encoding")
        .header(header::CACHE_CONTROL, "public, max-age=60");
    let finished = match precondition(headers, &etag, None) {
        Precondition::Fails => return Err(changed()),
        Precondition::Fresh => response.status(StatusCode::NOT_MODIFIED).body(Body::empty()),
        Precondition::Holds => response
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_LENGTH, bytes.len())
            .body(Body::from(bytes)),
    };
    finished.map_err(|error| internal("the answer could not be built", &error.to_string()))
}
