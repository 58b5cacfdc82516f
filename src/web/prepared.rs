//! One feed, rendered: its bytes in every coding, and the headers of every answer that may come of it, made once.
//! Answering from it allocates next to nothing, and never touches the store.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_128;

use super::conditional::{Coding, Precondition, http_date, precondition};
use super::headers;
use crate::edition::Edition;
use crate::publish::Format;
use crate::query::Query;

/// Why a feed could not be prepared.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    /// A coding.
    #[error("unable to compress the feed: {0}")]
    Coding(#[from] std::io::Error),
    /// A header.
    #[error("unable to write a header of the feed: {0}")]
    Header(#[from] InvalidHeaderValue),
}

/// How long a document may be kept without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// A feed.
    Minutes,
    /// An archive: its address names what it holds.
    ForEver,
    /// An archive that was rendered while the log moved: its address may name something else.
    None,
}

impl Freshness {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Freshness::Minutes => "public, max-age=900",
            Freshness::ForEver => "public, max-age=31536000, immutable",
            Freshness::None => "no-store",
        })
    }
}

/// A feed as it was rendered, before its answers are made.
pub(super) struct Rendered {
    pub(super) format: Format,
    /// What it answers.
    pub(super) query: Query,
    /// The change up to which it is known to hold.
    pub(super) version: u64,
    pub(super) freshness: Freshness,
    pub(super) last_modified: Option<Timestamp>,
    pub(super) bytes: Vec<u8>,
    /// Headers of this feed alone, such as links.
    pub(super) own: Vec<(HeaderName, HeaderValue)>,
}

/// One feed, rendered, in every coding.
pub(super) struct Prepared {
    query: Query,
    /// The change up to which it is known to be what a new rendering would be.
    version: AtomicU64,
    last_modified: Option<Timestamp>,
    zstd: Coded,
    brotli: Coded,
    gzip: Coded,
    identity: Coded,
}

/// One coding of it: the bytes, and the headers of a 200 and of a 304.
struct Coded {
    etag: String,
    bytes: Bytes,
    whole: HeaderMap,
    unchanged: HeaderMap,
}

impl Prepared {
    /// Compresses what was rendered, once in each coding.
    pub(super) fn new(rendered: Rendered) -> Result<Prepared, PrepareError> {
        let Rendered { format, query, version, freshness, last_modified, bytes, own } = rendered;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gzip.write_all(&bytes)?;
        let mut brotli = Vec::new();
        brotli::BrotliCompress(
            &mut bytes.as_slice(),
            &mut brotli,
            &brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() },
        )?;
        let hash = format!("{:032x}", xxh3_128(&bytes));
        let mut common = HeaderMap::new();
        common.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        common.insert(header::CACHE_CONTROL, freshness.header());
        if let Some(at) = last_modified {
            common.insert(header::LAST_MODIFIED, http_date(at).parse()?);
        }
        common.extend(own);
        headers::of_every_answer(&mut common);
        headers::open_to_scripts(&mut common);
        let coded = |coding, bytes| Coded::new(coding, bytes, &hash, format, &common);
        Ok(Prepared {
            query,
            version: AtomicU64::new(version),
            last_modified,
            gzip: coded(Coding::Gzip, gzip.finish()?)?,
            brotli: coded(Coding::Brotli, brotli)?,
            zstd: coded(Coding::Zstd, zstd::encode_all(bytes.as_slice(), 5)?)?,
            identity: coded(Coding::Identity, bytes)?,
        })
    }

    /// True while no change since it was rendered concerns it.
    pub(super) fn holds(&self, edition: &Edition) -> bool {
        // Read before the changes are looked at: what comes after is a matter of the next request.
        let (then, now) = (self.version.load(Ordering::Acquire), edition.version());
        if then != now {
            if edition.touched(&self.query, then) {
                return false;
            }
            self.version.store(now, Ordering::Release);
        }
        true
    }

    /// The answer to a GET with these headers; `None` where a precondition asks for another state of the feed.
    pub(super) fn answer(&self, asked: &HeaderMap, now: Timestamp) -> Option<Response<Full<Bytes>>> {
        let coded = match Coding::choose(asked) {
            Coding::Zstd => &self.zstd,
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
            Coding::Identity => &self.identity,
        };
        // A change within this very second could still be followed by another: such a date would prove nothing.
        let last_modified = self.last_modified.filter(|at| at.as_second() < now.as_second());
        let (status, headers, bytes) = match precondition(asked, &coded.etag, last_modified) {
            Precondition::Fails => return None,
            Precondition::Fresh => (StatusCode::NOT_MODIFIED, &coded.unchanged, Bytes::new()),
            Precondition::Holds => (StatusCode::OK, &coded.whole, coded.bytes.clone()),
        };
        let mut response = Response::new(Full::new(bytes));
        *response.status_mut() = status;
        *response.headers_mut() = headers.clone();
        if last_modified.is_none() {
            response.headers_mut().remove(header::LAST_MODIFIED);
        }
        Some(response)
    }

    /// Bytes that it holds, its headers among them.
    pub(super) fn size(&self) -> usize {
        let coded = [&self.zstd, &self.brotli, &self.gzip, &self.identity];
        size_of::<Prepared>() + coded.into_iter().map(Coded::size).sum::<usize>()
    }
}

impl Coded {
    fn new(
        coding: Coding,
        bytes: Vec<u8>,
        hash: &str,
        format: Format,
        common: &HeaderMap,
    ) -> Result<Coded, InvalidHeaderValue> {
        let etag = match coding {
            Coding::Identity => format!("\"{hash}\""),
            coding => format!("\"{hash}-{}\"", coding.name()),
        };
        let mut unchanged = common.clone();
        unchanged.insert(header::ETAG, etag.parse()?);
        let mut whole = unchanged.clone();
        if coding != Coding::Identity {
            whole.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        whole.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        whole.insert(header::CONTENT_LENGTH, bytes.len().into());
        Ok(Coded { etag, bytes: bytes.into(), whole, unchanged })
    }

    fn size(&self) -> usize {
        /// A name, a value and their place in a map, apart from the letters.
        const HEADER: usize = 128;
        let letters = |headers: &HeaderMap| {
            headers.iter().map(|(name, value)| HEADER + name.as_str().len() + value.len()).sum::<usize>()
        };
        self.bytes.len() + self.etag.len() + letters(&self.whole) + letters(&self.unchanged)
    }
}
