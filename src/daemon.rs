//! Wires the parts and supervises the tasks: the crawl loop, the follower of the log, the server, the signals.
//! Serving never crawls, and crawling never waits for readers. It never ends in the middle of an article.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::archive::{Archive, ArchiveSettings};
use crate::clock::Clock;
use crate::config::{self, Config, Source, StorePlace};
use crate::dedup;
use crate::desk::Desk;
use crate::edition::Edition;
use crate::enrich::{EnrichError, Enricher};
use crate::fetch::{FetchSettings, Fetcher};
use crate::net::{Client, NetError, NetSettings, Resolver};
use crate::pipeline::{Line, Recheck, record};
use crate::store::{Store, StoreError};
use crate::web::{self, Bodies, Bot, Site};

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
    Store::open(folder).await
}

/// How a configuration lets the client ask: what it calls itself, and within what limits.
pub fn net_settings(config: &Config, hosts: HashMap<String, SocketAddr>) -> NetSettings {
    let crawl = &config.crawl;
    NetSettings {
        user_agent: user_agent(config),
        allow_private: crawl.allow_private_networks,
        connect_timeout: Duration::from_secs(5).min(crawl.timeout),
        read_timeout: Duration::from_secs(15).min(crawl.timeout),
        total_timeout: crawl.timeout,
        max_body: crawl.max_body,
        max_ratio: 100,
        hosts,
        resolver: Resolver::System,
    }
}

/// How politely a configuration lets it ask.
pub fn fetch_settings(config: &Config) -> FetchSettings {
    FetchSettings {
        per_host_delay: config.crawl.per_host_delay,
        max_crawl_delay: Duration::from_secs(60),
        max_retry_after: Duration::from_secs(86_400),
        max_redirects: 5,
        robots_agent: ROBOTS_AGENT.to_owned(),
    }
}

/// The name that robots.txt is read for.
const ROBOTS_AGENT: &str = "depeche";

/// Says who asks, where that is explained, and whom to write to.
fn user_agent(config: &Config) -> String {
    let about = config.server.public_url.join("about/bot").map_or_else(|_| String::new(), String::from);
    let contact = config.crawl.contact.as_ref().map(|c| format!("; {c}")).unwrap_or_default();
    format!("{ROBOTS_AGENT}/{} (+{about}{contact})", env!("CARGO_PKG_VERSION"))
}

/// How the crawler behaves under a configuration, for `/about/bot`.
fn bot(config: &Config) -> Bot {
    let (crawl, polite) = (&config.crawl, fetch_settings(config));
    Bot {
        user_agent: user_agent(config),
        robots_agent: polite.robots_agent,
        contact: crawl.contact.clone(),
        per_host_delay: polite.per_host_delay,
        max_crawl_delay: polite.max_crawl_delay,
        every: config.sources.iter().map(|s| s.every).min().unwrap_or(crawl.every),
        max_every: crawl.max_every,
        hosts: crawl.concurrency,
    }
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
        tasks.spawn(follow(Arc::clone(&site), stop.clone()));
        tasks.spawn(serve(listener, site, stop.clone()));
    }
    if role != Role::Serve {
        tasks.spawn(crawl(Arc::clone(&config), line.clone(), tasks.clone()));
    }
    let StorePlace::Sled(folder) = &config.store;
    tasks.spawn(Desk::new(Arc::clone(&config), line.clone(), Some(edition)).serve(folder.clone()));
    tasks.close();
    stop.cancelled().await;
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("work in hand did not end within {} s and is dropped; nothing stored is lost", GRACE.as_secs());
    }
    line.store.flush().await?;
    Ok(())
}

/// What the server answers from. It is ready once the edition is level with the log.
pub fn site(config: &Config, edition: Arc<Edition>, line: &Line) -> Site {
    Site {
        edition,
        store: line.store.clone(),
        bodies: Bodies::default(),
        clock: line.clock.clone(),
        metrics: recorder(),
        ready: AtomicBool::new(false),
        bot: bot(config),
        network: line.fetcher.network().clone(),
    }
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

async fn serve(listener: TcpListener, site: Arc<Site>, stop: CancellationToken) {
    let served = axum::serve(listener, web::router(site)).with_graceful_shutdown(stop.clone().cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the server ended");
        stop.cancel();
    }
}

/// Keeps the edition level with the log.
async fn follow(site: Arc<Site>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match site.edition.follow().await {
            Ok(_) => site.ready.store(true, Ordering::Release),
            Err(error) => tracing::error!(%error, "unable to follow the log"),
        }
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = stop.cancelled() => {} }
    }
}

/// Starts a round of every source that is due, as many at once as configured.
async fn crawl(config: Arc<Config>, line: Line, tasks: TaskTracker) {
    let places = Arc::new(tokio::sync::Semaphore::new(config.crawl.concurrency));
    let running = Arc::new(Mutex::new(std::collections::HashSet::new()));
    while !line.stop.is_cancelled() {
        for source in &config.sources {
            if line.stop.is_cancelled() || !is_due(&line, source).await {
                continue;
            }
            if !running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(source.id.clone()) {
                continue;
            }
            let (config, line, source) = (Arc::clone(&config), line.clone(), Arc::clone(source));
            let (places, running) = (Arc::clone(&places), Arc::clone(&running));
            tasks.spawn(async move {
                if let Ok(_place) = places.acquire().await
                    && !line.stop.is_cancelled()
                {
                    let round = line.check(&source, Recheck::Due, &config.crawl).await;
                    record(&source, &round);
                }
                running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&source.id);
            });
        }
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = line.stop.cancelled() => {} }
    }
}

async fn is_due(line: &Line, source: &Source) -> bool {
    match line.store.source(&source.id).await {
        Ok(state) => state.and_then(|s| s.next_due).is_none_or(|due| due <= line.clock.now()),
        Err(error) => {
            tracing::error!(source = %source.id, %error, "unable to read the state of a source");
            false
        }
    }
}

/// The recorder of this process; a second daemon in one process, as in tests, shares the first one's.
fn recorder() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if let Err(error) = metrics::set_global_recorder(recorder) {
                tracing::warn!(%error, "metrics stay empty");
            }
            handle
        })
        .clone()
}
