//! A text folded for matching, cut into words, with the way back to its own bytes. It never judges.

use crate::article::fold;

/// A text folded for accents, case, dashes and apostrophes.
pub(super) struct Folded {
    pub(super) text: String,
    /// The byte of the original that each byte of the folded text comes from.
    origin: Vec<u32>,
}

/// A run of letters and digits; `d'urgence` and `non-food` are two words each.
pub(super) struct Word<'a> {
    /// As folded.
    pub(super) folded: &'a str,
    /// Byte range in the original.
    pub(super) start: usize,
    /// Its end there.
    pub(super) end: usize,
    /// Which sentence it stands in.
    pub(super) sentence: u32,
    /// No lower-case letter in it but a plural's, and two capitals or more: an acronym.
    pub(super) capitals: bool,
}

impl Folded {
    pub(super) fn new(original: &str) -> Folded {
        let (mut text, mut origin) = (String::with_capacity(original.len()), Vec::with_capacity(original.len()));
        let mut buffer = [0u8; 4];
        for (at, c) in original.char_indices() {
            if c.is_ascii() {
                text.push(c.to_ascii_lowercase());
            } else {
                match c {
                    '\u{2010}'..='\u{2015}' | '\u{2212}' => text.push('-'),
                    '\u{a0}' | '\u{202f}' | '\u{2009}' => text.push(' '),
                    // Soft hyphens and zero-width marks stand inside words.
                    '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
                    c => text.push_str(&fold(c.encode_utf8(&mut buffer))),
                }
            }
            origin.resize(text.len(), at as u32);
        }
        Folded { text, origin }
    }

    /// The byte of the original where the folded byte `at` begins.
    pub(super) fn origin(&self, at: usize) -> usize {
        self.origin.get(at).copied().unwrap_or_else(|| self.origin.last().map_or(0, |o| o + 1)) as usize
    }

    /// The words, in order.
    pub(super) fn words(&self, original: &str) -> Vec<Word<'_>> {
        let mut words = Vec::with_capacity(self.text.len() / 6);
        let (mut start, mut sentence, mut stop) = (None, 0, false);
        let ends = [(self.text.len(), '\n')];
        for (at, c) in self.text.char_indices().chain(ends) {
            if c.is_alphanumeric() {
                start.get_or_insert(at);
                continue;
            }
            if let Some(from) = start.take() {
                if stop {
                    sentence += 1;
                    stop = false;
                }
                let begin = self.origin(from);
                let last = self.origin(at - 1);
                let end = last + original[last..].chars().next().map_or(0, char::len_utf8);
                let shown = &original[begin..end];
                let capitals = shown.chars().filter(|c| c.is_uppercase()).count() > 1
                    && !shown.trim_end_matches('s').chars().any(char::is_lowercase);
                words.push(Word { folded: &self.text[from..at], start: begin, end, sentence, capitals });
            }
            let spaced = self.text[at..].chars().nth(1).is_none_or(char::is_whitespace);
            stop |= c == '\n' || c == ';' || matches!(c, '.' | '!' | '?') && spaced;
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_bytes_and_sentences() {
        let text = "L’été à N’Djaména. Œuvre non-food: IOM\u{a0}2024";
        let folded = Folded::new(text);
        let words = folded.words(text);
        let shown: Vec<_> = words.iter().map(|w| (w.folded, &text[w.start..w.end], w.sentence)).collect();
        assert_eq!(shown[1], ("ete", "été", 0));
        assert_eq!(shown[4], ("djamena", "Djaména", 0));
        assert_eq!(shown[5], ("oeuvre", "Œuvre", 1));
        assert!(words[8].capitals && words[8].folded == "iom");
        assert_eq!(words.len(), 10);
    }
}
