//! A polite fetch: robots.txt, one request at a time per host and spaced, redirects vetted hop by hop, Retry-After obeyed.
//! It never parses a page, and never asks a host that said "later".

mod book;
mod charset;
mod error;
mod host;
mod patience;
mod robots;
mod wall;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Clock;
use crate::health::{Network, Unreachable};
use crate::net::{Client, NetError, Response};

pub use crate::schedule::retry_after;
pub use charset::decode;
pub use error::FetchError;
pub use host::key_of as host_key;
pub use robots::Rules;

/// How politely.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Between two requests to one host: from the end of one to the start of the next.
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
    /// True when it was redirected, and each time for good.
    pub moved: bool,
    /// The status.
    pub status: u16,
    /// Content-Type.
    pub content_type: Option<String>,
    /// Content-Language.
    pub content_language: Option<String>,
    /// The charset that its bytes were read in.
    pub charset: &'static str,
    /// Every header, as it came.
    pub headers: HeaderMap,
    /// Its bytes, decompressed.
    pub bytes: Bytes,
    /// Its text.
    pub text: String,
    /// For the next time that `url` is asked for; they say nothing of `requested`.
    pub validators: Validators,
}

/// Fetches. Shared by every source, so that a host is one host to all of them.
pub struct Fetcher {
    /// The client and how politely it asks; a reload swaps both at once, and what is known of hosts stays.
    asks: ArcSwap<(Client, FetchSettings)>,
    clock: Clock,
    book: book::Book,
    network: Network,
}

/// How long robots.txt is believed (RFC 9309 section 2.4).
const ROBOTS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long one that could not be had is not asked for again.
const ROBOTS_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Hops of robots.txt (RFC 9309 section 2.3.1.2).
const ROBOTS_REDIRECTS: usize = 5;
/// The longest that any host is left alone where `max_retry_after` is shorter: the longest back-off.
const LONGEST_REST: Duration = Duration::from_secs(6 * 3600);

impl Fetcher {
    /// Makes a fetcher.
    pub fn new(client: Client, settings: FetchSettings, clock: Clock) -> Fetcher {
        Fetcher {
            asks: ArcSwap::from_pointee((client, settings)),
            clock,
            book: book::Book::default(),
            network: Network::default(),
        }
    }

    /// Asks otherwise from the next request on. Turns, patience and robots.txt are kept.
    pub fn apply(&self, client: Client, settings: FetchSettings) {
        self.asks.store(Arc::new((client, settings)));
    }

    fn settings(&self) -> FetchSettings {
        self.asks.load().1.clone()
    }

    /// The client that it asks with, for others who ask.
    pub fn client(&self) -> Client {
        self.asks.load().0.clone()
    }

    /// Which hosts could be reached.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How a host could not be reached the last time it was asked.
    pub fn unreachable(&self, host: &str) -> Option<Unreachable> {
        self.network.failing(&host::key(host))
    }

    /// True when another host than this one was reached since.
    pub fn reaches_others(&self, host: &str, since: Timestamp) -> bool {
        self.network.works_for_others(&host::key(host), since)
    }

    /// Until when a host is left alone, because it asked for patience or failed too often. `www.` makes no difference.
    pub fn not_before(&self, host: &str) -> Option<Timestamp> {
        self.book.not_before(&host::key(host), self.clock.now())
    }

    /// Takes over what an earlier process was told. A later instant stands, and none is further off than we would grant.
    pub fn restore(&self, host: &str, until: Timestamp) {
        let furthest = patience::after(self.clock.now(), self.settings().max_retry_after.max(LONGEST_REST));
        self.book.wait(host::key(host), until.min(furthest));
    }

    /// Every host that is left alone, for the next process. What is past is forgotten here.
    pub fn all_not_before(&self) -> Vec<(String, Timestamp)> {
        let now = self.clock.now();
        self.book.prune(now, self.settings().max_crawl_delay.max(self.settings().per_host_delay));
        self.book.waiting(now)
    }

    /// Fetches a page, following redirects. Validators belong to `url` itself and are sent to it alone.
    pub async fn fetch(&self, url: &Url, validators: &Validators) -> Result<Fetched, FetchError> {
        let mut at = url.clone();
        at.set_fragment(None);
        let mut hops = Vec::new();
        let mut for_good = true;
        loop {
            // What may not be asked at all is no matter of the host's robots.txt.
            self.asks.load().0.vet(&at)?;
            let rules = self.robots(&at).await?;
            if !rules.allows(&at) {
                return Err(FetchError::Robots { url: at });
            }
            let own = Validators::default();
            let validators = if hops.is_empty() { validators } else { &own };
            let response = self.ask(&at, validators, rules.crawl_delay(), None).await?;
            if matches!(response.status, 200..=299 | 401 | 403 | 429 | 503)
                && let Some(by) = wall::of(&response)
            {
                return Err(FetchError::Wall { host: host_of(&at), status: response.status, by });
            }
            match response.status {
                200..=299 => {
                    let moved = for_good && !hops.is_empty();
                    return page(url, at, hops, response)
                        .await
                        .map(|page| Fetched::Page(Box::new(Page { moved, ..page })));
                }
                // To a request that was not conditional it is no answer.
                304 if *validators != own => return Ok(Fetched::NotModified),
                301 | 302 | 303 | 307 | 308 => {
                    if hops.len() >= self.settings().max_redirects {
                        return Err(FetchError::Redirects { url: url.clone(), limit: self.settings().max_redirects });
                    }
                    let location = text(&response.headers, header::LOCATION).unwrap_or_default();
                    let next = Some(&location).filter(|to| !to.is_empty()).and_then(|to| at.join(to).ok());
                    let Some(mut next) = next else { return Err(FetchError::BadRedirect { url: at, location }) };
                    next.set_fragment(None);
                    for_good &= matches!(response.status, 301 | 308);
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

    /// One request, in its turn, to a host that is not left alone; what it says of patience is noted.
    async fn ask(
        &self,
        url: &Url,
        validators: &Validators,
        crawl_delay: Duration,
        first: Option<usize>,
    ) -> Result<Response, FetchError> {
        let key = host::key_of(url);
        let host = self.book.host(&key);
        let mut turn = host.turn().await;
        // Asked in our turn: what the request before ours was told binds us too.
        if let Some(until) = self.not_before(&key) {
            return Err(FetchError::Later { host: host_of(url), until });
        }
        turn.start(crawl_delay.min(self.settings().max_crawl_delay).max(self.settings().per_host_delay)).await;
        let headers = request_headers(validators);
        // In our turn: a reload while we waited for it counts.
        let client = self.asks.load().0.clone();
        let answer = match first {
            Some(first) => client.get_first(url, &headers, first).await,
            None => client.get(url, &headers).await,
        };
        turn.end();
        match &answer {
            Ok(_) => self.network.reached(&key, self.clock.now()),
            Err(NetError::Resolve { .. }) => self.network.unreachable(&key, Unreachable::Dns, self.clock.now()),
            Err(NetError::Connect { .. }) => self.network.unreachable(&key, Unreachable::Connection, self.clock.now()),
            Err(NetError::Tls { certificate, .. }) => {
                self.network.unreachable(&key, Unreachable::Tls { certificate: *certificate }, self.clock.now());
            }
            Err(_) => {}
        }
        let failed = match &answer {
            Ok(response) => response.status >= 500,
            Err(NetError::Connect { .. } | NetError::Tls { .. } | NetError::Timeout { .. }) => true,
            // A request that decides about an open circuit decides so by any error.
            Err(_) => turn.failures >= patience::FAILURES,
        };
        if failed {
            turn.failures = turn.failures.saturating_add(1);
        } else if answer.is_ok() {
            turn.failures = 0;
        }
        let now = self.clock.now();
        let told = answer.as_ref().ok().and_then(|response| self.told(response, now));
        let circuit = patience::circuit(&key, turn.failures, now).filter(|_| failed);
        if let Some(until) = told.max(circuit) {
            self.book.wait(key, until);
        }
        Ok(answer?)
    }

    /// What an answer says of patience, capped.
    fn told(&self, response: &Response, now: Timestamp) -> Option<Timestamp> {
        if !matches!(response.status, 429 | 503) {
            return None;
        }
        let value = text(&response.headers, header::RETRY_AFTER);
        let wait = value.and_then(|value| retry_after(&value, now));
        let wait = wait.or((response.status == 429).then_some(patience::TOO_MANY))?;
        Some(patience::after(now, wait.min(self.settings().max_retry_after)))
    }

    /// Asks for the robots.txt of a URL's host, if it is not known: whether the host answers at all is known after that.
    pub async fn greet(&self, url: &Url) -> Result<(), FetchError> {
        self.robots(url).await.map(|_| ())
    }

    /// The rules of a URL's origin, asked for once a day; while they cannot be had, those that were had before.
    async fn robots(&self, url: &Url) -> Result<Arc<robots::Rules>, FetchError> {
        let origin = self.book.origin(&url[..url::Position::BeforePath]);
        let mut known = origin.0.lock().await;
        let now = self.clock.now();
        if known.until.is_none_or(|until| until <= now) {
            match self.ask_robots(url, known.rules.as_ref()).await? {
                Ok(rules) => {
                    *known = host::Known {
                        rules: Some(Arc::new(rules)),
                        why: None,
                        until: Some(patience::after(now, ROBOTS_KEPT)),
                    };
                }
                Err(why) => {
                    known.why = Some(why);
                    known.until = Some(patience::after(now, ROBOTS_PAUSE));
                }
            }
        }
        match (&known.rules, &known.why) {
            (Some(rules), _) => Ok(Arc::clone(rules)),
            (None, why) => {
                Err(FetchError::RobotsUnavailable { host: host_of(url), why: why.clone().unwrap_or_default() })
            }
        }
    }

    /// Asks for robots.txt. The inner error says why it cannot be had; the outer one that the host may not be asked now.
    async fn ask_robots(
        &self,
        url: &Url,
        older: Option<&Arc<robots::Rules>>,
    ) -> Result<Result<robots::Rules, String>, FetchError> {
        let delay = older.map_or(Duration::ZERO, |rules| rules.crawl_delay());
        let mut at = robots::address(url);
        for _ in 0..=ROBOTS_REDIRECTS {
            let away = host::key_of(&at) != host::key_of(url);
            let response = match self.ask(&at, &Validators::default(), delay, Some(robots::LONGEST)).await {
                Ok(response) => response,
                Err(FetchError::Net(error @ NetError::Refused { .. })) if !away => return Err(error.into()),
                Err(error @ FetchError::Net(_)) => return Ok(Err(error.to_string())),
                // Another host's patience is not this one's.
                Err(error) if away => return Ok(Err(error.to_string())),
                Err(error) => return Err(error),
            };
            return Ok(Ok(match response.status {
                200..=299 => {
                    let (agent, body) = (self.settings().robots_agent.clone(), response.body);
                    let work = tokio::task::spawn_blocking(move || robots::Rules::read(&agent, &body));
                    match work.await {
                        Ok(rules) => rules,
                        Err(error) => return Ok(Err(error.to_string())),
                    }
                }
                301 | 302 | 303 | 307 | 308 => {
                    match text(&response.headers, header::LOCATION).and_then(|l| at.join(&l).ok()) {
                        Some(next) => {
                            at = next;
                            at.set_fragment(None);
                            continue;
                        }
                        None => robots::Rules::all_allowed(),
                    }
                }
                429 if !away => return Err(FetchError::Refused { host: host_of(&at), status: 429 }),
                400..=428 | 430..=499 => robots::Rules::all_allowed(),
                status => return Ok(Err(format!("it answers {status}"))),
            }));
        }
        // More than five redirects: as if there were none (RFC 9309 section 2.3.1.2).
        Ok(Ok(robots::Rules::all_allowed()))
    }
}

fn request_headers(validators: &Validators) -> HeaderMap {
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
    headers
}

/// Decodes off the async threads: detection reads the whole body.
async fn page(requested: &Url, url: Url, hops: Vec<Url>, response: Response) -> Result<Page, FetchError> {
    let content_type = text(&response.headers, header::CONTENT_TYPE);
    let (body, label) = (response.body.clone(), content_type.clone());
    let work = tokio::task::spawn_blocking(move || decode(&body, label.as_deref()));
    let (decoded, charset) =
        work.await.map_err(|error| NetError::Broken { url: url.clone(), why: error.to_string() })?;
    let validators = Validators {
        etag: text(&response.headers, header::ETAG),
        last_modified: text(&response.headers, header::LAST_MODIFIED),
    };
    Ok(Page {
        requested: requested.clone(),
        url,
        hops,
        moved: false,
        status: response.status,
        content_type,
        content_language: text(&response.headers, header::CONTENT_LANGUAGE),
        charset,
        headers: response.headers,
        bytes: response.body,
        text: decoded,
        validators,
    })
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
