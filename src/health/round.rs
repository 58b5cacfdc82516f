//! A round held against what is usual: what it finds, and when that becomes the source's state. A fault is believed when
//! two rounds in a row see it; what the site says outright, and what is well again, at once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{By, Cause, Health, LastGood, State, Step, Tally, Trouble};

/// What a round saw of a source.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When the round ended.
    pub at: Timestamp,
    /// What put an end to it.
    pub fault: Option<Fault>,
    /// The listing, if it was read: not where it answered that nothing changed.
    pub listing: Option<ListingSeen>,
    /// The articles that were read.
    pub articles: ArticlesSeen,
    /// Candidates on the listing.
    pub found: u32,
    /// Candidates that were asked for and came to something.
    pub answered: u32,
    /// Candidates that failed.
    pub failed: u32,
    /// How the first of them failed.
    pub first_failure: Option<Trouble>,
    /// When the new articles were published, as far as their pages say.
    pub published: Vec<Timestamp>,
    /// The last article that came whole, by the rules that are configured.
    pub last_good: Option<LastGood>,
    /// When something new came last.
    pub last_new: Option<Timestamp>,
    /// The selectors that are configured.
    pub selectors: Selectors,
    /// True when a profile is to find the articles' texts.
    pub has_profile: bool,
    /// True where pages that are no articles are read as well: a sitemap names them all.
    pub is_mixed: bool,
    /// Tells one configuration of the source from another.
    pub rules: u64,
}

impl Seen {
    /// A candidate failed.
    pub fn fail(&mut self, trouble: Trouble) {
        self.failed += 1;
        self.first_failure.get_or_insert(trouble);
    }
}

/// What a listing that was read showed.
#[derive(Debug, Clone, Default)]
pub struct ListingSeen {
    /// How many items.
    pub items: u32,
    /// Whether its container was there, if one is configured.
    pub container: Tally,
    /// Items whose title the profile found, if it says where.
    pub titled: Tally,
    /// Items whose date the profile found, if it says where.
    pub dated: Tally,
    /// True when the generic rules stood in for the profile's.
    pub fallback: bool,
    /// What is wrong with it, or that it is empty.
    pub finding: Option<Finding>,
}

/// What the articles that were read showed.
#[derive(Debug, Clone, Copy, Default)]
pub struct ArticlesSeen {
    /// Whose title the profile found, if it says where.
    pub titled: Tally,
    /// Who had a date.
    pub dated: Tally,
    /// Who had a text.
    pub bodied: Tally,
    /// Whose text the profile found, if it says where.
    pub by_profile: Tally,
    /// Whose date the profile found, if it says where.
    pub dated_by_profile: Tally,
}

impl ArticlesSeen {
    /// More of them.
    pub fn add(&mut self, more: ArticlesSeen) {
        self.titled = self.titled.plus(more.titled);
        self.dated = self.dated.plus(more.dated);
        self.bodied = self.bodied.plus(more.bodied);
        self.by_profile = self.by_profile.plus(more.by_profile);
        self.dated_by_profile = self.dated_by_profile.plus(more.dated_by_profile);
    }

    /// True when all of them have a text, by the profile where one is to find it.
    pub fn is_whole(&self) -> bool {
        self.bodied.hits == self.bodied.of && self.by_profile.hits == self.by_profile.of
    }
}

/// Selectors, as configured.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// `listing.item`
    pub item: Option<String>,
    /// `listing.title`
    pub listing_title: Option<String>,
    /// `listing.date`
    pub listing_date: Option<String>,
    /// `article.title`
    pub title: Option<String>,
    /// `article.date`
    pub date: Option<String>,
    /// `article.body`
    pub body: Option<String>,
}

/// A state, and the trouble that gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The state that it gives the source.
    pub state: State,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What put an end to a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it says of the source.
    pub finding: Finding,
    /// How far it is believed.
    pub trust: Trust,
}

/// How far a finding is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The site says so itself.
    AtOnce,
    /// When the next round finds it too.
    Twice,
    /// When a round finds it too that can tell it from a fault of our own network.
    Unproven,
    /// Not at all: our own network is down, or the host was not asked.
    No,
}

/// What a round found that no other has confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// What.
    #[serde(flatten)]
    pub finding: Finding,
    /// Since when.
    pub since: Timestamp,
}

impl Health {
    /// The health after a round.
    pub fn after(&self, seen: &Seen) -> Health {
        let mut next = self.clone();
        let is_anew = next.rules != Some(seen.rules);
        if is_anew {
            // Another profile or address: what the old one missed says nothing of the new one.
            next.expect.begin_anew(seen.is_mixed);
            next.listing = None;
            next.suspicion = None;
            next.rules = Some(seen.rules);
        }
        next.expect.learn(seen);
        if let Some(listing) = &seen.listing {
            next.listing = listing.finding.clone();
            next.fallback = listing.fallback;
        }
        next.last_good = seen.last_good.clone().or(next.last_good);
        // What an article's page was suspected of waits for one that answers.
        let held = next.suspicion.clone().filter(|s| s.finding.trouble.step == Step::Article && !proves_articles(seen));
        match &seen.fault {
            Some(Fault { trust: Trust::No, finding }) => next.wait(finding),
            Some(Fault { trust: Trust::Unproven, finding }) => {
                next.wait(finding);
                let since = self.suspicion.as_ref().map_or(seen.at, |suspicion| suspicion.since);
                next.suspicion = Some(Suspicion { finding: finding.clone(), since });
            }
            // A source that never worked has no good name to lose.
            Some(fault) => {
                // The generic rules found nothing, either.
                next.fallback &= !matches!(fault.finding.trouble.step, Step::Container | Step::Items);
                let trust = if next.is_new() { Trust::AtOnce } else { fault.trust };
                next.settle(Some(fault.finding.clone()), trust, seen.at);
            }
            None => {
                let trust = if next.is_new() { Trust::AtOnce } else { Trust::Twice };
                let unproven = if is_anew { None } else { next.unproven(seen) };
                next.settle(worse(next.finding(seen), unproven), trust, seen.at);
                next.last_ok = Some(seen.at);
                if !next.state.needs_a_look() {
                    next.suspicion = next.suspicion.take().or(held);
                }
            }
        }
        let by_profile = seen.has_profile && !next.fallback && next.expect.profile.fallen().is_none();
        next.by = if by_profile { By::Profile } else { By::Generic };
        next
    }

    /// What is wrong, as a round alone saw it; `self` is the health after it.
    pub fn finding_of(&self, seen: &Seen) -> Option<Finding> {
        match &seen.fault {
            Some(fault) => Some(fault.finding.clone()),
            None => worse(self.finding(seen), self.unproven(seen)),
        }
    }

    /// What is wrong with a round that came to its end, the worst first.
    fn finding(&self, seen: &Seen) -> Option<Finding> {
        let listing = |state| self.listing.clone().filter(|finding| finding.state == state);
        listing(State::Broken)
            .or_else(|| self.expect.body_by_profile(seen).filter(|finding| finding.state == State::Broken))
            .or_else(|| failures(seen))
            .or_else(|| listing(State::Degraded))
            .or_else(|| self.expect.body_by_profile(seen))
            .or_else(|| self.expect.fallen_share(seen))
            .or_else(|| listing(State::Quiet))
            .or_else(|| self.expect.silence(seen.last_new, seen.at))
    }

    /// The trouble of the articles' pages, while none of them answered since: to ask for nothing is no recovery.
    fn unproven(&self, seen: &Seen) -> Option<Finding> {
        let trouble = self.trouble.clone().filter(|trouble| trouble.step == Step::Article)?;
        (self.state.needs_a_look() && !proves_articles(seen)).then_some(Finding { state: self.state, trouble })
    }

    /// True while no round ever came to its end; a record from before this was noted says so by its state.
    pub fn is_new(&self) -> bool {
        self.last_ok.is_none() && self.state != State::Ok
    }

    /// Nothing was learnt; a source of which nothing is known says at least why.
    fn wait(&mut self, finding: &Finding) {
        if self.is_new() && self.trouble.is_none() {
            self.reason = Some(finding.trouble.why.clone());
        }
        // What was suspected of a host was our own network's fault.
        self.suspicion = self.suspicion.take().filter(|s| !s.finding.trouble.cause.may_be_ours());
    }

    fn settle(&mut self, finding: Option<Finding>, trust: Trust, at: Timestamp) {
        let Some(finding) = finding else {
            self.suspicion = None;
            return self.set(State::Ok, None, at);
        };
        let is_known = finding.state == self.state;
        let is_better = !finding.state.needs_a_look() || (self.state.needs_a_look() && finding.state < self.state);
        let suspected = self.suspicion.take().map(|suspicion| suspicion.since);
        match suspected {
            _ if is_better => self.set(finding.state, Some(finding.trouble), at),
            _ if is_known || trust == Trust::AtOnce => {
                self.set(finding.state, Some(finding.trouble), suspected.unwrap_or(at));
            }
            Some(since) => self.set(finding.state, Some(finding.trouble), since),
            None => self.suspicion = Some(Suspicion { finding, since: at }),
        }
    }

    fn set(&mut self, state: State, trouble: Option<Trouble>, since: Timestamp) {
        if self.state != state || self.since.is_none() {
            self.state = state;
            self.since = Some(since);
        }
        self.reason = trouble.as_ref().map(|trouble| trouble.why.clone());
        self.trouble = trouble;
    }
}

fn worse(one: Option<Finding>, other: Option<Finding>) -> Option<Finding> {
    let state = |finding: &Option<Finding>| finding.as_ref().map(|finding| finding.state);
    if state(&one) >= state(&other) { one } else { other }
}

/// True when an article answered, or when the listing shows none that could.
fn proves_articles(seen: &Seen) -> bool {
    seen.answered > 0 || seen.found == 0
}

/// Articles that fail although the listing is well. A few dead links are a site's everyday life.
fn failures(seen: &Seen) -> Option<Finding> {
    let (failed, found) = (seen.failed, seen.found);
    let first = seen.first_failure.as_ref()?;
    let all = seen.answered == 0 && failed * 2 >= found && (failed >= 2 || failed == found);
    if all {
        let why = format!("unable to bring any of the {failed} articles asked for; the first: {}", first.why);
        return Some(Finding { state: State::Broken, trouble: Trouble { why, ..first.clone() } });
    }
    (failed >= 2 && failed * 5 >= found).then(|| {
        let why = format!("unable to bring {failed} of {found} articles; the first: {}", first.why);
        let cause = Cause::SomeFail { failed, of: found };
        Finding {
            state: State::Degraded,
            trouble: Trouble { step: Step::Article, selector: first.selector.clone(), cause, why },
        }
    })
}
