//! What is said of states that come and go, and how often.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::Trouble as Seen;
use super::*;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
}

fn sick(state: State, step: Step, selector: Option<&str>) -> Health {
    let trouble = Seen {
        step,
        selector: selector.map(str::to_owned),
        cause: Cause::MarkupChanged,
        why: "the container is gone".into(),
    };
    Health { state, since: Some(at(0)), trouble: Some(trouble), ..Health::default() }
}

fn well() -> Health {
    Health { state: State::Ok, ..Health::default() }
}

fn outage() -> Outage {
    Outage { since: at(0), failing: 3, tried: 4 }
}

/// Three sources: two of one profile, and one without.
fn look(ledger: &mut Ledger, healths: [&Health; 3], outage: Option<&Outage>, hours: i64) -> Vec<(Event, String)> {
    let ids = [("a", Some("iom")), ("b", Some("iom")), ("c", None)];
    let sources: Vec<Watched<'_>> = (ids.iter().zip(healths))
        .map(|((id, profile), health)| Watched { id, name: id, profile: *profile, health })
        .collect();
    let messages = ledger.look(&sources, outage, at(hours));
    messages
        .into_iter()
        .map(|m| (m.event, m.alarm.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join("+")))
        .collect()
}

#[test]
fn one_message_on_change_one_a_day_and_one_on_recovery() {
    let mut ledger = Ledger::default();
    let (gone, date) =
        (sick(State::Broken, Step::Container, Some("div.list")), sick(State::Degraded, Step::Date, None));
    let (ok, quiet) = (well(), Health::default());
    let said = |event, of: &str| (event, of.to_owned());
    // What shares a profile, a step and a selector is one alarm; quiet is none.
    assert_eq!(look(&mut ledger, [&gone, &gone, &quiet], None, 0), [said(Event::Raised, "a+b")]);
    let titles = ledger.alarms[0].title(Event::Raised);
    assert_eq!(titles.en, "2 sources of the profile iom: markup changed (container)");
    // A restart repeats nothing.
    let text = serde_json::to_string(&ledger).unwrap();
    let mut ledger: Ledger = serde_json::from_str(&text).unwrap();
    assert_eq!(look(&mut ledger, [&gone, &gone, &ok], None, 23), []);
    assert_eq!(
        look(&mut ledger, [&gone, &gone, &date], None, 24),
        [said(Event::Reminder, "a+b"), said(Event::Raised, "c")]
    );
    // Our own network: one alarm, and silence about sources meanwhile.
    assert_eq!(look(&mut ledger, [&ok, &gone, &date], Some(&outage()), 30), [said(Event::Raised, "")]);
    assert_eq!(look(&mut ledger, [&ok, &gone, &date], Some(&outage()), 50), []);
    assert_eq!(
        look(&mut ledger, [&ok, &gone, &date], None, 50),
        [said(Event::Reminder, "b"), said(Event::Reminder, "c"), said(Event::Recovered, ""),]
    );
    // Another step is another alarm, and the old one says that all is not well.
    let now = look(&mut ledger, [&ok, &date, &ok], None, 51);
    assert_eq!(now, [said(Event::Recovered, "b"), said(Event::Recovered, "c"), said(Event::Raised, "b")]);
    assert!(ledger.alarms[0].title(Event::Recovered).en.contains("not well yet"));
    assert_eq!(look(&mut ledger, [&ok, &ok, &ok], None, 52), [said(Event::Recovered, "b")]);
    assert_eq!(ledger.open().count(), 0);
    // What is over leaves the feed in the end.
    look(&mut ledger, [&ok, &ok, &ok], None, 52 + 14 * 24);
    assert_eq!(ledger, Ledger::default());
}

proptest! {
    #[test]
    fn messages_of_an_alarm_alternate_and_reminders_are_a_day_apart(
        steps in prop::collection::vec((0i64..30, prop::array::uniform3(0usize..5), prop::bool::weighted(0.1)), 1..80)
    ) {
        let kinds = [
            well(),
            Health::default(),
            sick(State::Broken, Step::Container, Some("div.list")),
            sick(State::Degraded, Step::Date, None),
            sick(State::Blocked, Step::Fetch, None),
        ];
        let mut ledger = Ledger::default();
        // By subject: whether it is open. By id: when it was last spoken of.
        let (mut open, mut said): (HashMap<String, bool>, HashMap<Uuid, Timestamp>) = (HashMap::new(), HashMap::new());
        let mut hours = 0;
        for (pause, states, down) in steps {
            hours += pause;
            let sources: Vec<Watched<'_>> = [("a", Some("iom")), ("b", Some("iom")), ("c", None)]
                .iter()
                .zip(states)
                .map(|((id, profile), kind)| Watched { id, name: id, profile: *profile, health: &kinds[kind] })
                .collect();
            let outage = outage();
            // Kept across a restart at every step.
            ledger = serde_json::from_value(serde_json::to_value(&ledger).unwrap()).unwrap();
            let messages = ledger.look(&sources, down.then_some(&outage), at(hours));
            prop_assert!(!down || messages.iter().all(|m| m.alarm.subject == Subject::Network));
            for message in &messages {
                let is_open = open.entry(format!("{:?}", message.alarm.subject)).or_default();
                prop_assert_eq!(*is_open, message.event != Event::Raised);
                *is_open = message.event != Event::Recovered;
                let before = said.insert(message.alarm.id, message.at);
                if let (Event::Reminder, Some(before)) = (message.event, before) {
                    prop_assert!(message.at.duration_since(before) >= REMINDER);
                }
            }
            prop_assert!(ledger.look(&sources, down.then_some(&outage), at(hours)).is_empty(), "nothing is said twice");
            // What is open is exactly what is wrong, when our network is up.
            let wrong = sources.iter().filter(|s| s.health.state.needs_a_look()).count();
            let told: usize = ledger.open().map(|alarm| alarm.sources.len()).sum();
            prop_assert!(down || told == wrong);
        }
    }
}
