//! What a feed is asked for: the filters, and the parameters that feeds have beyond them. One spelling a combination.

use super::Edition;
use crate::article::Language;
use crate::index::Month;
use crate::query::{Query, QueryError, Vocabulary, decode};

/// Hexadecimal digits of an archive's version.
const VERSION_DIGITS: usize = 32;

/// A feed, or one of its archives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The filters.
    pub query: Query,
    /// The language of titles and labels.
    pub ui: Option<Language>,
    /// A month of it, in place of the newest.
    pub archive: Option<ArchiveAt>,
}

/// An archive of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveAt {
    /// The month.
    pub month: Month,
    /// The hash of what it holds; none: whatever it holds now.
    pub version: Option<String>,
}

impl From<Query> for Asked {
    fn from(query: Query) -> Asked {
        Asked { query, ui: None, archive: None }
    }
}

impl Asked {
    /// Reads a query string: `ui`, `archive` and `v` are a feed's own, the rest are filters.
    pub fn parse(raw: &str, known: &Vocabulary) -> Result<Asked, QueryError> {
        let (mut own, mut rest): ([Option<String>; 3], _) = (Default::default(), Vec::new());
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (place, name) = match name {
                "ui" => (0, "ui"),
                "archive" => (1, "archive"),
                "v" => (2, "v"),
                _ => {
                    rest.push(pair);
                    continue;
                }
            };
            let value = decode(value)?;
            if own[place].as_ref().is_some_and(|old| *old != value) {
                return Err(wrong(name, &value, "it is given twice, with different values"));
            }
            own[place] = Some(value);
        }
        let [ui, month, version] = own;
        let ui = match ui.as_deref() {
            None => None,
            Some("en") => Some(Language::EN),
            Some("fr") => Some(Language::FR),
            Some(other) => return Err(wrong("ui", other, "allowed are en and fr")),
        };
        let month = month.map(|text| {
            text.parse::<Month>().map_err(|_| wrong("archive", &text, "allowed is a month of UTC, such as 2026-03"))
        });
        let is_hash = |text: &String| {
            text.len() == VERSION_DIGITS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        if let Some(version) = version.as_ref().filter(|version| !is_hash(version)) {
            return Err(wrong("v", version, "it must be the one of a link of rel=prev-archive"));
        }
        let archive = match (month.transpose()?, version) {
            (None, Some(version)) => return Err(wrong("v", &version, "it belongs to an archive, which is missing")),
            (None, None) => None,
            (Some(month), version) => Some(ArchiveAt { month, version }),
        };
        Ok(Asked { query: Query::parse(&rest.join("&"), known)?, ui, archive })
    }

    /// The one spelling.
    pub fn canonical(&self) -> String {
        let filters = self.query.canonical();
        let mut pairs: Vec<String> = filters.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        pairs.extend(self.ui.map(|ui| format!("ui={ui}")));
        if let Some(archive) = &self.archive {
            pairs.push(format!("archive={}", archive.month));
            pairs.extend(archive.version.as_ref().map(|version| format!("v={version}")));
        }
        pairs.sort();
        pairs.join("&")
    }

    /// The language of titles: as asked, else French where everything in the feed is.
    pub fn interface(&self) -> Language {
        let french = self.query.languages.iter().eq([&Language::FR]);
        self.ui.unwrap_or(if french { Language::FR } else { Language::EN })
    }

    /// The feed that this is an archive of; a feed itself stays as it is.
    pub fn current(&self) -> Asked {
        Asked { archive: None, ..self.clone() }
    }

    /// A month of this feed.
    pub(super) fn at(&self, month: Month, version: String) -> Asked {
        Asked { archive: Some(ArchiveAt { month, version: Some(version) }), ..self.clone() }
    }
}

impl Edition {
    /// The public address of something under what is asked.
    pub fn address(&self, path: &str, asked: &Asked) -> String {
        let canonical = asked.canonical();
        let question = if canonical.is_empty() { "" } else { "?" };
        format!("{}{path}{question}{canonical}", self.public_url)
    }
}

fn wrong(name: &'static str, value: &str, allowed: &str) -> QueryError {
    QueryError::Value { name, value: value.to_owned(), allowed: allowed.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_a_feed() {
        let hash = "0123456789abcdef0123456789abcdef";
        let spell = |raw: &str| Asked::parse(raw, &Vocabulary::default()).map(|asked| asked.canonical());
        for (raw, want) in [
            ("", "".to_owned()),
            ("ui=fr&until=2026-01-01&lang=fr", "lang=fr&ui=fr&until=2026-01-01".to_owned()),
            ("ui=en&country=ht", "country=HTI&ui=en".to_owned()),
            ("country=HT&archive=2026-03", "archive=2026-03&country=HTI".to_owned()),
            (&format!("v={hash}&q=a,b&archive=2026-03"), format!("archive=2026-03&q=a%2Cb&v={hash}")),
            ("ui=fr&ui=fr", "ui=fr".to_owned()),
        ] {
            assert_eq!(spell(raw).unwrap(), want, "{raw}");
            assert_eq!(spell(&want).unwrap(), want, "{raw}");
        }
        for (raw, named) in [
            ("ui=de", "en and fr"),
            ("ui=", "en and fr"),
            ("ui=fr&ui=en", "twice"),
            ("archive=2026-13", "2026-03"),
            ("archive=", "2026-03"),
            ("archive=2026-03&v=xyz", "prev-archive"),
            ("archive=2026-03&v=", "prev-archive"),
            (&format!("v={hash}"), "missing"),
            ("page=2", "country"),
        ] {
            let error = spell(raw).unwrap_err().to_string();
            assert!(error.contains(named), "{raw}: {error}");
        }
    }
}
