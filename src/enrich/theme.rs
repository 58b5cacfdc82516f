//! Themes, by the words of a lexicon: title three times, a body needs two hits.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::words::Folded;
use super::{EnrichError, ThemeWords};
use crate::article::{Evidence, How, ThemeSlug, ThemeTag, fold};

pub(super) struct Lexicon {
    matcher: AhoCorasick,
    /// The themes of each pattern.
    themes: Vec<Vec<ThemeSlug>>,
}

impl Lexicon {
    pub(super) fn new(overrides: &[ThemeWords]) -> Result<Lexicon, EnrichError> {
        let mut words: BTreeMap<String, Vec<ThemeSlug>> = BTreeMap::new();
        let mut reader = csv::Reader::from_reader(include_str!("../../data/themes.csv").as_bytes());
        for row in reader.records().flatten() {
            let slug = row.get(0).unwrap_or_default();
            if overrides.iter().any(|o| o.slug.as_str() == slug) {
                continue;
            }
            for word in [3, 4].into_iter().filter_map(|c| row.get(c)).flat_map(|list| list.split('|')) {
                add(&mut words, word, slug);
            }
        }
        for theme in overrides {
            theme
                .en
                .iter()
                .chain(&theme.fr)
                .chain(&theme.es)
                .for_each(|word| add(&mut words, word, theme.slug.as_str()));
        }
        let (patterns, themes): (Vec<String>, Vec<_>) = words.into_iter().unzip();
        let matcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns)
            .map_err(|e| EnrichError::Words { what: "the themes", why: e.to_string() })?;
        Ok(Lexicon { matcher, themes })
    }

    pub(super) fn judge(&self, title: &str, text: &str) -> Vec<ThemeTag> {
        let mut found: BTreeMap<ThemeSlug, (u32, How, Vec<Evidence>)> = BTreeMap::new();
        for (field, content, times) in [("title", title, 3), ("body", text, 1)] {
            let folded = Folded::new(content);
            for hit in self.matcher.find_iter(&folded.text).filter(|hit| folded.is_whole(hit.start(), hit.end())) {
                let (start, end) = (folded.origin(hit.start()), folded.origin(hit.end()));
                for slug in &self.themes[hit.pattern().as_usize()] {
                    let entry = found.entry(slug.clone()).or_insert((
                        0,
                        if field == "title" { How::Title } else { How::Body },
                        Vec::new(),
                    ));
                    entry.0 += times;
                    if entry.2.len() < 8 {
                        entry.2.push(Evidence {
                            field: field.to_owned(),
                            words: content.get(start..end).unwrap_or_default().to_owned(),
                            offset: start as u32,
                        });
                    }
                }
            }
        }
        let mut tags: Vec<(u32, ThemeTag)> = found
            .into_iter()
            .filter(|(_, (score, ..))| *score >= 2)
            .map(|(theme, (score, how, evidence))| {
                (score, ThemeTag { theme, confidence: (40 + 10 * score).min(95) as u8, how, evidence })
            })
            .collect();
        tags.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.theme.cmp(&b.1.theme)));
        tags.into_iter().take(6).map(|(_, tag)| tag).collect()
    }
}

/// Built-in themes whose words the configuration replaces keep their names; unknown slugs are fine.
fn add(words: &mut BTreeMap<String, Vec<ThemeSlug>>, word: &str, slug: &str) {
    let folded = fold(word.trim());
    if !folded.is_empty() {
        words.entry(folded).or_default().push(ThemeSlug::new(slug));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Themes;

    #[test]
    fn every_built_in_theme_has_words() {
        let lexicon = Lexicon::new(&[]).map(|l| l.themes.concat()).unwrap_or_default();
        for theme in Themes::builtin().iter() {
            assert!(lexicon.contains(&theme.slug), "{}", theme.slug);
        }
    }
}
