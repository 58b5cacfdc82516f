//! Wires the parts and supervises the tasks: the crawl loop, the follower of the log, the server, the signals.
//! Serving never crawls, and crawling never waits for readers. It never ends in the middle of an article.

pub mod alarms;
mod crawl;
mod hub;
mod notices;
mod reload;
mod serve;
mod settings;
pub mod upkeep;
mod watch;

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
use crate::config::{self, Config, Live, StorePlace};
use crate::dedup;
use crate::desk::Desk;
use crate::edition::{Edition, Words};
use crate::enrich::{EnrichError, Enricher};
use crate::fetch::Fetcher;
use crate::net::{Client, NetError};
use crate::pipeline::Line;
use crate::store::{Floor, Store, StoreError};
use crate::web::{Door, Front, Gate};

use serve::Bounds;

pub use reload::Watch;
pub use serve::site;
pub use settings::{fetch_settings, net_settings};

/// How often the loop looks for sources that are due, and the follower for changes.
const TICK: Duration = Duration::from_millis(500);
/// How long work in hand may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(20);

/// What may fail before anything runs, and what ends a daemon that runs.
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
    #[error("unable to listen on {address}: {why}; choose another with server.listen, server.admin_listen or --listen")]
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
        sites: Arc::default(),
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
    Archive::new(archive_settings(config))
}

fn archive_settings(config: &Config) -> ArchiveSettings {
    let config::Archive { dir, keep, max_size } = config.archive.clone();
    ArchiveSettings { dir, keep, max_size }
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

/// What a daemon runs with. Listeners are bound by the caller, who thereby knows the addresses.
pub struct Plan {
    /// What it does.
    pub role: Role,
    /// Where readers ask.
    pub listener: Option<TcpListener>,
    /// Where metrics are asked for apart from readers; none: where readers ask.
    pub admin: Option<TcpListener>,
    /// The file whose edits are applied.
    pub watch: Option<Watch>,
}

impl Plan {
    /// One address, and no file to watch.
    pub fn new(role: Role, listener: Option<TcpListener>) -> Plan {
        Plan { role, listener, admin: None, watch: None }
    }
}

/// Runs until `line.stop` is cancelled, then lets what is in hand finish. A store that cannot be written any more ends it,
/// too, with its error.
pub async fn run(config: Arc<Config>, line: Line, plan: Plan) -> Result<(), StartError> {
    let Plan { role, listener, admin, watch } = plan;
    let stop = line.stop.clone();
    let tasks = TaskTracker::new();
    let StorePlace::Sled(folder) = config.store.clone();
    // Only a server has a task that keeps them level.
    let serves = role != Role::Crawl && listener.is_some();
    let words = Words::of(&line.store, &folder);
    let words = if serves { words.tended() } else { words };
    let edition = Arc::new(Edition::new(line.store.clone(), &config).with(words));
    let live = Live::new(config, Arc::clone(&line.enricher), line.clock.now());
    let mut front = None;
    if role != Role::Crawl
        && let Some(listener) = listener
    {
        if let Err(error) = edition.settle(line.clock.now()).await {
            tracing::warn!(%error, "the settings are not noted: clients that ask by date alone may miss what an edit changed");
        }
        let served = Front::new(site(&live, Arc::clone(&edition), &line));
        tasks.spawn(serve::follow(served.clone(), stop.clone()));
        tasks.spawn(serve::tend_words(served.clone(), stop.clone()));
        let subscribers = served.get().hub.clone();
        tasks.spawn(hub::run(subscribers, served.clone(), line.store.clone(), line.clock.clone(), stop.clone()));
        tasks.spawn(notices::run(live.clone(), served.clone(), line.clone()));
        let door = if admin.is_some() { Door::Readers } else { Door::Only };
        tasks.spawn(serve::serve(listener, Gate::new(served.clone(), door), Bounds::readers(), stop.clone()));
        if let Some(admin) = admin {
            let gate = Gate::new(served.clone(), Door::Admins);
            tasks.spawn(serve::serve(admin, gate, Bounds::ADMINS, stop.clone()));
        }
        front = Some(served);
    }
    if let Some(watch) = watch {
        let (fetcher, clock) = (Arc::clone(&line.fetcher), line.clock.clone());
        let archive = line.archive.clone();
        let reach = reload::Reach { live: live.clone(), fetcher, archive, front, clock };
        tasks.spawn(reload::reload(watch, reach, stop.clone()));
    }
    if role != Role::Serve {
        tasks.spawn(crawl::crawl(live.clone(), line.clone(), tasks.clone()));
        tasks.spawn(crawl::tidy(line.clone()));
        tasks.spawn(alarms::watch(live.clone(), line.clone()));
    }
    let clock = line.clock.clone();
    tasks.spawn(upkeep::run(line.store.clone(), folder.clone(), live.clone(), clock, stop.clone()));
    tasks.spawn(Desk::live(live, line.clone(), Some(edition)).serve(folder));
    tasks.close();
    tokio::select! {
        () = stop.cancelled() => {}
        () = line.store.failed() => {
            tracing::error!("stopping: the store must be opened again");
            stop.cancel();
        }
    }
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
