//! The one HTTP client: one hop at a time, to vetted addresses, within limits of time and bytes.
//! It never follows a redirect, keeps a cookie, or asks a proxy from the environment.

mod body;
mod guard;
mod resolver;
mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

pub use guard::{Refusal, vet};
pub use resolver::{Lookup, Resolver};

/// What a client is allowed.
#[derive(Debug, Clone)]
pub struct NetSettings {
    /// Names us, with a contact.
    pub user_agent: String,
    /// Loopback and private addresses, and any port.
    pub allow_private: bool,
    /// For the connection.
    pub connect_timeout: Duration,
    /// Between two reads.
    pub read_timeout: Duration,
    /// For all of it.
    pub total_timeout: Duration,
    /// Bytes after decompression.
    pub max_body: u64,
    /// Bytes after decompression for one before it.
    pub max_ratio: u64,
    /// Host names with a fixed address and port, for the demo and tests; the private-network rule does not bind them.
    pub hosts: HashMap<String, SocketAddr>,
    /// Who turns names into addresses.
    pub resolver: Resolver,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The client itself.
    #[error("unable to make an HTTP client: {0}")]
    Client(String),
    /// The guard said no.
    #[error("unable to ask {url}: {why}")]
    Refused {
        /// The address.
        url: Url,
        /// Why.
        why: Refusal,
    },
    /// No address for the name.
    #[error("unable to find the host {host}: {why}; check the name, and this machine's DNS")]
    Resolve {
        /// The host.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No connection.
    #[error("unable to connect to {url}: {why}")]
    Connect {
        /// The address.
        url: Url,
        /// What the system said.
        why: String,
    },
    /// No secure connection.
    #[error("unable to connect to {url} securely: {}{why}", if *certificate { "its certificate is not accepted: " } else { "" })]
    Tls {
        /// The address.
        url: Url,
        /// True when it is the certificate that is not accepted.
        certificate: bool,
        /// What TLS says.
        why: String,
    },
    /// Too slow.
    #[error("unable to read {url} in time: no whole answer within {limit:?}")]
    Timeout {
        /// The address.
        url: Url,
        /// The limit.
        limit: Duration,
    },
    /// Too large.
    #[error("unable to read {url}: its body is larger than {limit} bytes (crawl.max_body)")]
    TooLarge {
        /// The address.
        url: Url,
        /// The limit.
        limit: u64,
    },
    /// A decompression bomb.
    #[error("unable to read {url}: its body grows more than {ratio} times when decompressed")]
    Bomb {
        /// The address.
        url: Url,
        /// The limit.
        ratio: u64,
    },
    /// Too many headers.
    #[error("unable to read {url}: its headers are more than 100 or larger than 64 KiB")]
    Headers {
        /// The address.
        url: Url,
    },
    /// Broken on the way.
    #[error("unable to read {url}: {why}")]
    Broken {
        /// The address.
        url: Url,
        /// What broke.
        why: String,
    },
}

impl NetError {
    /// True where our own network may be at fault.
    pub fn may_be_ours(&self) -> bool {
        matches!(self, NetError::Resolve { .. } | NetError::Connect { .. } | NetError::Tls { .. })
    }
}

/// The client. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: Arc<NetSettings>,
}

impl Client {
    /// Makes a client.
    pub fn new(settings: NetSettings) -> Result<Client, NetError> {
        // A second installation in one process fails, and the first one serves.
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            .user_agent(settings.user_agent.clone())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            .timeout(settings.total_timeout)
            .pool_max_idle_per_host(1)
            .dns_resolver(Arc::new(resolver::Vetted::of(&settings)))
            .build()
            .map_err(|e| NetError::Client(text_of(&e)))?;
        Ok(Client { http, settings: Arc::new(settings) })
    }

    /// Asks once. A redirect is an answer like any other.
    pub async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, NetError> {
        self.send(self.http.get(url.clone()).headers(headers.clone()), url, None).await
    }

    /// Asks once for the first so many bytes of the body; a longer one is cut, not refused.
    pub async fn get_first(&self, url: &Url, headers: &HeaderMap, first: usize) -> Result<Response, NetError> {
        self.send(self.http.get(url.clone()).headers(headers.clone()), url, Some(first)).await
    }

    /// Posts a body once, under the same guard, limits and times as every request. Of the answer a little is read: it
    /// says whether it worked, and nothing else of it is of use.
    pub async fn post(&self, url: &Url, headers: &HeaderMap, body: Bytes) -> Result<Response, NetError> {
        self.send(self.http.post(url.clone()).headers(headers.clone()).body(body), url, Some(4 << 10)).await
    }

    /// Checks all of a URL but what its name resolves to, without asking anyone.
    pub fn vet(&self, url: &Url) -> Result<(), NetError> {
        let fixed = url.host_str().is_some_and(|host| self.settings.hosts.contains_key(host));
        guard::vet_url(url, self.settings.allow_private || fixed)
            .map_err(|why| NetError::Refused { url: url.clone(), why })
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        url: &Url,
        first: Option<usize>,
    ) -> Result<Response, NetError> {
        let settings = &self.settings;
        self.vet(url)?;
        let request = request.header(http::header::ACCEPT_ENCODING, "gzip, br, zstd");
        let answer = request.send().await.map_err(|error| self.explain(url, &error))?;
        let headers = answer.headers().clone();
        let size: usize = headers.iter().map(|(k, v)| k.as_str().len() + v.len()).sum();
        if headers.len() > 100 || size > 64 << 10 {
            return Err(NetError::Headers { url: url.clone() });
        }
        let status = answer.status().as_u16();
        let raw = body::read(answer, url, settings, first).await.map_err(|error| match error {
            body::ReadError::Net(error) => *error,
            body::ReadError::Transport(error) => self.explain(url, &error),
        })?;
        let body = self.decompress(raw, &headers, url, first).await?;
        Ok(Response { status, headers, body })
    }

    /// Off the async threads: a body of some megabytes keeps a core busy for a while.
    async fn decompress(
        &self,
        raw: Bytes,
        headers: &HeaderMap,
        url: &Url,
        first: Option<usize>,
    ) -> Result<Bytes, NetError> {
        if !headers.contains_key(http::header::CONTENT_ENCODING) {
            return Ok(raw);
        }
        let (headers, settings, at) = (headers.clone(), Arc::clone(&self.settings), url.clone());
        let work = tokio::task::spawn_blocking(move || body::decompress(raw, &headers, &at, &settings, first));
        work.await.unwrap_or_else(|error| Err(NetError::Broken { url: url.clone(), why: error.to_string() }))
    }

    fn explain(&self, url: &Url, error: &reqwest::Error) -> NetError {
        let why = text_of(error);
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(cause) = source {
            if let Some(refusal) = cause.downcast_ref::<Refusal>() {
                return NetError::Refused { url: url.clone(), why: refusal.clone() };
            }
            if let Some(unresolved) = cause.downcast_ref::<resolver::Unresolved>() {
                return NetError::Resolve {
                    host: url.host_str().unwrap_or_default().to_owned(),
                    why: unresolved.to_string(),
                };
            }
            if let Some(refused) = tls::of(cause) {
                let certificate = matches!(refused, rustls::Error::InvalidCertificate(_));
                return NetError::Tls { url: url.clone(), certificate, why: tls::words(refused) };
            }
            source = cause.source();
        }
        if error.is_connect() && error.is_timeout() {
            let why = format!(
                "no connection within {:?}; is the host up, and is this machine's network?",
                self.settings.connect_timeout
            );
            NetError::Connect { url: url.clone(), why }
        } else if error.is_timeout() {
            NetError::Timeout { url: url.clone(), limit: self.settings.total_timeout }
        } else if error.is_connect() {
            NetError::Connect { url: url.clone(), why }
        } else {
            NetError::Broken { url: url.clone(), why }
        }
    }
}

/// The innermost cause: the outer ones only say that a request failed.
fn text_of(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
