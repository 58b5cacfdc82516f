//! What is said to a callback: the question whether a request is its own, a denial, and the feed. One request each, never
//! redirected, under the guard of every request of ours. It keeps nothing, and tells nobody where it asked.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use url::Url;

use super::{Ask, Mode, Subscription};
use crate::deliver::post::without_address;
use crate::net::{Client, NetError, Response};
use crate::schedule;

/// A subscriber that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A challenge is echoed in far less.
const ECHO_BYTES: usize = 1 << 10;
/// The longest Retry-After that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// What a callback says to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The request was its own.
    Confirmed,
    /// It was not, or nobody answers.
    Refused(String),
}

/// What is pushed.
#[derive(Debug, Clone)]
pub struct Push {
    /// The whole feed.
    pub body: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// Hub and feed, as the feed's own answers have them.
    pub links: HeaderValue,
}

/// What becomes of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It arrived.
    Arrived,
    /// Nobody wants it any more.
    Gone,
    /// Why not, and how long the subscriber asks to be left alone.
    Failed(String, Option<Duration>),
}

/// Asks a callback whether a request is its own (section 5.3).
pub async fn verify(client: &Client, ask: &Ask, challenge: &str) -> Verdict {
    let mut url = ask.callback.clone();
    {
        // Behind what the subscriber's own address asks, which stays as it is.
        let mut pairs = url.query_pairs_mut();
        let (mode, lease) = match &ask.mode {
            Mode::Subscribe { lease, .. } => ("subscribe", Some(lease.as_secs())),
            Mode::Unsubscribe => ("unsubscribe", None),
        };
        pairs.append_pair("hub.mode", mode).append_pair("hub.topic", &ask.topic);
        pairs.append_pair("hub.challenge", challenge);
        if let Some(seconds) = lease {
            pairs.append_pair("hub.lease_seconds", &seconds.to_string());
        }
    }
    match get(client, &url).await {
        Ok(answer) if !(200..300).contains(&answer.status) => {
            Verdict::Refused(format!("its callback answers {}", answer.status))
        }
        Ok(answer) if answer.body != challenge.as_bytes() => {
            Verdict::Refused("its callback does not repeat the challenge".to_owned())
        }
        Ok(_) => Verdict::Confirmed,
        Err(why) => Verdict::Refused(why),
    }
}

/// Tells a callback that it is not, or no longer, subscribed (section 5.2). Whether it hears that is its own matter.
pub async fn deny(client: &Client, callback: &Url, topic: &str, reason: &str) {
    let mut url = callback.clone();
    url.query_pairs_mut()
        .append_pair("hub.mode", "denied")
        .append_pair("hub.topic", topic)
        .append_pair("hub.reason", reason);
    if let Err(why) = get(client, &url).await {
        tracing::debug!(why, "a subscriber was not told of a denial");
    }
}

/// Pushes a feed (section 7).
pub async fn push(client: &Client, to: &Subscription, what: &Push, now: Timestamp) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(what.content_type));
    headers.insert(header::LINK, what.links.clone());
    if let Some(secret) = &to.secret {
        // What was to be signed is never pushed unsigned.
        let Some(signature) = secret.sign(&what.body).and_then(|text| HeaderValue::from_str(&text).ok()) else {
            return Answer::Failed("it cannot be signed".to_owned(), None);
        };
        headers.insert(HeaderName::from_static("x-hub-signature"), signature);
    }
    judged(client.post(&to.callback, &headers, what.body.clone()), now).await
}

/// What became of a post.
pub(super) async fn judged(post: impl Future<Output = Result<Response, NetError>>, now: Timestamp) -> Answer {
    let answer = match in_time(post).await {
        Ok(answer) => answer,
        Err(why) => return Answer::Failed(why, None),
    };
    match answer.status {
        200..300 => Answer::Arrived,
        410 => Answer::Gone,
        status => {
            let asked = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let asked = asked.and_then(|value| schedule::retry_after(value, now)).map(|wait| wait.min(LONGEST_WAIT));
            Answer::Failed(format!("the answer is {status}"), asked)
        }
    }
}

async fn get(client: &Client, url: &Url) -> Result<Response, String> {
    in_time(client.get_first(url, &HeaderMap::new(), ECHO_BYTES)).await
}

async fn in_time(asked: impl Future<Output = Result<Response, NetError>>) -> Result<Response, String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error| without_address(&error)),
        Err(_) => Err(format!("no whole answer within {PATIENCE:?}")),
    }
}
