//! Twelve sites that misbehave on purpose: every article is stored all the same, and the log of the sites proves that they
//! were asked politely. `tests/soak` runs the same for as long as one likes.

#[path = "../faults/pages.rs"]
mod pages;
#[path = "../faults/proof.rs"]
mod proof;
#[path = "../faults/site.rs"]
mod site;

use std::collections::HashMap;
use std::sync::Arc;

use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon;
use depeche::fetch::Fetcher;
use depeche::net::Client;
use depeche::pipeline::Recheck;
use jiff::SignedDuration;
use tempfile::tempdir;
use tokio_util::sync::CancellationToken;

use crate::house::noon;
use site::Site;

const CRAWL: &str = "every = \"10m\"\nper_host_delay = \"60ms\"\ntimeout = \"300ms\"\nmax_body = \"1MiB\"";

#[tokio::test(flavor = "multi_thread")]
async fn every_article_is_stored_politely_whatever_the_sites_do() {
    let folder = tempdir().unwrap();
    let (clock, log) = (Clock::fixed(noon()), folder.path().join("requests.log"));
    let (site, address) = Site::open(7, 30, clock.clone(), &log).await;
    let config = Config::parse(&pages::config(CRAWL), folder.path(), &[]).unwrap();
    let store = daemon::open_store(&config).await.unwrap();
    let mut line =
        daemon::line(&config, store.clone(), HashMap::new(), clock.clone(), CancellationToken::new()).await.unwrap();
    let net =
        depeche::net::NetSettings { resolver: site.resolver(address), ..daemon::net_settings(&config, HashMap::new()) };
    line.fetcher = Arc::new(Fetcher::new(Client::new(net).unwrap(), daemon::fetch_settings(&config), clock.clone()));

    let mut missing = Vec::new();
    let mut rounds = 0;
    while rounds < 60 && (rounds < 10 || !missing.is_empty()) {
        if rounds < 8 {
            site.publish();
        }
        if rounds == 8 {
            site.edit();
        }
        let due = config.sources.iter().map(|source| async {
            let state = line.store.source(&source.id).await.unwrap().unwrap_or_default();
            if state.next_due.is_none_or(|due| due <= clock.now()) {
                line.check(source, Recheck::Due, &config.crawl).await.unwrap();
            }
        });
        futures::future::join_all(due).await;
        missing.clear();
        for address in site.reachable() {
            let canonical = depeche::dedup::canonical(&address.parse().unwrap(), false);
            if store.by_url(&canonical).await.unwrap().is_none() {
                missing.push(address);
            }
        }
        clock.set(clock.now() + SignedDuration::from_mins(10));
        rounds += 1;
    }
    let (failed, lookups) = site.lookups();
    let proof = proof::prove(&log, 60.0, 400.0);
    eprintln!("{rounds} rounds, {failed} of {lookups} lookups failed, {proof:?}");
    assert_eq!(missing, Vec::<String>::new(), "after {rounds} rounds");
    assert_eq!(proof.wrong, Vec::<String>::new());
    assert!(proof.requests > 300 && proof.faults.len() > 15 && proof.patience > 5 && failed > 0, "{proof:?}");
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
}
