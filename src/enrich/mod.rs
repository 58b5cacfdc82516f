//! What is judged of an article: language, countries, themes, news or not, each with its evidence.
//! Pure: no I/O, no clock. It never defaults to English and never takes a page's word alone.

#[cfg(test)]
mod cases;
mod country;
mod language;
mod news;
mod pattern;
mod theme;
mod words;

use crate::article::{Country, CountryTag, DeclaredLanguages, Evidence, LanguageTag, ThemeSlug, ThemeTag};

/// The words of a theme that the configuration adds or overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeWords {
    /// Which theme.
    pub slug: ThemeSlug,
    /// English words and phrases.
    pub en: Vec<String>,
    /// French ones.
    pub fr: Vec<String>,
    /// Spanish ones.
    pub es: Vec<String>,
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Plain text, may be empty.
    pub title: &'a str,
    /// Plain text, paragraphs on lines of their own.
    pub text: &'a str,
    /// Priors.
    pub declared: DeclaredLanguages,
    /// The office's own country.
    pub source_country: Option<Country>,
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrichment {
    /// The language.
    pub language: LanguageTag,
    /// Most relevant first.
    pub countries: Vec<CountryTag>,
    /// Most relevant first.
    pub themes: Vec<ThemeTag>,
    /// False for tenders and vacancies.
    pub news: bool,
}

/// Why there is no classifier.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// The word lists do not compile.
    #[error("unable to compile the words of {what}: {why}")]
    Words {
        /// Countries or themes.
        what: &'static str,
        /// Why.
        why: String,
    },
}

/// The classifier, compiled once.
pub struct Enricher {
    languages: language::Languages,
    countries: country::Countries,
    themes: theme::Lexicon,
    notices: news::Notices,
}

impl Enricher {
    /// Compiles the built-in words, with a configuration's on top.
    pub fn new(overrides: &[ThemeWords]) -> Result<Enricher, EnrichError> {
        Ok(Enricher {
            languages: language::Languages::new()?,
            countries: country::Countries::new()?,
            themes: theme::Lexicon::new(overrides)?,
            notices: news::Notices::new(),
        })
    }

    /// Judges the language alone.
    pub fn language(&self, input: &Input<'_>) -> LanguageTag {
        self.languages.judge(input.title, input.text, &input.declared)
    }

    /// The words of a title that make it a tender's or a vacancy's, which is no news.
    pub fn notice(&self, title: &str) -> Option<Evidence> {
        self.notices.found(title)
    }

    /// Judges a text.
    pub fn enrich(&self, input: &Input<'_>) -> Enrichment {
        let news = self.notice(input.title).is_none();
        Enrichment {
            language: self.language(input),
            countries: self.countries.judge(input.title, input.text, input.source_country),
            // A tender's subject is not a story's theme.
            themes: if news { self.themes.judge(input.title, input.text) } else { Vec::new() },
            news,
        }
    }
}
