//! A body read within its caps, and decompressed within them. A cut-off body is an error, never a short page.

use std::io::Read;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use url::Url;

use super::{NetError, NetSettings};

pub(super) enum ReadError {
    Net(Box<NetError>),
    Transport(reqwest::Error),
}

/// Reads a body; with `first`, only so many bytes of it are wanted and the rest is left unread.
pub(super) async fn read(
    mut answer: reqwest::Response,
    url: &Url,
    settings: &NetSettings,
    first: Option<usize>,
) -> Result<Bytes, ReadError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(ReadError::Transport)? {
        if let Some(first) = first.filter(|first| body.len() + chunk.len() >= *first) {
            body.extend_from_slice(&chunk[..first.saturating_sub(body.len())]);
            break;
        }
        if (body.len() + chunk.len()) as u64 > settings.max_body {
            return Err(ReadError::Net(Box::new(NetError::TooLarge { url: url.clone(), limit: settings.max_body })));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Undoes the content codings, the last one applied first (RFC 9110 section 8.4).
pub(super) fn decompress(
    raw: Bytes,
    headers: &HeaderMap,
    url: &Url,
    settings: &NetSettings,
    first: Option<usize>,
) -> Result<Bytes, NetError> {
    let broken = |why: String| NetError::Broken { url: url.clone(), why };
    let codings: Vec<String> = headers
        .get_all(http::header::CONTENT_ENCODING)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|c| c.trim().to_ascii_lowercase())
        .filter(|c| !c.is_empty() && c != "identity")
        .collect();
    if codings.len() > 2 {
        return Err(broken(format!("it is compressed {} times over", codings.len())));
    }
    let mut body = raw;
    for coding in codings.iter().rev().filter(|_| !body.is_empty()).cloned().collect::<Vec<_>>() {
        let reader: Box<dyn Read + '_> = match coding.as_str() {
            "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(body.as_ref())),
            "deflate" => Box::new(flate2::read::ZlibDecoder::new(body.as_ref())),
            "br" => Box::new(brotli::Decompressor::new(body.as_ref(), 8 << 10)),
            "zstd" => Box::new(zstd::stream::read::Decoder::new(body.as_ref()).map_err(|e| broken(e.to_string()))?),
            other => return Err(broken(format!("its content coding {other:?} is unknown"))),
        };
        let mut plain = Vec::new();
        if let Some(first) = first {
            // Where the raw bytes were cut as well, the decoder misses its end, which was not wanted.
            let cut = body.len() >= first;
            let read = reader.take(first as u64).read_to_end(&mut plain);
            if let Err(e) = read
                && !cut
            {
                return Err(broken(format!("its {coding} body is broken: {e}")));
            }
            body = plain.into();
            continue;
        }
        // One byte past the cap tells "exactly as large as allowed" from "larger".
        reader
            .take(settings.max_body + 1)
            .read_to_end(&mut plain)
            .map_err(|e| broken(format!("its {coding} body is broken: {e}")))?;
        // Short texts of one character may well shrink a hundredfold, and do no harm.
        if plain.len() as u64 > (body.len() as u64).saturating_mul(settings.max_ratio).max(64 << 10) {
            return Err(NetError::Bomb { url: url.clone(), ratio: settings.max_ratio });
        }
        if plain.len() as u64 > settings.max_body {
            return Err(NetError::TooLarge { url: url.clone(), limit: settings.max_body });
        }
        body = plain.into();
    }
    Ok(body)
}
