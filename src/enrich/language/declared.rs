//! What the feed, the page and the configuration say of a text's language, where the text itself does not tell.
//! Their word never overrules the text's.

use super::{MIXED, OURS};
use crate::article::{DeclaredLanguages, How, Language, LanguageTag};

fn all(declared: &DeclaredLanguages) -> impl Iterator<Item = (Language, &'static str)> {
    let all = [
        (declared.item, "declared by the item"),
        (declared.page, "declared by the page"),
        (declared.source, "declared by the source"),
    ];
    all.into_iter().filter_map(|(language, from)| Some((language?, from)))
}

/// The most particular word.
pub(super) fn first(declared: &DeclaredLanguages) -> Option<(Language, &'static str)> {
    all(declared).next()
}

/// A text in none of our languages: the one it was told to be in, else the one of others that all declare, else none.
pub(super) fn other(
    language: Language,
    share: f32,
    declared: &DeclaredLanguages,
    mut evidence: Vec<String>,
) -> LanguageTag {
    if language != Language::UND {
        let confidence = (99.0 * share) as u8;
        return LanguageTag { language, confidence, how: How::Body, mixed: share < MIXED, evidence };
    }
    match outside(declared) {
        Some((language, from)) => {
            evidence.push(format!("{from}: {language}"));
            LanguageTag { language, confidence: 60, how: How::Declared, mixed: false, evidence }
        }
        None => LanguageTag { language, confidence: 0, how: How::Undetermined, mixed: false, evidence },
    }
}

/// The declared language that is none of ours, where all that are agree.
pub(super) fn outside(declared: &DeclaredLanguages) -> Option<(Language, &'static str)> {
    let mut others = all(declared).filter(|(language, _)| !OURS.contains(language) && *language != Language::UND);
    let first = others.next()?;
    others.all(|(language, _)| language == first.0).then_some(first)
}

/// A text that says nothing: the most particular word, and little of it believed.
pub(super) fn prior(declared: &DeclaredLanguages) -> LanguageTag {
    match first(declared) {
        Some((language, from)) => {
            let evidence = vec![format!("{from}: {language}")];
            LanguageTag { language, confidence: 30, how: How::Declared, mixed: false, evidence }
        }
        None => LanguageTag {
            language: Language::UND,
            confidence: 0,
            how: How::Undetermined,
            mixed: false,
            evidence: Vec::new(),
        },
    }
}
