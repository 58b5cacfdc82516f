//! The server and what it answers from, kept level with the log. It never crawls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use super::{TICK, settings};
use crate::config::Live;
use crate::deliver::websub::{Caps, Hub};
use crate::edition::Edition;
use crate::pipeline::Line;
use crate::web::{Bodies, Front, Gate, Limits, Site};

/// How long the index of words is left alone after a failure: it may be the disk's.
const WORDS_PAUSE: Duration = Duration::from_secs(2);

/// What the server answers from. It is ready once the edition is level with the log.
pub fn site(live: &Live, edition: Arc<Edition>, line: &Line) -> Site {
    Site {
        edition,
        store: line.store.clone(),
        bodies: Bodies::default(),
        limits: Limits::new(&live.get().config.server),
        clock: line.clock.clone(),
        metrics: recorder(),
        ready: Arc::default(),
        bot: settings::bot(&live.get().config),
        archive: line.archive.clone(),
        network: line.fetcher.network().clone(),
        live: live.clone(),
        hub: Hub::new(Caps::default(), {
            let fetcher = Arc::clone(&line.fetcher);
            move || fetcher.client()
        }),
    }
}

/// How long a client may take, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// From the connection to its first request; browsers and pollers open connections ahead.
    pub(super) first: Duration,
    /// From an answer to the next request: readers keep their connections open between polls, and proxies keep some.
    pub(super) next: Duration,
    /// An answer is left unread.
    pub(super) write: Duration,
    pub(super) connections: usize,
}

impl Bounds {
    /// Readers keep their connections open between polls, so as many as this process may open files for, less what store
    /// and crawler need.
    pub(super) fn readers() -> Bounds {
        let files = open_files();
        Bounds { connections: files.saturating_sub(256).clamp(64, 20_000), ..Bounds::ADMINS }
    }

    /// Admins: few, and never crowded out by readers.
    pub(super) const ADMINS: Bounds = Bounds {
        first: Duration::from_secs(60),
        next: Duration::from_secs(75),
        write: Duration::from_secs(30),
        connections: 32,
    };
}

/// How many files this process may open, raised to what the system allows it.
fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Refused, the limit stays as it was, which is read again.
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).ok();
    getrlimit(Resource::Nofile).current.map_or(1024, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Bytes of a request's head: nothing that a client of ours sends comes near.
const HEAD_BYTES: usize = 32 << 10;

/// Serves until stopped, then lets requests in hand finish.
pub(super) async fn serve(listener: TcpListener, gate: Gate, bounds: Bounds, stop: CancellationToken) {
    let gate = Arc::new(gate);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let open = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.next).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(bounds.write)
        .keep_alive_timeout(bounds.write)
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(64);
    loop {
        // Where all places are taken the next client waits in the system's queue.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stop.cancelled() => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match stream {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: it passes, and asking at once would only spin.
                tracing::warn!(%error, "unable to accept a connection");
                tokio::time::sleep(TICK).await;
                continue;
            }
        };
        stream.set_nodelay(true).ok();
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(bounds.write));
        let (gate, asked) = (Arc::clone(&gate), Arc::new(AtomicBool::new(false)));
        let began = Arc::clone(&asked);
        let service = service_fn(move |request: Request<Incoming>| {
            began.store(true, Ordering::Relaxed);
            gate.answer(request, peer)
        });
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // The server counts no time before it knows which HTTP is spoken: who says nothing, or half of a greeting, would
            // keep its place for ever.
            let silent = async {
                tokio::time::sleep(bounds.first).await;
                if asked.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                // Whoever left early, or was too slow, is no matter of ours; the address is not logged.
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                },
                () = silent => tracing::debug!("a connection asked for nothing"),
            }
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Keeps the edition level with the log.
pub(super) async fn follow(front: Front, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let site = front.get();
        match site.edition.follow().await {
            Ok(_) => site.ready.store(true, Ordering::Release),
            Err(error) => tracing::error!(%error, "unable to follow the log"),
        }
        // Without it the samples of histograms would pile up until somebody reads the metrics.
        site.metrics.run_upkeep();
        tokio::select! { () = tokio::time::sleep(TICK) => {}, () = stop.cancelled() => {} }
    }
}

/// Keeps the index of words level with the facets where following does not: at start, and after a failure.
pub(super) async fn tend_words(front: Front, stop: CancellationToken) {
    let (mut behind, mut said) = (false, String::new());
    while !stop.is_cancelled() {
        let site = front.get();
        let mut pause = TICK;
        if site.ready.load(Ordering::Acquire) {
            let changes = site.edition.words_behind();
            if changes > 0 && !behind {
                tracing::info!(changes, "the index of words catches up; queries with words wait, all else is served");
                behind = true;
            }
            let done = tokio::select! { done = site.edition.tend_words() => done, () = stop.cancelled() => break };
            match done {
                Ok(()) if behind && site.edition.words_are_level() => {
                    tracing::info!("the index of words is level with the log");
                    behind = false;
                }
                Ok(()) => {}
                Err(error) => {
                    let error = error.to_string();
                    if error != said {
                        tracing::warn!(%error, "the index of words is not level with the log; queries with words wait");
                        said = error;
                    }
                    pause = WORDS_PAUSE;
                }
            }
        }
        tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => {} }
    }
}

/// The recorder of this process; a second daemon in one process, as in tests, shares the first one's.
fn recorder() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = with_buckets().unwrap_or_else(|error| {
                tracing::warn!(%error, "request times are summaries");
                PrometheusBuilder::new().build_recorder()
            });
            let handle = recorder.handle();
            if let Err(error) = metrics::set_global_recorder(recorder) {
                tracing::warn!(%error, "metrics stay empty");
            }
            handle
        })
        .clone()
}

/// Buckets cost a comparison each and can be added up over daemons; summaries cost a logarithm a sample.
fn with_buckets() -> Result<PrometheusRecorder, BuildError> {
    const SECONDS: [f64; 8] = [0.000_01, 0.000_1, 0.001, 0.01, 0.1, 0.5, 2.0, 10.0];
    let times = Matcher::Full("depeche_http_request_seconds".to_owned());
    Ok(PrometheusBuilder::new().set_buckets_for_metric(times, &SECONDS)?.build_recorder())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::clock::Clock;
    use crate::demo;
    use crate::store::Store;
    use crate::web::Door;

    #[tokio::test]
    async fn who_asks_for_nothing_keeps_no_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = Arc::new(demo::config(folder.path(), address).unwrap());
        let stop = CancellationToken::new();
        rustls::crypto::ring::default_provider().install_default().ok();
        let line = super::super::line(&config, Store::memory(), HashMap::new(), Clock::system(), stop.clone());
        let line = line.await.unwrap();
        let edition = Arc::new(Edition::new(line.store.clone(), &config));
        let live = Live::new(config, Arc::clone(&line.enricher), line.clock.now());
        let gate = Gate::new(Front::new(site(&live, edition, &line)), Door::Only);
        let soon = Duration::from_millis(200);
        let bounds = Bounds { first: soon, next: soon, ..Bounds::ADMINS };
        let served = tokio::spawn(serve(listener, gate, bounds, stop.clone()));
        let (request, begun) = ("GET /health/live HTTP/1.1\r\nhost: h\r\n\r\n", "GET / HTTP/1.1\r\nhost:");
        for (said, answered) in [
            (String::new(), false),
            ("PRI * HT".to_owned(), false),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), false),
            (begun.to_owned(), false),
            (request.to_owned(), true),
            (format!("{request}{begun}"), true),
        ] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            let ended = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut heard)).await;
            assert!(ended.is_ok(), "{said:?} keeps its place");
            assert_eq!(heard.starts_with(b"HTTP/1.1 200 OK\r\n"), answered, "{said:?}: {heard:?}");
        }
        stop.cancel();
        served.await.unwrap();
    }
}
