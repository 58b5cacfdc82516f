//! `[[webhook]]`: whom it tells, of what, and under which secret. It never keeps the name of a secret's variable, nor
//! names a secret's value in a mistake.

use std::collections::HashSet;

use url::Url;

use super::mistake::Mistakes;
use super::raw::{At, Section};
use super::validate::{read, within};
use crate::deliver::{Format, Hook, Secret};
use crate::edition::Asked;
use crate::query::{Query, Vocabulary};

pub(super) fn webhooks(
    sections: Vec<Section<'_, '_>>,
    environment: Option<&[(String, String)]>,
    known: &Vocabulary,
    m: &mut Mistakes<'_>,
) -> Vec<Hook> {
    let mut names = HashSet::new();
    let hooks = sections.into_iter().filter_map(|section| webhook(section, environment, &mut names, known, m));
    hooks.collect()
}

fn webhook(
    mut section: Section<'_, '_>,
    environment: Option<&[(String, String)]>,
    names: &mut HashSet<String>,
    known: &Vocabulary,
    m: &mut Mistakes<'_>,
) -> Option<Hook> {
    let span = section.span.clone();
    let (name, url) = (section.string("name", m), section.string("url", m));
    if name.is_none() || url.is_none() {
        m.add(&span, "unable to use this [[webhook]]: it needs a name and a url");
    }
    let name = name.filter(|at| fits(at, names, m));
    let url = url.and_then(|at| read(&at, m, address));
    let secret = section.string("secret_env", m).and_then(|at| secret(&at, environment?, m));
    let query = section.string("query", m);
    let events = section.strings("events", m);
    let (health, articles) = told_of(&events, query.is_some(), m);
    if let Some(at) = query.as_ref().filter(|_| !articles) {
        m.add(
            &at.span,
            "unable to use this query: it chooses articles, and events leaves them out; add \"articles\" or drop it",
        );
    }
    let asked = match &query {
        Some(at) => read(at, m, |text| asked(text, known)),
        None => Some(Asked::default()),
    };
    let format = section.string("format", m).and_then(|at| read(&at, m, format)).unwrap_or(Format::Json);
    let batch = section.integer("batch", m).and_then(|at| within(&at, 1, 100, "webhook.batch", m)).unwrap_or(10);
    section.close(m);
    let (name, url) = (name?.value, url?);
    Some(Hook { name, url, secret, format, batch: batch as usize, health, articles: asked.filter(|_| articles) })
}

/// The address may be a secret: a mistake does not repeat it.
fn address(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("unable to use this webhook's url: {why}; write https://… without a user name");
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Ok(url),
        "http" | "https" => Err(wrong("it carries a user name or password")),
        _ => Err(wrong("its scheme is neither http nor https")),
    }
}

/// The filters of a feed, without those that say how far back one looks: a hook is told of what comes.
fn asked(text: &str, known: &Vocabulary) -> Result<Asked, String> {
    let asked = Asked::parse(text, known).map_err(|error| error.to_string())?;
    let Query { since, until, limit, prefer, .. } = &asked.query;
    let given = [
        ("since", since.is_some()),
        ("until", until.is_some()),
        ("limit", limit.is_some()),
        ("prefer", prefer.is_some()),
        ("archive", asked.archive.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(format!(
            "unable to use {name} in a webhook's query: it is told of each entry as it comes; allowed are country, region, theme, lang, source, q, exclude, dedupe, body, explain and ui"
        )),
        None => Ok(asked),
    }
}

/// The name stands in keys and metrics.
fn fits(at: &At<String>, names: &mut HashSet<String>, m: &mut Mistakes<'_>) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if at.value.is_empty() || at.value.len() > 64 || !at.value.bytes().all(allowed) {
        let message = format!(
            "unable to use {:?} as a webhook's name: write up to 64 lower-case letters, digits and hyphens",
            at.value
        );
        m.add(&at.span, message);
        return false;
    }
    if !names.insert(at.value.clone()) {
        m.add(&at.span, format!("unable to use the webhook name {:?} twice: choose another", at.value));
        return false;
    }
    true
}

/// A hook that was to be signed is never posted to unsigned: a missing secret is a mistake.
fn secret(at: &At<String>, environment: &[(String, String)], m: &mut Mistakes<'_>) -> Option<Secret> {
    let found = environment.iter().find(|(key, value)| *key == at.value && !value.is_empty());
    if found.is_none() {
        let message = format!(
            "unable to sign for this webhook: the environment variable {:?} that secret_env names is missing or empty",
            at.value
        );
        m.add(&at.span, message);
    }
    found.map(|(_, value)| Secret::new(value.clone()))
}

/// Of health unless it says otherwise; a query means articles.
fn told_of(events: &[At<String>], query: bool, m: &mut Mistakes<'_>) -> (bool, bool) {
    let (mut health, mut articles) = (events.is_empty() && !query, events.is_empty() && query);
    for at in events {
        match at.value.as_str() {
            "health" => health = true,
            "articles" => articles = true,
            other => {
                m.add(&at.span, format!("unable to use {other:?} as an event: allowed are \"health\" and \"articles\""))
            }
        }
    }
    (health, articles)
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "json" => Ok(Format::Json),
        "slack" => Ok(Format::Slack),
        "teams" => Ok(Format::Teams),
        _ => {
            Err(format!("unable to use {text:?} as a webhook's format: allowed are \"json\", \"slack\" and \"teams\""))
        }
    }
}
