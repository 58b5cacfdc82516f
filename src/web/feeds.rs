//! The feeds and their archives: one canonical URL a combination, one rendering until a change concerns it, one entity tag
//! a coding.
//! A request that is answered from memory never touches the store.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::answer::changed;
use super::hub::feed_links;
use super::prepared::{Freshness, Prepared, Rendered};
use super::{Problem, Shared, Site};
use crate::edition::{Asked, Issue};
use crate::publish::{self, Format};

pub(super) async fn rss(site: Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    serve(site, &uri, &headers, Format::Rss).await
}

pub(super) async fn atom(site: Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    serve(site, &uri, &headers, Format::Atom).await
}

pub(super) async fn json(site: Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    serve(site, &uri, &headers, Format::Json).await
}

async fn serve(State(site): Shared, uri: &Uri, headers: &HeaderMap, format: Format) -> Result<Response, Problem> {
    let raw = uri.query().unwrap_or_default();
    let address = uri.path_and_query().map_or(uri.path(), |whole| whole.as_str());
    // An address that has a body was canonical when it got one, and its names stay valid.
    if let Some(body) = site.bodies.get(address, &site.edition) {
        return answer(&site, &body, headers);
    }
    let asked = Asked::parse(raw, &site.edition.vocabulary())?;
    let canonical = asked.canonical();
    if canonical != raw || uri.query() == Some("") {
        return Ok(redirect(&site, StatusCode::PERMANENT_REDIRECT, "public, max-age=86400", format, &canonical));
    }
    let version = site.edition.version();
    let (feed, last_change) = match site.edition.feed(&asked, format).await? {
        Issue::Feed(feed, last_change) => (feed, last_change),
        // What an address names may come back, so where it leads today is nothing to remember.
        Issue::Moved(now) => {
            return Ok(redirect(&site, StatusCode::TEMPORARY_REDIRECT, "no-store", format, &now.canonical()));
        }
    };
    let freshness = match &asked.archive {
        None => Freshness::Minutes,
        Some(_) if site.store.head().await?.seq == version => Freshness::ForEver,
        Some(_) => Freshness::None,
    };
    let links = feed_links(&site.edition, &asked, format);
    let prepared = tokio::task::spawn_blocking(move || {
        let bytes = publish::render(&feed, format).map_err(|error| error.to_string())?;
        let (query, own) = (asked.query, links.map(|links| (header::LINK, links)).into_iter().collect());
        let rendered = Rendered { format, query, version, freshness, last_modified: last_change, bytes, own };
        Prepared::new(rendered).map_err(|error| error.to_string())
    });
    let broken = |why: String| {
        tracing::error!(%why, "a feed could not be rendered");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the feed could not be rendered",
            "unable to render this feed; the log says why",
        )
    };
    let body = Arc::new(prepared.await.map_err(|e| broken(e.to_string()))?.map_err(broken)?);
    if freshness != Freshness::None {
        site.bodies.put(address.to_owned(), Arc::clone(&body));
    }
    answer(&site, &body, headers)
}

/// Other spellings of a combination lead to its one canonical URL, so caches and entity tags are shared; former versions
/// of an archive lead to the one there is.
fn redirect(site: &Site, status: StatusCode, freshness: &'static str, format: Format, canonical: &str) -> Response {
    let question = if canonical.is_empty() { "" } else { "?" };
    let location = format!("{}feed.{}{question}{canonical}", site.edition.public_url.path(), format.extension());
    (status, [(header::LOCATION, location), (header::CACHE_CONTROL, freshness.to_owned())]).into_response()
}

fn answer(site: &Site, prepared: &Prepared, headers: &HeaderMap) -> Result<Response, Problem> {
    prepared.answer(headers, site.clock.now()).map(|response| response.map(Body::new)).ok_or_else(changed)
}
