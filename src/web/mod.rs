//! The HTTP side: every route on one screen. It asks the edition and never fetches, extracts or judges.

mod alarms;
mod answer;
mod api;
mod bodies;
mod conditional;
mod feeds;
mod gate;
mod headers;
mod health;
mod hub;
mod limit;
mod opml;
mod pages;
mod prepared;
mod problem;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use arc_swap::{ArcSwap, Guard};
use axum::extract::{DefaultBodyLimit, FromRef, MatchedPath, Request, State};
use axum::http::Uri;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::archive::Archive;
use crate::clock::Clock;
use crate::config::{Config, Live};
use crate::deliver::websub::Hub;
use crate::edition::Edition;
use crate::health::Network;
use crate::store::Store;

pub(crate) use api::{find, reworded};
pub use bodies::Bodies;
pub use gate::{Answer, Answering, Gate};
pub use hub::feed_links;
pub use limit::Limits;
pub use pages::Bot;
pub use problem::Problem;

/// What every handler shares.
pub struct Site {
    /// What is served.
    pub edition: Arc<Edition>,
    /// For the health of sources.
    pub store: Store,
    /// Feeds rendered since the last change.
    pub bodies: Bodies,
    /// How often a client may ask.
    pub limits: Limits,
    /// Tells whether a second is over, for Last-Modified.
    pub clock: Clock,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// True once the index is level with the log.
    pub ready: Arc<AtomicBool>,
    /// How the crawler behaves, for `/about/bot`.
    pub bot: Bot,
    /// Whether pages can be kept.
    pub archive: Archive,
    /// Which hosts can be reached, and whether our own network is down.
    pub network: Network,
    /// How the last edit of the configuration went.
    pub live: Live,
    /// Who subscribed to what.
    pub hub: Hub,
}

/// The site in force. A request takes it once: what is in hand ends with the settings that it began with.
#[derive(Clone)]
pub struct Front(Arc<ArcSwap<Site>>);

impl Front {
    /// Puts a site into force.
    pub fn new(site: Site) -> Front {
        Front(Arc::new(ArcSwap::from_pointee(site)))
    }

    /// The current one.
    pub fn get(&self) -> Arc<Site> {
        self.0.load_full()
    }

    /// The current one, for as long as one look at it takes.
    fn look(&self) -> Guard<Arc<Site>> {
        self.0.load()
    }

    /// The same site under other settings. Prepared bodies go; what is known of the log stays, and so does what is known
    /// of how often a client asked.
    pub async fn renew(&self, config: &Config, bot: Bot) {
        let site = self.get();
        let edition = site.edition.under(config);
        if let Err(error) = edition.settle(site.clock.now()).await {
            tracing::warn!(%error, "the edit is not noted: clients that ask by date alone may miss what it changes");
        }
        self.0.store(Arc::new(Site {
            edition: Arc::new(edition),
            store: site.store.clone(),
            bodies: Bodies::default(),
            limits: site.limits.under(&config.server),
            clock: site.clock.clone(),
            metrics: site.metrics.clone(),
            ready: Arc::clone(&site.ready),
            bot,
            archive: site.archive.clone(),
            network: site.network.clone(),
            live: site.live.clone(),
            hub: site.hub.clone(),
        }));
    }
}

impl FromRef<Front> for Arc<Site> {
    fn from_ref(front: &Front) -> Arc<Site> {
        front.get()
    }
}

/// Who comes in here, and so what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Everybody: there is one address.
    Only,
    /// Readers: metrics and mistakes of the configuration stand at the admins' address.
    Readers,
    /// Admins.
    Admins,
}

/// The routes of an address.
pub fn router(front: Front, door: Door) -> Router {
    let routes = match door {
        Door::Only => readers().merge(metrics()),
        Door::Readers => readers(),
        Door::Admins => health().merge(metrics()),
    };
    let routes = routes
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(Extension(door))
        .layer(middleware::from_fn_with_state(front.clone(), limit::limit))
        .layer(headers::cross_origin())
        .layer(middleware::from_fn(observe))
        .with_state(front.clone());
    // Around the routes, since it must come before them.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(front, below_path))
}

fn metrics() -> Router<Front> {
    Router::new().route("/metrics", get(health::metrics))
}

fn health() -> Router<Front> {
    Router::new()
        .route("/health", get(pages::health))
        .route("/health/sources", get(health::sources))
        .route("/health/sources.atom", get(alarms::atom))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
}

/// What readers ask for.
fn readers() -> Router<Front> {
    health()
        .route("/", get(pages::home))
        .route("/about/bot", get(pages::bot))
        .route("/feed.rss", get(feeds::rss))
        .route("/feed.atom", get(feeds::atom))
        .route("/feed.json", get(feeds::json))
        .route("/articles/{id}", get(pages::article))
        .route("/opml", get(opml::opml))
        .route("/hub", post(hub::ask).layer(DefaultBodyLimit::max(hub::MOST)).fallback(hub::wrong_method))
        .route("/api", get(pages::api))
        .route("/api/openapi.json", get(api::openapi))
        .route("/api/v1/articles", get(api::articles))
        .route("/api/v1/articles/{id}", get(api::article))
        .route("/api/v1/changes", get(api::changes))
        .route("/api/v1/countries", get(api::countries))
        .route("/api/v1/themes", get(api::themes))
        .route("/api/v1/sources", get(api::sources))
}

/// `public_url` may carry a path. A proxy in front may take it off or leave it: both work.
fn below<'a>(site: &Site, address: &'a str) -> Option<&'a str> {
    let prefix = site.edition.public_url.path().trim_end_matches('/');
    address.strip_prefix(prefix).filter(|rest| !prefix.is_empty() && rest.starts_with('/'))
}

async fn below_path(State(site): Shared, mut request: Request, next: Next) -> Response {
    let rest = request.uri().path_and_query().and_then(|whole| below(&site, whole.as_str()));
    // What was a path and a query before is one now, so the parser has nothing to refuse.
    if let Some(uri) = rest.and_then(|rest| rest.parse::<Uri>().ok()) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// Counts the request by route and status, never by address or query, and sets what every answer carries.
async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let mut response = next.run(request).await;
    metrics::counter!("depeche_http_requests_total", "route" => route.clone(), "status" => response.status().as_u16().to_string()).increment(1);
    metrics::histogram!("depeche_http_request_seconds", "route" => route).record(begun.elapsed().as_secs_f64());
    headers::of_every_answer(response.headers_mut());
    response
}

type Shared = State<Arc<Site>>;
