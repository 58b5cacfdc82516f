//! Where a text has its words: for searching, and for whoever counts what is searched for. It folds and stems nothing.

use unicode_normalization::char::is_combining_mark;

use super::SOFT_HYPHEN;

/// A word as the text spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// Letters, digits and their marks.
    pub text: &'a str,
    /// True before an apostrophe that joins it to the next word, as in `l’aide`.
    pub joined: bool,
}

/// The words of a text, in order. Scripts that put no space between words give each character as a word of its own.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| !is_of_word(c));
        let first = rest.chars().next()?;
        let end = if stands_alone(first) {
            let after = &rest[first.len_utf8()..];
            rest.len() - after.trim_start_matches(is_combining_mark).len()
        } else {
            rest.find(|c| !is_of_word(c) || stands_alone(c)).unwrap_or(rest.len())
        };
        let (text, after) = rest.split_at(end);
        rest = after;
        let mut next = after.chars();
        let joined = next.next().is_some_and(is_apostrophe) && next.next().is_some_and(is_of_word);
        Some(Word { text, joined })
    })
}

fn is_of_word(c: char) -> bool {
    // A soft hyphen says where a word may be broken, not where it ends.
    (c.is_alphanumeric() || is_combining_mark(c) || c == SOFT_HYPHEN) && !is_apostrophe(c)
}

/// What texts write for an apostrophe; one of them counts as a letter.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '‘' | '´' | '＇')
}

/// Characters of Chinese, Japanese, Thai, Lao, Burmese and Khmer; marks go with the one before.
fn stands_alone(c: char) -> bool {
    let spaceless = matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{323AF}');
    spaceless && !is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::fold;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_parted_into_its_words() {
        let parted = |text: &str| {
            words(text).map(|w| format!("{}{}", w.text, if w.joined { "'" } else { "" })).collect::<Vec<_>>()
        };
        for (text, want) in [
            ("L’aide d'urgence, déjà.", vec!["L'", "aide", "d'", "urgence", "déjà"]),
            ("l’ ou l'", vec!["l", "ou", "l"]),
            ("peut-être 1 204,50 €", vec!["peut", "être", "1", "204", "50"]),
            ("e\u{301}té \u{301}", vec!["e\u{301}té", "\u{301}"]),
            ("国际移民IOM组织", vec!["国", "际", "移", "民", "IOM", "组", "织"]),
            ("がく か\u{3099}", vec!["が", "く", "か\u{3099}"]),
            ("Ver\u{AD}fassungs\u{AD}klage ein", vec!["Ver\u{AD}fassungs\u{AD}klage", "ein"]),
            ("المُهاجرون في", vec!["المُهاجرون", "في"]),
            ("", vec![]),
            ("«—»", vec![]),
        ] {
            assert_eq!(parted(text), want, "{text}");
        }
    }

    proptest! {
        /// Folding moves no border between words: else a query in plain letters would miss what has accents.
        #[test]
        fn folding_moves_no_border(text in "([a-zA-Zà-ÿÀ-ßœŒæ0-9'’ \\-.,;\u{301}\u{AD}]|[\u{600}-\u{6FF}]|[\u{400}-\u{45F}]){0,40}") {
            let is_word = |word: &String| !word.is_empty();
            let apart: Vec<String> = words(&text).map(|w| fold(w.text)).filter(is_word).collect();
            let folded = fold(&text);
            let together: Vec<String> = words(&folded).map(|w| w.text.to_owned()).collect();
            prop_assert_eq!(apart, together);
        }
    }
}
