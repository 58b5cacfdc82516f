//! A polite fetch: robots.txt, one request at a time per host and spaced, redirects vetted hop by hop, Retry-After obeyed.
//! It never parses a page, and never asks a host that said "later".

mod charset;
mod host;
mod robots;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Clock;
use crate::net::{Client, NetError, Response};

pub use charset::decode;

/// How politely.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Between the starts of two requests to one host.
    pub per_host_delay: Duration,
    /// The longest Crawl-delay that is honoured.
    pub max_crawl_delay: Duration,
    /// The longest Retry-After that is honoured.
    pub max_retry_after: Duration,
    /// Hops.
    pub max_redirects: usize,
    /// The name that robots.txt is read for.
    pub robots_agent: String,
}

/// What makes a request conditional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// Sent as If-None-Match.
    pub etag: Option<String>,
    /// Sent as If-Modified-Since.
    pub last_modified: Option<String>,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// A page.
    Page(Box<Page>),
    /// 304.
    NotModified,
    /// 404 or 410.
    Gone {
        /// Which.
        status: u16,
    },
}

/// A page as it came.
#[derive(Debug, Clone)]
pub struct Page {
    /// The address asked for.
    pub requested: Url,
    /// The address that answered.
    pub url: Url,
    /// The addresses between them.
    pub hops: Vec<Url>,
    /// The status.
    pub status: u16,
    /// Content-Type.
    pub content_type: Option<String>,
    /// Content-Language.
    pub content_language: Option<String>,
    /// The charset that its bytes were read in.
    pub charset: &'static str,
    /// Its bytes, decompressed.
    pub bytes: Bytes,
    /// Its text.
    pub text: String,
    /// For the next time that `url` is asked for; they say nothing of `requested`.
    pub validators: Validators,
}

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
    /// The host asked for patience.
    #[error("unable to fetch from {host} before {until}: it asked for patience (Retry-After)")]
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

/// Fetches. Shared by every source, so that a host is one host to all of them.
pub struct Fetcher {
    client: Client,
    settings: FetchSettings,
    clock: Clock,
    hosts: Mutex<HashMap<String, Arc<host::Host>>>,
    patience: Mutex<HashMap<String, Timestamp>>,
}

/// A 429 without Retry-After.
const TOO_MANY: Duration = Duration::from_secs(15 * 60);

impl Fetcher {
    /// Makes a fetcher.
    pub fn new(client: Client, settings: FetchSettings, clock: Clock) -> Fetcher {
        Fetcher { client, settings, clock, hosts: Mutex::default(), patience: Mutex::default() }
    }

    /// Until when a host asked for patience.
    pub fn not_before(&self, host: &str) -> Option<Timestamp> {
        let now = self.clock.now();
        self.patience().get(host).copied().filter(|until| *until > now)
    }

    /// Takes over what an earlier process was told.
    pub fn restore(&self, host: &str, until: Timestamp) {
        self.patience().insert(host.to_owned(), until);
    }

    /// Every host that asked for patience.
    pub fn all_not_before(&self) -> Vec<(String, Timestamp)> {
        let mut all: Vec<_> = self.patience().iter().map(|(host, until)| (host.clone(), *until)).collect();
        all.sort();
        all
    }

    /// Fetches a page, following redirects. Validators belong to `url` itself and are sent to it alone.
    pub async fn fetch(&self, url: &Url, validators: &Validators) -> Result<Fetched, FetchError> {
        let mut at = url.clone();
        at.set_fragment(None);
        let mut hops = Vec::new();
        loop {
            if !self.robots(&at).await?.allows(&at) {
                return Err(FetchError::Robots { url: at });
            }
            let own = Validators::default();
            let response = self.ask(&at, if hops.is_empty() { validators } else { &own }).await?;
            match response.status {
                200..=299 => return Ok(Fetched::Page(Box::new(page(url, at, hops, response)))),
                304 => return Ok(Fetched::NotModified),
                301 | 302 | 303 | 307 | 308 => {
                    if hops.len() >= self.settings.max_redirects {
                        return Err(FetchError::Redirects { url: url.clone(), limit: self.settings.max_redirects });
                    }
                    let location = text(&response.headers, header::LOCATION).unwrap_or_default();
                    let mut next =
                        at.join(&location).map_err(|_| FetchError::BadRedirect { url: at.clone(), location })?;
                    next.set_fragment(None);
                    hops.push(std::mem::replace(&mut at, next));
                }
                status @ (404 | 410) => return Ok(Fetched::Gone { status }),
                status @ (401 | 403 | 429 | 444 | 451) => {
                    return Err(FetchError::Refused { host: host_of(&at), status });
                }
                status => return Err(FetchError::Status { url: at, status }),
            }
        }
    }

    /// One request, in its turn, to a host that did not ask for patience; what it says of patience is noted.
    async fn ask(&self, url: &Url, validators: &Validators) -> Result<Response, FetchError> {
        let host = host_of(url);
        let entry = self.host(url);
        let _turn = entry.turn(self.settings.per_host_delay, self.settings.max_crawl_delay).await;
        if let Some(until) = self.not_before(&host) {
            return Err(FetchError::Later { host, until });
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5"),
        );
        for (name, value) in
            [(header::IF_NONE_MATCH, &validators.etag), (header::IF_MODIFIED_SINCE, &validators.last_modified)]
        {
            if let Some(value) = value.as_ref().and_then(|v| HeaderValue::from_str(v).ok()) {
                headers.insert(name, value);
            }
        }
        let response = self.client.get(url, &headers).await?;
        if matches!(response.status, 429 | 503) {
            self.note_patience(host, &response);
        }
        Ok(response)
    }

    /// Retry-After (RFC 9110 section 10.2.3) in both forms, capped, charged to the host that sent it.
    fn note_patience(&self, host: String, response: &Response) {
        let now = self.clock.now();
        let value = text(&response.headers, header::RETRY_AFTER);
        let wait = value.and_then(|value| match value.trim().parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                let at = Timestamp::try_from(httpdate::parse_http_date(&value).ok()?).ok()?;
                Duration::try_from(at.duration_since(now)).ok()
            }
        });
        let wait =
            wait.or((response.status == 429).then_some(TOO_MANY)).map(|wait| wait.min(self.settings.max_retry_after));
        if let Some(until) = wait.and_then(|wait| now.checked_add(SignedDuration::try_from(wait).ok()?).ok()) {
            self.patience().insert(host, until);
        }
    }

    /// The rules of a URL's host, asked for once a day.
    async fn robots(&self, url: &Url) -> Result<Arc<robots::Rules>, FetchError> {
        let entry = self.host(url);
        let mut kept = entry.rules.lock().await;
        let now = self.clock.now();
        if let Some((rules, until)) = kept.as_ref().filter(|(_, until)| *until > now) {
            let _ = until;
            return Ok(Arc::clone(rules));
        }
        let mut at = robots::address(url);
        for _ in 0..=self.settings.max_redirects {
            let response = match self.ask(&at, &Validators::default()).await {
                Ok(response) => response,
                Err(FetchError::Net(error)) => {
                    return Err(FetchError::RobotsUnavailable { host: host_of(url), why: error.to_string() });
                }
                Err(error) => return Err(error),
            };
            let rules = match response.status {
                200..=299 => robots::Rules::read(&self.settings.robots_agent, &response.body),
                301 | 302 | 303 | 307 | 308 => {
                    match text(&response.headers, header::LOCATION).and_then(|l| at.join(&l).ok()) {
                        Some(next) => {
                            at = next;
                            continue;
                        }
                        None => robots::Rules::all_allowed(),
                    }
                }
                429 => return Err(FetchError::Refused { host: host_of(&at), status: 429 }),
                400..=499 => robots::Rules::all_allowed(),
                status => {
                    return Err(FetchError::RobotsUnavailable {
                        host: host_of(url),
                        why: format!("it answers {status}"),
                    });
                }
            };
            let rules = Arc::new(rules);
            entry.crawl_delay(rules.crawl_delay());
            let until = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
            *kept = Some((Arc::clone(&rules), until));
            return Ok(rules);
        }
        // More than five redirects: as if there were none (RFC 9309 section 2.3.1.2).
        Ok(Arc::new(robots::Rules::all_allowed()))
    }

    fn host(&self, url: &Url) -> Arc<host::Host> {
        let key = url[..url::Position::BeforePath].to_owned();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(key).or_default())
    }

    fn patience(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn page(requested: &Url, url: Url, hops: Vec<Url>, response: Response) -> Page {
    let content_type = text(&response.headers, header::CONTENT_TYPE);
    let (decoded, charset) = decode(&response.body, content_type.as_deref());
    let validators = Validators {
        etag: text(&response.headers, header::ETAG),
        last_modified: text(&response.headers, header::LAST_MODIFIED),
    };
    Page {
        requested: requested.clone(),
        url,
        hops,
        status: response.status,
        content_type,
        content_language: text(&response.headers, header::CONTENT_LANGUAGE),
        charset,
        bytes: response.body,
        text: decoded,
        validators,
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
