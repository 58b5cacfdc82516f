//! Articles as the receiver of a webhook reads them: items of a JSON Feed, Slack, Teams. Pure: the same notices give the
//! same bytes. It shows what the feed of the hook's query would show, and no more.

use serde_json::{Value, json};
use uuid::Uuid;

use super::render::{card, plain, slack};
use super::{Format, Hook};
use crate::article::Language;
use crate::edition::{Event, Notice};
use crate::publish::json_item;

/// What goes into one post.
#[derive(Debug)]
pub struct Digest<'a> {
    /// The page of the hook's query, for people to go on from.
    pub page: &'a str,
    /// The language of the words around an article, for Slack and Teams.
    pub ui: Language,
    /// In the order in which it happened.
    pub notices: &'a [Notice],
}

impl Digest<'_> {
    /// The body of a post under this id.
    pub fn render(&self, id: Uuid, hook: &Hook) -> String {
        let body = match hook.format {
            Format::Json => {
                let messages: Vec<Value> = self.notices.iter().map(fields).collect();
                json!({"type": "articles", "id": id, "page": self.page, "messages": messages})
            }
            Format::Slack => {
                let texts: Vec<String> = self.notices.iter().map(|notice| self.slack(notice)).collect();
                json!({"text": format!("{}\n\n<{}>", texts.join("\n\n"), slack(self.page))})
            }
            Format::Teams => card(self.page, self.notices.iter().map(|notice| self.teams(notice))),
        };
        body.to_string()
    }

    fn slack(&self, notice: &Notice) -> String {
        // A bar ends the address of a link.
        let url = slack(&notice.url).replace('|', "%7C");
        let title = slack(&self.headline(notice));
        let mut lines = vec![format!("*<{url}|{title}>*")];
        lines.extend(self.details(notice).iter().map(|line| slack(line)));
        lines.join("\n")
    }

    fn teams(&self, notice: &Notice) -> Vec<String> {
        // A bracket ends the address of a link.
        let url = notice.url.replace('(', "%28").replace(')', "%29");
        let mut lines = vec![format!("[{}]({url})", plain(&self.headline(notice)))];
        lines.extend(self.details(notice).iter().map(|line| plain(line)));
        lines
    }

    /// The title, and what happened where that is not that it came.
    fn headline(&self, notice: &Notice) -> String {
        let french = self.ui == Language::FR;
        let title = notice.entry.as_ref().map_or(&notice.url, |entry| &entry.title);
        match (notice.event, french) {
            (Event::Created, _) => title.clone(),
            (Event::Revised, false) => format!("Updated: {title}"),
            (Event::Revised, true) => format!("Mis à jour : {title}"),
            (Event::Withdrawn, false) => format!("Withdrawn: {title}"),
            (Event::Withdrawn, true) => format!("Retiré : {title}"),
        }
    }

    /// Where it comes from, its countries and themes, and the summary where that may be shown.
    fn details(&self, notice: &Notice) -> Vec<String> {
        let Some(entry) = &notice.entry else { return Vec::new() };
        let labels = entry.categories.iter().map(|category| category.label.clone());
        let parts: Vec<String> = std::iter::once(entry.source.name.clone()).chain(labels).collect();
        let mut lines = vec![parts.join(" · ")];
        lines.extend(entry.summary.clone().filter(|summary| !summary.is_empty()));
        lines
    }
}

/// Every field; README.md documents them.
fn fields(notice: &Notice) -> Value {
    let event = match notice.event {
        Event::Created => "created",
        Event::Revised => "revised",
        Event::Withdrawn => "withdrawn",
    };
    json!({
        "event": event,
        "at": notice.at,
        "id": notice.id,
        "url": notice.url,
        "item": notice.entry.as_ref().map(json_item),
    })
}
