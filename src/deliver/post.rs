//! One post to a webhook: signed, under the id that tells repeats, never redirected. It keeps nothing and tries nothing again.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use uuid::Uuid;

use super::Hook;
use crate::net::{Client, NetError};
use crate::schedule;

/// The longest Retry-After that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// How a try went.
#[derive(Debug)]
pub enum Outcome {
    /// It was taken.
    Arrived,
    /// Nobody wants it any more.
    Gone,
    /// Why, and how long the receiver asks to be left alone.
    Failed(String, Option<Duration>),
}

/// Counts what became of posts.
pub(crate) fn count(hook: &Hook, result: &'static str, n: usize) {
    metrics::counter!("depeche_deliveries_total", "hook" => hook.name.clone(), "result" => result).increment(n as u64);
}

/// One try of a post.
pub async fn post(client: &Client, hook: &Hook, id: Uuid, body: String, now: Timestamp) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    let signature = match &hook.secret {
        Some(secret) => match secret.sign(body.as_bytes()) {
            Some(signature) => Some(signature),
            None => return Outcome::Failed("it cannot be signed".to_owned(), None),
        },
        None => None,
    };
    let own = [("x-depeche-delivery", Some(id.to_string())), ("x-depeche-signature", signature)];
    for (name, value) in own {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    match client.post(&hook.url, &headers, Bytes::from(body)).await {
        Ok(answer) if (200..300).contains(&answer.status) => Outcome::Arrived,
        Ok(answer) if answer.status == 410 => Outcome::Gone,
        Ok(answer) => {
            let asked = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let asked = asked.and_then(|value| schedule::retry_after(value, now)).map(|wait| wait.min(LONGEST_WAIT));
            let redirect = if (300..400).contains(&answer.status) { ", which is not followed" } else { "" };
            Outcome::Failed(format!("it answers {}{redirect}", answer.status), asked)
        }
        Err(error) => Outcome::Failed(without_address(&error), None),
    }
}

/// What went wrong, without the address: it may be a secret.
pub(super) fn without_address(error: &NetError) -> String {
    match error {
        NetError::Client(why) => why.clone(),
        NetError::Refused { why, .. } => format!("its address is not allowed: {why}"),
        NetError::Resolve { why, .. } => format!("its host is not found: {why}"),
        NetError::Connect { why, .. } => format!("no connection: {why}"),
        NetError::Tls { certificate: true, why, .. } => format!("its certificate is not accepted: {why}"),
        NetError::Tls { why, .. } => format!("no secure connection: {why}"),
        NetError::Timeout { limit, .. } => format!("no whole answer within {limit:?}"),
        NetError::TooLarge { .. } | NetError::Bomb { .. } | NetError::Headers { .. } | NetError::Broken { .. } => {
            "its answer is broken".to_owned()
        }
    }
}
