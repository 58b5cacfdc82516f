//! What is said of states that come and go, and how often.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::super::{Cause, Trouble as Seen};
use super::*;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
}

/// Id, host and profile.
const IDS: [(&str, &str, Option<&str>); 3] =
    [("a", "one.example", Some("iom")), ("b", "one.example", Some("iom")), ("c", "c.example", None)];

fn watched<'a>(
    &(id, host, profile): &(&'static str, &'static str, Option<&'static str>),
    health: &'a Health,
) -> Watched<'a> {
    Watched { id, name: id, host, profile, health }
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
    let sources: Vec<Watched<'_>> = (IDS.iter().zip(healths)).map(|(id, health)| watched(id, health)).collect();
    let messages = ledger.look(&sources, outage, at(hours));
    messages
        .into_iter()
        .map(|m| (m.event, m.about.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join("+")))
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
    let titles = ledger.alarms[0].headline();
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
        [said(Event::Left, "a"), said(Event::Reminder, "c"), said(Event::Recovered, "")]
    );
    // Another step is another alarm, and the old one says that all is not well.
    let now = look(&mut ledger, [&ok, &date, &ok], None, 51);
    assert_eq!(now, [said(Event::Recovered, "b"), said(Event::Recovered, "c"), said(Event::Raised, "b")]);
    assert!(ledger.alarms[0].headline().en.contains("not well yet"));
    assert_eq!(look(&mut ledger, [&ok, &ok, &ok], None, 52), [said(Event::Recovered, "b")]);
    assert_eq!(ledger.open().count(), 0);
    // What is over leaves the feed in the end.
    look(&mut ledger, [&ok, &ok, &ok], None, 52 + 14 * 24);
    assert_eq!(ledger, Ledger::default());
}

#[test]
fn sources_of_one_host_that_is_down_are_one_alarm_and_another_cause_is_another() {
    let down = |cause: Cause| {
        let health = sick(State::Broken, Step::Fetch, None);
        Health { trouble: health.trouble.map(|trouble| Seen { cause, ..trouble }), ..health }
    };
    let (gone, failing, late) =
        (down(Cause::Gone { status: 404 }), down(Cause::Status { status: 500 }), down(Cause::Status { status: 503 }));
    let mut ledger = Ledger::default();
    let mut titles = |healths: [&Health; 3]| {
        look(&mut ledger, healths, None, 0);
        ledger.open().map(|alarm| alarm.headline()).map(|words| (words.en, words.fr)).collect::<Vec<_>>()
    };
    let said = |en: &str, fr: &str| (en.to_owned(), fr.to_owned());
    // What differs in its figure alone is told with each figure.
    let both = said(
        "2 sources on one.example: answers 500, answers 503 (fetch)",
        "2 sources sur one.example : répond 500, répond 503 (fetch)",
    );
    let c = said("c: answers 500 (fetch)", "c : répond 500 (fetch)");
    assert_eq!(titles([&failing, &late, &failing]), [c.clone(), both]);
    let (a, b) = (
        said("a: gone (404) (fetch)", "a : disparu (404) (fetch)"),
        said("b: answers 503 (fetch)", "b : répond 503 (fetch)"),
    );
    assert_eq!(titles([&gone, &late, &failing]), [c, b, a]);
}

proptest! {
    #[test]
    fn messages_of_an_alarm_alternate_and_reminders_are_a_day_apart(
        steps in prop::collection::vec((0i64..30, prop::array::uniform3(0usize..7), prop::bool::weighted(0.1)), 1..80)
    ) {
        let kinds = [
            well(),
            Health::default(),
            sick(State::Broken, Step::Container, Some("div.list")),
            sick(State::Degraded, Step::Date, None),
            sick(State::Blocked, Step::Fetch, None),
            Health { trouble: Some(Seen { cause: Cause::Gone { status: 404 }, ..sick(State::Broken, Step::Fetch, None).trouble.unwrap() }), ..sick(State::Broken, Step::Fetch, None) },
        ];
        // By id of an alarm: the sources that were told of and are not told to be out of it.
        let mut told: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
        let mut ledger = Ledger::default();
        // By subject: whether it is open. By id: when it was last spoken of.
        let (mut open, mut said): (HashMap<String, bool>, HashMap<Uuid, Timestamp>) = (HashMap::new(), HashMap::new());
        let mut hours = 0;
        for (pause, states, down) in steps {
            hours += pause;
            // One kind more than there are: the source left the configuration.
            let sources: Vec<Watched<'_>> =
                IDS.iter().zip(states).filter_map(|(id, kind)| Some(watched(id, kinds.get(kind)?))).collect();
            let outage = outage();
            // Kept across a restart at every step.
            ledger = serde_json::from_value(serde_json::to_value(&ledger).unwrap()).unwrap();
            let messages = ledger.look(&sources, down.then_some(&outage), at(hours));
            prop_assert!(!down || messages.iter().all(|m| m.alarm.subject == Subject::Network));
            for message in &messages {
                let is_open = open.entry(format!("{:?}", message.alarm.subject)).or_default();
                prop_assert_eq!(*is_open, message.event != Event::Raised);
                let told = told.entry(message.alarm.id).or_default();
                for member in &message.about {
                    match message.event {
                        Event::Raised | Event::Joined => prop_assert!(told.insert(member.id.clone()), "told twice"),
                        Event::Reminder => prop_assert!(told.contains(&member.id)),
                        Event::Left | Event::Removed | Event::Recovered => prop_assert!(told.remove(&member.id)),
                    }
                }
                prop_assert!(message.event != Event::Recovered || told.is_empty(), "swallowed");
                let before = said.insert(message.alarm.id, message.at);
                if let (Event::Reminder, Some(before)) = (message.event, before) {
                    prop_assert!(message.at.duration_since(before) >= REMINDER);
                }
            }
            for message in &messages {
                open.insert(format!("{:?}", message.alarm.subject), message.alarm.over.is_none());
            }
            prop_assert!(ledger.look(&sources, down.then_some(&outage), at(hours)).is_empty(), "nothing is said twice");
            // What is open is exactly what is wrong, when our network is up.
            let wrong = sources.iter().filter(|s| s.health.state.needs_a_look()).count();
            for alarm in ledger.open() {
                let ids: BTreeSet<String> = alarm.sources.iter().map(|member| member.id.clone()).collect();
                prop_assert_eq!(Some(&ids), told.get(&alarm.id), "who is in it was told of");
            }
            let open: usize = ledger.open().map(|alarm| alarm.sources.len()).sum();
            prop_assert!(down || open == wrong);
        }
    }
}
