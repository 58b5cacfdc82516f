//! The task behind the hub: asks callbacks whether requests are theirs, follows the log, pushes what is news to those whose
//! feeds it concerns, and tells the hubs of others. It alone writes what the hub remembers. What is in hand when it stops is done again after it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::clock::Clock;
use crate::deliver::websub::{
    Answer, Full, Hub, Intent, Key, Mode, Pings, Push, Subscription, Verdict, deny, ping, push, verify,
};
use crate::edition::{Edition, Issue, Topic, is_news};
use crate::publish;
use crate::store::{Store, StoreError};
use crate::web::{Front, feed_links};

/// Between two looks at the edition: an atomic number.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at when leases end.
const LEASES: SignedDuration = SignedDuration::from_secs(1);
/// After the store failed.
const PAUSE: Duration = Duration::from_secs(5);
/// Where the task stands in the log.
const CURSOR: &str = "hub/cursor";
/// Changes that are read at once.
const CHANGES: usize = 500;
/// Results that are noted in one transaction.
const AT_ONCE: usize = 64;

type Rows = Vec<(String, Option<Value>)>;

/// A feed as it is pushed.
#[derive(Clone)]
struct Document {
    bytes: Bytes,
    hash: String,
    version: u64,
}

/// What came of a task.
enum Done {
    Asked(Box<Intent>, Verdict, Option<Document>),
    Pushed(Box<Subscription>, Answer, Option<Document>, Duration),
    Told(Url, Vec<String>, Answer),
}

/// The task's own state.
struct Work {
    hub: Hub,
    store: Store,
    clock: Clock,
    shelf: Arc<Shelf>,
    /// What hubs of others are to be told.
    pings: Pings,
    running: JoinSet<Done>,
    /// Rows that are still to be noted: where the store fails they are noted with the next.
    unsaved: BTreeMap<String, Option<Value>>,
    /// When leases were looked at last.
    looked: Timestamp,
}

/// Works until stopped.
pub(super) async fn run(hub: Hub, front: Front, store: Store, clock: Clock, stop: CancellationToken) {
    let (shelf, running) = (Arc::default(), JoinSet::new());
    let (pings, unsaved, looked) = (Pings::default(), BTreeMap::new(), Timestamp::MIN);
    let work = Work { hub, store, clock, shelf, pings, running, unsaved, looked };
    tokio::select! { () = work.go(front) => {}, () = stop.cancelled() => {} }
}

impl Work {
    async fn go(mut self, front: Front) {
        while !front.get().ready.load(Ordering::Acquire) {
            tokio::time::sleep(LOOK).await;
        }
        while let Err(error) = self.recall(&front.get().edition).await {
            tracing::error!(%error, "unable to read the subscriptions");
            tokio::time::sleep(PAUSE).await;
        }
        let asked = Arc::clone(&self.hub.asked);
        let mut done = Vec::new();
        loop {
            let edition = Arc::clone(&front.get().edition);
            if let Err(error) = self.pass(&edition, std::mem::take(&mut done)).await {
                tracing::error!(%error, "unable to note what the hub did; it may push something twice");
                tokio::time::sleep(PAUSE).await;
            }
            tokio::select! {
                Some(first) = self.running.join_next() => done.extend(first.ok()),
                () = asked.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            while done.len() < AT_ONCE
                && let Some(more) = self.running.try_join_next()
            {
                done.extend(more.ok());
            }
        }
    }

    /// What was remembered. A topic that is none any more keeps its place until its lease ends.
    async fn recall(&mut self, edition: &Edition) -> Result<(), StoreError> {
        let head = self.store.head().await?.seq;
        let cursor = self.store.ledger(CURSOR).await?.into_iter().find_map(|(_, value)| value.as_u64());
        let mut found = Vec::new();
        for prefix in Subscription::prefixes() {
            for (key, value) in self.store.ledger(&prefix).await? {
                let subscription = Subscription::read(&key, value)?;
                let topic = edition.topic(&subscription.topic).ok();
                found.push((subscription, topic));
            }
        }
        for (key, value) in self.store.ledger(Pings::prefix()).await? {
            self.pings.recall(&key, value)?;
        }
        let mut book = self.hub.book();
        // A store that was restored may end before the place that was noted.
        book.cursor = cursor.unwrap_or(head).min(head);
        found.into_iter().for_each(|(subscription, topic)| book.recall(subscription, topic));
        Ok(())
    }

    /// Notes what ended, tells what is new, and begins what may begin.
    async fn pass(&mut self, edition: &Arc<Edition>, done: Vec<Done>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut rows = Rows::new();
        for one in done {
            match one {
                Done::Asked(intent, verdict, document) => self.asked(&intent, &verdict, document, now, &mut rows)?,
                Done::Pushed(subscription, answer, document, took) => {
                    self.pushed(&subscription, &answer, document, took, now, &mut rows)?;
                }
                Done::Told(hub, topics, answer) => {
                    count_ping(&hub, &answer);
                    rows.extend(self.pings.told(&hub, &topics, &answer, now)?);
                }
            }
        }
        if now.duration_since(self.looked) >= LEASES || now < self.looked {
            self.looked = now;
            for key in self.hub.book().expire(now) {
                count_end("lease");
                rows.extend(Subscription::ended(&key));
            }
        }
        let followed = self.follow(edition, now, &mut rows).await;
        self.unsaved.extend(rows);
        if !self.unsaved.is_empty() {
            // With every note the place in the log: what was told is not told again after a restart.
            self.unsaved.insert(CURSOR.to_owned(), Some(json!(self.hub.book().cursor)));
            self.store.note(self.unsaved.clone().into_iter().collect()).await?;
            self.unsaved.clear();
        }
        followed?;
        self.begin(edition, now);
        let (subscriptions, owed, waiting) = self.hub.book().counts();
        metrics::gauge!("depeche_websub_subscriptions").set(subscriptions as f64);
        metrics::gauge!("depeche_websub_owed").set(owed as f64);
        metrics::gauge!("depeche_websub_waiting").set(waiting as f64);
        metrics::gauge!("depeche_websub_untold").set(self.pings.count() as f64);
        Ok(())
    }

    /// Reads the log up to where the edition stands, and owes what is news to whom it concerns.
    async fn follow(&mut self, edition: &Edition, now: Timestamp, rows: &mut Rows) -> Result<(), StoreError> {
        // Also where nothing is new: a hub may have left the configuration.
        rows.extend(self.pings.owe(&edition.feed.hubs, &BTreeSet::new(), now)?);
        let version = edition.version();
        let mut after = self.hub.book().cursor;
        while after < version {
            let changes = self.store.changes(after, CHANGES).await?;
            let mut news = Vec::new();
            for change in changes.iter().filter(|change| change.seq <= version) {
                after = change.seq;
                if let Some(article) = self.store.article(change.article_id).await?
                    && is_news(change, &article)
                {
                    news.push(change.seq);
                }
            }
            if changes.is_empty() {
                after = version;
            }
            if !news.is_empty() && !edition.feed.hubs.is_empty() {
                rows.extend(self.pings.owe(&edition.feed.hubs, &edition.told_of(&news), now)?);
            }
            let mut book = self.hub.book();
            book.cursor = after;
            if let Some(last) = news.last().copied() {
                let mut known: HashMap<String, bool> = HashMap::new();
                let concerned = |topic: &Topic| {
                    let query = &topic.asked.query;
                    *known.entry(query.canonical()).or_insert_with(|| edition.concerns(query, &news))
                };
                for subscription in book.owe(last, concerned, now) {
                    rows.extend(subscription.rows()?);
                }
            }
        }
        Ok(())
    }

    /// Asks and pushes as much as the caps allow.
    fn begin(&mut self, edition: &Arc<Edition>, now: Timestamp) {
        let (intents, pushes) = {
            let mut book = self.hub.book();
            (book.next_intents(), book.next_pushes(now))
        };
        for intent in intents {
            let (client, edition, shelf) = (self.hub.client(), Arc::clone(edition), Arc::clone(&self.shelf));
            self.running.spawn(async move {
                let challenge = Uuid::new_v4().simple().to_string();
                let verdict = verify(&client, &intent.ask, &challenge).await;
                let document = match (&verdict, &intent.topic, &intent.ask.mode) {
                    (Verdict::Confirmed, Some(topic), Mode::Subscribe { .. }) => shelf.document(&edition, topic).await,
                    _ => None,
                };
                Done::Asked(Box::new(intent), verdict, document)
            });
        }
        for (hub, topics) in self.pings.next(now) {
            let client = self.hub.client();
            self.running.spawn(async move {
                let answer = ping(&client, &hub, &topics, now).await;
                Done::Told(hub, topics, answer)
            });
        }
        for (subscription, topic) in pushes {
            let (client, edition, shelf) = (self.hub.client(), Arc::clone(edition), Arc::clone(&self.shelf));
            self.running.spawn(async move {
                let begun = Instant::now();
                let (answer, document) = match shelf.document(&edition, &topic).await {
                    // The settings moved the feed elsewhere, or it is as the subscriber has it.
                    Some(document)
                        if document.hash == subscription.has || edition.topic_url(&topic) != subscription.topic =>
                    {
                        (Answer::Arrived, Some(Document { hash: subscription.has.clone(), ..document }))
                    }
                    Some(document) => {
                        let answer = match feed_links(&edition, &topic.asked, topic.format) {
                            Some(links) => {
                                let content_type = topic.format.content_type();
                                let what = Push { body: document.bytes.clone(), content_type, links };
                                push(&client, &subscription, &what, now).await
                            }
                            None => Answer::Failed("its links cannot be written".to_owned(), None),
                        };
                        (answer, Some(document))
                    }
                    None => (Answer::Failed("the feed cannot be put together".to_owned(), None), None),
                };
                Done::Pushed(Box::new(subscription), answer, document, begun.elapsed())
            });
        }
    }

    /// A callback said whether a request is its own.
    fn asked(
        &self,
        intent: &Intent,
        verdict: &Verdict,
        document: Option<Document>,
        now: Timestamp,
        rows: &mut Rows,
    ) -> Result<(), StoreError> {
        let subscribes = matches!(intent.ask.mode, Mode::Subscribe { .. });
        let mode = if subscribes { "subscribe" } else { "unsubscribe" };
        let key = Key::of(&intent.ask.callback, &intent.ask.topic);
        let mut book = self.hub.book();
        book.asked(intent);
        let result = match (verdict, document) {
            (Verdict::Refused(why), _) => {
                tracing::debug!(subscription = %key, mode, why, "a request to the hub is not confirmed");
                "refused"
            }
            (Verdict::Confirmed, None) if subscribes => {
                drop(book);
                self.say_no(intent, "the feed cannot be put together at the moment");
                "failed"
            }
            (Verdict::Confirmed, document) => {
                let (has, version) = document.map(|d| (d.hash, d.version)).unwrap_or_default();
                match book.confirm(intent, has, version, now) {
                    Ok(Some(subscription)) => rows.extend(subscription.rows()?),
                    Ok(None) => rows.extend(Subscription::ended(&key)),
                    Err(full) => {
                        drop(book);
                        self.say_no(intent, &Full::to_string(&full));
                        count_verification(mode, "full");
                        return Ok(());
                    }
                }
                "confirmed"
            }
        };
        count_verification(mode, result);
        Ok(())
    }

    /// Tells a callback that what it confirmed is not to be.
    fn say_no(&self, intent: &Intent, reason: &str) {
        let (client, ask, reason) = (self.hub.client(), intent.ask.clone(), reason.to_owned());
        tokio::spawn(async move { deny(&client, &ask.callback, &ask.topic, &reason).await });
    }

    fn pushed(
        &self,
        subscription: &Subscription,
        answer: &Answer,
        document: Option<Document>,
        took: Duration,
        now: Timestamp,
        rows: &mut Rows,
    ) -> Result<(), StoreError> {
        let key = subscription.key();
        let (has, version) = document.map(|d| (d.hash, d.version)).unwrap_or_default();
        let unchanged = has == subscription.has;
        let known = self.hub.book().pushed(subscription, answer, has, version, now);
        let result = match answer {
            Answer::Arrived if unchanged => "unchanged",
            Answer::Arrived => "delivered",
            Answer::Gone => "gone",
            Answer::Failed(why, _) => {
                tracing::debug!(subscription = %key, why, "not pushed");
                "failed"
            }
        };
        metrics::counter!("depeche_websub_pushes_total", "result" => result).increment(1);
        metrics::histogram!("depeche_websub_push_seconds").record(took.as_secs_f64());
        match known {
            Some(subscription) => rows.extend(subscription.rows()?),
            None => {
                count_end(if *answer == Answer::Gone { "gone" } else { "unreachable" });
                rows.extend(Subscription::ended(&key));
            }
        }
        Ok(())
    }
}

/// A hub of others stands in the configuration and in every feed that names it: it may be named here.
fn count_ping(hub: &Url, answer: &Answer) {
    let result = match answer {
        Answer::Arrived => "delivered",
        Answer::Gone => {
            tracing::warn!(%hub, "the hub answers 410: it is not told of what waits; remove it from feed.hubs");
            "gone"
        }
        Answer::Failed(why, _) => {
            tracing::warn!(%hub, why, "the hub is not told that feeds have changed, and is asked again later");
            "failed"
        }
    };
    metrics::counter!("depeche_websub_pings_total", "hub" => hub.to_string(), "result" => result).increment(1);
}

fn count_end(why: &'static str) {
    metrics::counter!("depeche_websub_ended_total", "why" => why).increment(1);
}

fn count_verification(mode: &'static str, result: &'static str) {
    metrics::counter!("depeche_websub_verifications_total", "mode" => mode, "result" => result).increment(1);
}

/// Feeds as long as somebody pushes them: many subscribers of a topic share one.
#[derive(Default)]
struct Shelf(Mutex<HashMap<(String, u64), Weak<Cell>>>);

/// A feed that somebody puts together, or that could not be put together.
type Cell = OnceCell<Option<Document>>;

impl Shelf {
    /// The feed of a topic at the edition's present version.
    async fn document(&self, edition: &Edition, topic: &Topic) -> Option<Document> {
        let version = edition.version();
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (edition.topic_url(topic), version);
            if let Some(cell) = cells.get(&key).and_then(Weak::upgrade) {
                cell
            } else {
                cells.retain(|_, cell| cell.strong_count() > 0);
                let cell = Arc::default();
                cells.insert(key, Arc::downgrade(&cell));
                cell
            }
        };
        let document = cell.get_or_init(|| async {
            match render(edition, topic).await {
                Ok(bytes) => {
                    Some(Document { hash: format!("{:032x}", xxh3_128(&bytes)), bytes: bytes.into(), version })
                }
                Err(why) => {
                    tracing::error!(why, "a feed that is to be pushed cannot be put together");
                    None
                }
            }
        });
        document.await.clone()
    }
}

async fn render(edition: &Edition, topic: &Topic) -> Result<Vec<u8>, String> {
    let format = topic.format;
    match edition.feed(&topic.asked, format).await.map_err(|error| error.to_string())? {
        Issue::Feed(feed, _) => {
            let work = tokio::task::spawn_blocking(move || publish::render(&feed, format));
            work.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        }
        Issue::Moved(_) => Err("it is an archive".to_owned()),
    }
}
