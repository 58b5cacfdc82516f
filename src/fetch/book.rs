//! What is kept of hosts between requests: whose turn it is, robots.txt, and who asked for patience. It never grows
//! without bound: feeds and redirects name any number of hosts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::host::{Host, Origin};

/// Bytes of robots.txt that are kept; what was read longest ago goes first.
const ROBOTS_BYTES: usize = 16 << 20;
/// A host that nothing was asked of for so long is as good as new.
const IDLE: Duration = Duration::from_secs(24 * 3600);
/// How long past its day a copy of robots.txt stands in for one that cannot be had.
const COPY_HOURS: i64 = 7 * 24;

#[derive(Default)]
pub(super) struct Book {
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
    patience: Mutex<HashMap<String, Timestamp>>,
}

impl Book {
    pub(super) fn host(&self, key: &str) -> Arc<Host> {
        entry(&self.hosts, key)
    }

    pub(super) fn origin(&self, origin: &str) -> Arc<Origin> {
        entry(&self.origins, origin)
    }

    /// Until when a host is left alone.
    pub(super) fn not_before(&self, key: &str, now: Timestamp) -> Option<Timestamp> {
        lock(&self.patience).get(key).copied().filter(|until| *until > now)
    }

    /// A host is left alone until then, or longer if it was already.
    pub(super) fn wait(&self, key: String, until: Timestamp) {
        let mut patience = lock(&self.patience);
        let kept = patience.entry(key).or_insert(until);
        *kept = until.max(*kept);
    }

    /// Every host that is left alone.
    pub(super) fn waiting(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let mut patience = lock(&self.patience);
        patience.retain(|_, until| *until > now);
        let mut all: Vec<_> = patience.iter().map(|(host, until)| (host.clone(), *until)).collect();
        all.sort();
        all
    }

    /// Forgets what is past: robots.txt that would be asked for again, hosts whose pause is long over. What somebody is
    /// at just now stays. `pause` is the longest between two requests.
    pub(super) fn prune(&self, now: Timestamp, pause: Duration) {
        lock(&self.hosts).retain(|_, host| Arc::strong_count(host) > 1 || !host.is_idle(pause, IDLE));
        let mut origins = lock(&self.origins);
        let mut kept: Vec<(Timestamp, usize, String)> = Vec::new();
        origins.retain(|name, origin| {
            // In use: neither forgotten nor counted.
            let Ok(known) = origin.0.try_lock() else { return true };
            let until = known.until.unwrap_or_default();
            // An older copy serves while robots.txt is away, so it outlives its day.
            let stays = until > now || known.rules.is_some() && now.duration_since(until).as_hours() < COPY_HOURS;
            if stays {
                kept.push((until, known.rules.as_ref().map_or(0, |rules| rules.size()), name.clone()));
            }
            stays || Arc::strong_count(origin) > 1
        });
        kept.sort();
        let mut bytes: usize = kept.iter().map(|(_, size, _)| size).sum();
        for (_, size, name) in kept {
            if bytes <= ROBOTS_BYTES {
                break;
            }
            bytes -= size;
            origins.remove(&name);
        }
    }

    /// How many hosts and origins are known.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (lock(&self.hosts).len(), lock(&self.origins).len())
    }
}

fn entry<T: Default>(map: &Mutex<HashMap<String, Arc<T>>>, key: &str) -> Arc<T> {
    let mut map = lock(map);
    match map.get(key) {
        Some(known) => Arc::clone(known),
        None => Arc::clone(map.entry(key.to_owned()).or_default()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::host::Known;
    use super::super::robots::Rules;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    #[tokio::test]
    async fn what_is_past_goes_and_what_is_in_hand_stays() {
        let book = Book::default();
        book.wait("a.example".to_owned(), at(50));
        book.wait("a.example".to_owned(), at(20));
        book.wait("b.example".to_owned(), at(90));
        assert_eq!(book.waiting(at(50)), [("b.example".to_owned(), at(90))]);
        assert_eq!(book.not_before("a.example", at(0)), None, "forgotten");

        let held = book.host("held.example");
        let _turn = held.turn().await;
        for n in 0..100 {
            book.host(&format!("{n}.example"));
            let origin = book.origin(&format!("http://{n}.example"));
            *origin.0.lock().await = Known {
                // Together more than is kept; the last ones could not be had.
                rules: (n < 60).then(|| Arc::new(Rules::read("depeche", &vec![b'#'; 400 << 10]))),
                why: None,
                until: Some(at(i64::from(n))),
            };
        }
        book.prune(at(70), Duration::ZERO);
        let (hosts, origins) = book.size();
        assert_eq!(hosts, 1, "the one that is held");
        assert_eq!(origins, (16 << 20) / (400 << 10) + 29, "the copies that fit, and the 29 still waited for");
    }
}
