//! `/health/sources.atom`: alarms as a feed, one entry an alarm. It never carries news, and no news feed carries it.

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};

use super::answer::Parameters;
use super::{Problem, Shared, Site};
use crate::article::Language;
use crate::health::{Alarm, Words};
use crate::publish::{self, Entry, Feed, Format, Origin};

pub(super) async fn atom(State(site): Shared, uri: Uri) -> Result<Response, Problem> {
    let ui = Parameters::of(&uri, &["ui"]).interface()?;
    let ledger = site.store.alarms().await?;
    let mut entries: Vec<Entry> = ledger.alarms.iter().map(|alarm| entry(&site, ui, alarm)).collect();
    entries.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
    let address = |tail: &str| format!("{}health{tail}", site.edition.public_url);
    let (name, description) = match ui {
        Language::FR => ("état des sources", "Sources qui demandent de l’attention, et celles qui sont rétablies."),
        _ => ("state of the sources", "Sources that need a look, and those that recovered."),
    };
    let feed = Feed {
        id: address("/sources.atom"),
        title: format!("{} – {name}", site.edition.feed.title),
        description: description.to_owned(),
        home_url: address(&format!("?ui={}", ui.tag())),
        self_url: address(&if ui == Language::FR {
            "/sources.atom?ui=fr".to_owned()
        } else {
            "/sources.atom".to_owned()
        }),
        hubs: Vec::new(),
        language: Some(ui),
        ui,
        updated: entries.first().map_or_else(Default::default, |entry| entry.updated),
        rights: None,
        author: site.edition.feed.title.clone(),
        history: publish::History::default(),
        entries,
    };
    let bytes = publish::render(&feed, Format::Atom)
        .map_err(|error| super::answer::internal("the feed could not be written", &error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, Format::Atom.content_type()), (header::CACHE_CONTROL, "no-store")], bytes)
        .into_response())
}

/// An alarm keeps its id; what changes of it moves `updated`.
fn entry(site: &Site, ui: Language, alarm: &Alarm) -> Entry {
    let own = |words: Words| if ui == Language::FR { words.fr } else { words.en };
    let mut lines = Vec::new();
    if alarm.over.is_none() {
        lines.push(own(alarm.advice.clone()));
    }
    lines.extend(alarm.selector().map(|selector| format!("CSS: {selector}")));
    let names: Vec<String> = alarm.sources.iter().map(|m| format!("{} ({}: {})", m.name, m.id, m.state)).collect();
    if !names.is_empty() {
        lines.push(names.join(", "));
    }
    let to = alarm.sources.first().map(|member| format!("#source-{}", member.id)).unwrap_or_default();
    Entry {
        id: alarm.id.urn().to_string(),
        url: format!("{}health?ui={}{to}", site.edition.public_url, ui.tag()),
        title: own(alarm.headline()),
        language: ui,
        published: alarm.raised,
        updated: alarm.updated,
        authors: Vec::new(),
        summary: Some(lines.join(" · ")),
        content: None,
        categories: Vec::new(),
        image: None,
        attachments: Vec::new(),
        source: Origin { id: String::new(), name: String::new(), url: String::new() },
        also: Vec::new(),
        translations: Vec::new(),
        rights: None,
        extension: serde_json::Value::Null,
    }
}
