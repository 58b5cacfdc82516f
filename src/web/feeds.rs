//! The feeds and their archives: one canonical URL a combination, one rendering until a change concerns it, one entity tag
//! a coding.
//! A request that is answered from memory never touches the store.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use lru::LruCache;
use xxhash_rust::xxh3::xxh3_128;

use super::answer::changed;
use super::conditional::{Coding, Precondition, http_date, precondition};
use super::{Problem, Shared, Site};
use crate::edition::{Asked, Edition, Issue};
use crate::publish::{self, Format};
use crate::query::Query;

/// Bytes of prepared bodies that are kept.
const KEPT_BYTES: usize = 64 << 20;

/// Prepared bodies, bounded by bytes, the least used dropped first.
pub struct Bodies(Mutex<Kept>);

struct Kept {
    bodies: LruCache<(Format, String), Arc<Prepared>>,
    bytes: usize,
}

/// One feed, rendered, in every coding.
struct Prepared {
    query: Query,
    /// The change up to which it is known to be what a new rendering would be.
    version: AtomicU64,
    freshness: Freshness,
    hash: String,
    last_modified: Option<Timestamp>,
    identity: Bytes,
    gzip: Bytes,
    brotli: Bytes,
    zstd: Bytes,
}

/// How long a document may be kept without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// A feed.
    Minutes,
    /// An archive: its address names what it holds.
    ForEver,
    /// An archive that was rendered while the log moved: its address may name something else.
    None,
}

impl Freshness {
    fn header(self) -> &'static str {
        match self {
            Freshness::Minutes => "public, max-age=900",
            Freshness::ForEver => "public, max-age=31536000, immutable",
            Freshness::None => "no-store",
        }
    }
}

impl Default for Bodies {
    fn default() -> Bodies {
        Bodies(Mutex::new(Kept { bodies: LruCache::unbounded(), bytes: 0 }))
    }
}

impl Bodies {
    /// A body that no change since it was rendered concerns.
    fn get(&self, key: &(Format, String), edition: &Edition) -> Option<Arc<Prepared>> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).bodies.get(key).cloned()?;
        // Read before the changes are looked at: what comes after is a matter of the next request.
        let (then, now) = (body.version.load(Ordering::Acquire), edition.version());
        if then != now {
            if edition.touched(&body.query, then) {
                return None;
            }
            body.version.store(now, Ordering::Release);
        }
        Some(body)
    }

    fn put(&self, key: (Format, String), body: Arc<Prepared>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += body.size();
        if let Some((_, old)) = kept.bodies.push(key, body) {
            kept.bytes -= old.size();
        }
        while kept.bytes > KEPT_BYTES {
            let Some((_, old)) = kept.bodies.pop_lru() else { break };
            kept.bytes -= old.size();
        }
    }
}

impl Prepared {
    fn size(&self) -> usize {
        self.identity.len() + self.gzip.len() + self.brotli.len() + self.zstd.len()
    }

    fn new(
        query: Query,
        version: u64,
        freshness: Freshness,
        last_modified: Option<Timestamp>,
        identity: Vec<u8>,
    ) -> std::io::Result<Prepared> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gzip.write_all(&identity)?;
        let mut brotli = Vec::new();
        brotli::BrotliCompress(
            &mut identity.as_slice(),
            &mut brotli,
            &brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() },
        )?;
        Ok(Prepared {
            query,
            version: AtomicU64::new(version),
            freshness,
            hash: format!("{:032x}", xxh3_128(&identity)),
            last_modified,
            gzip: gzip.finish()?.into(),
            brotli: brotli.into(),
            zstd: zstd::encode_all(identity.as_slice(), 5)?.into(),
            identity: identity.into(),
        })
    }

    fn body(&self, coding: Coding) -> &Bytes {
        match coding {
            Coding::Zstd => &self.zstd,
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
            Coding::Identity => &self.identity,
        }
    }
}

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
    let key = (format, raw.to_owned());
    // A query that has a body was canonical when it got one, and its names stay valid.
    if uri.query() != Some("")
        && let Some(body) = site.bodies.get(&key, &site.edition)
    {
        return answer(&site, &body, headers, format);
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
    let prepared = tokio::task::spawn_blocking(move || {
        let bytes = publish::render(&feed, format).map_err(|error| error.to_string())?;
        Prepared::new(asked.query, version, freshness, last_change, bytes).map_err(|error| error.to_string())
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
        site.bodies.put(key, Arc::clone(&body));
    }
    answer(&site, &body, headers, format)
}

/// Other spellings of a combination lead to its one canonical URL, so caches and entity tags are shared; former versions
/// of an archive lead to the one there is.
fn redirect(site: &Site, status: StatusCode, freshness: &'static str, format: Format, canonical: &str) -> Response {
    let question = if canonical.is_empty() { "" } else { "?" };
    let location = format!("{}feed.{}{question}{canonical}", site.edition.public_url.path(), format.extension());
    (status, [(header::LOCATION, location), (header::CACHE_CONTROL, freshness.to_owned())]).into_response()
}

fn answer(site: &Site, prepared: &Prepared, headers: &HeaderMap, format: Format) -> Result<Response, Problem> {
    let coding = Coding::choose(headers);
    let etag = match coding {
        Coding::Identity => format!("\"{}\"", prepared.hash),
        coding => format!("\"{}-{}\"", prepared.hash, coding.name()),
    };
    // A change within this very second could still be followed by another: such a date would prove nothing.
    let last_modified = prepared.last_modified.filter(|at| at.as_second() < site.clock.now().as_second());
    let mut response = Response::builder()
        .header(header::ETAG, &etag)
        .header(header::VARY, "Accept-Encoding")
        .header(header::CACHE_CONTROL, prepared.freshness.header());
    if let Some(at) = last_modified {
        response = response.header(header::LAST_MODIFIED, http_date(at));
    }
    let finished = match precondition(headers, &etag, last_modified) {
        Precondition::Fails => return Err(changed()),
        Precondition::Fresh => response.status(StatusCode::NOT_MODIFIED).body(Body::empty()),
        Precondition::Holds => {
            if coding != Coding::Identity {
                response = response.header(header::CONTENT_ENCODING, coding.name());
            }
            let body = prepared.body(coding).clone();
            response
                .header(header::CONTENT_TYPE, format.content_type())
                .header(header::CONTENT_LENGTH, body.len())
                .body(Body::from(body))
        }
    };
    finished.map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be built", error.to_string())
    })
}
