//! The HTTP side: every route on one screen. It asks the edition and never fetches, extracts or judges.

mod alarms;
mod answer;
mod api;
mod conditional;
mod feeds;
mod health;
mod limit;
mod opml;
mod pages;
mod problem;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::cors::{Any, CorsLayer};

use crate::archive::Archive;
use crate::clock::Clock;
use crate::edition::Edition;
use crate::health::Network;
use crate::store::Store;

pub(crate) use api::find;
pub use feeds::Bodies;
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
    pub ready: AtomicBool,
    /// How the crawler behaves, for `/about/bot`.
    pub bot: Bot,
    /// Whether pages can be kept.
    pub archive: Archive,
    /// Which hosts can be reached, and whether our own network is down.
    pub network: Network,
}

/// Every route.
pub fn router(site: Arc<Site>) -> Router {
    let routes = Router::new()
        .route("/", get(pages::home))
        .route("/about/bot", get(pages::bot))
        .route("/feed.rss", get(feeds::rss))
        .route("/feed.atom", get(feeds::atom))
        .route("/feed.json", get(feeds::json))
        .route("/articles/{id}", get(pages::article))
        .route("/opml", get(opml::opml))
        .route("/api", get(pages::api))
        .route("/api/openapi.json", get(api::openapi))
        .route("/api/v1/articles", get(api::articles))
        .route("/api/v1/articles/{id}", get(api::article))
        .route("/api/v1/changes", get(api::changes))
        .route("/api/v1/countries", get(api::countries))
        .route("/api/v1/themes", get(api::themes))
        .route("/api/v1/sources", get(api::sources))
        .route("/health", get(pages::health))
        .route("/health/sources", get(health::sources))
        .route("/health/sources.atom", get(alarms::atom))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), limit::limit))
        .layer(cross_origin())
        .layer(middleware::from_fn(observe))
        .with_state(Arc::clone(&site));
    // Around the routes, since it must come before them.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(site, below_path))
}

/// Any page may read what is public; a script may ask conditionally and see what it was told.
fn cross_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::ACCEPT, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::CONTENT_TYPE])
        .expose_headers([header::ETAG, header::LAST_MODIFIED, header::LINK, header::RETRY_AFTER])
        .max_age(Duration::from_secs(86_400))
}

/// `public_url` may carry a path. A proxy in front may take it off or leave it: both work.
async fn below_path(State(site): Shared, mut request: Request, next: Next) -> Response {
    let prefix = site.edition.public_url.path().trim_end_matches('/');
    let rest = request.uri().path().strip_prefix(prefix).filter(|rest| !prefix.is_empty() && rest.starts_with('/'));
    if let Some(rest) = rest {
        let question = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        // What was a path and a query before is one now, so the parser has nothing to refuse.
        if let Ok(uri) = format!("{rest}{question}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
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
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
    response
}

type Shared = State<Arc<Site>>;
