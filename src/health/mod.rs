//! The health of sources: what a round saw, held against what this source usually shows. Pure: it never does I/O, never
//! reads the clock, and never decides when a source is asked.

mod alarm;
mod cause;
mod expect;
mod network;
mod report;
mod round;
mod share;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use alarm::{Alarm, Event, Ledger, Member, Message, Subject, Watched};
pub use cause::{Cause, Words};
pub use expect::Expectations;
pub use network::{Network, Outage, Unreachable};
pub use report::{Report, Suspected, Usual};
pub use round::{ArticlesSeen, Fault, Finding, ListingSeen, Seen, Selectors, Suspicion, Trust};
pub use share::{Share, Tally};

/// How a source is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works, and brings what it usually brings.
    Ok,
    /// Nothing is wrong, and nothing comes: never asked, an empty list, or silent for long.
    #[default]
    #[serde(alias = "")]
    Quiet,
    /// It works less well than it did.
    Degraded,
    /// It does not work as configured.
    Broken,
    /// The site says no.
    Blocked,
}

impl State {
    /// Every state, for metrics and filters.
    pub const ALL: [State; 5] = [State::Ok, State::Quiet, State::Degraded, State::Broken, State::Blocked];

    /// As it is served.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Quiet => "quiet",
            State::Degraded => "degraded",
            State::Broken => "broken",
            State::Blocked => "blocked",
        }
    }

    /// True when somebody should look.
    pub fn needs_a_look(self) -> bool {
        !matches!(self, State::Ok | State::Quiet)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Where in a round it fails, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Asking robots.txt, or its answer.
    Robots,
    /// Fetching the listing.
    Fetch,
    /// Reading the listing at all: a feed that is none, a page made by scripts.
    Listing,
    /// The listing's container.
    Container,
    /// The items in it.
    Items,
    /// The articles' pages as a whole.
    Article,
    /// An article's title.
    Title,
    /// An article's date.
    Date,
    /// An article's body.
    Body,
}

impl Step {
    /// As it is served.
    pub fn name(self) -> &'static str {
        match self {
            Step::Robots => "robots",
            Step::Fetch => "fetch",
            Step::Listing => "listing",
            Step::Container => "container",
            Step::Items => "items",
            Step::Article => "article",
            Step::Title => "title",
            Step::Date => "date",
            Step::Body => "body",
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What is wrong, or why nothing comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The step that fails.
    pub step: Step,
    /// The selector that matches nothing, as configured.
    #[serde(default)]
    pub selector: Option<String>,
    /// Why, in a form that texts are made of.
    pub cause: Cause,
    /// The whole story in one English sentence.
    pub why: String,
}

/// The last article that came whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGood {
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// When it was stored.
    pub at: Timestamp,
}

/// Which rules bring the articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The configured profile.
    #[default]
    Profile,
    /// The generic rules: no profile is configured, or its selectors match nothing any more.
    Generic,
}

impl Health {
    /// True while the generic rules bring articles in place of a profile whose selectors match nothing.
    pub fn generic_stands_in(&self) -> bool {
        let is_read = self.trouble.as_ref().is_some_and(|t| t.step >= Step::Container && t.step != Step::Article);
        self.state.needs_a_look() && is_read && (self.fallback || self.expect.profile.fallen().is_some())
    }
}

/// What is known of a source's health; kept with its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// How it is.
    pub state: State,
    /// Since when it is so: for a trouble, when it was first seen.
    pub since: Option<Timestamp>,
    /// The whole story in one English sentence; none for `ok`.
    pub reason: Option<String>,
    /// The same in parts; none for `ok`, and for `quiet` before the first round.
    pub trouble: Option<Trouble>,
    /// A trouble that one round saw and no other confirmed yet.
    pub suspicion: Option<Suspicion>,
    /// The last article that came whole, by the rules that are configured.
    pub last_good: Option<LastGood>,
    /// Which rules bring the articles now.
    pub by: By,
    /// True while the generic rules read the listing in place of the profile's.
    pub fallback: bool,
    /// What is wrong with the listing as it was read last.
    pub listing: Option<Finding>,
    /// What is usual.
    pub expect: Expectations,
    /// When a round last came to its end.
    pub last_ok: Option<Timestamp>,
    /// Tells one configuration of the source from another.
    pub rules: Option<u64>,
}
