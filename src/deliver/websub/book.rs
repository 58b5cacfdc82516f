//! The hub's book: subscriptions, requests that wait to be proven, and what is in hand. Everything in it is bounded.
//! It does no I/O and never reads the clock.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{Answer, Ask, Key, Mode, Owed, Subscription};
use crate::edition::Topic;
use crate::schedule;

/// A subscriber that got nothing through for so long is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// The most of everything.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Subscriptions in all.
    pub all: usize,
    /// Of one topic.
    pub of_topic: usize,
    /// With one callback's host.
    pub of_host: usize,
    /// Topics that filter by words or dates, each of which is a search of its own.
    pub searches: usize,
    /// Requests that wait to be proven.
    pub waiting: usize,
    /// Of them with one callback's host.
    pub waiting_of_host: usize,
    /// Callbacks that are asked at once; of one host never more than one.
    pub asking: usize,
    /// Pushes at once.
    pub pushing: usize,
    /// Of them to one host.
    pub pushing_to_host: usize,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps {
            all: 10_000,
            of_topic: 2_000,
            of_host: 500,
            searches: 200,
            waiting: 1_000,
            waiting_of_host: 20,
            asking: 16,
            pushing: 64,
            pushing_to_host: 4,
        }
    }
}

/// A cap that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to take this subscription: {0}; try again later, or poll the feed")]
pub struct Full(&'static str);

/// A request that waits to be proven.
#[derive(Debug, Clone)]
pub struct Intent {
    /// As it came.
    pub ask: Ask,
    /// The feed; none where somebody ends a subscription to what is no feed any more.
    pub topic: Option<Topic>,
}

impl Intent {
    fn key(&self) -> Key {
        Key::of(&self.ask.callback, &self.ask.topic)
    }

    fn host(&self) -> String {
        self.ask.callback.host_str().unwrap_or_default().to_owned()
    }
}

struct Held {
    subscription: Subscription,
    topic: Option<Topic>,
    /// A push is in hand.
    busy: bool,
    /// The last change that it is to be told of.
    news: u64,
}

/// The book.
pub struct Book {
    caps: Caps,
    held: HashMap<Key, Held>,
    /// Keys of those that are owed something.
    owed: BTreeSet<Key>,
    waiting: VecDeque<Intent>,
    asking: HashSet<String>,
    pushing: HashMap<String, usize>,
    /// The change of the log up to which subscribers were told.
    pub cursor: u64,
    /// The last change that was news.
    news: u64,
}

impl Book {
    pub(super) fn new(caps: Caps) -> Book {
        Book {
            caps,
            held: HashMap::new(),
            owed: BTreeSet::new(),
            waiting: VecDeque::new(),
            asking: HashSet::new(),
            pushing: HashMap::new(),
            cursor: 0,
            news: 0,
        }
    }

    /// Subscriptions, those of them that are owed something, and requests that wait.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.held.len(), self.owed.len(), self.waiting.len())
    }

    /// Takes a request. What it asks for happens once its callback confirmed it.
    pub fn ask(&mut self, intent: Intent) -> Result<(), Full> {
        if let Mode::Subscribe { .. } = intent.ask.mode {
            self.room_for(&intent)?;
        }
        // Whoever asks again means the last that was asked.
        let key = intent.key();
        self.waiting.retain(|other| other.key() != key);
        let host = intent.host();
        if self.waiting.len() >= self.caps.waiting {
            return Err(Full("too many requests wait to be verified"));
        }
        if self.waiting.iter().filter(|other| other.host() == host).count() >= self.caps.waiting_of_host {
            return Err(Full("too many requests of this callback's host wait to be verified"));
        }
        self.waiting.push_back(intent);
        Ok(())
    }

    /// Refuses where one more subscription would be one too many. Renewals always fit.
    fn room_for(&self, intent: &Intent) -> Result<(), Full> {
        if self.held.contains_key(&intent.key()) {
            return Ok(());
        }
        if self.held.len() >= self.caps.all {
            return Err(Full("this hub has as many subscriptions as it can serve"));
        }
        let host = intent.host();
        let (mut of_topic, mut of_host, mut searches) = (0, 0, HashSet::new());
        for held in self.held.values() {
            of_topic += usize::from(held.subscription.topic == intent.ask.topic);
            of_host += usize::from(held.subscription.callback.host_str() == Some(host.as_str()));
            if held.topic.as_ref().is_some_and(is_search) {
                searches.insert(held.subscription.topic.as_str());
            }
        }
        if of_topic >= self.caps.of_topic {
            return Err(Full("this topic has as many subscriptions as this hub can serve"));
        }
        if of_host >= self.caps.of_host {
            return Err(Full("this callback's host has as many subscriptions as one may have"));
        }
        let new = intent.topic.as_ref().is_some_and(is_search) && !searches.contains(intent.ask.topic.as_str());
        if new && searches.len() >= self.caps.searches {
            return Err(Full("this hub pushes as many searches as it can; leave out words and dates"));
        }
        Ok(())
    }

    /// Requests whose callbacks may be asked now: one at a time of a host.
    pub fn next_intents(&mut self) -> Vec<Intent> {
        let (mut next, mut later) = (Vec::new(), VecDeque::new());
        while let Some(intent) = self.waiting.pop_front() {
            let host = intent.host();
            if self.asking.len() < self.caps.asking && !self.asking.contains(&host) {
                self.asking.insert(host);
                next.push(intent);
            } else {
                later.push_back(intent);
            }
        }
        self.waiting = later;
        next
    }

    /// A callback was asked, however that went.
    pub fn asked(&mut self, intent: &Intent) {
        self.asking.remove(&intent.host());
    }

    /// What a confirmed request asks for. `has` is a hash of the feed as it is at a change of the log, from which on the
    /// subscriber is told. Gives the subscription, or none where one ended; a cap may be reached meanwhile.
    pub fn confirm(
        &mut self,
        intent: &Intent,
        has: String,
        version: u64,
        now: Timestamp,
    ) -> Result<Option<Subscription>, Full> {
        let key = intent.key();
        let Mode::Subscribe { lease, secret } = &intent.ask.mode else {
            self.end(&key);
            return Ok(None);
        };
        self.room_for(intent)?;
        let before = self.held.get(&key);
        let (has, owed) = match before.map(|held| &held.subscription) {
            // A renewal shows that the callback is well: what it is owed is due.
            Some(known) => (known.has.clone(), known.owed.map(|_| Owed::from(now))),
            // News that came between is owed; where it changed nothing, that is found when it is to be pushed.
            None => (has, (self.news > version).then_some(Owed::from(now))),
        };
        let subscription = Subscription {
            callback: intent.ask.callback.clone(),
            topic: intent.ask.topic.clone(),
            secret: secret.clone(),
            until: now.saturating_add(*lease).unwrap_or(Timestamp::MAX),
            has,
            owed,
        };
        let busy = before.is_some_and(|held| held.busy);
        self.hold(subscription.clone(), intent.topic.clone(), busy);
        Ok(Some(subscription))
    }

    /// Takes a subscription in, as it was remembered.
    pub fn recall(&mut self, subscription: Subscription, topic: Option<Topic>) {
        self.hold(subscription, topic, false);
    }

    fn hold(&mut self, subscription: Subscription, topic: Option<Topic>, busy: bool) {
        let key = subscription.key();
        if subscription.owed.is_some() {
            self.owed.insert(key.clone());
        }
        // What it is owed may be as late as the last that anybody was told of.
        self.held.insert(key, Held { subscription, topic, busy, news: self.cursor });
    }

    /// Ends a subscription; gives whether there was one.
    pub fn end(&mut self, key: &Key) -> bool {
        self.owed.remove(key);
        self.held.remove(key).is_some()
    }

    /// Ends those whose lease is over.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Key> {
        let over: Vec<Key> =
            self.held.iter().filter(|(_, held)| held.subscription.until <= now).map(|(key, _)| key.clone()).collect();
        over.iter().for_each(|key| {
            self.end(key);
        });
        over
    }

    /// Owes the feed to every subscriber whose topic is concerned by news up to this change, and gives those that were
    /// owed nothing before.
    pub fn owe(&mut self, news: u64, mut concerned: impl FnMut(&Topic) -> bool, now: Timestamp) -> Vec<Subscription> {
        self.news = news;
        let mut new = Vec::new();
        for (key, held) in &mut self.held {
            if !held.topic.as_ref().is_some_and(&mut concerned) {
                continue;
            }
            held.news = news;
            if held.subscription.owed.is_none() {
                held.subscription.owed = Some(Owed::from(now));
                self.owed.insert(key.clone());
                new.push(held.subscription.clone());
            }
        }
        new
    }

    /// What may be pushed now.
    pub fn next_pushes(&mut self, now: Timestamp) -> Vec<(Subscription, Topic)> {
        let mut next = Vec::new();
        let mut places = self.caps.pushing.saturating_sub(self.pushing.values().sum());
        for key in &self.owed {
            let Some(held) = self.held.get_mut(key).filter(|_| places > 0) else { continue };
            let due = held.subscription.owed.is_some_and(|owed| owed.due <= now);
            let Some(topic) = held.topic.clone().filter(|_| due && !held.busy) else { continue };
            let at_host = self.pushing.entry(held.subscription.host()).or_default();
            if *at_host >= self.caps.pushing_to_host {
                continue;
            }
            *at_host += 1;
            places -= 1;
            held.busy = true;
            // What comes from here on is owed anew.
            next.push((held.subscription.clone(), topic));
        }
        next
    }

    /// A push ended. `has` is a hash of what was pushed, `version` the change that it was made at. Gives the subscription
    /// as it is now, none where it ended.
    pub fn pushed(
        &mut self,
        pushed: &Subscription,
        answer: &Answer,
        has: String,
        version: u64,
        now: Timestamp,
    ) -> Option<Subscription> {
        let (key, host) = (pushed.key(), pushed.host());
        if let Some(at_host) = self.pushing.get_mut(&host) {
            *at_host -= 1;
            if *at_host == 0 {
                self.pushing.remove(&host);
            }
        }
        let held = self.held.get_mut(&key)?;
        held.busy = false;
        match answer {
            Answer::Arrived => {
                held.subscription.has = has;
                // What came while it was under way is owed still.
                held.subscription.owed = (held.news > version).then_some(Owed::from(now));
                if held.subscription.owed.is_none() {
                    self.owed.remove(&key);
                }
            }
            Answer::Gone => {
                self.end(&key);
                return None;
            }
            Answer::Failed(_, asked) => {
                let owed = held.subscription.owed.get_or_insert(Owed::from(now));
                if now.duration_since(owed.since) >= PATIENCE {
                    self.end(&key);
                    return None;
                }
                owed.failures = owed.failures.saturating_add(1);
                owed.due = schedule::next_try(&key.to_string(), owed.failures, *asked, now);
            }
        }
        self.held.get(&key).map(|held| held.subscription.clone())
    }
}

/// True for a topic that a change of any kind may concern, so that it is put together more often than others.
fn is_search(topic: &Topic) -> bool {
    let query = &topic.asked.query;
    query.q.is_some() || query.exclude.is_some() || query.since.is_some() || query.until.is_some()
}

#[cfg(test)]
mod tests;
