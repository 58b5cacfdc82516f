//! Text as depeche lets it in: once here, every character is one that XML 1.0 may carry.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// True for the production `Char` of XML 1.0 (fifth edition, section 2.2). Anything else makes a feed unreadable.
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// One line of clean text: illegal characters removed, runs of white space (line breaks too) folded to one
/// space, ends trimmed. No-break spaces stay: French punctuation needs them.
pub fn clean_line(text: &str) -> String {
    // Most lines are clean but for their ends.
    let inner = text.trim_ascii();
    let pairs = inner.bytes().zip(inner.bytes().skip(1).chain([b'.']));
    if pairs.into_iter().all(|(b, next)| matches!(b, b' '..=b'~') && (b != b' ' || next != b' ')) {
        return inner.to_owned();
    }
    let is_gap = |c: char| c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}') && is_xml_char(c);
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        let before = out.len();
        if !out.is_empty() {
            out.push(' ');
        }
        let begun = out.len();
        // Whole words go over at once where nothing in them can be wrong.
        if word.bytes().all(|b| matches!(b, b' '..=b'~')) {
            out.push_str(word);
        } else {
            out.extend(word.chars().filter(|&c| is_xml_char(c) && c != '\u{FEFF}'));
        }
        if out.len() == begun {
            out.truncate(before);
        }
    }
    let end = out.trim_end_matches(['\u{A0}', '\u{202F}', ' ']).len();
    out.truncate(end);
    let start = out.len() - out.trim_start_matches(['\u{A0}', '\u{202F}', ' ']).len();
    out.drain(..start);
    out
}

/// Clean text that keeps its lines: each is cleaned as one, empty ones dropped.
pub fn clean_text(text: &str) -> String {
    text.lines().map(clean_line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Tells where a word may be broken at the end of a line, and is else not seen.
pub(crate) const SOFT_HYPHEN: char = '\u{AD}';

/// Folds case and accents, for matching and slugs: `Déplacés` and `DEPLACES` are one. Soft hyphens go.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        // Marks go, so their order does not matter: each character can be taken apart alone.
        for c in std::iter::once(c).nfd().filter(|&c| !is_combining_mark(c)) {
            match c {
                SOFT_HYPHEN => {}
                'œ' | 'Œ' => out.push_str("oe"),
                'æ' | 'Æ' => out.push_str("ae"),
                'ß' => out.push_str("ss"),
                '’' | 'ʼ' | '‘' | '´' => out.push('\''),
                c => out.extend(c.to_lowercase()),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Character by character, as it is meant.
    fn plainly_cleaned(text: &str) -> String {
        let (mut out, mut gap) = (String::new(), false);
        for c in text.chars().filter(|&c| is_xml_char(c) && c != '\u{FEFF}') {
            if c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}') {
                gap = true;
                continue;
            }
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        }
        out.trim_matches(['\u{A0}', '\u{202F}', ' ']).to_owned()
    }

    proptest::proptest! {
        #[test]
        fn a_line_is_cleaned_word_by_word_as_it_would_be_by_characters(
            text in "([a-z«é] ?|\\PC|[ \t\r\n\u{1}\u{B}\u{C}\u{7F}\u{85}\u{A0}\u{202F}\u{2028}\u{3000}\u{FEFF}]){0,24}"
        ) {
            proptest::prop_assert_eq!(clean_line(&text), plainly_cleaned(&text));
        }

        #[test]
        fn folding_each_character_folds_the_text(text in "(\\PC|[a-zA-ZéÉœŒßİ’\u{301}\u{327}]){0,24}") {
            let whole: String = text.nfd().filter(|&c| !is_combining_mark(c)).collect();
            proptest::prop_assert_eq!(fold(&text), fold(&whole));
        }
    }
}
