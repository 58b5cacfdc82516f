//! The free text of a query, taken apart into what is wanted and what is not. It looks nothing up.

use super::Query;
use crate::article::words;

/// The free text of a query: words and phrases, as they were written. Each has a word in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TextFilter {
    /// What must stand in a text.
    pub wanted: Vec<String>,
    /// What must not.
    pub unwanted: Vec<String>,
}

impl TextFilter {
    /// The text filter of a query, if it has one. A word of `q` behind `-` and every word of `exclude` must not stand there.
    pub fn of(query: &Query) -> Option<TextFilter> {
        let mut filter = TextFilter::default();
        for (negative, part) in query.q.iter().flat_map(|q| parts(q)) {
            if negative { &mut filter.unwanted } else { &mut filter.wanted }.push(part);
        }
        filter.unwanted.extend(query.exclude.iter().flat_map(|q| parts(q)).map(|(_, part)| part));
        (query.q.is_some() || query.exclude.is_some()).then_some(filter)
    }
}

/// Words and quoted phrases, each with whether `-` stands before it.
fn parts(text: &str) -> Vec<(bool, String)> {
    let mut found: Vec<(bool, String)> = Vec::new();
    let mut negative = false;
    for (i, part) in text.split(['"', '“', '”', '„', '«', '»']).enumerate() {
        if i % 2 == 1 {
            found.push((negative, part.to_owned()));
        } else {
            let bare = part.trim_end();
            negative = bare.ends_with('-') && bare.len() == part.len();
            found.extend(bare.split_whitespace().map(|word| match word.strip_prefix('-') {
                Some(word) => (true, word.to_owned()),
                None => (false, word.to_owned()),
            }));
        }
    }
    found.retain(|(_, part)| words(part).next().is_some());
    found
}
