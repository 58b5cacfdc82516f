//! A mistake in a configuration: where it is, what is wrong, what is allowed. It never panics on odd offsets.

use std::fmt;
use std::ops::Range;

/// One mistake. All of a file's are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// One-based; zero when it comes from the environment or from no particular place.
    pub line: usize,
    /// One-based, in characters.
    pub column: usize,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Collects the mistakes of one text.
#[derive(Debug)]
pub(super) struct Mistakes<'a> {
    text: &'a str,
    found: Vec<Mistake>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(text: &'a str) -> Mistakes<'a> {
        Mistakes { text, found: Vec::new() }
    }

    /// Notes a mistake at a byte range of the text.
    pub(super) fn add(&mut self, at: &Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        self.found.push(Mistake { line, column, message: message.into() });
    }

    /// In the order of the file.
    pub(super) fn into_sorted(mut self) -> Vec<Mistake> {
        self.found.sort_by_key(|m| (m.line, m.column));
        self.found
    }
}

/// ` (did you mean "x"?)` for the nearest known name, if one is near.
pub(super) fn suggestion(unknown: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(unknown, k), k))
        .filter(|(distance, k)| *distance <= 1 + k.len() / 4)
        .min()
        .map(|(_, k)| format!(" (did you mean {k:?}?)"))
        .unwrap_or_default()
}
