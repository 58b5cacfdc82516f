//! Themes: the built-in ones, and those that the configuration adds.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Language;

/// A theme's name in filters and records: a slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeSlug(Arc<str>);

impl ThemeSlug {
    /// Takes a slug as it is; configuration and filters check it against the themes there are.
    pub fn new(slug: &str) -> ThemeSlug {
        ThemeSlug(slug.into())
    }

    /// The slug itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ThemeSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A theme, less its words: those belong to the classifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Its slug.
    pub slug: ThemeSlug,
    /// English name.
    pub name_en: String,
    /// French name.
    pub name_fr: String,
    /// The id of ReliefWeb's theme it maps to, and that theme's English name.
    pub reliefweb: Option<(u32, String)>,
}

impl Theme {
    /// The name in the language of the interface; anything but French gets English.
    pub fn name(&self, ui: Language) -> &str {
        if ui == Language::FR { &self.name_fr } else { &self.name_en }
    }
}

/// All themes, in their own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Themes(Vec<Theme>);

impl Themes {
    /// The themes of `data/themes.csv`.
    pub fn builtin() -> Themes {
        let mut reader = csv::Reader::from_reader(include_str!("../../data/themes.csv").as_bytes());
        let rows = reader.records().flatten().filter_map(|row| {
            Some(Theme {
                slug: ThemeSlug::new(row.get(0)?),
                name_en: row.get(1)?.to_owned(),
                name_fr: row.get(2)?.to_owned(),
                reliefweb: Themes::reliefweb(row.get(5)?),
            })
        });
        Themes(rows.collect())
    }

    /// The ReliefWeb theme with this English name, from `data/reliefweb_themes.csv`.
    pub fn reliefweb(name: &str) -> Option<(u32, String)> {
        let mut reader = csv::Reader::from_reader(include_str!("../../data/reliefweb_themes.csv").as_bytes());
        let row = reader.records().flatten().find(|row| row.get(1) == Some(name))?;
        Some((row.get(0)?.parse().ok()?, name.to_owned()))
    }

    /// Adds a theme, or overrides the one with its slug.
    pub fn set(&mut self, theme: Theme) {
        match self.0.iter_mut().find(|t| t.slug == theme.slug) {
            Some(old) => *old = theme,
            None => self.0.push(theme),
        }
    }

    /// The theme with this slug.
    pub fn get(&self, slug: &str) -> Option<&Theme> {
        self.0.iter().find(|theme| theme.slug.as_str() == slug)
    }

    /// In their own order.
    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        self.0.iter()
    }
}
