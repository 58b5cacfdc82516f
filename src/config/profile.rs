//! The profiles of a configuration: selectors by name, and what a source overrides of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::mistake::Mistakes;
use super::raw::Section;
use super::validate::read;
use crate::extract::{DateOrder, Profile, ProfileRules};

/// The keys that a profile has and a source may override.
pub(super) struct Rules {
    pub rules: ProfileRules,
    /// One of them is written.
    pub written: bool,
    /// Where each is written.
    spans: BTreeMap<&'static str, Range<usize>>,
}

/// Reads the keys of a profile, or of a source that overrides some.
pub(super) fn rules(
    section: &mut Section<'_, '_>,
    base: Option<&ProfileRules>,
    name: &str,
    m: &mut Mistakes<'_>,
) -> Rules {
    let mut rules = base.cloned().unwrap_or_default();
    rules.name = name.to_owned();
    let (mut written, mut spans) = (false, BTreeMap::new());
    let mut take =
        |section: &mut Section<'_, '_>, key: &'static str, into: &mut Option<String>, m: &mut Mistakes<'_>| {
            if let Some(at) = section.string(key, m) {
                written = true;
                spans.insert(key, at.span);
                *into = Some(at.value).filter(|text| !text.trim().is_empty());
            }
        };
    let mut listing = section.inner("listing", m);
    take(&mut listing, "container", &mut rules.container, m);
    take(&mut listing, "item", &mut rules.item, m);
    take(&mut listing, "link", &mut rules.link, m);
    take(&mut listing, "title", &mut rules.title, m);
    take(&mut listing, "date", &mut rules.date, m);
    take(&mut listing, "next", &mut rules.next, m);
    listing.close(m);
    let mut article = section.inner("article", m);
    take(&mut article, "title", &mut rules.article_title, m);
    take(&mut article, "body", &mut rules.article_body, m);
    take(&mut article, "date", &mut rules.article_date, m);
    take(&mut article, "image", &mut rules.article_image, m);
    let remove = article.strings("remove", m);
    if !remove.is_empty() {
        written = true;
        rules.remove = remove.into_iter().map(|at| at.value).collect();
    }
    article.close(m);
    if let Some(at) = section.string("date_order", m) {
        written = true;
        let order = read(&at, m, |text| match text {
            "mdy" => Ok(DateOrder::Mdy),
            "dmy" => Ok(DateOrder::Dmy),
            _ => Err(format!("unable to use {text:?} as a date order: allowed are \"mdy\" and \"dmy\"")),
        });
        rules.date_order = order.unwrap_or_default();
    }
    if let Some(at) = section.boolean("drop_query", m) {
        written = true;
        rules.drop_query = at.value;
    }
    Rules { rules, written, spans }
}

/// The profile that the rules make; a selector that is none is a mistake where it is written.
pub(super) fn compile(found: &Rules, span: &Range<usize>, m: &mut Mistakes<'_>) -> Option<Arc<Profile>> {
    match Profile::compile(&found.rules) {
        Ok(profile) => Some(Arc::new(profile)),
        Err(bad) => {
            let text = bad.to_string();
            let place =
                found.spans.iter().find(|(key, _)| text.contains(&format!(".{key}"))).map_or(span, |(_, at)| at);
            m.add(place, text);
            None
        }
    }
}

/// Every `[[profile]]`, by its name.
pub(super) fn profiles(sections: Vec<Section<'_, '_>>, m: &mut Mistakes<'_>) -> BTreeMap<String, Arc<Profile>> {
    let mut profiles = BTreeMap::new();
    for mut section in sections {
        let span = section.span.clone();
        let Some(name) = section.string("name", m) else {
            m.add(&span, "unable to use this [[profile]]: it has no name");
            continue;
        };
        let found = rules(&mut section, None, &name.value, m);
        if let Some(profile) = compile(&found, &span, m)
            && profiles.insert(name.value.clone(), profile).is_some()
        {
            m.add(&name.span, format!("unable to use the profile {:?} twice: give each its own name", name.value));
        }
        section.close(m);
    }
    profiles
}
