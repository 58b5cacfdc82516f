//! Where requests come in: a feed that lies prepared is handed out here, everything else goes on to the routes.
//! It never touches the store, and what it gives is what the routes would give, header by header.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use futures::future::{BoxFuture, Either as Whichever};
use futures::{FutureExt, TryFutureExt};
use http_body_util::{Either, Full};
use metrics::{Counter, Histogram};
use tower::ServiceExt;

use super::{Door, Front, below, router};
use crate::publish::Format;

/// An answer, from memory or from a route.
pub type Answer = Response<Either<Full<Bytes>, Body>>;

/// An answer on its way: at once from memory, or as soon as a route has it.
pub type Answering = Whichever<Ready<Result<Answer, Infallible>>, BoxFuture<'static, Result<Answer, Infallible>>>;

/// What every request to an address goes through.
pub struct Gate {
    front: Front,
    routes: Router,
    /// Of each feed that is handed out here; none where admins ask.
    feeds: Vec<Feed>,
}

/// What is counted of a feed, under the names by which the routes count it.
struct Feed {
    path: String,
    whole: Counter,
    unchanged: Counter,
    seconds: Histogram,
}

impl Gate {
    /// The gate of an address.
    pub fn new(front: Front, door: Door) -> Gate {
        let formats = [Format::Atom, Format::Rss, Format::Json];
        let feeds = if door == Door::Admins { Vec::new() } else { formats.map(Feed::of).into() };
        Gate { routes: router(front.clone(), door), front, feeds }
    }

    /// Answers a request that came from this address.
    pub fn answer<B>(&self, mut request: Request<B>, peer: SocketAddr) -> Answering
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        if let Some(prompt) = self.prompt(&request, peer) {
            return Whichever::Left(ready(Ok(prompt.map(Either::Left))));
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        let routed = self.routes.clone().oneshot(request.map(Body::new));
        Whichever::Right(routed.map_ok(finished).boxed())
    }

    /// The answer from memory. None where there is none, and where a route has more to say: of another state than asked
    /// for, or of a client that asks too often.
    fn prompt<B>(&self, request: &Request<B>, peer: SocketAddr) -> Option<Response<Full<Bytes>>> {
        let begun = Instant::now();
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return None;
        }
        let site = self.front.look();
        let address = request.uri().path_and_query()?.as_str();
        let address = below(&site, address).unwrap_or(address);
        let path = address.split('?').next().unwrap_or_default();
        let feed = self.feeds.iter().find(|feed| feed.path == path)?;
        let body = site.bodies.get(address, &site.edition)?;
        let mut response = body.answer(request.headers(), site.clock.now())?;
        let unchanged = response.status() == StatusCode::NOT_MODIFIED;
        // What a client has already costs it nothing.
        if !unchanged {
            let client = site.limits.client(peer.ip(), request.headers());
            if client.is_some_and(|client| site.limits.wait(client).is_some()) {
                return None;
            }
        }
        if request.method() == Method::HEAD {
            *response.body_mut() = Full::default();
        }
        if unchanged { &feed.unchanged } else { &feed.whole }.increment(1);
        feed.seconds.record(begun.elapsed().as_secs_f64());
        Some(response)
    }
}

impl Feed {
    fn of(format: Format) -> Feed {
        let path = format!("/feed.{}", format.extension());
        let count =
            |status| metrics::counter!("depeche_http_requests_total", "route" => path.clone(), "status" => status);
        let (whole, unchanged) = (count("200"), count("304"));
        let seconds = metrics::histogram!("depeche_http_request_seconds", "route" => path.clone());
        Feed { path, whole, unchanged, seconds }
    }
}

/// A 304 says nothing of a length: the router would have it be that of its empty body (RFC 9110 section 8.6).
fn finished(mut response: Response<Body>) -> Answer {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response.map(Either::Right)
}
