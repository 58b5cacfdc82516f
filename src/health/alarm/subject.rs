//! What an alarm is about: which troubles are one. It decides neither when anything is said nor in which words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Member, Watched};
use crate::health::{self, Cause, Outage, Step, Words};

/// What an alarm is about. Two troubles that agree in this are one alarm, so it holds all that its texts say of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// Our own network.
    Network,
    /// All sources of a profile in which one of its selectors matches nothing.
    Profile {
        /// Its name.
        profile: String,
        /// The step.
        step: Option<Step>,
        /// The selector that matches nothing.
        selector: Option<String>,
        /// What [`Cause::key`] says; empty in records from before it was noted.
        #[serde(default)]
        cause: String,
    },
    /// All sources of a host that cannot be had, for one cause.
    Host {
        /// Its name.
        host: String,
        /// The step.
        step: Option<Step>,
        /// What [`Cause::key`] says.
        cause: String,
    },
    /// One source: its articles, or pages that no profile describes.
    Source {
        /// Its id.
        source: String,
        /// The step.
        step: Option<Step>,
        /// The selector that matches nothing.
        selector: Option<String>,
        /// What [`Cause::key`] says; empty in records from before it was noted.
        #[serde(default)]
        cause: String,
    },
}

impl Subject {
    fn of(source: &Watched<'_>, trouble: Option<&health::Trouble>) -> Subject {
        let (step, selector) = (trouble.map(|t| t.step), trouble.and_then(|t| t.selector.clone()));
        let cause = trouble.map(|t| t.cause.key()).unwrap_or_default();
        // Only what a selector decides is the same for whoever shares the profile.
        let is_selectors = selector.is_some() && trouble.is_some_and(|t| t.cause == Cause::MarkupChanged);
        match (source.profile.filter(|_| is_selectors), step) {
            (Some(profile), _) => Subject::Profile { profile: profile.to_owned(), step, selector, cause },
            (None, Some(Step::Robots | Step::Fetch | Step::Listing)) => {
                Subject::Host { host: source.host.to_owned(), step, cause }
            }
            (None, _) => Subject::Source { source: source.id.to_owned(), step, selector, cause },
        }
    }

    pub(super) fn step(&self) -> Option<Step> {
        match self {
            Subject::Network => None,
            Subject::Profile { step, .. } | Subject::Host { step, .. } | Subject::Source { step, .. } => *step,
        }
    }

    pub(super) fn selector(&self) -> Option<&str> {
        match self {
            Subject::Network | Subject::Host { .. } => None,
            Subject::Profile { selector, .. } | Subject::Source { selector, .. } => selector.as_deref(),
        }
    }
}

/// What is wrong now, about one subject.
pub(super) struct Trouble {
    pub(super) reason: Words,
    pub(super) advice: Words,
    pub(super) sources: Vec<Member>,
}

pub(super) fn network(outage: &Outage) -> Trouble {
    Trouble { reason: outage.reason(), advice: Outage::advice(), sources: Vec::new() }
}

/// What is wrong, by subject. Causes that differ in their figures alone are each told.
pub(super) fn troubles(sources: &[Watched<'_>]) -> BTreeMap<Subject, Trouble> {
    let mut sick: Vec<&Watched<'_>> = sources.iter().filter(|source| source.health.state.needs_a_look()).collect();
    sick.sort_by_key(|source| source.id);
    let mut troubles: BTreeMap<Subject, (Vec<Words>, Trouble)> = BTreeMap::new();
    for source in sick {
        let (trouble, state) = (source.health.trouble.as_ref(), source.health.state);
        let name = trouble.map_or_else(|| Words { en: state.to_string(), fr: state.to_string() }, |t| t.cause.name());
        let (names, found) = troubles.entry(Subject::of(source, trouble)).or_insert_with(|| {
            let advice = trouble.map_or_else(|| Cause::Defect.advice(), health::Trouble::advice);
            (Vec::new(), Trouble { reason: Words::default(), advice, sources: Vec::new() })
        });
        if !names.contains(&name) {
            names.push(name);
        }
        found.sources.push(Member { id: source.id.to_owned(), name: source.name.to_owned(), state });
    }
    let told = |(subject, (names, trouble)): (Subject, (Vec<Words>, Trouble))| {
        let (en, fr): (Vec<_>, Vec<_>) = names.into_iter().map(|Words { en, fr }| (en, fr)).unzip();
        (subject, Trouble { reason: Words { en: en.join(", "), fr: fr.join(", ") }, ..trouble })
    };
    troubles.into_iter().map(told).collect()
}
