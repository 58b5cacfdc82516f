//! How often one client may ask: lenient to readers, who poll many feeds in a burst, and free for what they have already.
//! A client is an IPv4 address or an IPv6 /64. It never keeps, logs or shows an address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::IpNet;

use super::conditional::is_conditional;
use super::{Problem, Site};
use crate::config::Server;

/// So many requests, and the clients that have been quiet for a while are forgotten.
const SWEEP: u32 = 10_000;
/// Machines ask these, and what they learn from them must not depend on how often readers ask.
const FREE: &[&str] = &["/health/", "/metrics"];

/// The limit, and the proxies that are believed about who asks.
pub struct Limits {
    clients: Option<Arc<Clients>>,
    proxies: Vec<IpNet>,
}

/// What each client has left.
struct Clients {
    per_minute: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

impl Limits {
    /// So many requests a minute and client, all of them at once if need be; `None`: no limit.
    pub fn new(server: &Server) -> Limits {
        Limits::of(server.requests_per_minute, server.trusted_proxies.clone())
    }

    /// The same under other settings. Where the limit is the same, what a client used up stays used up: an edit is no
    /// fresh start.
    pub(super) fn under(&self, server: &Server) -> Limits {
        let next = Limits::new(server);
        match (&self.clients, &next.clients) {
            (Some(clients), Some(new)) if clients.per_minute == new.per_minute => {
                Limits { clients: Some(Arc::clone(clients)), ..next }
            }
            _ => next,
        }
    }

    fn of(per_minute: Option<NonZeroU32>, proxies: Vec<IpNet>) -> Limits {
        let clients = per_minute.map(|per_minute| {
            let limiter = DefaultKeyedRateLimiter::keyed(Quota::per_minute(per_minute));
            Arc::new(Clients { per_minute, limiter, asked: AtomicU32::new(0) })
        });
        Limits { clients, proxies }
    }

    /// Seconds to wait, where this client has asked too often.
    pub(super) fn wait(&self, client: IpAddr) -> Option<u64> {
        let Clients { limiter, asked, .. } = self.clients.as_deref()?;
        if asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
        }
        let refused = limiter.check_key(&client).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    /// Who asks. `X-Forwarded-For` counts only from a trusted proxy, and there from the right: what stands further left
    /// than the first address that is no such proxy is the client's own invention. `None`: this machine itself, which is
    /// not limited, since it may be a proxy that nobody told us of.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let trusted = |address: &IpAddr| self.proxies.iter().any(|net| net.contains(address));
        let mut client = peer.to_canonical();
        if trusted(&client) {
            let listed = headers.get_all("x-forwarded-for").iter().rev().filter_map(|v| v.to_str().ok());
            for text in listed.flat_map(|list| list.rsplit(',')) {
                let Some(address) = forwarded(text) else { break };
                client = address;
                if !trusted(&client) {
                    break;
                }
            }
        }
        (!client.is_loopback()).then(|| network(client))
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn forwarded(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|t| t.split(']').next()).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

/// One household or machine has a whole IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// Refuses who asks too often, with 429 and Retry-After. What ends in a 304 is not counted.
pub(super) async fn limit(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let limits = &site.limits;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let path = request.uri().path();
    let client = peer.filter(|_| !FREE.iter().any(|free| path.starts_with(free)));
    let Some(client) = client.and_then(|peer| limits.client(peer, request.headers())) else {
        return next.run(request).await;
    };
    if !is_conditional(request.headers()) {
        return match limits.wait(client) {
            Some(seconds) => too_many(seconds),
            None => next.run(request).await,
        };
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_MODIFIED {
        return response;
    }
    match limits.wait(client) {
        Some(seconds) => too_many(seconds),
        None => response,
    }
}

fn too_many(seconds: u64) -> Response {
    metrics::counter!("depeche_http_refused_total", "why" => "rate").increment(1);
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too many requests",
        format!(
            "unable to answer so many requests: ask again in {seconds} s; send If-None-Match with the entity tag you have, since a 304 is not counted"
        ),
    );
    ([(header::RETRY_AFTER, seconds.to_string())], problem).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::of(NonZeroU32::new(2), vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.0/8".parse().unwrap()])
    }

    fn client(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        forwarded.iter().for_each(|value| {
            headers.append("x-forwarded-for", value.parse().unwrap());
        });
        limits().client(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn a_client_is_told_by_trusted_proxies_alone() {
        for (peer, forwarded, want) in [
            ("203.0.113.9", &[][..], Some("203.0.113.9")),
            // A client cannot choose who it is.
            ("203.0.113.9", &["198.51.100.1"], Some("203.0.113.9")),
            ("10.1.1.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("10.1.1.1", &["192.0.2.7, 198.51.100.1, 10.2.2.2"], Some("198.51.100.1")),
            ("10.1.1.1", &["192.0.2.7", "198.51.100.1"], Some("198.51.100.1")),
            ("10.1.1.1", &["192.0.2.7, unknown"], Some("10.1.1.1")),
            ("10.1.1.1", &[], Some("10.1.1.1")),
            ("::ffff:10.1.1.1", &["[2001:db8:1:2:3::4]:443"], Some("2001:db8:1:2::")),
            ("10.1.1.1", &["198.51.100.1:5000"], Some("198.51.100.1")),
            ("2001:db8:1:2:aaaa::1", &[], Some("2001:db8:1:2::")),
            // A proxy on this machine that nobody named would make all readers one.
            ("127.0.0.1", &[], None),
            ("::1", &["198.51.100.1"], None),
        ] {
            assert_eq!(client(peer, forwarded).as_deref(), want, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_burst_is_let_through_and_then_a_wait_is_named() {
        let (limits, one, other) = (limits(), "192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert_eq!((limits.wait(one), limits.wait(one)), (None, None));
        assert!((1..=31).contains(&limits.wait(one).unwrap()));
        assert_eq!(limits.wait(other), None);
        let none = Limits::of(None, Vec::new());
        assert!((0..1_000).all(|_| none.wait(one).is_none()));
    }

    #[test]
    fn the_same_limit_goes_on_under_other_settings() {
        let server = |limit: u32, proxies: &[&str]| Server {
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: "http://h.example/".parse().unwrap(),
            trusted_proxies: proxies.iter().map(|net| net.parse().unwrap()).collect(),
            requests_per_minute: NonZeroU32::new(limit),
            admin_listen: None,
        };
        let one = "192.0.2.1".parse().unwrap();
        let limits = Limits::new(&server(2, &[]));
        assert_eq!((limits.wait(one), limits.wait(one)), (None, None));
        let same = limits.under(&server(2, &["10.0.0.0/8"]));
        assert!(same.wait(one).is_some() && same.proxies.len() == 1);
        let other = same.under(&server(3, &[]));
        assert!((0..3).all(|_| other.wait(one).is_none()) && other.wait(one).is_some());
        assert!((0..9).all(|_| other.under(&server(0, &[])).wait(one).is_none()));
    }
}
