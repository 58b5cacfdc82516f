//! What an error of a round says of its source's health: the step, the cause, and how far it is believed. It decides no
//! state; [`crate::health`] does.

use super::{EntryError, Line, ListingError, RoundError};
use crate::config::Source;
use crate::extract::ExtractError;
use crate::fetch::{FetchError, Fetcher};
use crate::health::{Cause, Fault, Finding, Health, Selectors, State, Step, Trouble, Trust};
use crate::net::NetError;
use crate::store::{SourceState, StoreError};

/// What an error that put an end to a round says.
pub(super) fn fault(line: &Line, source: &Source, error: &RoundError) -> Fault {
    let fetcher = &line.fetcher;
    let why = error.to_string();
    let (step, cause) = match error {
        RoundError::Listing(ListingError::Fetch(error)) => of_fetch(fetcher, error, Step::Fetch),
        RoundError::Host(error) => of_fetch(fetcher, error, Step::Article),
        RoundError::Listing(error) => of_listing(error),
        RoundError::Store(_) => (Step::Listing, Cause::Defect),
    };
    let trust = match &cause {
        Cause::Later { .. } => Trust::No,
        Cause::Robots | Cause::Refused { .. } | Cause::BotWall { .. } if step != Step::Article => Trust::AtOnce,
        _ => Trust::Twice,
    };
    let state = match &cause {
        Cause::Robots | Cause::Refused { .. } | Cause::BotWall { .. } | Cause::Later { .. } => State::Blocked,
        _ => State::Broken,
    };
    let rules = source.profile.as_ref().map(|profile| profile.rules());
    // Whoever configured a selector expects it to match.
    let cause = match cause {
        Cause::NoList if rules.is_some_and(|r| r.item.is_some()) => Cause::MarkupChanged,
        other => other,
    };
    let selector = match step {
        Step::Container => rules.and_then(|r| r.container.clone()),
        Step::Items => rules.and_then(|r| r.item.clone()),
        _ => None,
    };
    Fault { finding: Finding { state, trouble: Trouble { step, selector, cause, why } }, trust }
}

/// How far it is believed that a host cannot be reached: only when another one was reached since, else our own network
/// may be to blame.
pub(super) async fn trust_in_network(line: &Line, source: &Source, health: &Health) -> Result<Trust, StoreError> {
    let network = line.fetcher.network();
    if network.outage().is_some() {
        return Ok(Trust::No);
    }
    if network.expects_one() {
        return Ok(Trust::Twice);
    }
    let host = source.url.host_str().unwrap_or_default();
    let since = health.suspicion.as_ref().map_or_else(|| line.clock.now(), |suspicion| suspicion.since);
    if line.fetcher.reaches_others(host, since) {
        return Ok(Trust::Twice);
    }
    // Another process may have seen it: what a round of another source came to is kept.
    let others = line.store.sources().await?;
    let reached = |state: &SourceState| state.health.last_ok.is_some_and(|at| at >= since);
    let is_proven = others.iter().any(|(id, state)| *id != source.id && reached(state));
    Ok(if is_proven { Trust::Twice } else { Trust::Unproven })
}

fn of_fetch(fetcher: &Fetcher, error: &FetchError, step: Step) -> (Step, Cause) {
    match error {
        FetchError::Robots { .. } => (Step::Robots, Cause::Robots),
        FetchError::RobotsUnavailable { host, .. } => match fetcher.unreachable(host) {
            Some(how) => (step, how.into()),
            None => (Step::Robots, Cause::RobotsUnavailable),
        },
        FetchError::Later { until, .. } => (step, Cause::Later { until: *until }),
        FetchError::Refused { status, .. } => (step, Cause::Refused { status: *status }),
        FetchError::Wall { by, .. } => (step, Cause::BotWall { by: (*by).to_owned() }),
        FetchError::Status { status, .. } => (step, Cause::Status { status: *status }),
        FetchError::Redirects { .. } | FetchError::BadRedirect { .. } => (step, Cause::Redirects),
        FetchError::Net(error) => (step, of_net(error)),
    }
}

fn of_net(error: &NetError) -> Cause {
    match error {
        NetError::Resolve { .. } => Cause::Dns,
        NetError::Connect { .. } => Cause::Connection,
        NetError::Tls { certificate, .. } => Cause::Tls { certificate: *certificate },
        NetError::Timeout { .. } => Cause::Timeout,
        NetError::Refused { .. } => Cause::Unsafe,
        NetError::Client(_) => Cause::Defect,
        NetError::TooLarge { .. } | NetError::Bomb { .. } | NetError::Headers { .. } | NetError::Broken { .. } => {
            Cause::Transfer
        }
    }
}

fn of_listing(error: &ListingError) -> (Step, Cause) {
    match error {
        ListingError::Gone { status, .. } => (Step::Fetch, Cause::Gone { status: *status }),
        ListingError::NoContainer { .. } => (Step::Container, Cause::MarkupChanged),
        ListingError::NoItems { .. } | ListingError::NoList { .. } => (Step::Items, Cause::NoList),
        ListingError::NeedsJavascript { .. } => (Step::Listing, Cause::NeedsJavascript),
        ListingError::IsFeed { .. } => (Step::Listing, Cause::IsFeed),
        ListingError::Moved { host, .. } => (Step::Listing, Cause::Moved { host: host.clone() }),
        ListingError::Extract { .. } | ListingError::NestedIndex { .. } => (Step::Listing, Cause::Unreadable),
        ListingError::Fetch(_) | ListingError::Store(_) | ListingError::Panicked { .. } => {
            (Step::Listing, Cause::Defect)
        }
    }
}

/// What the failure of one candidate says.
pub(super) fn of_candidate(fetcher: &Fetcher, error: &EntryError) -> Trouble {
    let (step, cause) = match error {
        EntryError::Fetch(error) => of_fetch(fetcher, error, Step::Article),
        EntryError::Gone { status, .. } => (Step::Article, Cause::Gone { status: *status }),
        EntryError::Extract { why: ExtractError::NeedsJavascript, .. } => (Step::Article, Cause::NeedsJavascript),
        EntryError::Extract { .. } | EntryError::NotHtml { .. } | EntryError::Address { .. } => {
            (Step::Article, Cause::Unreadable)
        }
        EntryError::Panicked { .. } | EntryError::Store(_) => (Step::Article, Cause::Defect),
    };
    Trouble { step, selector: None, cause, why: error.to_string() }
}

/// The selectors that a source's profile has.
pub(super) fn selectors(source: &Source) -> Selectors {
    let Some(rules) = source.profile.as_ref().map(|profile| profile.rules()) else { return Selectors::default() };
    Selectors {
        item: rules.item.clone(),
        listing_title: rules.title.clone(),
        listing_date: rules.date.clone(),
        title: rules.article_title.clone(),
        date: rules.article_date.clone(),
        body: rules.article_body.clone(),
    }
}

/// Tells one configuration of a source from another: its listing, and how its pages are read.
pub(super) fn rules_of(source: &Source) -> u64 {
    let rules = source.profile.as_ref().map(|profile| profile.rules());
    xxhash_rust::xxh3::xxh3_64(format!("{} {} {rules:?}", source.kind.name(), source.url).as_bytes())
}
