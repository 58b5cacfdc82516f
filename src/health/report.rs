//! A source's health as it is served: flat names, plain values, what to try in both languages. Pure.

use serde::Serialize;

use super::{By, Expectations, Health, LastGood, Share, State, Step, Words};

/// What is served of a source's health.
#[derive(Debug, Clone, Serialize)]
pub struct Report<'a> {
    /// How it is.
    pub state: State,
    /// Since when.
    pub since: Option<jiff::Timestamp>,
    /// Why, in a sentence.
    pub reason: Option<&'a str>,
    /// The step that fails.
    pub step: Option<Step>,
    /// The selector that matches nothing.
    pub selector: Option<&'a str>,
    /// The cause in a few words.
    pub cause: Option<String>,
    /// What to try.
    pub advice: Option<Words>,
    /// What one round saw and no other confirmed yet.
    pub suspicion: Option<Suspected<'a>>,
    /// The last article that came whole by the rules that are configured.
    pub last_good: Option<&'a LastGood>,
    /// Which rules bring the articles now.
    pub by: By,
    /// What is usual.
    pub expectations: Usual,
}

/// What is suspected.
#[derive(Debug, Clone, Serialize)]
pub struct Suspected<'a> {
    /// The state that it would give.
    pub state: State,
    /// Since when.
    pub since: jiff::Timestamp,
    /// The step that fails.
    pub step: Step,
    /// The selector that matches nothing.
    pub selector: Option<&'a str>,
    /// Why, in a sentence.
    pub reason: &'a str,
}

/// What is usual, as far as it is known: shares from 0 to 1.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Usual {
    /// Items a fetch.
    pub items: Option<u32>,
    /// Listings with their container.
    pub container: Option<f64>,
    /// Articles whose title the profile finds.
    pub title: Option<f64>,
    /// Articles with a date.
    pub date: Option<f64>,
    /// Articles with a text.
    pub body: Option<f64>,
    /// Articles whose text the profile finds.
    pub profile: Option<f64>,
    /// Between two publications, at most, nine times in ten.
    pub gap_hours: Option<i64>,
}

impl Health {
    /// What is served of it.
    pub fn report(&self) -> Report<'_> {
        let trouble = self.trouble.as_ref();
        Report {
            state: self.state,
            since: self.since,
            reason: self.reason.as_deref(),
            step: trouble.map(|t| t.step),
            selector: trouble.and_then(|t| t.selector.as_deref()),
            cause: trouble.map(|t| t.cause.name().en),
            advice: trouble.map(super::Trouble::advice),
            suspicion: self.suspicion.as_ref().map(|s| Suspected {
                state: s.finding.state,
                since: s.since,
                step: s.finding.trouble.step,
                selector: s.finding.trouble.selector.as_deref(),
                reason: &s.finding.trouble.why,
            }),
            last_good: self.last_good.as_ref(),
            by: self.by,
            expectations: self.expect.usual(),
        }
    }
}

impl Expectations {
    /// What is usual, as far as it is known.
    pub fn usual(&self) -> Usual {
        let share = |share: &Share| share.usual().map(|usual| (usual * 1000.0).round() / 1000.0);
        Usual {
            items: self.usual_items(),
            container: share(&self.container),
            title: share(&self.title),
            date: share(&self.date),
            body: share(&self.body),
            profile: share(&self.profile),
            gap_hours: self.usual_gap().map(|gap| gap.as_hours()),
        }
    }
}
