//! Which hosts can be reached: when most of them cannot, the fault is ours, and no source is to blame.
//! It never asks a host; whoever fetches notes here how it went.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Cause, Words};

/// Tries older than this say nothing of now, unless no host was reached since.
const WINDOW: SignedDuration = SignedDuration::from_mins(30);

/// How a host cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// No address for its name.
    Dns,
    /// No connection.
    Connection,
    /// No secure connection.
    Tls {
        /// True when it is the certificate that is not accepted.
        certificate: bool,
    },
}

impl From<Unreachable> for Cause {
    fn from(how: Unreachable) -> Cause {
        match how {
            Unreachable::Dns => Cause::Dns,
            Unreachable::Connection => Cause::Connection,
            Unreachable::Tls { certificate } => Cause::Tls { certificate },
        }
    }
}

/// Our own network seems to be down: no source is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// When the first of the hosts could not be reached.
    pub since: Timestamp,
    /// Hosts that cannot be reached.
    pub failing: usize,
    /// Hosts that were tried.
    pub tried: usize,
}

impl Outage {
    /// What it is, in a sentence.
    pub fn reason(&self) -> Words {
        let (failing, tried) = (self.failing, self.tried);
        Words {
            en: format!("unable to reach {failing} of {tried} hosts: our own network or DNS seems to be down"),
            fr: format!("{failing} hôtes sur {tried} injoignables : notre propre réseau ou DNS semble en panne"),
        }
    }

    /// What to try.
    pub fn advice() -> Words {
        Words {
            en: "check this machine's connection and DNS; no source is to blame, and each is asked again by itself".into(),
            fr: "vérifiez la connexion et le DNS de cette machine ; aucune source n’est en cause, chacune sera interrogée de nouveau".into(),
        }
    }
}

/// The hosts that were tried. Cloning it is cheap and shares them.
#[derive(Debug, Clone, Default)]
pub struct Network(Arc<Mutex<Hosts>>);

#[derive(Debug, Default)]
struct Hosts {
    /// Hosts of the configuration; an outage is believed only when half as many were tried.
    expected: usize,
    tries: HashMap<String, Try>,
    reached: Option<Timestamp>,
    outage: Option<Outage>,
}

/// The last try of a host.
#[derive(Debug, Clone, Copy)]
struct Try {
    at: Timestamp,
    /// How it failed, and since when it does.
    failing: Option<(Unreachable, Timestamp)>,
}

impl Network {
    /// Says how many hosts the configuration has.
    pub fn expect(&self, hosts: usize) {
        self.lock().expected = hosts;
    }

    /// A host answered, whatever it said.
    pub fn reached(&self, host: &str, now: Timestamp) {
        let mut hosts = self.lock();
        let before = hosts.tries.insert(host.to_owned(), Try { at: now, failing: None });
        hosts.reached = Some(now);
        let was_failing = before.and_then(|t| t.failing).map(|(_, since)| since);
        if hosts.outage.as_ref().is_some_and(|outage| was_failing.is_some_and(|since| since >= outage.since)) {
            // What failed then says nothing of now.
            hosts.tries.retain(|_, t| t.failing.is_none());
            hosts.outage = None;
        } else {
            hosts.outage = judge(&hosts, now);
        }
    }

    /// A host could not be reached.
    pub fn unreachable(&self, host: &str, how: Unreachable, now: Timestamp) {
        let mut hosts = self.lock();
        let since = hosts.tries.get(host).and_then(|t| t.failing).map_or(now, |(_, since)| since);
        hosts.tries.insert(host.to_owned(), Try { at: now, failing: Some((how, since)) });
        hosts.outage = judge(&hosts, now);
    }

    /// True where there is no other host to compare one with.
    pub fn expects_one(&self) -> bool {
        self.lock().expected <= 1
    }

    /// The outage of our own network, while there is one.
    pub fn outage(&self) -> Option<Outage> {
        self.lock().outage.clone()
    }

    /// How a host failed the last time, if it did.
    pub fn failing(&self, host: &str) -> Option<Unreachable> {
        self.lock().tries.get(host)?.failing.map(|(how, _)| how)
    }

    /// True when a host other than this one was reached since: then our own network is not to blame.
    pub fn works_for_others(&self, host: &str, since: Timestamp) -> bool {
        self.lock().tries.iter().any(|(name, t)| name != host && t.failing.is_none() && t.at >= since)
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Most of the hosts tried lately cannot be reached, and enough were tried to say so.
fn judge(hosts: &Hosts, now: Timestamp) -> Option<Outage> {
    let recent = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let from = hosts.reached.map_or(Timestamp::MIN, |reached| reached.min(recent));
    let tried: Vec<&Try> = hosts.tries.values().filter(|t| t.at >= from).collect();
    let since: Vec<Timestamp> = tried.iter().filter_map(|t| Some(t.failing?.1)).collect();
    let enough = tried.len() >= 2 && tried.len() * 2 >= hosts.expected;
    let most = since.len() >= 2 && since.len() * 4 >= tried.len() * 3;
    // A host that is dead for weeks did not begin this outage: the middle one did.
    let begun = || {
        let mut sorted = since.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 4).copied()
    };
    (enough && most).then(begun).flatten().map(|begun| Outage {
        since: hosts.outage.as_ref().map_or(begun, |outage| outage.since),
        failing: since.len(),
        tried: tried.len(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn of(hosts: usize) -> Network {
        let network = Network::default();
        network.expect(hosts);
        network
    }

    #[test]
    fn most_hosts_down_at_once_is_our_own_network_and_ends_with_the_first_that_is_back() {
        let network = of(8);
        (0..8).for_each(|h| network.reached(&format!("h{h}"), at(h)));
        (0..8).for_each(|h| network.unreachable(&format!("h{h}"), Unreachable::Dns, at(60 + h)));
        let outage = network.outage().unwrap();
        assert_eq!((outage.failing, outage.tried), (8, 8));
        assert!(outage.since >= at(60) && outage.since <= at(63));
        // It lasts as long as it lasts, however rarely hosts are tried.
        network.unreachable("h3", Unreachable::Connection, at(900));
        assert_eq!(network.outage().unwrap().since, outage.since);
        network.reached("h5", at(901));
        assert_eq!(network.outage(), None);
        network.reached("h6", at(902));
        network.unreachable("h7", Unreachable::Dns, at(903));
        assert_eq!(network.outage(), None, "one of three is its own fault");
    }

    #[test]
    fn a_few_dead_hosts_that_are_tried_first_are_no_outage() {
        let network = of(10);
        (0..4).for_each(|h| network.unreachable(&format!("dead{h}"), Unreachable::Dns, at(0)));
        assert_eq!(network.outage(), None, "less than half was tried");
        (0..6).for_each(|h| network.reached(&format!("h{h}"), at(0)));
        assert_eq!(network.outage(), None);
        assert!(network.works_for_others("dead0", at(0)) && !network.works_for_others("dead0", at(1)));
        assert_eq!(network.failing("dead0"), Some(Unreachable::Dns));
    }

    #[test]
    fn one_host_that_still_answers_does_not_hide_the_outage() {
        let network = of(5);
        (0..5).for_each(|h| network.reached(&format!("h{h}"), at(0)));
        (1..5).for_each(|h| network.unreachable(&format!("h{h}"), Unreachable::Connection, at(40)));
        network.reached("h0", at(41));
        assert_eq!(network.outage().map(|o| (o.failing, o.tried)), Some((4, 5)));
    }

    #[test]
    fn one_host_alone_proves_nothing() {
        let network = of(1);
        network.unreachable("h", Unreachable::Dns, at(0));
        network.unreachable("h", Unreachable::Dns, at(9));
        assert_eq!(network.outage(), None);
    }
}
