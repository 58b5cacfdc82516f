//! Is the store whole? Every article has all its keys and the reverse, the log has no gap, stories and members agree.
//! It only reads, and names each problem instead of stopping at the first.

use std::collections::{HashMap, HashSet};

use super::record::decode;
use super::sled::{article_id, number};
use super::{Change, Sled, StoreError};
use crate::article::{Article, ArticleId, Story, StoryId};

/// What a check of the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VerifyReport {
    /// Articles, withdrawn ones among them.
    pub articles: u64,
    /// Stories.
    pub stories: u64,
    /// Entries of the change log.
    pub changes: u64,
    /// The last opening that was not an ordinary one: when, and what it took.
    #[serde(default)]
    pub opening: Option<String>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    /// What was put right before the check, where that was asked for.
    #[serde(default)]
    pub repaired: Vec<String>,
}

const HASH: &str = "exact hash";

pub(super) fn sled(store: &Sled) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let mut of_article: HashMap<ArticleId, StoryId> = HashMap::new();
    let mut exact: HashMap<ArticleId, u64> = HashMap::new();
    for row in store.articles.iter() {
        let (key, value) = row?;
        report.articles += 1;
        let article: Article = match decode(&format!("article {}", hex(&key)), &value) {
            Ok(article) => article,
            Err(error) => {
                report.problems.push(error.to_string());
                continue;
            }
        };
        if key.as_ref() != article.id.0.as_bytes() {
            report.problems.push(format!("the article {} is stored under another id", article.id));
        }
        for url in std::iter::once(&article.canonical).chain(&article.aliases) {
            match store.urls.get(url)? {
                None => report.problems.push(format!("the article {} has no key for {url}", article.id)),
                // Another spelling may be another article's, which claimed it first.
                Some(to) if *url == article.canonical && to != key => {
                    report
                        .problems
                        .push(format!("the address {url} leads elsewhere than to its article {}", article.id));
                }
                Some(_) => {}
            }
        }
        if store.exact.get(article.fingerprint.exact.to_be_bytes())?.is_none() {
            report.problems.push(format!("the article {} has no key for its exact hash", article.id));
        }
        report.problems.extend(store.check_heading(&article)?);
        of_article.insert(article.id, article.story);
        exact.insert(article.id, article.fingerprint.exact);
    }
    report.problems.extend(store.stray_headings()?);
    for (name, tree) in [("address", &store.urls), (HASH, &store.exact)] {
        for row in tree.iter() {
            let (key, value) = row?;
            let problem = match article_id(name, &value) {
                Err(error) => error.to_string(),
                Ok(id) => match exact.get(&id) {
                    None => format!("the {name} {} leads to the article {id}, which is not there", hex(&key)),
                    Some(exact) if name == HASH && *exact != number(&key) => {
                        format!("the {name} {} leads to the article {id}, which has another", hex(&key))
                    }
                    Some(_) => continue,
                },
            };
            report.problems.push(problem);
        }
    }
    let mut members: HashMap<ArticleId, StoryId> = HashMap::new();
    for row in store.stories.iter() {
        let (key, value) = row?;
        report.stories += 1;
        let story: Story = match decode(&format!("story {}", hex(&key)), &value) {
            Ok(story) => story,
            Err(error) => {
                report.problems.push(error.to_string());
                continue;
            }
        };
        for entry in &story.entries {
            if !story.members.contains(&entry.lead) {
                report.problems.push(format!("the story {} is led by {}, no member of it", story.id, entry.lead));
            }
        }
        members.extend(story.members.iter().map(|member| (*member, story.id)));
    }
    for (article, story) in &of_article {
        if members.get(article) != Some(story) {
            report.problems.push(format!("the article {article} names the story {story}, which does not name it"));
        }
    }
    for (article, story) in members.iter().filter(|(article, _)| !of_article.contains_key(article)) {
        report.problems.push(format!("the story {story} names the article {article}, which is not there"));
    }
    let mut named: HashSet<ArticleId> = HashSet::new();
    for row in store.log.iter() {
        let (key, value) = row?;
        report.changes += 1;
        if number(&key) != report.changes {
            report.problems.push(format!("the log jumps to {} where {} is due", number(&key), report.changes));
        }
        match decode::<Change>(&format!("change {}", number(&key)), &value) {
            Ok(change) if of_article.contains_key(&change.article_id) => {
                named.insert(change.article_id);
            }
            Ok(change) => report
                .problems
                .push(format!("the change {} names the article {}, which is not there", change.seq, change.article_id)),
            Err(error) => report.problems.push(error.to_string()),
        }
    }
    for article in of_article.keys().filter(|id| !named.contains(id)) {
        report.problems.push(format!("the log does not name the article {article}"));
    }
    let head = store.head()?.seq;
    if head != report.changes {
        report.problems.push(format!("the head says {head}, and the log has {} entries", report.changes));
    }
    Ok(report)
}

fn hex(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|b| format!("{b:02x}")).collect())
}
