//! Where a text's dateline ends: places and a date before a dash, at the very beginning. It never decides on a country.

use super::gazetteer::{Gazetteer, Hit};
use crate::enrich::words::Word;

/// The longest dateline seen, in words.
const MOST: usize = 16;

/// Small words and numbers that datelines hold.
const FILLING: &[&str] = &[
    "and", "et", "y", "e", "de", "del", "le", "la", "the", "ce", "este", "el", "st", "nd", "rd", "th", "er", "d", "du",
    "on", "of", "en", "in", "a", "au", "iom", "oim", "un", "l", "les", "des", "s", "hier", "this",
];

/// Months as they are written, folded, in English, French, Spanish and Portuguese.
const MONTHS: &[&str] = &[
    "jan", "feb", "fev", "mar", "apr", "avr", "abr", "may", "mai", "jun", "jui", "jul", "aug", "aou", "ago", "sep",
    "oct", "out", "nov", "dec", "dic", "ene",
];

/// The index of the first word behind the dateline; 0 where there is none.
pub(super) fn end(text: &str, words: &[Word<'_>], hits: &[Hit], gazetteer: &Gazetteer) -> usize {
    let named = |i: usize| hits.iter().any(|h| h.first <= i && i <= h.last);
    for (i, word) in words.iter().enumerate().take(MOST) {
        if !belongs(text, word) && !named(i) {
            // `Jakarta IOM and`: the dash was lost.
            return lost_dash(words, hits, gazetteer);
        }
        let next = words.get(i + 1).map_or(text.len(), |w| w.start);
        let between = &text[word.end..next];
        if between.contains(['\n', '!', '?', ':', ';']) {
            return 0;
        }
        // A hyphen is a dash only beside a space; inside a name nothing is.
        let dash = between.contains(['–', '—', '−', '‒', '―'])
            || between.contains('-') && between.contains([' ', '\u{a0}', '\u{202f}']);
        let inside = hits.iter().any(|h| h.first <= i && i < h.last);
        if dash && !inside {
            return i + 1;
        }
    }
    lost_dash(words, hits, gazetteer)
}

fn belongs(text: &str, word: &Word<'_>) -> bool {
    let capital = text[word.start..].chars().next().is_some_and(char::is_uppercase);
    let month = word.folded.get(..3).is_some_and(|m| MONTHS.contains(&m));
    capital || month || FILLING.contains(&word.folded) || word.folded.starts_with(|c: char| c.is_ascii_digit())
}

/// A town, and the organisation's name right behind it.
fn lost_dash(words: &[Word<'_>], hits: &[Hit], gazetteer: &Gazetteer) -> usize {
    let Some(first) = hits.first().filter(|h| h.first == 0) else { return 0 };
    let city = gazetteer.entries[first.entry].kind == super::Kind::City;
    let next = words.get(first.last + 1);
    if city && next.is_some_and(|w| w.capitals && ["iom", "oim"].contains(&w.folded)) { first.last + 1 } else { 0 }
}
