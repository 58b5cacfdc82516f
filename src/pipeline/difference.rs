//! What differs between two records of one article, field by field: what the log names and what an admin is shown.
//! It never counts what is given once: identity, dates, story, addresses that led here.

use serde::{Deserialize, Serialize};

use crate::article::{Article, fold};
use crate::dedup;

/// A field that is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name, as in the change log.
    pub field: String,
    /// What it was, in brief.
    pub before: String,
    /// What it is, in brief.
    pub after: String,
}

/// Names of the fields that differ, in a fixed order.
pub(super) fn fields(before: &Article, after: &Article) -> Vec<String> {
    let tags = |a: &Article| a.countries.iter().map(|t| t.country).collect::<Vec<_>>();
    let themes = |a: &Article| a.themes.iter().map(|t| t.theme.clone()).collect::<Vec<_>>();
    let all = [
        ("title", before.title != after.title),
        ("text", before.text != after.text),
        ("html", before.html != after.html),
        ("summary", before.summary != after.summary),
        ("authors", before.authors != after.authors),
        ("image", before.image != after.image),
        ("attachments", before.attachments != after.attachments),
        ("url", before.url != after.url),
        ("language", before.language.language != after.language.language),
        ("countries", tags(before) != tags(after)),
        ("themes", themes(before) != themes(after)),
        ("news", before.news != after.news),
        ("office", before.office != after.office),
        ("by", before.by != after.by),
        ("contact", before.contact != after.contact),
        ("credit", before.credit != after.credit),
        ("alternates", before.alternates != after.alternates),
        ("node_id", before.node_id != after.node_id),
        ("fingerprint", before.fingerprint != after.fingerprint),
        (
            "evidence",
            before.language != after.language || before.countries != after.countries || before.themes != after.themes,
        ),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

/// The fields that differ, each in brief. What follows from another one goes without saying.
pub(super) fn brief(before: &Article, after: &Article) -> Vec<FieldChange> {
    let names = fields(before, after);
    let any = |of: &[&str]| names.iter().any(|name| of.contains(&name.as_str()));
    let follows = |name: &str| match name {
        "html" | "fingerprint" => any(&["text"]),
        "evidence" => any(&["text", "language", "countries", "themes"]),
        _ => false,
    };
    let shown = names.iter().filter(|name| !follows(name));
    shown
        .map(|name| {
            let (before, after) = match name.as_str() {
                "title" => around(&before.title, &after.title),
                "text" => lengths(&before.text, &after.text),
                "html" => lengths(before.html.as_str(), after.html.as_str()),
                "summary" => around(&before.summary, &after.summary),
                name => (value(before, name), value(after, name)),
            };
            FieldChange { field: name.clone(), before, after }
        })
        .collect()
}

fn value(article: &Article, name: &str) -> String {
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let option = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    match name {
        "authors" => list(article.authors.clone()),
        "image" => option(article.image.as_ref().map(|image| image.url.to_string())),
        "attachments" => list(article.attachments.iter().map(|a| a.url.to_string()).collect()),
        "url" => article.url.clone(),
        "language" => article.language.language.to_string(),
        "countries" => list(article.countries.iter().map(|t| t.country.to_string()).collect()),
        "themes" => list(article.themes.iter().map(|t| t.theme.to_string()).collect()),
        "news" => article.news.to_string(),
        "office" => option(article.office.map(|country| country.to_string())),
        "by" => match &article.by {
            crate::article::ExtractedBy::Profile(name) => format!("profile {name}"),
            other => format!("{other:?}").to_lowercase(),
        },
        "contact" => option(article.contact.as_deref().map(clip)),
        "credit" => option(article.credit.as_deref().map(clip)),
        "alternates" => list(article.alternates.iter().map(|a| a.language.to_string()).collect()),
        "node_id" => option(article.node_id.clone()),
        _ => "rules".to_owned(),
    }
}

/// Characters that are shown of a text.
const SHOWN: usize = 60;

fn clip(text: &str) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    format!("{}…", line.chars().take(SHOWN).collect::<String>())
}

/// Both texts from shortly before the place where they part.
fn around(before: &str, after: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let begin = same.saturating_sub(SHOWN / 3);
    let show = |text: &[char]| {
        let rest: String = text.iter().skip(begin).collect();
        let lead = if begin > 0 { "…" } else { "" };
        format!("{lead}{}", clip(&rest))
    };
    (show(&a), show(&b))
}

fn lengths(before: &str, after: &str) -> (String, String) {
    let (a, b) = around(before, after);
    let count = |text: &str| text.chars().count();
    (format!("{} characters: {a}", count(before)), format!("{} characters: {b}", count(after)))
}

/// True for a change that a reader should be told: of title, of figures, or of more than a few words. White space, accents
/// and punctuation are not.
pub(super) fn is_material(before: &Article, after: &Article) -> bool {
    words(&before.title) != words(&after.title)
        || dedup::figures(&before.text) != dedup::figures(&after.text)
        || words_changed(&before.text, &after.text) > 5
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Words that stand in one text and not in the other, counted with their repeats.
fn words_changed(before: &str, after: &str) -> usize {
    let (mut a, mut b) = (words(before), words(after));
    a.sort();
    b.sort();
    let (mut i, mut j, mut changed) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Equal => (i, j) = (i + 1, j + 1),
            std::cmp::Ordering::Less => (i, changed) = (i + 1, changed + 1),
            std::cmp::Ordering::Greater => (j, changed) = (j + 1, changed + 1),
        }
    }
    changed + (a.len() - i) + (b.len() - j)
}
