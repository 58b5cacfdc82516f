//! How wild untrusted markup may be, told before a parser sees it: parsing takes time that grows with the square of the
//! nesting and of the attributes of a tag, writing it again with the marks of a text times its length. It reads tags as a
//! browser's tokenizer does, and builds nothing.

/// Nesting as the raw markup suggests it, where tags that nobody closed count. Browsers stop at 512.
const MAX_DEPTH: usize = 1024;
/// Attributes of one tag: each is compared with those before it.
const MAX_ATTRIBUTES: usize = 256;
/// Elements that a parser makes by itself: each formatting element that stays open is opened again in every block.
const MAX_COPIES: usize = 1_000_000;
/// Bytes that are looked at when it is written again: at each `&`, and at each character such as `«`, the writer looks
/// through the rest of its text. Texts between tags count as one, as a parser may make them one.
const MAX_LOOKS: usize = 20_000_000_000;

/// Closed by the parser itself.
const FLAT: &[&str] = &[
    "area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "optgroup", "option", "p", "param", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
    "wbr", "html", "body", "head",
];
/// Opened again in each block until they are closed.
const FORMATTING: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// What these hold is text up to their end tag, unless they stand in foreign content.
const RAW: &[&str] = &["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"];
/// Of these, what is written as it stands.
const VERBATIM: &[&str] = &["script", "style", "xmp", "iframe", "noembed", "noframes"];

/// True for markup that no honest page has and that would keep a parser busy for minutes.
pub(crate) fn is_too_wild(html: &str) -> bool {
    let bytes = html.as_bytes();
    let (mut depth, mut formatting, mut copies, mut foreign) = (0usize, 0usize, 0usize, 0usize);
    let (mut text, mut in_tags) = (Text::default(), 0usize);
    let mut at = 0;
    loop {
        let found = bytes[at..].iter().position(|&b| b == b'<');
        text.add(&bytes[at..at + found.unwrap_or(bytes.len() - at)]);
        if text.looks().saturating_add(in_tags) > MAX_LOOKS {
            return true;
        }
        let Some(found) = found else { return false };
        at += found + 1;
        if bytes[at..].starts_with(b"!--") {
            at = after_comment(bytes, at + 3);
            continue;
        }
        let closing = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closing);
        // Told first: a name is sought to its end, and a million `<` have none.
        if !bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let ends = |b: &u8| matches!(b, b'>' | b'/') || b.is_ascii_whitespace();
        let length = bytes[start..].iter().position(ends).unwrap_or(bytes.len() - start);
        let name = bytes[start..start + length.min(12)].to_ascii_lowercase();
        let name = std::str::from_utf8(&name).unwrap_or_default();
        let (end, attributes) = attributes(bytes, start + length);
        at = end;
        let mut tag = Text::default();
        tag.add(&bytes[start..end]);
        in_tags = in_tags.saturating_add(tag.looks());
        if attributes > MAX_ATTRIBUTES {
            return true;
        }
        let is_foreign = matches!(name, "svg" | "math");
        if closing {
            depth = depth.saturating_sub(usize::from(!FLAT.contains(&name)));
            formatting = formatting.saturating_sub(usize::from(FORMATTING.contains(&name)));
            foreign = foreign.saturating_sub(usize::from(is_foreign));
            continue;
        }
        // Only there a tag can close itself.
        if (is_foreign || foreign > 0) && bytes[start..end].ends_with(b"/") {
            continue;
        }
        foreign += usize::from(is_foreign);
        if RAW.contains(&name) && foreign == 0 {
            let end = end_tag(bytes, at, name);
            if !VERBATIM.contains(&name) {
                text.add(&bytes[at..end]);
            }
            at = end;
            continue;
        }
        formatting += usize::from(FORMATTING.contains(&name));
        depth += usize::from(!FLAT.contains(&name));
        copies += formatting;
        if depth > MAX_DEPTH || copies > MAX_COPIES {
            return true;
        }
    }
}

/// What the writer looks at: so many bytes, so many of them marks.
#[derive(Default)]
struct Text {
    bytes: usize,
    marks: usize,
}

impl Text {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        // 0xC2 begins the no-break space, and its neighbours.
        self.marks += bytes.iter().filter(|b| matches!(b, b'&' | 0xC2)).count();
    }

    fn looks(&self) -> usize {
        self.bytes.saturating_mul(self.marks)
    }
}

/// Where a comment ends that begins here. `-->` and `--!>` end it, and so does `>` at once.
fn after_comment(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from..];
    if rest.starts_with(b">") || rest.starts_with(b"->") {
        return from;
    }
    let end = rest.windows(3).position(|three| three == b"-->" || three == b"--!").map(|end| from + end + 2);
    end.unwrap_or(bytes.len())
}

/// The end of a tag whose name ends here, and how many attributes it has.
fn attributes(bytes: &[u8], from: usize) -> (usize, usize) {
    let (mut at, mut count) = (from, 0);
    loop {
        while bytes.get(at).is_some_and(|b| b.is_ascii_whitespace() || *b == b'/') {
            at += 1;
        }
        match bytes.get(at) {
            None | Some(b'>') => return (at, count),
            Some(_) => count += 1,
        }
        // An equals sign may begin a name.
        at += 1;
        while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')) {
            at += 1;
        }
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let end = bytes[at + 1..].iter().position(|b| *b == quote);
                at = end.map_or(bytes.len(), |end| at + 1 + end + 1);
            }
            _ => {
                while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace() && *b != b'>') {
                    at += 1;
                }
            }
        }
    }
}

/// Where the end tag of a raw text element begins.
fn end_tag(bytes: &[u8], from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|&b| b == b'<') {
        at += found;
        let tag = bytes.get(at + 1..at + 2 + name.len());
        if tag.is_some_and(|tag| tag[0] == b'/' && tag[1..].eq_ignore_ascii_case(name.as_bytes())) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_pages_pass() {
        let script = format!("<script>{}</script>", "if(a<b)c<d;".repeat(9_000));
        let list = format!("<ul>{}</ul>", "<li><a href=x><b>t</b></a>".repeat(20_000));
        let comment = format!("<!-- {} -->", "<div>".repeat(9_000));
        let svg = format!("<svg><path d='M0'/></svg>{script}");
        let icons = format!("<p>{}", "<svg><use href='#a'/></svg><svg/>".repeat(9_000));
        let french = "<p>« Un\u{A0}mot »&nbsp;: <a href='?a=1&amp;b=2&amp;c'>x</a>".repeat(9_000);
        for html in [
            "",
            "<p>a < b <",
            "<",
            "</",
            "<a",
            "<a b=",
            "<a b='",
            "<!--",
            &script,
            &list,
            &comment,
            &svg,
            &icons,
            &french,
        ] {
            assert!(!is_too_wild(html), "{}", &html[..html.len().min(40)]);
        }
    }

    #[test]
    fn what_would_take_minutes_is_told_however_it_hides() {
        let deep = "<div>".repeat(9_000);
        let wide: String = (0..300).map(|n| format!(" a{n}")).collect();
        let formatting: String = (0..2_000).map(|n| format!("<b id=x{n}>")).collect();
        for html in [
            deep.clone(),
            format!("<!--<script>-->{deep}"),
            format!("<!--><script></script>{deep}"),
            format!("<title><script></title>{deep}"),
            format!("<svg><style>{deep}"),
            format!("<p title='<script>'>{deep}"),
            format!("<p{wide}>"),
            format!("<p x='>'{wide}>"),
            format!("<p x'y{wide}>"),
            format!("<p{}>", (0..300).map(|n| format!("/a{n}='1'")).collect::<String>()),
            format!("<p>{formatting}{}", "<p>x".repeat(9_000)),
            "&".repeat(1_000_000),
            "\u{A0}</i>".repeat(200_000),
            format!("<p title='{}'>", "&".repeat(1_000_000)),
            format!("<textarea>{}</textarea>", "&".repeat(1_000_000)),
        ] {
            assert!(is_too_wild(&html), "{}", &html[..html.len().min(60)]);
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(html in "[<>/!a-c='\" -]{0,80}") {
            is_too_wild(&html);
        }
    }
}
