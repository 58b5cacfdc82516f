//! Alarms: what is said of trouble, once. From the states of all sources and of our own network, and from what was said
//! before, to what is to be said now. Pure; it decides nothing about a source's state.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Cause, Health, Outage, State, Step, Words};

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
    /// The profile that it shares with others.
    pub profile: Option<&'a str>,
    /// How it is.
    pub health: &'a Health,
}

/// What an alarm is about. Two troubles that agree in this are one alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// Our own network.
    Network,
    /// All sources of a profile that fail at the same step.
    Profile {
        /// Its name.
        profile: String,
        /// The step.
        step: Option<Step>,
        /// The selector that matches nothing.
        selector: Option<String>,
    },
    /// One source without a profile.
    Source {
        /// Its id.
        source: String,
        /// The step.
        step: Option<Step>,
        /// The selector that matches nothing.
        selector: Option<String>,
    },
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
}

/// What a message tells of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It begins.
    Raised,
    /// It lasts.
    Reminder,
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

/// What is wrong now, about one subject.
struct Trouble {
    reason: Words,
    advice: Words,
    sources: Vec<Member>,
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
            let event = match troubles.remove(&alarm.subject) {
                None => {
                    // Those that it was about, as they are now.
                    alarm.sources.retain_mut(|member| {
                        let now = sources.iter().find(|source| source.id == member.id);
                        now.is_some_and(|source| {
                            member.state = source.health.state;
                            true
                        })
                    });
                    (alarm.over, alarm.updated) = (Some(now), now);
                    Event::Recovered
                }
                Some(trouble) => {
                    alarm.follow(trouble, now);
                    if now.duration_since(alarm.said) < REMINDER {
                        continue;
                    }
                    Event::Reminder
                }
            };
            alarm.said = now;
            messages.push(Message { event, at: now, alarm: alarm.clone() });
        }
        for (subject, Trouble { reason, advice, sources }) in troubles {
            let name = format!("{subject:?} {now}");
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
            let alarm =
                Alarm { id, subject, reason, advice, sources, raised: now, updated: now, said: now, over: None };
            messages.push(Message { event: Event::Raised, at: now, alarm: alarm.clone() });
            self.alarms.push(alarm);
        }
        self.alarms.retain(|alarm| alarm.over.is_none_or(|over| now.duration_since(over) < KEPT));
        messages
    }
}

impl Alarm {
    /// Takes over what is known now; what changes nothing leaves no trace.
    fn follow(&mut self, trouble: Trouble, now: Timestamp) {
        // Figures in an outage's reason move all the time.
        let same =
            self.subject == Subject::Network || (self.reason == trouble.reason && self.sources == trouble.sources);
        if !same {
            (self.reason, self.advice, self.sources) = (trouble.reason, trouble.advice, trouble.sources);
            self.updated = now;
        }
    }

    /// The worst state among its sources; none for our own network.
    pub fn state(&self) -> Option<State> {
        self.sources.iter().map(|member| member.state).max()
    }

    /// The step that fails.
    pub fn step(&self) -> Option<Step> {
        match &self.subject {
            Subject::Network => None,
            Subject::Profile { step, .. } | Subject::Source { step, .. } => *step,
        }
    }

    /// The selector that matches nothing.
    pub fn selector(&self) -> Option<&str> {
        match &self.subject {
            Subject::Network => None,
            Subject::Profile { selector, .. } | Subject::Source { selector, .. } => selector.as_deref(),
        }
    }
}

impl Message {
    /// One line for people.
    pub fn title(&self) -> Words {
        self.alarm.title(self.event)
    }
}

impl Alarm {
    /// One line for people.
    pub fn title(&self, event: Event) -> Words {
        let of = match (&self.subject, self.sources.as_slice()) {
            (Subject::Network, _) => Words { en: "our own network".into(), fr: "notre propre réseau".into() },
            (_, [one]) => Words { en: one.name.clone(), fr: one.name.clone() },
            (Subject::Profile { profile, .. }, many) => Words {
                en: format!("{} sources of the profile {profile}", many.len()),
                fr: format!("{} sources du profil {profile}", many.len()),
            },
            (Subject::Source { source, .. }, _) => Words { en: source.clone(), fr: source.clone() },
        };
        let step = self.step().map(|step| format!(" ({step})")).unwrap_or_default();
        let Words { en: reason, fr: raison } = &self.reason;
        let (en, fr) = match (event, self.state().is_some_and(State::needs_a_look)) {
            (Event::Raised, _) => (format!("{}: {reason}{step}", of.en), format!("{} : {raison}{step}", of.fr)),
            (Event::Reminder, _) => {
                (format!("still {}: {reason}{step}", of.en), format!("toujours {} : {raison}{step}", of.fr))
            }
            (Event::Recovered, false) => (
                format!("{}: recovered from {reason}{step}", of.en),
                format!("{} : rétabli après {raison}{step}", of.fr),
            ),
            (Event::Recovered, true) => (
                format!("{}: no longer {reason}{step}, but not well yet", of.en),
                format!("{} : ce n’est plus {raison}{step}, mais pas encore rétabli", of.fr),
            ),
        };
        Words { en, fr }
    }
}

fn network(outage: &Outage) -> Trouble {
    Trouble { reason: outage.reason(), advice: Outage::advice(), sources: Vec::new() }
}

/// What is wrong, by subject. Of several causes at one step the first source's is told.
fn troubles(sources: &[Watched<'_>]) -> BTreeMap<Subject, Trouble> {
    let mut sick: Vec<&Watched<'_>> = sources.iter().filter(|source| source.health.state.needs_a_look()).collect();
    sick.sort_by_key(|source| source.id);
    let mut troubles = BTreeMap::new();
    for source in sick {
        let trouble = source.health.trouble.as_ref();
        let (step, selector) = (trouble.map(|t| t.step), trouble.and_then(|t| t.selector.clone()));
        let subject = match source.profile {
            Some(profile) => Subject::Profile { profile: profile.to_owned(), step, selector },
            None => Subject::Source { source: source.id.to_owned(), step, selector },
        };
        let state = source.health.state;
        let found = troubles.entry(subject).or_insert_with(|| Trouble {
            reason: trouble.map_or_else(|| Words { en: state.to_string(), fr: state.to_string() }, |t| t.cause.name()),
            advice: trouble.map_or_else(|| Cause::Defect.advice(), |t| t.cause.advice()),
            sources: Vec::new(),
        });
        found.sources.push(Member { id: source.id.to_owned(), name: source.name.to_owned(), state });
    }
    troubles
}

#[cfg(test)]
mod tests;
