//! Bytes to text.

use depeche::fetch::decode;

use super::line;

/// The first line is the Content-Type header, the rest is the body.
pub fn check(data: &[u8]) {
    let (label, body) = line(data);
    let label = String::from_utf8_lossy(label);
    let label = Some(label.as_ref()).filter(|label| !label.is_empty());
    let (text, name) = decode(body, label);
    assert_eq!((text.clone(), name), decode(body, label), "the same bytes were read in two ways");
    assert!(text.len() <= 4 + 3 * body.len(), "{} bytes became {}", body.len(), text.len());
    let marked = [&b"\xEF\xBB\xBF"[..], b"\xFE\xFF", b"\xFF\xFE"].iter().any(|mark| body.starts_with(mark));
    let wide = body.len() > 3 && (body[0] == 0 || body[1] == 0);
    if let Ok(own) = std::str::from_utf8(body)
        && !own.is_ascii()
        && !marked
        && !wide
    {
        assert_eq!(own, text, "valid UTF-8 was read as {name}");
    }
}
