//! Wires the parts and supervises the tasks: the crawl loop, the follower of the log, the server, the signals.
//! Serving never crawls, and crawling never waits for readers. It never ends in the middle of an article.

pub mod alarms;
mod crawl;
mod serve;
mod settings;
pub mod upkeep;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::archive::{Archive, ArchiveSettings};
use crate::clock::Clock;
use crate::config::{self, Config, StorePlace};
use crate::dedup;
use crate::desk::Desk;
use crate::edition::Edition;
use crate::enrich::{EnrichError, Enricher};
use crate::fetch::Fetcher;
use crate::net::{Client, NetError};
use crate::pipeline::Line;
use crate::store::{Floor, Store, StoreError};

pub use serve::site;
pub use settings::{fetch_settings, net_settings};

/// How often the loop looks for sources that are due, and the follower for changes.
const TICK: Duration = Duration::from_millis(500);
/// How long work in hand may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(20);

/// What may fail before anything runs.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The classifier.
    #[error(transparent)]
    Enrich(#[from] EnrichError),
    /// The address.
    #[error("unable to listen on {address}: {why}; choose another with server.listen or --listen")]
    Listen {
        /// As asked.
        address: SocketAddr,
        /// What the system said.
        why: std::io::Error,
    },
}

/// Opens the store that a configuration names.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let StorePlace::Sled(folder) = &config.store;
    Ok(Store::open(folder).await?.with_floor(Floor::new(folder, config.upkeep.floor)))
}

/// Builds the line for a configuration. `hosts` gives fixed addresses to host names, for the demo and tests.
pub async fn line(
    config: &Config,
    store: Store,
    hosts: HashMap<String, SocketAddr>,
    clock: Clock,
    stop: CancellationToken,
) -> Result<Line, StartError> {
    let client = Client::new(net_settings(config, hosts))?;
    let line = Line {
        store,
        archive: archive(config),
        fetcher: Arc::new(Fetcher::new(client, fetch_settings(config), clock.clone())),
        enricher: Arc::new(Enricher::new(&config.theme_words)?),
        memory: Arc::new(Mutex::new(dedup::Memory::new())),
        recent: Arc::default(),
        clock,
        holder: Uuid::new_v4(),
        stop,
        progress: None,
    };
    let named: HashSet<_> = config.sources.iter().filter_map(|source| source.url.host_str()).collect();
    line.fetcher.network().expect(named.len());
    line.remember().await?;
    Ok(line)
}

/// The archive that a configuration describes; it touches the disk when first used.
pub fn archive(config: &Config) -> Archive {
    let config::Archive { dir, keep, max_size } = config.archive.clone();
    Archive::new(ArchiveSettings { dir, keep, max_size })
}

/// What a running daemon does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Crawls and serves.
    All,
    /// Crawls only.
    Crawl,
    /// Serves only.
    Serve,
}

/// Runs until `line.stop` is cancelled, then lets what is in hand finish. `listener` is bound by the caller,
/// who thereby knows the address.
pub async fn run(config: Arc<Config>, line: Line, listener: Option<TcpListener>, role: Role) -> Result<(), StartError> {
    let stop = line.stop.clone();
    let tasks = TaskTracker::new();
    let edition = Arc::new(Edition::new(line.store.clone(), &config));
    if role != Role::Crawl
        && let Some(listener) = listener
    {
        let site = Arc::new(site(&config, Arc::clone(&edition), &line));
        tasks.spawn(serve::follow(Arc::clone(&site), stop.clone()));
        tasks.spawn(serve::serve(listener, site, stop.clone()));
    }
    if role != Role::Serve {
        tasks.spawn(crawl::crawl(Arc::clone(&config), line.clone(), tasks.clone()));
        tasks.spawn(crawl::tidy(line.clone()));
        tasks.spawn(alarms::watch(Arc::clone(&config), line.clone()));
    }
    let StorePlace::Sled(folder) = &config.store;
    let (upkeep, clock) = (config.upkeep.clone(), line.clock.clone());
    tasks.spawn(upkeep::run(line.store.clone(), folder.clone(), upkeep, clock, stop.clone()));
    tasks.spawn(Desk::new(Arc::clone(&config), line.clone(), Some(edition)).serve(folder.clone()));
    tasks.close();
    stop.cancelled().await;
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("work in hand did not end within {} s and is dropped; nothing stored is lost", GRACE.as_secs());
    }
    line.store.flush().await?;
    Ok(())
}

/// Cancels the token on SIGINT or SIGTERM.
pub fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping: work in hand is finished first");
        stop.cancel();
    });
    Ok(())
}
