//! `[feed]`: what feeds say of themselves, and which hubs besides our own are told of changes. It asks no hub anything.

use url::Url;

use super::FeedDefaults;
use super::mistake::Mistakes;
use super::raw::Section;
use super::validate::{read, within};
use crate::query::Body;

/// More would be asked at every change, for nobody's good.
const MOST_HUBS: usize = 8;

pub(super) fn feed(mut section: Section<'_, '_>, public_url: &Url, m: &mut Mistakes<'_>) -> FeedDefaults {
    let title = section.string("title", m).map_or_else(|| "News".to_owned(), |at| at.value);
    let description = section.string("description", m).map(|at| at.value).filter(|text| !text.trim().is_empty());
    let limit = section.integer("limit", m).and_then(|at| within(&at, 1, 200, "feed.limit", m)).unwrap_or(50);
    let body = section.string("body", m).and_then(|at| read(&at, m, body)).unwrap_or(Body::Summary);
    let rights = section.string("rights", m).map(|at| at.value);
    let written = section.strings("hubs", m);
    let mut hubs = Vec::new();
    for at in &written {
        let Some(url) = read(at, m, |text| hub(text, public_url)) else { continue };
        if hubs.contains(&url) {
            m.add(&at.span, format!("unable to use the hub {:?} twice: drop one", at.value));
        } else if hubs.len() == MOST_HUBS {
            m.add(&at.span, format!("unable to use the hub {:?}: the most are {MOST_HUBS}", at.value));
        } else {
            hubs.push(url);
        }
    }
    section.close(m);
    FeedDefaults { title, description, limit: limit as u16, body, rights, hubs }
}

pub(super) fn body(text: &str) -> Result<Body, String> {
    match text {
        "summary" => Ok(Body::Summary),
        "full" => Ok(Body::Full),
        "none" => Ok(Body::None),
        _ => Err(format!("unable to use {text:?} as a body: allowed are \"summary\", \"full\" and \"none\"")),
    }
}

/// Readers are sent there, so it holds no password; and it is not our own, which knows by itself.
fn hub(text: &str, public_url: &Url) -> Result<Url, String> {
    let shown = if text.contains('@') { "…" } else { text };
    let wrong = |why: &str| {
        format!("unable to use {shown:?} as a hub: {why}; write its whole address, such as \"https://hub.example/\"")
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("its scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("it carries a user name, a password or a fragment"));
    }
    if public_url.join("hub").is_ok_and(|own| own == url) {
        return Err(wrong("it is this server's own, which every feed names already"));
    }
    Ok(url)
}
