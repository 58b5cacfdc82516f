//! A text folded for matching, with the way back to its own bytes.

use crate::article::fold;

pub(super) struct Folded {
    pub(super) text: String,
    /// The byte of the original that each byte of the folded text comes from.
    origin: Vec<u32>,
}

impl Folded {
    pub(super) fn new(original: &str) -> Folded {
        let (mut text, mut origin) = (String::with_capacity(original.len()), Vec::with_capacity(original.len()));
        let mut buffer = [0u8; 4];
        for (at, c) in original.char_indices() {
            let c = if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
            let piece = if c.is_ascii() {
                c.to_ascii_lowercase().encode_utf8(&mut buffer).to_owned()
            } else {
                fold(c.encode_utf8(&mut buffer))
            };
            text.push_str(&piece);
            origin.resize(text.len(), at as u32);
        }
        Folded { text, origin }
    }

    pub(super) fn origin(&self, at: usize) -> usize {
        self.origin.get(at).copied().unwrap_or_else(|| self.origin.last().map_or(0, |o| o + 1)) as usize
    }

    /// True when nothing but word boundaries stand around a match; `d'` and `l'` before it are boundaries.
    pub(super) fn is_whole(&self, start: usize, end: usize) -> bool {
        let before = self.text[..start].chars().next_back();
        let after = self.text[end..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    }
}
