//! The percent-encoding of queries (RFC 3986, section 2.1), and `+` for a space as forms write it.

use super::QueryError;

/// Undoes percent-encoding and `+`.
pub(crate) fn decode(text: &str) -> Result<String, QueryError> {
    let bytes = text.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        match bytes[i] {
            b'+' => out.push(b' '),
            b'%' => {
                let byte = text.get(i + 1..i + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
                let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(
                    byte.ok_or_else(|| QueryError::Form("a % is not followed by two hexadecimal digits".to_owned()))?,
                );
                i += 2;
            }
            byte => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8(out).map_err(|_| QueryError::Form("it is not UTF-8".to_owned()))
}

/// Percent-encodes all but RFC 3986 unreserved characters and `:`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => out.push(byte as char),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_sign_wants_two_digits() {
        assert_eq!(decode("a%20b+c%C3%A9").ok().as_deref(), Some("a b cé"));
        for wrong in ["%", "%4", "%zz", "%+f", "%-1", "% f", "%C3"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
