//! How wild untrusted markup may be, told before a parser sees it: parsing takes time that grows with the square of the
//! nesting and of the attributes of a tag, writing it again with the marks of a text times its length. It reads tags as a
//! browser's tokenizer does, and builds nothing. On the way it can leave out what scripts, styles and drawings hold, which
//! is half of many a page and nothing to read.

use std::ops::Range;

use memchr::{memchr, memmem};

/// Nesting as the raw markup suggests it, where tags that nobody closed count. Browsers stop at 512.
const MAX_DEPTH: usize = 1024;
/// Attributes of one tag: each is compared with those before it.
const MAX_ATTRIBUTES: usize = 256;
/// Elements that a parser makes by itself: each formatting element that stays open is opened again in every block.
const MAX_COPIES: usize = 1_000_000;
/// Bytes that are looked at when it is written again: at each `&`, and at each character such as `«`, the writer looks
/// through the rest of its text. Texts between tags count as one, as a parser may make them one.
const MAX_LOOKS: usize = 20_000_000_000;

/// What a name says of an element, one bit each.
type Kind = u8;

/// Closed by the parser itself.
const FLAT: Kind = 1;
/// Opened again in each block until it is closed.
const FORMATTING: Kind = 1 << 1;
/// What it holds is text up to its end tag, unless it stands in foreign content.
const RAW: Kind = 1 << 2;
/// Of these, what is written as it stands.
const VERBATIM: Kind = 1 << 3;
/// A drawing may hold it and be left out whole; anything else may end one before its end tag.
const DRAWN: Kind = 1 << 4;
/// In a drawing what it holds should be text: an element in it would be one of the page.
const CAPTION: Kind = 1 << 5;
const FOREIGN: Kind = 1 << 6;
/// White space in it is text.
const PREFORMATTED: Kind = 1 << 7;

/// Of a name in lower case, its first twelve bytes. Matched as bytes, which is a few steps where texts are compared one
/// by one.
fn kind(name: &[u8]) -> Kind {
    match name {
        b"area" | b"base" | b"br" | b"col" | b"colgroup" | b"dd" | b"dt" | b"embed" | b"hr" | b"img" | b"input"
        | b"li" | b"link" | b"meta" | b"optgroup" | b"option" | b"p" | b"param" | b"rp" | b"rt" | b"source"
        | b"tbody" | b"td" | b"tfoot" | b"th" | b"thead" | b"tr" | b"track" | b"wbr" | b"html" | b"body" | b"head" => {
            FLAT
        }
        b"a" | b"b" | b"big" | b"code" | b"em" | b"font" | b"i" | b"nobr" | b"s" | b"small" | b"strike" | b"strong"
        | b"tt" | b"u" => FORMATTING,
        b"script" | b"xmp" | b"iframe" | b"noembed" | b"noframes" => RAW | VERBATIM,
        b"style" => RAW | VERBATIM | DRAWN,
        b"textarea" | b"noscript" => RAW,
        b"title" => RAW | DRAWN | CAPTION,
        b"desc" => DRAWN | CAPTION,
        b"svg" => FOREIGN | DRAWN,
        b"math" => FOREIGN,
        b"pre" | b"listing" => PREFORMATTED,
        b"circle" | b"clippath" | b"defs" | b"ellipse" | b"g" | b"line" | b"lineargradie" | b"mask" | b"path"
        | b"pattern" | b"polygon" | b"polyline" | b"radialgradie" | b"rect" | b"stop" | b"symbol" | b"text"
        | b"tspan" | b"use" => DRAWN,
        _ => 0,
    }
}

/// What ends a drawing or a formula by standing in it, and what may hold elements of the page.
fn breaks_out(name: &[u8]) -> bool {
    matches!(
        name,
        b"b" | b"big"
            | b"blockquote"
            | b"body"
            | b"br"
            | b"center"
            | b"code"
            | b"dd"
            | b"div"
            | b"dl"
            | b"dt"
            | b"em"
            | b"embed"
            | b"font"
            | b"foreignobjec"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"hr"
            | b"i"
            | b"img"
            | b"li"
            | b"listing"
            | b"menu"
            | b"meta"
            | b"nobr"
            | b"ol"
            | b"p"
            | b"pre"
            | b"ruby"
            | b"s"
            | b"small"
            | b"span"
            | b"strong"
            | b"strike"
            | b"sub"
            | b"sup"
            | b"table"
            | b"tt"
            | b"u"
            | b"ul"
            | b"var"
            | b"annotation-x"
    )
}

/// True for markup that no honest page has and that would keep a parser busy for minutes.
pub(crate) fn is_too_wild(html: &str) -> bool {
    walk(html.as_bytes(), |_| {})
}

/// How much of a page is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    /// All but what scripts, styles and drawings hold: selectors may ask for anything else.
    Code,
    /// What the generic rules read: no other attributes, and of white space between tags one character.
    Read,
}

/// What a walk over markup comes by.
enum Found {
    /// An element that holds text alone, or a drawing: its tag from the name on, and its content.
    Raw(Range<usize>, Range<usize>),
    /// An attribute: its name, and all of it.
    Attribute(Range<usize>, Range<usize>),
    /// White space alone between two tags.
    Space(Range<usize>),
}

/// The markup with its scripts, styles and drawings empty, structured data aside, and leaner as asked: a parser makes the
/// same tree of it, but for what was left out. None where it is too wild.
pub(crate) fn lean(html: &str, how: Lean) -> Option<String> {
    let bytes = html.as_bytes();
    let (mut lean, mut from) = (String::with_capacity(html.len()), 0);
    let mut cut = |range: Range<usize>, instead: &str| {
        lean.push_str(html.get(from..range.start).unwrap_or_default());
        lean.push_str(instead);
        from = range.end;
    };
    let is_wild = walk(bytes, |found| match found {
        Found::Raw(tag, content) if is_code(&bytes[tag.clone()], &bytes[content.clone()]) => cut(content, ""),
        Found::Attribute(name, whole) if how == Lean::Read && !is_read(&bytes[name.clone()]) => cut(whole, ""),
        Found::Space(space) if how == Lean::Read && space.len() > 1 => {
            let is_line = bytes[space.clone()].contains(&b'\n');
            cut(space, if is_line { "\n" } else { " " });
        }
        _ => {}
    });
    lean.push_str(html.get(from..).unwrap_or_default());
    (!is_wild).then_some(lean)
}

fn is_code(tag: &[u8], content: &[u8]) -> bool {
    let has = |text: &[u8], word: &[u8]| text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    let named = |name: &&[u8]| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    // A script inside the comment of a script has an end tag that ends neither.
    let is_nested = || memmem::find(content, b"<!--").is_some_and(|at| has(&content[at..], b"<script"));
    [&b"script"[..], b"style", b"svg"].iter().any(named) && !has(tag, b"ld+json") && !is_nested()
}

/// Attributes that the generic rules look at.
fn is_read(name: &[u8]) -> bool {
    let mut lower = [0; 20];
    let Some(lower) = lower.get_mut(..name.len()) else { return false };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    matches!(
        &*lower,
        b"class"
            | b"href"
            | b"id"
            | b"src"
            | b"style"
            | b"content"
            | b"name"
            | b"property"
            | b"rel"
            | b"type"
            | b"alt"
            | b"title"
            | b"lang"
            | b"itemprop"
            | b"datetime"
            | b"hidden"
            | b"aria-hidden"
            | b"hreflang"
            | b"http-equiv"
            | b"data-src"
            | b"data-lazy-src"
            | b"data-original"
            | b"data-date"
            | b"data-datetime"
            | b"data-history-node-id"
            | b"data-reactroot"
            | b"data-server-rendered"
            | b"data-v-app"
            | b"ng-app"
            | b"ng-version"
    )
}

/// Reads all tags; true for markup that is too wild. `tell` hears of what could be left out, in the order of the page;
/// inside drawings and formulas, of the whole alone.
fn walk(bytes: &[u8], mut tell: impl FnMut(Found)) -> bool {
    let (mut depth, mut formatting, mut copies) = (0usize, 0usize, 0usize);
    // Open drawings and formulas; the end of one ends none of the other.
    let (mut drawings, mut formulas) = (0usize, 0usize);
    let (mut is_unsure, mut preformatted, mut in_caption, mut drawing) = (false, 0usize, false, None);
    let (mut text, mut in_tags) = (Text::default(), 0usize);
    let mut at = 0;
    loop {
        let found = memchr(b'<', &bytes[at..]);
        text.add(&bytes[at..at + found.unwrap_or(bytes.len() - at)]);
        if text.looks().saturating_add(in_tags) > MAX_LOOKS {
            return true;
        }
        let Some(found) = found else { return false };
        let foreign = drawings + formulas;
        // A tag or comment before this one ended here.
        let inner = at + usize::from(bytes[at] == b'>');
        let is_between = at > 0 && inner > at && foreign == 0 && preformatted == 0 && !is_unsure;
        if is_between && bytes[inner..at + found].iter().all(u8::is_ascii_whitespace) {
            tell(Found::Space(inner..at + found));
        }
        at += found + 1;
        if bytes[at..].starts_with(b"!--") {
            at = after_comment(bytes, at + 3);
            continue;
        }
        let closing = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closing);
        // Told first: a name is sought to its end, and a million `<` have none.
        if !bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
            drawing = None;
            // A comment of sorts, up to the next `>`.
            if closing || matches!(bytes.get(start), Some(b'!' | b'?')) {
                at = memchr(b'>', &bytes[start..]).map_or(bytes.len(), |end| start + end);
            }
            continue;
        }
        let ends = |b: &u8| matches!(b, b'>' | b'/') || b.is_ascii_whitespace();
        let length = bytes[start..].iter().position(ends).unwrap_or(bytes.len() - start);
        let mut lower = [0; 12];
        let lower = &mut lower[..length.min(12)];
        lower.copy_from_slice(&bytes[start..start + lower.len()]);
        lower.make_ascii_lowercase();
        let name: &[u8] = lower;
        let kind = kind(name);
        let is = |one: Kind| kind & one != 0;
        let is_foreign = is(FOREIGN);
        let is_told = foreign == 0 && !is_foreign && !is_unsure && !closing;
        let (end, attributes) = attributes(bytes, start + length, |name, whole| {
            if is_told {
                tell(Found::Attribute(name, whole));
            }
        });
        at = end;
        let mut tag = Text::default();
        tag.add(&bytes[start..end]);
        in_tags = in_tags.saturating_add(tag.looks());
        if attributes > MAX_ATTRIBUTES {
            return true;
        }
        let is_in_caption = in_caption && !(closing && is(CAPTION));
        if !is(DRAWN) || is_in_caption {
            drawing = None;
        }
        // From here on what is raw and what a drawing cannot be told by looking at tags alone.
        is_unsure |= foreign > 0 && (is_in_caption || breaks_out(name) || (formulas > 0 && is(RAW)));
        in_caption = is(CAPTION) && !closing;
        if closing {
            depth = depth.saturating_sub(usize::from(!is(FLAT)));
            formatting = formatting.saturating_sub(usize::from(is(FORMATTING)));
            drawings = drawings.saturating_sub(usize::from(is_foreign && is(DRAWN)));
            formulas = formulas.saturating_sub(usize::from(is_foreign && !is(DRAWN)));
            preformatted = preformatted.saturating_sub(usize::from(is(PREFORMATTED)));
            if drawings + formulas == 0
                && let Some((tag, begun)) = drawing.take()
            {
                tell(Found::Raw(tag, begun..start - 2));
            }
            continue;
        }
        // Only there a tag can close itself.
        if (is_foreign || foreign > 0) && bytes[start..end].ends_with(b"/") {
            continue;
        }
        if is_foreign && is(DRAWN) && foreign == 0 && !is_unsure && at < bytes.len() {
            drawing = Some((start..at, at + 1));
        }
        drawings += usize::from(is_foreign && is(DRAWN));
        formulas += usize::from(is_foreign && !is(DRAWN));
        if is(RAW) && foreign == 0 {
            let end = end_tag(bytes, at, name);
            if !is(VERBATIM) {
                text.add(&bytes[at..end]);
            }
            if !is_unsure && at < end {
                tell(Found::Raw(start..at, at + 1..end));
            }
            at = end;
            continue;
        }
        // Behind these everything may be text, or nothing be raw.
        is_unsure |= matches!(name, b"plaintext" | b"frameset");
        preformatted += usize::from(is(PREFORMATTED));
        formatting += usize::from(is(FORMATTING));
        depth += usize::from(!is(FLAT));
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
        // 0xC2 begins the no-break space, and its neighbours. Counted in bytes, a processor does many at a time.
        let marks = |part: &[u8]| part.iter().map(|b| u8::from(matches!(b, b'&' | 0xC2))).sum::<u8>();
        self.marks += bytes.chunks(255).map(|part| usize::from(marks(part))).sum::<usize>();
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
    // A row of dashes may stand before the end: what counts are its last two.
    let ends = memchr::memchr2_iter(b'>', b'!', rest).find(|end| rest[..*end].ends_with(b"--"));
    ends.map_or(bytes.len(), |end| from + end)
}

/// The end of a tag whose name ends here, and how many attributes it has; each is told, its name and all of it.
fn attributes(bytes: &[u8], from: usize, mut each: impl FnMut(Range<usize>, Range<usize>)) -> (usize, usize) {
    let (mut at, mut count) = (from, 0);
    loop {
        while bytes.get(at).is_some_and(|b| b.is_ascii_whitespace() || *b == b'/') {
            at += 1;
        }
        match bytes.get(at) {
            None | Some(b'>') => return (at, count),
            Some(_) => count += 1,
        }
        let begun = at;
        // An equals sign may begin a name.
        at += 1;
        while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')) {
            at += 1;
        }
        let name = begun..at;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'=') {
            each(name.clone(), name);
            continue;
        }
        at += 1;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let end = memchr(quote, &bytes[at + 1..]);
                at = end.map_or(bytes.len(), |end| at + 1 + end + 1);
            }
            _ => {
                while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace() && *b != b'>') {
                    at += 1;
                }
            }
        }
        each(name, begun..at);
    }
}

/// Where the end tag of a raw text element begins.
fn end_tag(bytes: &[u8], from: usize, name: &[u8]) -> usize {
    let mut at = from;
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        at += found;
        let tag = bytes.get(at + 1..at + 2 + name.len());
        if tag.is_some_and(|tag| tag[0] == b'/' && tag[1..].eq_ignore_ascii_case(name)) {
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

    #[test]
    fn only_code_is_left_out() {
        for (html, lean) in [
            (
                "<p>a<script src=x>f(\"<p>\")</script>b<style media='>'>p{}</style>",
                "<p>a<script src=x></script>b<style media='>'></style>",
            ),
            ("<SCRIPT>x</Script\n>y", "<SCRIPT></Script\n>y"),
            ("<script>never closed", "<script>"),
            ("<script type='application/ld+json'>{}</script>", "<script type='application/ld+json'>{}</script>"),
            (
                "<noscript>{}</noscript><title><script>a</script></title>",
                "<noscript>{}</noscript><title><script>a</script></title>",
            ),
            (
                "<svg><script>a</script></svg><!--<script>a</script>-->",
                "<svg><script>a</script></svg><!--<script>a</script>-->",
            ),
            ("<script><!--<script>a</script>--></script>b", "<script><!--<script>a</script>--></script>b"),
            ("<plaintext><script>a</script>", "<plaintext><script>a</script>"),
        ] {
            assert_eq!(super::lean(html, Lean::Code).as_deref(), Some(lean), "{html}");
        }
        assert_eq!(lean(&"<div>".repeat(9_000), Lean::Code), None);
    }

    #[test]
    fn what_nobody_reads_is_left_out() {
        for (html, lean) in [
            ("<p onclick='f(\">\")' class=a data-x>b</p>", "<p  class=a >b</p>"),
            ("<a  href=b target=_blank/>c<a x='d'e=\"f\"id=g>", "<a  href=b >c<a id=g>"),
            ("<p>a</p>\n   \n<p>b </p>  <b>c</b> d", "<p>a</p>\n<p>b </p> <b>c</b> d"),
            ("<pre><b>a</b>  <b>c</b></pre>", "<pre><b>a</b>  <b>c</b></pre>"),
            ("<math x=y>  </math><svg x=y>  </svg>", "<math x=y>  </math><svg x=y></svg>"),
            ("<script onload=x src=y>z</script>", "<script  src=y></script>"),
        ] {
            assert_eq!(super::lean(html, Lean::Read).as_deref(), Some(lean), "{html}");
        }
    }

    /// Elements and texts of a page in their order, but for what stands where nobody reads.
    fn read(html: &str) -> Vec<String> {
        const UNREAD: &[&str] = &["script", "style", "svg", "math", "select", "template"];
        let page = scraper::Html::parse_document(html);
        let nodes = page.tree.root().descendants().filter(|node| {
            !node.ancestors().any(|a| a.value().as_element().is_some_and(|e| UNREAD.contains(&e.name())))
        });
        let shown = nodes.filter(|node| !node.value().is_comment()).map(|node| match node.value() {
            scraper::Node::Text(text) => format!("{:?}", text.split_ascii_whitespace().collect::<Vec<_>>()),
            scraper::Node::Element(e) => format!("{} {:?}", e.name(), e.attr("class")),
            other => format!("{other:?}"),
        });
        shown.collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_lean_page_reads_the_same(html in "(<script>|</script>|<style>|</style>|<!--|-->|<svg>|</svg>|<svg/>|<svg a='>'>|<g>|</g>|<path d=''/>|<desc>|<![CDATA[|]]>|<math>|</math>|<p>|<b>|</p>|<pre>|</pre>|<p class='a' x='b'c>|<p onclick=a>|<i y=z/class=b>|<title>|</title>|<textarea>|</textarea>|<plaintext>|<select>|</select>|<noscript>|</noscript>|<iframe>|</iframe>|<template>|</template>|<table>|</table>|<td>|<body>|<head>|<!|<a href='|'|\\PC|x|<| |\n){0,16}") {
            for how in [Lean::Code, Lean::Read] {
                if let Some(lean) = lean(&html, how) {
                    proptest::prop_assert_eq!(read(&html), read(&lean));
                }
            }
        }

        #[test]
        fn never_panics(html in "[<>/!a-c='\" -]{0,80}") {
            is_too_wild(&html);
        }
    }
}
