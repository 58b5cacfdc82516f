//! Alarms: what is said of trouble, once. From the states of all sources and of our own network, and from what was said
//! before, to what is to be said now. Pure; it decides nothing about a source's state.

mod subject;
mod wording;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Health, Outage, State, Step, Words};
pub use subject::Subject;
use subject::{Trouble, network, troubles};

/// Between two messages about one alarm that lasts.
const REMINDER: SignedDuration = SignedDuration::from_hours(24);
/// An alarm that is over stays in the health feed so long.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A source, as alarms see it.
#[derive(Debug, Clone)]
pub struct Watched<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name for people.
    pub name: &'a str,
    /// The host of its listing.
    pub host: &'a str,
    /// The profile that it shares with others.
    pub profile: Option<&'a str>,
    /// How it is.
    pub health: &'a Health,
}

/// A source of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How it is.
    pub state: State,
}

/// An alarm, from its first message on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// For ever: an alarm that is raised again later is another one.
    pub id: Uuid,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// The cause in a few words.
    pub reason: Words,
    /// What to try.
    pub advice: Words,
    /// The sources, in the order of their ids; none for our own network.
    pub sources: Vec<Member>,
    /// When it was raised.
    pub raised: Timestamp,
    /// When anything of it changed last.
    pub updated: Timestamp,
    /// When a message was last sent about it.
    pub said: Timestamp,
    /// When it was over.
    #[serde(default)]
    pub over: Option<Timestamp>,
    /// True when it is over because the last of its sources left the configuration.
    #[serde(default)]
    pub removed: bool,
}

/// What a message tells of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It begins.
    Raised,
    /// More sources have the same trouble.
    Joined,
    /// It lasts.
    Reminder,
    /// Some of its sources do not have it any more, others do.
    Left,
    /// Sources left the configuration; the alarm is over if they were the last.
    Removed,
    /// It is over.
    Recovered,
}

/// What is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// The sources that it happened to, as they are now; none for our own network.
    pub about: Vec<Member>,
    /// Of what.
    pub alarm: Alarm,
}

/// Every alarm that is open, and those that are over since not long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// By the time they were raised.
    pub alarms: Vec<Alarm>,
}

impl Ledger {
    /// Its key in the store's ledger.
    pub const KEY: &'static str = "alarms";

    /// Alarms that are not over.
    pub fn open(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter().filter(|alarm| alarm.over.is_none())
    }

    /// What is to be said at this instant, noted as said. While our own network is down nothing is said of sources.
    pub fn look(&mut self, sources: &[Watched<'_>], outage: Option<&Outage>, now: Timestamp) -> Vec<Message> {
        let mut troubles = match outage {
            Some(outage) => BTreeMap::from([(Subject::Network, network(outage))]),
            None => troubles(sources),
        };
        let mut messages = Vec::new();
        for alarm in self.alarms.iter_mut().filter(|alarm| alarm.over.is_none()) {
            if outage.is_some() && alarm.subject != Subject::Network {
                continue;
            }
            match troubles.remove(&alarm.subject) {
                Some(trouble) => alarm.follow(trouble, sources, now, &mut messages),
                None => alarm.end(sources, now, &mut messages),
            }
        }
        for (subject, Trouble { reason, advice, sources }) in troubles {
            let name = format!("{subject:?} {now}");
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
            let about = sources.clone();
            let (raised, updated, said, over, removed) = (now, now, now, None, false);
            let alarm = Alarm { id, subject, reason, advice, sources, raised, updated, said, over, removed };
            messages.push(Message { event: Event::Raised, at: now, about, alarm: alarm.clone() });
            self.alarms.push(alarm);
        }
        self.alarms.retain(|alarm| alarm.over.is_none_or(|over| now.duration_since(over) < KEPT));
        messages
    }
}

impl Alarm {
    /// Takes over what is known now, and says who came and who went; what changes nothing leaves no trace.
    fn follow(&mut self, trouble: Trouble, sources: &[Watched<'_>], now: Timestamp, messages: &mut Vec<Message>) {
        let Trouble { reason, advice, sources: members } = trouble;
        let is_in = |list: &[Member], member: &Member| list.iter().any(|other| other.id == member.id);
        let joined: Vec<Member> = members.iter().filter(|member| !is_in(&self.sources, member)).cloned().collect();
        let gone: Vec<Member> = self.sources.iter().filter(|member| !is_in(&members, member)).cloned().collect();
        let (left, removed) = as_they_are(gone, sources);
        // Figures in an outage's reason move all the time.
        let same = self.subject == Subject::Network || (self.reason == reason && self.sources == members);
        if !same {
            (self.sources, self.updated) = (members, now);
        }
        // Those that went are told of with the reason that they had.
        self.say(Event::Removed, removed, now, messages);
        self.say(Event::Left, left, now, messages);
        if !same {
            (self.reason, self.advice) = (reason, advice);
        }
        self.say(Event::Joined, joined, now, messages);
        if now.duration_since(self.said) >= REMINDER {
            self.tell(Event::Reminder, self.sources.clone(), now, messages);
        }
    }

    /// It is over: its sources are well, or have another trouble, or left the configuration.
    fn end(&mut self, sources: &[Watched<'_>], now: Timestamp, messages: &mut Vec<Message>) {
        let (left, removed) = as_they_are(std::mem::take(&mut self.sources), sources);
        (self.over, self.updated) = (Some(now), now);
        self.removed = left.is_empty() && !removed.is_empty();
        self.sources = if self.removed { removed.clone() } else { left.clone() };
        self.say(Event::Removed, removed, now, messages);
        if !self.removed {
            self.tell(Event::Recovered, left, now, messages);
        }
    }

    fn say(&mut self, event: Event, about: Vec<Member>, now: Timestamp, messages: &mut Vec<Message>) {
        if !about.is_empty() {
            self.tell(event, about, now, messages);
        }
    }

    fn tell(&mut self, event: Event, about: Vec<Member>, now: Timestamp, messages: &mut Vec<Message>) {
        self.said = now;
        messages.push(Message { event, at: now, about, alarm: self.clone() });
    }

    /// The worst state among its sources; none for our own network.
    pub fn state(&self) -> Option<State> {
        self.sources.iter().map(|member| member.state).max()
    }

    /// The step that fails.
    pub fn step(&self) -> Option<Step> {
        self.subject.step()
    }

    /// The selector that matches nothing.
    pub fn selector(&self) -> Option<&str> {
        self.subject.selector()
    }
}

/// Members as their sources are now, and those whose source is configured no more, as they were.
fn as_they_are(members: Vec<Member>, sources: &[Watched<'_>]) -> (Vec<Member>, Vec<Member>) {
    let (mut here, mut removed) = (Vec::new(), Vec::new());
    for member in members {
        match sources.iter().find(|source| source.id == member.id) {
            Some(source) => here.push(Member { state: source.health.state, ..member }),
            None => removed.push(member),
        }
    }
    (here, removed)
}

#[cfg(test)]
mod tests;
