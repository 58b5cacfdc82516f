//! A profile proposed from a listing and two or more of its articles, for `depeche profile`. It is tried on the very pages
//! before it is shown: what it finds there is told with it. It decides nothing; an admin does.

mod article;
mod listing;
mod selector;

use serde::Serialize;
use url::Url;

use super::page::Page;
use super::{DateOrder, ExtractError, PageInput, Profile, ProfileRules};
use crate::article::ExtractedBy;

/// A proposal, and what it finds on the pages that it was made from.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The rules. A key that is none could not be told, or is not needed.
    pub rules: ProfileRules,
    /// What the listing gives by them.
    pub listing: Trial,
    /// What each article gives.
    pub articles: Vec<TrialOfArticle>,
}

/// What a proposed profile finds on the listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Cards.
    pub items: usize,
    /// Articles.
    pub candidates: usize,
    /// Those with a date.
    pub dated: usize,
    /// True when the listing shows two of the articles, so that cards could be told.
    pub told: bool,
}

/// What a proposed profile finds on one article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialOfArticle {
    /// Its address.
    pub url: Url,
    /// Its title by the profile.
    pub title: String,
    /// Its date.
    pub published: Option<String>,
    /// Words of its text by the profile,
    pub words: usize,
    /// and by the generic rules.
    pub words_of_generic: usize,
    /// True when the body is the profile's.
    pub by_profile: bool,
}

/// Proposes a profile of this name. `articles` are pages that the listing links, each with the address that it is linked by.
pub fn propose(
    name: &str,
    listing: &PageInput<'_>,
    articles: &[(Url, PageInput<'_>)],
) -> Result<Proposal, ExtractError> {
    let mut rules = ProfileRules { name: name.to_owned(), date_order: DateOrder::default(), ..ProfileRules::default() };
    let page = Page::parse(listing)?;
    let urls: Vec<Url> = articles.iter().map(|(linked, _)| linked.clone()).collect();
    let told = listing::propose(&page, &urls, &mut rules).is_some();
    let mut read = Vec::with_capacity(articles.len());
    for (_, input) in articles {
        read.push((Page::parse(input)?, super::article(input, None)?));
    }
    article::propose(&read, &mut rules);
    // Ours are made of names that were read from the page: one that does not compile is a defect, and left out.
    let profile = Profile::compile(&rules).map_err(|bad| ExtractError::Proposal { why: bad.to_string() })?;
    let found = super::listing(listing, Some(&profile))?;
    let listing = Trial {
        items: found.items_matched,
        candidates: found.candidates.len(),
        dated: found.candidates.iter().filter(|candidate| candidate.date.is_some()).count(),
        told,
    };
    let words = |text: &str| text.split_whitespace().count();
    let mut trials = Vec::with_capacity(articles.len());
    for ((_, input), (_, generic)) in articles.iter().zip(&read) {
        let article = super::article(input, Some(&profile))?;
        trials.push(TrialOfArticle {
            url: input.url.clone(),
            by_profile: article.by == ExtractedBy::Profile(rules.name.clone()),
            title: article.title,
            published: article.published.map(|date| date.to_rfc3339()),
            words: words(&article.text),
            words_of_generic: words(&generic.text),
        });
    }
    Ok(Proposal { rules, listing, articles: trials })
}
