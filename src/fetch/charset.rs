//! Bytes to text: which charset a page is really in.
//!
//! Labels are believed only as far as the bytes bear them out. This module never fails: what cannot be
//! decoded becomes U+FFFD.

use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;

/// How far into a page a `<meta charset>` is looked for; the standard says 1024, real pages put it later.
const PRESCAN: usize = 4096;

static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,80}?encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.\-]+)"#).ok()
});

/// Decodes a page: byte order mark, then the header's label, then the page's own, then detection.
/// A label that the bytes contradict loses: valid multi-byte UTF-8 is UTF-8 whatever it is called, and what
/// is mostly invalid as UTF-8 is windows-1252.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str) {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned(), encoding.name());
    }
    if let Some(encoding) = unmarked_utf16(bytes) {
        return (encoding.decode_without_bom_handling(bytes).0.into_owned(), encoding.name());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && (!text.is_ascii() || !may_shift(content_type, bytes))
    {
        return (text.to_owned(), UTF_8.name());
    }
    let label = header_label(content_type).or_else(|| page_label(bytes));
    let encoding = match label {
        Some(encoding) if encoding == UTF_8 => broken_utf8(bytes),
        Some(encoding) => encoding,
        None => detect(bytes),
    };
    (encoding.decode_without_bom_handling(bytes).0.into_owned(), encoding.name())
}

/// UTF-16 without a byte order mark: markup opens with two ASCII characters, each with its zero byte.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// True where pure ASCII bytes may still mean something else: ISO-2022-JP and UTF-16 labels.
fn may_shift(content_type: Option<&str>, bytes: &[u8]) -> bool {
    header_label(content_type).or_else(|| page_label(bytes)).is_some_and(|e| !e.is_ascii_compatible())
}

fn header_label(content_type: Option<&str>) -> Option<&'static Encoding> {
    let lower = content_type?.to_ascii_lowercase();
    let value = lower.split("charset=").nth(1)?;
    let label = value.trim_start_matches(['"', '\'', ' ']).split(['"', '\'', ';', ' ', ',']).next()?;
    Encoding::for_label(label.as_bytes())
}

fn page_label(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PRESCAN)];
    let label = LABEL.as_ref()?.captures(head)?.get(1)?;
    let encoding = Encoding::for_label(label.as_bytes())?;
    // A label that could be read as ASCII cannot be true of UTF-16.
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

/// Bytes labelled UTF-8 that are not valid: a few broken sequences in real UTF-8 stay UTF-8 with U+FFFD;
/// otherwise the label was wrong.
fn broken_utf8(bytes: &[u8]) -> &'static Encoding {
    let (mut valid, mut invalid) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    if valid > invalid * 4 { UTF_8 } else { WINDOWS_1252 }
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
        super::decode(bytes, content_type).0
    }

    #[test]
    fn labels_are_checked_against_the_bytes() {
        let latin: &[u8] = b"<meta charset=iso-8859-1><p>L\x92OIM r\xe9pond \xab oui \xbb";
        assert!(decode(latin, None).contains("L’OIM répond « oui »"));
        assert!(decode(latin, Some("text/html; charset=UTF-8")).contains("répond"));
        let utf8 = "<meta charset=iso-8859-1><p>L’OIM répond".as_bytes();
        assert!(decode(utf8, Some("text/html; charset=ISO-8859-1")).contains("L’OIM répond"));
        assert_eq!(decode(b"\xef\xbb\xbfabc", Some("text/html; charset=windows-1251")), "abc");
    }

    #[test]
    fn one_broken_byte_does_not_turn_a_page_into_mojibake() {
        let mut bytes = "é".repeat(50).into_bytes();
        bytes.push(0xff);
        assert!(decode(&bytes, Some("text/html; charset=utf-8")).starts_with("ééé"));
    }

    #[test]
    fn utf_16_needs_no_mark() {
        let text = "<?xml version=\"1.0\"?><a>été</a>";
        let (low, high): (Vec<u8>, Vec<u8>) = (
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        );
        assert_eq!((decode(&low, None), decode(&high, Some("text/xml; charset=utf-8"))), (text.into(), text.into()));
    }

    #[test]
    fn nothing_is_known_and_it_still_decodes() {
        assert!(decode(b"Les d\xe9plac\xe9s ont \xe9t\xe9 accueillis \xe0 la fronti\xe8re", None).contains("été"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, label in proptest::option::of(".{0,40}")) {
            decode(&bytes, label.as_deref());
        }
    }
}
