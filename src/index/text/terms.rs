//! What a word is indexed by and found by: its stem in the language of its article, accents and case folded.
//! The same functions make the terms of articles and of queries. Whatever they are changed to give, [`super::FORMAT`] is
//! raised with them, and with a new version of the stemmers.

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::article::{Language, SOFT_HYPHEN, fold, words};

/// Longer words are known by their beginning.
const LONGEST: usize = 64;

/// Short words that French runs into the next one: `d’aide` is found by `aide`, and by `l’aide`.
const RUN_IN: &[&str] = &["l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"];

/// How the words of a language are reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    French,
    English,
    Spanish,
    Portuguese,
    /// Folded only.
    Plain,
}

impl Tongue {
    /// Nobody says in which language a query is: it is read in each.
    pub(super) const ALL: [Tongue; 5] =
        [Tongue::French, Tongue::English, Tongue::Spanish, Tongue::Portuguese, Tongue::Plain];

    pub(super) fn of(language: Language) -> Tongue {
        match language {
            Language::FR => Tongue::French,
            Language::EN => Tongue::English,
            Language::ES => Tongue::Spanish,
            Language::PT => Tongue::Portuguese,
            _ => Tongue::Plain,
        }
    }

    /// What its terms begin with: a stem of one language must not be met by a word of another.
    fn mark(self) -> char {
        match self {
            Tongue::French => 'f',
            Tongue::English => 'e',
            Tongue::Spanish => 's',
            Tongue::Portuguese => 'p',
            Tongue::Plain => '-',
        }
    }

    fn stem(self, word: &str) -> String {
        let algorithm = match self {
            Tongue::French => Algorithm::French,
            Tongue::English => Algorithm::English,
            Tongue::Spanish => Algorithm::Spanish,
            Tongue::Portuguese => Algorithm::Portuguese,
            Tongue::Plain => return word.to_owned(),
        };
        Stemmer::new(algorithm).stem(word).into_owned()
    }
}

/// A word's terms. The stemmers want its accents, and people leave them out: so there is the stem of the word as it is
/// written, and where it is another one, that of the word without accents, which every spelling has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) written: String,
    pub(super) plain: Option<String>,
    /// What becomes of a short word before another.
    pub(super) run: Run,
}

/// How a word stands to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// By itself.
    Apart,
    /// By itself, though the next word would take it in: somebody may have left out the apostrophe.
    Short,
    /// Run into it: both stand at one place.
    In,
}

/// The terms of a text, word by word.
pub(super) fn terms(text: &str, tongue: Tongue) -> impl Iterator<Item = Terms> {
    let mut words = words(text).peekable();
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?;
            let plain = if word.text.is_ascii() { word.text.to_ascii_lowercase() } else { fold(word.text) };
            let plain = cut(&plain);
            if plain.is_empty() {
                continue;
            }
            let run = match tongue == Tongue::French && RUN_IN.contains(&plain) {
                true if word.joined => Run::In,
                true if words.peek().is_some_and(|next| takes_one_in(next.text)) => Run::Short,
                _ => Run::Apart,
            };
            let mark = tongue.mark();
            let short = format!("{mark}{}", fold(&tongue.stem(plain)));
            if word.text.is_ascii() || tongue == Tongue::Plain {
                return Some(Terms { written: short, plain: None, run });
            }
            let lower = word.text.nfc().filter(|c| *c != SOFT_HYPHEN).collect::<String>().to_lowercase();
            let written = format!("{mark}{}", fold(&tongue.stem(cut(&lower))));
            let plain = (short != written).then_some(short);
            return Some(Terms { written, plain, run });
        }
    })
}

/// True for a word that begins with a vowel, or an h that may be silent.
fn takes_one_in(word: &str) -> bool {
    fold(word).starts_with(['a', 'e', 'i', 'o', 'u', 'y', 'h'])
}

fn cut(word: &str) -> &str {
    word.char_indices().nth(LONGEST).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(text: &str, tongue: Tongue) -> Vec<String> {
        let spell = |t: Terms| {
            let run = if t.run == Run::In { "+" } else { "" };
            [Some(t.written), t.plain].into_iter().flatten().collect::<Vec<_>>().join("|") + run
        };
        terms(text, tongue).map(spell).collect()
    }

    #[test]
    fn words_are_known_by_what_snowball_makes_of_them() {
        for (text, tongue, want) in [
            ("Déplacés, déplacée; DEPLACES", Tongue::French, vec!["fdeplac", "fdeplac|fdeplace", "fdeplac"]),
            ("l’aide d'urgence", Tongue::French, vec!["fl+", "faid", "fd+", "furgenc"]),
            ("l’aide", Tongue::English, vec!["el", "eaid"]),
            ("l'", Tongue::French, vec!["fl"]),
            ("Displaced families", Tongue::English, vec!["edisplac", "efamili"]),
            ("migraciones", Tongue::Spanish, vec!["smigracion"]),
            ("Œuvres", Tongue::Plain, vec!["-oeuvres"]),
            ("المُهاجرون", Tongue::Plain, vec!["-المهاجرون"]),
            ("dépla\u{AD}cés", Tongue::French, vec!["fdeplac"]),
            ("\u{AD}", Tongue::Plain, vec![]),
            ("\u{301}", Tongue::French, vec![]),
        ] {
            assert_eq!(spelled(text, tongue), want, "{text}");
        }
    }

    proptest! {
        /// Whatever is written in accents is found without them.
        #[test]
        fn a_word_without_its_accents_has_a_term_of_the_word_with_them(word in "[a-zà-ÿœæ]{1,70}|\\PC{1,20}") {
            for tongue in Tongue::ALL {
                let written: Vec<Terms> = terms(&word, tongue).collect();
                let folded: Vec<Terms> = terms(&fold(&word), tongue).collect();
                prop_assert_eq!(written.len(), folded.len());
                for (written, folded) in written.iter().zip(&folded) {
                    let plain = folded.plain.as_ref().unwrap_or(&folded.written);
                    prop_assert_eq!(written.plain.as_ref().unwrap_or(&written.written), plain);
                }
            }
        }
    }
}
