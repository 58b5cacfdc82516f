//! Messages about alarms as a receiver reads them: JSON of ours, Slack, Teams. Pure: the same messages give the same bytes.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Format;
use crate::health::{Member, Message};

/// The body of one post. `page` is the health page, for people to go on from.
pub fn render(format: Format, id: Uuid, page: &str, messages: &[Message]) -> String {
    let body = match format {
        Format::Json => {
            json!({"type": "health", "id": id, "page": page, "messages": messages.iter().map(fields).collect::<Vec<_>>()})
        }
        Format::Slack => {
            let texts: Vec<String> = messages.iter().map(|m| slack(&lines(m).join("\n"))).collect();
            json!({"text": format!("{}\n<{}>", texts.join("\n\n"), slack(page))})
        }
        Format::Teams => teams(page, messages),
    };
    body.to_string()
}

/// Every field, flat; README.md documents them.
fn fields(message: &Message) -> Value {
    let alarm = &message.alarm;
    json!({
        "event": message.event,
        "at": message.at,
        "alarm": alarm.id,
        "subject": alarm.subject,
        "state": alarm.state(),
        "raised": alarm.raised,
        "over": alarm.over,
        "title": message.title(),
        "reason": alarm.reason,
        "advice": alarm.advice,
        "about": message.about,
        "sources": alarm.sources,
    })
}

/// What people read, line by line, in English: whoever runs it shares a channel, and French is in the JSON.
fn lines(message: &Message) -> Vec<String> {
    let alarm = &message.alarm;
    let mut lines = vec![message.title().en];
    if alarm.over.is_none() {
        lines.extend(alarm.selector().map(|selector| format!("Selector: {selector}")));
        lines.push(format!("Since {}. Try: {}", alarm.raised, alarm.advice.en));
    }
    let mut list = |label: &str, members: &[Member]| {
        if !members.is_empty() {
            let names: Vec<String> = members.iter().map(|s| format!("{} ({}: {})", s.name, s.id, s.state)).collect();
            lines.push(format!("{label}: {}", names.join(", ")));
        }
    };
    list("Sources", &message.about);
    if alarm.over.is_none() && message.about != alarm.sources {
        list("All of this alarm", &alarm.sources);
    }
    lines
}

/// Slack reads `<!channel>` as a call to everyone: nothing of ours may say that.
pub(super) fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Teams reads Markdown in a card's text; a backslash keeps it plain.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '\\' | '*' | '_' | '[' | ']' | '`' | '~' | '<' | '>' | '#').then_some('\\');
            escape.into_iter().chain(std::iter::once(c))
        })
        .collect()
}

fn teams(page: &str, messages: &[Message]) -> Value {
    let texts = messages.iter().map(|message| lines(message).iter().map(|line| plain(line)).collect());
    card(page, texts)
}

/// A card of messages, each of lines in Markdown, the first of which stands out.
pub(super) fn card(page: &str, messages: impl Iterator<Item = Vec<String>>) -> Value {
    let mut body = Vec::new();
    for message in messages {
        for (line, text) in message.iter().enumerate() {
            let weight = if line == 0 { "Bolder" } else { "Default" };
            body.push(json!({
                "type": "TextBlock", "text": text, "wrap": true, "weight": weight, "separator": line == 0,
            }));
        }
    }
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "depeche", "url": page}],
    });
    json!({
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::health::{Cause, Health, Ledger, State, Step, Trouble, Watched};

    fn messages(name: &str) -> Vec<Message> {
        let trouble = Trouble {
            step: Step::Container,
            selector: Some("main > ul.news".into()),
            cause: Cause::MarkupChanged,
            why: "gone".into(),
        };
        let health = Health { state: State::Broken, trouble: Some(trouble), ..Health::default() };
        let watched = [Watched { id: "haiti-fr", name, host: "haiti.example", profile: Some("iom"), health: &health }];
        Ledger::default().look(&watched, None, "2026-11-20T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_format_says_what_where_and_what_to_try() {
        let messages = messages("Haïti");
        for format in [Format::Json, Format::Slack, Format::Teams] {
            let text = render(format, Uuid::nil(), "https://feeds.example/health", &messages);
            let value: Value = serde_json::from_str(&text).unwrap();
            for part in ["Haïti", "haiti-fr", "markup changed", "container", "ul.news", "preview", "/health"] {
                assert!(text.contains(part), "{format:?} lacks {part}: {text}");
            }
            match format {
                Format::Json => {
                    let message = &value["messages"][0];
                    assert_eq!(
                        (&message["event"], &message["state"], &message["subject"]["selector"]),
                        (&json!("raised"), &json!("broken"), &json!("main > ul.news"))
                    );
                    assert_eq!(message["sources"][0], json!({"id": "haiti-fr", "name": "Haïti", "state": "broken"}));
                    assert!(message["title"]["fr"].as_str().unwrap().contains("balisage modifié"));
                }
                Format::Slack => assert!(value["text"].is_string()),
                Format::Teams => assert_eq!(value["attachments"][0]["content"]["type"], "AdaptiveCard"),
            }
        }
    }

    #[test]
    fn a_name_calls_nobody_and_marks_nothing_up() {
        let messages = messages("<!channel> & [x](http://evil.example)");
        let slack = render(Format::Slack, Uuid::nil(), "https://feeds.example/health", &messages);
        assert!(!slack.contains("<!channel>") && slack.contains("&lt;!channel&gt; &amp;"), "{slack}");
        let teams = render(Format::Teams, Uuid::nil(), "https://feeds.example/health", &messages);
        assert!(!teams.contains("[x](") && teams.contains("\\\\[x\\\\]"), "{teams}");
    }
}
