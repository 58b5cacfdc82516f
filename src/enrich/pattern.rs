//! Patterns over words, and the search for many of them at once. A pattern is a phrase:
//! `traffick*` is a stem; `migrant/worker` is either; `home ~ return*` lets up to four words stand between;
//! `drown* & migrant*` wants both in one sentence, in any order; `WASH` wants capitals. A plain word of four letters
//! or more takes a plural ending. It never reads a file and never weighs what it finds.

use std::collections::HashMap;

use super::words::Word;
use crate::article::fold;

/// How many words a `~` bridges.
const GAP: usize = 4;

/// One place of a phrase: any of these.
type Place = Vec<Form>;

#[derive(Debug, PartialEq, Eq)]
struct Form {
    text: String,
    stem: bool,
    capitals: bool,
}

#[derive(Debug)]
struct Pattern {
    /// Phrases that must all stand in one sentence; the first one leads.
    parts: Vec<Vec<(Place, bool)>>,
}

/// Many patterns, found by the first letters of their first word.
#[derive(Default)]
pub(super) struct Patterns {
    all: Vec<Pattern>,
    by_head: HashMap<String, Vec<usize>>,
}

/// Where a pattern was found, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Which pattern, in the order they were added.
    pub(super) pattern: usize,
    /// First word.
    pub(super) first: usize,
    /// Last word of the leading phrase.
    pub(super) last: usize,
    /// No word was skipped in between.
    pub(super) tight: bool,
}

impl Form {
    fn new(text: &str) -> Form {
        let stem = text.ends_with('*');
        let bare = text.trim_end_matches('*');
        let capitals = bare.chars().filter(|c| c.is_alphabetic()).count() > 1 && !bare.chars().any(char::is_lowercase);
        Form { text: fold(bare), stem, capitals }
    }

    fn is(&self, word: &Word<'_>) -> bool {
        let Some(rest) = word.folded.strip_prefix(self.text.as_str()) else { return false };
        let plural = (self.text.len() > 3 || self.capitals) && matches!(rest, "s" | "es" | "x");
        (rest.is_empty() || self.stem || plural) && (!self.capitals || word.capitals)
    }
}

impl Patterns {
    /// Adds one; a text without a word is no pattern.
    pub(super) fn add(&mut self, text: &str) -> Option<usize> {
        let mut parts = Vec::new();
        for part in text.split(" & ") {
            let mut places: Vec<(Place, bool)> = Vec::new();
            let mut gap = false;
            let cut = |c: char| !c.is_alphanumeric() && !matches!(c, '*' | '/' | '~');
            for piece in part.split(cut).filter(|p| !p.is_empty()) {
                if piece == "~" {
                    gap = true;
                    continue;
                }
                let forms = piece.split('/').map(Form::new).filter(|f| !f.text.is_empty()).collect();
                places.push((forms, std::mem::take(&mut gap)));
            }
            parts.push(places);
        }
        if parts.iter().any(|places| places.is_empty() || places.iter().any(|(forms, _)| forms.is_empty())) {
            return None;
        }
        let id = self.all.len();
        for form in &parts[0][0].0 {
            let ids = self.by_head.entry(head(&form.text).to_owned()).or_default();
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        self.all.push(Pattern { parts });
        Some(id)
    }

    /// Every place of every pattern, in the order of the words.
    pub(super) fn find(&self, words: &[Word<'_>]) -> Vec<Found> {
        let mut found = Vec::new();
        for (first, word) in words.iter().enumerate() {
            // A stem shorter than the head is filed under its own length.
            let head = head(word.folded);
            let shorter = head.char_indices().map(|(i, c)| &head[..i + c.len_utf8()]);
            for &id in shorter.filter_map(|h| self.by_head.get(h)).flatten() {
                let pattern = &self.all[id];
                let Some(last) = phrase(&pattern.parts[0], words, first) else { continue };
                if pattern.parts[1..].iter().all(|part| anywhere(part, words, first, word.sentence)) {
                    let tight = last - first < pattern.parts[0].len();
                    found.push(Found { pattern: id, first, last, tight });
                }
            }
        }
        found
    }
}

fn head(text: &str) -> &str {
    text.char_indices().nth(3).map_or(text, |(end, _)| &text[..end])
}

/// The last word of a phrase that begins at `first`, if it stands there, all in one sentence.
fn phrase(places: &[(Place, bool)], words: &[Word<'_>], first: usize) -> Option<usize> {
    let mut at = first;
    let fits = |forms: &Place, i: usize| words.get(i).is_some_and(|w| forms.iter().any(|f| f.is(w)));
    for (i, (forms, gap)) in places.iter().enumerate() {
        if i > 0 {
            at = (at + 1..=at + 1 + if *gap { GAP } else { 0 }).find(|&j| fits(forms, j))?;
        } else if !fits(forms, at) {
            return None;
        }
    }
    (words[at].sentence == words[first].sentence).then_some(at)
}

fn anywhere(part: &[(Place, bool)], words: &[Word<'_>], near: usize, sentence: u32) -> bool {
    let from = words[..near].iter().rposition(|w| w.sentence != sentence).map_or(0, |i| i + 1);
    (from..words.len()).take_while(|&i| words[i].sentence == sentence).any(|i| phrase(part, words, i).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::words::Folded;

    fn finds(pattern: &str, text: &str) -> bool {
        let mut patterns = Patterns::default();
        patterns.add(pattern);
        let folded = Folded::new(text);
        !patterns.find(&folded.words(text)).is_empty()
    }

    #[test]
    fn each_sign_does_what_it_says() {
        assert!(finds("traffick*", "Human trafficking"));
        assert!(!finds("traffick*", "road traffic"));
        assert!(finds("abri d’urgence", "des abris d'urgence"));
        assert!(finds("migrant/worker return*", "workers returning"));
        assert!(finds("return* ~ home", "returned to their families home"));
        assert!(!finds("return* ~ home", "returned. They all went home"));
        assert!(finds("drown* & migrant*", "Migrants feared drowned"));
        assert!(!finds("drown* & migrant*", "He drowned. Migrants came"));
        assert!(finds("WASH", "WASH cluster"));
        assert!(!finds("WASH", "wash your hands"));
        assert!(!finds("", "anything"));
    }
}
