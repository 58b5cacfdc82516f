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
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
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

/// Folds case and accents, for matching and slugs: `Déplacés` and `DEPLACES` are one.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|&c| !is_combining_mark(c)) {
        match c {
            'œ' | 'Œ' => out.push_str("oe"),
            'æ' | 'Æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            '’' | 'ʼ' | '‘' | '´' => out.push('\''),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}
