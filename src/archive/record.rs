//! One record as bytes and back: WARC 1.1, a gzip member. What is written, standard tools read and check.
//! It never keeps a cookie, and never claims a coding that was undone.

use std::io::{Read, Write};

use bytes::Bytes;
use data_encoding::BASE32;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use url::Url;
use uuid::Uuid;

use super::{Capture, Content, Notes};

/// The most that a member may unfold to: a body's cap is far below.
const LARGEST: u64 = 256 << 20;
/// Headers that describe the way a body came, which is not the way it is kept.
const UNDONE: [HeaderName; 3] = [header::CONTENT_ENCODING, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];
/// Where the notes stand. Other web archives name theirs so, too.
const NOTES: &str = "WARC-JSON-Metadata";

/// A record of a file, as far as it was asked for.
pub(super) enum Record {
    /// The head of a file, or something that we do not write.
    Other,
    /// A page or an entry.
    Capture(Box<Capture>),
}

/// The head of a file.
pub(super) fn warcinfo(name: &str, at: Timestamp) -> std::io::Result<Vec<u8>> {
    let about = format!(
        "software: depeche/{}\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\ndescription: article pages, their content codings undone; headers that were true of the coded body are named X-Archive-Orig-*\r\n",
        env!("CARGO_PKG_VERSION")
    );
    let fields = [("WARC-Filename", name.to_owned()), ("Content-Type", "application/warc-fields".to_owned())];
    member("warcinfo", at, &fields, about.as_bytes())
}

/// A page or an entry.
pub(super) fn encode(capture: &Capture) -> std::io::Result<Vec<u8>> {
    let notes = serde_json::to_string(&capture.notes)?;
    let target = ("WARC-Target-URI", capture.url.to_string());
    match &capture.content {
        Content::Page { status, headers, body } => {
            let fields = [
                target,
                ("WARC-Payload-Digest", sha1(body)),
                (NOTES, notes),
                ("Content-Type", "application/http;msgtype=response".to_owned()),
            ];
            member("response", capture.at, &fields, &http(*status, headers, body))
        }
        Content::Entry(entry) => {
            let block = serde_json::to_vec(entry)?;
            let fields = [
                target,
                ("WARC-Payload-Digest", sha1(&block)),
                (NOTES, notes),
                ("Content-Type", "application/json".to_owned()),
            ];
            member("resource", capture.at, &fields, &block)
        }
    }
}

fn member(kind: &str, at: Timestamp, fields: &[(&str, String)], block: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::with_capacity(block.len() / 3 + 512), Compression::default());
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    write!(
        out,
        "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{}>\r\nWARC-Date: {second}\r\n",
        Uuid::new_v4()
    )?;
    for (name, value) in fields {
        write!(out, "{name}: {value}\r\n")?;
    }
    write!(out, "WARC-Block-Digest: {}\r\nContent-Length: {}\r\n\r\n", sha1(block), block.len())?;
    out.write_all(block)?;
    out.write_all(b"\r\n\r\n")?;
    out.finish()
}

/// The answer as it would have come without any coding.
fn http(status: u16, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let reason = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Unknown");
    let mut block = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
    for (name, value) in headers {
        if name == header::SET_COOKIE {
            continue;
        }
        if UNDONE.contains(name) {
            block.extend_from_slice(b"X-Archive-Orig-");
        }
        block.extend_from_slice(name.as_str().as_bytes());
        block.extend_from_slice(b": ");
        block.extend_from_slice(value.as_bytes());
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    block.extend_from_slice(body);
    block
}

fn sha1(bytes: &[u8]) -> String {
    format!("sha1:{}", BASE32.encode(&sha1_smol::Sha1::from(bytes).digest().bytes()))
}

/// Reads the member that these bytes begin with, and tells how many of them it takes.
pub(super) fn decode(bytes: &[u8]) -> Result<(Record, usize), String> {
    let mut reader = flate2::bufread::GzDecoder::new(bytes);
    let mut plain = Vec::new();
    reader.by_ref().take(LARGEST + 1).read_to_end(&mut plain).map_err(|e| e.to_string())?;
    if plain.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let taken = bytes.len() - reader.into_inner().len();
    Ok((read(plain.into())?, taken))
}

fn read(plain: Bytes) -> Result<Record, String> {
    let (head, block) = split(&plain).ok_or("its header has no end")?;
    let head = std::str::from_utf8(head).map_err(|_| "its header is no UTF-8")?;
    let mut lines = head.split("\r\n");
    if !lines.next().is_some_and(|version| version.starts_with("WARC/1.")) {
        return Err("it is no WARC record".to_owned());
    }
    let field = |name: &str| {
        head.split("\r\n").skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let length: usize = field("Content-Length").and_then(|n| n.parse().ok()).ok_or("it has no Content-Length")?;
    if block.len() != length + 4 || !block.ends_with(b"\r\n\r\n") {
        return Err(format!("its block is not of the {length} bytes that it says"));
    }
    let block = &block[..length];
    if field("WARC-Block-Digest").is_some_and(|digest| digest != sha1(block)) {
        return Err("its block is not what its digest says".to_owned());
    }
    let Some(notes) = field(NOTES) else { return Ok(Record::Other) };
    let notes: Notes = serde_json::from_str(notes).map_err(|e| format!("its {NOTES} is broken: {e}"))?;
    let url = field("WARC-Target-URI").and_then(|u| Url::parse(u).ok()).ok_or("it has no WARC-Target-URI")?;
    let at = field("WARC-Date").and_then(|d| d.parse().ok()).ok_or("it has no WARC-Date")?;
    let content = match field("WARC-Type") {
        Some("response") => answer(&plain, block)?,
        Some("resource") => Content::Entry(serde_json::from_slice(block).map_err(|e| e.to_string())?),
        _ => return Ok(Record::Other),
    };
    Ok(Record::Capture(Box::new(Capture { url, at, notes, content })))
}

fn answer(plain: &Bytes, block: &[u8]) -> Result<Content, String> {
    let (head, body) = split(block).ok_or("its HTTP header has no end")?;
    let mut lines = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = lines.next().and_then(|line| std::str::from_utf8(line.get(9..12)?).ok()?.parse().ok());
    let status = status.ok_or("it has no HTTP status")?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let value = line[colon + 1..].trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    Ok(Content::Page { status, headers, body: plain.slice_ref(body) })
}

/// The two sides of the first empty line.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&bytes[..at], &bytes[at + 4..]))
}
