//! Messages posted to those who asked for them: rendered once, signed, kept until they arrive. It never fetches a page,
//! never sees the configuration, and never lets a secret or a hook's address into a log or a record.

mod articles;
mod lane;
mod outbox;
mod post;
mod render;
pub mod websub;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

pub use articles::Digest;
pub use lane::Lane;
pub use outbox::{Delivery, Outbox};
pub(crate) use post::{Outcome, count, post};
pub use render::render;

use crate::edition::Asked;

/// Whom to tell: a `[[webhook]]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its name in records, logs and metrics.
    pub name: String,
    /// Where to post. It may be a secret in itself, as Slack's and Teams' are.
    pub url: Url,
    /// Signs what is posted.
    pub secret: Option<Secret>,
    /// How messages are written.
    pub format: Format,
    /// The most messages in one post.
    pub batch: usize,
    /// True when it is told of alarms.
    pub health: bool,
    /// The feed whose entries it is told of.
    pub articles: Option<Asked>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hook { name, url: _, secret, format, batch, health, articles } = self;
        write!(f, "Hook({name}, {secret:?}, {format:?}, batch {batch}, health {health}, {articles:?})")
    }
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Every field, as README.md documents them.
    Json,
    /// What Slack's incoming webhooks read.
    Slack,
    /// What the workflows of Teams read: an adaptive card.
    Teams,
}

/// A secret: it signs, and never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it over.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// `sha256=` and the HMAC-SHA256 of these bytes, in hex.
    pub fn sign(&self, bytes: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        mac.update(bytes);
        Some(format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231_and_a_secret_never_shows() {
        let secret = Secret::new("Jefe".into());
        assert_eq!(
            secret.sign(b"what do ya want for nothing?").unwrap(),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let hook = Hook {
            name: "ops".into(),
            url: "https://hooks.example/T0KEN".parse().unwrap(),
            secret: Some(secret.clone()),
            format: Format::Json,
            batch: 1,
            health: true,
            articles: None,
        };
        for shown in [format!("{secret:?}"), format!("{secret}"), format!("{hook:?}")] {
            assert!(!shown.contains("Jefe") && !shown.contains("T0KEN"), "{shown}");
        }
    }
}
