//! Why a fetch brought nothing. Each message says what to do, or what is done next; it never holds page text.

use jiff::Timestamp;
use url::Url;

use super::host;
use crate::net::NetError;

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// robots.txt says no.
    #[error("unable to fetch {url}: robots.txt disallows it")]
    Robots {
        /// The address.
        url: Url,
    },
    /// robots.txt cannot be had, and that means no (RFC 9309 section 2.3.1.4).
    #[error("unable to fetch from {host}: its robots.txt cannot be had ({why}), which means no until it can")]
    RobotsUnavailable {
        /// The host.
        host: String,
        /// Why.
        why: String,
    },
    /// The host asked for patience, or failed so often that it is left alone for a while.
    #[error(
        "unable to fetch from {host} before {until}: it asked for patience (Retry-After), or failed too often in a row"
    )]
    Later {
        /// The host.
        host: String,
        /// Until when.
        until: Timestamp,
    },
    /// The host does not want us.
    #[error("unable to fetch from {host}: it refuses with status {status}; ask its owner, or remove the source")]
    Refused {
        /// The host.
        host: String,
        /// 401, 403, 429, 444 or 451.
        status: u16,
    },
    /// A page in place of the one asked for, which asks whether we are human.
    #[error(
        "unable to fetch from {host}: it answers {status} with a bot wall ({by}); ask its owner to let depeche in, or look for a feed"
    )]
    Wall {
        /// The host.
        host: String,
        /// The status: often 403 or 503, sometimes 200.
        status: u16,
        /// Whose.
        by: &'static str,
    },
    /// Any other status.
    #[error("unable to fetch {url}: the site answers {status}")]
    Status {
        /// The address.
        url: Url,
        /// The status.
        status: u16,
    },
    /// Round and round.
    #[error("unable to fetch {url}: it redirects more than {limit} times")]
    Redirects {
        /// The address.
        url: Url,
        /// The limit.
        limit: usize,
    },
    /// A redirect to nowhere.
    #[error("unable to fetch {url}: it redirects to {location:?}, which is no address")]
    BadRedirect {
        /// The address.
        url: Url,
        /// The Location header.
        location: String,
    },
    /// The network.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl FetchError {
    /// True for a refusal that may be meant for one page alone: 401 and 403.
    pub fn may_be_of_page(&self) -> bool {
        matches!(self, FetchError::Refused { status: 401 | 403, .. })
    }

    /// The host that wants no further request for now, `www.` ignored; none where only this address fails.
    pub fn refusing(&self) -> Option<String> {
        match self {
            FetchError::Later { host, .. }
            | FetchError::Refused { host, .. }
            | FetchError::Wall { host, .. }
            | FetchError::RobotsUnavailable { host, .. } => Some(host::key(host)),
            _ => None,
        }
    }
}
