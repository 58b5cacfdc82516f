//! What was judged of an article, each with how it was decided.

use serde::{Deserialize, Serialize};

use super::{Country, Language, ThemeSlug};

/// What a judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The page or feed says so.
    Declared,
    /// The dateline names it.
    Dateline,
    /// The title names it.
    Title,
    /// The body's own text.
    Body,
    /// The source's configured value.
    SourceDefault,
    /// Nothing did: the answer is "undetermined".
    Undetermined,
}

/// Words that led to a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where they stand: `title`, `dateline`, `body`, or the name of a declaration.
    pub field: String,
    /// The words as they stand there.
    pub words: String,
    /// Byte offset in that field's text.
    pub offset: u32,
}

/// The language, and how it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageTag {
    /// The main language.
    pub language: Language,
    /// Per cent.
    pub confidence: u8,
    /// What it rests on.
    pub how: How,
    /// True when a second language holds more than a quarter of the text.
    #[serde(default)]
    pub mixed: bool,
    /// The votes and priors, in words, such as `body: fr 96 %`.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// A country, and how it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryTag {
    /// Which.
    pub country: Country,
    /// Per cent of all weight found.
    pub confidence: u8,
    /// What it rests on, the strongest first named.
    pub how: How,
    /// The words.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// A theme, and how it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThemeTag {
    /// Which.
    pub theme: ThemeSlug,
    /// Per cent.
    pub confidence: u8,
    /// What it rests on.
    pub how: How,
    /// The words.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}
