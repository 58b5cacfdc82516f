#![allow(clippy::unwrap_used)]
use super::*;
use crate::edition::Asked;
use crate::publish::Format;
use crate::query::Query;

const SMALL: Caps = Caps {
    all: 6,
    of_topic: 3,
    of_host: 2,
    searches: 1,
    waiting: 4,
    waiting_of_host: 2,
    asking: 2,
    pushing: 3,
    pushing_to_host: 1,
};

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn intent(host: &str, path: u32, topic: &str) -> Intent {
    let query = Query { q: topic.strip_prefix("q:").map(str::to_owned), ..Query::default() };
    let mode = Mode::Subscribe { lease: SignedDuration::from_hours(2), secret: None };
    let callback = format!("http://{host}.example/{path}").parse().unwrap();
    Intent {
        ask: Ask { callback, topic: topic.to_owned(), mode },
        topic: Some(Topic { asked: Asked::from(query), format: Format::Atom }),
    }
}

/// Asked for and confirmed.
fn subscribe(book: &mut Book, intent: &Intent) -> Result<(), Full> {
    book.ask(intent.clone())?;
    for intent in book.next_intents() {
        book.asked(&intent);
        book.confirm(&intent, "old".into(), 0, now())?;
    }
    Ok(())
}

#[test]
fn every_cap_is_told_and_a_renewal_always_fits() {
    let mut book = Book::new(SMALL);
    for (host, path, topic, full) in [
        ("a", 1, "t", None),
        ("a", 2, "t", None),
        ("a", 3, "u", Some("callback's host")),
        ("b", 1, "t", None),
        ("c", 1, "t", Some("this topic")),
        ("c", 1, "q:eau", None),
        ("b", 2, "q:eau", None),
        ("d", 1, "q:sel", Some("searches")),
        ("d", 1, "u", None),
        ("e", 1, "u", Some("as many subscriptions as it can")),
        ("a", 1, "t", None),
        ("c", 1, "q:eau", None),
    ] {
        let done = subscribe(&mut book, &intent(host, path, topic));
        match (done, full) {
            (Ok(()), None) => {}
            (Err(error), Some(why)) => assert!(error.to_string().contains(why), "{host} {topic}: {error}"),
            (done, full) => panic!("{host} {topic}: {done:?}, not {full:?}"),
        }
    }
    assert_eq!(book.counts(), (6, 0, 0));
    // What was free when it was asked may be taken when it is confirmed.
    let late = intent("e", 1, "u");
    assert!(book.confirm(&late, "old".into(), 0, now()).is_err());
}

#[test]
fn questions_wait_one_a_host_and_the_last_of_a_kind_counts() {
    let mut book = Book::new(SMALL);
    for (host, path, taken) in [
        ("a", 1, true),
        ("a", 1, true),
        ("a", 2, true),
        ("a", 3, false),
        ("b", 1, true),
        ("c", 1, true),
        ("d", 1, false),
    ] {
        assert_eq!(book.ask(intent(host, path, "t")).is_ok(), taken, "{host} {path}");
    }
    let hosts = |intents: &[Intent]| intents.iter().map(|i| i.ask.callback.to_string()).collect::<Vec<_>>();
    let first = book.next_intents();
    assert_eq!(hosts(&first), ["http://a.example/1", "http://b.example/1"]);
    assert!(book.next_intents().is_empty(), "both places are taken");
    book.asked(&first[1]);
    assert_eq!(hosts(&book.next_intents()), ["http://c.example/1"], "a host is asked one thing at a time");
    book.asked(&first[0]);
    assert_eq!(hosts(&book.next_intents()), ["http://a.example/2"]);
}

#[test]
fn pushes_are_spread_over_hosts_and_what_comes_meanwhile_is_owed_still() {
    let mut book = Book::new(SMALL);
    for (host, path) in [("a", 1), ("a", 2), ("b", 1)] {
        subscribe(&mut book, &intent(host, path, "t")).unwrap();
    }
    book.cursor = 7;
    assert_eq!(book.owe(7, |_| true, now()).len(), 3);
    assert!(book.owe(7, |_| true, now()).is_empty(), "one at most is owed");
    let pushes = book.next_pushes(now());
    let hosts: BTreeSet<String> = pushes.iter().map(|(subscription, _)| subscription.host()).collect();
    assert_eq!((pushes.len(), hosts.len()), (2, 2), "one at a time of a host");
    // News while the first is under way: it was made before them.
    book.cursor = 9;
    book.owe(9, |_| true, now());
    let known = book.pushed(&pushes[0].0, &Answer::Arrived, "new".into(), 7, now()).unwrap();
    assert_eq!((known.has.as_str(), known.owed), ("new", Some(Owed::from(now()))));
    let known = book.pushed(&pushes[1].0, &Answer::Arrived, "newer".into(), 9, now()).unwrap();
    assert_eq!((known.has.as_str(), known.owed), ("newer", None));
    // A failure waits, no longer than it may.
    let (failed, _) = book.next_pushes(now()).pop().unwrap();
    let known = book.pushed(&failed, &Answer::Failed("no".into(), None), String::new(), 9, now()).unwrap();
    assert!(known.owed.unwrap().due > now() && known.owed.unwrap().failures == 1);
    let long = now() + PATIENCE;
    assert!(book.pushed(&failed, &Answer::Failed("no".into(), None), String::new(), 9, long).is_none());
    assert_eq!(book.counts().0, 2);
}

#[test]
fn no_text_of_a_subscription_shows_its_callback_or_its_secret() {
    let mut book = Book::new(SMALL);
    let mut intent = intent("a", 7, "t");
    let secret = Some(crate::deliver::Secret::new("s3cret".into()));
    intent.ask.mode = Mode::Subscribe { lease: SignedDuration::from_hours(2), secret };
    let subscription = book.confirm(&intent, "old".into(), 0, now()).unwrap().unwrap();
    for text in [format!("{subscription:?}"), format!("{intent:?}")] {
        assert!(!text.contains("a.example") && !text.contains("s3cret"), "{text}");
    }
    let rows = subscription.rows().unwrap();
    assert!(rows[0].1.is_none() && rows[1].0.starts_with(crate::store::PRIVATE));
    let read = Subscription::read(&rows[1].0, rows[1].1.clone().unwrap()).unwrap();
    assert_eq!(read, subscription);
}
