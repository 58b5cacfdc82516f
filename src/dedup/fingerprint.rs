//! What is compared of a text: an exact hash, a MinHash signature, its numbers. Digits are never dropped.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::article::{Fingerprint, fold};

/// Bins of the signature: one for each value of a hash's first byte.
const BINS: usize = 256;
/// Under this many words a text has no signature: its words prove too little.
const LEAST_WORDS: usize = 40;
/// Under this many words two texts are the same only if their titles are.
const TITLED: usize = 60;
/// The mark of an empty bin.
const EMPTY: u16 = u16::MAX;
/// Names that are kept of a text.
const NAMES: usize = 64;

/// The fingerprint of a text. The dateline is no part of it: copies of one release carry different ones.
pub fn fingerprint(title: &str, text: &str) -> Fingerprint {
    let body = fold(without_dateline(text));
    let words: Vec<&str> = body.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let normal = words.join(" ");
    let exact = if words.len() < TITLED {
        let title = fold(title);
        let title: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        xxh3_64(format!("{}\n{normal}", title.join(" ")).as_bytes())
    } else {
        xxh3_64(normal.as_bytes())
    };
    let signature = if words.len() < LEAST_WORDS { Vec::new() } else { signature(&words) };
    Fingerprint { exact, words: words.len() as u32, signature, numbers: numbers(text), names: names(text) }
}

/// True for a fingerprint that was not made by the rules of now, as far as it shows.
pub fn is_outdated(fingerprint: &Fingerprint) -> bool {
    let long = fingerprint.words as usize >= LEAST_WORDS;
    fingerprint.signature.len() != if long { BINS } else { 0 }
}

/// One-permutation MinHash of word 3-grams. Bins that no 3-gram falls into stay empty: filled from their neighbours they
/// would make texts of some 200 words look less alike than they are.
fn signature(words: &[&str]) -> Vec<u16> {
    let mut bins = vec![EMPTY; BINS];
    for gram in words.windows(3) {
        let hash = xxh3_64_with_seed(gram.join(" ").as_bytes(), 0x5eed);
        let bin = &mut bins[usize::from(hash.to_be_bytes()[0])];
        *bin = (*bin).min((hash as u16).min(EMPTY - 1));
    }
    bins
}

/// What two signatures tell of two texts.
pub(super) struct Overlap {
    /// Bins in which both have the same 3-gram.
    pub(super) equal: u32,
    /// An estimate of the share of 3-grams that stand in both, among all.
    pub(super) likeness: f32,
    /// Estimates of the share of either text's 3-grams that stand in the other: exactly 1 for what is contained, since
    /// the least 3-gram of a bin is never one that only the contained text has.
    pub(super) contained: (f32, f32),
}

/// Compares two signatures; `None` where there is nothing to compare.
pub(super) fn overlap(a: &[u16], b: &[u16]) -> Option<Overlap> {
    if a.len() != BINS || b.len() != BINS {
        return None;
    }
    let (mut equal, mut only_a, mut only_b) = (0u32, 0u32, 0u32);
    for (a, b) in a.iter().zip(b) {
        equal += u32::from(a == b && *a != EMPTY);
        only_a += u32::from(a < b);
        only_b += u32::from(b < a);
    }
    let share = |others: u32| equal as f32 / (equal + others).max(1) as f32;
    Some(Overlap { equal, likeness: share(only_a + only_b), contained: (share(only_a), share(only_b)) })
}

/// The distinct numbers of a text, sorted; separators folded.
pub fn figures(text: &str) -> Vec<u64> {
    distinct(all_numbers(text).into_iter().map(|(_, number)| number))
}

/// Those of two or more digits; years dropped.
fn numbers(text: &str) -> Vec<u64> {
    let tells = |digits: usize, number: u64| digits >= 2 && !(digits == 4 && (1990..=2035).contains(&number));
    distinct(all_numbers(text).into_iter().filter(|(digits, number)| tells(*digits, *number)).map(|(_, number)| number))
}

fn distinct(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut distinct: Vec<u64> = numbers.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Every number with how many digits it is written, in the order of the text.
fn all_numbers(text: &str) -> Vec<(usize, u64)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        if !chars[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let mut digits = String::new();
        while i < chars.len() {
            if chars[i].is_ascii_digit() {
                digits.push(chars[i]);
                i += 1;
            } else if matches!(chars[i], ' ' | '\u{A0}' | '\u{202F}' | ',' | '.' | '\'')
                && (1..=3).all(|d| chars.get(i + d).is_some_and(char::is_ascii_digit))
                && !chars.get(i + 4).is_some_and(char::is_ascii_digit)
                && digits.len() <= 3 + 3 * (digits.len() / 3)
            {
                i += 1;
            } else {
                break;
            }
        }
        found.extend(digits.parse().ok().map(|number| (digits.len(), number)));
    }
    found
}

/// Hashes of the words that are written with a capital although no sentence begins with them: names of people and places,
/// which translations share.
fn names(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut begins = true;
        for word in line.split_whitespace() {
            for part in word.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty()) {
                let mut letters = part.chars();
                let capital = letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase);
                if capital && !begins && part.chars().count() >= 4 {
                    found.push(xxh3_64(fold(part).as_bytes()) as u32);
                }
                begins = false;
            }
            begins |= word.ends_with(['.', '!', '?', ':', '«', '“', '"']) || word.starts_with(['«', '“', '"']);
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(NAMES);
    found
}

/// How many stand in both of two sorted lists.
pub(super) fn shared<T: Ord>(a: &[T], b: &[T]) -> usize {
    a.iter().filter(|one| b.binary_search(one).is_ok()).count()
}

/// Names of two texts as far as both lists tell of them: a full list holds the least hashes only.
pub(super) fn comparable<'a>(a: &'a [u32], b: &'a [u32]) -> (&'a [u32], &'a [u32]) {
    let end = |names: &[u32]| if names.len() < NAMES { u32::MAX } else { names.last().copied().unwrap_or(u32::MAX) };
    let end = end(a).min(end(b));
    let upto = |names: &'a [u32]| &names[..names.partition_point(|name| *name <= end)];
    (upto(a), upto(b))
}

/// The text after a dateline such as `Port-au-Prince, 9 mars – `: a short opening before a dash, the dash spaced or
/// glued to the place, a date of its own behind it or not.
fn without_dateline(text: &str) -> &str {
    let head = &text[..text.char_indices().nth(80).map_or(text.len(), |(at, _)| at)];
    let dash = |head: &str, dashes: &[&str]| {
        dashes
            .iter()
            .filter_map(|dash| Some((head.find(dash)?, dash.len())))
            .min_by_key(|(at, length)| (*at, 8 - length))
    };
    let opens = |opening: &str| {
        opening.chars().next().is_some_and(char::is_uppercase) && !opening.contains(['.', '!', '?', '\n'])
    };
    let spaced = dash(head, &[" – ", " — ", " − ", " - ", "– ", "— "]).filter(|(at, _)| opens(&head[..*at]));
    // Without spaces a dash may stand inside a sentence: only names of places may stand before it.
    let glued = dash(head, &["–", "—", "- "]).filter(|(at, _)| opens(&head[..*at]) && is_names(&head[..*at]));
    let Some((at, length)) = glued.into_iter().chain(spaced).min_by_key(|(at, length)| (*at, 8 - length)) else {
        return text;
    };
    let rest = &text[at + length..];
    // `Tanger – 01 aout 2024 - `: the date stands between two dashes.
    let next = &rest[..rest.char_indices().nth(30).map_or(rest.len(), |(at, _)| at)];
    match dash(next, &[" – ", " — ", " − ", " - "]) {
        Some((end, length)) if next.starts_with(|c: char| c.is_ascii_digit()) && is_date(&next[..end]) => {
            &rest[end + length..]
        }
        _ => rest,
    }
}

/// One to four words, each with a capital but for a word that joins them.
fn is_names(opening: &str) -> bool {
    let words: Vec<&str> = opening.split([' ', '/', ',']).filter(|word| !word.is_empty()).collect();
    words.len() <= 4
        && words.iter().all(|word| word.starts_with(char::is_uppercase) || matches!(*word, "and" | "et" | "y" | "de"))
}

/// A day, a month and perhaps a year, and no more words than that.
fn is_date(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "de").collect();
    (2..=3).contains(&words.len()) && words.iter().filter(|word| word.chars().all(char::is_alphabetic)).count() == 1
}
