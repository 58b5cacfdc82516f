//! A request to the hub, as a form brings it. What a hub does not understand it ignores, as the Recommendation wants; what
//! it does understand must be there once and be right. A mistake never repeats a callback or a secret.

use std::fmt;

use jiff::SignedDuration;
use url::{Url, form_urlencoded};

use crate::deliver::Secret;

/// How long a subscription lasts that does not say.
const USUAL_LEASE: SignedDuration = SignedDuration::from_hours(10 * 24);
/// No lease is shorter,
const SHORTEST_LEASE: SignedDuration = SignedDuration::from_hours(1);
/// nor longer: every lease ends.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Bytes of an address.
const LONGEST_URL: usize = 2_000;
/// A secret must be shorter (section 5.1).
const SECRET_BYTES: usize = 200;

/// What is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// Where to push.
    pub callback: Url,
    /// Which feed.
    pub topic: String,
    /// What to do.
    pub mode: Mode,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ask({}, {:?})", self.topic, self.mode)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Begin, or renew.
    Subscribe {
        /// For so long.
        lease: SignedDuration,
        /// Signs what is pushed.
        secret: Option<Secret>,
    },
    /// End.
    Unsubscribe,
}

/// Why a request cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// A parameter is missing.
    #[error("unable to use this request: {0} is missing")]
    Missing(&'static str),
    /// A parameter is there more than once.
    #[error("unable to use this request: {0} is given twice")]
    Twice(&'static str),
    /// Somebody wants to publish.
    #[error("unable to publish here: this hub serves the feeds of its own server alone, and knows when they change")]
    Publish,
    /// The mode.
    #[error("unable to use hub.mode: allowed are subscribe and unsubscribe")]
    Mode,
    /// The callback.
    #[error("unable to use hub.callback: {0}; write http:// or https:// and a host, without a user name or a fragment")]
    Callback(&'static str),
    /// The lease.
    #[error("unable to use hub.lease_seconds: it must be a whole number of seconds")]
    Lease,
    /// The secret.
    #[error("unable to use hub.secret: it must have at least 1 byte and less than 200")]
    Secret,
}

impl Ask {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(form: &[u8]) -> Result<Ask, AskError> {
        const NAMES: [&str; 5] = ["hub.mode", "hub.callback", "hub.topic", "hub.lease_seconds", "hub.secret"];
        let mut values: [Option<String>; 5] = Default::default();
        for (name, value) in form_urlencoded::parse(form) {
            let Some(place) = NAMES.iter().position(|known| *known == name) else { continue };
            if values[place].replace(value.into_owned()).is_some() {
                return Err(AskError::Twice(NAMES[place]));
            }
        }
        let [mode, callback, topic, lease, secret] = values;
        let mode = match mode.ok_or(AskError::Missing("hub.mode"))?.as_str() {
            "subscribe" => Mode::Subscribe { lease: read_lease(lease)?, secret: read_secret(secret)? },
            "unsubscribe" => Mode::Unsubscribe,
            "publish" => return Err(AskError::Publish),
            _ => return Err(AskError::Mode),
        };
        let callback = read_callback(&callback.ok_or(AskError::Missing("hub.callback"))?)?;
        let topic = topic.filter(|topic| !topic.is_empty()).ok_or(AskError::Missing("hub.topic"))?;
        Ok(Ask { callback, topic, mode })
    }
}

fn read_callback(text: &str) -> Result<Url, AskError> {
    if text.len() > LONGEST_URL {
        return Err(AskError::Callback("it is longer than 2000 bytes"));
    }
    let url = Url::parse(text).map_err(|_| AskError::Callback("it is no absolute address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(AskError::Callback("its scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AskError::Callback("it carries a user name or password"));
    }
    if url.fragment().is_some() {
        return Err(AskError::Callback("it carries a fragment"));
    }
    Ok(url)
}

fn read_lease(text: Option<String>) -> Result<SignedDuration, AskError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(USUAL_LEASE) };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AskError::Lease);
    }
    // Too many digits for a number still mean a long time.
    let asked = text.parse().map_or(LONGEST_LEASE, SignedDuration::from_secs);
    Ok(asked.clamp(SHORTEST_LEASE, LONGEST_LEASE))
}

fn read_secret(text: Option<String>) -> Result<Option<Secret>, AskError> {
    match text {
        Some(text) if text.is_empty() || text.len() >= SECRET_BYTES => Err(AskError::Secret),
        text => Ok(text.map(Secret::new)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: &str = "hub.mode=subscribe&hub.callback=https%3A%2F%2Freader.example%2Fcb%3Fid%3D7&hub.topic=https%3A%2F%2Ff.example%2Ffeed.atom";

    #[test]
    fn what_a_form_says_is_read_once_and_what_is_unknown_ignored() {
        let ask = Ask::parse(format!("{WHOLE}&hub.verify=async&x=1").as_bytes()).unwrap();
        assert_eq!(ask.callback.as_str(), "https://reader.example/cb?id=7");
        assert_eq!(ask.topic, "https://f.example/feed.atom");
        assert_eq!(ask.mode, Mode::Subscribe { lease: USUAL_LEASE, secret: None });
        for (seconds, want) in [
            ("0", SHORTEST_LEASE),
            ("7200", SignedDuration::from_hours(2)),
            ("99999999", LONGEST_LEASE),
            ("99999999999999999999999", LONGEST_LEASE),
            ("", USUAL_LEASE),
        ] {
            let ask = Ask::parse(format!("{WHOLE}&hub.lease_seconds={seconds}").as_bytes()).unwrap();
            assert_eq!(ask.mode, Mode::Subscribe { lease: want, secret: None }, "{seconds}");
        }
        let ask = Ask::parse(format!("{WHOLE}&hub.secret={}", "é".repeat(99)).as_bytes()).unwrap();
        let secret = Some(Secret::new("é".repeat(99)));
        assert_eq!(ask.mode, Mode::Subscribe { lease: USUAL_LEASE, secret });
        let form = WHOLE.replace("=subscribe", "=unsubscribe");
        assert_eq!(Ask::parse(form.as_bytes()).unwrap().mode, Mode::Unsubscribe);
    }

    #[test]
    fn a_mistake_is_named_without_what_it_was() {
        let with = |callback: &str| format!("hub.mode=subscribe&hub.topic=t&hub.callback={callback}");
        for (form, named) in [
            (String::new(), "hub.mode is missing"),
            ("hub.mode=subscribe&hub.topic=t".to_owned(), "hub.callback is missing"),
            (WHOLE.replace("hub.topic", "topic"), "hub.topic is missing"),
            (format!("{WHOLE}&hub.mode=subscribe"), "hub.mode is given twice"),
            ("hub.mode=publish&hub.url=x".to_owned(), "alone"),
            (WHOLE.replace("=subscribe", "=retrieve"), "allowed are"),
            (with("/T0KEN"), "absolute"),
            (with("ftp://reader.example/T0KEN"), "scheme"),
            (with("javascript:T0KEN"), "scheme"),
            (with("http://T0KEN@reader.example/"), "user name"),
            (with("http://reader.example/T0KEN%23x"), "fragment"),
            (with(&format!("http://reader.example/T0KEN{}", "a".repeat(2_000))), "2000"),
            (format!("{WHOLE}&hub.lease_seconds=-1"), "whole number"),
            (format!("{WHOLE}&hub.lease_seconds=T0KEN"), "whole number"),
            (format!("{WHOLE}&hub.secret="), "less than 200"),
            (format!("{WHOLE}&hub.secret=T0KEN{}", "a".repeat(195)), "less than 200"),
        ] {
            let error = Ask::parse(form.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named) && !error.contains("T0KEN"), "{form}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(form in proptest::collection::vec(any::<u8>(), 0..300)) {
            Ask::parse(&form).ok();
        }

        #[test]
        fn what_is_written_is_read_back(path in "[a-zA-Z0-9/]{0,20}", query in "[a-z0-9=]{0,20}", topic in "\\PC{1,40}", secret in "\\PC{1,40}", lease in 3_600_i64..2_592_000) {
            let callback: Url = format!("https://reader.example/{path}?{query}").parse().unwrap();
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("hub.secret", &secret)
                .append_pair("hub.lease_seconds", &lease.to_string())
                .append_pair("hub.callback", callback.as_str())
                .append_pair("hub.mode", "subscribe")
                .append_pair("hub.topic", &topic)
                .finish();
            let want = Mode::Subscribe { lease: SignedDuration::from_secs(lease), secret: Some(Secret::new(secret)) };
            prop_assert_eq!(Ask::parse(form.as_bytes()).unwrap(), Ask { callback, topic, mode: want });
        }
    }
}
