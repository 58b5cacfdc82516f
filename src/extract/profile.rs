//! A site's profile: selectors as configured, and compiled.
//!
//! A comma in a selector gives alternatives, tried in the order they are written. Nothing here reads a page.

use scraper::Selector;

/// How numeric dates are read when both readings are possible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// Month first, as `07/30/2016`.
    Mdy,
    /// Day first, as `30/07/2016`.
    #[default]
    Dmy,
}

/// A profile as configured: text only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileRules {
    /// Its name.
    pub name: String,
    /// `listing.container`: there on every listing, even an empty one.
    pub container: Option<String>,
    /// `listing.item`: one article's card.
    pub item: Option<String>,
    /// `listing.link`: the link in the card.
    pub link: Option<String>,
    /// `listing.title`: the title in the card.
    pub title: Option<String>,
    /// `listing.date`: the date in the card.
    pub date: Option<String>,
    /// `listing.next`: the link to the next page.
    pub next: Option<String>,
    /// `article.title`.
    pub article_title: Option<String>,
    /// `article.body`.
    pub article_body: Option<String>,
    /// `article.date`.
    pub article_date: Option<String>,
    /// `article.image`.
    pub article_image: Option<String>,
    /// `article.remove`: what never belongs to the body.
    pub remove: Vec<String>,
    /// How numeric dates are read.
    pub date_order: DateOrder,
    /// Whether unknown query parameters are dropped from addresses; kept here for whoever canonicalises.
    pub drop_query: bool,
}

/// A selector that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to use {selector:?} as {key}: {why}")]
pub struct BadSelector {
    /// The configuration key, such as `article.body`.
    pub key: &'static str,
    /// The selector as written.
    pub selector: String,
    /// What is wrong with it.
    pub why: String,
}

/// Alternatives of one key, in order.
pub(super) type Alternatives = Vec<Selector>;

/// A compiled profile.
#[derive(Debug, Clone)]
pub struct Profile {
    rules: ProfileRules,
    pub(super) container: Alternatives,
    pub(super) item: Alternatives,
    pub(super) link: Alternatives,
    pub(super) title: Alternatives,
    pub(super) date: Alternatives,
    pub(super) next: Alternatives,
    pub(super) article_title: Alternatives,
    pub(super) article_body: Alternatives,
    pub(super) article_date: Alternatives,
    pub(super) article_image: Alternatives,
    pub(super) remove: Alternatives,
}

impl Profile {
    /// Compiles every selector, or names the first that is wrong.
    pub fn compile(rules: &ProfileRules) -> Result<Profile, BadSelector> {
        let one = |key, text: &Option<String>| text.as_deref().map_or(Ok(Vec::new()), |text| alternatives(key, text));
        let mut remove = Vec::new();
        for text in &rules.remove {
            remove.extend(alternatives("article.remove", text)?);
        }
        Ok(Profile {
            container: one("listing.container", &rules.container)?,
            item: one("listing.item", &rules.item)?,
            link: one("listing.link", &rules.link)?,
            title: one("listing.title", &rules.title)?,
            date: one("listing.date", &rules.date)?,
            next: one("listing.next", &rules.next)?,
            article_title: one("article.title", &rules.article_title)?,
            article_body: one("article.body", &rules.article_body)?,
            article_date: one("article.date", &rules.article_date)?,
            article_image: one("article.image", &rules.article_image)?,
            remove,
            rules: rules.clone(),
        })
    }

    /// The rules it was compiled from.
    pub fn rules(&self) -> &ProfileRules {
        &self.rules
    }

    /// True where it says where bodies stand.
    pub fn describes_body(&self) -> bool {
        self.rules.article_body.is_some()
    }
}

fn alternatives(key: &'static str, text: &str) -> Result<Alternatives, BadSelector> {
    split(text)
        .into_iter()
        .map(|part| {
            let bad = |why: String| BadSelector { key, selector: text.to_owned(), why };
            if part.trim().is_empty() {
                return Err(bad("an alternative is empty; remove the comma or write a selector".to_owned()));
            }
            Selector::parse(part.trim()).map_err(|error| bad(error.to_string()))
        })
        .collect()
}

/// Splits at commas that stand outside brackets and quotes.
pub(super) fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0i32);
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (_, '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A profile for today's IOM sites.
    fn g2() -> ProfileRules {
        let some = |text: &str| Some(text.to_owned());
        ProfileRules {
            name: "iom".to_owned(),
            container: some("div.view-content, main"),
            item: some("div.views-row, div.article-detail"),
            link: some("a[href]"),
            title: some("h5.title"),
            date: some("div.date"),
            next: some("ul.pagination a[rel=next]"),
            article_title: some("h1"),
            article_body: some("div.narrow-content div.field--type-text-with-summary, div.field--name-body"),
            article_date: None,
            article_image: None,
            remove: vec![],
            date_order: DateOrder::Mdy,
            drop_query: true,
        }
    }

    #[test]
    fn commas_give_alternatives_but_not_inside_brackets() {
        assert_eq!(split("a, b:is(c, d), e[x=\",\"]"), ["a", " b:is(c, d)", " e[x=\",\"]"]);
        assert_eq!(Profile::compile(&g2()).unwrap().article_body.len(), 2);
    }

    #[test]
    fn a_bad_selector_is_named_with_its_key() {
        let rules = ProfileRules { article_body: Some("div..x".to_owned()), ..g2() };
        let bad = Profile::compile(&rules).unwrap_err();
        assert_eq!((bad.key, bad.selector.as_str()), ("article.body", "div..x"));
        let rules = ProfileRules { remove: vec!["p,".to_owned()], ..g2() };
        assert!(Profile::compile(&rules).unwrap_err().to_string().contains("article.remove"));
    }
}
